/*
 * raw_key_test.c - raw public keys instead of certificates (RFC 7250), in either direction, and
 * beside certificates.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "conn/config.h"
#include "support/pair.h"

#define CHECK(expression) assert_int_equal(expression, LOCKSTEP_OK)

/* What an end has and whom it trusts; identities of pki.h, -1: none. */
typedef struct end {
    int raw_key, chain, trusts_raw;
    bool trusts_root;
} end;

static lockstep_config *make(world *w, uint16_t version, const end *e, bool is_client,
                             bool asks_client) {
    lockstep_config *cfg;
    const pki *k = pki_get();
    CHECK(lockstep_config_new(&cfg, &w->env));
    CHECK(lockstep_config_set_versions(cfg, version, version));
    if (e->raw_key >= 0)
        CHECK(lockstep_config_add_raw_key(cfg, k->key[e->raw_key].p, k->key[e->raw_key].p_len));
    if (e->chain >= 0)
        CHECK(lockstep_config_add_identity(cfg, k->chain[e->chain].p, k->chain[e->chain].p_len,
                                           k->key[e->chain].p, k->key[e->chain].p_len));
    if (e->trusts_raw >= 0) {
        const lockstep_blob *key = pki_public_key(e->trusts_raw);
        CHECK(lockstep_config_trust_raw_key(cfg, key->p, key->p_len));
    }
    if (e->trusts_root) {
        lockstep_trust *trust = pki_trust();
        CHECK(lockstep_config_set_trust(cfg, trust));
        lockstep_trust_free(trust);
    }
    if (!is_client && asks_client)
        CHECK(lockstep_config_set_client_auth(cfg, LOCKSTEP_CLIENT_AUTH_REQUIRE));
    seal(cfg);
    return cfg;
}

enum shown { NOTHING, RAW, CHAIN };

static enum shown shown_to(const lockstep_conn *conn) {
    lockstep_info info;
    lockstep_info_of(conn, &info);
    if (info.num_peer_chain == 0)
        return NOTHING;
    assert_int_equal(info.num_peer_chain, info.peer_raw_key ? 1 : 2);
    return info.peer_raw_key ? RAW : CHAIN;
}

/* run does a handshake; `*server` and `*client` are what either has shown. False: it failed. */
static bool run(uint16_t version, const end *client, const end *server, bool asks_client,
                size_t chunk, enum shown *by_server, enum shown *by_client,
                lockstep_status *failure) {
    world wc, ws;
    pair p = {.chunk = chunk};
    world_init(&wc, 1);
    world_init(&ws, 2);
    lockstep_config *c = make(&wc, version, client, true, asks_client),
                    *s = make(&ws, version, server, false, asks_client);
    bool done = pair_handshake(&p, c, s);
    *by_server = shown_to(p.client);
    *by_client = shown_to(p.server);
    const lockstep_failure *f = lockstep_failure_of(p.client);
    if (f == NULL || f->status >= LOCKSTEP_ALERT_FROM_PEER)
        f = lockstep_failure_of(p.server) != NULL ? lockstep_failure_of(p.server) : f;
    *failure = f == NULL ? LOCKSTEP_OK : f->status;
    if (done) {
        pair_send(&p, true, 1000);
        pair_send(&p, false, 1000);
    }
    pair_close(&p);
    lockstep_config_free(c);
    lockstep_config_free(s);
    assert_int_equal(wc.live, 0);
    assert_int_equal(ws.live, 0);
    return done;
}

static void test_kinds_of_key(void **state) {
    (void)state;
    for (int i = PKI_P256; i <= PKI_RSA; i++)
        for (size_t k = 0; k < 4; k++) {
            enum shown by_server, by_client;
            lockstep_status failure;
            const end both = {i, -1, i, false};
            assert_true(run(k < 2 ? LOCKSTEP_TLS12 : LOCKSTEP_TLS13, &both, &both, true, k % 2,
                            &by_server, &by_client, &failure));
            assert_int_equal(by_server, RAW);
            assert_int_equal(by_client, RAW);
        }
}

/* Who has what, who trusts what, and what comes of it. */
static void test_choices(void **state) {
    (void)state;
    static const struct {
        end client, server;
        bool asks_client;
        enum shown by_server, by_client;
        lockstep_status failure;
    } cases[] = {
        /* the client's trust decides what the server shows, a raw key before a chain */
        {{-1, -1, PKI_P256, true}, {PKI_P256, PKI_RSA, -1, false}, false, RAW, NOTHING, 0},
        {{-1, -1, PKI_P256, false}, {PKI_P256, PKI_RSA, -1, false}, false, RAW, NOTHING, 0},
        {{-1, -1, -1, true}, {PKI_P256, PKI_RSA, -1, false}, false, CHAIN, NOTHING, 0},
        {{-1, -1, PKI_P256, true}, {-1, PKI_RSA, -1, false}, false, CHAIN, NOTHING, 0},
        /* and the server's what the client shows */
        {{PKI_P256, PKI_CLIENT, -1, true}, {-1, PKI_RSA, PKI_P256, true}, true, CHAIN, RAW, 0},
        {{PKI_P256, PKI_CLIENT, -1, true}, {-1, PKI_RSA, -1, true}, true, CHAIN, CHAIN, 0},
        {{-1, PKI_CLIENT, -1, true}, {-1, PKI_RSA, PKI_P256, true}, true, CHAIN, CHAIN, 0},
        {{PKI_P256, -1, PKI_RSA, false}, {PKI_RSA, -1, PKI_P256, false}, true, RAW, RAW, 0},
        /* what is not asked for is not shown */
        {{PKI_P256, -1, -1, true}, {-1, PKI_RSA, -1, false}, false, CHAIN, NOTHING, 0},
        /* another key */
        {{-1, -1, PKI_P384, true},
         {PKI_P256, PKI_RSA, -1, false},
         false,
         RAW,
         NOTHING,
         LOCKSTEP_CERT_RAW_KEY},
        {{PKI_P256, -1, -1, true},
         {-1, PKI_RSA, PKI_P384, false},
         true,
         CHAIN,
         RAW,
         LOCKSTEP_CERT_RAW_KEY},
        /* nothing in common */
        {{-1, -1, PKI_P256, false},
         {-1, PKI_RSA, -1, false},
         false,
         NOTHING,
         NOTHING,
         LOCKSTEP_NO_COMMON_CERTIFICATE_TYPE},
        {{-1, -1, -1, true},
         {PKI_P256, -1, -1, false},
         false,
         NOTHING,
         NOTHING,
         LOCKSTEP_NO_COMMON_CERTIFICATE_TYPE},
        {{PKI_P256, -1, -1, true},
         {-1, PKI_RSA, -1, true},
         true,
         NOTHING,
         NOTHING,
         LOCKSTEP_NO_COMMON_CERTIFICATE_TYPE},
        /* a client that has no raw key comes to a server that trusts nothing else */
        {{-1, PKI_CLIENT, -1, true},
         {-1, PKI_RSA, PKI_P256, false},
         true,
         CHAIN,
         CHAIN,
         LOCKSTEP_CERT_UNKNOWN_ISSUER},
    };
    for (size_t k = 0; k < 2 * sizeof cases / sizeof *cases; k++) {
        enum shown by_server, by_client;
        lockstep_status failure;
        size_t i = k / 2;
        bool done =
            run(k % 2 == 0 ? LOCKSTEP_TLS12 : LOCKSTEP_TLS13, &cases[i].client, &cases[i].server,
                cases[i].asks_client, 0, &by_server, &by_client, &failure);
        if (done != (cases[i].failure == LOCKSTEP_OK) || failure != cases[i].failure ||
            by_server != cases[i].by_server || by_client != cases[i].by_client)
            fail_msg("case %zu (%zu): %s, %s; shown: %d, %d", i, k % 2, done ? "done" : "failed",
                     lockstep_status_name(failure), by_server, by_client);
    }
}

static void test_setters(void **state) {
    (void)state;
    world w;
    const pki *k = pki_get();
    const lockstep_blob *public = pki_public_key(PKI_P256), *key = &k->key[PKI_P256];
    static const char x25519[] = "-----BEGIN PUBLIC KEY-----\n"
                                 "MCowBQYDK2VuAyEACU/vFmsOKSVLoq4NP6AGNoRnpDR/1dCTPXTz+VmLt0k=\n"
                                 "-----END PUBLIC KEY-----\n";
    static const char broken[] = "-----BEGIN PUBLIC KEY-----\nMCow\n-----END PUBLIC KEY-----\n";
    lockstep_config *cfg;
    lockstep_conn *conn;
    world_init(&w, 1);
    CHECK(lockstep_config_new(&cfg, &w.env));
    assert_int_equal(lockstep_config_trust_raw_key(cfg, key->p, key->p_len), LOCKSTEP_ERR_PEM);
    assert_int_equal(lockstep_config_trust_raw_key(cfg, NULL, 0), LOCKSTEP_ERR_USAGE);
    assert_int_equal(lockstep_config_trust_raw_key(cfg, public->p, public->p_len - 5),
                     LOCKSTEP_ERR_PEM);
    assert_int_equal(lockstep_config_trust_raw_key(cfg, (const uint8_t *)x25519, sizeof x25519 - 1),
                     LOCKSTEP_ERR_KEY_UNSUPPORTED);
    assert_int_equal(lockstep_config_trust_raw_key(cfg, (const uint8_t *)broken, sizeof broken - 1),
                     LOCKSTEP_ERR_KEY_UNSUPPORTED);
    for (int i = 0; i < 64; i++)
        CHECK(lockstep_config_trust_raw_key(cfg, public->p, public->p_len));
    assert_int_equal(lockstep_config_trust_raw_key(cfg, public->p, public->p_len),
                     LOCKSTEP_ERR_LIMIT);
    assert_int_equal(lockstep_config_add_raw_key(cfg, public->p, public->p_len), LOCKSTEP_ERR_PEM);
    assert_int_equal(lockstep_config_add_raw_key(cfg, NULL, 0), LOCKSTEP_ERR_USAGE);
    CHECK(lockstep_config_add_raw_key(cfg, key->p, key->p_len));
    /* a raw key has nothing that could be stapled to it */
    assert_int_equal(lockstep_config_staple(cfg, (const uint8_t *)"x", 1, NULL, 0),
                     LOCKSTEP_ERR_USAGE);
    for (int i = 1; i < 32; i++)
        CHECK(lockstep_config_add_raw_key(cfg, key->p, key->p_len));
    assert_int_equal(lockstep_config_add_raw_key(cfg, key->p, key->p_len), LOCKSTEP_ERR_LIMIT);
    seal(cfg);
    assert_int_equal(lockstep_config_add_raw_key(cfg, key->p, key->p_len), LOCKSTEP_ERR_USAGE);
    CHECK(lockstep_client_new(&conn, cfg, "server.test")); /* it has a way to know the server */
    lockstep_conn_free(conn);
    lockstep_config_free(cfg);
    assert_int_equal(w.live, 0);
}

/* A client that takes no raw keys is shown the certificate, whatever raw keys come before it, also
 * where nothing has the name. */
static void test_plain_client(void **state) {
    (void)state;
    for (int k = 0; k < 2; k++) {
        uint16_t version = k == 0 ? LOCKSTEP_TLS12 : LOCKSTEP_TLS13;
        world wc, ws;
        pair p = {0};
        world_init(&wc, 1);
        world_init(&ws, 2);
        lockstep_config *client,
            *server = make(&ws, version, &(end){PKI_P256, PKI_OTHER_NAME, -1, false}, false, false);
        CHECK(lockstep_config_new(&client, &wc.env));
        CHECK(lockstep_config_danger_skip_verification(client));
        seal(client);
        assert_true(pair_handshake(&p, client, server));
        assert_int_equal(shown_to(p.client), CHAIN);
        pair_close(&p);
        lockstep_config_free(client);
        lockstep_config_free(server);
    }
}

/* Where the server takes both, the client's first identity decides what it shows. */
static void test_preference(void **state) {
    (void)state;
    const pki *k = pki_get();
    for (int raw_first = 0; raw_first < 2; raw_first++) {
        world wc, ws;
        pair p = {0};
        world_init(&wc, 1);
        world_init(&ws, 2);
        lockstep_config *client = client_config(&wc),
                        *server = make(&ws, LOCKSTEP_TLS13, &(end){-1, PKI_RSA, PKI_P256, true},
                                       false, true);
        for (int i = 0; i < 2; i++)
            if ((i == 0) == raw_first)
                CHECK(lockstep_config_add_raw_key(client, k->key[PKI_P256].p,
                                                  k->key[PKI_P256].p_len));
            else
                CHECK(lockstep_config_add_identity(client, k->chain[PKI_CLIENT].p,
                                                   k->chain[PKI_CLIENT].p_len, k->key[PKI_CLIENT].p,
                                                   k->key[PKI_CLIENT].p_len));
        seal(client);
        assert_true(pair_handshake(&p, client, server));
        assert_int_equal(shown_to(p.server), raw_first ? RAW : CHAIN);
        pair_close(&p);
        lockstep_config_free(client);
        lockstep_config_free(server);
        assert_int_equal(wc.live, 0);
        assert_int_equal(ws.live, 0);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_kinds_of_key), cmocka_unit_test(test_choices),
        cmocka_unit_test(test_setters),      cmocka_unit_test(test_plain_client),
        cmocka_unit_test(test_preference),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
