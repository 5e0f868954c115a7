/*
 * hold.h - a connection that somebody works on beside its owner: the job hall, while jobs are out.
 */
#ifndef LK_CONN_HOLD_H
#define LK_CONN_HOLD_H

#include <lockstep/lockstep.h>

/* lk_conn_hold makes lockstep_conn_free wait until lk_conn_release, which returns false if it came
 * meanwhile: the connection is then gone. lk_conn_dropped: has it come? */
void lk_conn_hold(lockstep_conn *conn);
bool lk_conn_held(const lockstep_conn *conn);
bool lk_conn_dropped(const lockstep_conn *conn);
bool lk_conn_release(lockstep_conn *conn);

/* lk_conn_job_waits: has the connection a job that lockstep_next_job would return? */
bool lk_conn_job_waits(const lockstep_conn *conn);

#endif
