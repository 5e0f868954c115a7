/*
 * serve_options.c - the options of `lockstep serve`.
 */
#include <stdlib.h>
#include <string.h>

#include "cmd/errors.h"
#include "cmd/serve.h"
#include "cmd/serve_workers.h"

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
    O_WORKERS,
    O_KEYLOG,
    O_EXPLORER,
    O_EXPLORER_HOSTS,
    O_QUIET
};
const lk_option lk_serve_options[] = {
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
    [O_WORKERS] = {"workers", 0, "N|auto",
                   "threads that serve, 1 to 64, or auto: one for each processor (default 1)"},
    [O_KEYLOG] = {"keylog", 0, "FILE", "write the secrets for Wireshark (or $SSLKEYLOGFILE)"},
    [O_EXPLORER] = {"explorer", 0, NULL,
                    "serve the page that shows a browser its own handshake, and 40 broken ones"},
    [O_EXPLORER_HOSTS] = {"explorer-hosts", 0, NULL,
                          "whoever comes may have it walk to public hosts (on loopback: always)"},
    [O_QUIET] = {"quiet", 'q', NULL, "no lines for requests, nor for handshakes that were refused"},
    {NULL, 0, NULL, NULL}};

static int usage(const char *what, const char *todo) {
    lk_error(what, NULL, todo);
    return LK_EXIT_USAGE;
}

static int read_client_auth(lk_serve *r, const char *value) {
    static const char *const modes[] = {"none", "request", "require"};
    for (int i = 0; i < 3; i++)
        if (strcmp(value, modes[i]) == 0) {
            r->client_auth = i;
            return 0;
        }
    return usage("--client-auth: there is no such mode",
                 "--client-auth none, request (a certificate is welcome) or require");
}

static int read_tickets(lk_serve *r, const char *value) {
    if (value[0] < '0' || value[0] > '8' || value[1] != '\0')
        return usage("--tickets: not a number from 0 to 8",
                     "--tickets 2 is the default; with --tickets 0 nobody resumes");
    r->num_tickets = (size_t)(value[0] - '0');
    return 0;
}

static int read_workers(lk_serve *r, const char *value) {
    size_t n = strlen(value);
    unsigned long number = strtoul(value, NULL, 10);
    bool digits = n >= 1 && n <= 2 && strspn(value, "0123456789") == n;
    if (strcmp(value, "auto") == 0)
        r->num_workers = lk_workers_auto();
    else if (digits && number >= 1 && number <= LK_WORKERS_MAX)
        r->num_workers = number;
    else
        return usage("--workers: not a number from 1 to 64, nor auto",
                     "--workers auto is one for each processor");
    return 0;
}

int lk_serve_read_options(lk_serve *r, int argc, char **argv) {
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
            if (r->num_listen == LK_SERVE_LISTEN)
                return usage("--listen: at most 16 times", NULL);
            r->listen[r->num_listen++] = value;
            break;
        case O_CERT:
            if (r->num_cert == LK_SERVE_FILES)
                return usage("--cert: at most 32 times", NULL);
            r->cert[r->num_cert++] = value;
            break;
        case O_KEY:
            if (r->num_key == LK_SERVE_FILES)
                return usage("--key: at most 32 times", NULL);
            r->key[r->num_key++] = value;
            break;
        case O_ECH:
            if (r->num_ech == LK_SERVE_ECH)
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
            if (r->num_client_ca == LK_SERVE_FILES)
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
        case O_WORKERS:
            if (read_workers(r, value) != 0)
                return LK_EXIT_USAGE;
            break;
        case O_KEYLOG:
            r->keylog = value;
            break;
        case O_EXPLORER:
            r->explorer = true;
            break;
        case O_EXPLORER_HOSTS:
            r->explorer_hosts = true;
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
    if (r->explorer && r->dir != NULL)
        return usage("--explorer is a page of its own: it serves no directory",
                     "leave one of them out");
    if (r->explorer && r->num_workers > 1)
        return usage("--explorer has one worker: the page of a connection asks on others, and all "
                     "of them must see what it saw",
                     "leave --workers out");
    if (r->explorer_hosts && !r->explorer)
        return usage("--explorer-hosts belongs to --explorer", NULL);
    if (r->num_listen == 0)
        r->listen[r->num_listen++] = "127.0.0.1:8443";
    return 0;
}
