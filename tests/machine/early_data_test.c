/*
 * early_data_test.c - 0-RTT (RFC 8446 §2.3, §4.2.10, §8): what is accepted, once; and that what is
 * sent again never is.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "conn/config.h"
#include "support/pair.h"

#define CHECK(expression) assert_int_equal(expression, LOCKSTEP_OK)

#define WINDOW_MS 10000
#define MAX_EARLY 1000

static const uint8_t ticket_key[LOCKSTEP_TICKET_KEY_LEN] =
    "the same key before and after a restart";

typedef struct house {
    world wc, ws;
    lockstep_config *client, *server;
    lockstep_tickets *tickets;
    lockstep_strikes *strikes;
} house;

/* A server, with keys that others may have too, and an empty register. */
static void build_server(house *h, size_t max_entries) {
    static const char *const names[] = {"http/1.1", "h2"};
    h->server = server_config(&h->ws, PKI_P256);
    CHECK(lockstep_tickets_new(&h->tickets, &h->ws.env, 3600));
    CHECK(lockstep_tickets_add_key(h->tickets, ticket_key, sizeof ticket_key));
    CHECK(lockstep_strikes_new(&h->strikes, &h->ws.env, max_entries, WINDOW_MS));
    CHECK(lockstep_config_set_tickets(h->server, h->tickets, 2));
    CHECK(lockstep_config_accept_early_data(h->server, h->strikes, MAX_EARLY));
    CHECK(lockstep_config_set_alpn(h->server, names, 2));
}

static void build_client(house *h) {
    static const char *const names[] = {"http/1.1"};
    h->client = client_config(&h->wc);
    CHECK(lockstep_config_keep_sessions(h->client));
    CHECK(lockstep_config_offer_early_data(h->client));
    CHECK(lockstep_config_set_alpn(h->client, names, 1));
}

static void later(house *h, int64_t ms) {
    h->wc.later_ms += ms;
    h->ws.later_ms += ms;
}

/* A house whose register has been there for long enough. */
static void build(house *h) {
    world_init(&h->wc, 1);
    world_init(&h->ws, 2);
    build_server(h, 100);
    build_client(h);
    later(h, 2 * WINDOW_MS);
}

static void seal_both(house *h) {
    seal(h->client);
    seal(h->server);
}

static void free_server(house *h) {
    lockstep_config_free(h->server);
    lockstep_tickets_free(h->tickets);
    lockstep_strikes_free(h->strikes);
}

static void tear_down(house *h) {
    free_server(h);
    lockstep_config_free(h->client);
    assert_int_equal(h->wc.live, 0);
    assert_int_equal(h->ws.live, 0);
}

static lockstep_session *first_visit(house *h) {
    pair p = {0};
    assert_true(pair_handshake(&p, h->client, h->server));
    lockstep_session *session = lockstep_take_session(p.client);
    lockstep_session_info info;
    lockstep_session_info_of(session, &info);
    assert_int_equal(info.max_early_data, h->server != NULL ? MAX_EARLY : 0);
    pair_close(&p);
    return session;
}

/* come_back makes a first visit and begins a second with its session, which leave ends. */
static lockstep_session *come_back(house *h, pair *p) {
    seal_both(h);
    lockstep_session *session = first_visit(h);
    pair_resume(p, h->client, h->server, "server.test", session);
    return session;
}

static void leave(house *h, pair *p, lockstep_session *session) {
    pair_close(p);
    lockstep_session_free(session);
    tear_down(h);
}

static void say(lockstep_conn *client, const char *text) {
    size_t used, n = strlen(text);
    assert_true((lockstep_state_of(client) & LOCKSTEP_EARLY_IN) != 0);
    CHECK(lockstep_early_in(client, &used, (const uint8_t *)text, n));
    assert_int_equal(used, n);
}

static void assert_text(const lk_buffer *b, const char *text) {
    assert_int_equal(lk_buffer_length(b), strlen(text));
    assert_memory_equal(lk_buffer_bytes(b), text, strlen(text));
}

static enum lockstep_early_data outcome(lockstep_conn *conn) {
    lockstep_info info;
    lockstep_info_of(conn, &info);
    return info.early_data;
}

/* say_hello comes with a session and 0-RTT data, and says what became of it, which both sides must
 * agree about. */
static enum lockstep_early_data say_hello(house *h, const lockstep_session *session) {
    pair p = {0};
    pair_resume(&p, h->client, h->server, "server.test", session);
    say(p.client, "hello");
    pair_run(&p);
    assert_true((lockstep_state_of(p.client) & LOCKSTEP_SECURE) != 0);
    assert_true((lockstep_state_of(p.server) & LOCKSTEP_SECURE) != 0);
    enum lockstep_early_data result = outcome(p.client);
    assert_int_equal(result, outcome(p.server));
    assert_text(&p.got_early, result == LOCKSTEP_EARLY_ACCEPTED ? "hello" : "");
    pair_send(&p, true, 100);
    pair_send(&p, false, 100);
    pair_close(&p);
    return result;
}

/* ---- Accepted -------------------------------------------------------------------------------- */

static void test_accepted(void **state) {
    (void)state;
    for (int i = 0; i < 4; i++) {
        house h;
        pair p = {.chunk = i % 2 == 1 ? 1 : 0};
        build(&h);
        if (i >= 2) {
            CHECK(lockstep_config_gather_jobs(h.client));
            CHECK(lockstep_config_gather_jobs(h.server));
        }
        seal_both(&h);
        lockstep_session *session = first_visit(&h);
        later(&h, 5000);
        pair_resume(&p, h.client, h.server, "server.test", session);
        while ((lockstep_state_of(p.client) & LOCKSTEP_HAS_JOB) != 0) {
            lockstep_job *job = lockstep_next_job(p.client);
            if (job != NULL)
                lockstep_run_jobs(&job, 1);
            else
                CHECK(lockstep_resume(p.client));
        }
        say(p.client, "hello, ");
        say(p.client, "world");
        pair_run(&p);
        assert_int_equal(outcome(p.client), LOCKSTEP_EARLY_ACCEPTED);
        assert_int_equal(outcome(p.server), LOCKSTEP_EARLY_ACCEPTED);
        assert_text(&p.got_early, "hello, world");
        assert_true((lockstep_state_of(p.client) & (LOCKSTEP_SECURE | LOCKSTEP_EARLY_IN)) ==
                    LOCKSTEP_SECURE);
        pair_send(&p, true, 5000);
        pair_send(&p, false, 5000);
        leave(&h, &p, session);
    }
}

/* Whoever runs a job of a connection holds a part of its handshake, which must stay until then. */
static void test_while_a_job_is_out(void **state) {
    (void)state;
    house h;
    pair p = {0};
    const uint8_t *out;
    size_t used, n;
    lockstep_job *job;
    build(&h);
    CHECK(lockstep_config_gather_jobs(h.client));
    lockstep_session *session = come_back(&h, &p);
    while ((lockstep_state_of(p.client) & LOCKSTEP_HAS_JOB) != 0) {
        while ((job = lockstep_next_job(p.client)) != NULL)
            lockstep_run_jobs(&job, 1);
        CHECK(lockstep_resume(p.client));
    }
    say(p.client, "hello");
    n = lockstep_wire_out(p.client, &out);
    CHECK(lockstep_wire_in(p.server, &used, out, n));
    lockstep_wire_sent(p.client, n);
    n = lockstep_wire_out(p.server, &out);
    CHECK(lockstep_wire_in(p.client, &used, out, n));
    lockstep_wire_sent(p.server, used);
    assert_non_null(job = lockstep_next_job(p.client)); /* the ServerHello's */
    assert_int_equal(lockstep_state_of(p.client) & LOCKSTEP_EARLY_IN, 0);
    h.wc.fail_alloc_at = h.wc.allocs + 1;
    CHECK(lockstep_early_in(p.client, &used, (const uint8_t *)"more", 4));
    assert_int_equal(used, 0);
    h.wc.fail_alloc_at = 0;
    lockstep_run_jobs(&job, 1);
    CHECK(lockstep_resume(p.client));
    pair_run(&p);
    assert_int_equal(outcome(p.client), LOCKSTEP_EARLY_ACCEPTED);
    leave(&h, &p, session);
}

/* The server answers before the client's second flight. */
static void test_answered_at_once(void **state) {
    (void)state;
    house h;
    pair p = {0};
    const uint8_t *out;
    size_t used, n;
    build(&h);
    lockstep_session *session = come_back(&h, &p);
    say(p.client, "question");
    n = lockstep_wire_out(p.client, &out);
    assert_int_equal(lockstep_app_in(p.server, &used, out, 1), LOCKSTEP_ERR_USAGE);
    CHECK(lockstep_wire_in(p.server, &used, out, n));
    assert_int_equal(used, n);
    lockstep_wire_sent(p.client, n);
    unsigned can = lockstep_state_of(p.server);
    assert_true((can & LOCKSTEP_SECURE) == 0 && (can & LOCKSTEP_APP_IN) != 0 &&
                (can & LOCKSTEP_EARLY_OUT) != 0 && (can & LOCKSTEP_APP_OUT) == 0);
    assert_int_equal(lockstep_app_out(p.server, &out), 0); /* what came early is told apart */
    assert_int_equal(lockstep_early_out(p.server, &out), 8);
    lockstep_early_taken(p.server, 8);
    CHECK(lockstep_app_in(p.server, &used, (const uint8_t *)"answer", 6));
    n = lockstep_wire_out(p.server, &out);
    CHECK(lockstep_wire_in(p.client, &used, out, n));
    assert_int_equal(used, n);
    assert_int_equal(lockstep_app_out(p.client, &out), 6); /* in the server's first flight */
    assert_memory_equal(out, "answer", 6);
    leave(&h, &p, session);
}

/* The client's flight comes in pieces: in each of them the server may go on with its answer. */
static void test_answered_all_along(void **state) {
    (void)state;
    house h;
    pair p = {0};
    const uint8_t *out;
    size_t used, n;
    build(&h);
    lockstep_session *session = come_back(&h, &p);
    say(p.client, "question");
    for (int flight = 0; flight < 2; flight++) {
        n = lockstep_wire_out(p.client, &out);
        assert_true(n > 0);
        for (size_t i = 0; i < n; i++) {
            bool before = (lockstep_state_of(p.server) & LOCKSTEP_APP_IN) != 0;
            CHECK(lockstep_wire_in(p.server, &used, out + i, 1));
            bool after = (lockstep_state_of(p.server) & LOCKSTEP_APP_IN) != 0;
            assert_true(after || !before);
            if (after)
                CHECK(lockstep_app_in(p.server, &used, (const uint8_t *)"x", 1));
        }
        lockstep_wire_sent(p.client, n);
        n = lockstep_wire_out(p.server, &out);
        CHECK(lockstep_wire_in(p.client, &used, out, n));
        lockstep_wire_sent(p.server, used);
        lockstep_app_taken(p.client, lockstep_app_out(p.client, &out));
    }
    assert_true((lockstep_state_of(p.server) & LOCKSTEP_SECURE) != 0);
    leave(&h, &p, session);
}

/* As many records as one key may protect, and no KeyUpdate yet: then there is a pause. */
static void test_answer_pauses(void **state) {
    (void)state;
    house h;
    pair p = {0};
    const uint8_t *out;
    size_t used;
    build(&h);
    lk_config_settings(h.server)->key_update_after = 3;
    lockstep_session *session = come_back(&h, &p);
    say(p.client, "question");
    size_t n = lockstep_wire_out(p.client, &out);
    CHECK(lockstep_wire_in(p.server, &used, out, n));
    lockstep_wire_sent(p.client, n);
    for (int i = 0; i < 3; i++) {
        assert_true((lockstep_state_of(p.server) & LOCKSTEP_APP_IN) != 0);
        CHECK(lockstep_app_in(p.server, &used, (const uint8_t *)"x", 1));
        assert_int_equal(used, 1);
    }
    assert_false((lockstep_state_of(p.server) & LOCKSTEP_APP_IN) != 0);
    pair_run(&p);
    assert_true((lockstep_state_of(p.server) & LOCKSTEP_APP_IN) != 0);
    lk_buffer_free(&p.got_client);
    pair_send(&p, false, 10);
    leave(&h, &p, session);
}

/* Who does not ask for it gets it when it is no risk any more. */
static void test_left_alone(void **state) {
    (void)state;
    house h;
    pair p = {.leave_early = true};
    build(&h);
    lockstep_session *session = come_back(&h, &p);
    say(p.client, "hello");
    pair_run(&p);
    assert_true((lockstep_state_of(p.server) & LOCKSTEP_SECURE) != 0);
    assert_text(&p.got_server, "hello");
    leave(&h, &p, session);
}

static void test_limit(void **state) {
    (void)state;
    house h;
    pair p = {0};
    uint8_t much[MAX_EARLY + 1] = {0};
    size_t used;
    build(&h);
    lockstep_session *session = come_back(&h, &p);
    CHECK(lockstep_early_in(p.client, &used, much, sizeof much));
    assert_int_equal(used, MAX_EARLY);
    assert_int_equal(lockstep_early_in(p.client, &used, much, 1), LOCKSTEP_ERR_USAGE);
    pair_run(&p);
    assert_int_equal(lk_buffer_length(&p.got_early), MAX_EARLY);
    leave(&h, &p, session);
}

/* ---- Refused --------------------------------------------------------------------------------- */

static void test_used_twice(void **state) {
    (void)state;
    house h;
    build(&h);
    seal_both(&h);
    lockstep_session *session = first_visit(&h);
    assert_int_equal(say_hello(&h, session), LOCKSTEP_EARLY_ACCEPTED);
    assert_int_equal(say_hello(&h, session), LOCKSTEP_EARLY_REJECTED);
    later(&h, 2 * WINDOW_MS - 1);
    assert_int_equal(say_hello(&h, session), LOCKSTEP_EARLY_REJECTED);
    lockstep_session_free(session);
    tear_down(&h);
}

static void test_wrong_age(void **state) {
    (void)state;
    static const int64_t off_ms[] = {-WINDOW_MS - 1, -WINDOW_MS, WINDOW_MS, WINDOW_MS + 1};
    for (int i = 0; i < 4; i++) {
        house h;
        build(&h);
        seal_both(&h);
        lockstep_session *session = first_visit(&h);
        later(&h, 60000);
        h.ws.later_ms += off_ms[i]; /* the flight takes long, or the clocks differ */
        assert_int_equal(say_hello(&h, session),
                         i == 1 || i == 2 ? LOCKSTEP_EARLY_ACCEPTED : LOCKSTEP_EARLY_REJECTED);
        lockstep_session_free(session);
        tear_down(&h);
    }
}

static void test_full(void **state) {
    (void)state;
    house h;
    world_init(&h.wc, 1);
    world_init(&h.ws, 2);
    build_server(&h, 3);
    build_client(&h);
    seal_both(&h);
    lockstep_session *sessions[6];
    later(&h, 2 * WINDOW_MS);
    for (int i = 0; i < 6; i++)
        sessions[i] = first_visit(&h);
    for (int i = 0; i < 5; i++)
        assert_int_equal(say_hello(&h, sessions[i]),
                         i < 3 ? LOCKSTEP_EARLY_ACCEPTED : LOCKSTEP_EARLY_REJECTED);
    later(&h, 2 * WINDOW_MS); /* and then there is room again */
    assert_int_equal(say_hello(&h, sessions[5]), LOCKSTEP_EARLY_ACCEPTED);
    assert_int_equal(say_hello(&h, sessions[0]), LOCKSTEP_EARLY_REJECTED);
    for (int i = 0; i < 6; i++)
        lockstep_session_free(sessions[i]);
    tear_down(&h);
}

static void test_retry(void **state) {
    (void)state;
    static const uint16_t groups[] = {LOCKSTEP_GROUP_X25519, LOCKSTEP_GROUP_SECP384R1};
    house h;
    build(&h);
    CHECK(lockstep_config_set_groups(h.client, groups, 2, 1));
    CHECK(lockstep_config_set_groups(h.server, groups + 1, 1, 0));
    seal_both(&h);
    lockstep_session *session = first_visit(&h);
    pair p = {0};
    pair_resume(&p, h.client, h.server, "server.test", session);
    say(p.client, "hello");
    pair_run(&p);
    assert_true((lockstep_state_of(p.server) & LOCKSTEP_SECURE) != 0);
    assert_int_equal(outcome(p.client), LOCKSTEP_EARLY_REJECTED);
    assert_text(&p.got_early, "");
    pair_send(&p, true, 10);
    leave(&h, &p, session);
}

/* The protocol of before is not the one that is chosen now. */
static void test_other_protocol(void **state) {
    (void)state;
    static const char *const other[] = {"h2", "http/1.1"};
    house h;
    build(&h);
    seal_both(&h);
    lockstep_session *session = first_visit(&h);
    house h2;
    build(&h2);
    lockstep_config_free(h2.client);
    h2.client = client_config(&h2.wc);
    CHECK(lockstep_config_offer_early_data(h2.client));
    CHECK(lockstep_config_set_alpn(h2.client, other, 2));
    CHECK(lockstep_config_set_alpn(h2.server, other, 2));
    seal_both(&h2);
    assert_int_equal(say_hello(&h2, session), LOCKSTEP_EARLY_REJECTED);
    tear_down(&h2);
    lockstep_session_free(session);
    tear_down(&h);
}

/* ---- Replays --------------------------------------------------------------------------------- */

/* record_flight lets a client speak to nobody and keeps what it said. */
static lk_buffer record_flight(house *h, const lockstep_session *session) {
    lockstep_conn *client;
    const uint8_t *out;
    lk_buffer flight = lk_buffer_of(&lk_heap_default, 0);
    CHECK(lockstep_client_resume(&client, h->client, "server.test", session));
    say(client, "pay 100 to Mallory");
    size_t n = lockstep_wire_out(client, &out);
    assert_true(lk_buffer_append(&flight, lk_slice_of(out, n)));
    lockstep_conn_free(client);
    return flight;
}

/* send_flight gives the bytes to a server and returns how many of 0-RTT data come out. */
static size_t send_flight(house *h, const lk_buffer *flight) {
    lockstep_conn *server;
    const uint8_t *out;
    size_t used;
    CHECK(lockstep_server_new(&server, h->server));
    CHECK(lockstep_wire_in(server, &used, lk_buffer_bytes(flight), lk_buffer_length(flight)));
    size_t n = lockstep_early_out(server, &out);
    assert_true(lockstep_wire_out(server, &out) > 100); /* it answers in any case */
    bool accepted = outcome(server) == LOCKSTEP_EARLY_ACCEPTED;
    assert_int_equal(accepted, n > 0);
    assert_int_equal((lockstep_state_of(server) & LOCKSTEP_APP_IN) != 0, accepted);
    lockstep_conn_free(server);
    return n;
}

static void test_replayed(void **state) {
    (void)state;
    house h;
    build(&h);
    seal_both(&h);
    lockstep_session *session = first_visit(&h);
    lk_buffer flight = record_flight(&h, session);
    assert_int_equal(send_flight(&h, &flight), 18);
    for (int i = 0; i < 100; i++) {
        assert_int_equal(send_flight(&h, &flight), 0);
        later(&h, 997); /* until long after the window */
    }
    /* After a restart the server has the same ticket keys and an empty register: it takes nothing
     * that could have been used before. */
    for (int64_t wait_ms = 0; wait_ms < 3 * WINDOW_MS; wait_ms += 500) {
        lk_buffer_free(&flight);
        lockstep_session_free(session);
        session = first_visit(&h);
        flight = record_flight(&h, session);
        assert_int_equal(send_flight(&h, &flight), 18);
        house old = h;
        build_server(&h, 100);
        seal(h.server);
        later(&h, wait_ms);
        assert_int_equal(send_flight(&h, &flight), 0);
        free_server(&old);
        later(&h, 2 * WINDOW_MS);
    }
    lk_buffer_free(&flight);
    lockstep_session_free(session);
    tear_down(&h);
}

/* A flight that was held back and never arrived is refused too when it comes too late. */
static void test_held_back(void **state) {
    (void)state;
    house h;
    build(&h);
    seal_both(&h);
    lockstep_session *session = first_visit(&h);
    lk_buffer flight = record_flight(&h, session);
    later(&h, WINDOW_MS + 1);
    assert_int_equal(send_flight(&h, &flight), 0);
    lk_buffer_free(&flight);
    lockstep_session_free(session);
    tear_down(&h);
}

/* ---- Settings -------------------------------------------------------------------------------- */

static void test_settings(void **state) {
    (void)state;
    world w;
    lockstep_strikes *strikes;
    lockstep_config *cfg;
    world_init(&w, 1);
    assert_int_equal(lockstep_strikes_new(&strikes, &w.env, 0, 1000), LOCKSTEP_ERR_USAGE);
    assert_int_equal(lockstep_strikes_new(&strikes, &w.env, 1, 999), LOCKSTEP_ERR_USAGE);
    assert_int_equal(lockstep_strikes_new(&strikes, &w.env, 1, 60001), LOCKSTEP_ERR_USAGE);
    CHECK(lockstep_strikes_new(&strikes, &w.env, 1, 1000));
    cfg = server_config(&w, PKI_P256);
    assert_int_equal(lockstep_config_accept_early_data(cfg, strikes, 0), LOCKSTEP_ERR_USAGE);
    assert_int_equal(lockstep_config_accept_early_data(cfg, strikes, 65537), LOCKSTEP_ERR_USAGE);
    CHECK(lockstep_config_accept_early_data(cfg, strikes, 65536));
    assert_int_equal(lockstep_config_seal(cfg), LOCKSTEP_ERR_USAGE); /* without tickets */
    lockstep_config_free(cfg);
    lockstep_strikes_free(strikes);
    assert_int_equal(w.live, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_accepted),
        cmocka_unit_test(test_while_a_job_is_out),
        cmocka_unit_test(test_answered_at_once),
        cmocka_unit_test(test_answered_all_along),
        cmocka_unit_test(test_answer_pauses),
        cmocka_unit_test(test_left_alone),
        cmocka_unit_test(test_limit),
        cmocka_unit_test(test_used_twice),
        cmocka_unit_test(test_wrong_age),
        cmocka_unit_test(test_full),
        cmocka_unit_test(test_retry),
        cmocka_unit_test(test_other_protocol),
        cmocka_unit_test(test_replayed),
        cmocka_unit_test(test_held_back),
        cmocka_unit_test(test_settings),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
