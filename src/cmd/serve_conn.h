/*
 * serve_conn.h - the connections of `serve`: each is a stream of a loop, a connection of the
 * engine, and requests one after the other.
 */
#ifndef LK_CMD_SERVE_CONN_H
#define LK_CMD_SERVE_CONN_H

#include <lockstep/hall.h>
#include <lockstep/lockstep.h>
#include <lockstep/shares.h>

#include "cmd/access_log.h"
#include "cmd/explorer.h"
#include "cmd/site.h"
#include "net/loop.h"

typedef struct lk_serve_conn lk_serve_conn;
typedef struct lk_exchange lk_exchange;

/* Bytes of a file that are read at a time: as many as the engine seals before it has to be rid of
 * some, so that they are one read and one write. */
#define LK_CHUNK 65536

/* Key shares that are made ahead: enough for a burst of connections after a quiet moment. */
#define LK_SHARES 256

/* One worker's server. The config, the root of the site, the pool of key shares and the count of
 * refusals are those of all workers; the rest is its own. */
typedef struct lk_server {
    lk_loop *loop;
    lockstep_config *config;
    lk_site site;
    lk_explorer *explorer;   /* instead of the site; or NULL */
    lk_serve_conn *conns;    /* all that are open */
    lk_exchange *spare;      /* kept for the next request */
    lockstep_hall *hall;     /* where the connections wait for public-key work */
    lockstep_shares *shares; /* made ahead, of all workers; or NULL */
    char authority[300];     /* of the first listener, for hints */
    int keylog_fd;
    lk_refusals *refusals;
    bool quiet, stopping;
    bool logged;             /* lines that are not written out yet */
    uint8_t chunk[LK_CHUNK]; /* what is sealed next, of whatever connection */
} lk_server;

/* lk_server_start makes the loop; connections then come by themselves. lk_server_end ends it. */
bool lk_server_start(lk_server *server);
void lk_server_end(lk_server *server);

#endif
