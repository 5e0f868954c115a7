/*
 * ech_resumption_test.c - Encrypted Client Hello together with sessions and 0-RTT data (RFC 9849
 * §6.1): the PSK is in the inner hello, random bytes are in the outer one, and a server that cannot
 * decrypt resumes nothing.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "conn/config.h"
#include "handshake/session.h"
#include "support/ech_kit.h"
#include "support/pair.h"

#define CHECK(expression) assert_int_equal(expression, LOCKSTEP_OK)

#define WINDOW_MS 10000
#define MAX_EARLY 1000

typedef struct house {
    world wc, ws;
    lockstep_config *client, *server, *stranger; /* the same server with another ECH key */
    lockstep_tickets *tickets;
    lockstep_strikes *strikes;
    lk_buffer sent; /* by the client, in its last connection */
} house;

static void on_note(void *arg, const lockstep_note *note) {
    if (note->kind == LOCKSTEP_NOTE_RECORD && note->outgoing)
        assert_true(lk_buffer_append(arg, note->bytes));
}

static lockstep_config *make_server(house *h, const ech_key *key) {
    static const uint16_t group = LOCKSTEP_GROUP_X25519;
    const pki *k = pki_get();
    lockstep_config *cfg = server_config(&h->ws, PKI_P256);
    CHECK(lockstep_config_add_identity(cfg, k->chain[PKI_OTHER_NAME].p,
                                       k->chain[PKI_OTHER_NAME].p_len, k->key[PKI_OTHER_NAME].p,
                                       k->key[PKI_OTHER_NAME].p_len));
    CHECK(lockstep_config_set_tickets(cfg, h->tickets, 1));
    CHECK(lockstep_config_accept_early_data(cfg, h->strikes, MAX_EARLY));
    CHECK(lockstep_config_set_groups(cfg, &group, 1, 0));
    CHECK(lockstep_config_add_ech_key(cfg, key->config, key->config_len, key->private_key,
                                      sizeof key->private_key, true));
    return cfg;
}

static void build(house *h, bool retry, bool gather) {
    static const uint16_t groups[] = {LOCKSTEP_GROUP_SECP256R1, LOCKSTEP_GROUP_X25519};
    ech_key key, other;
    memset(h, 0, sizeof *h);
    world_init(&h->wc, 1);
    world_init(&h->ws, 2);
    h->sent = lk_buffer_of(&lk_heap_default, 0);
    h->wc.on_note = on_note;
    h->wc.on_note_arg = &h->sent;
    ech_make(&key, LK_HPKE_KEM_X25519, 0);
    ech_make(&other, LK_HPKE_KEM_X25519, 1);
    CHECK(lockstep_tickets_new(&h->tickets, &h->ws.env, 3600));
    CHECK(lockstep_strikes_new(&h->strikes, &h->ws.env, 100, WINDOW_MS));
    h->server = make_server(h, &key);
    h->stranger = make_server(h, &other);
    h->client = client_config(&h->wc);
    CHECK(lockstep_config_keep_sessions(h->client));
    CHECK(lockstep_config_offer_early_data(h->client));
    CHECK(lockstep_config_set_groups(h->client, groups + !retry, retry ? 2 : 1, 1));
    CHECK(lockstep_config_set_ech(h->client, key.list, key.list_len));
    if (gather) {
        CHECK(lockstep_config_gather_jobs(h->client));
        CHECK(lockstep_config_gather_jobs(h->server));
        CHECK(lockstep_config_gather_jobs(h->stranger));
    }
    seal(h->client);
    seal(h->server);
    seal(h->stranger);
    h->wc.later_ms = h->ws.later_ms = 2 * WINDOW_MS; /* the register has been there long enough */
}

static void tear_down(house *h) {
    lockstep_config_free(h->client);
    lockstep_config_free(h->server);
    lockstep_config_free(h->stranger);
    lockstep_tickets_free(h->tickets);
    lockstep_strikes_free(h->strikes);
    lk_buffer_free(&h->sent);
    assert_int_equal(h->wc.live, 0);
    assert_int_equal(h->ws.live, 0);
}

static lockstep_session *first_visit(house *h) {
    pair p = {0};
    lockstep_info info;
    assert_true(pair_handshake(&p, h->client, h->server));
    lockstep_info_of(p.client, &info);
    assert_int_equal(info.ech, LOCKSTEP_ECH_STATE_ACCEPTED);
    lockstep_session *session = lockstep_take_session(p.client);
    assert_non_null(session);
    pair_close(&p);
    return session;
}

/* run_jobs lets the client get as far as it can alone. */
static void run_jobs(lockstep_conn *conn) {
    while ((lockstep_state_of(conn) & LOCKSTEP_HAS_JOB) != 0) {
        lockstep_job *job = lockstep_next_job(conn);
        if (job != NULL)
            lockstep_run_jobs(&job, 1);
        else
            CHECK(lockstep_resume(conn));
    }
}

/* return_to comes with the session and 0-RTT data. */
static void return_to(house *h, pair *p, const lockstep_config *server,
                      const lockstep_session *session) {
    size_t used;
    lk_buffer_cut(&h->sent, 0);
    pair_resume(p, h->client, server, "server.test", session);
    run_jobs(p->client);
    assert_true((lockstep_state_of(p->client) & LOCKSTEP_EARLY_IN) != 0);
    CHECK(lockstep_early_in(p->client, &used, (const uint8_t *)"early", 5));
    pair_run(p);
}

/* Nothing of the session is to be seen, and yet a pre_shared_key is. */
static void check_wire(const house *h, const lockstep_session *session) {
    lk_slice wire = lk_buffer_slice(&h->sent);
    lk_session s;
    assert_true(lk_session_parse(&s, lk_slice_of(session->bytes, session->num_bytes)));
    assert_true(s.ticket.p_len > 32);
    for (size_t i = 0; i + 16 <= s.ticket.p_len; i += 16)
        assert_null(memmem(wire.p, wire.p_len, s.ticket.p + i, 16));
    assert_null(memmem(wire.p, wire.p_len, "server.test", 11));
    uint8_t list[4] = {(uint8_t)((s.ticket.p_len + 6) >> 8), (uint8_t)(s.ticket.p_len + 6),
                       (uint8_t)(s.ticket.p_len >> 8), (uint8_t)s.ticket.p_len};
    assert_non_null(memmem(wire.p, wire.p_len, list, sizeof list)); /* as long as the real one */
}

static void test_accepted(void **state) {
    (void)state;
    for (int i = 0; i < 8; i++) {
        house h;
        pair p = {.chunk = i % 2 == 1 ? 1 : 0};
        bool retry = i / 2 % 2 == 1;
        lockstep_info c, s;
        build(&h, retry, i / 4 == 1);
        lockstep_session *session = first_visit(&h);
        return_to(&h, &p, h.server, session);
        const lockstep_failure *f = lockstep_failure_of(p.client);
        if ((lockstep_state_of(p.client) & LOCKSTEP_SECURE) == 0)
            fail_msg("%d: %s: %s", i, f ? lockstep_status_name(f->status) : "", f ? f->detail : "");
        lockstep_info_of(p.client, &c);
        lockstep_info_of(p.server, &s);
        assert_true(c.resumed && s.resumed);
        assert_int_equal(c.ech, LOCKSTEP_ECH_STATE_ACCEPTED);
        assert_int_equal(s.ech, LOCKSTEP_ECH_STATE_ACCEPTED);
        assert_int_equal(c.retried, retry);
        assert_int_equal(c.early_data, retry ? LOCKSTEP_EARLY_REJECTED : LOCKSTEP_EARLY_ACCEPTED);
        assert_int_equal(s.early_data, c.early_data);
        assert_int_equal(lk_buffer_length(&p.got_early), retry ? 0 : 5);
        pair_send(&p, true, 1000);
        pair_send(&p, false, 1000);
        check_wire(&h, session);
        lockstep_session *next = lockstep_take_session(p.client);
        assert_non_null(next);
        lockstep_session_free(next);
        pair_close(&p);
        lockstep_session_free(session);
        tear_down(&h);
    }
}

static void test_rejected(void **state) {
    (void)state;
    for (int i = 0; i < 8; i++) {
        house h;
        pair p = {.chunk = i % 2 == 1 ? 1 : 0};
        lockstep_info c, s;
        build(&h, i / 2 % 2 == 1, i / 4 == 1);
        lockstep_session *session = first_visit(&h);
        return_to(&h, &p, h.stranger, session);
        assert_non_null(lockstep_failure_of(p.client));
        assert_int_equal(lockstep_failure_of(p.client)->status, LOCKSTEP_ECH_REJECTED);
        lockstep_info_of(p.client, &c);
        lockstep_info_of(p.server, &s);
        assert_false(c.resumed || s.resumed);
        assert_true(c.ech_retry_configs.p_len > 0);
        assert_int_equal(c.early_data, LOCKSTEP_EARLY_REJECTED);
        assert_int_equal(lk_buffer_length(&p.got_early), 0);
        assert_null(lockstep_take_session(p.client)); /* it is nobody's that we wanted */
        check_wire(&h, session);
        pair_close(&p);
        lockstep_session_free(session);
        tear_down(&h);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_accepted),
        cmocka_unit_test(test_rejected),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
