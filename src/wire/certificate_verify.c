#include "wire/certificate_verify.h"

lockstep_status lk_certificate_verify_parse(lk_certificate_verify *out, lk_slice body) {
    lk_reader r = lk_reader_of(body);
    if (!lk_read_u16(&r, &out->scheme) || !lk_read_vector(&r, 2, 0, UINT16_MAX, &out->signature) ||
        !lk_reader_done(&r))
        return LOCKSTEP_PEER_DECODE_CERTIFICATE_VERIFY;
    return LOCKSTEP_OK;
}

void lk_certificate_verify_build(lk_builder *b, uint16_t scheme, lk_slice signature) {
    lk_length message = lk_message_open(b, LK_CERTIFICATE_VERIFY);
    lk_build_u16(b, scheme);
    lk_build_vector(b, 2, signature);
    lk_build_close(b, message);
}
