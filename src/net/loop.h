/*
 * loop.h - a server's event loop on libuv: listeners, streams, time limits, signals. It moves bytes
 * and knows nothing of what they mean. A loop belongs to one thread; a server with several workers
 * has one for each.
 */
#ifndef LK_NET_LOOP_H
#define LK_NET_LOOP_H

#include "util/bytes.h"

typedef struct lk_loop lk_loop;
typedef struct lk_stream lk_stream;

/* What happens to a stream. `arg` is what lk_stream_attach was given. After `closed` the stream is
 * gone; every stream gets it exactly once. */
typedef struct lk_stream_events {
    /* Bytes have come; they are the receiver's, to write to as well, until it returns. */
    void (*received)(void *arg, uint8_t *bytes, size_t bytes_len);
    void (*ended)(void *arg);    /* the peer sends no more, or the connection broke */
    void (*writable)(void *arg); /* the socket takes bytes again, or it is this stream's turn */
    void (*expired)(void *arg);  /* the deadline has passed */
    void (*closed)(void *arg);
} lk_stream_events;

typedef struct lk_loop_events {
    /* A connection came; attach to it or close it. */
    void (*accepted)(void *arg, lk_stream *stream);
    /* A turn of the loop is over: all that was ready has been handled, and it is about to wait. */
    void (*turned)(void *arg);
    /* lk_loop_want_quiet was called, and in a turn nobody wanted anything. A little can be done
     * now; true: there is more to do. */
    bool (*quiet)(void *arg);
    void (*stopping)(void *arg); /* the loop was told to stop: finish what is open */
    void *arg;
} lk_loop_events;

/* lk_loop_new raises the limit of open files to what the system allows. NULL: no loop. */
lk_loop *lk_loop_new(const lk_loop_events *events);

/* lk_loop_listen listens on an address such as "127.0.0.1", "::1", "localhost" or "" (every one).
 * Port 0 takes a free one; `*port` is the port that was got. An address is taken for this loop
 * alone; with `shared` others may join it. NULL, or what is wrong (static). */
const char *lk_loop_listen(lk_loop *loop, const char *host, uint16_t *port, bool shared);

/* lk_loop_join listens where `first` does with `shared`, on sockets of its own: the kernel deals
 * connections out to them by the client's address and port (SO_REUSEPORT). NULL, or what is wrong.
 */
const char *lk_loop_join(lk_loop *loop, const lk_loop *first);

/* lk_loop_is_local: every listener is on a loopback address, so that whoever comes is here. */
bool lk_loop_is_local(const lk_loop *loop);

/* lk_loop_catch: SIGTERM and SIGINT come to `asked(arg)` in this loop. False: they cannot. */
bool lk_loop_catch(lk_loop *loop, void (*asked)(void *arg), void *arg);

/* lk_loop_stop tells a loop to stop, from any thread: it closes its listeners and the event
 * `stopping` comes. Told a second time, it ends at once. */
void lk_loop_stop(lk_loop *loop);

/* lk_loop_hold keeps a loop that was told to stop from ending until lk_loop_release, which may come
 * from another thread: somebody else has not finished, and signals still come here. */
void lk_loop_hold(lk_loop *loop);
void lk_loop_release(lk_loop *loop);

/* lk_loop_run returns when it was told to stop, every stream is closed and nobody holds it, or
 * `grace_ms` after that. */
void lk_loop_run(lk_loop *loop, int64_t grace_ms);

/* lk_loop_free closes what is open and waits for what lk_loop_work has begun. */
void lk_loop_free(lk_loop *loop);

/* lk_loop_turn counts the turns of the loop. What is found out about the world outside may be taken
 * for true for the rest of a turn: who asks in it asked before it began. */
uint64_t lk_loop_turn(const lk_loop *loop);

/* lk_loop_now_ms is a clock that only runs forward, as of the beginning of the turn. */
int64_t lk_loop_now_ms(const lk_loop *loop);

/* lk_loop_want_quiet makes the event `quiet` come as soon as nobody wants anything, until it
 * returns false. */
void lk_loop_want_quiet(lk_loop *loop);

/* lk_loop_again makes the loop look what is ready without waiting, once: there is more to do. */
void lk_loop_again(lk_loop *loop);

/* lk_loop_work runs `work(arg)` on another thread, and then `done(arg)` on the loop's. False: it
 * cannot. */
bool lk_loop_work(lk_loop *loop, void (*work)(void *arg), void (*done)(void *arg), void *arg);

/* lk_stream_attach: `events` is lent for as long as the stream lives. */
void lk_stream_attach(lk_stream *stream, const lk_stream_events *events, void *arg);

/* lk_stream_peer writes the address that the connection comes from. */
#define LK_PEER_MAX 64
void lk_stream_peer(const lk_stream *stream, char out[LK_PEER_MAX]);

/* lk_stream_source is the same number for connections from the same host, and for an IPv6 network
 * of which a host may have any address. */
uint64_t lk_stream_source(const lk_stream *stream);

/* lk_stream_read turns reading on or off. */
void lk_stream_read(lk_stream *stream, bool on);

/*
 * lk_stream_write sends as much as the socket takes and returns how many bytes that were; nothing
 * is kept here. If it took less than all, lk_stream_waits() is true until `writable` comes, or
 * `ended`, and nothing is taken (0) before.
 */
size_t lk_stream_write(lk_stream *stream, lk_slice bytes);
bool lk_stream_waits(const lk_stream *stream);

/* lk_stream_broken: the connection failed, as opposed to a peer that sends no more. */
bool lk_stream_broken(const lk_stream *stream);

/* lk_stream_later makes `writable` come in the next turn of the loop, so that others have theirs.
 */
void lk_stream_later(lk_stream *stream);

/* lk_stream_deadline sets when `expired` comes, from now in milliseconds; 0: never. It comes up to
 * a quarter of a second late. Setting it anew with every request costs nothing. */
void lk_stream_deadline(lk_stream *stream, int64_t ms);

/* lk_stream_peer_done: the peer has said in its own protocol that it sends no more. So nobody waits
 * for its end when the stream is closed: nothing comes that could make the kernel reset the
 * connection before our last bytes are read. */
void lk_stream_peer_done(lk_stream *stream);

/* lk_stream_close ends the stream: `last` (copied where it has to wait; may be empty) is still
 * sent, then the connection is shut down. */
void lk_stream_close(lk_stream *stream, lk_slice last);

#endif
