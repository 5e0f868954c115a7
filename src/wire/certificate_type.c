#include "wire/certificate_type.h"

bool lk_parse_certificate_types(lk_slice data, lk_slice *out) {
    lk_reader r = lk_reader_of(data);
    return lk_read_vector(&r, 1, 1, 255, out) && lk_reader_done(&r);
}

bool lk_parse_certificate_type(lk_slice data, uint8_t *out) {
    lk_reader r = lk_reader_of(data);
    return lk_read_u8(&r, out) && lk_reader_done(&r);
}

void lk_build_certificate_types(lk_builder *b, enum lk_extension_index i, lk_slice types) {
    if (types.p_len == 0)
        return;
    lk_length ext = lk_extension_open(b, i);
    lk_build_vector(b, 1, types);
    lk_build_close(b, ext);
}

void lk_build_certificate_type(lk_builder *b, enum lk_extension_index i, uint8_t type) {
    lk_length ext = lk_extension_open(b, i);
    lk_build_u8(b, type);
    lk_build_close(b, ext);
}

const char *lk_certificate_type_name(uint8_t type) {
    return type == LK_TYPE_X509 ? "X.509" : type == LK_TYPE_RAW_KEY ? "raw public key" : "unknown";
}
