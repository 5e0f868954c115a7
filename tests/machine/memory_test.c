/*
 * memory_test.c - every allocation fails once, and every draw of random bytes: over whole
 * handshakes of both sides, with data, key updates and the end. What comes of it is success or a
 * clean failure, and all memory is given back, wiped.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include <lockstep/session.h>

#include "support/ech_kit.h"
#include "support/pair.h"

typedef struct flow {
    const char *name;
    bool retry, client_auth, alpn, hybrid, ech;
    bool tls12, rsa;        /* TLS 1.2, with RSA key transport */
    bool tickets;           /* given, and kept */
    bool resumed, external; /* with a session, or with an external key */
    bool early;             /* and 0-RTT data */
} flow;

typedef struct run {
    world wc, ws;
    lockstep_config *client, *server;
    long live_client, live_server; /* what the configs hold */
    lockstep_conn *conns[2];       /* client, server */
    lockstep_status made[2];       /* by lockstep_client_new and lockstep_server_new */
    bool complete;
    const flow *flow;
    lockstep_tickets *tickets;
    lockstep_strikes *strikes;
    lockstep_session *session; /* in memory that does not count */
} run;

#define WINDOW_MS 1000

/* ---- Random bytes that run out ----------------------------------------------------------------
 */

static bool (*real_random)(void *arg, uint8_t *out, size_t out_len);
static long draws_left = -1; /* -1: no end */
static long draws;

static bool counted_random(void *arg, uint8_t *out, size_t out_len) {
    draws++;
    return draws_left-- != 0 && real_random(arg, out, out_len);
}

/* ---- One flow ---------------------------------------------------------------------------------
 */

static void step(lockstep_conn *from, lockstep_conn *to, bool *moved) {
    const uint8_t *bytes;
    size_t used = 0, n = lockstep_wire_out(from, &bytes);
    if (n == 0)
        return;
    *moved = true;
    lockstep_status status = lockstep_wire_in(to, &used, bytes, n);
    lockstep_wire_sent(from, status == LOCKSTEP_OK && used > 0 ? used : n);
    lockstep_app_taken(to, lockstep_app_out(to, &bytes));
    lockstep_early_taken(to, lockstep_early_out(to, &bytes));
}

static void move(const run *x) {
    for (bool moved = true; moved;) {
        moved = false;
        step(x->conns[0], x->conns[1], &moved);
        step(x->conns[1], x->conns[0], &moved);
    }
}

static bool both_well(const run *x) {
    return lockstep_failure_of(x->conns[0]) == NULL && lockstep_failure_of(x->conns[1]) == NULL;
}

/* talk does all that a connection can do; it stops where something fails. */
static void talk(run *x) {
    static const uint8_t data[40000] = "data";
    size_t used;
    move(x);
    for (int i = 0; i < 2 && both_well(x); i++) {
        if (lockstep_app_in(x->conns[i], &used, data, sizeof data) != LOCKSTEP_OK)
            return;
        move(x);
        if (!both_well(x) ||
            (!x->flow->tls12 && lockstep_update_keys(x->conns[i], true) != LOCKSTEP_OK))
            return;
        move(x);
    }
    for (int i = 0; i < 2 && both_well(x); i++)
        if (lockstep_close(x->conns[i]) != LOCKSTEP_OK)
            return;
    move(x);
    x->complete = both_well(x) && (lockstep_state_of(x->conns[0]) & LOCKSTEP_CLOSED) != 0 &&
                  (lockstep_state_of(x->conns[1]) & LOCKSTEP_CLOSED) != 0;
}

static const lockstep_slice external_key = {(const uint8_t *)"thirty-two bytes of a secret key",
                                            32};

/* prepare sets up tickets and external keys. */
static void prepare(run *x, const flow *f) {
    if (f->external) {
        const lockstep_slice none = {NULL, 0};
        assert_int_equal(lockstep_config_add_psk(x->client, external_key, external_key, none),
                         LOCKSTEP_OK);
        assert_int_equal(lockstep_config_add_psk(x->server, external_key, external_key, none),
                         LOCKSTEP_OK);
    }
    if (!f->tickets)
        return;
    assert_int_equal(lockstep_tickets_new(&x->tickets, &x->ws.env, 604800), LOCKSTEP_OK);
    assert_int_equal(lockstep_strikes_new(&x->strikes, &x->ws.env, 10, WINDOW_MS), LOCKSTEP_OK);
    assert_int_equal(lockstep_config_set_tickets(x->server, x->tickets, 2), LOCKSTEP_OK);
    assert_int_equal(lockstep_config_accept_early_data(x->server, x->strikes, 1000), LOCKSTEP_OK);
    assert_int_equal(lockstep_config_keep_sessions(x->client), LOCKSTEP_OK);
    if (f->early)
        assert_int_equal(lockstep_config_offer_early_data(x->client), LOCKSTEP_OK);
}

/* first_visit gets the session that all others offer. */
static void first_visit(run *x) {
    pair p = {0};
    const uint8_t *bytes;
    assert_true(pair_handshake(&p, x->client, x->server));
    lockstep_session *session = lockstep_take_session(p.client);
    size_t n = lockstep_session_bytes(session, &bytes);
    assert_int_equal(lockstep_session_from_bytes(&x->session, NULL, bytes, n), LOCKSTEP_OK);
    lockstep_session_free(session);
    pair_close(&p);
}

static void build_tls12(run *x, const flow *f) {
    static const uint16_t rsa = LOCKSTEP_SUITE_RSA_AES_128_GCM_SHA256;
    assert_int_equal(lockstep_config_set_versions(x->client, LOCKSTEP_TLS12, LOCKSTEP_TLS12),
                     LOCKSTEP_OK);
    if (f->rsa) {
        assert_int_equal(lockstep_config_danger_rsa_key_exchange(x->client), LOCKSTEP_OK);
        assert_int_equal(lockstep_config_danger_rsa_key_exchange(x->server), LOCKSTEP_OK);
        assert_int_equal(lockstep_config_set_suites(x->client, &rsa, 1), LOCKSTEP_OK);
    }
}

static void build(run *x, const flow *f) {
    const pki *k = pki_get();
    static const char *const alpn[] = {"http/1.1"};
    static const uint16_t groups[] = {LOCKSTEP_GROUP_SECP256R1, LOCKSTEP_GROUP_X25519};
    memset(x, 0, sizeof *x);
    world_init(&x->wc, 1);
    world_init(&x->ws, 2);
    real_random = x->wc.env.random;
    x->wc.env.random = x->ws.env.random = counted_random;
    x->client = client_config(&x->wc);
    x->server = server_config(&x->ws, f->rsa ? PKI_RSA : PKI_ED25519);
    if (!f->hybrid) {
        assert_int_equal(
            lockstep_config_set_groups(x->client, groups + !f->retry, f->retry ? 2 : 1, 1),
            LOCKSTEP_OK);
        assert_int_equal(lockstep_config_set_groups(x->server, groups + 1, 1, 0), LOCKSTEP_OK);
    }
    if (f->alpn) {
        assert_int_equal(lockstep_config_set_alpn(x->client, alpn, 1), LOCKSTEP_OK);
        assert_int_equal(lockstep_config_set_alpn(x->server, alpn, 1), LOCKSTEP_OK);
    }
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
    prepare(x, f);
    if (f->tls12)
        build_tls12(x, f);
    x->flow = f;
    seal(x->client);
    seal(x->server);
    if (f->resumed)
        first_visit(x);
    x->live_client = x->wc.live;
    x->live_server = x->ws.live;
}

static void demolish(run *x) {
    lockstep_config_free(x->client);
    lockstep_config_free(x->server);
    lockstep_tickets_free(x->tickets);
    lockstep_strikes_free(x->strikes);
    lockstep_session_free(x->session);
    assert_int_equal(x->wc.live, 0);
    assert_int_equal(x->ws.live, 0);
}

/* play plays the flow once; the connections are still there afterwards. */
static void play(run *x) {
    lockstep_info info;
    size_t used;
    x->complete = false;
    x->conns[0] = x->conns[1] = NULL;
    x->wc.seed = 1;
    x->ws.seed = 2;
    x->wc.keylog[0] = x->ws.keylog[0] = '\0';
    x->made[1] = lockstep_server_new(&x->conns[1], x->server);
    /* The register forgets the ticket, which is good for a week. */
    x->wc.later_ms += 4 * WINDOW_MS;
    x->ws.later_ms += 4 * WINDOW_MS;
    x->made[0] = lockstep_client_resume(&x->conns[0], x->client, "server.test", x->session);
    if (x->made[0] != LOCKSTEP_OK || x->made[1] != LOCKSTEP_OK)
        return;
    if (x->flow->early &&
        lockstep_early_in(x->conns[0], &used, (const uint8_t *)"at once", 7) != LOCKSTEP_OK)
        return; /* its memory was the one that failed */
    talk(x);
    if (!x->complete)
        return;
    lockstep_info_of(x->conns[0], &info);
    assert_int_equal(info.resumed, x->flow->resumed || x->flow->external);
    assert_int_equal(info.early_data,
                     x->flow->early ? LOCKSTEP_EARLY_ACCEPTED : LOCKSTEP_EARLY_NONE);
}

static void end(run *x) {
    lockstep_conn_free(x->conns[0]);
    lockstep_conn_free(x->conns[1]);
    assert_int_equal(x->wc.live, x->live_client);
    assert_int_equal(x->ws.live, x->live_server);
}

/* check says that the side on which something failed failed for that reason and no other. */
static void check(const run *x, int side, lockstep_status status, const char *what, long n) {
    const lockstep_failure *f = lockstep_failure_of(x->conns[side]);
    if (x->complete)
        return;
    if (x->made[side] != LOCKSTEP_OK) {
        assert_int_equal(x->made[side], status);
        assert_null(x->conns[side]);
        return;
    }
    if (f == NULL || f->status != status || f->rule[0] == '\0')
        fail_msg("%s: %ld on the %s: %s (%s)", what, n, side == 0 ? "client" : "server",
                 f == NULL ? "nothing" : lockstep_status_name(f->status),
                 f == NULL ? "" : f->detail);
    assert_int_equal(f->alert, LOCKSTEP_ALERT_INTERNAL_ERROR);
    /* The other side was told, if there was memory for the alert, or will see the end. */
    f = lockstep_failure_of(x->conns[1 - side]);
    assert_true(f == NULL || f->status == (lockstep_status)(LOCKSTEP_ALERT_FROM_PEER +
                                                            LOCKSTEP_ALERT_INTERNAL_ERROR));
}

static void exhaust_memory(const flow *f) {
    run x;
    build(&x, f);
    for (int side = 0; side < 2; side++) {
        world *w = side == 0 ? &x.wc : &x.ws;
        long before = w->allocs, n = 0, survived = 0;
        play(&x);
        assert_true(x.complete);
        long all = w->allocs - before;
        end(&x);
        for (n = 1; n <= all; n++) {
            w->fail_alloc_at = w->allocs + n;
            play(&x);
            check(&x, side, LOCKSTEP_ERR_NO_MEMORY, f->name, n);
            survived += x.complete;
            w->fail_alloc_at = 0;
            end(&x);
        }
        print_message("%s, %s: %ld allocations, %ld of no consequence\n", f->name,
                      side == 0 ? "client" : "server", all, survived);
        assert_true(all > 10);
    }
    demolish(&x);
}

static void exhaust_random(const flow *f) {
    run x;
    build(&x, f);
    draws_left = -1;
    for (int i = 0; i < 2; i++) { /* a key for tickets is drawn only once */
        draws = 0;
        play(&x);
        assert_true(x.complete);
        end(&x);
    }
    long all = draws;
    for (long n = 0; n < all; n++) {
        draws_left = n;
        play(&x);
        assert_false(x.complete);
        /* Which side it was is seen by who says so. */
        const lockstep_failure *c = lockstep_failure_of(x.conns[0]);
        int side =
            x.made[0] != LOCKSTEP_OK || (c != NULL && c->status == LOCKSTEP_ERR_NO_RANDOM) ? 0 : 1;
        check(&x, side, LOCKSTEP_ERR_NO_RANDOM, f->name, n);
        draws_left = -1;
        end(&x);
    }
    print_message("%s: %ld draws\n", f->name, all);
    assert_true(all >= 5);
    demolish(&x);
}

static const flow flows[] = {
    {.name = "handshake"},
    {.name = "HelloRetryRequest", .retry = true, .alpn = true},
    {.name = "client authentication", .client_auth = true},
    {.name = "hybrid group", .hybrid = true},
    {.name = "tickets", .tickets = true},
    {.name = "tickets for a client's certificate", .tickets = true, .client_auth = true},
    {.name = "resumption", .tickets = true, .resumed = true},
    {.name = "resumption and a retry", .tickets = true, .resumed = true, .retry = true},
    {.name = "resumption of a client's certificate",
     .tickets = true,
     .resumed = true,
     .client_auth = true},
    {.name = "0-RTT", .tickets = true, .resumed = true, .early = true, .alpn = true},
    {.name = "external key", .external = true},
    {.name = "external key and a retry", .external = true, .retry = true},
    {.name = "TLS 1.2", .tls12 = true, .alpn = true},
    {.name = "TLS 1.2, client authentication", .tls12 = true, .client_auth = true},
    {.name = "TLS 1.2, RSA key transport", .tls12 = true, .rsa = true},
    {.name = "TLS 1.2, resumed", .tls12 = true, .tickets = true, .resumed = true},
    {.name = "TLS 1.2, resumed, client authentication",
     .tls12 = true,
     .tickets = true,
     .resumed = true,
     .client_auth = true},
    {.name = "encrypted ClientHello", .ech = true},
    {.name = "encrypted ClientHello, HelloRetryRequest", .ech = true, .retry = true},
    {.name = "encrypted ClientHello, a session and 0-RTT",
     .ech = true,
     .tickets = true,
     .resumed = true,
     .early = true,
     .alpn = true},
};

static void test_memory(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof flows / sizeof *flows; i++)
        exhaust_memory(&flows[i]);
}

static void test_random(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof flows / sizeof *flows; i++)
        exhaust_random(&flows[i]);
}

/* ---- Configs ----------------------------------------------------------------------------------
 */

static lockstep_status make_config(world *w) {
    static const char *const alpn[] = {"h2", "http/1.1"};
    const pki *k = pki_get();
    lockstep_config *cfg;
    lockstep_status status = lockstep_config_new(&cfg, &w->env);
    if (status != LOCKSTEP_OK) {
        assert_null(cfg);
        return status;
    }
    for (int i = PKI_P256; status == LOCKSTEP_OK && i <= PKI_RSA; i++)
        status = lockstep_config_add_identity(cfg, k->chain[i].p, k->chain[i].p_len, k->key[i].p,
                                              k->key[i].p_len);
    for (int i = 0; status == LOCKSTEP_OK && i < 2; i++) /* the second replaces the first */
        status = lockstep_config_set_alpn(cfg, alpn + i, (size_t)(2 - i));
    ech_key key;
    ech_make(&key, LK_HPKE_KEM_P256, 0);
    for (int i = 0; status == LOCKSTEP_OK && i < 2; i++) {
        status = lockstep_config_set_ech(cfg, key.list, key.list_len);
        if (status == LOCKSTEP_OK)
            status = lockstep_config_add_ech_key(cfg, key.config, key.config_len, key.private_key,
                                                 sizeof key.private_key, true);
    }
    lockstep_config_free(cfg);
    return status;
}

static lockstep_status make_trust(world *w) {
    const pki *k = pki_get();
    lockstep_trust *trust;
    lockstep_status status = lockstep_trust_new(&trust, &w->env);
    if (status != LOCKSTEP_OK)
        return status;
    status = lockstep_trust_add(trust, NULL, NULL, k->root.p, k->root.p_len);
    lockstep_trust_free(trust);
    return status;
}

static lockstep_slice session_bytes;

static lockstep_status make_session(world *w) {
    lockstep_session *session;
    lockstep_status status =
        lockstep_session_from_bytes(&session, &w->env, session_bytes.p, session_bytes.p_len);
    assert_true((session != NULL) == (status == LOCKSTEP_OK));
    lockstep_session_free(session);
    return status;
}

static lockstep_status make_tickets(world *w) {
    lockstep_tickets *tickets;
    lockstep_strikes *strikes;
    lockstep_status status = lockstep_tickets_new(&tickets, &w->env, 3600);
    if (status != LOCKSTEP_OK)
        return status;
    status = lockstep_strikes_new(&strikes, &w->env, 100, WINDOW_MS);
    assert_true((strikes != NULL) == (status == LOCKSTEP_OK));
    lockstep_tickets_free(tickets);
    lockstep_strikes_free(strikes);
    return status;
}

static lockstep_status make_keys(world *w) {
    lockstep_config *cfg;
    lockstep_status status = lockstep_config_new(&cfg, &w->env);
    if (status != LOCKSTEP_OK)
        return status;
    for (int i = 0; i < 3 && status == LOCKSTEP_OK; i++)
        status = lockstep_config_add_psk(cfg, external_key, external_key, external_key);
    lockstep_config_free(cfg);
    return status;
}

static void exhaust_maker(lockstep_status (*make)(world *w)) {
    world w;
    world_init(&w, 1);
    assert_int_equal(make(&w), LOCKSTEP_OK);
    long all = w.allocs;
    assert_int_equal(w.live, 0);
    for (long n = 1; n <= all; n++) {
        w.fail_alloc_at = w.allocs + n;
        lockstep_status status = make(&w);
        if (status != LOCKSTEP_ERR_NO_MEMORY)
            fail_msg("allocation %ld of %ld: %s", n, all, lockstep_status_name(status));
        assert_int_equal(w.live, 0);
    }
}

static void test_config(void **state) {
    (void)state;
    exhaust_maker(make_config);
    exhaust_maker(make_trust);
    exhaust_maker(make_tickets);
    exhaust_maker(make_keys);
    run x;
    build(&x, &(flow){.tickets = true, .resumed = true, .alpn = true});
    session_bytes.p_len = lockstep_session_bytes(x.session, &session_bytes.p);
    exhaust_maker(make_session);
    demolish(&x);
}

/* ---- What was protected ---------------------------------------------------------------------- */

#define PLAIN "what only the two of them know. "
static long plain_seen;
static void (*real_release)(void *arg, void *ptr, size_t size);

static void watchful_release(void *arg, void *ptr, size_t size) {
    plain_seen += memmem(ptr, size, PLAIN, strlen(PLAIN)) != NULL;
    real_release(arg, ptr, size);
}

static void talk_in_plain(pair *p, bool from_client) {
    uint8_t data[3000];
    size_t used;
    for (size_t i = 0; i < sizeof data; i++)
        data[i] = (uint8_t)PLAIN[i % strlen(PLAIN)];
    assert_int_equal(lockstep_app_in(from_client ? p->client : p->server, &used, data, sizeof data),
                     LOCKSTEP_OK);
    pair_run(p);
    const lk_buffer *got = from_client ? &p->got_server : &p->got_client;
    assert_int_equal(lk_buffer_length(got), sizeof data);
}

/* Memory in which a record was opened is wiped, though it begins like any record: pair.c takes that
 * for something which everybody may see. */
static void test_plaintext(void **state) {
    (void)state;
    static const size_t chunks[] = {0, 1, 7, 1000};
    for (size_t i = 0; i < 8; i++) {
        world w;
        pair p = {.chunk = chunks[i / 2]};
        world_init(&w, 1);
        real_release = w.env.release;
        w.env.release = watchful_release;
        w.env.note = NULL; /* whoever watches is shown records as they came */
        plain_seen = 0;
        lockstep_config *client = client_config(&w), *server = server_config(&w, PKI_P256);
        seal(client);
        seal(server);
        pair_open(&p, client, server, "server.test");
        p.in_place = i % 2 == 1;
        pair_run(&p);
        talk_in_plain(&p, true);
        talk_in_plain(&p, false);
        assert_int_equal(p.num_in_place, p.in_place && p.chunk == 0 ? 2 : 0);
        pair_close(&p);
        lockstep_config_free(client);
        lockstep_config_free(server);
        assert_int_equal(plain_seen, 0);
        assert_int_equal(w.live, 0);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_memory),
        cmocka_unit_test(test_random),
        cmocka_unit_test(test_config),
        cmocka_unit_test(test_plaintext),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
