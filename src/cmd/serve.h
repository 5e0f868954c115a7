/*
 * serve.h - what `lockstep serve` is told.
 */
#ifndef LK_CMD_SERVE_H
#define LK_CMD_SERVE_H

#include "cmd/lists.h"
#include "cmd/options.h"

#define LK_SERVE_LISTEN 16
#define LK_SERVE_FILES  32
#define LK_SERVE_ECH    16

typedef struct lk_serve {
    const char *listen[LK_SERVE_LISTEN], *cert[LK_SERVE_FILES], *key[LK_SERVE_FILES],
        *ech[LK_SERVE_ECH], *keylog, *dir, *client_ca[LK_SERVE_FILES];
    size_t num_listen, num_cert, num_key, num_client_ca, num_ech, num_tickets, num_workers;
    int client_auth; /* enum lockstep_client_auth; -1: not given */
    lk_tls_options tls;
    bool quiet, early_data, explorer, explorer_hosts;
} lk_serve;

/* The options of the command (serve_options.c): 0 when all are read, -1 after --help, else the exit
 * code to end with. */
extern const lk_option lk_serve_options[];
int lk_serve_read_options(lk_serve *r, int argc, char **argv);

#endif
