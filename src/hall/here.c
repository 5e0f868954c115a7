/*
 * here.c - the executors that run jobs in the call that brings them: one by one, or in lanes.
 */
#include "hall/executor.h"

typedef struct here {
    lk_executor base;
    lk_heap heap;
    size_t lanes;
    lk_works done;
} here;

void lk_works_append(lk_works *works, lk_work *work) {
    work->next = NULL;
    if (works->first == NULL)
        works->first = work;
    else
        works->last->next = work;
    works->last = work;
}

lk_work *lk_works_take(lk_works *works) {
    lk_work *work = works->first;
    if (work != NULL)
        works->first = work->next;
    return work;
}

static size_t here_lanes(const lk_executor *e, size_t num_jobs) {
    (void)num_jobs;
    return ((const here *)e)->lanes;
}

static void here_submit(lk_executor *e, lk_work *work) {
    lk_jobs_run(work->jobs, work->num_jobs);
    lk_works_append(&((here *)e)->done, work);
}

static lk_work *here_collect(lk_executor *e, bool wait) {
    (void)wait;
    return lk_works_take(&((here *)e)->done);
}

static void here_free(lk_executor *e) {
    here *h = (here *)e;
    lk_heap heap = h->heap;
    lk_release(&heap, h, sizeof *h);
}

lk_executor *lk_executor_here(const lk_heap *heap, size_t lanes) {
    here *h = lk_alloc(heap, sizeof *h);
    if (h == NULL)
        return NULL;
    h->base = (lk_executor){here_lanes, here_submit, here_collect, here_free};
    h->heap = *heap;
    h->lanes = lanes;
    return &h->base;
}
