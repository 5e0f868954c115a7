/*
 * serve.c - `lockstep serve`: its config, its certificates, its listeners. serve_options.c reads
 * the options, serve_conn.c has the connections.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <lockstep/session.h>
#include <lockstep/shares.h>

#include "cmd/ech.h"
#include "cmd/errors.h"
#include "cmd/identity.h"
#include "cmd/keylog.h"
#include "cmd/localca.h"
#include "cmd/serve.h"
#include "cmd/serve_conn.h"
#include "cmd/serve_workers.h"
#include "cmd/trust.h"

/* SIGTERM: how long open downloads may go on. */
#define GRACE_MS 30000

static int usage(const char *what, const char *todo) {
    lk_error(what, NULL, todo);
    return LK_EXIT_USAGE;
}

static int add_local_identity(lockstep_config *cfg) {
    lk_localca ca;
    lockstep_blob cert, key;
    char text[4096];
    if (!lk_localca_open(&ca, true))
        return LK_EXIT_FAILED;
    int code = LK_EXIT_FAILED;
    if (ca.made) {
        snprintf(text, sizeof text, "lockstep: made a local CA, %s", ca.root_path);
        fprintf(stderr, "%s\nlockstep: so that browsers trust it: lockstep ca trust\n", text);
    }
    if (lk_localca_serving(&ca, &cert, &key)) {
        if (lockstep_config_add_identity(cfg, cert.p, cert.p_len, key.p, key.p_len) == LOCKSTEP_OK)
            code = LK_EXIT_OK;
        else
            lk_error("the certificate of the local CA does not work", ca.dir, "move it away");
        lockstep_blob_free(&cert);
        lockstep_blob_free(&key);
    }
    lk_localca_free(&ca);
    return code;
}

/* split_address takes "HOST:PORT", "[::1]:PORT", ":PORT" or "PORT". */
static bool split_address(const char *text, char *host, size_t host_len, uint16_t *port) {
    const char *colon = strrchr(text, ':');
    const char *digits = colon == NULL ? text : colon + 1;
    size_t n = colon == NULL ? 0 : (size_t)(colon - text);
    char *end;
    unsigned long p = strtoul(digits, &end, 10);
    if (*digits < '0' || *digits > '9' || *end != '\0' || p > 65535 || n >= host_len)
        return false;
    if (n >= 2 && text[0] == '[' && text[n - 1] == ']') {
        text++;
        n -= 2;
    } else if (memchr(text, ':', n) != NULL) {
        return false; /* an IPv6 address needs its brackets */
    }
    memcpy(host, text, n);
    host[n] = '\0';
    *port = (uint16_t)p;
    return true;
}

static int listen_all(lk_server *server, const lk_serve *r) {
    char host[256], text[512], url[300];
    for (size_t i = 0; i < r->num_listen; i++) {
        uint16_t port;
        if (!split_address(r->listen[i], host, sizeof host, &port)) {
            snprintf(text, sizeof text, "--listen %s: not an address", r->listen[i]);
            return usage(
                text, "HOST:PORT, such as 127.0.0.1:8443, [::1]:8443 or :8443 for every address");
        }
        const char *bad = lk_loop_listen(server->loop, host, &port, r->num_workers > 1);
        if (bad != NULL) {
            snprintf(text, sizeof text, "cannot listen on %s: %s", r->listen[i], bad);
            lk_error(text, NULL, "--listen HOST:PORT names another place");
            return LK_EXIT_CONNECT;
        }
        bool v6 = strchr(host, ':') != NULL;
        snprintf(url, sizeof url, "%s%s%s:%u", v6 ? "[" : "", host[0] == '\0' ? "localhost" : host,
                 v6 ? "]" : "", port);
        if (i == 0)
            snprintf(server->authority, sizeof server->authority, "%s", url);
        fprintf(stderr, "listening on https://%s/\n", url);
    }
    return LK_EXIT_OK;
}

static void keylog(void *arg, const char *line) {
    lk_keylog_line(((lk_server *)arg)->keylog_fd, line);
}

/* set_client_auth: who may come in. */
static int set_client_auth(lockstep_config *cfg, const lk_serve *r) {
    if (r->num_client_ca == 0)
        return LK_EXIT_OK;
    lockstep_trust *trust = lk_trust_load_files(r->client_ca, r->num_client_ca);
    if (trust == NULL)
        return LK_EXIT_CA_FILE;
    enum lockstep_client_auth mode = r->client_auth < 0 ? LOCKSTEP_CLIENT_AUTH_REQUIRE
                                                        : (enum lockstep_client_auth)r->client_auth;
    bool set = lockstep_config_set_trust(cfg, trust) == LOCKSTEP_OK &&
               lockstep_config_set_client_auth(cfg, mode) == LOCKSTEP_OK;
    lockstep_trust_free(trust);
    return set ? LK_EXIT_OK : LK_EXIT_FAILED;
}

/* Sessions are good for a day; 16 KiB of 0-RTT data have room for any request's head. */
#define TICKET_LIFETIME_S 86400
#define EARLY_DATA_MAX    16384
/* 0-RTT connections in twenty seconds, and by how much a ticket's age may be off. */
#define STRIKES_MAX       16384
#define STRIKES_WINDOW_MS 10000

static int set_resumption(lockstep_config *cfg, const lk_serve *r) {
    lockstep_tickets *tickets = NULL;
    lockstep_strikes *strikes = NULL;
    if (r->num_tickets == 0)
        return LK_EXIT_OK;
    bool set = lockstep_tickets_new(&tickets, NULL, TICKET_LIFETIME_S) == LOCKSTEP_OK &&
               lockstep_config_set_tickets(cfg, tickets, r->num_tickets) == LOCKSTEP_OK;
    if (set && r->early_data)
        set = lockstep_strikes_new(&strikes, NULL, STRIKES_MAX, STRIKES_WINDOW_MS) == LOCKSTEP_OK &&
              lockstep_config_accept_early_data(cfg, strikes, EARLY_DATA_MAX) == LOCKSTEP_OK;
    lockstep_tickets_free(tickets);
    lockstep_strikes_free(strikes);
    return set ? LK_EXIT_OK : LK_EXIT_FAILED;
}

/* set_jobs: public-key work waits for the end of a turn, and key shares are made when it is quiet.
 * Where the system cannot keep a pool from children, connections make their own. */
static int set_jobs(lk_server *server) {
    if (lockstep_shares_new(&server->shares, NULL, LK_SHARES) == LOCKSTEP_OK &&
        lockstep_config_set_shares(server->config, server->shares) != LOCKSTEP_OK)
        return LK_EXIT_FAILED;
    return lockstep_config_gather_jobs(server->config) == LOCKSTEP_OK ? LK_EXIT_OK : LK_EXIT_FAILED;
}

static void note(void *arg, const lockstep_note *n) {
    lk_explorer_note(((lk_server *)arg)->explorer, n);
}

/* open_explorer: the page instead of a site, and wrong certificates beside the right one. */
static int open_explorer(lk_server *server, const lk_serve *r) {
    if (!r->explorer)
        return LK_EXIT_OK;
    lk_localca ca = {0};
    lockstep_blob key = {0};
    bool local = r->num_cert == 0 && lk_localca_open(&ca, false);
    if (!local || !lk_blob_load(&key, ca.key_path))
        lk_warning("--explorer: without the local CA and its root's key, browsers refuse all wrong "
                   "certificates for "
                   "the same reason: that they do not know who signed them");
    server->explorer =
        lk_explorer_new(lk_slice_of(ca.root.p, ca.root.p_len), lk_slice_of(key.p, key.p_len));
    lockstep_blob_free(&key);
    if (local)
        lk_localca_free(&ca);
    return server->explorer != NULL &&
                   lockstep_config_ask(server->config, LOCKSTEP_ASK_IDENTITY) == LOCKSTEP_OK
               ? LK_EXIT_OK
               : LK_EXIT_FAILED;
}

static void start_explorer(lk_server *server, const lk_serve *r) {
    if (!r->explorer)
        return;
    bool local = lk_loop_is_local(server->loop);
    lk_explorer_start(server->explorer, server->loop,
                      local               ? LK_HOSTS_ANY
                      : r->explorer_hosts ? LK_HOSTS_PUBLIC
                                          : LK_HOSTS_NONE);
    if (!local)
        lk_warning("--explorer shows whoever comes the secrets of that one connection of theirs; "
                   "it is for teaching, not for a site with something to hide");
}

/* serve_all listens and serves until it is told to stop. */
static int serve_all(lk_server *server, const lk_serve *r) {
    lk_workers workers;
    char text[512];
    if (!lk_workers_begin(&workers, server))
        return LK_EXIT_FAILED;
    int code = listen_all(server, r);
    if (code != 0)
        return code;
    start_explorer(server, r);
    const char *bad = lk_workers_join(&workers, r->num_workers);
    if (bad != NULL) {
        snprintf(text, sizeof text, "%zu workers cannot be started: %s", r->num_workers, bad);
        lk_error(text, NULL, "--workers 1 needs no more than one");
    }
    bool ok = bad == NULL && lk_workers_run(&workers, GRACE_MS);
    lk_workers_free(&workers);
    return ok ? LK_EXIT_OK : LK_EXIT_FAILED;
}

static int run(int argc, char **argv) {
    static lk_server server;
    static lk_refusals refusals;
    lk_serve r = {.num_tickets = 2, .num_workers = 1, .client_auth = -1};
    char text[512];
    bool failed;
    int code = lk_serve_read_options(&r, argc, argv);
    if (code != 0)
        return code < 0 ? LK_EXIT_OK : code;
    server.site.root_fd = -1;
    server.quiet = r.quiet;
    server.refusals = &refusals;
    if (r.dir != NULL) {
        server.site.root_fd = open(r.dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (server.site.root_fd < 0) {
            snprintf(text, sizeof text, "%s cannot be served: %s", r.dir, strerror(errno));
            return usage(text, "name a directory that you may read");
        }
    }
    server.keylog_fd = lk_keylog_open(r.keylog, &failed);
    if (failed)
        return LK_EXIT_USAGE;
    static const char *const protocols[] = {"http/1.1", "http/1.0"};
    lockstep_env env = {.arg = &server,
                        .keylog = server.keylog_fd >= 0 ? keylog : NULL,
                        .note = r.explorer ? note : NULL};
    if (lockstep_config_new(&server.config, &env) != LOCKSTEP_OK ||
        lockstep_config_set_alpn(server.config, protocols, 2) != LOCKSTEP_OK) {
        lk_error("the engine cannot start", NULL,
                 "is libcrypto 3.0 or later installed, and is its default provider on?");
        return LK_EXIT_FAILED;
    }
    r.tls.ech = r.num_ech > 0;
    code = lk_set_tls(server.config, &r.tls, false);
    if (code == 0)
        code = set_jobs(&server);
    if (code == 0)
        code = set_client_auth(server.config, &r);
    if (code == 0)
        code = set_resumption(server.config, &r);
    for (size_t i = 0; code == 0 && i < r.num_cert; i++)
        code = lk_add_identity(server.config, r.cert[i], r.key[i]);
    if (code == 0 && r.num_cert == 0)
        code = add_local_identity(server.config);
    if (code == 0 && r.num_cert == 0 && r.tls.rsa_kex)
        lk_warning("--kex rsa: the certificate of the local CA has no RSA key, so nobody can; "
                   "--cert and --key of \"ca issue --key-type rsa\" allow it");
    for (size_t i = 0; code == 0 && i < r.num_ech; i++)
        code = lk_ech_serve(server.config, r.ech[i]);
    if (code == 0)
        code = open_explorer(&server, &r);
    if (code == 0)
        code = lk_seal(server.config);
    if (code == 0 && !lk_server_start(&server))
        code = LK_EXIT_FAILED;
    if (code == 0)
        code = serve_all(&server, &r);
    lk_access_unsaid(&refusals);
    lk_server_end(&server);
    lk_explorer_free(server.explorer);
    lockstep_config_free(server.config);
    lockstep_shares_free(server.shares);
    if (server.site.root_fd >= 0)
        close(server.site.root_fd);
    if (server.keylog_fd >= 0)
        close(server.keylog_fd);
    return code;
}

const lk_command lk_cmd_serve = {
    "serve",
    "[DIR]",
    "serve a directory over HTTPS",
    lk_serve_options,
    "Without DIR a welcome page is served. Without --cert a certificate for localhost from the "
    "local CA is\n"
    "used (lockstep ca). SIGTERM and SIGINT: open downloads are finished, for 30 s at most, then "
    "it exits with 0.\n"
    "Time limits: 10 s for a handshake, 15 s for a request's head, 60 s of idleness, 30 s without "
    "progress.",
    run};
