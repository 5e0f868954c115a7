#include "wire/authorities.h"

bool lk_authority_next(lk_slice *list, lk_slice *name) {
    lk_reader r = lk_reader_of(*list);
    /* opaque DistinguishedName<1..2^16-1> */
    if (!lk_read_vector(&r, 2, 1, UINT16_MAX, name))
        return false;
    *list = lk_reader_rest(&r);
    return true;
}

bool lk_parse_authorities(lk_slice data, lk_slice *list) {
    lk_reader r = lk_reader_of(data);
    lk_slice name;
    /* DistinguishedName authorities<3..2^16-1> */
    if (!lk_read_vector(&r, 2, 3, UINT16_MAX, list) || !lk_reader_done(&r))
        return false;
    lk_slice rest = *list;
    while (rest.p_len > 0)
        if (!lk_authority_next(&rest, &name))
            return false;
    return true;
}

void lk_build_authorities(lk_builder *b, lk_slice list) {
    if (list.p_len == 0)
        return;
    lk_length ext = lk_extension_open(b, LK_EXTENSION_certificate_authorities);
    lk_build_vector(b, 2, list);
    lk_build_close(b, ext);
}

void lk_build_authority(lk_builder *b, lk_slice name) {
    lk_build_vector(b, 2, name);
}
