/*
 * stream.c - a connection of the loop: reading, writing, its deadline and its end.
 */
#include "net/inside.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

/* After a close the peer gets this long to take what was sent and close too; then the kernel's
 * buffers go with the socket. Closing at once would make the kernel reset the connection if bytes
 * of the peer are unread, and the reset can overtake our last bytes. */
#define LINGER_MS 2000

/* ---- Life ------------------------------------------------------------------------------------ */

/* destroy ends a connection at once; it is forgotten when the turn ends. */
static void destroy(lk_stream *s) {
    if (s->fd < 0)
        return;
    s->closing = true;
    lk_wheel_remove(s);
    lk_stream_put_off(s, false);
    close(s->fd); /* and with it goes what the poll knows */
    s->fd = -1;
    LIST_REMOVE(s, all);
    LIST_INSERT_HEAD(&s->loop->closed, s, all);
}

/* Whoever closes a stream may still be at work for it, so it is forgotten later. */
void lk_streams_forget(lk_loop *loop) {
    lk_stream *s;
    while ((s = LIST_FIRST(&loop->closed)) != NULL) {
        LIST_REMOVE(s, all);
        if (s->events != NULL)
            s->events->closed(s->arg);
        free(s->last);
        free(s);
        loop->num_streams--;
    }
    lk_loop_end_if_done(loop);
}

void lk_streams_end(lk_loop *loop) {
    lk_stream *s, *next;
    for (s = LIST_FIRST(&loop->streams); s != NULL; s = next) {
        next = LIST_NEXT(s, all);
        destroy(s);
    }
    lk_streams_forget(loop);
}

lk_stream *lk_stream_new(lk_loop *loop, int fd, const struct sockaddr_storage *peer) {
    lk_stream *s = calloc(1, sizeof *s);
    struct epoll_event all = {.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, .data.ptr = s};
    if (s == NULL || epoll_ctl(loop->ready, EPOLL_CTL_ADD, fd, &all) != 0) {
        close(fd);
        free(s);
        return NULL;
    }
    s->loop = loop;
    s->fd = fd;
    s->ipv6 = peer->ss_family == AF_INET6;
    if (s->ipv6)
        memcpy(s->address, &((const struct sockaddr_in6 *)peer)->sin6_addr, 16);
    else
        memcpy(s->address, &((const struct sockaddr_in *)peer)->sin_addr, 4);
    LIST_INSERT_HEAD(&loop->streams, s, all);
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

/* want_to_read: what has come before was told already, so it is read in the next turn. */
static void want_to_read(lk_stream *s) {
    s->reading = true;
    if (s->readable && s->fd >= 0)
        lk_stream_put_off(s, true);
}

void lk_stream_read(lk_stream *s, bool on) {
    if (s->closing)
        return;
    if (on)
        want_to_read(s);
    else
        s->reading = false;
}

void lk_stream_later(lk_stream *s) {
    if (s->fd < 0)
        return;
    s->asked = true;
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
        destroy(s);
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
        destroy(s);
        return;
    }
    want_to_read(s);
}

/* send_last goes on with what was left when the stream was closed. */
static void send_last(lk_stream *s) {
    lk_last *l = s->last;
    l->at += send_some(s, l->bytes + l->at, l->length - l->at);
    if (s->broken)
        destroy(s);
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
        destroy(s);
        return;
    }
    s->expires = (int64_t)uv_now(&s->loop->uv) + LINGER_MS;
    lk_wheel_set(s);
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
    /* What comes behind a read that did not fill the buffer is told anew, the end excepted. */
    s->readable = n == LK_READ_SIZE || (n > 0 && s->hung_up);
    if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
        return;
    if (s->closing) { /* what comes after the end is thrown away */
        if (n <= 0)
            destroy(s);
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
    if (!s->closing)
        s->events->writable(s->arg);
    else if (s->last != NULL && s->last->at < s->last->length)
        send_last(s);
}

/* read_on reads if there may be something; what is left then is for the next turn. */
static void read_on(lk_stream *s) {
    if (!s->reading || !s->readable || s->fd < 0)
        return;
    read_some(s);
    if (s->reading)
        want_to_read(s);
}

void lk_stream_turn(lk_stream *s) {
    bool asked = s->asked && !s->closing;
    s->asked = false;
    if (asked && s->broken) {
        lk_stream_read(s, false);
        s->events->ended(s->arg);
    } else if (asked) {
        s->events->writable(s->arg);
    }
    read_on(s);
}

/* ---- The poll -------------------------------------------------------------------------------- */

#define AT_ONCE 256 /* streams that are told of with one system call */

static void on_event(lk_stream *s, uint32_t events) {
    bool broken = (events & (EPOLLERR | EPOLLHUP)) != 0;
    if (s->fd < 0) /* closed by what came before it in this turn */
        return;
    s->loop->busy = true;
    s->hung_up = s->hung_up || broken || (events & EPOLLRDHUP) != 0;
    s->readable = s->readable || broken || (events & (EPOLLIN | EPOLLRDHUP)) != 0;
    read_on(s);
    if ((broken || (events & EPOLLOUT) != 0) && s->waits && s->fd >= 0)
        on_writable(s);
}

static void on_ready(uv_poll_t *poll, int status, int events) {
    lk_loop *loop = poll->data;
    struct epoll_event ready[AT_ONCE];
    int n = epoll_wait(loop->ready, ready, AT_ONCE, 0);
    (void)status;
    (void)events;
    for (int i = 0; i < n; i++)
        on_event(ready[i].data.ptr, ready[i].events);
}

bool lk_streams_begin(lk_loop *loop) {
    LIST_INIT(&loop->streams);
    LIST_INIT(&loop->closed);
    loop->ready = epoll_create1(EPOLL_CLOEXEC);
    if (loop->ready < 0)
        return false;
    if (uv_poll_init(&loop->uv, &loop->ready_poll, loop->ready) != 0) {
        close(loop->ready);
        return false;
    }
    loop->ready_poll.data = loop;
    return uv_poll_start(&loop->ready_poll, UV_READABLE, on_ready) == 0;
}
