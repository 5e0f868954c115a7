/*
 * workers.c - the executor that runs jobs on threads. The hall bounds what is out, so neither list
 * can grow, and nobody waits but threads that have nothing to do.
 */
#include <pthread.h>
#include <signal.h>

#include "hall/executor.h"

typedef struct workers {
    lk_executor base;
    lk_heap heap;
    void (*wake)(void *arg);
    void *wake_arg;
    size_t num_threads;
    pthread_t threads[LOCKSTEP_HALL_WORKERS_MAX];
    pthread_mutex_t lock;
    /* all below by the lock */
    pthread_cond_t comes, goes; /* something to do; something done */
    lk_works todo, done;
    bool told; /* wake was called for what is in `done` */
    bool over;
} workers;

/* finish puts a work where the hall finds it, and says whether the loop has to be told. */
static bool finish(workers *w, lk_work *work) {
    bool tell = !w->told;
    lk_works_append(&w->done, work);
    w->told = true;
    pthread_cond_signal(&w->goes);
    return tell;
}

static void *work_on(void *arg) {
    workers *w = arg;
    pthread_mutex_lock(&w->lock);
    while (!w->over) {
        lk_work *work = lk_works_take(&w->todo);
        if (work == NULL) {
            pthread_cond_wait(&w->comes, &w->lock);
            continue;
        }
        pthread_mutex_unlock(&w->lock);
        lk_jobs_run(work->jobs, work->num_jobs);
        pthread_mutex_lock(&w->lock);
        if (finish(w, work)) {
            pthread_mutex_unlock(&w->lock);
            w->wake(w->wake_arg);
            pthread_mutex_lock(&w->lock);
        }
    }
    pthread_mutex_unlock(&w->lock);
    return NULL;
}

/* With few jobs each thread has some; with many the lanes are full. */
static size_t workers_lanes(const lk_executor *e, size_t num_jobs) {
    size_t n = ((const workers *)e)->num_threads, each = (num_jobs + n - 1) / n;
    return each < LK_LANES ? each : LK_LANES;
}

static void workers_submit(lk_executor *e, lk_work *work) {
    workers *w = (workers *)e;
    pthread_mutex_lock(&w->lock);
    lk_works_append(&w->todo, work);
    pthread_cond_signal(&w->comes);
    pthread_mutex_unlock(&w->lock);
}

static lk_work *workers_collect(lk_executor *e, bool wait) {
    workers *w = (workers *)e;
    pthread_mutex_lock(&w->lock);
    while (wait && w->done.first == NULL)
        pthread_cond_wait(&w->goes, &w->lock);
    lk_work *work = lk_works_take(&w->done);
    w->told = work != NULL;
    pthread_mutex_unlock(&w->lock);
    return work;
}

static void workers_free(lk_executor *e) {
    workers *w = (workers *)e;
    lk_heap heap = w->heap;
    pthread_mutex_lock(&w->lock);
    w->over = true;
    pthread_cond_broadcast(&w->comes);
    pthread_mutex_unlock(&w->lock);
    for (size_t i = 0; i < w->num_threads; i++)
        pthread_join(w->threads[i], NULL);
    pthread_mutex_destroy(&w->lock);
    pthread_cond_destroy(&w->comes);
    pthread_cond_destroy(&w->goes);
    lk_release(&heap, w, sizeof *w);
}

/* start_threads starts `n`, which leave all signals to the application's own threads. */
static bool start_threads(workers *w, size_t n) {
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    while (w->num_threads < n && pthread_create(&w->threads[w->num_threads], NULL, work_on, w) == 0)
        w->num_threads++;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return w->num_threads == n;
}

lk_executor *lk_executor_workers(const lk_heap *heap, const lockstep_hall_options *options) {
    workers *w = lk_alloc(heap, sizeof *w);
    if (w == NULL)
        return NULL;
    w->base = (lk_executor){workers_lanes, workers_submit, workers_collect, workers_free};
    w->heap = *heap;
    w->wake = options->wake;
    w->wake_arg = options->wake_arg;
    pthread_mutex_init(&w->lock, NULL);
    pthread_cond_init(&w->comes, NULL);
    pthread_cond_init(&w->goes, NULL);
    if (!start_threads(w, options->num_workers > 0 ? options->num_workers : 1)) {
        workers_free(&w->base);
        return NULL;
    }
    return &w->base;
}
