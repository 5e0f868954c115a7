/*
 * resumption_test.c - returning with a session (RFC 8446 §2.2): when it is taken, when it is not,
 * and that no check is lost on the way.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "conn/config.h"
#include "handshake/session.h"
#include "support/pair.h"

#define CHECK(expression) assert_int_equal(expression, LOCKSTEP_OK)

#define HOUR_MS INT64_C(3600000)
#define DAY_MS  (24 * HOUR_MS)

/* Two sides that can resume. */
typedef struct house {
    world wc, ws;
    lockstep_config *client, *server;
    lockstep_tickets *tickets;
} house;

static void build(house *h, uint32_t lifetime_s) {
    world_init(&h->wc, 1);
    world_init(&h->ws, 2);
    h->client = client_config(&h->wc);
    h->server = server_config(&h->ws, PKI_P256);
    CHECK(lockstep_config_keep_sessions(h->client));
    CHECK(lockstep_tickets_new(&h->tickets, &h->ws.env, lifetime_s));
    CHECK(lockstep_config_set_tickets(h->server, h->tickets, 2));
}

static void want_client_certificate(house *h, enum lockstep_client_auth mode) {
    const pki *k = pki_get();
    lockstep_trust *trust = pki_trust();
    CHECK(lockstep_config_set_trust(h->server, trust));
    lockstep_trust_free(trust);
    CHECK(lockstep_config_set_client_auth(h->server, mode));
    CHECK(lockstep_config_add_identity(h->client, k->chain[PKI_CLIENT].p,
                                       k->chain[PKI_CLIENT].p_len, k->key[PKI_CLIENT].p,
                                       k->key[PKI_CLIENT].p_len));
}

static void seal_both(house *h) {
    seal(h->client);
    seal(h->server);
}

static void tear_down(house *h) {
    lockstep_config_free(h->client);
    lockstep_config_free(h->server);
    lockstep_tickets_free(h->tickets);
    assert_int_equal(h->wc.live, 0);
    assert_int_equal(h->ws.live, 0);
}

static void later(house *h, int64_t ms) {
    h->wc.later_ms += ms;
    h->ws.later_ms += ms;
}

/* visit makes a connection, with data both ways, and returns a session of it. */
static lockstep_session *visit(house *h, const lockstep_session *session, bool resumed) {
    pair p = {0};
    lockstep_info client, server;
    pair_resume(&p, h->client, h->server, "server.test", session);
    pair_run(&p);
    assert_true((lockstep_state_of(p.client) & LOCKSTEP_SECURE) != 0);
    assert_true((lockstep_state_of(p.server) & LOCKSTEP_SECURE) != 0);
    lockstep_info_of(p.client, &client);
    lockstep_info_of(p.server, &server);
    assert_int_equal(client.resumed, resumed);
    assert_int_equal(server.resumed, resumed);
    assert_int_equal(client.num_peer_chain, 2); /* resumed or not, we know who it is */
    pair_send(&p, true, 1000);
    pair_send(&p, false, 20000);
    lockstep_session *next = lockstep_take_session(p.client);
    pair_close(&p);
    return next;
}

static void test_return(void **state) {
    (void)state;
    house h;
    build(&h, 3600);
    seal_both(&h);
    lockstep_session *first = visit(&h, NULL, false);
    assert_non_null(first);
    later(&h, 1000);
    lockstep_session *second = visit(&h, first, true);
    assert_non_null(second); /* each return brings the ticket for the next */
    later(&h, 1000);
    lockstep_session *third = visit(&h, second, true);
    lockstep_session_free(visit(&h, first, true)); /* without 0-RTT an old one is no harm */
    lockstep_session_free(first);
    lockstep_session_free(second);
    lockstep_session_free(third);
    tear_down(&h);
}

/* Every suite, in single bytes, with gathered jobs: the same. */
static void test_suites(void **state) {
    (void)state;
    static const uint16_t suites[] = {LOCKSTEP_SUITE_AES_128_GCM_SHA256,
                                      LOCKSTEP_SUITE_AES_256_GCM_SHA384,
                                      LOCKSTEP_SUITE_CHACHA20_POLY1305_SHA256};
    for (int i = 0; i < 12; i++) {
        house h;
        pair p = {.chunk = i / 3 % 2 == 1 ? 1 : 0};
        lockstep_info info;
        build(&h, 3600);
        CHECK(lockstep_config_set_suites(h.client, &suites[i % 3], 1));
        if (i >= 6) {
            CHECK(lockstep_config_gather_jobs(h.client));
            CHECK(lockstep_config_gather_jobs(h.server));
        }
        seal_both(&h);
        lockstep_session *session = visit(&h, NULL, false);
        lockstep_session_info told;
        lockstep_session_info_of(session, &told);
        assert_int_equal(told.suite, suites[i % 3]);
        assert_string_equal(told.server_name, "server.test");
        assert_int_equal(told.expires_ms, TEST_NOW_MS + 3600000);
        pair_resume(&p, h.client, h.server, "server.test", session);
        pair_run(&p);
        lockstep_info_of(p.client, &info);
        assert_true(info.resumed);
        pair_send(&p, true, 100);
        pair_close(&p);
        lockstep_session_free(session);
        tear_down(&h);
    }
}

/* A HelloRetryRequest in between: the binder covers it. */
static void test_retry(void **state) {
    (void)state;
    static const uint16_t groups[] = {LOCKSTEP_GROUP_X25519, LOCKSTEP_GROUP_SECP384R1};
    house h;
    build(&h, 3600);
    CHECK(lockstep_config_set_groups(h.client, groups, 2, 1));
    CHECK(lockstep_config_set_groups(h.server, groups + 1, 1, 0));
    seal_both(&h);
    lockstep_session *session = visit(&h, NULL, false);
    lockstep_session_free(visit(&h, session, true));
    lockstep_session_free(session);
    tear_down(&h);
}

/* The suite of a HelloRetryRequest does not suit the only PSK: it goes, and nothing else changes.
 */
static void test_retry_drops_psk(void **state) {
    (void)state;
    static const uint16_t groups[] = {LOCKSTEP_GROUP_X25519, LOCKSTEP_GROUP_SECP384R1};
    static const uint16_t sha256 = LOCKSTEP_SUITE_AES_128_GCM_SHA256,
                          sha384 = LOCKSTEP_SUITE_AES_256_GCM_SHA384;
    house h;
    build(&h, 3600);
    CHECK(lockstep_config_set_suites(h.client, &sha384, 1));
    seal_both(&h);
    lockstep_session *session = visit(&h, NULL, false);
    lockstep_config_free(h.client);
    lockstep_config_free(h.server);
    h.client = client_config(&h.wc); /* it keeps no sessions: its ClientHello is for this one */
    h.server = server_config(&h.ws, PKI_P256);
    CHECK(lockstep_config_set_groups(h.client, groups, 2, 1));
    CHECK(lockstep_config_set_groups(h.server, groups + 1, 1, 0));
    CHECK(lockstep_config_set_suites(h.server, &sha256, 1));
    CHECK(lockstep_config_set_tickets(h.server, h.tickets, 1));
    seal_both(&h);
    lockstep_session_free(visit(&h, session, false));
    lockstep_session_free(session);
    tear_down(&h);
}

/* ---- When it is not taken -------------------------------------------------------------------- */

static void test_expiry(void **state) {
    (void)state;
    house h;
    build(&h, 3600);
    seal_both(&h);
    lockstep_session *session = visit(&h, NULL, false);
    later(&h, 3599 * 1000);
    lockstep_session_free(visit(&h, session, true));
    later(&h, 1000);
    lockstep_session_free(visit(&h, session, false));
    lockstep_session_free(session);
    tear_down(&h);
}

/* The keys rotate; no ticket is lost before its time, and none is good after it. */
static void test_rotation(void **state) {
    (void)state;
    house h;
    build(&h, 7200);
    seal_both(&h);
    lockstep_session *sessions[40];
    for (int i = 0; i < 40; i++) {
        sessions[i] = visit(&h, NULL, false);
        for (int k = 0; k <= i; k++) {
            bool good = (i - k) * 601 < 7200;
            h.wc.later_ms = (int64_t)k * 601000; /* the client would offer it still */
            lockstep_session_free(visit(&h, sessions[k], good));
            h.wc.later_ms = h.ws.later_ms;
        }
        later(&h, 601000);
    }
    for (int i = 0; i < 40; i++)
        lockstep_session_free(sessions[i]);
    tear_down(&h);
}

/* Keys of the application: another server with the same takes the ticket, one with others not. */
static void test_given_keys(void **state) {
    (void)state;
    uint8_t key[10][LOCKSTEP_TICKET_KEY_LEN];
    for (size_t i = 0; i < 10; i++)
        memset(key[i], (int)i + 1, sizeof key[i]);
    house h;
    build(&h, 3600);
    assert_int_equal(lockstep_tickets_add_key(h.tickets, key[0], 47), LOCKSTEP_ERR_USAGE);
    CHECK(lockstep_tickets_add_key(h.tickets, key[0], sizeof key[0]));
    seal_both(&h);
    lockstep_session *session = visit(&h, NULL, false);
    house other;
    build(&other, 3600);
    seal_both(&other);
    lockstep_session_free(visit(&other, session, false));
    CHECK(lockstep_tickets_add_key(other.tickets, key[1], sizeof key[1]));
    lockstep_session_free(visit(&other, session, false));
    CHECK(lockstep_tickets_add_key(other.tickets, key[0], sizeof key[0]));
    lockstep_session_free(visit(&other, session, true));
    for (size_t i = 2; i < 9; i++)
        CHECK(lockstep_tickets_add_key(other.tickets, key[i], sizeof key[i]));
    lockstep_session_free(visit(&other, session, true)); /* the eighth still opens */
    CHECK(lockstep_tickets_add_key(other.tickets, key[9], sizeof key[9]));
    lockstep_session_free(visit(&other, session, false));
    lockstep_session_free(session);
    tear_down(&other);
    tear_down(&h);
}

/* The name: a session for one is none for another, on either side. */
static void test_names(void **state) {
    (void)state;
    house h;
    pair p = {0};
    lockstep_info info;
    build(&h, 3600);
    const pki *k = pki_get();
    CHECK(lockstep_config_add_identity(h.server, k->chain[PKI_OTHER_NAME].p,
                                       k->chain[PKI_OTHER_NAME].p_len, k->key[PKI_OTHER_NAME].p,
                                       k->key[PKI_OTHER_NAME].p_len));
    seal_both(&h);
    lockstep_session *session = visit(&h, NULL, false);
    pair_resume(&p, h.client, h.server, "other.test", session);
    pair_run(&p);
    lockstep_info_of(p.client, &info);
    assert_false(info.resumed);
    assert_true((lockstep_state_of(p.client) & LOCKSTEP_SECURE) != 0);
    pair_close(&p);
    lockstep_session_free(session);
    tear_down(&h);
}

/* The suite of a session, and of which hash it is. */
static void test_other_hash(void **state) {
    (void)state;
    static const uint16_t sha256 = LOCKSTEP_SUITE_AES_128_GCM_SHA256,
                          sha384 = LOCKSTEP_SUITE_AES_256_GCM_SHA384;
    static const uint16_t chacha = LOCKSTEP_SUITE_CHACHA20_POLY1305_SHA256;
    house h, other;
    build(&h, 3600);
    CHECK(lockstep_config_set_suites(h.client, &sha384, 1));
    seal_both(&h);
    build(&other, 3600);
    CHECK(lockstep_config_set_suites(other.client, &sha256, 1));
    seal_both(&other);
    lockstep_session *session = visit(&h, NULL, false);
    lockstep_config *kept = h.client;
    h.client = other.client;
    lockstep_session_free(visit(&h, session, false)); /* the client has no use for it */
    lockstep_session_free(session);
    session = visit(&h, NULL, false);
    lockstep_config *server = server_config(&h.ws, PKI_P256);
    CHECK(lockstep_config_set_tickets(server, h.tickets, 1));
    CHECK(lockstep_config_set_suites(server, &chacha, 1));
    seal(server);
    lockstep_config *old = h.server;
    h.server = server;
    lockstep_config *all = client_config(&h.wc);
    CHECK(lockstep_config_keep_sessions(all));
    seal(all);
    h.client = all;
    lockstep_session_free(visit(&h, session, true)); /* another suite, the same hash: fine */
    lockstep_config_free(all);
    lockstep_config_free(server);
    h.client = kept;
    h.server = old;
    lockstep_session_free(session);
    tear_down(&h);
    tear_down(&other);
}

/* ---- No check is lost ------------------------------------------------------------------------ */

/* A session that was made without verification is not worth more than that. */
static void test_verified_anew(void **state) {
    (void)state;
    house h;
    pair p = {0};
    build(&h, 3600);
    seal_both(&h);
    lockstep_config *careless, *stranger;
    lockstep_trust *nobody;
    CHECK(lockstep_config_new(&careless, &h.wc.env));
    CHECK(lockstep_config_danger_skip_verification(careless));
    CHECK(lockstep_config_keep_sessions(careless));
    seal(careless);
    CHECK(lockstep_config_new(&stranger, &h.wc.env));
    CHECK(lockstep_trust_new(&nobody, &h.wc.env));
    CHECK(lockstep_config_set_trust(stranger, nobody));
    lockstep_trust_free(nobody);
    seal(stranger);
    lockstep_config *kept = h.client;
    h.client = careless;
    lockstep_session *session = visit(&h, NULL, false);
    lockstep_session_free(visit(&h, session, true));
    h.client = kept;
    lockstep_session_free(visit(&h, session, true)); /* its chain is good, as it turns out */
    pair_resume(&p, stranger, h.server, "server.test", session);
    pair_run(&p);
    assert_int_equal(p.client_status, LOCKSTEP_CERT_UNKNOWN_ISSUER);
    pair_close(&p);
    lockstep_config_free(careless);
    lockstep_config_free(stranger);
    lockstep_session_free(session);
    tear_down(&h);
}

/* The certificate runs out while sessions live: the next return shows it. */
static void test_certificate_expires(void **state) {
    (void)state;
    house h;
    pair p = {0};
    build(&h, LK_TICKET_LIFETIME_MAX);
    seal_both(&h);
    later(&h, 79 * DAY_MS); /* the leaf has 80 */
    lockstep_session *session = visit(&h, NULL, false);
    later(&h, 2 * DAY_MS);
    pair_resume(&p, h.client, h.server, "server.test", session);
    pair_run(&p);
    assert_int_equal(p.client_status, LOCKSTEP_CERT_EXPIRED);
    pair_close(&p);
    lockstep_session_free(session);
    tear_down(&h);
}

/* Resuming what was resumed: after seven days the peer has to prove its key again. */
static void test_seven_days(void **state) {
    (void)state;
    house h;
    build(&h, LK_TICKET_LIFETIME_MAX);
    seal_both(&h);
    lockstep_session *session = visit(&h, NULL, false);
    for (int day = 1; day <= 6; day++) {
        later(&h, DAY_MS);
        lockstep_session *next = visit(&h, session, true);
        lockstep_session_free(session);
        session = next;
    }
    later(&h, DAY_MS);
    lockstep_session_free(visit(&h, session, false));
    lockstep_session_free(session);
    tear_down(&h);
}

/* A client that pins a key and checks nothing else: the session is of another key, and is not
 * resumed; the one that is shown now is the right one. Then one whose certificate is none. */
static void test_pinned(void **state) {
    (void)state;
    house h;
    pair p = {0};
    lockstep_info info;
    const uint8_t *bytes;
    lockstep_policy *policy;
    const pki *k = pki_get();
    build(&h, 3600);
    seal_both(&h);
    lockstep_session *session = visit(&h, NULL, false), *odd;
    lockstep_config_free(h.server);
    lockstep_config_free(h.client);
    h.server = server_config(&h.ws, PKI_P384);
    CHECK(lockstep_config_set_tickets(h.server, h.tickets, 1));
    CHECK(lockstep_config_new(&h.client, &h.wc.env));
    CHECK(lockstep_policy_new(&policy, NULL));
    CHECK(lockstep_policy_add_pinned_key(policy, k->chain[PKI_P384].p, k->chain[PKI_P384].p_len));
    CHECK(lockstep_config_set_policy(h.client, policy));
    lockstep_policy_free(policy);
    CHECK(lockstep_config_danger_skip_verification(h.client));
    seal_both(&h);
    lockstep_session_free(visit(&h, session, false));
    /* the last bytes are those of its last certificate; the first of the leaf's is changed */
    size_t n = lockstep_session_bytes(session, &bytes);
    uint8_t *copy = malloc(n);
    assert_non_null(copy);
    memcpy(copy, bytes, n);
    size_t at = (size_t)(session->s.peer.p - bytes) + 2 + session->s.peer.p[1] + 3;
    assert_int_equal(copy[at], 0x30);
    copy[at] = 0x31;
    CHECK(lockstep_session_from_bytes(&odd, &h.wc.env, copy, n));
    pair_resume(&p, h.client, h.server, "server.test", odd);
    pair_run(&p);
    lockstep_info_of(p.client, &info);
    assert_true((lockstep_state_of(p.client) & LOCKSTEP_SECURE) != 0 && !info.resumed);
    pair_close(&p);
    free(copy);
    lockstep_session_free(odd);
    lockstep_session_free(session);
    tear_down(&h);
}

static void test_client_certificates(void **state) {
    (void)state;
    house h;
    pair p = {0};
    lockstep_info info;
    build(&h, 3600);
    want_client_certificate(&h, LOCKSTEP_CLIENT_AUTH_REQUIRE);
    seal_both(&h);
    lockstep_session *session = visit(&h, NULL, false);
    pair_resume(&p, h.client, h.server, "server.test", session);
    pair_run(&p);
    lockstep_info_of(p.server, &info);
    assert_true(info.resumed);
    assert_int_equal(info.num_peer_chain, 2); /* the client's, out of the ticket */
    assert_true((lockstep_state_of(p.server) & LOCKSTEP_SECURE) != 0);
    pair_close(&p);
    /* A server that did not ask gives a ticket without one: where one is required, that is not
     * enough. */
    lockstep_config *open = server_config(&h.ws, PKI_P256), *kept = h.server;
    CHECK(lockstep_config_set_tickets(open, h.tickets, 1));
    seal(open);
    h.server = open;
    lockstep_session_free(session);
    session = visit(&h, NULL, false);
    h.server = kept;
    lockstep_session_free(visit(&h, session, false));
    lockstep_config_free(open);
    lockstep_session_free(session);
    tear_down(&h);
}

/* ---- Bytes ----------------------------------------------------------------------------------- */

static void test_bytes(void **state) {
    (void)state;
    house h;
    const uint8_t *bytes;
    lockstep_session *read;
    build(&h, 3600);
    seal_both(&h);
    lockstep_session *session = visit(&h, NULL, false);
    size_t n = lockstep_session_bytes(session, &bytes);
    assert_true(n > 100);
    CHECK(lockstep_session_from_bytes(&read, &h.wc.env, bytes, n));
    lockstep_session_free(visit(&h, read, true));
    lockstep_session_free(read);
    for (size_t i = 0; i < n; i++)
        assert_int_equal(lockstep_session_from_bytes(&read, NULL, bytes, i), LOCKSTEP_ERR_SESSION);
    uint8_t *longer = malloc(n + 1);
    assert_non_null(longer);
    memcpy(longer, bytes, n);
    longer[n] = 0;
    assert_int_equal(lockstep_session_from_bytes(&read, NULL, longer, n + 1), LOCKSTEP_ERR_SESSION);
    assert_null(read);
    /* Any byte changed: it is refused, or it is offered, and then a handshake comes of it; the
     * binder is wrong where it was the secret. */
    for (size_t i = 0; i < n; i += 7) {
        longer[i] ^= 0x40;
        if (lockstep_session_from_bytes(&read, &h.wc.env, longer, n) == LOCKSTEP_OK) {
            pair p = {0};
            pair_resume(&p, h.client, h.server, "server.test", read);
            pair_run(&p);
            bool secure = (lockstep_state_of(p.client) & LOCKSTEP_SECURE) != 0;
            assert_true(secure || p.server_status == LOCKSTEP_PEER_PSK_BINDER);
            pair_close(&p);
            lockstep_session_free(read);
        }
        longer[i] ^= 0x40;
    }
    free(longer);
    lockstep_session_free(session);
    tear_down(&h);
}

/* ---- External keys --------------------------------------------------------------------------- */

static lockstep_slice text(const char *s) {
    return (lockstep_slice){(const uint8_t *)s, strlen(s)};
}

static void test_external(void **state) {
    (void)state;
    static const char key[] = "0123456789abcdef0123456789abcdef",
                      wrong[] = "x123456789abcdef0123456789abcdef";
    for (int i = 0; i < 4; i++) {
        world wc, ws;
        pair p = {0};
        lockstep_info info;
        lockstep_config *client, *server;
        static const uint16_t sha384 = LOCKSTEP_SUITE_AES_256_GCM_SHA384;
        world_init(&wc, 3);
        world_init(&ws, 4);
        CHECK(lockstep_config_new(&client, &wc.env));
        CHECK(lockstep_config_new(&server, &ws.env));
        assert_int_equal(lockstep_config_add_psk(client, text("me"), text("short"), text("")),
                         LOCKSTEP_ERR_USAGE);
        CHECK(lockstep_config_add_psk(client, text("me"), text(i == 2 ? wrong : key), text("x")));
        CHECK(lockstep_config_add_psk(server, text("me"), text(key), text(i == 3 ? "y" : "x")));
        if (i == 1)
            CHECK(lockstep_config_set_suites(server, &sha384, 1));
        seal(client);
        seal(server);
        bool good = pair_handshake(&p, client, server);
        assert_int_equal(good, i < 2);
        lockstep_info_of(p.client, &info);
        if (good) {
            assert_true(info.resumed && info.num_peer_chain == 0);
            pair_send(&p, true, 10);
        } else {
            /* The server knows what it was; the client is told the same (§E.6). */
            assert_int_equal(p.server_status,
                             i == 2 ? LOCKSTEP_PEER_PSK_BINDER : LOCKSTEP_NO_COMMON_PSK);
            assert_int_equal(p.client_status,
                             LOCKSTEP_ALERT_FROM_PEER + LOCKSTEP_ALERT_DECRYPT_ERROR);
        }
        pair_close(&p);
        lockstep_config_free(client);
        lockstep_config_free(server);
        assert_int_equal(wc.live, 0);
        assert_int_equal(ws.live, 0);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_return),
        cmocka_unit_test(test_suites),
        cmocka_unit_test(test_retry),
        cmocka_unit_test(test_retry_drops_psk),
        cmocka_unit_test(test_expiry),
        cmocka_unit_test(test_rotation),
        cmocka_unit_test(test_given_keys),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_other_hash),
        cmocka_unit_test(test_verified_anew),
        cmocka_unit_test(test_certificate_expires),
        cmocka_unit_test(test_seven_days),
        cmocka_unit_test(test_pinned),
        cmocka_unit_test(test_client_certificates),
        cmocka_unit_test(test_bytes),
        cmocka_unit_test(test_external),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
