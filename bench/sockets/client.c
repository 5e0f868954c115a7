/*
 * client.c - one connection: socket, handshake, requests, its end.
 */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <lockstep/session.h>

#include "client.h"

static void fail_tls(client *c) {
    const lockstep_failure *f = lockstep_failure_of(c->tls);
    load_fail(c->owner, "TLS: %s (%s)", f == NULL ? "it ended" : lockstep_status_text(f->status),
              f == NULL ? "" : f->detail);
}

static void watch(client *c, int how, bool writing) {
    struct epoll_event event = {.events = EPOLLIN | (writing ? EPOLLOUT : 0), .data.ptr = c};
    c->writing = writing;
    if (epoll_ctl(c->owner->epoll, how, c->fd, &event) != 0)
        load_fail(c->owner, "epoll: %s", strerror(errno));
}

void client_drop(client *c) {
    lockstep_conn_free(c->tls);
    c->tls = NULL;
    if (c->fd >= 0)
        close(c->fd);
    c->fd = -1;
    c->stage = CLOSED;
}

void client_begin(client *c) {
    load *l = c->owner;
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons(l->options.port),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int on = 1;
    l->busy++;
    c->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (c->fd < 0 || setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) != 0 ||
        (connect(c->fd, (struct sockaddr *)&to, sizeof to) != 0 && errno != EINPROGRESS)) {
        load_fail(l, "a connection: %s", strerror(errno));
        return;
    }
    if (lockstep_client_new(&c->tls, l->config, l->options.name) != LOCKSTEP_OK) {
        load_fail(l, "no client for the name %s", l->options.name);
        return;
    }
    memset(&c->answer, 0, sizeof c->answer);
    c->stage = CONNECTING;
    watch(c, EPOLL_CTL_ADD, true);
}

void client_flush(client *c) {
    const uint8_t *out;
    size_t n;
    while ((n = lockstep_wire_out(c->tls, &out)) > 0) {
        ssize_t sent = send(c->fd, out, n, MSG_NOSIGNAL);
        if (sent < 0 && errno == EAGAIN)
            break;
        if (sent < 0) {
            load_fail(c->owner, "sending: %s", strerror(errno));
            return;
        }
        lockstep_wire_sent(c->tls, (size_t)sent);
    }
    if (c->writing != (n > 0))
        watch(c, EPOLL_CTL_MOD, n > 0);
    if (n == 0 && c->stage == CLOSING)
        shutdown(c->fd, SHUT_WR); /* some servers do not go by close_notify alone */
}

void client_ask(client *c) {
    load *l = c->owner;
    size_t used;
    l->counts.begun++;
    c->stage = ASKED;
    if (lockstep_app_in(c->tls, &used, (const uint8_t *)l->request, l->request_len) !=
            LOCKSTEP_OK ||
        used != l->request_len)
        fail_tls(c);
}

/* on_answered: the next request, or none. */
static void on_answered(client *c) {
    load *l = c->owner;
    l->counts.done++;
    l->counts.bytes += l->options.length;
    if (!l->opening && load_time_left(l)) {
        client_ask(c);
        return;
    }
    c->stage = QUIET;
    l->busy--;
}

static void on_secured(client *c) {
    if (c->owner->options.mode != LOAD_CONNECT) {
        client_ask(c);
        return;
    }
    c->stage = CLOSING;
    if (lockstep_close(c->tls) != LOCKSTEP_OK)
        fail_tls(c);
}

static void take_answer(client *c) {
    const uint8_t *app;
    size_t n;
    while ((n = lockstep_app_out(c->tls, &app)) > 0) {
        bool whole;
        const char *bad = c->stage != ASKED ? "an answer that was not asked for"
                                            : load_answer_take(&c->answer, &whole, app, n,
                                                               c->owner->options.length);
        if (bad != NULL) {
            load_fail(c->owner, "%s", bad);
            return;
        }
        lockstep_app_taken(c->tls, n);
        if (whole)
            on_answered(c);
    }
}

static void count_tickets(client *c) {
    lockstep_session *session;
    while ((session = lockstep_take_session(c->tls)) != NULL) {
        c->owner->counts.tickets++;
        lockstep_session_free(session);
    }
}

/* on_ended: only a connection that we have closed may end. */
static void on_ended(client *c) {
    load *l = c->owner;
    if (c->stage != CLOSING) {
        load_fail(l, "the server ended a connection");
        return;
    }
    l->counts.unclosed += (lockstep_state_of(c->tls) & LOCKSTEP_PEER_DONE) == 0;
    l->counts.done++;
    count_tickets(c);
    client_drop(c);
    l->busy--;
    if (!l->counts.failed && load_time_left(l)) {
        l->counts.begun++;
        client_begin(c);
    }
}

static void on_readable(client *c) {
    load *l = c->owner;
    ssize_t n = recv(c->fd, l->buffer, CLIENT_READ_SIZE, 0);
    if (n < 0 && errno == EAGAIN)
        return;
    if (n == 0 || (n < 0 && c->stage == CLOSING)) {
        on_ended(c);
        return;
    }
    if (n < 0) {
        load_fail(l, "receiving: %s", strerror(errno));
        return;
    }
    for (size_t at = 0, used; at < (size_t)n && !l->counts.failed; at += used) {
        if (lockstep_wire_in(c->tls, &used, l->buffer + at, (size_t)n - at) != LOCKSTEP_OK) {
            fail_tls(c);
            return;
        }
        if (c->stage == HANDSHAKE && (lockstep_state_of(c->tls) & LOCKSTEP_SECURE) != 0)
            on_secured(c);
        take_answer(c);
    }
    if (!l->counts.failed)
        client_flush(c);
}

static void on_connected(client *c) {
    int error = 0;
    socklen_t error_len = sizeof error;
    getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &error, &error_len);
    if (error != 0)
        load_fail(c->owner, "a connection: %s", strerror(error));
    c->stage = HANDSHAKE;
}

void client_on_event(client *c, uint32_t events) {
    if (c->stage == CONNECTING)
        on_connected(c);
    if ((events & EPOLLOUT) != 0 && !c->owner->counts.failed)
        client_flush(c);
    if ((events & (EPOLLIN | EPOLLERR | EPOLLHUP)) != 0 && !c->owner->counts.failed)
        on_readable(c);
}
