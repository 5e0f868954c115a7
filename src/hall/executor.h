/*
 * executor.h - what runs the jobs of a hall: in the call that brings them, or on threads.
 */
#ifndef LK_HALL_EXECUTOR_H
#define LK_HALL_EXECUTOR_H

#include <lockstep/hall.h>

#include "crypto/jobs.h"
#include "util/heap.h"

/* Jobs that run beside each other: all alike (lk_jobs_alike), from different connections or one. */
typedef struct lk_work {
    struct lk_work *next;
    size_t num_jobs;
    lk_job *jobs[LK_LANES];
    struct lk_visit *visits[LK_LANES]; /* whose they are; the hall's */
} lk_work;

typedef struct lk_works {
    lk_work *first, *last;
} lk_works;

void lk_works_append(lk_works *works, lk_work *work);
lk_work *lk_works_take(lk_works *works); /* the first, or NULL */

typedef struct lk_executor lk_executor;
struct lk_executor {
    /* lanes returns how many jobs one work may have where `num_jobs` are to be run. */
    size_t (*lanes)(const lk_executor *e, size_t num_jobs);
    /* submit runs a work, now or on a thread. It does not wait. */
    void (*submit)(lk_executor *e, lk_work *work);
    /* collect returns a work that is done, or NULL; with `wait` it waits for one. Of its jobs
     * nothing may be looked at: a handshake may have ended while they ran, and they with it. */
    lk_work *(*collect)(lk_executor *e, bool wait);
    void (*free)(lk_executor *e); /* when every work has been collected */
};

/* lk_executor_here runs works in submit: one job at a time, or up to `lanes`. NULL: no memory. */
lk_executor *lk_executor_here(const lk_heap *heap, size_t lanes);

/* lk_executor_workers runs them on threads. NULL: no memory, or no threads. */
lk_executor *lk_executor_workers(const lk_heap *heap, const lockstep_hall_options *options);

#endif
