/*
 * flip_test.c - somebody on the path changes one bit: of every byte of every record, in both
 * directions, of whole handshakes. Never do both sides end up secure with different views; the side
 * that notices says so by a status of its own, and nothing breaks.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "support/ech_kit.h"
#include "support/pair.h"

typedef struct flow {
    const char *name;
    bool retry, client_auth, ech;
    bool early;    /* a session, and 0-RTT data with it */
    bool external; /* an external key */
} flow;

#define WINDOW_MS 1000
static const char early_data[] = "at once";

typedef struct run {
    const flow *flow;
    lockstep_config *client, *server;
    bool from_client; /* the direction in which one bit is turned */
    size_t at;        /* its byte, counted from the first of that direction */
    uint8_t mask;     /* 0: none */
    lk_buffer wire[2];
    size_t sent[2]; /* bytes so far: [0] by the client */
    bool done;      /* the bit was turned */
    lockstep_tickets *tickets;
    lockstep_strikes *strikes;
    lockstep_session *session;
    size_t clear[2];  /* bytes before the first protected record */
    bool counted;     /* they are known */
    size_t num_early; /* bytes of 0-RTT data that came out */
} run;

/* count_clear takes what one side sends at a time, whole records, in a run that nobody meddles
 * with.
 */
static void count_clear(run *x, int side, lk_slice bytes) {
    if (x->counted || x->clear[side] < x->sent[side])
        return; /* a protected record went before */
    while (bytes.p_len >= 5 && bytes.p[0] != 23) {
        size_t n = 5 + ((size_t)bytes.p[3] << 8 | bytes.p[4]);
        x->clear[side] += n;
        bytes = lk_slice_of(bytes.p + n, bytes.p_len - n);
    }
}

static void take_out(run *x, lockstep_conn *conn, int side) {
    const uint8_t *bytes;
    size_t n = lockstep_wire_out(conn, &bytes);
    if (n == 0)
        return;
    size_t before = lk_buffer_length(&x->wire[side]);
    assert_true(lk_buffer_append(&x->wire[side], lk_slice_of(bytes, n)));
    if (x->mask != 0 && (side == 0) == x->from_client && x->at >= x->sent[side] &&
        x->at < x->sent[side] + n) {
        lk_buffer_bytes(&x->wire[side])[before + x->at - x->sent[side]] ^= x->mask;
        x->done = true;
    }
    count_clear(x, side, lk_slice_of(bytes, n));
    x->sent[side] += n;
    lockstep_wire_sent(conn, n);
}

static bool put_in(run *x, lockstep_conn *conn, int side) {
    size_t used = 0, n = lk_buffer_length(&x->wire[side]);
    const uint8_t *data;
    if (n == 0)
        return false;
    lockstep_status status = lockstep_wire_in(conn, &used, lk_buffer_bytes(&x->wire[side]), n);
    lk_buffer_take(&x->wire[side], status == LOCKSTEP_OK ? used : n);
    lockstep_app_taken(conn, lockstep_app_out(conn, &data));
    n = lockstep_early_out(conn, &data);
    if (n > 0 && memcmp(data, early_data, sizeof early_data) != 0)
        fail_msg("%s: other 0-RTT data", x->flow->name);
    x->num_early += n;
    lockstep_early_taken(conn, n);
    return true;
}

static bool secure(const lockstep_conn *conn) {
    return (lockstep_state_of(conn) & LOCKSTEP_SECURE) != 0;
}

static bool failed(const lockstep_conn *conn) {
    return lockstep_failure_of(conn) != NULL;
}

static void move(run *x, lockstep_conn *client, lockstep_conn *server) {
    for (bool moved = true; moved;) {
        take_out(x, client, 0);
        take_out(x, server, 1);
        moved = put_in(x, server, 0);
        moved = put_in(x, client, 1) || moved;
    }
}

/* views_differ compares what the two sides believe. */
static bool views_differ(const lockstep_conn *client, const lockstep_conn *server,
                         const char *client_keys, const char *server_keys) {
    lockstep_info c, s;
    lockstep_info_of(client, &c);
    lockstep_info_of(server, &s);
    bool certificates = !c.resumed && !s.resumed;
    return c.resumed != s.resumed || c.early_data != s.early_data || c.version != s.version ||
           c.suite != s.suite || c.group != s.group || c.retried != s.retried || c.ech != s.ech ||
           (certificates && (c.peer_scheme != s.own_scheme || c.own_scheme != s.peer_scheme)) ||
           strcmp(client_keys, server_keys) != 0;
}

/* play plays one handshake, then a byte of data each way and close_notify; returns whether anybody
 * noticed. */
static bool play(run *x, world *wc, world *ws) {
    lockstep_conn *client, *server;
    const lockstep_failure *f;
    size_t used;
    wc->seed = 1;
    ws->seed = 2;
    wc->keylog[0] = ws->keylog[0] = '\0';
    x->sent[0] = x->sent[1] = 0;
    x->done = false;
    x->num_early = 0;
    wc->later_ms = ws->later_ms += 4 * WINDOW_MS; /* the register forgets, the ticket stays good */
    assert_int_equal(lockstep_client_resume(&client, x->client, "server.test", x->session),
                     LOCKSTEP_OK);
    assert_int_equal(lockstep_server_new(&server, x->server), LOCKSTEP_OK);
    if (x->session != NULL)
        assert_int_equal(
            lockstep_early_in(client, &used, (const uint8_t *)early_data, sizeof early_data),
            LOCKSTEP_OK);
    move(x, client, server);
    if (secure(client) && secure(server) && !failed(client) && !failed(server)) {
        assert_int_equal(lockstep_app_in(client, &used, (const uint8_t *)"?", 1), LOCKSTEP_OK);
        assert_int_equal(lockstep_app_in(server, &used, (const uint8_t *)"!", 1), LOCKSTEP_OK);
        move(x, client, server);
        if (!failed(client) && !failed(server)) {
            assert_int_equal(lockstep_close(client), LOCKSTEP_OK);
            assert_int_equal(lockstep_close(server), LOCKSTEP_OK);
            move(x, client, server);
        }
    }
    /* The end of the stream, for whoever waits for more. */
    if (lockstep_wire_eof(client) != LOCKSTEP_OK || lockstep_wire_eof(server) != LOCKSTEP_OK)
        assert_true(failed(client) || failed(server));
    bool noticed = failed(client) || failed(server);
    if (secure(client) && secure(server) && views_differ(client, server, wc->keylog, ws->keylog))
        fail_msg("%s: byte %zu of the %s, mask %02x: both are secure and differ", x->flow->name,
                 x->at, x->from_client ? "client" : "server", x->mask);
    if (secure(client) && secure(server))
        assert_int_equal(x->num_early, x->session != NULL ? sizeof early_data : 0);
    for (int i = 0; i < 2; i++)
        if ((f = lockstep_failure_of(i == 0 ? client : server)) != NULL) {
            assert_string_not_equal(lockstep_status_name(f->status), "UNKNOWN");
            assert_true(f->status != LOCKSTEP_ERR_USAGE && f->status != LOCKSTEP_ERR_CRYPTO &&
                        f->status != LOCKSTEP_ERR_NO_MEMORY && f->status != LOCKSTEP_ERR_LIMIT);
            assert_true(f->rule[0] != '\0');
        }
    /* Where anybody failed, somebody did by what it saw itself, and not by an alert alone. */
    if (noticed) {
        bool own = false;
        for (int i = 0; i < 2; i++) {
            f = lockstep_failure_of(i == 0 ? client : server);
            own = own || (f != NULL && f->status < LOCKSTEP_ALERT_FROM_PEER);
        }
        assert_true(own);
    }
    lockstep_conn_free(client);
    lockstep_conn_free(server);
    lk_buffer_free(&x->wire[0]);
    lk_buffer_free(&x->wire[1]);
    return noticed;
}

static void prepare_early(run *x, world *ws) {
    assert_int_equal(lockstep_tickets_new(&x->tickets, &ws->env, 604800), LOCKSTEP_OK);
    assert_int_equal(lockstep_strikes_new(&x->strikes, &ws->env, 10, WINDOW_MS), LOCKSTEP_OK);
    assert_int_equal(lockstep_config_set_tickets(x->server, x->tickets, 1), LOCKSTEP_OK);
    assert_int_equal(lockstep_config_accept_early_data(x->server, x->strikes, 1000), LOCKSTEP_OK);
    assert_int_equal(lockstep_config_keep_sessions(x->client), LOCKSTEP_OK);
    assert_int_equal(lockstep_config_offer_early_data(x->client), LOCKSTEP_OK);
}

static void first_visit(run *x) {
    pair p = {0};
    assert_true(pair_handshake(&p, x->client, x->server));
    x->session = lockstep_take_session(p.client);
    assert_non_null(x->session);
    pair_close(&p);
}

static void build(run *x, const flow *f, world *wc, world *ws) {
    const pki *k = pki_get();
    static const uint16_t groups[] = {LOCKSTEP_GROUP_SECP256R1, LOCKSTEP_GROUP_X25519};
    world_init(wc, 1);
    world_init(ws, 2);
    *x = (run){.flow = f,
               .client = client_config(wc),
               .server = server_config(ws, PKI_ED25519),
               .wire = {lk_buffer_of(&lk_heap_default, 0), lk_buffer_of(&lk_heap_default, 0)}};
    assert_int_equal(lockstep_config_set_groups(x->client, groups + !f->retry, f->retry ? 2 : 1, 1),
                     LOCKSTEP_OK);
    assert_int_equal(lockstep_config_set_groups(x->server, groups + 1, 1, 0), LOCKSTEP_OK);
    if (f->client_auth) {
        lockstep_trust *trust = pki_trust();
        assert_int_equal(lockstep_config_set_trust(x->server, trust), LOCKSTEP_OK);
        lockstep_trust_free(trust);
        assert_int_equal(lockstep_config_set_client_auth(x->server, LOCKSTEP_CLIENT_AUTH_REQUIRE),
                         LOCKSTEP_OK);
        assert_int_equal(lockstep_config_add_identity(
                             x->client, k->chain[PKI_CLIENT].p, k->chain[PKI_CLIENT].p_len,
                             k->key[PKI_CLIENT].p, k->key[PKI_CLIENT].p_len),
                         LOCKSTEP_OK);
    }
    if (f->ech) {
        ech_key key;
        ech_make(&key, LK_HPKE_KEM_X25519, 0);
        assert_int_equal(lockstep_config_set_ech(x->client, key.list, key.list_len), LOCKSTEP_OK);
        assert_int_equal(lockstep_config_add_ech_key(x->server, key.config, key.config_len,
                                                     key.private_key, sizeof key.private_key, true),
                         LOCKSTEP_OK);
    }
    if (f->external) {
        const lockstep_slice key = {(const uint8_t *)"thirty-two bytes of a secret key", 32};
        assert_int_equal(lockstep_config_add_psk(x->client, key, key, key), LOCKSTEP_OK);
        assert_int_equal(lockstep_config_add_psk(x->server, key, key, key), LOCKSTEP_OK);
    }
    if (f->early)
        prepare_early(x, ws);
    seal(x->client);
    seal(x->server);
    if (f->early)
        first_visit(x);
}

static void flip_all(const flow *f) {
    world wc, ws;
    run x;
    build(&x, f, &wc, &ws);
    assert_false(play(&x, &wc, &ws));
    size_t total[2] = {x.sent[0], x.sent[1]}, runs = 0, unnoticed = 0;
    x.counted = true;
    for (int side = 0; side < 2; side++) {
        x.from_client = side == 0;
        for (x.at = 0; x.at < total[side]; x.at++)
            for (unsigned bit = 0; bit < 8; bit++) {
                /* Where plaintext records are, every bit counts; behind the keys any change is as
                 * good as another. */
                if (x.at >= x.clear[side] && bit != x.at % 8)
                    continue;
                x.mask = (uint8_t)(1u << bit);
                bool noticed = play(&x, &wc, &ws);
                /* ECDSA signatures differ in length, so this run may have been too short. */
                runs += x.done;
                unnoticed += x.done && !noticed;
            }
    }
    print_message("%s: %zu bits, %zu without effect\n", f->name, runs, unnoticed);
    /* Only legacy_record_version of records in the clear is of no effect: "MUST be ignored for all
     * purposes" (RFC 8446 §5.1). Each such record has 16 bits of it. */
    size_t clear_records = (f->retry ? 2u : 1u) * 2 + 2;
    assert_int_equal(unnoticed, 16 * clear_records);
    lockstep_config_free(x.client);
    lockstep_config_free(x.server);
    lockstep_session_free(x.session);
    lockstep_tickets_free(x.tickets);
    lockstep_strikes_free(x.strikes);
    assert_int_equal(wc.live, 0);
    assert_int_equal(ws.live, 0);
}

static void test_plain(void **state) {
    (void)state;
    flip_all(&(flow){.name = "handshake"});
}

static void test_retry(void **state) {
    (void)state;
    flip_all(&(flow){.name = "handshake with HelloRetryRequest", .retry = true});
}

static void test_client_auth(void **state) {
    (void)state;
    flip_all(&(flow){.name = "handshake with client authentication", .client_auth = true});
}

static void test_early_data(void **state) {
    (void)state;
    flip_all(&(flow){.name = "resumed handshake with 0-RTT data", .early = true});
}

static void test_external(void **state) {
    (void)state;
    flip_all(&(flow){.name = "handshake with an external key", .external = true});
    flip_all(&(flow){.name = "the same with HelloRetryRequest", .external = true, .retry = true});
}

static void test_ech(void **state) {
    (void)state;
    flip_all(
        &(flow){.name = "encrypted ClientHello, HelloRetryRequest", .retry = true, .ech = true});
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plain),       cmocka_unit_test(test_retry),
        cmocka_unit_test(test_client_auth), cmocka_unit_test(test_early_data),
        cmocka_unit_test(test_external),    cmocka_unit_test(test_ech),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
