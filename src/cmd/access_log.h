/*
 * access_log.h - one line a request: address, time, request, agent, status, bytes, and how it was
 * protected; and one for a handshake that was refused: address, time, by whom, status, alert. What
 * comes from outside is escaped.
 */
#ifndef LK_CMD_ACCESS_LOG_H
#define LK_CMD_ACCESS_LOG_H

#include <lockstep/lockstep.h>

#include "cmd/site.h"

/* What is written down of a request until its answer is sent: method, target and agent, quoted. */
typedef struct lk_access {
    char head[512];
} lk_access;

/* lk_access_request writes down a request (NULL: one that could not be read). */
void lk_access_request(lk_access *a, const lk_request *request);

/* lk_access_client returns who the client is by its certificate, quoted, for the caller to free;
 * NULL: nobody asked, or it has none. */
char *lk_access_client(const lockstep_conn *conn);

/* lk_access_log puts the line of an answer to `peer` (and to `client`, or NULL) on stdout, whole
 * however many threads do so; somebody has to flush it. `early`: it was given to 0-RTT data. */
void lk_access_log(const lk_access *a, const char *peer, const char *client,
                   const lockstep_conn *conn, const lk_answer *answer, bool early);

/* Handshakes that were refused cost whoever tries them little, so of their lines there are no more
 * than LK_REFUSALS_A_SECOND; the others are counted, and a line says how many. Zeroed: none yet.
 * All threads may share one: stdout's lock is its own too. */
#define LK_REFUSALS_A_SECOND 10
typedef struct lk_refusals {
    int64_t second; /* the one whose lines are counted */
    unsigned lines;
    unsigned long long unsaid;
} lk_refusals;

/* lk_access_refused puts on stdout why the handshake of `conn` failed, unless the peer has just
 * gone, and lk_access_unsaid at the end how many lines were left out. */
void lk_access_refused(lk_refusals *r, const lockstep_conn *conn, const char *peer);
void lk_access_unsaid(lk_refusals *r);

#endif
