/*
 * crowd.c - all connections of the load generator, on epoll.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#include "client.h"

#define NUM_EVENTS 256
/* Nothing moves for so long: a server hangs. */
#define PATIENCE_MS 10000
/* How many handshakes are under way while connections are opened: fewer than any listener's queue
 * has room for, since a connection that does not fit waits a second for its next try. */
#define OPENING_MAX 64

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

void load_fail(load *l, const char *format, ...) {
    if (l->counts.failed)
        return;
    va_list list;
    va_start(list, format);
    vsnprintf(l->counts.why, sizeof l->counts.why, format, list);
    va_end(list);
    l->counts.failed = true;
}

bool load_time_left(const load *l) {
    const load_options *o = &l->options;
    return o->count > 0 ? l->counts.begun < o->count : now() < l->end;
}

static bool to_open(const load *l) {
    return l->opening && l->next < l->options.connections;
}

/* turn handles what has happened, until nothing is under way and nothing more to be opened. */
static bool turn(load *l) {
    struct epoll_event events[NUM_EVENTS];
    while ((l->busy > 0 || to_open(l)) && !l->counts.failed) {
        while (to_open(l) && l->busy < OPENING_MAX && !l->counts.failed)
            client_begin(&l->clients[l->next++]);
        int n = epoll_wait(l->epoll, events, NUM_EVENTS, PATIENCE_MS);
        if (n == 0)
            load_fail(l, "nothing came for %d s; %zu wait", PATIENCE_MS / 1000, l->busy);
        else if (n < 0 && errno != EINTR)
            load_fail(l, "epoll: %s", strerror(errno));
        for (int i = 0; i < n && !l->counts.failed; i++)
            client_on_event(events[i].data.ptr, events[i].events);
    }
    return !l->counts.failed;
}

bool load_open(load *l) {
    if (l->options.mode == LOAD_CONNECT)
        return true;
    l->opening = true;
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
    for (size_t i = 0; i < o->connections && load_time_left(l) && !l->counts.failed; i++) {
        client *c = &l->clients[i];
        if (o->mode == LOAD_CONNECT) {
            l->counts.begun++;
            client_begin(c);
            continue;
        }
        l->busy++;
        client_ask(c);
        if (!l->counts.failed)
            client_flush(c);
    }
    return turn(l);
}

void load_shut(load *l) {
    for (size_t i = 0; i < l->options.connections; i++) {
        client *c = &l->clients[i];
        if (c->stage == QUIET && !l->counts.failed && lockstep_close(c->tls) == LOCKSTEP_OK)
            client_flush(c);
        client_drop(c);
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
    l->buffer = malloc(CLIENT_READ_SIZE);
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
