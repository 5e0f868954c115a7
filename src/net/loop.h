/*
 * loop.h - a server's event loop on libuv: listeners, streams, time limits, signals. It moves bytes
 * and knows nothing of what they mean.
 */
#ifndef LK_NET_LOOP_H
#define LK_NET_LOOP_H

#include "util/bytes.h"

typedef struct lk_loop lk_loop;
typedef struct lk_stream lk_stream;

/* What happens to a stream. `arg` is what lk_stream_attach was given. After `closed` the stream is
 * gone; every stream gets it exactly once. */
typedef struct lk_stream_events {
    void (*received)(void *arg, lk_slice bytes); /* borrowed */
    void (*ended)(void *arg);    /* the peer sends no more, or the connection broke */
    void (*writable)(void *arg); /* what was handed over is gone; more may be written */
    void (*expired)(void *arg);  /* the deadline has passed */
    void (*closed)(void *arg);
} lk_stream_events;

typedef struct lk_loop_events {
    /* A connection came; attach to it or close it. */
    void (*accepted)(void *arg, lk_stream *stream, const char *peer);
    void (*stopping)(void *arg); /* SIGTERM or SIGINT: finish what is open */
    void *arg;
} lk_loop_events;

/* lk_loop_new raises the limit of open files to what the system allows. NULL: no loop. */
lk_loop *lk_loop_new(const lk_loop_events *events);

/* lk_loop_listen listens on an address such as "127.0.0.1", "::1", "localhost" or "" (every one).
 * Port 0 takes a free one; `*port` is the port that was got. NULL, or what is wrong (static). */
const char *lk_loop_listen(lk_loop *loop, const char *host, uint16_t *port);

/* lk_loop_is_local: every listener is on a loopback address, so that whoever comes is here. */
bool lk_loop_is_local(const lk_loop *loop);

/* lk_loop_run returns when it was told to stop and every stream is closed, or `grace_ms` after
 * that. */
void lk_loop_run(lk_loop *loop, int64_t grace_ms);
/* lk_loop_free closes what is open and waits for what lk_loop_work has begun. */
void lk_loop_free(lk_loop *loop);

/* lk_loop_work runs `work(arg)` on another thread, and then `done(arg)` on the loop's. False: it
 * cannot. */
bool lk_loop_work(lk_loop *loop, void (*work)(void *arg), void (*done)(void *arg), void *arg);

void lk_stream_attach(lk_stream *stream, const lk_stream_events *events, void *arg);

/* lk_stream_read turns reading on or off. */
void lk_stream_read(lk_stream *stream, bool on);

/*
 * lk_stream_write sends as much as the socket takes at once and returns how many bytes that were;
 * of the rest up to 64 KiB are copied and sent later, and counted too. While something waits,
 * lk_stream_waits() is true, nothing more is taken (0), and `writable` follows.
 */
size_t lk_stream_write(lk_stream *stream, lk_slice bytes);
bool lk_stream_waits(const lk_stream *stream);

/* lk_stream_broken: the connection failed, as opposed to a peer that sends no more. */
bool lk_stream_broken(const lk_stream *stream);

/* lk_stream_later makes `writable` come in the next turn of the loop, so that others have theirs.
 */
void lk_stream_later(lk_stream *stream);

/* lk_stream_deadline sets when `expired` comes, from now in milliseconds; 0: never. */
void lk_stream_deadline(lk_stream *stream, int64_t ms);

/* lk_stream_close ends the stream: what waits is still sent, and `last` (copied; may be empty)
 * behind it, then the connection is shut down. */
void lk_stream_close(lk_stream *stream, lk_slice last);

#endif
