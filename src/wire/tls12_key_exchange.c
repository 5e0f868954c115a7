#include "wire/tls12_key_exchange.h"

lockstep_status lk12_server_key_exchange_parse(lk12_server_key_exchange *out, lk_slice body) {
    lk_reader r = lk_reader_of(body);
    memset(out, 0, sizeof *out);
    if (!lk_read_u8(&r, &out->curve_type))
        return LOCKSTEP_PEER_DECODE_SERVER_KEY_EXCHANGE;
    if (out->curve_type != LK12_NAMED_CURVE)
        return LOCKSTEP_OK;
    if (!lk_read_u16(&r, &out->group) || !lk_read_vector(&r, 1, 1, 255, &out->point))
        return LOCKSTEP_PEER_DECODE_SERVER_KEY_EXCHANGE;
    out->params = lk_slice_of(body.p, body.p_len - lk_reader_rest(&r).p_len);
    if (!lk_read_u16(&r, &out->scheme) || !lk_read_vector(&r, 2, 0, UINT16_MAX, &out->signature) ||
        !lk_reader_done(&r))
        return LOCKSTEP_PEER_DECODE_SERVER_KEY_EXCHANGE;
    return LOCKSTEP_OK;
}

void lk12_ecdh_params_build(lk_builder *b, uint16_t group, lk_slice point) {
    lk_build_u8(b, LK12_NAMED_CURVE);
    lk_build_u16(b, group);
    lk_build_vector(b, 1, point);
}

void lk12_server_key_exchange_build(lk_builder *b, lk_slice params, uint16_t scheme,
                                    lk_slice signature) {
    lk_length message = lk_message_open(b, LK_SERVER_KEY_EXCHANGE);
    lk_build_bytes(b, params);
    lk_build_u16(b, scheme);
    lk_build_vector(b, 2, signature);
    lk_build_close(b, message);
}

lockstep_status lk12_client_key_exchange_parse(lk_slice *contents, lk_slice body, bool rsa) {
    lk_reader r = lk_reader_of(body);
    bool good = rsa ? lk_read_vector(&r, 2, 0, UINT16_MAX, contents)
                    : lk_read_vector(&r, 1, 1, 255, contents);
    return good && lk_reader_done(&r) ? LOCKSTEP_OK : LOCKSTEP_PEER_DECODE_CLIENT_KEY_EXCHANGE;
}

void lk12_client_key_exchange_build(lk_builder *b, lk_slice contents, bool rsa) {
    lk_length message = lk_message_open(b, LK_CLIENT_KEY_EXCHANGE);
    lk_build_vector(b, rsa ? 2 : 1, contents);
    lk_build_close(b, message);
}
