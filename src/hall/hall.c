/*
 * hall.c - a turn of the hall (lockstep/hall.h): jobs of those in line are gathered by sort and
 * handed out, and who has all back goes on.
 */
#include "conn/hold.h"
#include "crypto/crypto.h"
#include "hall/executor.h"
#include "hall/queue.h"

#define JOBS_DEFAULT 64

struct lockstep_hall {
    lk_heap heap;
    lk_executor *executor;
    lk_queue queue;
    lk_visits ready;             /* all their jobs are back */
    lk_work *works, *idle_works; /* max_jobs of them; those without jobs */
    lk_job **jobs;               /* of this turn, and whose they are */
    lk_visit **owners;
    size_t max_jobs, num_out;
};

/* ---- A turn ---------------------------------------------------------------------------------- */

/* take_jobs fills hall->jobs with those of who has waited longest, line by line, at most `room`. A
 * connection of whose jobs not all fit stays the first. */
static size_t take_jobs(lockstep_hall *hall, size_t room) {
    size_t n = 0;
    lk_visit *v;
    while ((v = lk_queue_first(&hall->queue)) != NULL) {
        while (n < room && !lk_conn_dropped(v->conn) && lk_conn_job_waits(v->conn)) {
            hall->jobs[n] = lockstep_next_job(v->conn);
            hall->owners[n++] = v;
            v->out++;
        }
        if (!lk_conn_dropped(v->conn) && lk_conn_job_waits(v->conn))
            break;
        v->served = true;
        lk_queue_leave(&hall->queue);
        if (v->out == 0)
            lk_visits_append(&hall->ready, v);
    }
    return n;
}

/* make_work takes the first of the jobs that are left, and up to `lanes` that are like it. */
static lk_work *make_work(lockstep_hall *hall, size_t first, size_t num_jobs, size_t lanes) {
    lk_work *work = hall->idle_works;
    hall->idle_works = work->next;
    work->num_jobs = 0;
    for (size_t i = first; i < num_jobs && work->num_jobs < lanes; i++) {
        lk_job *job = hall->jobs[i];
        if (job == NULL || (i > first && !lk_jobs_alike(work->jobs[0], job)))
            continue;
        work->visits[work->num_jobs] = hall->owners[i];
        work->jobs[work->num_jobs++] = job;
        hall->jobs[i] = NULL;
    }
    return work;
}

size_t lockstep_hall_run(lockstep_hall *hall) {
    lk_works works = {NULL, NULL};
    lk_work *work;
    if (hall == NULL)
        return 0;
    size_t n = take_jobs(hall, hall->max_jobs - hall->num_out);
    size_t lanes = hall->executor->lanes(hall->executor, n);
    for (size_t i = 0; i < n; i++)
        if (hall->jobs[i] != NULL)
            lk_works_append(&works, make_work(hall, i, n, lanes));
    hall->num_out += n;
    while ((work = lk_works_take(&works)) != NULL)
        hall->executor->submit(hall->executor, work);
    return n;
}

/* ---- Going on -------------------------------------------------------------------------------- */

/* take_back looks for who has all jobs back. */
static void take_back(lockstep_hall *hall, lk_work *work) {
    for (size_t i = 0; i < work->num_jobs; i++) {
        lk_visit *v = work->visits[i];
        if (--v->out == 0 && v->served)
            lk_visits_append(&hall->ready, v);
    }
    hall->num_out -= work->num_jobs;
    work->next = hall->idle_works;
    hall->idle_works = work;
}

lockstep_conn *lockstep_hall_next(lockstep_hall *hall, void **arg) {
    lk_work *work;
    lk_visit *v;
    if (hall == NULL)
        return NULL;
    while ((work = hall->executor->collect(hall->executor, false)) != NULL)
        take_back(hall, work);
    while ((v = lk_visits_take(&hall->ready)) != NULL) {
        lockstep_conn *conn = v->conn;
        if (arg != NULL)
            *arg = v->arg;
        lk_queue_end(&hall->queue, v);
        if (!lk_conn_release(conn))
            continue;
        (void)!lockstep_resume(conn); /* a failure is the connection's, where it is looked for */
        return conn;
    }
    return NULL;
}

lockstep_status lockstep_hall_add(lockstep_hall *hall, lockstep_conn *conn, uint64_t source,
                                  void *arg) {
    if (hall == NULL || conn == NULL || lk_conn_held(conn) ||
        (lockstep_state_of(conn) & LOCKSTEP_HAS_JOB) == 0)
        return LOCKSTEP_ERR_USAGE;
    if (!lk_queue_add(&hall->queue, conn, source, arg))
        return LOCKSTEP_ERR_NO_MEMORY;
    lk_conn_hold(conn);
    return LOCKSTEP_OK;
}

size_t lockstep_hall_waiting(const lockstep_hall *hall) {
    return hall == NULL ? 0 : hall->queue.num_waiting;
}

/* ---- Life ------------------------------------------------------------------------------------ */

static lk_executor *executor_of(const lk_heap *heap, const lockstep_hall_options *o) {
    return o->executor == LOCKSTEP_EXECUTOR_WORKERS
               ? lk_executor_workers(heap, o)
               : lk_executor_here(heap, o->executor == LOCKSTEP_EXECUTOR_INLINE ? 1 : LK_LANES);
}

static bool make_room(lockstep_hall *hall) {
    size_t n = hall->max_jobs;
    hall->works = lk_alloc(&hall->heap, n * sizeof *hall->works);
    hall->jobs = lk_alloc(&hall->heap, n * sizeof *hall->jobs);
    hall->owners = lk_alloc(&hall->heap, n * sizeof *hall->owners);
    if (hall->works == NULL || hall->jobs == NULL || hall->owners == NULL)
        return false;
    for (size_t i = 0; i < n; i++) {
        hall->works[i].next = hall->idle_works;
        hall->idle_works = &hall->works[i];
    }
    return true;
}

lockstep_status lockstep_hall_new(lockstep_hall **out, const lockstep_env *env,
                                  const lockstep_hall_options *options) {
    lockstep_hall_options o = {0};
    if (options != NULL)
        o = *options;
    if (out == NULL)
        return LOCKSTEP_ERR_USAGE;
    *out = NULL;
    if ((unsigned)o.executor > LOCKSTEP_EXECUTOR_WORKERS || o.max_jobs > LOCKSTEP_HALL_JOBS_MAX ||
        o.num_workers > LOCKSTEP_HALL_WORKERS_MAX ||
        (o.executor == LOCKSTEP_EXECUTOR_WORKERS && o.wake == NULL))
        return LOCKSTEP_ERR_USAGE;
    lockstep_env e = lk_env_complete(env);
    lk_heap heap = {e.arg, e.alloc, e.release};
    uint64_t key;
    if (!e.random(e.arg, (uint8_t *)&key, sizeof key))
        return LOCKSTEP_ERR_NO_RANDOM;
    lockstep_hall *hall = lk_alloc(&heap, sizeof *hall);
    if (hall == NULL)
        return LOCKSTEP_ERR_NO_MEMORY;
    hall->heap = heap;
    hall->queue.heap = heap;
    hall->queue.key = key;
    hall->max_jobs = o.max_jobs > 0 ? o.max_jobs : JOBS_DEFAULT;
    if (!make_room(hall) || (hall->executor = executor_of(&heap, &o)) == NULL) {
        lockstep_hall_free(hall);
        return LOCKSTEP_ERR_NO_MEMORY;
    }
    *out = hall;
    return LOCKSTEP_OK;
}

static void let_go(lockstep_hall *hall, lk_visit *v) {
    (void)lk_conn_release(v->conn);
    lk_queue_end(&hall->queue, v);
}

void lockstep_hall_free(lockstep_hall *hall) {
    lk_visit *v;
    if (hall == NULL)
        return;
    lk_heap heap = hall->heap;
    while (hall->num_out > 0)
        take_back(hall, hall->executor->collect(hall->executor, true));
    while ((v = lk_queue_first(&hall->queue)) != NULL) {
        lk_queue_leave(&hall->queue);
        let_go(hall, v);
    }
    while ((v = lk_visits_take(&hall->ready)) != NULL)
        let_go(hall, v);
    if (hall->executor != NULL)
        hall->executor->free(hall->executor);
    lk_queue_free(&hall->queue);
    lk_release(&heap, hall->works, hall->max_jobs * sizeof *hall->works);
    lk_release(&heap, hall->jobs, hall->max_jobs * sizeof *hall->jobs);
    lk_release(&heap, hall->owners, hall->max_jobs * sizeof *hall->owners);
    lk_release(&heap, hall, sizeof *hall);
}
