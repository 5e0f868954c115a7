/*
 * stream.c - a connection of the loop: reading, writing, its deadline and its end.
 */
#include "net/inside.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* After a close the peer gets this long to take what was sent and close too; then the kernel's
 * buffers go with the socket. Closing at once would make the kernel reset the connection if bytes
 * of the peer are unread, and the reset can overtake our last bytes. */
#define LINGER_MS 2000

/* ---- Life ------------------------------------------------------------------------------------ */

static void on_closed(uv_handle_t *handle) {
    lk_stream *s = handle->data;
    lk_loop *loop = s->loop;
    if (s->events != NULL)
        s->events->closed(s->arg);
    free(s->last);
    free(s);
    loop->num_streams--;
    lk_loop_end_if_done(loop);
}

void lk_stream_destroy(lk_stream *s) {
    if (s->fd < 0)
        return;
    s->closing = true;
    lk_wheel_remove(s);
    lk_stream_put_off(s, false);
    uv_close((uv_handle_t *)&s->poll, on_closed);
    close(s->fd); /* behind uv_close, which still has to take it out of the poll */
    s->fd = -1;
}

lk_stream *lk_stream_new(lk_loop *loop, int fd, const struct sockaddr_storage *peer) {
    lk_stream *s = calloc(1, sizeof *s);
    if (s == NULL || uv_poll_init(&loop->uv, &s->poll, fd) != 0) {
        close(fd);
        free(s);
        return NULL;
    }
    s->loop = loop;
    s->fd = fd;
    s->poll.data = s;
    s->ipv6 = peer->ss_family == AF_INET6;
    if (s->ipv6)
        memcpy(s->address, &((const struct sockaddr_in6 *)peer)->sin6_addr, 16);
    else
        memcpy(s->address, &((const struct sockaddr_in *)peer)->sin_addr, 4);
    loop->num_streams++;
    return s;
}

void lk_stream_attach(lk_stream *s, const lk_stream_events *events, void *arg) {
    s->events = events;
    s->arg = arg;
}

void lk_stream_peer(const lk_stream *s, char out[LK_PEER_MAX]) {
    if (uv_inet_ntop(s->ipv6 ? AF_INET6 : AF_INET, s->address, out, LK_PEER_MAX) != 0)
        snprintf(out, LK_PEER_MAX, "-");
}

uint64_t lk_stream_source(const lk_stream *s) {
    uint64_t source = 0;
    memcpy(&source, s->address, s->ipv6 ? 8 : 4); /* a /64 is one host's to fill */
    return source;
}

/* ---- What is waited for ---------------------------------------------------------------------- */

static void on_poll(uv_poll_t *poll, int status, int events);

/* watch tells libuv what to poll for; each change is a system call or two, so only changes are
 * told. */
static void watch(lk_stream *s) {
    int wanted = (s->reading ? UV_READABLE : 0) | (s->waits ? UV_WRITABLE : 0);
    if (s->fd < 0 || wanted == s->polled)
        return;
    s->polled = (uint8_t)wanted;
    if (uv_poll_start(&s->poll, wanted, on_poll) != 0)
        lk_stream_destroy(s);
}

void lk_stream_read(lk_stream *s, bool on) {
    if (s->closing)
        return;
    s->reading = on;
    watch(s);
}

void lk_stream_later(lk_stream *s) {
    if (s->fd >= 0)
        lk_stream_put_off(s, true);
}

void lk_stream_deadline(lk_stream *s, int64_t ms) {
    if (s->closing)
        return; /* it has LINGER_MS */
    s->expires = ms == 0 ? 0 : (int64_t)uv_now(&s->loop->uv) + ms;
    lk_wheel_set(s);
}

void lk_stream_due(lk_stream *s) {
    if (s->closing)
        lk_stream_destroy(s);
    else
        s->events->expired(s->arg);
}

bool lk_stream_waits(const lk_stream *s) {
    return s->waits;
}

bool lk_stream_broken(const lk_stream *s) {
    return s->broken;
}

/* ---- Writing --------------------------------------------------------------------------------- */

/* send_some returns how many bytes the socket took. What broke is told in the next turn. */
static size_t send_some(lk_stream *s, const void *bytes, size_t n) {
    ssize_t sent;
    do
        sent = send(s->fd, bytes, n, MSG_NOSIGNAL | MSG_DONTWAIT);
    while (sent < 0 && errno == EINTR);
    if (sent == (ssize_t)n)
        return n;
    if (sent < 0 && errno != EAGAIN && errno != EWOULDBLOCK && errno != ENOBUFS) {
        s->broken = true;
        lk_stream_later(s);
        return 0;
    }
    s->waits = true;
    watch(s);
    return sent < 0 ? 0 : (size_t)sent;
}

size_t lk_stream_write(lk_stream *s, lk_slice bytes) {
    if (s->waits || s->closing || s->broken || bytes.p_len == 0)
        return 0;
    return send_some(s, bytes.p, bytes.p_len);
}

/* linger: our side is finished; wait a little for the peer's end. */
static void linger(lk_stream *s) {
    if (s->shut)
        return;
    s->shut = true;
    if (s->ended || shutdown(s->fd, SHUT_WR) != 0) {
        lk_stream_destroy(s);
        return;
    }
    s->reading = true;
    watch(s);
}

/* send_last goes on with what was left when the stream was closed. */
static void send_last(lk_stream *s) {
    lk_last *l = s->last;
    l->at += send_some(s, l->bytes + l->at, l->length - l->at);
    if (s->broken)
        lk_stream_destroy(s);
    else if (l->at == l->length)
        linger(s);
}

/* keep_last copies what the socket does not take now. What cannot be kept is lost with the
 * connection. */
static bool keep_last(lk_stream *s, lk_slice bytes) {
    s->last = malloc(sizeof *s->last + bytes.p_len);
    if (s->last == NULL)
        return false;
    s->last->at = 0;
    s->last->length = bytes.p_len;
    memcpy(s->last->bytes, bytes.p, bytes.p_len);
    return true;
}

void lk_stream_peer_done(lk_stream *s) {
    s->ended = true;
}

void lk_stream_close(lk_stream *s, lk_slice last) {
    if (s->closing)
        return;
    lk_slice rest = lk_slice_from(last, lk_stream_write(s, last));
    s->closing = true;
    s->reading = false;
    if (s->broken) {
        lk_stream_destroy(s);
        return;
    }
    s->expires = (int64_t)uv_now(&s->loop->uv) + LINGER_MS;
    lk_wheel_set(s);
    watch(s);
    if (rest.p_len == 0 || !keep_last(s, rest))
        linger(s);
}

/* ---- Reading --------------------------------------------------------------------------------- */

/* read_some reads once: whoever sends faster than that comes again in the next turn. */
static void read_some(lk_stream *s) {
    uint8_t *buffer = s->loop->read_buffer;
    ssize_t n;
    do
        n = recv(s->fd, buffer, LK_READ_SIZE, MSG_DONTWAIT);
    while (n < 0 && errno == EINTR);
    if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
        return;
    if (s->closing) { /* what comes after the end is thrown away */
        if (n <= 0)
            lk_stream_destroy(s);
        return;
    }
    if (n > 0) {
        s->events->received(s->arg, buffer, (size_t)n);
        return;
    }
    s->ended = true;
    s->broken = s->broken || n < 0;
    lk_stream_read(s, false);
    s->events->ended(s->arg);
}

static void on_writable(lk_stream *s) {
    s->waits = false;
    if (s->closing) {
        if (s->last != NULL && s->last->at < s->last->length)
            send_last(s);
    } else {
        s->events->writable(s->arg);
    }
    watch(s);
}

static void on_poll(uv_poll_t *poll, int status, int events) {
    lk_stream *s = poll->data;
    s->loop->busy = true;
    if (status < 0) { /* libuv has stopped to poll; what has come before can be read, then why */
        s->polled = 0;
        events = UV_READABLE | UV_WRITABLE;
    }
    if ((events & UV_READABLE) != 0 && s->reading)
        read_some(s);
    if ((events & UV_WRITABLE) != 0 && s->waits && s->fd >= 0)
        on_writable(s);
    if (status < 0)
        watch(s);
}

void lk_stream_turn(lk_stream *s) {
    if (s->closing)
        return;
    if (s->broken) {
        lk_stream_read(s, false);
        s->events->ended(s->arg);
    } else {
        s->events->writable(s->arg);
    }
}
