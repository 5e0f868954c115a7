/*
 * inside.h - what the files of the loop share; for this room only.
 */
#ifndef LK_NET_INSIDE_H
#define LK_NET_INSIDE_H

#include <stdatomic.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <uv.h>

#include "net/loop.h"

#define LK_LISTENERS_MAX 16
#define LK_READ_SIZE     65536

/* Deadlines stand on a wheel: slots of a quarter of a second, enough of them for a minute; what is
 * farther off stands in the last and is put there again when its time comes (deadlines.c). */
#define LK_TICK_MS 250
#define LK_TICKS   256

LIST_HEAD(lk_due_list, lk_stream);
LIST_HEAD(lk_stream_list, lk_stream);
TAILQ_HEAD(lk_later_list, lk_stream);

typedef struct lk_listener {
    uv_poll_t poll;
    lk_loop *loop;
    int fd;
} lk_listener;

struct lk_loop {
    uv_loop_t uv;
    lk_loop_events events;
    lk_listener listeners[LK_LISTENERS_MAX];
    size_t num_listeners;
    uv_signal_t signals[2];
    void (*asked)(void *arg); /* by a signal */
    void *asked_arg;
    uv_async_t told; /* to stop, perhaps by another thread */
    atomic_uint times_told, holds;
    uv_prepare_t turn_end;
    uv_idle_t no_wait;             /* while it is active the poll looks and does not wait */
    bool again, busy, wants_quiet; /* busy: in this turn somebody wanted something */
    uv_timer_t accept_pause, grace, tick;
    int64_t grace_ms;
    bool stopping, reachable; /* reachable: some listener is not on loopback */
    /* Streams have a poll of their own (epoll(7)) in that of libuv: each is told to it once, in
     * edge-triggered mode, while libuv's handles cost several system calls each. */
    int ready;
    uv_poll_t ready_poll;
    struct lk_stream_list streams, closed; /* closed: to be forgotten when the turn ends */
    size_t num_streams;
    uint64_t turn;
    uint64_t now_tick; /* slots before this one are empty */
    struct lk_due_list due[LK_TICKS];
    struct lk_later_list later[2]; /* those of the next turn, and while it lasts of the one after */
    int putting_off;               /* which of the two is filled now */
    uint8_t read_buffer[LK_READ_SIZE]; /* one for all: what is read is used at once */
};

/* Bytes that are still to be sent when a stream is closed. */
typedef struct lk_last {
    size_t at, length;
    char bytes[];
} lk_last;

/* All that an idle connection holds here: no buffer, no request of libuv, no timer. */
struct lk_stream {
    LIST_ENTRY(lk_stream) all; /* in the loop's streams, or in those that are closed */
    lk_loop *loop;
    const lk_stream_events *events;
    void *arg;
    lk_last *last;
    LIST_ENTRY(lk_stream) due;     /* its slot, if due_tick is not 0 */
    TAILQ_ENTRY(lk_stream) latest; /* those whose turn comes later, if `later` is not 0 */
    uint64_t due_tick;             /* where it stands on the wheel; 0: nowhere */
    int64_t expires;               /* in the loop's time; 0: never. Not before due_tick */
    int fd;
    uint8_t address[16]; /* of the peer; IPv4 in the first four */
    uint8_t later;       /* 1 or 2: in which list of the loop; 0: in none */
    bool ipv6, reading, waits, closing, shut, ended, broken;
    bool readable; /* there may be something to read: the poll says so once */
    bool hung_up;  /* and behind it is the end */
    bool asked;    /* for a turn of its own */
};

/* lk_stream_new makes a stream of a connection that was accepted; NULL: `fd` was closed. */
lk_stream *lk_stream_new(lk_loop *loop, int fd, const struct sockaddr_storage *peer);

/* lk_streams_begin makes the poll; lk_streams_forget forgets those that are closed, and
 * lk_streams_end closes all. */
bool lk_streams_begin(lk_loop *loop);
void lk_streams_forget(lk_loop *loop);
void lk_streams_end(lk_loop *loop);

/* lk_stream_turn: the stream's turn has come (lk_stream_later). lk_stream_due: so has its deadline.
 */
void lk_stream_turn(lk_stream *s);
void lk_stream_due(lk_stream *s);

/* lk_stream_put_off puts a stream into the list of those whose turn comes later, or takes it out.
 */
void lk_stream_put_off(lk_stream *s, bool later);

/* The wheel. lk_wheel_set takes the new deadline from `expires`. */
void lk_wheel_start(lk_loop *loop);
void lk_wheel_set(lk_stream *s);
void lk_wheel_remove(lk_stream *s);

/* lk_loop_end_if_done ends a loop that was told to stop and waits for nothing more. */
void lk_loop_end_if_done(lk_loop *loop);

/* lk_listeners_close closes all of them. */
void lk_listeners_close(lk_loop *loop);

#endif
