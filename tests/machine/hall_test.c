/*
 * hall_test.c - the job hall: who is served when, what one peer can do to others, and connections
 * that end while their jobs are with a thread.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include <lockstep/hall.h>
#include <lockstep/shares.h>
#include <semaphore.h>

#include "support/pair.h"

#define CHECK(expression) assert_int_equal(expression, LOCKSTEP_OK)

/* ---- A loop ---------------------------------------------------------------------------------- */

static sem_t woken;

static void wake(void *arg) {
    sem_post(arg);
}

static const lockstep_hall_options each[] = {
    {.executor = LOCKSTEP_EXECUTOR_INLINE},
    {.executor = LOCKSTEP_EXECUTOR_GATHERED},
    {.executor = LOCKSTEP_EXECUTOR_GATHERED, .max_jobs = 3},
    {.executor = LOCKSTEP_EXECUTOR_WORKERS, .wake = wake, .wake_arg = &woken},
    {.executor = LOCKSTEP_EXECUTOR_WORKERS,
     .num_workers = 3,
     .max_jobs = 20,
     .wake = wake,
     .wake_arg = &woken},
};
enum { NUM_EACH = sizeof each / sizeof *each };

static lockstep_hall *hall_of(world *w, const lockstep_hall_options *options) {
    lockstep_hall *hall;
    sem_init(&woken, 0, 0);
    CHECK(lockstep_hall_new(&hall, &w->env, options));
    return hall;
}

/* One client and one server of a crowd, and the wire between them. */
typedef struct seat {
    lockstep_conn *client, *server;
    uint64_t source;
    size_t chunk; /* bytes from the client in a turn; 0: all */
    size_t ticks; /* that its server was there, and not secure */
    bool started, in_hall, dropped;
} seat;

typedef struct crowd {
    world wc, ws;
    lockstep_config *client, *server;
    lockstep_shares *shares; /* both sides take from it what there is */
    lockstep_hall *hall;
    seat *seats;
    size_t num_seats, jobs, most_jobs;
} crowd;

static void open_crowd(crowd *c, size_t num_seats, const lockstep_hall_options *options,
                       int identity, bool both) {
    static const uint16_t group = LOCKSTEP_GROUP_X25519;
    *c = (crowd){.num_seats = num_seats};
    world_init(&c->wc, 1);
    world_init(&c->ws, 2);
    c->client = client_config(&c->wc);
    c->server = server_config(&c->ws, identity);
    CHECK(lockstep_config_set_groups(c->client, &group, 1, 1));
    CHECK(lockstep_config_gather_jobs(c->server));
    if (both)
        CHECK(lockstep_config_gather_jobs(c->client));
    CHECK(lockstep_shares_new(&c->shares, NULL, 16));
    CHECK(lockstep_config_set_shares(c->client, c->shares));
    CHECK(lockstep_config_set_shares(c->server, c->shares));
    seal(c->client);
    seal(c->server);
    c->hall = hall_of(&c->ws, options);
    c->seats = calloc(num_seats, sizeof *c->seats);
    assert_non_null(c->seats);
}

static void close_crowd(crowd *c) {
    for (size_t i = 0; i < c->num_seats; i++) {
        if (!c->seats[i].dropped)
            lockstep_conn_free(c->seats[i].server);
        lockstep_conn_free(c->seats[i].client);
    }
    lockstep_hall_free(c->hall);
    lockstep_config_free(c->client);
    lockstep_config_free(c->server);
    lockstep_shares_free(c->shares);
    free(c->seats);
    assert_int_equal(c->wc.live, 0);
    assert_int_equal(c->ws.live, 0);
}

static void start(crowd *c, size_t i, uint64_t source) {
    seat *s = &c->seats[i];
    *s = (seat){.source = source, .chunk = s->chunk, .started = true};
    CHECK(lockstep_client_new(&s->client, c->client, "server.test"));
    CHECK(lockstep_server_new(&s->server, c->server));
}

static void leave(seat *s) {
    lockstep_conn_free(s->client);
    lockstep_conn_free(s->server);
    *s = (seat){.chunk = s->chunk};
}

static bool secure(const seat *s) {
    return (lockstep_state_of(s->server) & LOCKSTEP_SECURE) != 0;
}

/* carry moves bytes, `chunk` at a time (0: all), and says whether anything moved. */
static bool carry(lockstep_conn *from, lockstep_conn *to, size_t chunk) {
    const uint8_t *bytes;
    size_t used = 0, n = lockstep_wire_out(from, &bytes);
    if (n == 0 || (lockstep_state_of(to) & LOCKSTEP_WIRE_IN) == 0)
        return false;
    if (lockstep_wire_in(to, &used, bytes, chunk != 0 && chunk < n ? chunk : n) != LOCKSTEP_OK)
        used = n;
    lockstep_wire_sent(from, used);
    return used > 0;
}

static void bring(crowd *c, seat *s, lockstep_conn *conn) {
    if ((lockstep_state_of(conn) & LOCKSTEP_HAS_JOB) == 0)
        return;
    if (conn != s->server || !s->in_hall) {
        lockstep_status status = lockstep_hall_add(c->hall, conn, s->source, s);
        if (conn == s->server)
            CHECK(status);
        s->in_hall = s->in_hall || conn == s->server;
    }
}

/* turn is one of an event loop's. */
static void turn(crowd *c) {
    lockstep_conn *conn;
    void *arg;
    for (size_t i = 0; i < c->num_seats; i++) {
        seat *s = &c->seats[i];
        if (!s->started || s->dropped)
            continue;
        s->ticks += !secure(s);
        carry(s->client, s->server, s->chunk);
        bring(c, s, s->server);
        carry(s->server, s->client, 0);
        bring(c, s, s->client); /* refused if it is there already */
    }
    size_t jobs = lockstep_hall_run(c->hall);
    c->jobs += jobs;
    if (jobs > c->most_jobs)
        c->most_jobs = jobs;
    while ((conn = lockstep_hall_next(c->hall, &arg)) != NULL) {
        seat *s = arg;
        if (conn == s->server)
            s->in_hall = false;
        bring(c, s, conn);
    }
}

static size_t num_secure(const crowd *c) {
    size_t n = 0;
    for (size_t i = 0; i < c->num_seats; i++)
        n += c->seats[i].started && !c->seats[i].dropped && secure(&c->seats[i]);
    return n;
}

/* ---- Who is served --------------------------------------------------------------------------- */

static void test_usage(void **state) {
    (void)state;
    world w;
    lockstep_hall *hall = (lockstep_hall *)&hall;
    void *arg;
    world_init(&w, 1);
    assert_int_equal(lockstep_hall_new(NULL, NULL, NULL), LOCKSTEP_ERR_USAGE);
    static const lockstep_hall_options wrong[] = {
        {.executor = (enum lockstep_executor)3},
        {.max_jobs = LOCKSTEP_HALL_JOBS_MAX + 1},
        {.num_workers = LOCKSTEP_HALL_WORKERS_MAX + 1},
        {.executor = LOCKSTEP_EXECUTOR_WORKERS},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        assert_int_equal(lockstep_hall_new(&hall, &w.env, &wrong[i]), LOCKSTEP_ERR_USAGE);
        assert_null(hall);
    }
    w.no_random = true;
    assert_int_equal(lockstep_hall_new(&hall, &w.env, NULL), LOCKSTEP_ERR_NO_RANDOM);
    w.no_random = false;
    CHECK(lockstep_hall_new(&hall, &w.env, NULL));
    assert_int_equal(lockstep_hall_add(hall, NULL, 0, NULL), LOCKSTEP_ERR_USAGE);
    assert_int_equal(lockstep_hall_run(hall), 0);
    assert_null(lockstep_hall_next(hall, &arg));
    assert_int_equal(lockstep_hall_waiting(hall), 0);
    lockstep_hall_free(hall);
    lockstep_hall_free(NULL);
    assert_int_equal(lockstep_hall_run(NULL), 0);
    assert_null(lockstep_hall_next(NULL, NULL));
    assert_int_equal(lockstep_hall_waiting(NULL), 0);
    assert_int_equal(w.live, 0);
    /* connections without a job, and those that are there already */
    crowd c;
    open_crowd(&c, 1, &each[0], PKI_P256, false);
    start(&c, 0, 0);
    seat *s = &c.seats[0];
    assert_int_equal(lockstep_hall_add(NULL, s->server, 0, NULL), LOCKSTEP_ERR_USAGE);
    assert_int_equal(lockstep_hall_add(c.hall, s->server, 0, NULL), LOCKSTEP_ERR_USAGE);
    carry(s->client, s->server, 0);
    CHECK(lockstep_hall_add(c.hall, s->server, 0, NULL));
    assert_int_equal(lockstep_hall_add(c.hall, s->server, 0, NULL), LOCKSTEP_ERR_USAGE);
    assert_int_equal(lockstep_hall_waiting(c.hall), 1);
    assert_int_equal(lockstep_hall_run(c.hall), 1);
    assert_int_equal(lockstep_hall_add(c.hall, s->server, 0, NULL), LOCKSTEP_ERR_USAGE);
    assert_ptr_equal(lockstep_hall_next(c.hall, NULL), s->server);
    close_crowd(&c);
}

/* Who came first is first, at most `max_jobs` in a turn; sources take turns. */
static void test_order(void **state) {
    (void)state;
    static const uint64_t sources[10] = {7, 7, 7, 7, 7, 8, 9, 9, 7, 8};
    static const size_t one[10] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9};
    static const size_t many[10] = {0, 5, 6, 1, 9, 7, 2, 3, 4, 8};
    for (int way = 0; way < 4; way++) {
        const lockstep_hall_options o = {.executor = way % 2 == 0 ? LOCKSTEP_EXECUTOR_INLINE
                                                                  : LOCKSTEP_EXECUTOR_GATHERED,
                                         .max_jobs = 4};
        crowd c;
        void *arg;
        size_t n = 0;
        open_crowd(&c, 10, &o, PKI_P256, false);
        for (size_t i = 0; i < 10; i++) {
            start(&c, i, 0);
            carry(c.seats[i].client, c.seats[i].server, 0);
            CHECK(lockstep_hall_add(c.hall, c.seats[i].server, way < 2 ? 5 : sources[i],
                                    &c.seats[i]));
        }
        for (size_t rest = 10; rest > 0; rest -= rest < 4 ? rest : 4) {
            assert_int_equal(lockstep_hall_waiting(c.hall), rest);
            assert_int_equal(lockstep_hall_run(c.hall), rest < 4 ? rest : 4);
            while (lockstep_hall_next(c.hall, &arg) != NULL)
                assert_ptr_equal(arg, &c.seats[(way < 2 ? one : many)[n++]]);
        }
        assert_int_equal(n, 10);
        close_crowd(&c);
    }
}

/* A client's ClientHello has several jobs; of a turn's limit it takes what there is, and goes on as
 * the first. */
static void test_several_jobs(void **state) {
    (void)state;
    for (size_t max = 1; max <= 4; max++) {
        const lockstep_hall_options o = {.executor = LOCKSTEP_EXECUTOR_GATHERED, .max_jobs = max};
        world w;
        lockstep_conn *conn[2];
        lockstep_config *client;
        size_t turns = 0, ready = 0;
        world_init(&w, 1);
        client = client_config(&w);
        CHECK(lockstep_config_gather_jobs(client));
        seal(client);
        lockstep_hall *hall = hall_of(&w, &o);
        for (int i = 0; i < 2; i++) {
            CHECK(lockstep_client_new(&conn[i], client, "server.test"));
            CHECK(lockstep_hall_add(hall, conn[i], (uint64_t)i, &conn[i]));
        }
        void *arg;
        while (lockstep_hall_run(hall) > 0) {
            turns++;
            while (lockstep_hall_next(hall, &arg) != NULL)
                assert_ptr_equal(arg, &conn[ready++]);
        }
        assert_int_equal(ready, 2);
        assert_int_equal(turns, (6 + max - 1) / max); /* two shares and GREASE, each */
        for (int i = 0; i < 2; i++) {
            assert_true((lockstep_state_of(conn[i]) & LOCKSTEP_WIRE_OUT) != 0);
            lockstep_conn_free(conn[i]);
        }
        lockstep_hall_free(hall);
        lockstep_config_free(client);
        assert_int_equal(w.live, 0);
    }
}

/* Whoever runs the jobs, all come through; and with jobs of both sides in one hall. */
static void test_crowd(void **state) {
    (void)state;
    static const int identities[] = {PKI_P256, PKI_RSA};
    for (size_t i = 0; i < NUM_EACH; i++)
        for (int both = 0; both < 2; both++) {
            crowd c;
            size_t n = 40;
            open_crowd(&c, n, &each[i], identities[both], both == 1);
            for (size_t k = 0; k < n; k++) {
                start(&c, k, k % 7);
                c.seats[k].chunk = k % 3 == 0 ? 100 : 0;
            }
            while (num_secure(&c) < n)
                turn(&c);
            assert_true(c.most_jobs <= (each[i].max_jobs != 0 ? each[i].max_jobs : 64));
            close_crowd(&c);
        }
}

/* One of eight that are answered together has sent a share that is none. */
static void test_bad_one(void **state) {
    (void)state;
    for (size_t i = 0; i < NUM_EACH; i++) {
        crowd c;
        open_crowd(&c, 8, &each[i], PKI_P256, false);
        for (size_t k = 0; k < 8; k++) {
            start(&c, k, k);
            if (k != 4)
                continue;
            /* the ClientHello's key_share: x25519, 32 bytes */
            static const uint8_t head[] = {0, 0x1d, 0, 32};
            const uint8_t *bytes;
            uint8_t hello[2000];
            size_t used, n = lockstep_wire_out(c.seats[k].client, &bytes);
            assert_true(n < sizeof hello);
            memcpy(hello, bytes, n);
            uint8_t *at = memmem(hello, n, head, sizeof head);
            assert_non_null(at);
            memset(at + sizeof head, 0, 32);
            CHECK(lockstep_wire_in(c.seats[k].server, &used, hello, n));
            lockstep_wire_sent(c.seats[k].client, n);
        }
        while (num_secure(&c) < 7)
            turn(&c);
        assert_int_equal(lockstep_failure_of(c.seats[4].server)->status, LOCKSTEP_PEER_KEY_SHARE);
        for (int more = 0; more < 3; more++)
            turn(&c);
        assert_int_equal(lockstep_failure_of(c.seats[4].client)->status,
                         LOCKSTEP_ALERT_FROM_PEER + LOCKSTEP_ALERT_ILLEGAL_PARAMETER);
        close_crowd(&c);
    }
}

/*
 * Five hundred, of which one sends a byte in a turn, and one floods: it begins twenty handshakes
 * in every turn, and another as soon as one is done. Counted in turns, each of the others is served
 * as if the one that floods were one more.
 */
static void test_fairness(void **state) {
    (void)state;
    enum { CROWD = 500, FLOOD = 2000, EACH_TURN = 20, JOBS = 32 };
    static const enum lockstep_executor executors[] = {LOCKSTEP_EXECUTOR_INLINE,
                                                       LOCKSTEP_EXECUTOR_GATHERED};
    for (size_t e = 0; e < 2; e++) {
        const lockstep_hall_options o = {.executor = executors[e], .max_jobs = JOBS};
        crowd c;
        size_t flooded = 0, served = 0, turns = 0;
        open_crowd(&c, CROWD + FLOOD, &o, PKI_P256, false);
        c.seats[0].chunk = 1;
        for (size_t i = 0; i < CROWD; i++)
            start(&c, i, i);
        const uint8_t *bytes;
        size_t slow = lockstep_wire_out(c.seats[0].client, &bytes); /* and Finished: */
        slow += 6 + 5 + 36 + 17;
        do {
            for (size_t i = CROWD, n = 0; i < CROWD + FLOOD && n < EACH_TURN; i++) {
                seat *s = &c.seats[i];
                if (s->started && (s->in_hall || !secure(s)))
                    continue;
                served += s->started;
                if (s->started)
                    leave(s);
                start(&c, i, 1); /* the source of seat 1 */
                flooded++;
                n++;
            }
            turn(&c);
            turns++;
        } while (num_secure(&c) < CROWD - 2 || !secure(&c.seats[0]));
        /* Two jobs each: twice, all others once before it, and the flood; and a turn each for the
         * ClientHello, what comes after the first job, and Finished. */
        size_t bound = 2 * ((CROWD + JOBS - 1) / JOBS) + 4;
        for (size_t i = 2; i < CROWD; i++) {
            assert_true(secure(&c.seats[i]));
            if (c.seats[i].ticks > bound)
                fail_msg("seat %zu: %zu turns, not %zu", i, c.seats[i].ticks, bound);
        }
        /* The slow one takes as many turns as it sends bytes, and those of its jobs. */
        assert_true(c.seats[0].ticks > slow && c.seats[0].ticks < slow + bound);
        /* The flood has what is left over: less than it wants, and all of that. */
        assert_true(flooded >= EACH_TURN * 50 && served > turns);
        assert_true(c.most_jobs == JOBS);
        print_message("%zu turns, %zu jobs; of the flood %zu began and %zu were done\n", turns,
                      c.jobs, flooded, served);
        close_crowd(&c);
    }
}

/* ---- Ends ------------------------------------------------------------------------------------ */

/* The owner frees, closes or ends connections in every state in which the hall can have them. */
static void test_dropped(void **state) {
    (void)state;
    for (size_t i = 0; i < NUM_EACH; i++)
        for (int when = 0; when < 3; when++) {
            enum { N = 30 };
            crowd c;
            size_t dropped = 0;
            open_crowd(&c, N, &each[i], PKI_RSA, false);
            for (size_t k = 0; k < N; k++) {
                start(&c, k, k);
                carry(c.seats[k].client, c.seats[k].server, 0);
                CHECK(lockstep_hall_add(c.hall, c.seats[k].server, k, &c.seats[k]));
                c.seats[k].in_hall = true;
            }
            if (when > 0)
                assert_true(lockstep_hall_run(c.hall) > 0);
            if (when > 1 && each[i].executor == LOCKSTEP_EXECUTOR_WORKERS)
                sem_wait(&woken); /* some are back, and some are not */
            for (size_t k = 0; k < N; k++) {
                seat *s = &c.seats[k];
                if (k % 4 == 0) {
                    lockstep_conn_free(s->server);
                    s->dropped = true;
                    dropped++;
                } else if (k % 4 == 1) {
                    CHECK(lockstep_close(s->server));
                } else if (k % 4 == 2) {
                    (void)!lockstep_wire_eof(s->server);
                }
            }
            while (num_secure(&c) < N / 4)
                turn(&c);
            for (int more = 0; more < 20; more++)
                turn(&c);
            for (size_t k = 0; k < N; k++) {
                const seat *s = &c.seats[k];
                if (s->dropped)
                    continue;
                while (c.seats[k].in_hall)
                    turn(&c);
                const lockstep_failure *f = lockstep_failure_of(s->server);
                if (k % 4 == 1)
                    assert_int_equal(f->status, LOCKSTEP_ERR_CANCELED);
                else if (k % 4 == 2)
                    assert_int_equal(f->status, LOCKSTEP_ERR_TRUNCATED);
                else
                    assert_null(f);
            }
            assert_int_equal(dropped, (N + 3) / 4);
            close_crowd(&c);
        }
}

/* The hall goes first: connections are their owner's again, whatever became of their jobs. */
static void test_hall_first(void **state) {
    (void)state;
    for (size_t i = 0; i < NUM_EACH; i++)
        for (int when = 0; when < 2; when++) {
            enum { N = 30 };
            crowd c;
            open_crowd(&c, N, &each[i], PKI_RSA, false);
            for (size_t k = 0; k < N; k++) {
                start(&c, k, k);
                carry(c.seats[k].client, c.seats[k].server, 0);
                CHECK(lockstep_hall_add(c.hall, c.seats[k].server, k, &c.seats[k]));
            }
            if (when > 0)
                (void)lockstep_hall_run(c.hall);
            lockstep_conn_free(c.seats[0].server);
            c.seats[0].dropped = true;
            lockstep_hall_free(c.hall);
            c.hall = NULL;
            for (size_t k = 1; k < N; k++) {
                lockstep_conn *server = c.seats[k].server;
                while ((lockstep_state_of(server) & LOCKSTEP_HAS_JOB) != 0) {
                    lockstep_job *job;
                    while ((job = lockstep_next_job(server)) != NULL)
                        lockstep_run_jobs(&job, 1);
                    CHECK(lockstep_resume(server));
                }
                carry(server, c.seats[k].client, 0);
                carry(c.seats[k].client, server, 0);
                assert_true(secure(&c.seats[k]));
            }
            close_crowd(&c);
        }
}

/* Connections come and go as they like, under threads. */
static void test_storm(void **state) {
    (void)state;
    enum { N = 60 };
    crowd c;
    size_t done = 0, dropped = 0;
    srand(1);
    open_crowd(&c, N, &each[4], PKI_P256, true);
    for (int turns = 0; turns < 4000 && done < 300; turns++) {
        for (size_t i = 0; i < N; i++) {
            seat *s = &c.seats[i];
            if (s->started && rand() % 40 == 0) {
                leave(s); /* whoever has them now */
                dropped++;
            } else if (s->started && secure(s)) {
                leave(s);
                done++;
            }
            if (!s->started && rand() % 4 == 0)
                start(&c, i, i % 5);
        }
        CHECK(lockstep_shares_fill(c.shares, NULL, 3));
        turn(&c);
        struct timespec t;
        clock_gettime(CLOCK_REALTIME, &t);
        t.tv_nsec += t.tv_nsec < 998000000 ? 2000000 : 0;
        sem_timedwait(&woken, &t);
    }
    print_message("%zu done, %zu dropped\n", done, dropped);
    assert_true(done > 20 && dropped > 20);
    close_crowd(&c);
}

/* ---- Memory ---------------------------------------------------------------------------------- */

static void test_no_memory(void **state) {
    (void)state;
    for (size_t i = 0; i < NUM_EACH; i++) {
        world w;
        lockstep_hall *hall;
        world_init(&w, 1);
        CHECK(lockstep_hall_new(&hall, &w.env, &each[i]));
        long all = w.allocs;
        lockstep_hall_free(hall);
        assert_true(all >= 5);
        for (long n = 1; n <= all; n++) {
            w.fail_alloc_at = w.allocs + n;
            assert_int_equal(lockstep_hall_new(&hall, &w.env, &each[i]), LOCKSTEP_ERR_NO_MEMORY);
            assert_null(hall);
            assert_int_equal(w.live, 0);
        }
    }
    /* a place in line and the line; who gets none has its job still */
    crowd c;
    open_crowd(&c, 1, &each[1], PKI_P256, false);
    start(&c, 0, 0);
    seat *s = &c.seats[0];
    carry(s->client, s->server, 0);
    for (int n = 1; n <= 2; n++) {
        c.ws.fail_alloc_at = c.ws.allocs + 1;
        assert_int_equal(lockstep_hall_add(c.hall, s->server, 0, s), LOCKSTEP_ERR_NO_MEMORY);
        assert_int_equal(lockstep_hall_waiting(c.hall), 0);
    }
    c.ws.fail_alloc_at = 0;
    while (num_secure(&c) < 1)
        turn(&c);
    close_crowd(&c);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_usage),        cmocka_unit_test(test_order),
        cmocka_unit_test(test_several_jobs), cmocka_unit_test(test_crowd),
        cmocka_unit_test(test_bad_one),      cmocka_unit_test(test_fairness),
        cmocka_unit_test(test_dropped),      cmocka_unit_test(test_hall_first),
        cmocka_unit_test(test_storm),        cmocka_unit_test(test_no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
