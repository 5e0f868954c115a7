/*
 * answers.c - questions and jobs of a connection (lockstep.h): what it waits for, and going on.
 */
#include "conn/conn.h"

const lockstep_ask *lockstep_asking(const lockstep_conn *conn) {
    return conn == NULL || conn->hs == NULL ? NULL : lk_handshake_asking(conn->hs);
}

/* go_on: after an answer or a job, the handshake takes its steps, its outbox is carried out, and
 * messages that came behind are looked at. */
static lockstep_status go_on(lockstep_conn *conn) {
    if (lk_handshake_continue(conn->hs) != LOCKSTEP_OK)
        return lk_conn_fail(conn);
    lockstep_status status = lk_conn_pump(conn);
    return status == LOCKSTEP_OK ? lk_conn_messages(conn, lk_slice_of(NULL, 0)) : status;
}

/* answered goes on if the answer was taken, and ends the connection if it was a refusal. */
static lockstep_status answered(lockstep_conn *conn, lockstep_status status) {
    if (status == LOCKSTEP_OK)
        return go_on(conn);
    if (lk_conn_failed(conn) != LOCKSTEP_OK)
        return lk_conn_fail(conn);
    return status;
}

lockstep_status lockstep_answer_identity(lockstep_conn *conn,
                                         const lockstep_config *identity_from) {
    const lockstep_ask *ask = lockstep_asking(conn);
    if (ask == NULL || ask->kind != LOCKSTEP_ASK_IDENTITY)
        return LOCKSTEP_ERR_USAGE;
    lockstep_config *from = NULL;
    if (identity_from != NULL && (from = lk_config_share(identity_from)) == NULL)
        return LOCKSTEP_ERR_USAGE;
    conn->identities = from;
    return answered(conn,
                    lk_handshake_answer_identity(conn->hs, from == NULL ? NULL : &from->settings));
}

lockstep_status lockstep_answer_signature(lockstep_conn *conn, uint16_t scheme, const uint8_t *sig,
                                          size_t sig_len) {
    if (lockstep_asking(conn) == NULL || sig == NULL)
        return LOCKSTEP_ERR_USAGE;
    return answered(conn,
                    lk_handshake_answer_signature(conn->hs, scheme, lk_slice_of(sig, sig_len)));
}

lockstep_status lockstep_answer_verdict(lockstep_conn *conn, lockstep_status verdict) {
    if (lockstep_asking(conn) == NULL)
        return LOCKSTEP_ERR_USAGE;
    return answered(conn, lk_handshake_answer_verdict(conn->hs, verdict));
}

lockstep_status lockstep_answer_policy(lockstep_conn *conn, lockstep_policy *policy) {
    if (lockstep_asking(conn) == NULL)
        return LOCKSTEP_ERR_USAGE;
    return answered(conn, lk_handshake_answer_policy(conn->hs, policy));
}

lockstep_job *lockstep_next_job(lockstep_conn *conn) {
    lk_job *job;
    if (conn == NULL || conn->hs == NULL)
        return NULL;
    for (size_t i = 0; (job = lk_handshake_job(conn->hs, i)) != NULL; i++)
        if (!job->done && !job->taken) {
            job->taken = true;
            return job;
        }
    return NULL;
}

bool lk_conn_jobs_out(const lockstep_conn *conn) {
    lk_job *job;
    if (conn->hs == NULL)
        return false;
    for (size_t i = 0; (job = lk_handshake_job(conn->hs, i)) != NULL; i++)
        if (job->taken && !job->done)
            return true;
    return false;
}

void lockstep_run_jobs(lockstep_job *const *jobs, size_t num_jobs) {
    lk_jobs_run(jobs, num_jobs);
}

lockstep_status lockstep_resume(lockstep_conn *conn) {
    if (conn == NULL)
        return LOCKSTEP_ERR_USAGE;
    if (lk_conn_failed(conn) != LOCKSTEP_OK)
        return lk_conn_failed(conn);
    if (conn->hs == NULL || !lk_handshake_waiting(conn->hs) ||
        lk_handshake_asking(conn->hs) != NULL || lk_conn_jobs_out(conn))
        return LOCKSTEP_ERR_USAGE;
    if (conn->close_later)
        return lockstep_close(conn);
    if (conn->eof_later)
        return lockstep_wire_eof(conn);
    return go_on(conn);
}
