#include "pair.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static struct { pipe_buffer to_server, to_client; } wires[PAIRS_MAX];
pipe_buffer *to_server = &wires[0].to_server, *to_client = &wires[0].to_client;
double pair_ns[NUM_SIDES];
heap_count pair_heap[NUM_SIDES];
heap_count *heap_counter = &pair_heap[CLIENT];

void die(const char *what, const char *more) {
    fprintf(stderr, "bench: %s%s%s\n", what, more == NULL ? "" : ": ", more == NULL ? "" : more);
    exit(1);
}

double now_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

/* ---- Pipes ----------------------------------------------------------------------------------- */

size_t pipe_read(pipe_buffer *p, void *out, size_t n) {
    size_t have = p->end - p->start;
    n = n < have ? n : have;
    memcpy(out, p->bytes + p->start, n);
    p->start += n;
    return n;
}

void pipe_write(pipe_buffer *p, const void *in, size_t n) {
    if (p->start == p->end)
        p->start = p->end = 0;
    if (n > sizeof p->bytes - p->end)
        die("a pipe is full", NULL);
    memcpy(p->bytes + p->end, in, n);
    p->end += n;
}

static void use_wire(size_t i) {
    to_server = &wires[i].to_server;
    to_client = &wires[i].to_client;
}

static void empty_wires(void) {
    for (size_t i = 0; i < PAIRS_MAX; i++)
        wires[i].to_server.start = wires[i].to_server.end = wires[i].to_client.start =
            wires[i].to_client.end = 0;
}

/* ---- What one side does ---------------------------------------------------------------------- */

/* The calls of each side go through functions that are not inlined, by whose names a profiler
 * counts inside them alone. */
#define COUNTED __attribute__((noinline, noclone))
COUNTED void *bench_server_open(const peer *p);
COUNTED int bench_server_step(const peer *p, void *conn);
COUNTED void bench_server_close(const peer *p, void *conn);
COUNTED void bench_server_work(const peer *p);
COUNTED void *bench_client_open(const peer *p);
COUNTED int bench_client_step(const peer *p, void *conn);
COUNTED void bench_client_close(const peer *p, void *conn);

void *bench_server_open(const peer *p) {
    void *conn = p->open(true);
    __asm__ volatile("" ::: "memory"); /* no tail call */
    return conn;
}

int bench_server_step(const peer *p, void *conn) {
    int done = p->step(conn, true);
    __asm__ volatile("" ::: "memory");
    return done;
}

void bench_server_close(const peer *p, void *conn) {
    p->close(conn, true);
    __asm__ volatile("" ::: "memory");
}

void bench_server_work(const peer *p) {
    p->run_gathered();
    __asm__ volatile("" ::: "memory");
}

void *bench_client_open(const peer *p) {
    void *conn = p->open(false);
    __asm__ volatile("" ::: "memory");
    return conn;
}

int bench_client_step(const peer *p, void *conn) {
    int done = p->step(conn, false);
    __asm__ volatile("" ::: "memory");
    return done;
}

void bench_client_close(const peer *p, void *conn) {
    p->close(conn, false);
    __asm__ volatile("" ::: "memory");
}

/* Everything that one side does stands between these two. */
static double began;
static void side_begin(int side) {
    heap_counter = &pair_heap[side];
    began = now_ns();
}
static void side_end(int side) {
    pair_ns[side] += now_ns() - began;
    heap_counter = &pair_heap[CLIENT];
}

static void open_side(const peer *p, pair *a, int side) {
    side_begin(side);
    a->conns[side] = side == SERVER ? bench_server_open(p) : bench_client_open(p);
    side_end(side);
    if (a->conns[side] == NULL)
        die("no connection", p->name);
}

/* 1 done, 0 not yet, -1 failed */
static int step_side(const peer *p, pair *a, int side) {
    side_begin(side);
    int done = side == SERVER ? bench_server_step(p, a->conns[side])
                              : bench_client_step(p, a->conns[side]);
    side_end(side);
    return done;
}

/* The server's work for all of them, then what each does with it. */
static bool gathers;
static void work(const peer *p) {
    if (!gathers || p->run_gathered == NULL)
        return;
    side_begin(SERVER);
    bench_server_work(p);
    side_end(SERVER);
}

/* ---- Pairs ----------------------------------------------------------------------------------- */

/* all_step returns how many of the pairs are not done yet, or -1; `done` by pair and side. */
static int all_step(const peer *p, pair *pairs, size_t n, int side, bool done[][NUM_SIDES]) {
    int more = 0;
    for (size_t i = 0; i < n; i++) {
        use_wire(i);
        int now = done[i][side] ? 1 : step_side(p, &pairs[i], side);
        if (now < 0)
            return -1;
        done[i][side] = now == 1;
        more += now == 0;
    }
    return more;
}

static bool try_connect(const peer *p, pair *pairs, size_t n) {
    bool done[PAIRS_MAX][NUM_SIDES] = {0};
    empty_wires();
    for (size_t i = 0; i < n; i++) {
        use_wire(i);
        open_side(p, &pairs[i], SERVER); /* it waits first */
        open_side(p, &pairs[i], CLIENT);
    }
    for (int round = 0; round < 20; round++) {
        int clients = all_step(p, pairs, n, CLIENT, done);
        int servers = all_step(p, pairs, n, SERVER, done);
        work(p);
        if (clients < 0 || servers < 0)
            return false;
        if (clients + servers == 0)
            return true;
    }
    return false;
}

void pair_connect(const peer *p, pair *pairs, size_t n) {
    if (!try_connect(p, pairs, n))
        die("a handshake failed", p->name);
}

void pair_close(const peer *p, pair *pairs, size_t n) {
    for (size_t i = 0; i < n; i++) {
        use_wire(i);
        side_begin(CLIENT);
        bench_client_close(p, pairs[i].conns[CLIENT]);
        side_end(CLIENT);
        side_begin(SERVER);
        bench_server_close(p, pairs[i].conns[SERVER]);
        side_end(SERVER);
    }
}

void pair_send(const peer *p, pair *pairs, bool from_server, const uint8_t *in, size_t n) {
    uint8_t out[1024];
    int from = from_server ? SERVER : CLIENT, to = from_server ? CLIENT : SERVER;
    use_wire(0);
    if (n > sizeof out)
        die("that is too much at once", NULL);
    side_begin(from);
    size_t sent = p->write(pairs->conns[from], from_server, in, n);
    side_end(from);
    size_t got = 0;
    for (int i = 0; i < 5 && got < n; i++) { /* some stop after each message, such as a ticket */
        side_begin(to);
        got += p->read(pairs->conns[to], !from_server, out + got, n - got);
        side_end(to);
    }
    if (sent != n || got != n || memcmp(in, out, n) != 0)
        die("bytes did not arrive", p->name);
}

/* A session comes with the first handshake, a ticket of TLS 1.3 with the data after it. */
static void first_session(const peer *p) {
    pair a;
    pair_connect(p, &a, 1);
    pair_send(p, &a, true, (const uint8_t *)"x", 1);
    if (!p->save(a.conns[CLIENT]))
        die("no session", p->name);
    pair_close(p, &a, 1);
}

static bool can_do(const peer *p, const setup *s) {
    pair a;
    if ((s->resume && p->save == NULL) || !p->begin(s))
        return false;
    if (s->resume)
        first_session(p);
    bool ok = try_connect(p, &a, 1);
    if (!ok)
        fprintf(stderr, "bench: a handshake failed, so it is left out: %s\n", p->name);
    else if (!p->agreed(a.conns[CLIENT], false) || !p->agreed(a.conns[SERVER], true))
        die("what was agreed on is not what is measured", p->name);
    pair_close(p, &a, 1);
    return ok;
}

bool pair_begin(const peer *p, const setup *s) {
    gathers = s->pool;
    bool ok = can_do(p, s);
    if (!ok)
        p->end();
    return ok;
}
