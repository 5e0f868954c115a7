/*
 * sessions.c - sessions on their way to and from a client (lockstep/session.h).
 */
#include "conn/conn.h"

void lk_conn_keep_session(lockstep_conn *conn, lockstep_session *session) {
    lockstep_session **last = &conn->sessions;
    size_t n = 1;
    for (; *last != NULL; last = &(*last)->next)
        n++;
    *last = session;
    session->next = NULL;
    if (n > LK_SESSIONS_MAX)
        lockstep_session_free(lockstep_take_session(conn));
}

lockstep_session *lockstep_take_session(lockstep_conn *conn) {
    if (conn == NULL || conn->sessions == NULL)
        return NULL;
    lockstep_session *first = conn->sessions;
    conn->sessions = first->next;
    first->next = NULL;
    return first;
}

void lk_conn_free_sessions(lockstep_conn *conn) {
    while (conn->sessions != NULL)
        lockstep_session_free(lockstep_take_session(conn));
}

lockstep_status lockstep_client_resume(lockstep_conn **out, const lockstep_config *cfg,
                                       const char *server_name, const lockstep_session *session) {
    return lk_client_new(out, cfg, server_name, session);
}
