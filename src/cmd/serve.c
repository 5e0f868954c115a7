/*
 * serve.c - `lockstep serve`: its options, its certificates, its listeners. serve_conn.c has the
 * rest.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <lockstep/session.h>

#include "cmd/ech.h"
#include "cmd/errors.h"
#include "cmd/identity.h"
#include "cmd/keylog.h"
#include "cmd/lists.h"
#include "cmd/localca.h"
#include "cmd/options.h"
#include "cmd/serve_conn.h"
#include "cmd/trust.h"

enum {
    O_LISTEN,
    O_CERT,
    O_KEY,
    O_ECH,
    O_GROUPS,
    O_SUITES,
    O_TLS_MIN,
    O_TLS_MAX,
    O_KEX,
    O_CLIENT_CA,
    O_CLIENT_AUTH,
    O_TICKETS,
    O_EARLY_DATA,
    O_KEYLOG,
    O_QUIET
};
static const lk_option options[] = {
    [O_LISTEN] = {"listen", 'l', "HOST:PORT",
                  "where to listen, repeatable (default 127.0.0.1:8443)"},
    [O_CERT] = {"cert", 0, "FILE",
                "certificate chain in PEM, leaf first; repeatable, chosen by name"},
    [O_KEY] = {"key", 0, "FILE", "private key of the --cert before it"},
    [O_ECH] = {"ech", 0, "FILE", "a key of Encrypted Client Hello, made by ech new; repeatable"},
    [O_GROUPS] = {"groups", 0, "LIST",
                  "key exchange groups, best first, such as X25519MLKEM768:x25519"},
    [O_SUITES] = {"suites", 0, "LIST", "cipher suites, best first"},
    [O_TLS_MIN] = {"tls-min", 0, "VERSION", "the lowest version, 1.2 or 1.3 (default 1.2)"},
    [O_TLS_MAX] = {"tls-max", 0, "VERSION", "the highest version, 1.2 or 1.3 (default 1.3)"},
    [O_KEX] = {"kex", 0, "ecdhe|rsa",
               "rsa: DANGER, allow the key exchange of TLS 1.2 that has no forward secrecy too"},
    [O_CLIENT_CA] = {"client-ca", 0, "FILE",
                     "ask clients for a certificate, and judge it by the CAs in FILE; repeatable"},
    [O_CLIENT_AUTH] = {"client-auth", 0, "MODE",
                       "none, request or require (the default with --client-ca) a certificate"},
    [O_TICKETS] = {"tickets", 0, "N",
                   "session tickets a client is given, 0 to 8 (default 2; 0: nobody resumes)"},
    [O_EARLY_DATA] = {"early-data", 0, NULL,
                      "answer GET and HEAD that come as 0-RTT data, which may be replays"},
    [O_KEYLOG] = {"keylog", 0, "FILE", "write the secrets for Wireshark (or $SSLKEYLOGFILE)"},
    [O_QUIET] = {"quiet", 'q', NULL, "no access log"},
    {NULL, 0, NULL, NULL}};

#define MAX_LISTEN 16
#define MAX_CERTS  32
#define MAX_ECH    16
/* SIGTERM: how long open downloads may go on. */
#define GRACE_MS 30000

typedef struct request {
    const char *listen[MAX_LISTEN], *cert[MAX_CERTS], *key[MAX_CERTS], *ech[MAX_ECH], *keylog, *dir,
        *client_ca[MAX_CERTS];
    size_t num_listen, num_cert, num_key, num_client_ca, num_ech, num_tickets;
    int client_auth; /* enum lockstep_client_auth; -1: not given */
    lk_tls_options tls;
    bool quiet, early_data;
} request;

static int usage(const char *what, const char *todo) {
    lk_error(what, NULL, todo);
    return LK_EXIT_USAGE;
}

static int read_client_auth(request *r, const char *value) {
    static const char *const modes[] = {"none", "request", "require"};
    for (int i = 0; i < 3; i++)
        if (strcmp(value, modes[i]) == 0) {
            r->client_auth = i;
            return 0;
        }
    return usage("--client-auth: there is no such mode",
                 "--client-auth none, request (a certificate is welcome) or require");
}

static int read_tickets(request *r, const char *value) {
    if (value[0] < '0' || value[0] > '8' || value[1] != '\0')
        return usage("--tickets: not a number from 0 to 8",
                     "--tickets 2 is the default; with --tickets 0 nobody resumes");
    r->num_tickets = (size_t)(value[0] - '0');
    return 0;
}

static int read_options(request *r, int argc, char **argv) {
    lk_args args = {.command = &lk_cmd_serve, .argc = argc, .argv = argv};
    const char *value;
    int o;
    while ((o = lk_args_next(&args, &value)) != LK_ARGS_END) {
        switch (o) {
        case LK_ARGS_HELP:
            return -1;
        case LK_ARGS_ERROR:
            return LK_EXIT_USAGE;
        case LK_ARGS_ARGUMENT:
            if (r->dir != NULL)
                return usage("serve: one directory, please", "lockstep serve --help");
            r->dir = value;
            break;
        case O_LISTEN:
            if (r->num_listen == MAX_LISTEN)
                return usage("--listen: at most 16 times", NULL);
            r->listen[r->num_listen++] = value;
            break;
        case O_CERT:
            if (r->num_cert == MAX_CERTS)
                return usage("--cert: at most 32 times", NULL);
            r->cert[r->num_cert++] = value;
            break;
        case O_KEY:
            if (r->num_key == MAX_CERTS)
                return usage("--key: at most 32 times", NULL);
            r->key[r->num_key++] = value;
            break;
        case O_ECH:
            if (r->num_ech == MAX_ECH)
                return usage("--ech: at most 16 times", NULL);
            r->ech[r->num_ech++] = value;
            break;
        case O_GROUPS:
            r->tls.groups = value;
            break;
        case O_SUITES:
            r->tls.suites = value;
            break;
        case O_TLS_MIN:
        case O_TLS_MAX:
            if (!lk_read_version(o == O_TLS_MIN ? &r->tls.min : &r->tls.max,
                                 o == O_TLS_MIN ? "--tls-min" : "--tls-max", value))
                return LK_EXIT_USAGE;
            break;
        case O_KEX:
            if (!lk_read_kex(&r->tls, value))
                return LK_EXIT_USAGE;
            break;
        case O_CLIENT_CA:
            if (r->num_client_ca == MAX_CERTS)
                return usage("--client-ca: at most 32 times", NULL);
            r->client_ca[r->num_client_ca++] = value;
            break;
        case O_CLIENT_AUTH:
            if (read_client_auth(r, value) != 0)
                return LK_EXIT_USAGE;
            break;
        case O_TICKETS:
            if (read_tickets(r, value) != 0)
                return LK_EXIT_USAGE;
            break;
        case O_EARLY_DATA:
            r->early_data = true;
            break;
        case O_KEYLOG:
            r->keylog = value;
            break;
        default:
            r->quiet = true;
        }
    }
    if (r->num_cert != r->num_key)
        return usage("serve: as many --key as --cert, each behind its own",
                     "--cert site.pem --key site-key.pem");
    if (r->client_auth > LOCKSTEP_CLIENT_AUTH_NONE && r->num_client_ca == 0)
        return usage("--client-auth: by which CAs are clients to be judged?", "--client-ca FILE");
    if (r->early_data && r->num_tickets == 0)
        return usage("--early-data comes with tickets, and --tickets 0 gives none",
                     "--tickets 1 or more, or leave --early-data out");
    if (r->num_listen == 0)
        r->listen[r->num_listen++] = "127.0.0.1:8443";
    return 0;
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

static int listen_all(lk_server *server, const request *r) {
    char host[256], text[512], url[300];
    for (size_t i = 0; i < r->num_listen; i++) {
        uint16_t port;
        if (!split_address(r->listen[i], host, sizeof host, &port)) {
            snprintf(text, sizeof text, "--listen %s: not an address", r->listen[i]);
            return usage(
                text, "HOST:PORT, such as 127.0.0.1:8443, [::1]:8443 or :8443 for every address");
        }
        const char *bad = lk_loop_listen(server->loop, host, &port);
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
static int set_client_auth(lockstep_config *cfg, const request *r) {
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

static int set_resumption(lockstep_config *cfg, const request *r) {
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

static int run(int argc, char **argv) {
    static lk_server server;
    request r = {.num_tickets = 2, .client_auth = -1};
    char text[512];
    bool failed;
    int code = read_options(&r, argc, argv);
    if (code != 0)
        return code < 0 ? LK_EXIT_OK : code;
    server.site.root_fd = -1;
    server.quiet = r.quiet;
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
    lockstep_env env = {.arg = &server, .keylog = server.keylog_fd >= 0 ? keylog : NULL};
    if (lockstep_config_new(&server.config, &env) != LOCKSTEP_OK ||
        lockstep_config_set_alpn(server.config, protocols, 2) != LOCKSTEP_OK) {
        lk_error("the engine cannot start", NULL, "is libcrypto 3.0 or later installed?");
        return LK_EXIT_FAILED;
    }
    r.tls.ech = r.num_ech > 0;
    code = lk_set_tls(server.config, &r.tls, false);
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
        code = lk_seal(server.config);
    if (code == 0 && !lk_server_start(&server))
        code = LK_EXIT_FAILED;
    if (code == 0)
        code = listen_all(&server, &r);
    if (code == 0)
        lk_loop_run(server.loop, GRACE_MS);
    lk_loop_free(server.loop);
    lockstep_config_free(server.config);
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
    options,
    "Without DIR a welcome page is served. Without --cert a certificate for localhost from the "
    "local CA is\n"
    "used (lockstep ca). SIGTERM and SIGINT: open downloads are finished, for 30 s at most, then "
    "it exits with 0.\n"
    "Time limits: 10 s for a handshake, 15 s for a request's head, 60 s of idleness, 30 s without "
    "progress.",
    run};
