/*
 * sessions.c - sessions on their way to and from a client (lockstep/session.h).
 */
#include "conn/conn.h"

void lk_conn_keep_session(lockstep_conn *conn, lockstep_session *session) {
    if (conn->num_sessions == LK_SESSIONS_MAX)
        lockstep_session_free(lockstep_take_session(conn));
    conn->sessions[conn->num_sessions++] = session;
}

lockstep_session *lockstep_take_session(lockstep_conn *conn) {
    if (conn == NULL || conn->num_sessions == 0)
        return NULL;
    lockstep_session *first = conn->sessions[0];
    conn->num_sessions--;
    memmove(conn->sessions, conn->sessions + 1, conn->num_sessions * sizeof first);
    return first;
}

void lk_conn_free_sessions(lockstep_conn *conn) {
    while (conn->num_sessions > 0)
        lockstep_session_free(lockstep_take_session(conn));
}

lockstep_status lockstep_client_resume(lockstep_conn **out, const lockstep_config *cfg,
                                       const char *server_name, const lockstep_session *session) {
    return lk_client_new(out, cfg, server_name, session);
}
