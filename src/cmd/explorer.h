/*
 * explorer.h - the explorer page of `serve --explorer`: its files, the handshake of the connection
 * that asks for it, and what it asks for by itself.
 *
 * A recording holds the secrets of its connection. It is kept while that connection is open, shown
 * to that connection alone, and there are no more of them than LK_EXPLORER_RECORDINGS.
 */
#ifndef LK_CMD_EXPLORER_H
#define LK_CMD_EXPLORER_H

#include <lockstep/lockstep.h>
#include <lockstep/note.h>

#include "cmd/answer.h"
#include "http/request.h"
#include "net/loop.h"

#define LK_EXPLORER_RECORDINGS 32
#define LK_EXPLORER_JOBS       8 /* that are under way at a time */
/* Of these, walks to other hosts, which may keep a thread waiting: fewer than there are threads. */
#define LK_EXPLORER_WALKS 3

typedef struct lk_explorer lk_explorer;
typedef struct lk_explorer_job lk_explorer_job;

typedef enum lk_explorer_hosts {
    LK_HOSTS_NONE,   /* nobody may name a host to walk to */
    LK_HOSTS_PUBLIC, /* whoever asks, to public addresses */
    LK_HOSTS_ANY     /* to any: only whoever sits at this machine can ask */
} lk_explorer_hosts;

/* lk_explorer_new opens it; the wrong certificates are made below `ca` (PEM, with its key), which
 * browsers trust, or where that is empty below a root that nobody does. All are made here and now:
 * no client has to wait for one, and the CA's key is not kept. NULL after an error message.
 * lk_explorer_free may come once the loop has ended. */
lk_explorer *lk_explorer_new(lockstep_slice ca, lockstep_slice key);
void lk_explorer_free(lk_explorer *x);

/* lk_explorer_start says which loop runs the walks, and where they may go. */
void lk_explorer_start(lk_explorer *x, lk_loop *loop, lk_explorer_hosts hosts);

/* lk_explorer_note is for lockstep_env.note of the server's config. */
void lk_explorer_note(lk_explorer *x, const lockstep_note *note);

/* lk_explorer_watch begins the recording of a connection, lk_explorer_leave ends it; what the
 * client of a hosted fault said is written down then. */
void lk_explorer_watch(lk_explorer *x, const lockstep_conn *conn);
void lk_explorer_leave(lk_explorer *x, const lockstep_conn *conn);

/* lk_explorer_identity returns the config whose certificate FAULT.lab.localhost shows (lent), or
 * NULL: it is not such a name. */
const lockstep_config *lk_explorer_identity(const lk_explorer *x, const lockstep_ask *ask);

/*
 * lk_explorer_answer answers a request. Either `a` is the answer then; or `*job` is set, and
 * `ready(arg)` comes once lk_explorer_finish can make the answer. lk_explorer_abandon is for a
 * connection that has gone in between: `ready` does not come then.
 */
void lk_explorer_answer(lk_answer *a, lk_explorer_job **job, lk_explorer *x,
                        const lockstep_conn *conn, const lk_request *request,
                        void (*ready)(void *arg), void *arg);
void lk_explorer_finish(lk_answer *a, lk_explorer_job *job);
void lk_explorer_abandon(lk_explorer_job *job);

#endif
