/*
 * sessions.h - the sessions of a client: in memory while a command runs, and in a file beyond that
 * if one is named (`get --session`).
 */
#ifndef LK_CMD_SESSIONS_H
#define LK_CMD_SESSIONS_H

#include <lockstep/session.h>

/* More than these, and the oldest make room. */
#define LK_SESSIONS_KEPT 64

typedef struct lk_sessions {
    struct {
        char *place; /* "host:port", and behind a '#' which certificate of ours was shown */
        lockstep_session *session;
    } kept[LK_SESSIONS_KEPT]; /* the oldest first */
    size_t num_kept;
} lk_sessions;

/* lk_sessions_load adds those of a file that have not expired; a file that is not there is an empty
 * one. One that others could have written is refused: who knows the secret of a session can pose as
 * its server. 0, or an exit code after an error message. */
int lk_sessions_load(lk_sessions *s, const char *path);

/* lk_sessions_save writes all to a file that only this user can read. 0, or an exit code after an
 * error message. */
int lk_sessions_save(const lk_sessions *s, const char *path);

/* lk_sessions_take takes the newest session for a place out, the caller's to free, or NULL: each is
 * used once (RFC 8446 §C.4). lk_sessions_put puts one in, and owns it. */
lockstep_session *lk_sessions_take(lk_sessions *s, const char *place);
void lk_sessions_put(lk_sessions *s, const char *place, lockstep_session *session);

void lk_sessions_free(lk_sessions *s);

#endif
