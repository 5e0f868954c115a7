#include "wire/server_hello.h"

#include "wire/ech.h"

/* SHA-256 of "HelloRetryRequest" (§4.1.3) */
const uint8_t lk_hello_retry_random[LK_RANDOM_LEN] = {
    0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91,
    0xc2, 0xa2, 0x11, 0x16, 0x7a, 0xbb, 0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c};

static bool parse_contents(void *into, enum lk_extension_index i, lk_slice data) {
    lk_server_hello *h = into;
    lk_reader r = lk_reader_of(data);
    switch (i) {
    case LK_EXTENSION_supported_versions:
        return lk_read_u16(&r, &h->selected_version) && lk_reader_done(&r);
    case LK_EXTENSION_key_share:
        if (h->is_retry)
            return lk_read_u16(&r, &h->group) && lk_reader_done(&r);
        return lk_parse_key_share_entry(&r, &h->group, &h->key_exchange) && lk_reader_done(&r);
    case LK_EXTENSION_cookie:
        return lk_read_vector(&r, 2, 1, UINT16_MAX, &h->cookie) && lk_reader_done(&r);
    case LK_EXTENSION_pre_shared_key:
        return lk_read_u16(&r, &h->selected_identity) && lk_reader_done(&r);
    case LK_EXTENSION_encrypted_client_hello:
        h->ech_confirmation = data;
        return data.p_len == LK_ECH_CONFIRMATION_LEN;
    default:
        return true;
    }
}

/* look_for_versions looks only for the extension that tells TLS 1.3 from older versions, in which
 * other extensions may stand in a ServerHello. False: the block does not parse in any version. */
static bool look_for_versions(bool *found, lk_slice block) {
    lk_reader r = lk_reader_of(block);
    uint16_t id;
    lk_slice data;
    for (*found = false; !lk_reader_done(&r);) {
        if (!lk_read_u16(&r, &id) || !lk_read_vector(&r, 2, 0, UINT16_MAX, &data))
            return false;
        *found = *found || id == lk_extension_table[LK_EXTENSION_supported_versions].id;
    }
    return true;
}

lockstep_status lk_server_hello_parse(lk_server_hello *out, lk_flaw *flaw, lk_slice body) {
    const lockstep_status decode = LOCKSTEP_PEER_DECODE_SERVER_HELLO;
    lk_reader r = lk_reader_of(body);
    lk_slice block;
    memset(out, 0, sizeof *out);
    *flaw = (lk_flaw){0};
    if (!lk_read_u16(&r, &out->legacy_version) || !lk_read_bytes(&r, LK_RANDOM_LEN, &out->random) ||
        !lk_read_vector(&r, 1, 0, LK_SESSION_ID_MAX, &out->session_id_echo) ||
        !lk_read_u16(&r, &out->cipher_suite) || !lk_read_u8(&r, &out->compression_method))
        return decode;
    out->is_retry = memcmp(out->random.p, lk_hello_retry_random, LK_RANDOM_LEN) == 0;
    if (lk_reader_done(&r))
        return LOCKSTEP_OK; /* TLS 1.2 and older may have no extensions */
    lk_reader at = r;
    bool is_tls13;
    if (!lk_read_vector(&at, 2, 0, UINT16_MAX, &block) || !lk_reader_done(&at) ||
        !look_for_versions(&is_tls13, block))
        return decode;
    if (!is_tls13)
        return LOCKSTEP_OK;
    lk_place place = out->is_retry ? LK_IN_HELLO_RETRY_REQUEST : LK_IN_SERVER_HELLO;
    lockstep_status status = lk_parse_extensions(&out->ext, flaw, &r, place, decode);
    if (status != LOCKSTEP_OK)
        return status;
    return lk_parse_contents(out, flaw, &out->ext, parse_contents);
}

void lk_server_hello_build(lk_builder *b, const lk_server_hello_out *h) {
    lk_length ext, message = lk_message_open(b, LK_SERVER_HELLO);
    lk_build_u16(b, LK_TLS12);
    lk_build_bytes(b, lk_slice_of(h->random, LK_RANDOM_LEN));
    lk_build_vector(b, 1, h->session_id_echo);
    lk_build_u16(b, h->cipher_suite);
    lk_build_u8(b, 0); /* null compression */
    lk_length all = lk_build_open(b, 2);
    if (h->psk) {
        ext = lk_extension_open(b, LK_EXTENSION_pre_shared_key);
        lk_build_u16(b, h->selected_identity);
        lk_build_close(b, ext);
    }
    if (h->group != 0) {
        ext = lk_extension_open(b, LK_EXTENSION_key_share);
        lk_build_u16(b, h->group);
        if (h->key_exchange.p_len > 0)
            lk_build_vector(b, 2, h->key_exchange);
        lk_build_close(b, ext);
    }
    if (h->cookie.p_len > 0) {
        ext = lk_extension_open(b, LK_EXTENSION_cookie);
        lk_build_vector(b, 2, h->cookie);
        lk_build_close(b, ext);
    }
    ext = lk_extension_open(b, LK_EXTENSION_supported_versions);
    lk_build_u16(b, LK_TLS13);
    lk_build_close(b, ext);
    if (h->ech_confirmation.p_len > 0) {
        ext = lk_extension_open(b, LK_EXTENSION_encrypted_client_hello);
        lk_build_bytes(b, h->ech_confirmation);
        lk_build_close(b, ext);
    }
    lk_build_close(b, all);
    lk_build_close(b, message);
}
