/*
 * in_place_test.c - lockstep_wire_in_place against lockstep_wire_in: the same story, told by a
 * seed, is run twice. Once every byte is handed over alone and copied; once pieces of any length
 * lie in blocks of their own, which are given back as soon as lockstep.h allows that. Both must
 * say, send and end the same, whatever is flipped or cut off on the way.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "support/pair.h"

#define CHECK(expression) assert_int_equal(expression, LOCKSTEP_OK)

#define STEPS     12
#define PATTERN   0x5a /* of all application data, so that it is found where it must not be */
#define MAX_EARLY 3000

/* ---- Chance ---------------------------------------------------------------------------------- */

static uint32_t draw(uint64_t *seed, uint32_t below) {
    uint64_t z = *seed += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return (uint32_t)((z ^ z >> 31) % below);
}

/* ---- One run of a story ---------------------------------------------------------------------- */

typedef struct side {
    lockstep_conn *conn;
    lk_buffer in;            /* on the way to it */
    uint8_t *block;          /* lent to the engine, at its own address */
    size_t block_len, given; /* what of it the engine has taken */
    size_t passed;           /* bytes that were ever on the way here */
    size_t flip_at, end_at;  /* of those; SIZE_MAX: nowhere */
    uint8_t flip;
    bool cut;
    uint64_t sent_hash; /* of all that it has sent */
    size_t data, early;
    lockstep_status status;
} side;

typedef struct story {
    uint64_t seed, pieces; /* what happens; and how it is cut, which must not matter */
    bool in_place;
    side client, server;
} story;

static void hash(uint64_t *h, const uint8_t *p, size_t n) {
    for (size_t i = 0; i < n; i++)
        *h = (*h ^ p[i]) * UINT64_C(1099511628211);
}

/* Nothing unauthenticated is left where the caller can see it. */
static void look_for_plaintext(const side *s) {
    size_t run = 0;
    for (size_t i = 0; i < s->block_len; i++) {
        run = s->block[i] == PATTERN ? run + 1 : 0;
        assert_true(run < 24);
    }
}

/* A failure of what is lent leaves what was lent before, which has its own time. */
static bool take_data(story *t, side *s, bool all) {
    const uint8_t *p;
    bool early = (lockstep_state_of(s->conn) & LOCKSTEP_EARLY_OUT) != 0, any = false;
    size_t n;
    while ((n = early ? lockstep_early_out(s->conn, &p) : lockstep_app_out(s->conn, &p)) > 0) {
        size_t part = all || !t->in_place ? n : 1 + draw(&t->pieces, (uint32_t)n);
        for (size_t i = 0; i < part; i++)
            assert_int_equal(p[i], PATTERN);
        if (early)
            lockstep_early_taken(s->conn, part);
        else
            lockstep_app_taken(s->conn, part);
        *(early ? &s->early : &s->data) += part;
        any = true;
        if (!all && draw(&t->pieces, 3) == 0)
            break; /* the rest another time */
    }
    return any;
}

static void drop_block(side *s) {
    free(s->block);
    s->block = NULL;
    s->block_len = s->given = 0;
}

static bool feed_in_place(story *t, side *s) {
    const uint8_t *p;
    size_t used = 0;
    if (s->block == NULL) {
        size_t have = lk_buffer_length(&s->in), most = draw(&t->pieces, 4) == 0 ? 40 : 40000;
        if (have == 0)
            return false;
        size_t n = 1 + draw(&t->pieces, (uint32_t)(have < most ? have : most));
        s->block = malloc(n);
        assert_non_null(s->block);
        memcpy(s->block, lk_buffer_bytes(&s->in), n);
        lk_buffer_take(&s->in, n);
        s->block_len = n;
    }
    s->status =
        lockstep_wire_in_place(s->conn, &used, s->block + s->given, s->block_len - s->given);
    s->given += used;
    if (lockstep_failure_of(s->conn) != NULL && lockstep_app_out(s->conn, &p) == 0)
        look_for_plaintext(s);
    return used > 0;
}

static bool feed_copy(story *t, side *s) {
    size_t used = 0;
    (void)t;
    if (lk_buffer_length(&s->in) == 0)
        return false;
    uint8_t *one = malloc(1);
    assert_non_null(one);
    *one = *lk_buffer_bytes(&s->in);
    s->status = lockstep_wire_in(s->conn, &used, one, 1);
    free(one);
    lk_buffer_take(&s->in, used);
    return used > 0;
}

/* put_on_way hands bytes to the other side, changed where the story says so. */
static void put_on_way(side *to, const uint8_t *p, size_t n) {
    for (size_t i = 0; i < n; i++, to->passed++) {
        uint8_t byte = to->passed == to->flip_at ? p[i] ^ to->flip : p[i];
        if (to->passed < to->end_at)
            assert_true(lk_buffer_append(&to->in, lk_slice_of(&byte, 1)));
    }
}

static bool run_jobs(side *s) {
    lockstep_job *jobs[8];
    size_t n = 0;
    while (n < 8 && (jobs[n] = lockstep_next_job(s->conn)) != NULL)
        n++;
    if (n == 0)
        return false;
    lockstep_run_jobs(jobs, n);
    s->status = lockstep_resume(s->conn);
    return true;
}

static bool step(story *t, side *s, side *other) {
    const uint8_t *out, *p;
    size_t n = lockstep_wire_out(s->conn, &out);
    bool moved = n > 0;
    hash(&s->sent_hash, out, n);
    put_on_way(other, out, n);
    lockstep_wire_sent(s->conn, n);
    moved = take_data(t, s, false) || moved;
    if ((lockstep_state_of(s->conn) & LOCKSTEP_WIRE_IN) != 0)
        moved = (t->in_place ? feed_in_place(t, s) : feed_copy(t, s)) || moved;
    /* What was used up goes, before jobs run and before anybody looks again. */
    if (s->block != NULL && s->given == s->block_len && lockstep_app_out(s->conn, &p) == 0)
        drop_block(s);
    moved = run_jobs(s) || moved;
    return lockstep_wire_out(s->conn, &out) > 0 || moved; /* an alert, of what was not taken */
}

static void run(story *t) {
    bool moved = true;
    while (moved) {
        moved = step(t, &t->client, &t->server);
        moved = step(t, &t->server, &t->client) || moved;
    }
}

/* ---- What happens in it ---------------------------------------------------------------------- */

static void say(side *s, size_t n, bool early) {
    static uint8_t bytes[70000];
    size_t used;
    memset(bytes, PATTERN, sizeof bytes);
    if (early && (lockstep_state_of(s->conn) & LOCKSTEP_EARLY_IN) != 0)
        (void)!lockstep_early_in(s->conn, &used, bytes, n);
    else if (!early && (lockstep_state_of(s->conn) & LOCKSTEP_APP_IN) != 0)
        (void)!lockstep_app_in(s->conn, &used, bytes, n);
}

static void act(story *t) {
    side *s = draw(&t->seed, 2) == 0 ? &t->client : &t->server;
    uint32_t what = draw(&t->seed, 20), n = draw(&t->seed, 4) == 0 ? 70000 : 300;
    n = draw(&t->seed, n);
    switch (what) {
    case 0:
        (void)!lockstep_close(s->conn);
        return;
    case 1:
        s->flip_at = s->passed + n;
        s->flip = (uint8_t)(1u << draw(&t->seed, 8));
        return;
    case 2: /* bytes that nobody has sealed, perhaps like a record */
        put_on_way(s,
                   (const uint8_t *)"\x17\x03\x03\x00\x30"
                                    "0123456789abcdef0123456789abcdef0123456789abcdef",
                   n % 54);
        return;
    case 3:
    case 4:
    case 5:
        if ((lockstep_state_of(s->conn) & LOCKSTEP_SECURE) != 0)
            (void)!lockstep_update_keys(s->conn, n % 2 == 0);
        say(s, n, false); /* right behind it */
        return;
    case 6:
        s->end_at = s->passed + n;
        return;
    default:
        say(s, n, false);
    }
}

static void end(story *t) {
    for (int i = 0; i < 2; i++) {
        side *s = i == 0 ? &t->client : &t->server;
        lockstep_status status = LOCKSTEP_OK;
        if (s->end_at != SIZE_MAX)
            status = lockstep_wire_eof(s->conn);
        s->status = status != LOCKSTEP_OK ? status : s->status;
        run(t);
    }
    assert_true(true);
}

/* ---- Two runs -------------------------------------------------------------------------------- */

typedef struct result {
    struct {
        lockstep_status status;
        int alert;
        uint64_t sent_hash;
        size_t data, early;
        unsigned state;
        lockstep_info info;
        char detail[sizeof((lockstep_failure *)NULL)->detail];
    } of[2];
} result;

static void begin(side *s) {
    s->in = lk_buffer_of(&lk_heap_default, 0);
    s->flip_at = s->end_at = SIZE_MAX;
}

static void note_result(result *r, story *t) {
    for (int i = 0; i < 2; i++) {
        side *s = i == 0 ? &t->client : &t->server;
        const lockstep_failure *f = lockstep_failure_of(s->conn);
        (void)take_data(t, s, true);
        r->of[i].status = f == NULL ? LOCKSTEP_OK : f->status;
        r->of[i].alert = f == NULL ? -1 : f->alert;
        if (f != NULL)
            memcpy(r->of[i].detail, f->detail, sizeof f->detail);
        r->of[i].sent_hash = s->sent_hash;
        r->of[i].data = s->data;
        r->of[i].early = s->early;
        r->of[i].state = lockstep_state_of(s->conn);
        lockstep_info_of(s->conn, &r->of[i].info);
        drop_block(s);
        lk_buffer_free(&s->in);
        lockstep_conn_free(s->conn);
    }
}

typedef struct setting {
    world wc, ws;
    lockstep_config *client, *server;
    lockstep_tickets *tickets;
    lockstep_strikes *strikes;
    lockstep_session *session;
} setting;

static void build(setting *g, uint64_t seed) {
    static const uint16_t suites[] = {0x1301, 0x1302, 0x1303}, old[] = {0xc02b, 0xc02c, 0xcca9};
    bool tls12 = draw(&seed, 4) == 0;
    uint16_t suite = (tls12 ? old : suites)[draw(&seed, 3)];
    world_init(&g->wc, 1);
    world_init(&g->ws, 2);
    g->client = client_config(&g->wc);
    /* In TLS 1.2 too nothing about an Ed25519 signature is left to chance. */
    g->server = server_config(&g->ws, PKI_ED25519);
    if (tls12)
        CHECK(lockstep_config_set_versions(g->client, 0x0303, 0x0303));
    CHECK(lockstep_config_set_versions(g->server, 0x0303, 0x0304));
    CHECK(lockstep_config_set_suites(g->client, &suite, 1));
    CHECK(lockstep_tickets_new(&g->tickets, &g->ws.env, 3600));
    CHECK(lockstep_strikes_new(&g->strikes, &g->ws.env, 100, 10000));
    CHECK(lockstep_config_set_tickets(g->server, g->tickets, 2));
    CHECK(lockstep_config_keep_sessions(g->client));
    if (draw(&seed, 3) != 0) /* else what is sent has to be passed over */
        CHECK(lockstep_config_accept_early_data(g->server, g->strikes, MAX_EARLY));
    CHECK(lockstep_config_offer_early_data(g->client));
    if (draw(&seed, 2) == 0)
        CHECK(lockstep_config_set_record_size_limit(g->server, 600));
    if (draw(&seed, 2) == 0) {
        CHECK(lockstep_config_gather_jobs(g->client));
        CHECK(lockstep_config_gather_jobs(g->server));
    }
    seal(g->client);
    seal(g->server);
    g->wc.later_ms = g->ws.later_ms = 30000;
}

/* visit is a story from a connection's begin to its end. */
static result visit(setting *g, uint64_t seed, bool in_place, uint64_t pieces) {
    story t = {.seed = seed, .pieces = pieces, .in_place = in_place};
    result r;
    memset(&r, 0, sizeof r);
    begin(&t.client);
    begin(&t.server);
    CHECK(lockstep_client_resume(&t.client.conn, g->client, "server.test", g->session));
    CHECK(lockstep_server_new(&t.server.conn, g->server));
    if (draw(&t.seed, 6) == 0) { /* during the handshake */
        side *s = draw(&t.seed, 2) == 0 ? &t.client : &t.server;
        s->flip_at = draw(&t.seed, 1500);
        s->flip = (uint8_t)(1u << draw(&t.seed, 8));
    }
    for (uint32_t n = draw(&t.seed, 4); n > 0; n--)
        say(&t.client, draw(&t.seed, 1000), true);
    run(&t);
    if (g->session == NULL) {
        g->session = lockstep_take_session(t.client.conn);
    }
    for (int i = 0; i < STEPS; i++) {
        act(&t);
        if (draw(&t.seed, 3) != 0)
            run(&t);
    }
    run(&t);
    end(&t);
    note_result(&r, &t);
    return r;
}

static void tear_down(setting *g) {
    lockstep_session_free(g->session);
    lockstep_config_free(g->client);
    lockstep_config_free(g->server);
    lockstep_tickets_free(g->tickets);
    lockstep_strikes_free(g->strikes);
    assert_int_equal(g->wc.live, 0);
    assert_int_equal(g->ws.live, 0);
}

static void told(uint64_t seed, bool in_place, result out[2]) {
    setting g = {0};
    build(&g, seed);
    out[0] = visit(&g, seed, in_place, seed * 77 + 1);
    g.wc.later_ms += 1000;
    g.ws.later_ms += 1000;
    out[1] = visit(&g, seed ^ 0x5555, in_place, seed * 79 + 1);
    tear_down(&g);
}

static void assert_same(uint64_t seed, const result *a, const result *b) {
    for (int i = 0; i < 2; i++) {
        bool same = a->of[i].status == b->of[i].status && a->of[i].alert == b->of[i].alert &&
                    a->of[i].sent_hash == b->of[i].sent_hash &&
                    /* 0-RTT data that was not taken in time comes as any other */
                    a->of[i].data + a->of[i].early == b->of[i].data + b->of[i].early &&
                    a->of[i].state == b->of[i].state &&
                    strcmp(a->of[i].detail, b->of[i].detail) == 0 &&
                    a->of[i].info.bytes_in == b->of[i].info.bytes_in &&
                    a->of[i].info.bytes_out == b->of[i].info.bytes_out &&
                    a->of[i].info.early_data == b->of[i].info.early_data;
        if (!same)
            fail_msg("seed %llu, %s: %s (%s), %zu + %zu bytes, state %x, sent %llx; in place: %s "
                     "(%s), %zu + %zu bytes, state %x, sent %llx",
                     (unsigned long long)seed, i == 0 ? "client" : "server",
                     lockstep_status_text(a->of[i].status), a->of[i].detail, a->of[i].data,
                     a->of[i].early, a->of[i].state, (unsigned long long)a->of[i].sent_hash,
                     lockstep_status_text(b->of[i].status), b->of[i].detail, b->of[i].data,
                     b->of[i].early, b->of[i].state, (unsigned long long)b->of[i].sent_hash);
    }
}

/* LOCKSTEP_STORIES=FROM-TO tells others than the usual ones. */
static void test_in_place_is_the_same(void **state) {
    unsigned long from = 1, to = 150;
    const char *which = getenv("LOCKSTEP_STORIES");
    if (which != NULL)
        assert_int_equal(sscanf(which, "%lu-%lu", &from, &to), 2);
    size_t num_failed = 0, num_data = 0, num_early = 0;
    (void)state;
    for (uint64_t seed = from; seed <= to; seed++) {
        result copied[2], in_place[2];
        told(seed, false, copied);
        told(seed, true, in_place);
        for (int i = 0; i < 2; i++) {
            assert_same(seed, &copied[i], &in_place[i]);
            num_failed += copied[i].of[1].status != LOCKSTEP_OK;
            num_data += copied[i].of[1].data > 0;
            num_early += copied[i].of[1].early > 0;
        }
    }
    /* The stories have something to tell. */
    if (to - from >= 100) {
        assert_true(num_failed > 20);
        assert_true(num_data > 20);
        assert_true(num_early > 10);
    }
    print_message("%zu failed, %zu data, %zu early\n", num_failed, num_data, num_early);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_in_place_is_the_same)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
