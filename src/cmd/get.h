/*
 * get.h - what the files of `lockstep get` share.
 */
#ifndef LK_CMD_GET_H
#define LK_CMD_GET_H

#include <stdio.h>

#include "cmd/fetch.h"
#include "cmd/identity.h"
#include "cmd/lists.h"
#include "cmd/options.h"
#include "cmd/policy.h"
#include "cmd/sessions.h"
#include "http/inflate.h"

#define MAX_HEADERS      64
#define MAX_REDIRECTIONS 32
#define DATA_MAX         (64u << 20)

typedef struct lk_get {
    const char *url, *output, *method, *agent, *cacert, *capath, *write_out, *keylog, *cert, *key,
        *session, *ech;
    const char *headers[MAX_HEADERS];
    size_t num_headers;
    bool remote_name, include, head, location, silent, show_error, verbose, fail, insecure,
        has_data, compressed, explain, json, early_data;
    long max_redirs;
    double max_time, connect_timeout;
    lk_policy_options policy;
    lk_tls_options tls;
    lockstep_trust *trust; /* NULL with -k */
    lk_buffer data;
    lk_redirection redirections[MAX_REDIRECTIONS];
    size_t num_redirections;
    lk_sessions sessions;
    char identity[LK_IDENTITY_NAME]; /* of --cert; "": none */
    /* while it runs */
    const lk_fetch *fetch; /* the one that is under way, or NULL */
    FILE *out;
    const char *out_name;
    char remote[256];
    bool to_terminal, error_body;
    uint64_t size, total;
    int64_t started_ms, started_us, shown_ms;
    int keylog_fd;
    unsigned redirects;
    lk_inflate *inflate;
    bool damaged;
} lk_get;

/* The options of the command (get_options.c): -1 when all are read, else the exit code to end with.
 */
extern const lk_option lk_get_options[];
int lk_get_read_options(lk_get *r, int argc, char **argv);

/* lk_get_build writes the request for `url`, with the data of -d or without (get_request.c). False:
 * it is too large. */
bool lk_get_build(lk_buffer *out, const lk_get *r, const lk_url *url, bool with_data);

/* lk_get_config makes the config that the options ask for, sealed (get_config.c). An ECHConfigList
 * in `retry_ech` stands for the one of --ech; empty: none. 0, or the exit code after an error
 * message; `*out` is then for lockstep_config_free too. */
int lk_get_config(lk_get *r, lockstep_config **out, lk_slice retry_ech);

/* lk_get_policy is for lk_fetch: the policy of one connection is that of the options with the lists
 * that the server's certificates name. NULL leaves that of the config. */
lockstep_policy *lk_get_policy(void *arg, const lockstep_ask *ask);

/* Where the body goes (get_output.c); false after an error message. */
bool lk_get_open(lk_get *r);
bool lk_get_write(lk_get *r, lk_slice bytes);
void lk_get_progress(lk_get *r, bool last);

/* lk_get_write_out prints what -w asks for. */
void lk_get_write_out(const lk_get *r, const lk_fetch *f, const lk_url *url);

#endif
