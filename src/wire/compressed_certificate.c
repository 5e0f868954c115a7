#include "wire/compressed_certificate.h"

lockstep_status lk_compressed_certificate_parse(lk_compressed_certificate *out, lk_slice body) {
    lk_reader r = lk_reader_of(body);
    if (!lk_read_u16(&r, &out->algorithm) || !lk_read_u24(&r, &out->uncompressed_length) ||
        !lk_read_vector(&r, 3, 1, (1 << 24) - 1, &out->compressed) || !lk_reader_done(&r))
        return LOCKSTEP_PEER_DECODE_CERTIFICATE;
    return LOCKSTEP_OK;
}

void lk_compressed_certificate_build(lk_builder *b, const lk_compressed_certificate *c) {
    lk_length message = lk_message_open(b, LK_COMPRESSED_CERTIFICATE);
    lk_build_u16(b, c->algorithm);
    lk_build_uint(b, 3, c->uncompressed_length);
    lk_build_vector(b, 3, c->compressed);
    lk_build_close(b, message);
}

bool lk_parse_compressions(lk_slice data, lk_u16_list *out) {
    lk_reader r = lk_reader_of(data);
    return lk_read_u16_list(&r, 1, out) && lk_reader_done(&r);
}

void lk_build_compressions(lk_builder *b, const uint16_t *algorithms, size_t num_algorithms) {
    if (num_algorithms == 0)
        return;
    lk_length ext = lk_extension_open(b, LK_EXTENSION_compress_certificate);
    lk_build_u16_list(b, 1, algorithms, num_algorithms);
    lk_build_close(b, ext);
}
