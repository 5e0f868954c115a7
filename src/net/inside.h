/*
 * inside.h - what loop.c and stream.c share; for this room only.
 */
#ifndef LK_NET_INSIDE_H
#define LK_NET_INSIDE_H

#include <uv.h>

#include "net/loop.h"

#define LK_LISTENERS_MAX 16
#define LK_READ_SIZE     65536

struct lk_loop {
    uv_loop_t uv;
    lk_loop_events events;
    uv_tcp_t listeners[LK_LISTENERS_MAX];
    size_t num_listeners;
    uv_signal_t signals[2];
    uv_timer_t accept_pause, grace;
    int64_t grace_ms;
    bool stopping, reachable; /* reachable: some listener is not on loopback */
    size_t num_streams;
    char read_buffer[LK_READ_SIZE]; /* one for all: what is read is used at once */
};

struct lk_stream {
    uv_tcp_t tcp;
    uv_timer_t timer;
    uv_write_t write, last_write;
    uv_shutdown_t shutdown;
    lk_loop *loop;
    lk_stream_events events;
    void *arg;
    char *waiting;    /* bytes of the write in flight */
    char *last;       /* those that go out behind it when the stream is closed */
    uint64_t expires; /* in the loop's time; 0: never */
    bool reading, closing, shut, later, broken;
    int handles; /* not yet closed */
};

/* lk_stream_destroy closes a stream at once; what it still had to send is lost. */
void lk_stream_destroy(lk_stream *s);

/* lk_stream_handle_closed is for uv_close of a stream's handles: behind the last it gives the
 * stream back, and stops a loop that waits for nothing else. */
void lk_stream_handle_closed(uv_handle_t *handle);

#endif
