/*
 * net_loop_test.c - the loop over real sockets: deadlines, turns, what a socket does not take, the
 * end, and several loops at one address.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "net/loop.h"

#define CLIENTS 8

typedef struct end {
    struct bed *bed;
    lk_stream *stream;
    size_t received, turns, left;
    int64_t accepted_ms, expired_ms, deadline_ms;
    bool ended, closed;
} end;

/* A loop, its clients and what the test wants of each stream. */
typedef struct bed {
    lk_loop *loop;
    uint16_t port;
    end ends[CLIENTS];
    size_t num_ends, num_closed, order[64], num_order;
    int fds[CLIENTS];
    void (*on_accepted)(end *e);
    void (*on_received)(end *e);
    void (*on_writable)(end *e);
    void (*on_expired)(end *e);
    void (*on_turn)(struct bed *b);
    bool (*on_quiet)(struct bed *b);
    bool stopping;
} bed;

static int64_t now_ms(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void received(void *arg, uint8_t *bytes, size_t bytes_len) {
    end *e = arg;
    e->received += bytes_len;
    memset(bytes, 0, bytes_len); /* they are ours */
    if (e->bed->on_received != NULL)
        e->bed->on_received(e);
}

static void ended(void *arg) {
    end *e = arg;
    e->ended = true;
    lk_stream_close(e->stream, lk_slice_of(NULL, 0));
}

static void writable(void *arg) {
    end *e = arg;
    e->turns++;
    if (e->bed->on_writable != NULL)
        e->bed->on_writable(e);
}

static void expired(void *arg) {
    end *e = arg;
    e->expired_ms = now_ms();
    if (e->bed->on_expired != NULL)
        e->bed->on_expired(e);
    else
        lk_stream_close(e->stream, lk_slice_of(NULL, 0));
}

static void closed(void *arg) {
    end *e = arg;
    assert_false(e->closed);
    e->closed = true;
    /* when all that came has gone, the loop may end */
    if (++e->bed->num_closed == e->bed->num_ends && !e->bed->stopping)
        lk_loop_stop(e->bed->loop);
}

static void accepted(void *arg, lk_stream *stream) {
    static const lk_stream_events events = {received, ended, writable, expired, closed};
    bed *b = arg;
    assert_true(b->num_ends < CLIENTS);
    end *e = &b->ends[b->num_ends++];
    e->bed = b;
    e->stream = stream;
    e->accepted_ms = now_ms();
    lk_stream_attach(stream, &events, e);
    if (b->on_accepted != NULL)
        b->on_accepted(e);
}

static void turned(void *arg) {
    bed *b = arg;
    if (b->on_turn != NULL)
        b->on_turn(b);
}

static bool quiet(void *arg) {
    bed *b = arg;
    return b->on_quiet(b);
}

static void stopping(void *arg) {
    bed *b = arg;
    b->stopping = true;
}

static bed *bed_of(bool shared) {
    bed *b = calloc(1, sizeof *b);
    assert_non_null(b);
    lk_loop_events events = {accepted, turned, quiet, stopping, b};
    b->loop = lk_loop_new(&events);
    assert_non_null(b->loop);
    assert_null(lk_loop_listen(b->loop, "127.0.0.1", &b->port, shared));
    assert_int_not_equal(b->port, 0);
    for (int i = 0; i < CLIENTS; i++)
        b->fds[i] = -1;
    return b;
}

static void bed_free(bed *b) {
    lk_loop_free(b->loop);
    for (int i = 0; i < CLIENTS; i++)
        if (b->fds[i] >= 0)
            close(b->fds[i]);
    free(b);
}

static int dial(uint16_t port, int buffer) {
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(port)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (buffer > 0)
        setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &buffer, sizeof buffer);
    assert_int_equal(connect(fd, (struct sockaddr *)&a, sizeof a), 0);
    return fd;
}

/* ---- Deadlines ------------------------------------------------------------------------------- */

static void give_deadline(end *e) {
    static const int64_t ms[] = {600, 1, 300, 900, 600, 0};
    size_t i = (size_t)(e - e->bed->ends);
    e->deadline_ms = ms[i];
    lk_stream_deadline(e->stream, 60000); /* what was before does not count */
    lk_stream_deadline(e->stream, ms[i]);
    lk_stream_read(e->stream, i == 5);
}

static void count_expired(end *e) {
    bed *b = e->bed;
    b->order[b->num_order++] = (size_t)(e - b->ends);
    lk_stream_close(e->stream, lk_slice_of(NULL, 0));
    if (b->num_order == 5) {
        lk_stream_close(b->ends[5].stream, lk_slice_of(NULL, 0));
        for (int i = 0; i < 6; i++) {
            close(b->fds[i]);
            b->fds[i] = -1;
        }
    }
}

static void test_deadlines(void **state) {
    (void)state;
    bed *b = bed_of(false);
    b->on_accepted = give_deadline;
    b->on_expired = count_expired;
    for (int i = 0; i < 6; i++)
        b->fds[i] = dial(b->port, 0);
    lk_loop_run(b->loop, 5000);
    assert_int_equal(b->num_order, 5);
    assert_int_equal(b->order[0], 1);
    assert_int_equal(b->order[1], 2);
    assert_int_equal(b->order[4], 3);
    for (int i = 0; i < 5; i++) { /* never early; late by a tick and what the machine takes */
        int64_t took = b->ends[i].expired_ms - b->ends[i].accepted_ms;
        assert_in_range(took, b->ends[i].deadline_ms, b->ends[i].deadline_ms + 15000);
    }
    assert_int_equal(b->ends[5].expired_ms, 0);
    bed_free(b);
}

static void short_deadline(end *e) {
    lk_stream_deadline(e->stream, 1500);
    lk_stream_read(e->stream, true);
}

static void put_off(end *e) {
    lk_stream_deadline(e->stream, 1500);
}

static void *drip(void *arg) {
    int fd = *(int *)arg;
    for (int i = 0; i < 12; i++) {
        nanosleep(&(struct timespec){0, 150000000}, NULL);
        assert_int_equal(send(fd, "x", 1, MSG_NOSIGNAL), 1);
    }
    return NULL;
}

/* A deadline that is put off again and again comes when it is put off no more. */
static void test_deadline_put_off(void **state) {
    (void)state;
    bed *b = bed_of(false);
    pthread_t thread;
    b->on_accepted = short_deadline;
    b->on_received = put_off;
    b->fds[0] = dial(b->port, 0);
    assert_int_equal(pthread_create(&thread, NULL, drip, &b->fds[0]), 0);
    lk_loop_run(b->loop, 5000);
    pthread_join(thread, NULL);
    assert_int_equal(b->ends[0].received, 12);
    assert_in_range(b->ends[0].expired_ms - b->ends[0].accepted_ms, 1800 + 1500, 30000);
    bed_free(b);
}

/* ---- Turns ----------------------------------------------------------------------------------- */

static void take_turns(end *e) {
    lk_stream_later(e->stream);
}

static void note_turn(end *e) {
    bed *b = e->bed;
    b->order[b->num_order++] = (size_t)(e - b->ends);
    if (e->turns == 2 && e == &b->ends[1]) { /* the one that goes takes nobody along */
        lk_stream_later(e->stream);
        lk_stream_close(e->stream, lk_slice_of(NULL, 0));
    } else if (e->turns < 4) {
        lk_stream_later(e->stream);
        lk_stream_later(e->stream); /* twice is once */
    } else {
        lk_stream_close(e->stream, lk_slice_of(NULL, 0));
    }
}

/* Who puts its turn off waits for the others: all have their second turn before one has its third.
 */
static void test_turns(void **state) {
    (void)state;
    bed *b = bed_of(false);
    b->on_accepted = take_turns;
    b->on_writable = note_turn;
    for (int i = 0; i < 3; i++)
        b->fds[i] = dial(b->port, 0);
    for (int i = 0; i < 3; i++) {
        close(b->fds[i]);
        b->fds[i] = -1;
    }
    lk_loop_run(b->loop, 5000);
    static const size_t expected[] = {0, 1, 2, 0, 1, 2, 0, 2, 0, 2};
    assert_int_equal(b->num_order, 10);
    for (size_t i = 0; i < 10; i++)
        assert_int_equal(b->order[i], expected[i]);
    bed_free(b);
}

static uint64_t first_turn, last_turn;

static void keep_turn(end *e) {
    first_turn = lk_loop_turn(e->bed->loop);
    lk_stream_later(e->stream);
}

static void end_in_turn(end *e) {
    last_turn = lk_loop_turn(e->bed->loop);
    lk_stream_close(e->stream, lk_slice_of(NULL, 0));
}

static void test_turns_are_counted(void **state) {
    (void)state;
    bed *b = bed_of(false);
    b->on_accepted = keep_turn;
    b->on_writable = end_in_turn;
    close(dial(b->port, 0));
    lk_loop_run(b->loop, 5000);
    assert_true(last_turn > first_turn);
    bed_free(b);
}

/* ---- Quiet ----------------------------------------------------------------------------------- */

static size_t quiets;

static void want_quiet(end *e) {
    lk_loop_want_quiet(e->bed->loop);
    lk_stream_later(e->stream);
}

static void still_busy(end *e) {
    assert_int_equal(quiets, 0); /* while somebody has something to do it is not quiet */
    if (e->turns < 5)
        lk_stream_later(e->stream);
}

static bool three_times(bed *b) {
    assert_int_equal(b->ends[0].turns, 5);
    if (++quiets == 3)
        lk_stream_close(b->ends[0].stream, lk_slice_of(NULL, 0));
    return quiets < 3;
}

/* What can wait is done when nobody wants anything, and as often as there is something to do. */
static void test_quiet(void **state) {
    (void)state;
    bed *b = bed_of(false);
    quiets = 0;
    b->on_accepted = want_quiet;
    b->on_writable = still_busy;
    b->on_quiet = three_times;
    close(dial(b->port, 0));
    lk_loop_run(b->loop, 5000);
    assert_int_equal(quiets, 3);
    bed_free(b);
}

static void look_again(bed *b) {
    if (b->num_order < 100)
        lk_loop_again(b->loop);
    else if (b->num_order == 100)
        lk_loop_stop(b->loop);
    b->num_order++;
}

/* A loop with more to do does not sleep. */
static void test_again(void **state) {
    (void)state;
    bed *b = bed_of(false);
    b->on_turn = look_again;
    lk_loop_run(b->loop, 5000); /* one that sleeps is never woken */
    assert_true(b->num_order > 100);
    bed_free(b);
}

/* ---- Writing --------------------------------------------------------------------------------- */

#define MUCH ((size_t)16 << 20)
static uint8_t much[MUCH];

static void fill_much(void) {
    for (size_t i = 0; i < MUCH; i++)
        much[i] = (uint8_t)(i * 31 >> 3);
}

static void send_more(end *e) {
    while (e->left > 0 && !lk_stream_waits(e->stream))
        e->left -= lk_stream_write(e->stream, lk_slice_of(much + MUCH - e->left, e->left));
    if (e->left > 0) {
        assert_int_equal(lk_stream_write(e->stream, lk_slice_of(much, 1)), 0);
        return;
    }
    lk_stream_close(e->stream, lk_slice_of_str("the end"));
}

static void begin_to_send(end *e) {
    e->left = MUCH;
    send_more(e);
}

typedef struct reading {
    int fd;
    size_t got;
    bool same;
    char last[7];
} reading;

static void *read_all(void *arg) {
    reading *r = arg;
    static uint8_t bytes[MUCH + 64];
    ssize_t n;
    nanosleep(&(struct timespec){0, 100000000}, NULL); /* so that the socket is full */
    while (r->got < sizeof bytes && (n = recv(r->fd, bytes + r->got, sizeof bytes - r->got, 0)) > 0)
        r->got += (size_t)n;
    r->same = r->got == MUCH + 7 && memcmp(bytes, much, MUCH) == 0;
    if (r->got >= 7)
        memcpy(r->last, bytes + r->got - 7, 7);
    close(r->fd);
    return NULL;
}

/* What the socket does not take stays where it is, and all of it comes. */
static void test_writes_all(void **state) {
    (void)state;
    bed *b = bed_of(false);
    pthread_t thread;
    fill_much();
    reading r = {.fd = dial(b->port, 4096)};
    b->on_accepted = begin_to_send;
    b->on_writable = send_more;
    assert_int_equal(pthread_create(&thread, NULL, read_all, &r), 0);
    lk_loop_run(b->loop, 10000);
    pthread_join(thread, NULL);
    assert_true(b->ends[0].turns > 0);
    assert_int_equal(r.got, MUCH + 7);
    assert_true(r.same);
    assert_memory_equal(r.last, "the end", 7);
    bed_free(b);
}

static void close_with_much(end *e) {
    lk_stream_close(e->stream, lk_slice_of(much, MUCH));
    assert_int_equal(lk_stream_write(e->stream, lk_slice_of(much, 1)), 0);
}

/* What is given with the end is sent, though the socket is full at first. */
static void test_last_bytes(void **state) {
    (void)state;
    bed *b = bed_of(false);
    pthread_t thread;
    fill_much();
    reading r = {.fd = dial(b->port, 4096)};
    b->on_accepted = close_with_much;
    assert_int_equal(pthread_create(&thread, NULL, read_all, &r), 0);
    lk_loop_run(b->loop, 10000);
    pthread_join(thread, NULL);
    assert_int_equal(r.got, MUCH);
    bed_free(b);
}

static void close_at_once(end *e) {
    lk_stream_peer_done(e->stream);
    lk_stream_close(e->stream, lk_slice_of(much, MUCH));
}

static void close_empty(end *e) {
    lk_stream_peer_done(e->stream);
    lk_stream_close(e->stream, lk_slice_of(NULL, 0));
}

/* Who waits for nothing more of the peer still sends all, and is gone as soon as that is sent. */
static void test_peer_done(void **state) {
    (void)state;
    bed *b = bed_of(false);
    pthread_t thread;
    int64_t took = 2000;
    fill_much();
    reading r = {.fd = dial(b->port, 4096)};
    b->on_accepted = close_at_once;
    assert_int_equal(pthread_create(&thread, NULL, read_all, &r), 0);
    lk_loop_run(b->loop, 10000);
    pthread_join(thread, NULL);
    assert_int_equal(r.got, MUCH);
    bed_free(b);

    /* Others wait for two seconds. The machine may be slow, but not every time. */
    for (int i = 0; i < 5 && took >= 2000; i++) {
        b = bed_of(false);
        int64_t began = now_ms();
        b->on_accepted = close_empty;
        b->fds[0] = dial(b->port, 0); /* does not close */
        lk_loop_run(b->loop, 10000);
        took = now_ms() - began;
        bed_free(b);
    }
    assert_true(took < 2000);
}

static void write_into_reset(end *e) {
    /* the reset arrives before, or between these */
    for (int i = 0; i < 3; i++)
        (void)lk_stream_write(e->stream, lk_slice_of(much, 100000));
    lk_stream_read(e->stream, true);
}

/* A connection that breaks while we write ends, once, and is known to be broken. */
static void test_reset(void **state) {
    (void)state;
    bed *b = bed_of(false);
    const struct linger now = {1, 0};
    b->on_accepted = write_into_reset;
    int fd = dial(b->port, 0);
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    close(fd);
    lk_loop_run(b->loop, 5000);
    assert_true(b->ends[0].ended && b->ends[0].closed);
    bed_free(b);
}

/* ---- Addresses ------------------------------------------------------------------------------- */

static void check_inherited(end *e) {
    char peer[LK_PEER_MAX];
    lk_stream_peer(e->stream, peer);
    assert_string_equal(peer, "127.0.0.1");
    lk_stream_close(e->stream, lk_slice_of(NULL, 0));
}

static void test_peer(void **state) {
    (void)state;
    bed *b = bed_of(false);
    b->on_accepted = check_inherited;
    close(dial(b->port, 0));
    lk_loop_run(b->loop, 5000);
    assert_int_equal(b->num_closed, 1);
    bed_free(b);
}

static const char *try_to_listen(uint16_t port, bool shared) {
    lk_loop_events events = {.accepted = accepted, .stopping = stopping};
    lk_loop *loop = lk_loop_new(&events);
    const char *bad = lk_loop_listen(loop, "127.0.0.1", &port, shared);
    lk_loop_free(loop);
    return bad;
}

/* Others join a shared address only by way of the loop that has it: a second server, which would
 * silently get half of the connections, is refused. */
static void test_address_is_taken(void **state) {
    (void)state;
    for (int shared = 0; shared < 2; shared++) {
        bed *b = bed_of(shared == 1);
        assert_non_null(try_to_listen(b->port, false));
        assert_non_null(try_to_listen(b->port, true));
        bed *joined = calloc(1, sizeof *joined);
        lk_loop_events events = {.accepted = accepted, .stopping = stopping, .arg = joined};
        joined->loop = lk_loop_new(&events);
        const char *bad = lk_loop_join(joined->loop, b->loop);
        assert_true((bad == NULL) == (shared == 1));
        assert_non_null(try_to_listen(b->port, true));
        lk_loop_free(joined->loop);
        free(joined);
        bed_free(b);
    }
}

/* ---- The end --------------------------------------------------------------------------------- */

static void stop_self(bed *b) {
    lk_loop_stop(b->loop);
    b->on_turn = NULL;
}

static void *let_go(void *arg) {
    nanosleep(&(struct timespec){0, 200000000}, NULL);
    lk_loop_release(arg);
    return NULL;
}

static void test_held(void **state) {
    (void)state;
    bed *b = bed_of(false);
    pthread_t thread;
    int64_t began = now_ms();
    b->on_turn = stop_self;
    lk_loop_hold(b->loop);
    assert_int_equal(pthread_create(&thread, NULL, let_go, b->loop), 0);
    lk_loop_run(b->loop, 10000);
    pthread_join(thread, NULL);
    assert_true(b->stopping);
    assert_in_range(now_ms() - began, 190, 5000);
    bed_free(b);
}

static void never_close(end *e) {
    lk_stream_read(e->stream, true);
    lk_loop_stop(e->bed->loop);
}

/* A stream that stays open holds up the end for the time of grace, and no longer. */
static void test_grace(void **state) {
    (void)state;
    bed *b = bed_of(false);
    int64_t began = now_ms();
    b->on_accepted = never_close;
    b->fds[0] = dial(b->port, 0);
    lk_loop_run(b->loop, 300);
    assert_in_range(now_ms() - began, 290, 5000);
    assert_false(b->ends[0].closed);
    bed_free(b); /* closes it: its event must come, once */
}

static void stop_twice(end *e) {
    lk_stream_read(e->stream, true);
    lk_loop_stop(e->bed->loop);
    lk_loop_stop(e->bed->loop);
}

static void test_told_twice(void **state) {
    (void)state;
    bed *b = bed_of(false);
    int64_t began = now_ms();
    b->on_accepted = stop_twice;
    b->fds[0] = dial(b->port, 0);
    lk_loop_run(b->loop, 60000);
    assert_true(now_ms() - began < 30000);
    bed_free(b);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_deadlines),  cmocka_unit_test(test_deadline_put_off),
        cmocka_unit_test(test_turns),      cmocka_unit_test(test_turns_are_counted),
        cmocka_unit_test(test_quiet),      cmocka_unit_test(test_again),
        cmocka_unit_test(test_writes_all), cmocka_unit_test(test_last_bytes),
        cmocka_unit_test(test_peer_done),  cmocka_unit_test(test_reset),
        cmocka_unit_test(test_peer),       cmocka_unit_test(test_address_is_taken),
        cmocka_unit_test(test_held),       cmocka_unit_test(test_grace),
        cmocka_unit_test(test_told_twice),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
