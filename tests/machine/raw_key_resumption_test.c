/*
 * raw_key_resumption_test.c - sessions between sides that know each other by raw public keys (RFC
 * 7250): both versions, and who must not go on with one.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "handshake/session.h"
#include "support/pair.h"

#define CHECK(expression) assert_int_equal(expression, LOCKSTEP_OK)

/* The client has the key PKI_ED25519, the server PKI_P256. */
typedef struct house {
    world wc, ws;
    lockstep_tickets *tickets;
    uint16_t version;
} house;

static void build(house *h, int i) {
    world_init(&h->wc, 1);
    world_init(&h->ws, 2);
    h->version = i % 2 == 0 ? LOCKSTEP_TLS12 : LOCKSTEP_TLS13;
    CHECK(lockstep_tickets_new(&h->tickets, &h->ws.env, 3600));
}

static void tear_down(house *h) {
    lockstep_tickets_free(h->tickets);
    assert_int_equal(h->wc.live, 0);
    assert_int_equal(h->ws.live, 0);
}

static void has(lockstep_config *cfg, int identity, int chain) {
    const pki *k = pki_get();
    if (identity >= 0)
        CHECK(lockstep_config_add_raw_key(cfg, k->key[identity].p, k->key[identity].p_len));
    if (chain >= 0)
        CHECK(lockstep_config_add_identity(cfg, k->chain[chain].p, k->chain[chain].p_len,
                                           k->key[chain].p, k->key[chain].p_len));
}

static void trusts(lockstep_config *cfg, int identity, bool root) {
    if (identity >= 0) {
        const lockstep_blob *key = pki_public_key(identity);
        CHECK(lockstep_config_trust_raw_key(cfg, key->p, key->p_len));
    }
    if (root) {
        lockstep_trust *trust = pki_trust();
        CHECK(lockstep_config_set_trust(cfg, trust));
        lockstep_trust_free(trust);
    }
}

static lockstep_config *client_of(house *h, int trusted, bool root) {
    lockstep_config *cfg;
    CHECK(lockstep_config_new(&cfg, &h->wc.env));
    CHECK(lockstep_config_set_versions(cfg, h->version, h->version));
    CHECK(lockstep_config_keep_sessions(cfg));
    has(cfg, PKI_ED25519, PKI_CLIENT);
    trusts(cfg, trusted, root);
    seal(cfg);
    return cfg;
}

static lockstep_config *server_of(house *h, int key, int chain, int trusted, bool root) {
    lockstep_config *cfg;
    CHECK(lockstep_config_new(&cfg, &h->ws.env));
    CHECK(lockstep_config_set_versions(cfg, h->version, h->version));
    CHECK(lockstep_config_set_tickets(cfg, h->tickets, 1));
    has(cfg, key, chain);
    trusts(cfg, trusted, root);
    if (trusted >= 0 || root)
        CHECK(lockstep_config_set_client_auth(cfg, LOCKSTEP_CLIENT_AUTH_REQUIRE));
    seal(cfg);
    return cfg;
}

/* visit makes a connection, and returns a session of it; frees both configs. */
static lockstep_session *visit(lockstep_config *client, lockstep_config *server,
                               const lockstep_session *session, bool resumed, bool raw_server,
                               bool raw_client) {
    pair p = {0};
    lockstep_info c, s;
    pair_resume(&p, client, server, "server.test", session);
    pair_run(&p);
    assert_true((lockstep_state_of(p.client) & lockstep_state_of(p.server) & LOCKSTEP_SECURE) != 0);
    lockstep_info_of(p.client, &c);
    lockstep_info_of(p.server, &s);
    assert_int_equal(c.resumed, resumed);
    assert_int_equal(s.resumed, resumed);
    assert_int_equal(c.peer_raw_key, raw_server);
    assert_int_equal(s.peer_raw_key, raw_client);
    assert_int_equal(c.num_peer_chain, raw_server ? 1 : 2);
    pair_send(&p, true, 1000);
    pair_send(&p, false, 20000);
    lockstep_session *next = lockstep_take_session(p.client);
    pair_close(&p);
    lockstep_config_free(client);
    lockstep_config_free(server);
    return next;
}

static void test_return(void **state) {
    (void)state;
    for (int i = 0; i < 2; i++) {
        house h;
        build(&h, i);
        lockstep_session *session = NULL;
        for (int n = 0; n < 4; n++) {
            lockstep_session *next =
                visit(client_of(&h, PKI_P256, false),
                      server_of(&h, PKI_P256, -1, PKI_ED25519, false), session, n > 0, true, true);
            assert_non_null(next);
            assert_true(next->s.peer_raw_key);
            lockstep_session_free(session);
            session = next;
        }
        lockstep_session_free(session);
        tear_down(&h);
    }
}

/* A key that is not trusted any more is not taken from a session either, and with the other kind of
 * trust there is a full handshake. */
static void test_trust_has_changed(void **state) {
    (void)state;
    for (int i = 0; i < 2; i++) {
        house h;
        build(&h, i);
        lockstep_session *first =
            visit(client_of(&h, PKI_P256, true),
                  server_of(&h, PKI_P256, PKI_RSA, PKI_ED25519, true), NULL, false, true, true);
        /* the client has other keys, or none */
        lockstep_session_free(visit(client_of(&h, -1, true),
                                    server_of(&h, PKI_P256, PKI_RSA, PKI_ED25519, true), first,
                                    false, false, true));
        lockstep_session_free(visit(client_of(&h, PKI_P384, true),
                                    server_of(&h, PKI_P384, PKI_RSA, PKI_ED25519, true), first,
                                    false, true, true));
        /* the server */
        lockstep_session_free(visit(client_of(&h, PKI_P256, true),
                                    server_of(&h, PKI_P256, PKI_RSA, -1, true), first, false, true,
                                    false));
        /* as it was */
        lockstep_session_free(visit(client_of(&h, PKI_P256, true),
                                    server_of(&h, PKI_P256, PKI_RSA, PKI_ED25519, true), first,
                                    true, true, true));
        lockstep_session_free(first);
        tear_down(&h);
    }
}

/* By tickets that are shared nobody goes on as who he is not: the raw key that was shown has to be
 * there. A certificate likewise, by its name (resumption_test.c). */
static void test_shared_tickets(void **state) {
    (void)state;
    for (int i = 0; i < 2; i++) {
        house h;
        build(&h, i);
        lockstep_session *first =
            visit(client_of(&h, PKI_P256, true), server_of(&h, PKI_P256, PKI_RSA, -1, false), NULL,
                  false, true, false);
        lockstep_session_free(visit(client_of(&h, PKI_P256, true),
                                    server_of(&h, -1, PKI_RSA, -1, false), first, false, false,
                                    false));
        lockstep_session_free(first);
        tear_down(&h);
    }
}

/* What was shown then must still be something that the client takes. */
static void test_client_takes_other_types(void **state) {
    (void)state;
    for (int i = 0; i < 2; i++) {
        house h;
        build(&h, i);
        lockstep_session *first =
            visit(client_of(&h, -1, true), server_of(&h, PKI_P256, PKI_RSA, -1, false), NULL, false,
                  false, false);
        lockstep_session_free(visit(client_of(&h, PKI_P256, true),
                                    server_of(&h, PKI_P256, PKI_RSA, -1, false), first, true, false,
                                    false));
        /* it does not even offer a session that it could not judge */
        lockstep_session_free(visit(client_of(&h, PKI_P256, false),
                                    server_of(&h, PKI_P256, PKI_RSA, -1, false), first, false, true,
                                    false));
        lockstep_session_free(first);
        tear_down(&h);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_return),
        cmocka_unit_test(test_trust_has_changed),
        cmocka_unit_test(test_shared_tickets),
        cmocka_unit_test(test_client_takes_other_types),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
