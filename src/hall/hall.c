/*
 * hall.c - who is in line, whose jobs are out, and who can go on.
 */
#include "conn/hold.h"
#include "crypto/crypto.h"
#include "hall/executor.h"

#define JOBS_DEFAULT 64

/* Lists in which the line of a source is found. Sources are spread over them by a number that
 * nobody knows, so that nobody can make one of them long. */
#define NUM_LISTS 1024

/* A connection in the hall. */
typedef struct lk_visit visit;
struct lk_visit {
    visit *next; /* in the line, among the ready or among the unused */
    lockstep_conn *conn;
    void *arg;
    size_t out;  /* jobs that the executor has */
    bool served; /* it has no job that waits to be handed out */
};

typedef struct visits {
    visit *first, *last;
} visits;

/* The connections of one source that wait; there is one as long as somebody waits. */
typedef struct line {
    struct line *next;      /* among those that take turns, or among the unused */
    struct line *next_here; /* in its list */
    uint64_t source;
    visits visits;
} line;

struct lockstep_hall {
    lk_heap heap;
    lk_executor *executor;
    uint64_t key; /* by which sources are spread */
    line *lists[NUM_LISTS];
    line *turn, *last_turn; /* all lines, in the order in which they have their turns */
    size_t num_waiting;
    visits ready;
    visit *unused;
    line *unused_lines;
    lk_work *works, *idle_works; /* max_jobs of them; those without jobs */
    lk_job **jobs;               /* of this turn, and whose they are */
    visit **owners;
    size_t max_jobs, num_out;
};

/* ---- Visits ---------------------------------------------------------------------------------- */

static void append(visits *to, visit *v) {
    v->next = NULL;
    if (to->first == NULL)
        to->first = v;
    else
        to->last->next = v;
    to->last = v;
}

static visit *take(visits *from) {
    visit *v = from->first;
    if (v != NULL)
        from->first = v->next;
    return v;
}

/* A visit that is over is kept for the next, so that a busy hall allocates nothing. */
static visit *visit_new(lockstep_hall *hall) {
    visit *v = hall->unused;
    if (v == NULL)
        return lk_alloc(&hall->heap, sizeof *v);
    hall->unused = v->next;
    return v;
}

static void visit_end(lockstep_hall *hall, visit *v) {
    *v = (visit){.next = hall->unused};
    hall->unused = v;
}

/* ---- Lines ----------------------------------------------------------------------------------- */

static line **list_of(lockstep_hall *hall, uint64_t source) {
    uint64_t x = (source ^ hall->key) * UINT64_C(0x9e3779b97f4a7c15);
    x = (x ^ x >> 32) * UINT64_C(0xd6e8feb86659fd93);
    return &hall->lists[(x ^ x >> 32) % NUM_LISTS];
}

static void append_line(lockstep_hall *hall, line *l) {
    l->next = NULL;
    if (hall->turn == NULL)
        hall->turn = l;
    else
        hall->last_turn->next = l;
    hall->last_turn = l;
}

/* line_of returns the line of a source, a new one if nobody of it waits; NULL: no memory. */
static line *line_of(lockstep_hall *hall, uint64_t source) {
    line **list = list_of(hall, source), *l = *list;
    while (l != NULL && l->source != source)
        l = l->next_here;
    if (l != NULL)
        return l;
    if ((l = hall->unused_lines) != NULL)
        hall->unused_lines = l->next;
    else if ((l = lk_alloc(&hall->heap, sizeof *l)) == NULL)
        return NULL;
    *l = (line){.next_here = *list, .source = source};
    *list = l;
    append_line(hall, l);
    return l;
}

static void line_end(lockstep_hall *hall, line *l) {
    line **at = list_of(hall, l->source);
    while (*at != l)
        at = &(*at)->next_here;
    *at = l->next_here;
    *l = (line){.next = hall->unused_lines};
    hall->unused_lines = l;
}

/* leave_line takes the first out of the line that has its turn, which then goes to the next. */
static void leave_line(lockstep_hall *hall) {
    line *l = hall->turn;
    (void)take(&l->visits);
    hall->num_waiting--;
    hall->turn = l->next;
    if (l->visits.first != NULL)
        append_line(hall, l);
    else
        line_end(hall, l);
}

/* ---- A turn ---------------------------------------------------------------------------------- */

/* take_jobs fills hall->jobs with those of who has waited longest, line by line, at most `room`. A
 * connection of whose jobs not all fit stays the first. */
static size_t take_jobs(lockstep_hall *hall, size_t room) {
    size_t n = 0;
    while (hall->turn != NULL) {
        visit *v = hall->turn->visits.first;
        while (n < room && !lk_conn_dropped(v->conn) && lk_conn_job_waits(v->conn)) {
            hall->jobs[n] = lockstep_next_job(v->conn);
            hall->owners[n++] = v;
            v->out++;
        }
        if (!lk_conn_dropped(v->conn) && lk_conn_job_waits(v->conn))
            break;
        v->served = true;
        leave_line(hall);
        if (v->out == 0)
            append(&hall->ready, v);
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
        visit *v = work->visits[i];
        if (--v->out == 0 && v->served)
            append(&hall->ready, v);
    }
    hall->num_out -= work->num_jobs;
    work->next = hall->idle_works;
    hall->idle_works = work;
}

lockstep_conn *lockstep_hall_next(lockstep_hall *hall, void **arg) {
    lk_work *work;
    visit *v;
    if (hall == NULL)
        return NULL;
    while ((work = hall->executor->collect(hall->executor, false)) != NULL)
        take_back(hall, work);
    while ((v = take(&hall->ready)) != NULL) {
        lockstep_conn *conn = v->conn;
        if (arg != NULL)
            *arg = v->arg;
        visit_end(hall, v);
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
    visit *v = visit_new(hall);
    if (v == NULL)
        return LOCKSTEP_ERR_NO_MEMORY;
    line *l = line_of(hall, source);
    if (l == NULL) {
        visit_end(hall, v);
        return LOCKSTEP_ERR_NO_MEMORY;
    }
    *v = (visit){.conn = conn, .arg = arg};
    lk_conn_hold(conn);
    append(&l->visits, v);
    hall->num_waiting++;
    return LOCKSTEP_OK;
}

size_t lockstep_hall_waiting(const lockstep_hall *hall) {
    return hall == NULL ? 0 : hall->num_waiting;
}

/* ---- Life ------------------------------------------------------------------------------------ */

static lk_executor *executor_of(const lk_heap *heap, const lockstep_hall_options *o) {
    return o->executor == LOCKSTEP_EXECUTOR_WORKERS
               ? lk_executor_workers(heap, o)
               : lk_executor_here(heap, o->executor == LOCKSTEP_EXECUTOR_INLINE ? 1 : LK_KEX_LANES);
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
    hall->key = key;
    hall->max_jobs = o.max_jobs > 0 ? o.max_jobs : JOBS_DEFAULT;
    if (!make_room(hall) || (hall->executor = executor_of(&heap, &o)) == NULL) {
        lockstep_hall_free(hall);
        return LOCKSTEP_ERR_NO_MEMORY;
    }
    *out = hall;
    return LOCKSTEP_OK;
}

/* send_away lets go of all that wait, or are ready. */
static void send_away(lockstep_hall *hall, visits *from) {
    visit *v;
    while ((v = take(from)) != NULL) {
        (void)lk_conn_release(v->conn);
        visit_end(hall, v);
    }
}

void lockstep_hall_free(lockstep_hall *hall) {
    if (hall == NULL)
        return;
    lk_heap heap = hall->heap;
    while (hall->num_out > 0)
        take_back(hall, hall->executor->collect(hall->executor, true));
    for (line *l; (l = hall->turn) != NULL;) {
        send_away(hall, &l->visits);
        hall->turn = l->next;
        line_end(hall, l);
    }
    send_away(hall, &hall->ready);
    if (hall->executor != NULL)
        hall->executor->free(hall->executor);
    for (visit *v; (v = hall->unused) != NULL;) {
        hall->unused = v->next;
        lk_release(&heap, v, sizeof *v);
    }
    for (line *l; (l = hall->unused_lines) != NULL;) {
        hall->unused_lines = l->next;
        lk_release(&heap, l, sizeof *l);
    }
    lk_release(&heap, hall->works, hall->max_jobs * sizeof *hall->works);
    lk_release(&heap, hall->jobs, hall->max_jobs * sizeof *hall->jobs);
    lk_release(&heap, hall->owners, hall->max_jobs * sizeof *hall->owners);
    lk_release(&heap, hall, sizeof *hall);
}
