/*
 * access_log.h - one line a request: address, time, request, agent, status, bytes, and how it was
 * protected; and one for a handshake that was refused: address, time, by whom, status, alert. What
 * comes from outside is escaped.
 */
#ifndef LK_CMD_ACCESS_LOG_H
#define LK_CMD_ACCESS_LOG_H

#include <lockstep/lockstep.h>

#include "cmd/site.h"

/* What is written down of a connection until its answer is sent. */
typedef struct lk_access {
    char peer[64];    /* the address */
    char head[512];   /* method, target and agent of the request, quoted */
    char client[200]; /* who it is by its certificate, quoted; "": nobody asked, or it has none */
} lk_access;

/* lk_access_request writes down a request (NULL: one that could not be read) and who asks. */
void lk_access_request(lk_access *a, const lockstep_conn *conn, const lk_request *request);

/* lk_access_log prints the line on stdout. `early`: the answer was given to 0-RTT data. */
void lk_access_log(const lk_access *a, const lockstep_conn *conn, const lk_answer *answer,
                   bool early);

/* Handshakes that were refused cost whoever tries them little, so of their lines there are no more
 * than LK_REFUSALS_A_SECOND; the others are counted, and a line says how many. Zeroed: none yet. */
#define LK_REFUSALS_A_SECOND 10
typedef struct lk_refusals {
    int64_t second; /* the one whose lines are counted */
    unsigned lines;
    unsigned long long unsaid;
} lk_refusals;

/* lk_access_refused prints why the handshake of `conn` failed, unless the peer has just gone, and
 * lk_access_unsaid at the end how many lines were left out. */
void lk_access_refused(lk_refusals *r, const lockstep_conn *conn, const char *peer);
void lk_access_unsaid(lk_refusals *r);

#endif
