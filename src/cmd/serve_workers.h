/*
 * serve_workers.h - `serve --workers N`: N threads, each with a loop, sockets and connections of
 * its own, and one config for all.
 */
#ifndef LK_CMD_SERVE_WORKERS_H
#define LK_CMD_SERVE_WORKERS_H

#include "cmd/serve_conn.h"

#define LK_WORKERS_MAX 64

/* lk_workers_auto returns how many processors this process may use, LK_WORKERS_MAX at most. */
size_t lk_workers_auto(void);

typedef struct lk_workers {
    lk_server *first; /* runs on the thread that calls lk_workers_run */
    struct lk_worker *others;
    size_t num_others;
} lk_workers;

/* lk_workers_begin: from now on SIGTERM and SIGINT end the workers, of which `first` is one. Before
 * anybody is told that we are there. False: they cannot. */
bool lk_workers_begin(lk_workers *out, lk_server *first);

/* lk_workers_join makes `num` workers in all; the others listen where the first does already. NULL,
 * or what is wrong (static). lk_workers_free may come after either. */
const char *lk_workers_join(lk_workers *workers, size_t num);
void lk_workers_free(lk_workers *workers);

/* lk_workers_run serves until a signal has come and every worker has finished what was open, for
 * `grace_ms` at most, or until a second one has. False: a thread could not be started. */
bool lk_workers_run(lk_workers *workers, int64_t grace_ms);

#endif
