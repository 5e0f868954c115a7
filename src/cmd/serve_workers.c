#include "cmd/serve_workers.h"

#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>

typedef struct lk_worker {
    lk_server *server;
    lk_loop *first; /* is held until this worker has ended */
    pthread_t thread;
    int64_t grace_ms;
    bool started;
} lk_worker;

size_t lk_workers_auto(void) {
    cpu_set_t set;
    int n = sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;
    return n < 1 ? 1 : n > LK_WORKERS_MAX ? LK_WORKERS_MAX : (size_t)n;
}

/* ---- Signals ----------------------------------------------------------------------------------
 */

/* stop_all: a signal has come. */
static void stop_all(void *arg) {
    lk_workers *workers = arg;
    lk_loop_stop(workers->first->loop);
    for (size_t i = 0; i < workers->num_others; i++)
        if (workers->others[i].started)
            lk_loop_stop(workers->others[i].server->loop);
}

bool lk_workers_begin(lk_workers *out, lk_server *first) {
    *out = (lk_workers){.first = first};
    return lk_loop_catch(first->loop, stop_all, out);
}

/* ---- Making them ----------------------------------------------------------------------------- */

/* join_one makes a server beside the first: the same config and site, but a loop, connections and a
 * cache that no other thread touches. */
static const char *join_one(lk_worker *w, const lk_server *first) {
    lk_server *s = w->server = calloc(1, sizeof *s);
    if (s == NULL)
        return "not enough memory";
    s->config = first->config;
    s->shares = first->shares;
    s->site.root_fd = first->site.root_fd;
    s->keylog_fd = first->keylog_fd;
    s->refusals = first->refusals;
    s->quiet = first->quiet;
    memcpy(s->authority, first->authority, sizeof s->authority);
    if (!lk_server_start(s))
        return "a worker has no loop";
    w->first = first->loop;
    return lk_loop_join(s->loop, first->loop);
}

const char *lk_workers_join(lk_workers *workers, size_t num) {
    const char *bad = NULL;
    workers->others = calloc(num, sizeof(lk_worker));
    if (workers->others == NULL)
        return "not enough memory";
    while (bad == NULL && workers->num_others + 1 < num)
        bad = join_one(&workers->others[workers->num_others++], workers->first);
    return bad;
}

void lk_workers_free(lk_workers *workers) {
    for (size_t i = 0; i < workers->num_others; i++) {
        if (workers->others[i].server != NULL)
            lk_server_end(workers->others[i].server);
        free(workers->others[i].server);
    }
    free(workers->others);
    workers->others = NULL;
    workers->num_others = 0;
}

/* ---- Running --------------------------------------------------------------------------------- */

static void *run(void *arg) {
    lk_worker *w = arg;
    lk_loop_run(w->server->loop, w->grace_ms);
    lk_loop_release(w->first);
    return NULL;
}

bool lk_workers_run(lk_workers *workers, int64_t grace_ms) {
    bool ok = true;
    for (size_t i = 0; ok && i < workers->num_others; i++) {
        lk_worker *w = &workers->others[i];
        w->grace_ms = grace_ms;
        lk_loop_hold(w->first);
        w->started = ok = pthread_create(&w->thread, NULL, run, w) == 0;
        if (!ok)
            lk_loop_release(w->first);
    }
    if (!ok)
        stop_all(workers);
    lk_loop_run(workers->first->loop, grace_ms);
    for (size_t i = 0; i < workers->num_others; i++)
        if (workers->others[i].started)
            pthread_join(workers->others[i].thread, NULL);
    return ok;
}
