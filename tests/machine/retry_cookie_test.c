/*
 * retry_cookie_test.c - a server that forgets a client between its two ClientHellos (RFC 8446
 * §4.2.2): whatever connection the second one comes to, it goes on; with any other cookie it does
 * not.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "conn/config.h"
#include "support/pair.h"
#include "support/peer.h"

#define CHECK(expression) assert_int_equal(expression, LOCKSTEP_OK)

static const uint8_t keys[3][32] = {"the key of the cookies of a test",
                                    "another key, younger than that..",
                                    "and one that nobody else has...."};

/* The servers' clock. */
static int64_t now_ms = TEST_NOW_MS;
static int64_t test_now(void *arg) {
    (void)arg;
    return now_ms;
}

typedef struct servers {
    world wc, ws;
    lockstep_config *client, *server, *other; /* two servers of one service */
} servers;

enum { PLAIN = 0, ALWAYS = 1, NEEDS_GROUP = 2, NO_COMPATIBILITY = 4 };

static lockstep_config *make_server(servers *s, const uint8_t *key, size_t num_keys, int how) {
    static const uint16_t p256 = LOCKSTEP_GROUP_SECP256R1;
    lockstep_config *cfg = server_config(&s->ws, PKI_ED25519);
    if (how & NEEDS_GROUP)
        CHECK(lockstep_config_set_groups(cfg, &p256, 1, 0));
    CHECK(lockstep_config_stateless_retry(cfg, key, num_keys, (how & ALWAYS) != 0));
    seal(cfg);
    return cfg;
}

static void set_up(servers *s, int how) {
    memset(s, 0, sizeof *s);
    now_ms = TEST_NOW_MS;
    world_init(&s->wc, 1);
    world_init(&s->ws, 2);
    s->ws.env.now_ms = test_now;
    s->client = client_config(&s->wc);
    if (how & NO_COMPATIBILITY)
        lk_config_settings(s->client)->compatibility_mode = false;
    seal(s->client);
    s->server = make_server(s, keys[0], 1, how);
    s->other = make_server(s, keys[0], 1, how);
}

static void tear_down(servers *s) {
    lockstep_config_free(s->client);
    lockstep_config_free(s->server);
    lockstep_config_free(s->other);
    assert_int_equal(s->wc.live, 0);
    assert_int_equal(s->ws.live, 0);
}

/* hand gives all that one end has to say to another. */
static lockstep_status hand(lockstep_conn *from, lockstep_conn *to) {
    const uint8_t *bytes;
    size_t used, n = lockstep_wire_out(from, &bytes);
    lockstep_status status = lockstep_wire_in(to, &used, bytes, n);
    lockstep_wire_sent(from, n);
    return status;
}

/* retry lets a client come to a server and takes away the server once it has answered. The client
 * then has its second ClientHello ready. */
static lockstep_conn *retry(const servers *s, const char *address) {
    lockstep_conn *client, *server;
    lockstep_info info;
    CHECK(lockstep_client_new(&client, s->client, "server.test"));
    CHECK(lockstep_server_new(&server, s->server));
    if (address != NULL)
        CHECK(lockstep_set_address(server, (const uint8_t *)address, strlen(address)));
    CHECK(hand(client, server));
    CHECK(hand(server, client));
    lockstep_conn_free(server);
    lockstep_info_of(client, &info);
    assert_int_equal(lockstep_failure_of(client) == NULL, 1);
    return client;
}

/* ---- It goes on -------------------------------------------------------------------------------
 */

static void finish(const servers *s, lockstep_conn *client, size_t chunk) {
    pair p = {.chunk = chunk, .client = client};
    lockstep_info info;
    p.to_server = p.to_client = p.got_server = p.got_client = lk_buffer_of(&lk_heap_default, 0);
    CHECK(lockstep_server_new(&p.server, s->other));
    pair_run(&p);
    if ((lockstep_state_of(p.server) & LOCKSTEP_SECURE) == 0)
        fail_msg("%s", lockstep_failure_of(p.server) ? lockstep_failure_of(p.server)->detail : "?");
    assert_true(lockstep_state_of(p.client) & LOCKSTEP_SECURE);
    lockstep_info_of(p.server, &info);
    assert_true(info.retried);
    assert_string_equal(info.server_name, "server.test");
    pair_send(&p, true, 1000);
    pair_send(&p, false, 1000);
    pair_close(&p);
}

static void test_fresh_connection(void **state) {
    (void)state;
    static const int ways[] = {ALWAYS, NEEDS_GROUP, ALWAYS | NEEDS_GROUP, ALWAYS | NO_COMPATIBILITY,
                               NEEDS_GROUP | NO_COMPATIBILITY};
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++)
        for (size_t chunk = 0; chunk < 2; chunk++) {
            servers s;
            set_up(&s, ways[i]);
            finish(&s, retry(&s, NULL), chunk);
            tear_down(&s);
        }
}

/* The same connection goes on too; and where no retry is needed there is none. */
static void test_same_connection(void **state) {
    (void)state;
    for (int how = PLAIN; how <= NEEDS_GROUP; how++) {
        servers s;
        pair p = {0};
        lockstep_info info;
        set_up(&s, how);
        assert_true(pair_handshake(&p, s.client, s.server));
        lockstep_info_of(p.server, &info);
        assert_int_equal(info.retried, how != PLAIN);
        pair_send(&p, true, 1000);
        pair_close(&p);
        tear_down(&s);
    }
}

/* A ticket is taken by a fresh connection too: its binder covers the HelloRetryRequest, which that
 * connection puts together again. */
static void test_resumption(void **state) {
    (void)state;
    servers s;
    lockstep_tickets *tickets;
    pair p = {0};
    lockstep_info info;
    set_up(&s, ALWAYS);
    lockstep_config *client = client_config(&s.wc), *server = server_config(&s.ws, PKI_ED25519);
    CHECK(lockstep_tickets_new(&tickets, &s.ws.env, 3600));
    CHECK(lockstep_config_set_tickets(server, tickets, 1));
    CHECK(lockstep_config_stateless_retry(server, keys[0], 1, true));
    CHECK(lockstep_config_keep_sessions(client));
    seal(client);
    seal(server);
    assert_true(pair_handshake(&p, client, server));
    lockstep_session *session = lockstep_take_session(p.client);
    assert_non_null(session);
    pair_close(&p);
    memset(&p, 0, sizeof p);
    p.to_server = p.to_client = p.got_server = p.got_client = lk_buffer_of(&lk_heap_default, 0);
    CHECK(lockstep_client_resume(&p.client, client, "server.test", session));
    CHECK(lockstep_server_new(&p.server, server));
    CHECK(hand(p.client, p.server));
    CHECK(hand(p.server, p.client));
    lockstep_conn_free(p.server);
    CHECK(lockstep_server_new(&p.server, server));
    pair_run(&p);
    lockstep_info_of(p.server, &info);
    assert_true(lockstep_state_of(p.server) & LOCKSTEP_SECURE);
    assert_true(info.retried && info.resumed);
    pair_send(&p, true, 100);
    pair_close(&p);
    lockstep_session_free(session);
    lockstep_config_free(client);
    lockstep_config_free(server);
    lockstep_tickets_free(tickets);
    tear_down(&s);
}

/* Records of 0-RTT data that came behind the first ClientHello reach the fresh connection first. */
static void test_early_data_before(void **state) {
    (void)state;
    static const uint8_t early[] = {23, 3, 3, 0, 4, 1, 2, 3, 4}, ccs[] = {20, 3, 3, 0, 1, 1};
    servers s;
    lockstep_conn *server;
    size_t used;
    set_up(&s, ALWAYS);
    lockstep_conn *client = retry(&s, NULL);
    CHECK(lockstep_server_new(&server, s.other));
    CHECK(lockstep_wire_in(server, &used, ccs, sizeof ccs));
    for (int i = 0; i < 100; i++)
        CHECK(lockstep_wire_in(server, &used, early, sizeof early));
    CHECK(hand(client, server));
    assert_int_equal(lockstep_wire_in(server, &used, early, sizeof early),
                     LOCKSTEP_PEER_BAD_RECORD_MAC); /* but not behind the second */
    lockstep_conn_free(server);
    /* 64 KiB of it and no more; and none behind a first ClientHello that announces none */
    CHECK(lockstep_server_new(&server, s.other));
    lockstep_status status = LOCKSTEP_OK;
    int n = 0;
    for (; status == LOCKSTEP_OK && n < 20000; n++)
        status = lockstep_wire_in(server, &used, early, sizeof early);
    assert_int_equal(status, LOCKSTEP_PEER_EARLY_APP_DATA);
    assert_int_equal(n, LK_SKIP_EARLY_MAX / 4 + 1);
    lockstep_conn_free(server);
    lockstep_conn_free(client);
    CHECK(lockstep_client_new(&client, s.client, "server.test"));
    CHECK(lockstep_server_new(&server, s.other));
    CHECK(hand(client, server));
    assert_int_equal(lockstep_wire_in(server, &used, early, sizeof early),
                     LOCKSTEP_PEER_EARLY_APP_DATA);
    lockstep_conn_free(server);
    lockstep_conn_free(client);
    tear_down(&s);
}

/* ---- It does not ------------------------------------------------------------------------------
 */

/* try_second gives what the client says next to a fresh connection of `cfg`. */
static lockstep_status try_second(const lockstep_config *cfg, lockstep_conn *client,
                                  const char *address) {
    lockstep_conn *server;
    CHECK(lockstep_server_new(&server, cfg));
    if (address != NULL)
        CHECK(lockstep_set_address(server, (const uint8_t *)address, strlen(address)));
    lockstep_status status = hand(client, server);
    lockstep_conn_free(server);
    return status;
}

static lockstep_status second_to(const servers *s, const lockstep_config *cfg) {
    lockstep_conn *client = retry(s, NULL);
    lockstep_status status = try_second(cfg, client, NULL);
    lockstep_conn_free(client);
    return status;
}

static void test_keys(void **state) {
    (void)state;
    servers s;
    set_up(&s, ALWAYS);
    uint8_t two[2][32];
    memcpy(two[0], keys[1], 32);
    memcpy(two[1], keys[0], 32);
    lockstep_config *newer = make_server(&s, two[0], 2, ALWAYS),
                    *newest = make_server(&s, keys[1], 1, ALWAYS),
                    *stranger = make_server(&s, keys[2], 1, ALWAYS);
    CHECK(second_to(&s, s.other));
    CHECK(second_to(&s, newer)); /* by the key before */
    assert_int_equal(second_to(&s, newest), LOCKSTEP_PEER_COOKIE);
    assert_int_equal(second_to(&s, stranger), LOCKSTEP_PEER_COOKIE);
    lockstep_config_free(newer);
    lockstep_config_free(newest);
    lockstep_config_free(stranger);
    tear_down(&s);
}

static void test_time(void **state) {
    (void)state;
    static const struct {
        int64_t later_ms;
        lockstep_status status;
    } cases[] = {{0, LOCKSTEP_OK},
                 {60000, LOCKSTEP_OK},
                 {60001, LOCKSTEP_PEER_COOKIE},
                 {86400000, LOCKSTEP_PEER_COOKIE},
                 {-5000, LOCKSTEP_OK}, /* clocks of two machines differ a little */
                 {-5001, LOCKSTEP_PEER_COOKIE}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        servers s;
        set_up(&s, ALWAYS);
        lockstep_conn *client = retry(&s, NULL);
        now_ms += cases[i].later_ms;
        assert_int_equal(try_second(s.other, client, NULL), cases[i].status);
        lockstep_conn_free(client);
        tear_down(&s);
    }
}

static void test_address(void **state) {
    (void)state;
    static const char *const given[] = {NULL, "192.0.2.1", "192.0.2.2"};
    uint8_t longest[65] = {0};
    servers s;
    set_up(&s, ALWAYS);
    for (int i = 0; i < 3; i++)
        for (int k = 0; k < 3; k++) {
            lockstep_conn *client = retry(&s, given[i]);
            assert_int_equal(try_second(s.other, client, given[k]),
                             i == k ? LOCKSTEP_OK : LOCKSTEP_PEER_COOKIE);
            lockstep_conn_free(client);
        }
    lockstep_conn *server, *client;
    CHECK(lockstep_server_new(&server, s.server));
    CHECK(lockstep_set_address(server, longest, 64));
    assert_int_equal(lockstep_set_address(server, longest, 65), LOCKSTEP_ERR_LIMIT);
    assert_int_equal(lockstep_set_address(NULL, longest, 1), LOCKSTEP_ERR_USAGE);
    CHECK(lockstep_client_new(&client, s.client, "server.test"));
    assert_int_equal(lockstep_set_address(client, longest, 1), LOCKSTEP_ERR_USAGE);
    CHECK(hand(client, server));
    assert_int_equal(lockstep_set_address(server, longest, 1), LOCKSTEP_ERR_USAGE); /* too late */
    lockstep_conn_free(server);
    lockstep_conn_free(client);
    tear_down(&s);
}

/* Each bit of the second ClientHello is covered by something: the cookie by its MAC, the rest by
 * the cookie, by the rules for a second ClientHello, or by the transcript. */
static void test_every_byte(void **state) {
    (void)state;
    servers s;
    lockstep_conn *server;
    const uint8_t *bytes;
    uint8_t changed[4096];
    size_t used, statuses = 0;
    set_up(&s, NEEDS_GROUP);
    lockstep_conn *client = retry(&s, NULL);
    size_t n = lockstep_wire_out(client, &bytes);
    assert_true(n < sizeof changed);
    /* where the cookie is: behind its type, the lengths of extension and vector */
    lk_slice hello = {0};
    lk_client_hello h;
    lk_flaw flaw;
    assert_int_equal(bytes[0], 20); /* change_cipher_spec, then the ClientHello */
    hello = lk_slice_of(bytes + 6 + 5 + 4, n - 6 - 5 - 4);
    CHECK(lk_client_hello_parse(&h, &flaw, hello));
    assert_true(h.cookie.p_len > 100);
    for (size_t i = 0; i < h.cookie.p_len; i++) {
        memcpy(changed, bytes, n);
        changed[(size_t)(h.cookie.p - bytes) + i] ^= (uint8_t)(1 << (i % 8));
        CHECK(lockstep_server_new(&server, s.other));
        lockstep_status status = lockstep_wire_in(server, &used, changed, n);
        assert_int_equal(status, LOCKSTEP_PEER_COOKIE);
        lockstep_conn_free(server);
        statuses++;
    }
    for (size_t i = 0; i < LK_RANDOM_LEN; i++) {
        memcpy(changed, bytes, n);
        changed[(size_t)(h.random.p - bytes) + i] ^= 1;
        CHECK(lockstep_server_new(&server, s.other));
        assert_int_equal(lockstep_wire_in(server, &used, changed, n), LOCKSTEP_PEER_SECOND_HELLO);
        lockstep_conn_free(server);
    }
    lockstep_conn_free(client);
    tear_down(&s);
}

/* A config that has changed in the meantime does not have what the cookie says. */
static void test_config_changed(void **state) {
    (void)state;
    servers s;
    static const uint16_t x25519 = LOCKSTEP_GROUP_X25519;
    set_up(&s, NEEDS_GROUP);
    lockstep_config *cfg = server_config(&s.ws, PKI_ED25519);
    CHECK(lockstep_config_set_groups(cfg, &x25519, 1, 0));
    CHECK(lockstep_config_stateless_retry(cfg, keys[0], 1, false));
    seal(cfg);
    assert_int_equal(second_to(&s, cfg), LOCKSTEP_PEER_COOKIE);
    lockstep_config_free(cfg);
    /* and one that is not stateless does not look at cookies: it knows nothing of a retry */
    cfg = server_config(&s.ws, PKI_ED25519);
    seal(cfg);
    lockstep_conn *client = retry(&s, NULL);
    assert_int_equal(try_second(cfg, client, NULL), LOCKSTEP_PEER_CCS);
    lockstep_conn_free(client);
    lockstep_config_free(cfg);
    tear_down(&s);
}

/* TLS 1.2 has no HelloRetryRequest: its clients get their handshake at once, and nothing that comes
 * behind their ClientHello is passed over. */
static void test_older_client(void **state) {
    (void)state;
    servers s;
    pair p = {0};
    lockstep_info info;
    set_up(&s, ALWAYS);
    lockstep_config *client = client_config(&s.wc), *server = server_config(&s.ws, PKI_P256);
    CHECK(lockstep_config_set_versions(client, LOCKSTEP_TLS12, LOCKSTEP_TLS12));
    CHECK(lockstep_config_set_versions(server, LOCKSTEP_TLS12, LOCKSTEP_TLS13));
    CHECK(lockstep_config_stateless_retry(server, keys[0], 1, true));
    seal(client);
    seal(server);
    pair_open(&p, client, server, "server.test");
    assert_true(p.server->skip_early > 0);
    CHECK(hand(p.client, p.server));
    assert_int_equal(p.server->skip_early, 0);
    pair_run(&p);
    assert_true(lockstep_state_of(p.server) & LOCKSTEP_SECURE);
    lockstep_info_of(p.server, &info);
    assert_int_equal(info.version, LOCKSTEP_TLS12);
    assert_false(info.retried);
    pair_send(&p, true, 100);
    pair_close(&p);
    lockstep_config_free(client);
    lockstep_config_free(server);
    tear_down(&s);
}

static void test_setter(void **state) {
    (void)state;
    world w;
    world_init(&w, 1);
    lockstep_config *cfg = server_config(&w, PKI_P256);
    assert_int_equal(lockstep_config_stateless_retry(cfg, NULL, 1, false), LOCKSTEP_ERR_USAGE);
    assert_int_equal(lockstep_config_stateless_retry(cfg, keys[0], 0, false), LOCKSTEP_ERR_USAGE);
    assert_int_equal(lockstep_config_stateless_retry(cfg, keys[0], 3, false), LOCKSTEP_ERR_USAGE);
    seal(cfg);
    assert_int_equal(lockstep_config_stateless_retry(cfg, keys[0], 1, false), LOCKSTEP_ERR_USAGE);
    lockstep_config_free(cfg);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fresh_connection),
        cmocka_unit_test(test_same_connection),
        cmocka_unit_test(test_resumption),
        cmocka_unit_test(test_early_data_before),
        cmocka_unit_test(test_keys),
        cmocka_unit_test(test_time),
        cmocka_unit_test(test_address),
        cmocka_unit_test(test_every_byte),
        cmocka_unit_test(test_config_changed),
        cmocka_unit_test(test_older_client),
        cmocka_unit_test(test_setter),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
