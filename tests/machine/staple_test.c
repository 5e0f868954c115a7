/*
 * staple_test.c - what a certificate is asked beyond its chain, in whole handshakes: OCSP responses
 * and SCTs that a server staples, pins, policies that are asked for, chains that are known.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "conn/config.h"
#include "support/forge.h"
#include "support/forge_ocsp.h"
#include "support/pair.h"
#include "util/pem.h"
#include "x509/policy.h"

/* A server whose leaf and intermediate are forged, so that responses about them can be. */
typedef struct stage {
    world client_world, server_world;
    lk_slice root, chain[2];
    lockstep_trust *trust;
    lockstep_policy *policy;
    lockstep_config *client, *server;
} stage;

static void set_up(stage *s) {
    memset(s, 0, sizeof *s);
    world_init(&s->client_world, 1);
    world_init(&s->server_world, 2);
    forge_spec root = {.subject = "root",
                       .issuer = "root",
                       .ca = true,
                       .path_length = -1,
                       .key = forge_p256(1),
                       .signer = forge_p256(1)};
    forge_spec middle = {.subject = "middle",
                         .issuer = "root",
                         .ca = true,
                         .key = forge_p256(2),
                         .signer = forge_p256(1)};
    forge_spec leaf = {.subject = "leaf",
                       .issuer = "middle",
                       .key = forge_p256(0),
                       .signer = forge_p256(2),
                       .names = {"DNS:server.test"}};
    s->root = forge(&root);
    s->chain[0] = forge(&leaf);
    s->chain[1] = forge(&middle);
    s->trust = forge_trust(&s->root, 1);
    assert_int_equal(lockstep_policy_new(&s->policy, NULL), LOCKSTEP_OK);
    assert_int_equal(lockstep_config_new(&s->client, &s->client_world.env), LOCKSTEP_OK);
    assert_int_equal(lockstep_config_set_trust(s->client, s->trust), LOCKSTEP_OK);
    assert_int_equal(lockstep_config_new(&s->server, &s->server_world.env), LOCKSTEP_OK);
    lk_buffer pem = lk_buffer_of(&lk_heap_default, 0), key = lk_buffer_of(&lk_heap_default, 0);
    assert_true(lk_pem_write(&pem, "CERTIFICATE", s->chain[0]) &&
                lk_pem_write(&pem, "CERTIFICATE", s->chain[1]));
    assert_int_equal(lk_private_key_to_pem(forge_p256(0), &key), LOCKSTEP_OK);
    assert_int_equal(lockstep_config_add_identity(s->server, lk_buffer_bytes(&pem),
                                                  lk_buffer_length(&pem), lk_buffer_bytes(&key),
                                                  lk_buffer_length(&key)),
                     LOCKSTEP_OK);
    lk_buffer_free(&key);
    lk_buffer_free(&pem);
}

static void tear_down(stage *s) {
    lockstep_config_free(s->client);
    lockstep_config_free(s->server);
    lockstep_policy_free(s->policy);
    lockstep_trust_free(s->trust);
    assert_int_equal(s->client_world.live, 0);
    assert_int_equal(s->server_world.live, 0);
}

static void use_policy(stage *s) {
    assert_int_equal(lockstep_config_set_policy(s->client, s->policy), LOCKSTEP_OK);
}

static void staple(stage *s, lk_slice ocsp, lk_slice scts) {
    assert_int_equal(lockstep_config_staple(s->server, ocsp.p, ocsp.p_len, scts.p, scts.p_len),
                     LOCKSTEP_OK);
}

static lk_slice response(const stage *s, char status) {
    return forge_ocsp(&(forge_ocsp_spec){.cert = s->chain[0],
                                         .issuer = s->chain[1],
                                         .signer = forge_p256(2),
                                         .status = status,
                                         .next_update = FORGE_NOW + FORGE_DAY});
}

/* ends runs a handshake, whole and byte by byte, and checks how both sides end. */
static void ends(stage *s, lockstep_status want) {
    seal(s->client);
    seal(s->server);
    for (size_t chunk = 0; chunk < 2; chunk++) {
        pair p = {.chunk = chunk};
        bool secure = pair_handshake(&p, s->client, s->server);
        assert_int_equal(secure, want == LOCKSTEP_OK);
        if (want != LOCKSTEP_OK) {
            assert_int_equal(lockstep_failure_of(p.client)->status, want);
            /* The server hears of it, before any application data could have come. */
            assert_int_equal(lockstep_failure_of(p.server)->status,
                             LOCKSTEP_ALERT_FROM_PEER + lockstep_status_alert(want));
            assert_int_equal(lk_buffer_length(&p.got_server), 0);
        }
        pair_close(&p);
    }
}

static const lk_slice none = {NULL, 0};

static void good_response(void **state) {
    (void)state;
    stage s;
    set_up(&s);
    assert_int_equal(lockstep_policy_require_staple(s.policy), LOCKSTEP_OK);
    use_policy(&s);
    lk_slice ocsp = response(&s, 'g');
    staple(&s, ocsp, lk_slice_of("\x00\x04\x00\x02\x01\x02", 6));
    seal(s.client);
    seal(s.server);
    pair p = {0};
    assert_true(pair_handshake(&p, s.client, s.server));
    lockstep_info info;
    lockstep_info_of(p.client, &info);
    assert_int_equal(info.peer_ocsp.p_len, ocsp.p_len);
    assert_memory_equal(info.peer_ocsp.p, ocsp.p, ocsp.p_len);
    assert_int_equal(info.peer_scts.p_len, 6);
    lockstep_info_of(p.server, &info);
    assert_int_equal(info.peer_ocsp.p_len, 0);
    pair_close(&p);
    tear_down(&s);
}

static void bad_responses(void **state) {
    (void)state;
    stage s;
    set_up(&s);
    staple(&s, response(&s, 'r'), none);
    ends(&s, LOCKSTEP_CERT_REVOKED);
    tear_down(&s);
    set_up(&s);
    staple(&s, lk_slice_of("junk", 4), none);
    ends(&s, LOCKSTEP_CERT_STATUS_RESPONSE);
    tear_down(&s);
    set_up(&s);
    assert_int_equal(lockstep_policy_require_staple(s.policy), LOCKSTEP_OK);
    use_policy(&s);
    ends(&s, LOCKSTEP_CERT_STATUS_RESPONSE);
    tear_down(&s);
}

/* A server staples only to those who ask: here the ClientHello's request is taken out. */
static void drop_requests(void *arg, uint8_t type, lk_buffer *bytes, size_t at) {
    (void)arg;
    uint8_t *p = lk_buffer_bytes(bytes) + at;
    size_t n = lk_buffer_length(bytes) - at;
    static const uint8_t ocsp[] = {0, 5, 0, 5, 1, 0, 0, 0, 0}, scts[] = {0, 18, 0, 0};
    if (type != 1)
        return;
    uint8_t *found = memmem(p, n, ocsp, sizeof ocsp);
    assert_non_null(found);
    found[0] = 0x7f; /* another extension, which nobody knows */
    found = memmem(p, n, scts, sizeof scts);
    assert_non_null(found);
    found[0] = 0x7f;
}

static void nobody_asked(void **state) {
    (void)state;
    stage s;
    set_up(&s);
    staple(&s, response(&s, 'r'), lk_slice_of("\x00\x01\x00", 3));
    lk_config_settings(s.client)->tamper = drop_requests;
    seal(s.client);
    seal(s.server);
    pair p = {0};
    /* The revoked response is not sent, so that nobody could refuse it. */
    assert_true(pair_handshake(&p, s.client, s.server));
    lockstep_info info;
    lockstep_info_of(p.client, &info);
    assert_int_equal(info.peer_ocsp.p_len, 0);
    assert_int_equal(info.peer_scts.p_len, 0);
    pair_close(&p);
    tear_down(&s);
}

/* A pin holds even where nothing else is checked. */
static void pins_in_danger(void **state) {
    (void)state;
    for (int right = 0; right < 2; right++) {
        stage s;
        set_up(&s);
        const char *pem = forge_pem(s.chain[right ? 0 : 1]);
        assert_int_equal(
            lockstep_policy_add_pinned_key(s.policy, (const uint8_t *)pem, strlen(pem)),
            LOCKSTEP_OK);
        use_policy(&s);
        assert_int_equal(lockstep_config_danger_skip_verification(s.client), LOCKSTEP_OK);
        ends(&s, right ? LOCKSTEP_OK : LOCKSTEP_CERT_PIN);
        tear_down(&s);
    }
}

/* ---- The policy that is asked for ------------------------------------------------------------ */

static void asked_policy(void **state) {
    (void)state;
    for (int strict = 0; strict < 3; strict++) {
        stage s;
        set_up(&s);
        assert_int_equal(lockstep_config_ask(s.client, LOCKSTEP_ASK_POLICY), LOCKSTEP_OK);
        assert_int_equal(lockstep_policy_set_revocation(s.policy, LOCKSTEP_REVOCATION_LEAF),
                         LOCKSTEP_OK);
        seal(s.client);
        seal(s.server);
        pair p = {0};
        pair_open(&p, s.client, s.server, "server.test");
        pair_run(&p);
        const lockstep_ask *ask = lockstep_asking(p.client);
        assert_non_null(ask);
        assert_int_equal(ask->kind, LOCKSTEP_ASK_POLICY);
        assert_string_equal(ask->server_name, "server.test");
        assert_int_equal(ask->num_chain, 2);
        assert_memory_equal(ask->chain[0].p, s.chain[0].p, s.chain[0].p_len);
        assert_int_equal(lockstep_answer_verdict(p.client, LOCKSTEP_OK), LOCKSTEP_ERR_USAGE);
        if (strict == 2) { /* never answered: both ends are given up */
            pair_close(&p);
            tear_down(&s);
            continue;
        }
        (void)!lockstep_answer_policy(p.client, strict ? s.policy : NULL);
        pair_run(&p);
        bool secure = (lockstep_state_of(p.client) & LOCKSTEP_SECURE) != 0;
        assert_int_equal(secure, !strict);
        if (strict)
            assert_int_equal(lockstep_failure_of(p.client)->status,
                             LOCKSTEP_CERT_REVOCATION_UNKNOWN);
        assert_int_equal(lockstep_answer_policy(p.client, NULL), LOCKSTEP_ERR_USAGE);
        pair_close(&p);
        tear_down(&s);
    }
}

/* ---- Chains that are known ------------------------------------------------------------------- */

static void known_chains(void **state) {
    (void)state;
    stage s;
    set_up(&s);
    s.client_world.env.note = NULL; /* who watches wants every check */
    lockstep_config_free(s.client);
    assert_int_equal(lockstep_config_new(&s.client, &s.client_world.env), LOCKSTEP_OK);
    assert_int_equal(lockstep_config_set_trust(s.client, s.trust), LOCKSTEP_OK);
    use_policy(&s);
    seal(s.client);
    seal(s.server);
    for (uint64_t i = 0; i < 3; i++) {
        pair p = {0};
        assert_true(pair_handshake(&p, s.client, s.server));
        assert_int_equal(lk_chain_cache_hits(s.policy->cache), i);
        lockstep_info info;
        lockstep_info_of(p.client, &info);
        assert_null(info.report);
        pair_close(&p);
    }
    /* The name is asked each time. */
    pair p = {0};
    pair_open(&p, s.client, s.server, "other.test");
    pair_run(&p);
    assert_int_equal(lockstep_failure_of(p.client)->status, LOCKSTEP_CERT_NAME_MISMATCH);
    lockstep_info info;
    lockstep_info_of(p.client, &info);
    assert_non_null(info.report);
    pair_close(&p);
    tear_down(&s);
}

static void reports(void **state) {
    (void)state;
    stage s;
    set_up(&s);
    s.client_world.env.note = NULL;
    lockstep_config_free(s.client);
    assert_int_equal(lockstep_config_new(&s.client, &s.client_world.env), LOCKSTEP_OK);
    assert_int_equal(lockstep_config_set_trust(s.client, s.trust), LOCKSTEP_OK);
    assert_int_equal(lockstep_config_keep_reports(s.client), LOCKSTEP_OK);
    seal(s.client);
    seal(s.server);
    for (int i = 0; i < 2; i++) {
        pair p = {0};
        assert_true(pair_handshake(&p, s.client, s.server));
        lockstep_info info;
        lockstep_info_of(p.client, &info);
        assert_non_null(info.report);
        assert_true(lockstep_report_num_checks(info.report) > 20);
        pair_close(&p);
    }
    tear_down(&s);
}

/* A policy that nobody would look at does not pass for one that holds. */
static void policies_without_effect(void **state) {
    (void)state;
    for (int i = 0; i < 4; i++) {
        stage s;
        set_up(&s);
        if (i == 0) {
            use_policy(&s);
            assert_int_equal(lockstep_config_ask(s.client, LOCKSTEP_ASK_VERDICT), LOCKSTEP_OK);
        } else if (i == 1) {
            assert_int_equal(
                lockstep_config_ask(s.client, LOCKSTEP_ASK_VERDICT | LOCKSTEP_ASK_POLICY),
                LOCKSTEP_OK);
        } else {
            assert_int_equal(lockstep_config_danger_skip_verification(s.client), LOCKSTEP_OK);
            assert_int_equal(lockstep_config_ask(s.client, i == 2 ? LOCKSTEP_ASK_POLICY : 0),
                             LOCKSTEP_OK);
        }
        assert_int_equal(lockstep_config_seal(s.client), i < 3 ? LOCKSTEP_ERR_USAGE : LOCKSTEP_OK);
        tear_down(&s);
    }
}

static void usage(void **state) {
    (void)state;
    stage s;
    set_up(&s);
    static const uint8_t byte = 0;
    lockstep_config *empty;
    assert_int_equal(lockstep_config_new(&empty, NULL), LOCKSTEP_OK);
    assert_int_equal(lockstep_config_staple(empty, &byte, 1, NULL, 0), LOCKSTEP_ERR_USAGE);
    assert_int_equal(lockstep_config_staple(s.server, NULL, 1, NULL, 0), LOCKSTEP_ERR_USAGE);
    assert_int_equal(lockstep_config_staple(s.server, &byte, 1 << 20, NULL, 0), LOCKSTEP_ERR_LIMIT);
    staple(&s, lk_slice_of(&byte, 1), lk_slice_of(&byte, 1));
    staple(&s, lk_slice_of(&byte, 1), none); /* the later one counts */
    seal(s.server);
    assert_int_equal(lockstep_config_staple(s.server, &byte, 1, NULL, 0), LOCKSTEP_ERR_USAGE);
    assert_int_equal(lockstep_config_set_policy(s.server, s.policy), LOCKSTEP_ERR_USAGE);
    assert_int_equal(lockstep_config_set_policy(s.client, NULL), LOCKSTEP_ERR_USAGE);
    lockstep_config_free(empty);
    tear_down(&s);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_response),
        cmocka_unit_test(bad_responses),
        cmocka_unit_test(nobody_asked),
        cmocka_unit_test(pins_in_danger),
        cmocka_unit_test(asked_policy),
        cmocka_unit_test(known_chains),
        cmocka_unit_test(policies_without_effect),
        cmocka_unit_test(reports),
        cmocka_unit_test(usage),
    };
    return cmocka_run_group_tests(tests, NULL, forge_tear_down);
}
