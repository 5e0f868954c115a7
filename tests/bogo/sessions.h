/*
 * sessions.h - what lasts from one connection of a test to the next: sessions, keys of tickets, the
 * memory against replays, and the clock, which tests put forward.
 */
#ifndef LK_BOGO_SESSIONS_H
#define LK_BOGO_SESSIONS_H

#include <lockstep/session.h>

#include "bogo/options.h"

/* bogo_now_ms is the clock, which stands still until bogo_advance puts it forward: the runner
 * counts the milliseconds of a ticket's age. */
int64_t bogo_now_ms(void *unused);
void bogo_advance(int64_t ms);

/* bogo_set_sessions tells a config what `o` wants of sessions and 0-RTT. */
void bogo_set_sessions(lockstep_config *cfg, const bogo_options *o);

/* bogo_keep_session takes the newest session of `conn`, to be offered next, and says whether there
 * was one; `*early` becomes whether it allows 0-RTT. bogo_session is that session or NULL. */
bool bogo_keep_session(lockstep_conn *conn, bool *early);
const lockstep_session *bogo_session(void);

#endif
