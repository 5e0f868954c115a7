/*
 * serve_conn.h - one connection of `serve`: a stream of the loop, a connection of the engine, and
 * requests one after the other.
 */
#ifndef LK_CMD_SERVE_CONN_H
#define LK_CMD_SERVE_CONN_H

#include <lockstep/lockstep.h>

#include "cmd/access_log.h"
#include "cmd/explorer.h"
#include "cmd/site.h"
#include "net/loop.h"

typedef struct lk_serve_conn lk_serve_conn;

typedef struct lk_server {
    lk_loop *loop;
    lockstep_config *config;
    lk_site site;
    lk_explorer *explorer; /* instead of the site; or NULL */
    lk_serve_conn *conns;  /* all that are open */
    char authority[300];   /* of the first listener, for hints */
    int keylog_fd;
    lk_refusals refusals;
    bool quiet, stopping;
} lk_server;

/* lk_server_start makes the loop; connections then come by themselves. */
bool lk_server_start(lk_server *server);

#endif
