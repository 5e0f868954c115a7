/*
 * handshake_test.c - complete handshakes of the engine with itself: every suite, group and kind of
 * key, every option, and each of them again in single bytes and with gathered jobs.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "conn/config.h"
#include "support/pair.h"

#define CHECK(expression) assert_int_equal(expression, LOCKSTEP_OK)

/* What a flow is made of; both configs are built from it, in each of the ways below. */
typedef struct flow {
    const char *name;
    uint16_t suite, group; /* 0: the defaults */
    int identity;
    bool retry;       /* the client sends no share for the server's group */
    bool client_auth; /* with a certificate of the client */
    bool no_client_certificate;
    bool alpn;
    size_t limit_client, limit_server; /* record_size_limit; 0: the default */
    bool no_compatibility;
} flow;

static void build(const flow *f, bool gather, world *wc, world *ws, lockstep_config **client,
                  lockstep_config **server) {
    static const char *const protocols[] = {"h2", "http/1.1"};
    static const char *const only_old[] = {"http/1.1"};
    *client = client_config(wc);
    *server = server_config(ws, f->identity);
    if (f->suite != 0)
        CHECK(lockstep_config_set_suites(*client, &f->suite, 1));
    if (f->group != 0)
        CHECK(lockstep_config_set_groups(*server, &f->group, 1, 0));
    if (f->group != 0 && !f->retry)
        CHECK(lockstep_config_set_groups(*client, &f->group, 1, 0));
    if (f->retry) {
        uint16_t groups[] = {f->group == LOCKSTEP_GROUP_SECP384R1 ? LOCKSTEP_GROUP_X25519
                                                                  : LOCKSTEP_GROUP_SECP384R1,
                             f->group};
        CHECK(lockstep_config_set_groups(*client, groups, 2, 1));
    }
    if (f->client_auth) {
        const pki *k = pki_get();
        lockstep_trust *trust = pki_trust();
        CHECK(lockstep_config_set_trust(*server, trust));
        lockstep_trust_free(trust);
        CHECK(lockstep_config_set_client_auth(*server, f->no_client_certificate
                                                           ? LOCKSTEP_CLIENT_AUTH_REQUEST
                                                           : LOCKSTEP_CLIENT_AUTH_REQUIRE));
        if (!f->no_client_certificate)
            CHECK(lockstep_config_add_identity(*client, k->chain[PKI_CLIENT].p,
                                               k->chain[PKI_CLIENT].p_len, k->key[PKI_CLIENT].p,
                                               k->key[PKI_CLIENT].p_len));
    }
    if (f->alpn) {
        CHECK(lockstep_config_set_alpn(*client, protocols, 2));
        CHECK(lockstep_config_set_alpn(*server, only_old, 1));
    }
    if (f->limit_client != 0)
        CHECK(lockstep_config_set_record_size_limit(*client, f->limit_client));
    if (f->limit_server != 0)
        CHECK(lockstep_config_set_record_size_limit(*server, f->limit_server));
    if (f->no_compatibility)
        lk_config_settings(*client)->compatibility_mode = false;
    if (gather) {
        CHECK(lockstep_config_gather_jobs(*client));
        CHECK(lockstep_config_gather_jobs(*server));
    }
    seal(*client);
    seal(*server);
}

static void run(const void *of, size_t chunk, bool gather, char keylog[4096]) {
    const flow *f = of;
    world wc, ws;
    lockstep_config *client, *server;
    pair p = {.chunk = chunk};
    lockstep_info info;
    world_init(&wc, 1);
    world_init(&ws, 2);
    build(f, gather, &wc, &ws, &client, &server);
    if (!pair_handshake(&p, client, server))
        pair_explain(&p, f->name);
    pair_send(&p, true, 1000);
    pair_send(&p, false, 200000);
    CHECK(lockstep_update_keys(p.client, true));
    pair_run(&p);
    pair_send(&p, false, 20000);
    pair_send(&p, true, 20000);
    lockstep_info_of(p.client, &info);
    if (f->suite != 0)
        assert_int_equal(info.suite, f->suite);
    if (f->group != 0)
        assert_int_equal(info.group, f->group);
    assert_int_equal(info.retried, f->retry);
    assert_int_equal(info.version, 0x0304);
    assert_int_equal(info.num_peer_chain, 2);
    if (f->alpn)
        assert_string_equal(info.alpn, "http/1.1");
    else
        assert_null(info.alpn);
    assert_true((info.report != NULL) == (wc.env.note != NULL));
    lockstep_info_of(p.server, &info);
    assert_string_equal(info.server_name, "server.test");
    assert_int_equal(info.num_peer_chain, f->client_auth && !f->no_client_certificate ? 2 : 0);
    pair_finish(&p);
    memcpy(keylog, wc.keylog, sizeof wc.keylog);
    assert_string_equal(wc.keylog, ws.keylog);
    assert_non_null(strstr(wc.keylog, "CLIENT_HANDSHAKE_TRAFFIC_SECRET "));
    assert_non_null(strstr(wc.keylog, "EXPORTER_SECRET "));
    pair_close(&p);
    lockstep_config_free(client);
    lockstep_config_free(server);
    assert_int_equal(wc.live, 0);
    assert_int_equal(ws.live, 0);
}

/* The traffic secrets hash every message, so equal secrets mean equal handshakes to the bit. ECDSA
 * and RSA-PSS signatures are random; with Ed25519 runs can be compared. */
static void in_every_way(const flow *f) {
    pair_in_every_way(run, f, f->identity == PKI_ED25519);
}

static void test_defaults(void **state) {
    (void)state;
    in_every_way(&(flow){.name = "defaults", .identity = PKI_ED25519});
}

static void test_suites(void **state) {
    (void)state;
    static const uint16_t suites[] = {0x1301, 0x1302, 0x1303};
    for (int i = 0; i < 3; i++)
        in_every_way(&(flow){
            .name = lockstep_suite_name(suites[i]), .suite = suites[i], .identity = PKI_ED25519});
}

static void test_groups_and_retry(void **state) {
    (void)state;
    static const uint16_t groups[] = {
        LOCKSTEP_GROUP_X25519MLKEM768,    LOCKSTEP_GROUP_X25519,
        LOCKSTEP_GROUP_SECP256R1,         LOCKSTEP_GROUP_SECP384R1,
        LOCKSTEP_GROUP_SECP256R1MLKEM768, LOCKSTEP_GROUP_SECP384R1MLKEM1024,
        LOCKSTEP_GROUP_SECP521R1,         LOCKSTEP_GROUP_MLKEM1024};
    for (int i = 0; i < 8; i++)
        for (int retry = 0; retry < 2; retry++)
            in_every_way(&(flow){.name = lockstep_group_name(groups[i]),
                                 .group = groups[i],
                                 .retry = retry == 1,
                                 .identity = PKI_ED25519});
}

/* Shares decide which group it is only among those with ML-KEM, or those without: a server asks for
 * a share of ML-KEM rather than do without it, and does not ask where its own list wants it so. */
static void test_ml_kem_first(void **state) {
    enum { HYBRID = LOCKSTEP_GROUP_X25519MLKEM768, PLAIN = LOCKSTEP_GROUP_X25519 };
    static const struct {
        uint16_t client[3]; /* a share for the first */
        uint16_t server[2];
        uint16_t group;
        bool retried;
    } cases[] = {
        {{PLAIN, HYBRID, 0}, {HYBRID, PLAIN}, HYBRID, true},
        {{PLAIN, HYBRID, 0}, {PLAIN, HYBRID}, PLAIN, false},
        {{LOCKSTEP_GROUP_MLKEM1024, HYBRID, PLAIN},
         {HYBRID, LOCKSTEP_GROUP_MLKEM1024},
         LOCKSTEP_GROUP_MLKEM1024,
         false},
        {{LOCKSTEP_GROUP_SECP256R1, PLAIN, 0},
         {PLAIN, LOCKSTEP_GROUP_SECP256R1},
         LOCKSTEP_GROUP_SECP256R1,
         false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        world wc, ws;
        pair p = {0};
        lockstep_info info;
        world_init(&wc, 1);
        world_init(&ws, 2);
        lockstep_config *client = client_config(&wc), *server = server_config(&ws, PKI_P256);
        CHECK(lockstep_config_set_groups(client, cases[i].client, cases[i].client[2] != 0 ? 3 : 2,
                                         1));
        CHECK(lockstep_config_set_groups(server, cases[i].server, 2, 0));
        seal(client);
        seal(server);
        assert_true(pair_handshake(&p, client, server));
        lockstep_info_of(p.client, &info);
        assert_int_equal(info.group, cases[i].group);
        assert_int_equal(info.retried, cases[i].retried);
        pair_close(&p);
        lockstep_config_free(client);
        lockstep_config_free(server);
    }
}

/* How many groups a client sends shares for, and which it names, if nobody says. */
static void test_default_shares(void **state) {
    static const struct {
        uint16_t groups[2];
        size_t shares;
    } cases[] = {{{LOCKSTEP_GROUP_X25519MLKEM768, LOCKSTEP_GROUP_X25519}, 2},
                 {{LOCKSTEP_GROUP_MLKEM1024, LOCKSTEP_GROUP_SECP384R1}, 2},
                 {{LOCKSTEP_GROUP_MLKEM1024, LOCKSTEP_GROUP_X25519MLKEM768}, 1},
                 {{LOCKSTEP_GROUP_SECP521R1, LOCKSTEP_GROUP_X25519MLKEM768}, 1}};
    lockstep_config *cfg;
    (void)state;
    CHECK(lockstep_config_new(&cfg, NULL));
    const lk_settings *s = lk_config_settings(cfg);
    assert_int_equal(s->num_groups, 6);
    for (size_t i = 0; i < s->num_groups; i++)
        assert_true(s->groups[i] != LOCKSTEP_GROUP_SECP521R1 &&
                    s->groups[i] != LOCKSTEP_GROUP_MLKEM1024);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        CHECK(lockstep_config_set_groups(cfg, cases[i].groups, 2, 0));
        assert_int_equal(s->num_shares, cases[i].shares);
    }
    assert_int_equal(lockstep_group_by_name("p-521"), LOCKSTEP_GROUP_SECP521R1);
    assert_int_equal(lockstep_group_by_name("mlkem1024"), LOCKSTEP_GROUP_MLKEM1024);
    lockstep_config_free(cfg);
}

static void test_keys(void **state) {
    (void)state;
    for (int i = PKI_P256; i <= PKI_RSA; i++)
        in_every_way(&(flow){.name = "kind of key", .identity = i});
}

static void test_client_certificates(void **state) {
    (void)state;
    in_every_way(&(flow){.name = "client certificate", .client_auth = true});
    in_every_way(&(flow){
        .name = "no client certificate", .client_auth = true, .no_client_certificate = true});
}

static void test_options(void **state) {
    (void)state;
    in_every_way(&(flow){.name = "ALPN", .alpn = true});
    in_every_way(&(flow){.name = "record_size_limit of the client", .limit_client = 64});
    in_every_way(
        &(flow){.name = "record_size_limit of both", .limit_client = 512, .limit_server = 100});
    in_every_way(&(flow){
        .name = "no compatibility mode", .no_compatibility = true, .identity = PKI_ED25519});
}

/* The sending keys change by themselves before they wear out (§5.5). */
static void test_automatic_key_update(void **state) {
    (void)state;
    world wc, ws;
    world_init(&wc, 1);
    world_init(&ws, 2);
    lockstep_config *client = client_config(&wc), *server = server_config(&ws, PKI_P256);
    lk_config_settings(client)->key_update_after = 3;
    lk_config_settings(server)->key_update_after = 2;
    seal(client);
    seal(server);
    pair p = {0};
    assert_true(pair_handshake(&p, client, server));
    pair_send(&p, true, 400000);
    pair_send(&p, false, 400000);
    pair_close(&p);
    lockstep_config_free(client);
    lockstep_config_free(server);
}

/* A certificate for the name that was asked for is preferred; without one the first answers. */
static void test_choice_by_name(void **state) {
    (void)state;
    world wc, ws;
    world_init(&wc, 1);
    world_init(&ws, 2);
    const pki *k = pki_get();
    lockstep_config *client = client_config(&wc), *server = server_config(&ws, PKI_OTHER_NAME);
    CHECK(lockstep_config_add_identity(server, k->chain[PKI_RSA].p, k->chain[PKI_RSA].p_len,
                                       k->key[PKI_RSA].p, k->key[PKI_RSA].p_len));
    seal(client);
    seal(server);
    pair p = {0};
    lockstep_info info;
    assert_true(pair_handshake(&p, client, server));
    lockstep_info_of(p.client, &info);
    assert_string_equal(lockstep_scheme_name(info.peer_scheme), "rsa_pss_rsae_sha256");
    pair_close(&p);
    pair_open(&p, client, server, "elsewhere.test");
    pair_run(&p);
    assert_int_equal(lockstep_failure_of(p.client)->status, LOCKSTEP_CERT_NAME_MISMATCH);
    assert_int_equal(lockstep_failure_of(p.server)->status,
                     LOCKSTEP_ALERT_FROM_PEER + LOCKSTEP_ALERT_BAD_CERTIFICATE);
    pair_close(&p);
    lockstep_config_free(client);
    lockstep_config_free(server);
}

/* The stream ends, or the application gives up, while a job is out: the handshake stays until the
 * job has come back, and then the wish takes effect. */
static void test_end_while_a_job_is_out(void **state) {
    (void)state;
    for (int close = 0; close < 2; close++) {
        world wc, ws;
        world_init(&wc, 1);
        world_init(&ws, 2);
        lockstep_config *client = client_config(&wc), *server = server_config(&ws, PKI_P256);
        CHECK(lockstep_config_gather_jobs(server));
        seal(client);
        seal(server);
        pair p = {0};
        const uint8_t *hello;
        size_t used;
        pair_open(&p, client, server, "server.test");
        size_t n = lockstep_wire_out(p.client, &hello);
        CHECK(lockstep_wire_in(p.server, &used, hello, n));
        lockstep_job *job = lockstep_next_job(p.server);
        assert_non_null(job);
        CHECK(close ? lockstep_close(p.server) : lockstep_wire_eof(p.server));
        assert_int_equal(lockstep_resume(p.server), LOCKSTEP_ERR_USAGE); /* it is still out */
        lockstep_run_jobs(&job, 1);
        assert_int_equal(lockstep_resume(p.server), close ? LOCKSTEP_OK : LOCKSTEP_ERR_TRUNCATED);
        assert_int_equal(lockstep_failure_of(p.server)->status,
                         close ? LOCKSTEP_ERR_CANCELED : LOCKSTEP_ERR_TRUNCATED);
        pair_close(&p);
        lockstep_config_free(client);
        lockstep_config_free(server);
    }
}

/* Answers to our own requests are no flood, however many. */
static void test_many_key_updates(void **state) {
    (void)state;
    world wc, ws;
    world_init(&wc, 1);
    world_init(&ws, 2);
    lockstep_config *client = client_config(&wc), *server = server_config(&ws, PKI_P256);
    seal(client);
    seal(server);
    pair p = {0};
    assert_true(pair_handshake(&p, client, server));
    for (int i = 0; i < 100; i++) {
        CHECK(lockstep_update_keys(p.client, true));
        pair_run(&p);
        pair_send(&p, true, 10);
    }
    pair_close(&p);
    lockstep_config_free(client);
    lockstep_config_free(server);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_defaults),
        cmocka_unit_test(test_suites),
        cmocka_unit_test(test_groups_and_retry),
        cmocka_unit_test(test_ml_kem_first),
        cmocka_unit_test(test_default_shares),
        cmocka_unit_test(test_keys),
        cmocka_unit_test(test_client_certificates),
        cmocka_unit_test(test_options),
        cmocka_unit_test(test_automatic_key_update),
        cmocka_unit_test(test_choice_by_name),
        cmocka_unit_test(test_end_while_a_job_is_out),
        cmocka_unit_test(test_many_key_updates),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
