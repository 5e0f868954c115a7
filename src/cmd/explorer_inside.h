/*
 * explorer_inside.h - what the files of the explorer share.
 */
#ifndef LK_CMD_EXPLORER_INSIDE_H
#define LK_CMD_EXPLORER_INSIDE_H

#include <jansson.h>

#include "cmd/explorer.h"
#include "lab/lab.h"
#include "walk/walk.h"

/* A connection that is recorded. */
typedef struct lk_watched_conn {
    const lockstep_conn *conn; /* NULL: free */
    lk_recording *recording;
    char *walk;     /* the walk as JSON, made when it was first asked for; or NULL */
    uint64_t since; /* counts up with each: the smallest is the oldest */
    bool asked;     /* it has asked for something: the handshake is long over */
} lk_watched_conn;

/* What the client of a hosted fault said in the end. */
typedef struct lk_seen {
    uint64_t seq;
    const lk_fault *fault;
    int alert;     /* LOCKSTEP_ALERT_NONE: none */
    bool accepted; /* the handshake was completed */
} lk_seen;

#define LK_SEEN_MAX 256

struct lk_explorer {
    lk_loop *loop;
    lk_explorer_hosts hosts;
    lk_watched_conn watched[LK_EXPLORER_RECORDINGS];
    uint64_t num_watched;      /* so far */
    lockstep_config **configs; /* what is hosted, by the place of its fault in the table; or NULL */
    lk_lab *lab;               /* for demonstrations; for one thread at a time */
    lockstep_trust *trust;     /* for walks to other hosts */
    size_t num_jobs, num_walks;
    lk_seen seen[LK_SEEN_MAX];
    uint64_t seq;
};

/* lk_explorer_json answers with a JSON object, which it takes. */
void lk_explorer_json(lk_answer *a, int code, json_t *object);

/* lk_explorer_problem answers {"error": text}. */
void lk_explorer_problem(lk_answer *a, int code, const char *text);

/* lk_explorer_value copies a value of the query to `out`, decoded; false: it is not there, or not
 * readable, or too long. */
bool lk_explorer_value(char *out, size_t out_len, lk_slice query, const char *name);

/* lk_explorer_port returns the port by which the client has reached us, as it says itself. */
unsigned lk_explorer_port(const lk_request *request);

/* What is hosted (explorer_hosted.c): what `lab` makes, which may be closed then; the table of
 * faults, and what was seen. */
void lk_explorer_host(lk_explorer *x, lk_lab *lab);
json_t *lk_explorer_faults(const lk_request *request);
json_t *lk_explorer_seen(const lk_explorer *x, uint64_t since);
void lk_explorer_write_down(lk_explorer *x, const lockstep_conn *conn);

/* What takes longer (explorer_jobs.c). NULL with an answer: it cannot be. */
lk_explorer_job *lk_explorer_begin(lk_answer *a, lk_explorer *x, lk_slice path, lk_slice query,
                                   void (*ready)(void *arg), void *arg);

#endif
