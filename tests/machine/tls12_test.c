/*
 * tls12_test.c - complete TLS 1.2 handshakes of the engine with itself: every suite, group and kind
 * of key, with and without client certificates, every option; each again in single bytes and with
 * gathered jobs.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "conn/config.h"
#include "support/pair.h"

#define CHECK(expression) assert_int_equal(expression, LOCKSTEP_OK)

typedef struct flow {
    const char *name;
    uint16_t suite, group; /* 0: the defaults */
    int identity;
    int client_identity; /* with client_auth; the client's certificate is PKI_CLIENT in any case */
    bool client_auth, no_client_certificate, alpn, staple;
    bool server_13, client_13; /* that side would speak TLS 1.3 too */
    bool rsa;                  /* RSA key transport is allowed on both sides */
    size_t limit_client, limit_server;
} flow;

static const uint8_t staple[] = {1, 2, 3, 4}, scts[] = {0, 4, 0, 2, 9, 9};

static void identity_of(lockstep_config *cfg, int which) {
    const pki *k = pki_get();
    CHECK(lockstep_config_add_identity(cfg, k->chain[which].p, k->chain[which].p_len,
                                       k->key[which].p, k->key[which].p_len));
}

static lockstep_tickets *keep_sessions; /* for the tests of resumption */

static void build(const flow *f, bool gather, world *wc, world *ws, lockstep_config **client,
                  lockstep_config **server) {
    static const char *const protocols[] = {"h2", "http/1.1"}, *const old[] = {"http/1.1"};
    *client = client_config(wc);
    *server = server_config(ws, f->identity);
    CHECK(lockstep_config_set_versions(*client, LOCKSTEP_TLS12,
                                       f->client_13 ? LOCKSTEP_TLS13 : LOCKSTEP_TLS12));
    CHECK(lockstep_config_set_versions(*server, LOCKSTEP_TLS12,
                                       f->server_13 ? LOCKSTEP_TLS13 : LOCKSTEP_TLS12));
    if (f->rsa) {
        CHECK(lockstep_config_danger_rsa_key_exchange(*client));
        CHECK(lockstep_config_danger_rsa_key_exchange(*server));
    }
    if (f->suite != 0)
        CHECK(lockstep_config_set_suites(*client, &f->suite, 1));
    if (f->group != 0)
        CHECK(lockstep_config_set_groups(*server, &f->group, 1, 0));
    if (f->client_auth) {
        lockstep_trust *trust = pki_trust();
        CHECK(lockstep_config_set_trust(*server, trust));
        lockstep_trust_free(trust);
        CHECK(lockstep_config_set_client_auth(*server, f->no_client_certificate
                                                           ? LOCKSTEP_CLIENT_AUTH_REQUEST
                                                           : LOCKSTEP_CLIENT_AUTH_REQUIRE));
        if (!f->no_client_certificate)
            identity_of(*client, PKI_CLIENT);
    }
    if (f->alpn) {
        CHECK(lockstep_config_set_alpn(*client, protocols, 2));
        CHECK(lockstep_config_set_alpn(*server, old, 1));
    }
    if (f->staple) {
        CHECK(lockstep_config_staple(*server, staple, sizeof staple, scts, sizeof scts));
        CHECK(lockstep_config_ask(*client, LOCKSTEP_ASK_VERDICT));
    }
    if (f->limit_client != 0)
        CHECK(lockstep_config_set_record_size_limit(*client, f->limit_client));
    if (f->limit_server != 0)
        CHECK(lockstep_config_set_record_size_limit(*server, f->limit_server));
    if (keep_sessions != NULL) {
        CHECK(lockstep_config_keep_sessions(*client));
        CHECK(lockstep_config_set_tickets(*server, keep_sessions, 2));
    }
    if (gather) {
        CHECK(lockstep_config_gather_jobs(*client));
        CHECK(lockstep_config_gather_jobs(*server));
    }
    seal(*client);
    seal(*server);
}

static void check_info(const flow *f, const pair *p) {
    lockstep_info info;
    lockstep_info_of(p->client, &info);
    assert_int_equal(info.version, 0x0303);
    if (f->suite != 0)
        assert_int_equal(info.suite, f->suite);
    if (f->group != 0 && !f->rsa)
        assert_int_equal(info.group, f->group);
    assert_int_equal(info.num_peer_chain, 2);
    if (f->alpn)
        assert_string_equal(info.alpn, "http/1.1");
    else
        assert_null(info.alpn);
    assert_int_equal(info.peer_ocsp.p_len, f->staple ? sizeof staple : 0);
    assert_int_equal(info.peer_scts.p_len, f->staple ? sizeof scts : 0);
    lockstep_info_of(p->server, &info);
    assert_int_equal(info.version, 0x0303);
    assert_string_equal(info.server_name, "server.test");
    assert_int_equal(info.num_peer_chain, f->client_auth && !f->no_client_certificate ? 2 : 0);
}

/* Both sides derive the same, and an empty context is not none (RFC 5705 §4). */
static void check_export(const pair *p) {
    uint8_t a[40], b[40], other[40];
    CHECK(lockstep_export(p->client, a, sizeof a, "EXPORTER-test", NULL, 0));
    CHECK(lockstep_export(p->server, b, sizeof b, "EXPORTER-test", NULL, 0));
    assert_memory_equal(a, b, sizeof a);
    CHECK(lockstep_export(p->client, other, sizeof b, "EXPORTER-test", (const uint8_t *)"", 0));
    assert_memory_not_equal(a, other, sizeof a);
    CHECK(lockstep_export(p->server, b, sizeof b, "EXPORTER-test", (const uint8_t *)"", 0));
    assert_memory_equal(b, other, sizeof b);
}

/* The client says that any chain is good, for the flows with a staple that nobody could judge. */
static void answer(pair *p) {
    const lockstep_ask *ask = lockstep_asking(p->client);
    if (ask == NULL)
        return;
    assert_int_equal(ask->kind, LOCKSTEP_ASK_VERDICT);
    CHECK(lockstep_answer_verdict(p->client, LOCKSTEP_OK));
    pair_run(p);
}

static void run(const void *of, size_t chunk, bool gather, char keylog[4096]) {
    const flow *f = of;
    world wc, ws;
    lockstep_config *client, *server;
    pair p = {.chunk = chunk};
    world_init(&wc, 1);
    world_init(&ws, 2);
    build(f, gather, &wc, &ws, &client, &server);
    (void)pair_handshake(&p, client, server);
    answer(&p);
    if ((lockstep_state_of(p.client) & lockstep_state_of(p.server) & LOCKSTEP_SECURE) == 0)
        pair_explain(&p, f->name);
    pair_send(&p, true, 1000);
    pair_send(&p, false, 200000);
    pair_send(&p, true, 20000);
    check_info(f, &p);
    check_export(&p);
    assert_int_equal(lockstep_update_keys(p.client, false), LOCKSTEP_ERR_USAGE);
    pair_finish(&p);
    memcpy(keylog, wc.keylog, sizeof wc.keylog);
    assert_string_equal(wc.keylog, ws.keylog);
    assert_int_equal(strncmp(wc.keylog, "CLIENT_RANDOM ", 14), 0);
    pair_close(&p);
    lockstep_config_free(client);
    lockstep_config_free(server);
    assert_int_equal(wc.live, 0);
    assert_int_equal(ws.live, 0);
}

/* The master secret hashes every message up to ClientKeyExchange; signatures with Ed25519 are not
 * random, so equal secrets mean equal handshakes. */
static void in_every_way(const flow *f) {
    pair_in_every_way(run, f, f->identity == PKI_ED25519);
}

static const uint16_t ecdsa_suites[] = {0xc02b, 0xc02c, 0xcca9};
static const uint16_t rsa_suites[] = {0xc02f, 0xc030, 0xcca8};
static const uint16_t groups[] = {LOCKSTEP_GROUP_X25519, LOCKSTEP_GROUP_SECP256R1,
                                  LOCKSTEP_GROUP_SECP384R1};

static void test_defaults(void **state) {
    (void)state;
    in_every_way(&(flow){.name = "defaults", .identity = PKI_ED25519});
    in_every_way(&(flow){.name = "a server of 1.3", .identity = PKI_ED25519, .server_13 = true});
    in_every_way(&(flow){.name = "a client of 1.3", .identity = PKI_ED25519, .client_13 = true});
}

/* Every suite with every kind of key that it takes, in every group, with and without a client's
 * certificate. */
static void test_all(void **state) {
    (void)state;
    for (int identity = PKI_P256; identity <= PKI_RSA; identity++)
        for (int suite = 0; suite < 3; suite++)
            for (int group = 0; group < 3; group++)
                for (int auth = 0; auth < 3; auth++)
                    in_every_way(&(flow){.name = "suite, kind of key, group, client authentication",
                                         .identity = identity,
                                         .suite = identity == PKI_RSA ? rsa_suites[suite]
                                                                      : ecdsa_suites[suite],
                                         .group = groups[group],
                                         .client_auth = auth > 0,
                                         .no_client_certificate = auth == 2});
}

static void test_options(void **state) {
    (void)state;
    in_every_way(&(flow){.name = "ALPN", .alpn = true});
    in_every_way(&(flow){.name = "stapled", .staple = true});
    in_every_way(&(flow){.name = "record_size_limit of the client", .limit_client = 64});
    in_every_way(&(flow){.name = "record_size_limit of both",
                         .limit_client = 512,
                         .limit_server = 100,
                         .client_auth = true});
}

/* RSA key transport, where both sides allow it by name. */
static void test_rsa(void **state) {
    (void)state;
    static const uint16_t suites[] = {0x009c, 0x009d};
    for (int i = 0; i < 2; i++)
        for (int auth = 0; auth < 3; auth++)
            in_every_way(&(flow){.name = "RSA key transport",
                                 .rsa = true,
                                 .identity = PKI_RSA,
                                 .suite = suites[i],
                                 .client_auth = auth > 0,
                                 .no_client_certificate = auth == 2,
                                 .staple = auth == 2});
    world w;
    world_init(&w, 1);
    lockstep_config *cfg = client_config(&w);
    CHECK(lockstep_config_set_suites(cfg, suites, 2));
    assert_int_equal(lockstep_config_seal(cfg), LOCKSTEP_ERR_USAGE);
    lockstep_config_free(cfg);
}

/* Hybrids are of TLS 1.3 alone; a config that has nothing else finds no group. */
static void test_no_hybrids(void **state) {
    (void)state;
    static const uint16_t hybrid = LOCKSTEP_GROUP_X25519MLKEM768;
    world wc, ws;
    world_init(&wc, 1);
    world_init(&ws, 2);
    lockstep_config *client = client_config(&wc), *server = server_config(&ws, PKI_P256);
    CHECK(lockstep_config_set_versions(client, LOCKSTEP_TLS12, LOCKSTEP_TLS12));
    CHECK(lockstep_config_set_groups(server, &hybrid, 1, 1));
    seal(client);
    seal(server);
    pair p = {0};
    assert_false(pair_handshake(&p, client, server));
    assert_int_equal(lockstep_failure_of(p.server)->status, LOCKSTEP_NO_COMMON_GROUP);
    pair_close(&p);
    lockstep_config_free(client);
    lockstep_config_free(server);
}

/* A certificate for the name goes before a better suite; without the name, the best suite that has
 * a certificate. */
static void test_choice(void **state) {
    (void)state;
    world wc, ws;
    world_init(&wc, 1);
    world_init(&ws, 2);
    lockstep_config *client = client_config(&wc), *server = server_config(&ws, PKI_OTHER_NAME);
    CHECK(lockstep_config_set_versions(client, LOCKSTEP_TLS12, LOCKSTEP_TLS12));
    identity_of(server, PKI_RSA);
    seal(client);
    seal(server);
    pair p = {0};
    lockstep_info info;
    assert_true(pair_handshake(&p, client, server));
    lockstep_info_of(p.client, &info);
    assert_int_equal(info.suite, LOCKSTEP_SUITE_ECDHE_RSA_AES_128_GCM_SHA256);
    assert_string_equal(lockstep_scheme_name(info.peer_scheme), "rsa_pss_rsae_sha256");
    pair_close(&p);
    pair_open(&p, client, server, "elsewhere.test");
    pair_run(&p);
    lockstep_info_of(p.client, &info);
    assert_int_equal(info.suite, LOCKSTEP_SUITE_ECDHE_ECDSA_AES_128_GCM_SHA256);
    assert_int_equal(lockstep_failure_of(p.client)->status, LOCKSTEP_CERT_NAME_MISMATCH);
    pair_close(&p);
    lockstep_config_free(client);
    lockstep_config_free(server);
}

/* ---- Resumption -------------------------------------------------------------------------------
 */

typedef struct house {
    world wc, ws;
    lockstep_config *client, *server;
    lockstep_tickets *tickets;
} house;

static void open_house(house *h, bool client_13, bool client_auth) {
    const flow f = {.client_13 = client_13, .client_auth = client_auth};
    world_init(&h->wc, 1);
    world_init(&h->ws, 2);
    CHECK(lockstep_tickets_new(&h->tickets, &h->ws.env, 3600));
    keep_sessions = h->tickets;
    build(&f, false, &h->wc, &h->ws, &h->client, &h->server);
    keep_sessions = NULL;
}

static void close_house(house *h) {
    lockstep_config_free(h->client);
    lockstep_config_free(h->server);
    lockstep_tickets_free(h->tickets);
    assert_int_equal(h->wc.live, 0);
    assert_int_equal(h->ws.live, 0);
}

static lockstep_session *visit(house *h, const char *name, const lockstep_session *session,
                               bool resumed, size_t chunk, bool client_auth) {
    pair p = {.chunk = chunk};
    lockstep_info client, server;
    pair_resume(&p, h->client, h->server, name, session);
    pair_run(&p);
    if ((lockstep_state_of(p.client) & lockstep_state_of(p.server) & LOCKSTEP_SECURE) == 0)
        pair_explain(&p, "resumption");
    lockstep_info_of(p.client, &client);
    lockstep_info_of(p.server, &server);
    assert_int_equal(client.version, 0x0303);
    assert_int_equal(client.resumed, resumed);
    assert_int_equal(server.resumed, resumed);
    assert_int_equal(client.num_peer_chain, 2);
    assert_int_equal(server.num_peer_chain, client_auth ? 2 : 0);
    assert_string_equal(h->wc.keylog, h->ws.keylog);
    pair_send(&p, true, 1000);
    pair_send(&p, false, 20000);
    lockstep_session *next = lockstep_take_session(p.client);
    assert_non_null(next);
    assert_null(lockstep_take_session(p.client));
    pair_close(&p);
    return next;
}

static void test_resumption(void **state) {
    (void)state;
    for (int i = 0; i < 8; i++) {
        house h;
        bool auth = i >= 4;
        size_t chunk = (size_t)i % 2;
        open_house(&h, i / 2 % 2 == 1, auth);
        lockstep_session *first = visit(&h, "server.test", NULL, false, chunk, auth);
        lockstep_session *second = visit(&h, "server.test", first, true, chunk, auth);
        lockstep_session *third = visit(&h, "server.test", second, true, chunk, auth);
        lockstep_session_info info;
        lockstep_session_info_of(third, &info);
        assert_int_equal(info.version, LOCKSTEP_TLS12);
        assert_int_equal(info.expires_ms, TEST_NOW_MS + 3600000);
        /* for another name, and when it has expired: a full handshake */
        lockstep_session_free(visit(&h, "127.0.0.1", first, false, chunk, auth));
        h.wc.later_ms = h.ws.later_ms = 3600001;
        lockstep_session_free(visit(&h, "server.test", first, false, chunk, auth));
        lockstep_session_free(first);
        lockstep_session_free(second);
        lockstep_session_free(third);
        close_house(&h);
    }
}

/* A server that cannot open the ticket, and one that no longer has the suite: a full handshake. */
static void test_not_resumed(void **state) {
    (void)state;
    house h, other;
    static const uint16_t suite = LOCKSTEP_SUITE_ECDHE_ECDSA_AES_256_GCM_SHA384;
    open_house(&h, false, false);
    lockstep_session *session = visit(&h, "server.test", NULL, false, 0, false);
    open_house(&other, false, false);
    lockstep_session_free(visit(&other, "server.test", session, false, 0, false));
    close_house(&other);
    lockstep_config *server = server_config(&h.ws, PKI_P256);
    CHECK(lockstep_config_set_tickets(server, h.tickets, 1));
    CHECK(lockstep_config_set_versions(server, LOCKSTEP_TLS12, LOCKSTEP_TLS12));
    CHECK(lockstep_config_set_suites(server, &suite, 1));
    seal(server);
    lockstep_config_free(h.server);
    h.server = server;
    lockstep_session_free(visit(&h, "server.test", session, false, 0, false));
    lockstep_session_free(session);
    close_house(&h);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_defaults),   cmocka_unit_test(test_all),
        cmocka_unit_test(test_options),    cmocka_unit_test(test_rsa),
        cmocka_unit_test(test_resumption), cmocka_unit_test(test_not_resumed),
        cmocka_unit_test(test_no_hybrids), cmocka_unit_test(test_choice),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
