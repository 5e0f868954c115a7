/*
 * second_hello.c - the server asks for a second ClientHello (RFC 8446 §4.1.4), and takes it: only
 * what §4.1.2 lists may have changed.
 */
#include "handshake/ech.h"
#include "handshake/negotiate.h"

static void print_number(lk_digest *d, size_t n) {
    const uint8_t bytes[] = {(uint8_t)(n >> 8), (uint8_t)n};
    lk_digest_update(d, lk_slice_of(bytes, sizeof bytes));
}

/* No field of a ClientHello is longer than two bytes can say. */
static void print_field(lk_digest *d, lk_slice field) {
    print_number(d, field.p_len);
    lk_digest_update(d, field);
}

/* "The client MUST send the same ClientHello without modification, except" for what is listed in
 * §4.1.2: key_share, early_data, cookie, pre_shared_key and padding; and except for an
 * encrypted_client_hello that we could not read: only what can be read is of interest. print_hello
 * takes a digest of the rest, which is kept, or given to the client in a cookie. */
static void print_hello(uint8_t out[LK_HELLO_PRINT_LEN], const lk_client_hello *h) {
    const uint32_t may_differ = lk_extension_bit(key_share) | lk_extension_bit(early_data) |
                                lk_extension_bit(cookie) | lk_extension_bit(pre_shared_key) |
                                lk_extension_bit(padding) |
                                lk_extension_bit(encrypted_client_hello);
    lk_digest d;
    lk_digest_init(&d, LK_SHA256);
    print_number(&d, h->legacy_version);
    print_field(&d, h->random);
    print_field(&d, h->session_id);
    print_field(&d, h->cipher_suites);
    print_field(&d, h->compression_methods);
    print_number(&d, h->ext.num_unknown);
    for (int i = 0; i < LK_EXTENSION_COUNT; i++)
        if ((h->ext.present & ~may_differ) >> i & 1) {
            print_number(&d, lk_extension_table[i].id);
            print_field(&d, h->ext.data[i]);
        }
    lk_digest_peek(&d, out);
}

static bool has_psk(const lk_client_hello *h) {
    return (h->ext.present & lk_extension_bit(pre_shared_key)) != 0;
}

/* take_second goes on with the ClientHello that answers our HelloRetryRequest. */
lockstep_status lk_take_second_hello(lk_handshake *hs, lk_slice message) {
    uint8_t print[LK_HELLO_PRINT_LEN];
    uint16_t group;
    lk_slice share, rest;
    print_hello(print, &hs->hello);
    if (memcmp(print, hs->hello_print, sizeof print) != 0)
        return lk_fail(hs, LOCKSTEP_PEER_SECOND_HELLO, "more than key_share and cookie changed");
    if ((hs->hello.ext.present & lk_extension_bit(early_data)) != 0)
        return lk_fail(hs, LOCKSTEP_PEER_SECOND_HELLO, "early_data is still there");
    if (has_psk(&hs->hello) && !hs->retry_had_psk)
        return lk_fail(hs, LOCKSTEP_PEER_SECOND_HELLO, "pre_shared_key was not there before");
    rest = hs->hello.key_shares;
    if (hs->retry_has_group &&
        (!lk_key_share_next(&rest, &group, &share) || rest.p_len > 0 || group != hs->group->id))
        return lk_fail(hs, LOCKSTEP_PEER_SECOND_HELLO,
                       "key_share is not the one of %s that was asked for", hs->group->name);
    if (!lk_find_share(hs, hs->group->id, &share))
        return lk_fail(hs, LOCKSTEP_PEER_SECOND_HELLO, "the share of %s is gone", hs->group->name);
    LK_TRY(lk_out(hs, LK_OUT_SKIP_EARLY_DATA, 0)); /* it ends with the second ClientHello */
    return lk_server_psk(hs, message, lk_answer_hello);
}

/* retry asks for another ClientHello: for the share of a group, or only for the cookie back. */
lockstep_status lk_retry(lk_handshake *hs, bool has_share) {
    hs->retry_has_group = !has_share;
    hs->retry_had_psk = has_psk(&hs->hello);
    print_hello(hs->hello_print, &hs->hello);
    return lk_send_hello_retry_request(hs);
}

lockstep_status lk_on_second_client_hello(lk_handshake *hs, lk_slice message) {
    LK_TRY(lk_ech_on_second_client_hello(hs, &message));
    LK_TRY(lk_read_hello(hs, message));
    if (hs->version == LK_TLS13) /* what else has changed is seen below */
        LK_TRY(lk_check_tls13(hs));
    /* "Clients MUST copy the contents" of the cookie (§4.2.2) */
    if (hs->cookie.p_len > 0 && !lk_slice_equal(hs->hello.cookie, hs->cookie))
        return lk_fail(hs, LOCKSTEP_PEER_COOKIE, "%zu bytes came back of %zu",
                       hs->hello.cookie.p_len, hs->cookie.p_len);
    return lk_take_second_hello(hs, message);
}
