/*
 * access_log.h - one line a request: address, time, request, agent, status, bytes, and how it was
 * protected. What comes from outside is escaped.
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

#endif
