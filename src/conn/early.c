/*
 * early.c - the application's side of 0-RTT (lockstep/session.h).
 */
#include "conn/conn.h"

static bool may_send(const lockstep_conn *conn) {
    return conn->is_client && conn->hs != NULL && conn->early_left > 0 && !conn->close_sent;
}

/* While a job is out nothing may fail here: a failure would take the handshake from under it. */
bool lk_conn_early_in(const lockstep_conn *conn) {
    return may_send(conn) && !lk_conn_jobs_out(conn);
}

lockstep_status lockstep_early_in(lockstep_conn *conn, size_t *used, const uint8_t *in,
                                  size_t in_len) {
    if (conn == NULL || used == NULL || (in == NULL && in_len > 0))
        return LOCKSTEP_ERR_USAGE;
    *used = 0;
    if (lk_conn_failed(conn) != LOCKSTEP_OK)
        return lk_conn_failed(conn);
    if (!may_send(conn))
        return LOCKSTEP_ERR_USAGE;
    while (*used < in_len && lk_conn_early_in(conn) &&
           lk_buffer_length(&conn->wire_out) < LK_WIRE_OUT_MAX) {
        size_t n = in_len - *used < conn->early_left ? in_len - *used : conn->early_left;
        n = n < conn->send_max ? n : conn->send_max;
        lockstep_status status =
            lk_conn_send(conn, LK_APPLICATION_DATA, lk_slice_of(in + *used, n));
        if (status != LOCKSTEP_OK)
            return status;
        *used += n;
        conn->early_left -= (uint32_t)n;
        conn->bytes_out += n;
    }
    return LOCKSTEP_OK;
}

size_t lockstep_early_out(const lockstep_conn *conn, const uint8_t **out) {
    if (conn == NULL || out == NULL || conn->secure)
        return 0;
    lk_slice data = lk_conn_data(conn);
    *out = data.p;
    return data.p_len;
}

void lockstep_early_taken(lockstep_conn *conn, size_t n) {
    if (conn != NULL && !conn->secure)
        lk_conn_taken(conn, n);
}
