/*
 * fetch.h - one request over one connection: dial, handshake, send, receive.
 */
#ifndef LK_CMD_FETCH_H
#define LK_CMD_FETCH_H

#include <lockstep/session.h>

#include "cmd/sessions.h"
#include "http/response.h"
#include "http/url.h"

/* --resolve HOST:PORT:ADDR and --connect-to HOST1:PORT1:HOST2:PORT2 */
typedef struct lk_redirection {
    char host[256], to_host[512]; /* to_host: several addresses may stand with commas between */
    uint16_t port, to_port;       /* 0: any, or the same */
} lk_redirection;

typedef struct lk_fetch {
    const lk_url *url;
    const lockstep_config *config;
    const lk_redirection *redirections;
    size_t num_redirections;
    lk_slice request; /* head and body */
    bool is_head;
    lk_sessions *sessions;           /* of this client: one is taken, and new ones are put there */
    const char *identity;            /* which certificate the config has; "": none */
    bool wants_session;              /* wait a little for one */
    bool early;                      /* send the request as 0-RTT data if the session allows */
    bool may_retry_ech;              /* the caller would try again with what the server hands out */
    int64_t connect_ms, deadline_ms; /* monotonic; 0: none */
    bool verbose;
    /* asked when the server's chain is there and the config asks for a policy; owned by the caller
     * of it */
    lockstep_policy *(*policy)(void *arg, const lockstep_ask *ask);
    /* what comes back; `body` returns false to stop (the output cannot be written) */
    bool (*head)(void *arg, const lk_response *response);
    bool (*body)(void *arg, lk_slice bytes);
    void *arg;
    /* results */
    lk_response response;
    lockstep_conn *conn; /* until lk_fetch_free */
    bool got_session, waits_for_session;
    bool said_early; /* 0-RTT data was sent */
    bool went_early; /* the server has taken the request as 0-RTT data */
    bool old_server; /* it has answered 0-RTT data with TLS 1.2; its sessions are dropped, and no
                        error message was printed */
    bool ech_again;  /* it has proved to be the right server for another configuration of Encrypted
                        Client Hello (lockstep_info.ech_retry_configs); no message was printed */
    char address[64];
    double connected_s, secured_s; /* since the start, for -w */
} lk_fetch;

/* lk_fetch_run returns 0, or the exit code after an error message (none for LK_EXIT_WRITE). */
int lk_fetch_run(lk_fetch *f);
void lk_fetch_free(lk_fetch *f);

#endif
