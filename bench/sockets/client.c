/*
 * client.c - the connections of the load generator, on epoll.
 */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <lockstep/session.h>

#include "load.h"

#define READ_SIZE  (256 * 1024)
#define NUM_EVENTS 256
/* Nothing moves for so long: a server hangs. */
#define PATIENCE_MS 10000
/* How many handshakes are under way while connections are opened: fewer than any listener's queue
 * has room for, since a connection that does not fit waits a second for its next try. */
#define OPENING_MAX 64

enum stage { CLOSED, CONNECTING, HANDSHAKE, QUIET, ASKED, CLOSING };

typedef struct client {
    load *owner;
    lockstep_conn *tls;
    int fd;
    enum stage stage;
    bool writing; /* epoll is asked for room to write */
    load_answer answer;
} client;

struct load {
    load_options options;
    load_counts counts;
    lockstep_config *config;
    int epoll;
    bool opening;      /* see load_open */
    size_t next, busy; /* clients not yet begun with; those that have something under way */
    double end;
    char request[512];
    size_t request_len;
    uint8_t *buffer; /* one for all: what is read is used at once */
    client *clients;
};

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* fail keeps the first reason only. */
__attribute__((format(printf, 2, 3))) static void fail(load *l, const char *format, ...) {
    if (l->counts.failed)
        return;
    va_list list;
    va_start(list, format);
    vsnprintf(l->counts.why, sizeof l->counts.why, format, list);
    va_end(list);
    l->counts.failed = true;
}

static void fail_tls(client *c) {
    const lockstep_failure *f = lockstep_failure_of(c->tls);
    fail(c->owner, "TLS: %s (%s)", f == NULL ? "it ended" : lockstep_status_text(f->status),
         f == NULL ? "" : f->detail);
}

/* ---- One connection -------------------------------------------------------------------------- */

static void watch(client *c, int how, bool writing) {
    struct epoll_event event = {.events = EPOLLIN | (writing ? EPOLLOUT : 0), .data.ptr = c};
    c->writing = writing;
    if (epoll_ctl(c->owner->epoll, how, c->fd, &event) != 0)
        fail(c->owner, "epoll: %s", strerror(errno));
}

static void drop(client *c) {
    lockstep_conn_free(c->tls);
    c->tls = NULL;
    if (c->fd >= 0)
        close(c->fd);
    c->fd = -1;
    c->stage = CLOSED;
}

static void begin(client *c) {
    load *l = c->owner;
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons(l->options.port),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int on = 1;
    l->busy++;
    c->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (c->fd < 0 || setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) != 0 ||
        (connect(c->fd, (struct sockaddr *)&to, sizeof to) != 0 && errno != EINPROGRESS)) {
        fail(l, "a connection: %s", strerror(errno));
        return;
    }
    if (lockstep_client_new(&c->tls, l->config, l->options.name) != LOCKSTEP_OK) {
        fail(l, "no client for the name %s", l->options.name);
        return;
    }
    memset(&c->answer, 0, sizeof c->answer);
    c->stage = CONNECTING;
    watch(c, EPOLL_CTL_ADD, true);
}

/* flush sends what waits, and has epoll tell when there is room for the rest. */
static void flush(client *c) {
    const uint8_t *out;
    size_t n;
    while ((n = lockstep_wire_out(c->tls, &out)) > 0) {
        ssize_t sent = send(c->fd, out, n, MSG_NOSIGNAL);
        if (sent < 0 && errno == EAGAIN)
            break;
        if (sent < 0) {
            fail(c->owner, "sending: %s", strerror(errno));
            return;
        }
        lockstep_wire_sent(c->tls, (size_t)sent);
    }
    if (c->writing != (n > 0))
        watch(c, EPOLL_CTL_MOD, n > 0);
    if (n == 0 && c->stage == CLOSING)
        shutdown(c->fd, SHUT_WR); /* some servers do not go by close_notify alone */
}

static void ask(client *c) {
    load *l = c->owner;
    size_t used;
    l->counts.begun++;
    c->stage = ASKED;
    if (lockstep_app_in(c->tls, &used, (const uint8_t *)l->request, l->request_len) !=
            LOCKSTEP_OK ||
        used != l->request_len)
        fail_tls(c);
}

static bool time_left(const load *l) {
    const load_options *o = &l->options;
    return o->count > 0 ? l->counts.begun < o->count : now() < l->end;
}

/* on_answered: the next request, or none. */
static void on_answered(client *c) {
    load *l = c->owner;
    l->counts.done++;
    l->counts.bytes += l->options.length;
    if (!l->opening && time_left(l)) {
        ask(c);
        return;
    }
    c->stage = QUIET;
    l->busy--;
}

static void on_secured(client *c) {
    if (c->owner->options.mode != LOAD_CONNECT) {
        ask(c);
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
            fail(c->owner, "%s", bad);
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
        fail(l, "the server ended a connection");
        return;
    }
    l->counts.unclosed += (lockstep_state_of(c->tls) & LOCKSTEP_PEER_DONE) == 0;
    l->counts.done++;
    count_tickets(c);
    drop(c);
    l->busy--;
    if (!l->counts.failed && time_left(l)) {
        l->counts.begun++;
        begin(c);
    }
}

static void on_readable(client *c) {
    load *l = c->owner;
    ssize_t n = recv(c->fd, l->buffer, READ_SIZE, 0);
    if (n < 0 && errno == EAGAIN)
        return;
    if (n == 0 || (n < 0 && c->stage == CLOSING)) {
        on_ended(c);
        return;
    }
    if (n < 0) {
        fail(l, "receiving: %s", strerror(errno));
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
        flush(c);
}

static void on_connected(client *c) {
    int error = 0;
    socklen_t error_len = sizeof error;
    getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &error, &error_len);
    if (error != 0)
        fail(c->owner, "a connection: %s", strerror(error));
    c->stage = HANDSHAKE;
}

static void on_event(client *c, uint32_t events) {
    if (c->stage == CONNECTING)
        on_connected(c);
    if ((events & EPOLLOUT) != 0 && !c->owner->counts.failed)
        flush(c);
    if ((events & (EPOLLIN | EPOLLERR | EPOLLHUP)) != 0 && !c->owner->counts.failed)
        on_readable(c);
}

/* ---- All of them ----------------------------------------------------------------------------- */

/* turn handles what has happened, until nothing is under way. */
static bool turn(load *l) {
    struct epoll_event events[NUM_EVENTS];
    while (l->busy > 0 && !l->counts.failed) {
        while (l->opening && l->busy < OPENING_MAX && l->next < l->options.connections &&
               !l->counts.failed)
            begin(&l->clients[l->next++]);
        int n = epoll_wait(l->epoll, events, NUM_EVENTS, PATIENCE_MS);
        if (n == 0)
            fail(l, "nothing came for %d s; %zu wait", PATIENCE_MS / 1000, l->busy);
        else if (n < 0 && errno != EINTR)
            fail(l, "epoll: %s", strerror(errno));
        for (int i = 0; i < n && !l->counts.failed; i++)
            on_event(events[i].data.ptr, events[i].events);
    }
    return !l->counts.failed;
}

bool load_open(load *l) {
    if (l->options.mode == LOAD_CONNECT)
        return true;
    l->opening = true;
    begin(&l->clients[l->next++]);
    bool ok = turn(l);
    l->opening = false;
    return ok;
}

bool load_run(load *l) {
    const load_options *o = &l->options;
    if (o->mode == LOAD_IDLE || l->counts.failed)
        return !l->counts.failed;
    memset(&l->counts, 0, sizeof l->counts);
    l->end = now() + o->seconds;
    for (size_t i = 0; i < o->connections && time_left(l) && !l->counts.failed; i++) {
        client *c = &l->clients[i];
        if (o->mode == LOAD_CONNECT) {
            l->counts.begun++;
            begin(c);
            continue;
        }
        l->busy++;
        ask(c);
        if (!l->counts.failed)
            flush(c);
    }
    return turn(l);
}

void load_shut(load *l) {
    for (size_t i = 0; i < l->options.connections; i++) {
        client *c = &l->clients[i];
        if (c->stage == QUIET && !l->counts.failed && lockstep_close(c->tls) == LOCKSTEP_OK)
            flush(c);
        drop(c);
    }
}

const load_counts *load_counts_of(const load *l) {
    return &l->counts;
}

load *load_new(const load_options *options, char why[256]) {
    load *l = calloc(1, sizeof *l);
    if (l == NULL)
        return NULL;
    l->options = *options;
    l->epoll = epoll_create1(EPOLL_CLOEXEC);
    l->buffer = malloc(READ_SIZE);
    l->clients = calloc(options->connections, sizeof *l->clients);
    int n = snprintf(l->request, sizeof l->request, "GET %s HTTP/1.1\r\nHost: %s\r\n\r\n",
                     options->path, options->name);
    l->request_len = (size_t)n;
    bool made = l->epoll >= 0 && l->buffer != NULL && l->clients != NULL && n > 0 &&
                (size_t)n < sizeof l->request;
    for (size_t i = 0; made && i < options->connections; i++) {
        l->clients[i].owner = l;
        l->clients[i].fd = -1;
    }
    if (made && (l->config = load_config(options)) != NULL)
        return l;
    snprintf(why, 256, "no config with the trust of %s", options->cacert);
    load_free(l);
    return NULL;
}

void load_free(load *l) {
    if (l == NULL)
        return;
    lockstep_config_free(l->config);
    if (l->epoll >= 0)
        close(l->epoll);
    free(l->buffer);
    free(l->clients);
    free(l);
}
