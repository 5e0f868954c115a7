/*
 * tls12_offer_test.c - what a client of TLS 1.2 offers, and what it holds the server to: groups,
 * tickets, the curve of the certificate; and tickets without a session ID (RFC 5077 §3.4).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "conn/config.h"
#include "support/forge.h"
#include "support/pair.h"
#include "wire/client_hello.h"

#define CHECK(expression) assert_int_equal(expression, LOCKSTEP_OK)

/* What the ClientHello said; and what is to be made of it. */
typedef struct hello_seen {
    bool ticket, hybrid;
    size_t num_groups;
    bool drop_session_id;
    uint8_t lie; /* the low byte of a curve that is named in place of secp384r1 */
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
    for (size_t i = 0; i < seen->num_groups && seen->lie != 0; i++)
        if (lk_u16_at(hello.groups, i) == LOCKSTEP_GROUP_SECP384R1)
            ((uint8_t *)(uintptr_t)hello.groups.p)[2 * i + 1] = seen->lie;
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
        hello_seen seen = {.lie = lie ? LOCKSTEP_GROUP_SECP256R1 : 0};
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

/* forged_p521 makes a server's config with a key on P-521, and a root that the client trusts. */
static lockstep_config *forged_p521(world *w, lockstep_config *client) {
    lockstep_config *cfg;
    lk_private_key *key;
    lk_crypto *crypto = lk_crypto_new();
    lk_buffer chain = lk_buffer_of(&lk_heap_default, 0), pem = lk_buffer_of(&lk_heap_default, 0);
    forge_spec root = forge_root(), middle = forge_middle(), leaf = forge_leaf();
    CHECK(lk_private_key_generate(&key, crypto, LK_KEY_P521, 0));
    CHECK(lk_private_key_to_pem(key, &pem));
    root.path_length = -1;
    memset(leaf.names, 0, sizeof leaf.names);
    leaf.names[0] = "DNS:server.test";
    leaf.key = key;
    lk_slice anchor = forge(&root);
    lockstep_trust *trust = forge_trust(&anchor, 1);
    CHECK(lockstep_config_set_trust(client, trust));
    lockstep_trust_free(trust);
    assert_true(lk_buffer_append(&chain, lk_slice_of_str(forge_pem(forge(&leaf)))) &&
                lk_buffer_append(&chain, lk_slice_of_str(forge_pem(forge(&middle)))));
    CHECK(lockstep_config_new(&cfg, &w->env));
    CHECK(lockstep_config_add_identity(cfg, lk_buffer_bytes(&chain), lk_buffer_length(&chain),
                                       lk_buffer_bytes(&pem), lk_buffer_length(&pem)));
    lk_buffer_free(&chain);
    lk_buffer_free(&pem);
    lk_private_key_free(key);
    lk_crypto_free(crypto);
    return cfg;
}

/* P-521, which is not named by default: a server whose key is on it has nothing for such a client,
 * and is not taken if it shows it all the same. */
static void test_p521(void **state) {
    enum { UNNAMED, LIE, NAMED, CASES };
    static const uint16_t without[] = {LOCKSTEP_GROUP_X25519, LOCKSTEP_GROUP_SECP384R1};
    static const uint16_t with[] = {LOCKSTEP_GROUP_SECP521R1, LOCKSTEP_GROUP_X25519};
    (void)state;
    for (int i = UNNAMED; i < CASES; i++) {
        world wc, ws;
        pair p = {0};
        lockstep_info info;
        hello_seen seen = {.lie = i == LIE ? LOCKSTEP_GROUP_SECP521R1 : 0};
        world_init(&wc, 1);
        world_init(&ws, 2);
        lockstep_config *c = client(&wc, &seen, LOCKSTEP_TLS12), *s = forged_p521(&ws, c);
        CHECK(lockstep_config_set_groups(c, i == NAMED ? with : without, 2, 0));
        if (i == NAMED)
            CHECK(lockstep_config_set_groups(s, with, 2, 0));
        seal(c);
        seal(s);
        assert_int_equal(pair_handshake(&p, c, s), i == NAMED);
        lockstep_info_of(p.client, &info);
        if (i == UNNAMED)
            assert_int_equal(lockstep_failure_of(p.server)->status, LOCKSTEP_NO_COMMON_SCHEME);
        else if (i == LIE)
            assert_int_equal(lockstep_failure_of(p.client)->status,
                             LOCKSTEP_PEER_CERTIFICATE_CURVE);
        else
            assert_int_equal(info.group, LOCKSTEP_GROUP_SECP521R1);
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
        cmocka_unit_test(test_p521),
        cmocka_unit_test(test_no_session_id),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
