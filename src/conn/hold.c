#include "conn/hold.h"

#include "conn/conn.h"

void lk_conn_hold(lockstep_conn *conn) {
    conn->held = true;
}

bool lk_conn_held(const lockstep_conn *conn) {
    return conn->held;
}

bool lk_conn_dropped(const lockstep_conn *conn) {
    return conn->dropped;
}

bool lk_conn_job_waits(const lockstep_conn *conn) {
    lk_job *job;
    if (conn->hs == NULL)
        return false;
    for (size_t i = 0; (job = lk_handshake_job(conn->hs, i)) != NULL; i++)
        if (!job->done && !job->taken)
            return true;
    return false;
}

bool lk_conn_release(lockstep_conn *conn) {
    bool dropped = conn->dropped;
    conn->held = conn->dropped = false;
    if (dropped)
        lockstep_conn_free(conn);
    return !dropped;
}
