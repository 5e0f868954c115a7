/*
 * fuzz_tls12.c - the messages of TLS 1.2 that TLS 1.3 does not have, or has in another form. The
 * first byte of the input says which; what parses is written again and must be the same.
 */
#include "support/fuzzing.h"
#include "wire/tls12_certificate.h"
#include "wire/tls12_key_exchange.h"
#include "wire/tls12_server_hello.h"
#include "wire/tls12_ticket.h"

/* The message that is written again. */
static lk_buffer again;

static lk_builder rewrite(void) {
    again = lk_buffer_of(&lk_heap_default, 0);
    return lk_builder_of(&again);
}

static void same(const lk_builder *b, lk_slice body) {
    NEED(lk_builder_ok(b) && lk_slice_equal(body_of(&again), body));
    lk_buffer_free(&again);
}

static void server_hello(lk_slice in) {
    lk12_server_hello h;
    lk_flaw flaw;
    lockstep_status status = lk12_server_hello_parse(&h, &flaw, in);
    if (status != LOCKSTEP_OK) {
        check_flaw(status, &flaw);
        return;
    }
    const lk_slice all[] = {h.random,        h.session_id, h.renegotiated_connection,
                            h.point_formats, h.protocol,   h.scts};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        NEED(inside(all[i], in.p, in.p_len));
    check_extensions(&h.ext, in.p, in.p_len);
    NEED(h.random.p_len == LK_RANDOM_LEN && h.session_id.p_len <= LK_SESSION_ID_MAX);
}

static void certificate(lk_slice in) {
    static lk_certificate c;
    if (lk12_certificate_parse(&c, in) != LOCKSTEP_OK)
        return;
    for (size_t i = 0; i < c.num_chain; i++)
        NEED(inside(c.chain[i], in.p, in.p_len) && c.chain[i].p_len > 0);
    lk_builder b = rewrite();
    lk12_certificate_build(&b, c.chain, c.num_chain);
    same(&b, in);
}

static void raw_key(lk_slice in) {
    static lk_certificate c;
    if (lk12_raw_key_parse(&c, in) != LOCKSTEP_OK)
        return;
    NEED(c.num_chain == (c.chain[0].p_len > 0));
    lk_builder b = rewrite();
    lk12_raw_key_build(&b, c.chain[0]);
    same(&b, in);
}

static void certificate_status(lk_slice in) {
    lk_slice ocsp;
    if (lk12_certificate_status_parse(&ocsp, in) != LOCKSTEP_OK)
        return;
    lk_builder b = rewrite();
    lk12_certificate_status_build(&b, ocsp);
    same(&b, in);
}

static void certificate_request(lk_slice in) {
    lk12_certificate_request r;
    if (lk12_certificate_request_parse(&r, in) != LOCKSTEP_OK)
        return;
    NEED(inside(r.types, in.p, in.p_len) && r.types.p_len > 0);
    NEED(inside(r.schemes, in.p, in.p_len) && r.schemes.p_len % 2 == 0);
    NEED(inside(r.authorities, in.p, in.p_len));
}

static void server_key_exchange(lk_slice in) {
    lk12_server_key_exchange k;
    if (lk12_server_key_exchange_parse(&k, in) != LOCKSTEP_OK || k.curve_type != LK12_NAMED_CURVE)
        return;
    NEED(inside(k.point, in.p, in.p_len) && k.params.p == in.p && k.params.p_len < in.p_len);
    lk_builder b = rewrite();
    lk12_server_key_exchange_build(&b, k.params, k.scheme, k.signature);
    same(&b, in);
}

static void client_key_exchange(lk_slice in, bool rsa) {
    lk_slice contents;
    if (lk12_client_key_exchange_parse(&contents, in, rsa) != LOCKSTEP_OK)
        return;
    lk_builder b = rewrite();
    lk12_client_key_exchange_build(&b, contents, rsa);
    same(&b, in);
}

static void new_session_ticket(lk_slice in) {
    lk12_new_session_ticket t;
    if (lk12_new_session_ticket_parse(&t, in) != LOCKSTEP_OK)
        return;
    lk_builder b = rewrite();
    lk12_new_session_ticket_build(&b, t.lifetime_hint, t.ticket);
    same(&b, in);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size == 0)
        return 0;
    const lk_slice in = lk_slice_of(data + 1, size - 1);
    switch (data[0] % 9) {
    case 0:
        server_hello(in);
        break;
    case 1:
        certificate(in);
        break;
    case 2:
        certificate_status(in);
        break;
    case 3:
        certificate_request(in);
        break;
    case 4:
        server_key_exchange(in);
        break;
    case 5:
    case 6:
        client_key_exchange(in, data[0] % 9 == 6);
        break;
    case 7:
        new_session_ticket(in);
        break;
    default:
        raw_key(in);
    }
    return 0;
}
