/*
 * work.c - what takes long, on another thread.
 */
#include "net/inside.h"

#include <stdlib.h>

typedef struct work {
    uv_work_t request;
    void (*work)(void *arg);
    void (*done)(void *arg);
    void *arg;
} work;

static void run(uv_work_t *request) {
    work *w = request->data;
    w->work(w->arg);
}

static void finished(uv_work_t *request, int status) {
    work *w = request->data;
    (void)status;
    w->done(w->arg);
    free(w);
}

bool lk_loop_work(lk_loop *loop, void (*do_work)(void *arg), void (*done)(void *arg), void *arg) {
    work *w = calloc(1, sizeof *w);
    if (w == NULL)
        return false;
    *w = (work){.work = do_work, .done = done, .arg = arg};
    w->request.data = w;
    if (uv_queue_work(&loop->uv, &w->request, run, finished) == 0)
        return true;
    free(w);
    return false;
}
