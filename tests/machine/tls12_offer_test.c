/*
 * tls12_offer_test.c - what a client of TLS 1.2 offers, and what it holds the server to: groups,
 * tickets, the curve of the certificate; and tickets without a session ID (RFC 5077 §3.4).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "conn/config.h"
#include "support/pair.h"
#include "wire/client_hello.h"

#define CHECK(expression) assert_int_equal(expression, LOCKSTEP_OK)

/* What the ClientHello said; and what is to be made of it. */
typedef struct hello_seen {
    bool ticket, hybrid;
    size_t num_groups;
    bool drop_session_id;
    bool lie_about_curve; /* secp256r1 for secp384r1 */
} hello_seen;

static void drop_session_id(lk_buffer *bytes, size_t at) {
    uint8_t *p = lk_buffer_bytes(bytes) + at;
    size_t n = p[38], end = lk_buffer_length(bytes), length = end - at - LK_HANDSHAKE_HEADER - n;
    p[38] = 0;
    memmove(p + 39, p + 39 + n, end - at - 39 - n);
    p[2] = (uint8_t)(length >> 8);
    p[3] = (uint8_t)length;
    lk_buffer_cut(bytes, end - n);
}

static void look(void *arg, uint8_t type, lk_buffer *bytes, size_t at) {
    hello_seen *seen = arg;
    lk_client_hello hello;
    lk_flaw flaw;
    if (type != LK_CLIENT_HELLO)
        return;
    lk_slice body = lk_slice_of(lk_buffer_bytes(bytes) + at + LK_HANDSHAKE_HEADER,
                                lk_buffer_length(bytes) - at - LK_HANDSHAKE_HEADER);
    CHECK(lk_client_hello_parse(&hello, &flaw, body));
    seen->ticket = (hello.ext.present >> LK_EXTENSION_session_ticket & 1) != 0;
    seen->num_groups = lk_u16_count(hello.groups);
    seen->hybrid = lk_u16_has(hello.groups, LOCKSTEP_GROUP_X25519MLKEM768) ||
                   lk_u16_has(hello.groups, LOCKSTEP_GROUP_SECP256R1MLKEM768);
    for (size_t i = 0; i < seen->num_groups && seen->lie_about_curve; i++)
        if (lk_u16_at(hello.groups, i) == LOCKSTEP_GROUP_SECP384R1)
            ((uint8_t *)(uintptr_t)hello.groups.p)[2 * i + 1] = LOCKSTEP_GROUP_SECP256R1;
    if (seen->drop_session_id)
        drop_session_id(bytes, at);
}

static lockstep_config *client(world *w, hello_seen *seen, uint16_t newest) {
    lockstep_config *cfg = client_config(w);
    CHECK(lockstep_config_set_versions(cfg, LOCKSTEP_TLS12, newest));
    lk_config_settings(cfg)->tamper = look;
    lk_config_settings(cfg)->tamper_arg = seen;
    return cfg;
}

static hello_seen seen_of(uint16_t newest, bool keep) {
    world w;
    hello_seen seen = {0};
    lockstep_conn *conn;
    world_init(&w, 1);
    lockstep_config *cfg = client(&w, &seen, newest);
    if (keep)
        CHECK(lockstep_config_keep_sessions(cfg));
    seal(cfg);
    CHECK(lockstep_client_new(&conn, cfg, "server.test"));
    lockstep_conn_free(conn);
    lockstep_config_free(cfg);
    assert_int_equal(w.live, 0);
    return seen;
}

static void test_offer(void **state) {
    (void)state;
    hello_seen old = seen_of(LOCKSTEP_TLS12, false), both = seen_of(LOCKSTEP_TLS13, false);
    assert_true(both.hybrid && !both.ticket);
    assert_true(!old.hybrid && !old.ticket && old.num_groups >= 3);
    assert_true(seen_of(LOCKSTEP_TLS12, true).ticket && seen_of(LOCKSTEP_TLS13, true).ticket);
}

/* A server that shows a certificate of a curve that the client did not name. */
static void test_curve(void **state) {
    static const uint16_t groups[] = {LOCKSTEP_GROUP_X25519, LOCKSTEP_GROUP_SECP384R1};
    (void)state;
    for (int lie = 0; lie < 2; lie++) {
        world wc, ws;
        pair p = {0};
        hello_seen seen = {.lie_about_curve = lie};
        world_init(&wc, 1);
        world_init(&ws, 2);
        lockstep_config *c = client(&wc, &seen, LOCKSTEP_TLS12),
                        *s = server_config(&ws, lie ? PKI_P256 : PKI_P384);
        CHECK(lockstep_config_set_groups(c, groups, 2, 0));
        seal(c);
        seal(s);
        assert_int_equal(pair_handshake(&p, c, s), !lie);
        if (lie) {
            assert_int_equal(lockstep_failure_of(p.client)->status,
                             LOCKSTEP_PEER_CERTIFICATE_CURVE);
            assert_int_equal(lockstep_failure_of(p.client)->alert, 47);
        }
        pair_close(&p);
        lockstep_config_free(c);
        lockstep_config_free(s);
    }
}

/* The server resumes by a ticket alone; it has no session ID to send back. That this client, which
 * drew one, then takes the ServerHello for a full handshake, is the end of the test. */
static void test_no_session_id(void **state) {
    world wc, ws;
    pair p = {0};
    hello_seen seen = {0};
    lockstep_info info;
    lockstep_tickets *tickets;
    (void)state;
    world_init(&wc, 1);
    world_init(&ws, 2);
    lockstep_config *c = client(&wc, &seen, LOCKSTEP_TLS12), *s = server_config(&ws, PKI_P256);
    CHECK(lockstep_tickets_new(&tickets, &ws.env, 3600));
    CHECK(lockstep_config_set_tickets(s, tickets, 1));
    CHECK(lockstep_config_keep_sessions(c));
    seal(c);
    seal(s);
    assert_true(pair_handshake(&p, c, s));
    lockstep_session *session = lockstep_take_session(p.client);
    assert_non_null(session);
    pair_close(&p);
    seen.drop_session_id = true;
    p = (pair){0};
    pair_resume(&p, c, s, "server.test", session);
    pair_run(&p);
    lockstep_info_of(p.server, &info);
    assert_true(info.resumed);
    pair_close(&p);
    lockstep_session_free(session);
    lockstep_tickets_free(tickets);
    lockstep_config_free(c);
    lockstep_config_free(s);
    assert_int_equal(wc.live, 0);
    assert_int_equal(ws.live, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_offer),
        cmocka_unit_test(test_curve),
        cmocka_unit_test(test_no_session_id),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
