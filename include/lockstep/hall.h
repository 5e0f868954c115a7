/*
 * hall.h - the job hall: public-key work of many connections, run together.
 *
 * An event loop that serves many connections has, in one turn, several that wait for the same sort
 * of work. With lockstep_config_gather_jobs they wait for the loop, which brings them here:
 *
 *     for each socket that is readable:
 *         lockstep_wire_in(conn, ...);
 *         if (lockstep_state_of(conn) & LOCKSTEP_HAS_JOB)
 *             lockstep_hall_add(hall, conn, source, arg);
 *     lockstep_hall_run(hall);
 *     while ((conn = lockstep_hall_next(hall, &arg)) != NULL)
 *         ...                                   // as after lockstep_wire_in, adding it again too
 *
 * Fairness: in one turn at most lockstep_hall_options.max_jobs jobs are run, of the connections
 * that have waited longest; a connection that comes back is the last again. Sources (addresses of
 * clients, say) take turns, so that one that opens any number of connections delays those of
 * another no more than if it had opened one.
 *
 * While the hall has a connection it holds it: lockstep_conn_free, lockstep_close and
 * lockstep_wire_eof may come at any time, also while its jobs are with a thread. One that was freed
 * is wiped as soon as they are back, and lockstep_hall_next does not return it, nor its `arg`. What
 * it has to send can be sent meanwhile, and bytes can be offered to it, of which it takes none; but
 * lockstep_next_job and lockstep_resume are for the hall. Bytes that lockstep_wire_in has not used
 * because of a job are to be offered again when the connection comes back.
 *
 * The conventions are those of lockstep.h; a hall has one user at a time. examples/echo.c has all
 * of this in a loop of poll(2).
 */
#ifndef LOCKSTEP_HALL_H
#define LOCKSTEP_HALL_H

#include <lockstep/lockstep.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct lockstep_hall lockstep_hall;

/* Who runs the jobs. */
enum lockstep_executor {
    LOCKSTEP_EXECUTOR_INLINE = 0, /* lockstep_hall_run, one after the other as they came */
    LOCKSTEP_EXECUTOR_GATHERED,   /* lockstep_hall_run, up to eight of one sort beside each other */
    LOCKSTEP_EXECUTOR_WORKERS     /* threads of the hall, likewise, while the loop goes on */
};

#define LOCKSTEP_HALL_JOBS_MAX    1024
#define LOCKSTEP_HALL_WORKERS_MAX 64

/* A zeroed option takes the default. */
typedef struct lockstep_hall_options {
    enum lockstep_executor executor;
    size_t max_jobs;    /* in one turn, and with threads at any time; 0: 64 */
    size_t num_workers; /* threads; 0: 1 */
    /* WORKERS: called by a thread when there is something for lockstep_hall_next, once for all that
     * comes until that has returned NULL. It may do no more than tell the loop, as uv_async_send
     * does. Called with none of the hall's locks held; not after lockstep_hall_free. */
    void (*wake)(void *arg);
    void *wake_arg;
} lockstep_hall_options;

/*
 * lockstep_hall_new makes a hall; `options` NULL takes all defaults. `env` is copied: its heap, and
 * its random source, once; NULL takes the defaults. LOCKSTEP_ERR_USAGE for options beyond the
 * limits of above or WORKERS without `wake`, LOCKSTEP_ERR_NO_MEMORY also where no thread is to be
 * had, LOCKSTEP_ERR_NO_RANDOM. Threads of the hall block all signals; they call the memory
 * functions, clock and random source of the connections' configs, which must then bear it. They are
 * not in a child process: make a hall after a fork, not before.
 */
LOCKSTEP_CHECKED lockstep_status lockstep_hall_new(lockstep_hall **out, const lockstep_env *env,
                                                   const lockstep_hall_options *options);

/* lockstep_hall_free waits until the threads are done with what they have. Connections in the hall
 * are their owner's again: lockstep_next_job and lockstep_resume go on with them. NULL is allowed.
 */
LOCKSTEP_API void lockstep_hall_free(lockstep_hall *hall);

/*
 * lockstep_hall_add puts `conn`, which has LOCKSTEP_HAS_JOB (and has it until it comes back), in
 * line. `source` says for whom it is, so that sources take turns: a hash of the client's address,
 * say; if it is always the same, who came first is first. `arg` comes back with the connection.
 * LOCKSTEP_ERR_USAGE if it has no job or is in a hall already; LOCKSTEP_ERR_NO_MEMORY: it is not in
 * line, and can be added later, or go on by itself (lockstep_next_job).
 */
LOCKSTEP_CHECKED lockstep_status lockstep_hall_add(lockstep_hall *hall, lockstep_conn *conn,
                                                   uint64_t source, void *arg);

/* lockstep_hall_run runs what a turn allows, or hands it to the threads, and returns how many jobs
 * that were. It does not wait. */
LOCKSTEP_API size_t lockstep_hall_run(lockstep_hall *hall);

/* lockstep_hall_next returns a connection whose jobs have run and which has gone on
 * (lockstep_resume), and sets `*arg` (NULL is allowed) to what it was added with; NULL: there is
 * none now. The hall has it no more. Look at lockstep_state_of: it may have failed, or have a job
 * again. */
LOCKSTEP_API lockstep_conn *lockstep_hall_next(lockstep_hall *hall, void **arg);

/* lockstep_hall_waiting returns how many connections are in line whose jobs nobody has yet. Where
 * lockstep_hall_run runs them itself, a loop does not sleep before this is 0; threads wake it. */
LOCKSTEP_API size_t lockstep_hall_waiting(const lockstep_hall *hall);

#ifdef __cplusplus
}
#endif

#endif /* LOCKSTEP_HALL_H */
