#include "wire/tls12_certificate.h"

#define U24_MAX ((1 << 24) - 1)

lockstep_status lk12_certificate_parse(lk_certificate *out, lk_slice body) {
    lk_reader r = lk_reader_of(body);
    lk_slice list;
    memset(out, 0, sizeof *out);
    if (!lk_read_vector(&r, 3, 0, U24_MAX, &list) || !lk_reader_done(&r))
        return LOCKSTEP_PEER_DECODE_CERTIFICATE;
    for (r = lk_reader_of(list); !lk_reader_done(&r); out->num_chain++) {
        if (out->num_chain == LK_CHAIN_MAX)
            return LOCKSTEP_CERT_CHAIN_TOO_LONG;
        if (!lk_read_vector(&r, 3, 1, U24_MAX, &out->chain[out->num_chain]))
            return LOCKSTEP_PEER_DECODE_CERTIFICATE;
    }
    return LOCKSTEP_OK;
}

void lk12_certificate_build(lk_builder *b, const lk_slice *chain, size_t num_chain) {
    lk_length message = lk_message_open(b, LK_CERTIFICATE);
    lk_length list = lk_build_open(b, 3);
    for (size_t i = 0; i < num_chain; i++)
        lk_build_vector(b, 3, chain[i]);
    lk_build_close(b, list);
    lk_build_close(b, message);
}

lockstep_status lk12_raw_key_parse(lk_certificate *out, lk_slice body) {
    lk_reader r = lk_reader_of(body);
    memset(out, 0, sizeof *out);
    if (!lk_read_vector(&r, 3, 0, U24_MAX, &out->chain[0]) || !lk_reader_done(&r))
        return LOCKSTEP_PEER_DECODE_CERTIFICATE;
    out->num_chain = out->chain[0].p_len > 0;
    return LOCKSTEP_OK;
}

void lk12_raw_key_build(lk_builder *b, lk_slice key) {
    lk_length message = lk_message_open(b, LK_CERTIFICATE);
    lk_build_vector(b, 3, key);
    lk_build_close(b, message);
}

lockstep_status lk12_certificate_status_parse(lk_slice *ocsp, lk_slice body) {
    lk_reader r = lk_reader_of(body);
    uint8_t type;
    if (!lk_read_u8(&r, &type) || type != LK_STATUS_OCSP ||
        !lk_read_vector(&r, 3, 1, U24_MAX, ocsp) || !lk_reader_done(&r))
        return LOCKSTEP_PEER_DECODE_STATUS;
    return LOCKSTEP_OK;
}

void lk12_certificate_status_build(lk_builder *b, lk_slice ocsp) {
    lk_length message = lk_message_open(b, LK_CERTIFICATE_STATUS);
    lk_build_u8(b, LK_STATUS_OCSP);
    lk_build_vector(b, 3, ocsp);
    lk_build_close(b, message);
}

lockstep_status lk12_certificate_request_parse(lk12_certificate_request *out, lk_slice body) {
    lk_reader r = lk_reader_of(body);
    lk_slice name;
    memset(out, 0, sizeof *out);
    if (!lk_read_vector(&r, 1, 1, 255, &out->types) || !lk_read_u16_list(&r, 2, &out->schemes) ||
        !lk_read_vector(&r, 2, 0, UINT16_MAX, &out->authorities) || !lk_reader_done(&r))
        return LOCKSTEP_PEER_DECODE_CERTIFICATE_REQUEST;
    for (r = lk_reader_of(out->authorities); !lk_reader_done(&r);)
        if (!lk_read_vector(&r, 2, 1, UINT16_MAX, &name))
            return LOCKSTEP_PEER_DECODE_CERTIFICATE_REQUEST;
    return LOCKSTEP_OK;
}

void lk12_certificate_request_build(lk_builder *b, const uint16_t *schemes, size_t num_schemes,
                                    lk_slice authorities) {
    static const uint8_t types[] = {LK12_ECDSA_SIGN, LK12_RSA_SIGN};
    lk_length message = lk_message_open(b, LK_CERTIFICATE_REQUEST);
    lk_build_vector(b, 1, lk_slice_of(types, sizeof types));
    lk_build_u16_list(b, 2, schemes, num_schemes);
    lk_build_vector(b, 2, authorities);
    lk_build_close(b, message);
}
