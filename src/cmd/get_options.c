/*
 * get_options.c - the options of `lockstep get`, with curl's names and meanings.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/errors.h"
#include "cmd/get.h"
#include "store/data.h"

enum {
    O_OUTPUT,
    O_REMOTE_NAME,
    O_INCLUDE,
    O_HEAD,
    O_LOCATION,
    O_MAX_REDIRS,
    O_HEADER,
    O_DATA,
    O_REQUEST,
    O_USER_AGENT,
    O_SILENT,
    O_SHOW_ERROR,
    O_VERBOSE,
    O_FAIL,
    O_MAX_TIME,
    O_CONNECT_TIMEOUT,
    O_CACERT,
    O_CAPATH,
    O_CRLFILE,
    LK_POLICY_OPTIONS,
    O_CERT,
    O_KEY,
    O_SESSION,
    O_EARLY_DATA,
    O_RESOLVE,
    O_CONNECT_TO,
    O_CURVES,
    O_CIPHERS,
    O_TLS13,
    O_TLSV12,
    O_TLSV13,
    O_TLS_MAX,
    O_KEX,
    O_HTTP11,
    O_WRITE_OUT,
    O_INSECURE,
    O_KEYLOG,
    O_ECH,
    O_COMPRESSED,
    O_EXPLAIN,
    O_JSON
};
const lk_option lk_get_options[] = {
    [O_OUTPUT] = {"output", 'o', "FILE", "write the body to FILE"},
    [O_REMOTE_NAME] = {"remote-name", 'O', NULL, "write the body to a file named like the URL's"},
    [O_INCLUDE] = {"include", 'i', NULL, "print the answer's head too"},
    [O_HEAD] = {"head", 'I', NULL, "ask for the head alone"},
    [O_LOCATION] = {"location", 'L', NULL, "follow redirections, to https:// only"},
    [O_MAX_REDIRS] = {"max-redirs", 0, "N", "follow at most N (default 50)"},
    [O_HEADER] = {"header", 'H', "LINE", "send this header; repeatable"},
    [O_DATA] = {"data", 'd', "DATA", "send DATA by POST; @FILE sends a file"},
    [O_REQUEST] = {"request", 'X', "METHOD", "use this method"},
    [O_USER_AGENT] = {"user-agent", 'A', "NAME", "say to be NAME"},
    [O_SILENT] = {"silent", 's', NULL, "no progress and no errors"},
    [O_SHOW_ERROR] = {"show-error", 'S', NULL, "with -s, show errors all the same"},
    [O_VERBOSE] = {"verbose", 'v', NULL, "tell every step of the handshake, on stderr"},
    [O_FAIL] = {"fail", 'f', NULL, "exit 22 for status codes of 400 and above"},
    [O_MAX_TIME] = {"max-time", 'm', "SECONDS", "give up after so long"},
    [O_CONNECT_TIMEOUT] = {"connect-timeout", 0, "SECONDS", "give up connecting after so long"},
    [O_CACERT] = {"cacert", 0, "FILE", "trust the certificates of FILE, and no others"},
    [O_CAPATH] = {"capath", 0, "DIR", "trust the certificates in DIR, and no others"},
    [O_CRLFILE] = {"crlfile", 0, "FILE", "a revocation list, PEM or DER; repeatable"},
    LK_POLICY_ROWS,
    [O_CERT] = {"cert", 'E', "FILE", "show this certificate if asked (PEM; the key may be in it)"},
    [O_KEY] = {"key", 0, "FILE", "private key of --cert"},
    [O_SESSION] = {"session", 0, "FILE",
                   "resume the sessions in FILE, and keep new ones there; they are secret"},
    [O_EARLY_DATA] = {"early-data", 0, NULL,
                      "with --session: send GET and HEAD as 0-RTT data, which can be replayed"},
    [O_RESOLVE] = {"resolve", 0, "HOST:PORT:ADDR", "take ADDR for HOST; repeatable"},
    [O_CONNECT_TO] = {"connect-to", 0, "H1:P1:H2:P2", "connect to H2:P2 for H1:P1; repeatable"},
    [O_CURVES] = {"curves", 0, "LIST", "key exchange groups, best first"},
    [O_CIPHERS] = {"ciphers", 0, "LIST", "cipher suites, best first"},
    [O_TLS13] = {"tls13-ciphers", 0, "LIST", "the same, for TLS 1.3"},
    [O_TLSV12] = {"tlsv1.2", 0, NULL, "TLS 1.2 or later (the default)"},
    [O_TLSV13] = {"tlsv1.3", 0, NULL, "TLS 1.3 or later"},
    [O_TLS_MAX] = {"tls-max", 0, "VERSION", "the highest version, 1.2 or 1.3"},
    [O_KEX] = {"kex", 0, "ecdhe|rsa",
               "rsa: DANGER, TLS 1.2 with the key exchange that has no forward secrecy"},
    [O_HTTP11] = {"http1.1", 0, NULL, "HTTP/1.1, the only version so far"},
    [O_WRITE_OUT] = {"write-out", 'w', "FORMAT",
                     "print this afterwards: %{http_code} %{size_download} ..."},
    [O_INSECURE] = {"insecure", 'k', NULL, "DANGER: accept any certificate, from anybody"},
    [O_KEYLOG] = {"keylog", 0, "FILE", "write the secrets for Wireshark (or $SSLKEYLOGFILE)"},
    [O_ECH] = {"ech", 0, "FILE", "encrypt the name by the configuration in FILE (RFC 9849)"},
    [O_COMPRESSED] = {"compressed", 0, NULL, "ask for a compressed body, and undo the compression"},
    [O_EXPLAIN] = {"explain", 0, NULL, "tell how the certificate was judged, on stderr"},
    [O_JSON] = {"json", 0, NULL,
                "print what was agreed on and checked as JSON; the body only with -o"},
    {NULL, 0, NULL, NULL}};

static int usage(const char *what, const char *todo) {
    lk_error(what, NULL, todo);
    return LK_EXIT_USAGE;
}

static bool read_seconds(double *out, const char *text) {
    char *end;
    *out = strtod(text, &end);
    return end != text && *end == '\0' && *out >= 0 && *out < 1e9;
}

/* next_part cuts "a:b", where a may be in brackets, at the colon. */
static const char *next_part(const char *p, char *out, size_t out_len) {
    size_t n;
    if (*p == '[') {
        n = strcspn(++p, "]");
        if (p[n] != ']' || n >= out_len)
            return NULL;
        memcpy(out, p, n);
        out[n] = '\0';
        p += n + 1;
    } else {
        n = strcspn(p, ":");
        if (n >= out_len)
            return NULL;
        memcpy(out, p, n);
        out[n] = '\0';
        p += n;
    }
    return *p == ':' ? p + 1 : *p == '\0' ? p : NULL;
}

static bool read_port(uint16_t *out, const char *text) {
    char *end;
    unsigned long v = text[0] == '\0' ? 0 : strtoul(text, &end, 10);
    if (text[0] != '\0' && (*end != '\0' || text[0] < '0' || text[0] > '9' || v > 65535))
        return false;
    *out = (uint16_t)v;
    return true;
}

static int add_redirection(lk_get *r, const char *text, bool connect_to) {
    char port[8], to_port[8] = "";
    if (r->num_redirections == MAX_REDIRECTIONS)
        return usage("--resolve and --connect-to: at most 32 times", NULL);
    lk_redirection *d = &r->redirections[r->num_redirections];
    const char *p = next_part(text, d->host, sizeof d->host);
    p = p == NULL ? NULL : next_part(p, port, sizeof port);
    if (p != NULL && connect_to) {
        p = next_part(p, d->to_host, sizeof d->to_host);
        p = p == NULL ? NULL : next_part(p, to_port, sizeof to_port);
    } else if (p != NULL) {
        /* the rest is the addresses, with commas between; colons belong to them */
        snprintf(d->to_host, sizeof d->to_host, "%s", p);
        p = d->to_host[0] != '\0' ? "" : NULL;
    }
    if (p == NULL || *p != '\0' || !read_port(&d->port, port) || !read_port(&d->to_port, to_port) ||
        (!connect_to && (d->port == 0 || d->host[0] == '\0')))
        return usage(connect_to ? "--connect-to: not HOST1:PORT1:HOST2:PORT2"
                                : "--resolve: not HOST:PORT:ADDRESS",
                     connect_to ? "--connect-to example.org:443:127.0.0.1:8443"
                                : "--resolve example.org:8443:127.0.0.1");
    if (strcmp(d->host, "*") == 0)
        d->host[0] = '\0';
    r->num_redirections++;
    return 0;
}

static int add_data(lk_get *r, const char *text) {
    char message[512];
    if (r->has_data)
        (void)lk_buffer_append(&r->data, lk_slice_of_str("&"));
    r->has_data = true;
    if (text[0] != '@')
        return lk_buffer_append(&r->data, lk_slice_of_str(text)) ? 0 : LK_EXIT_READ;
    if (lk_file_load(&r->data, strcmp(text, "@-") == 0 ? "/dev/stdin" : text + 1, DATA_MAX))
        return 0;
    snprintf(message, sizeof message, "%s cannot be read: %s", text + 1, strerror(errno));
    lk_error(message, NULL, "-d @FILE sends a file of at most 64 MiB");
    return LK_EXIT_READ;
}

static int read_option(lk_get *r, int o, const char *value) {
    char *end;
    int code;
    if (o >= 0 && lk_policy_option(&r->policy, lk_get_options[o].name, value, &code))
        return code;
    switch (o) {
    case LK_ARGS_ARGUMENT:
        if (r->url != NULL)
            return usage("get: one URL, please", "lockstep get --help");
        r->url = value;
        return 0;
    case O_OUTPUT:
        r->output = value;
        return 0;
    case O_REMOTE_NAME:
        r->remote_name = true;
        return 0;
    case O_INCLUDE:
        r->include = true;
        return 0;
    case O_HEAD:
        r->head = r->include = true;
        return 0;
    case O_LOCATION:
        r->location = true;
        return 0;
    case O_MAX_REDIRS:
        r->max_redirs = strtol(value, &end, 10);
        return *end == '\0' && r->max_redirs >= 0 ? 0 : usage("--max-redirs: not a number", NULL);
    case O_HEADER:
        if (r->num_headers == MAX_HEADERS)
            return usage("-H: at most 64 times", NULL);
        for (const char *p = value; *p != '\0'; p++)
            if (((unsigned char)*p < 0x20 && *p != '\t') || *p == 0x7f)
                return usage("-H: a header is one line without control characters", NULL);
        if (strchr(value, ':') == NULL)
            return usage("-H: a header looks like \"Name: value\"", NULL);
        r->headers[r->num_headers++] = value;
        return 0;
    case O_DATA:
        return add_data(r, value);
    case O_REQUEST:
        r->method = value;
        return lk_is_token(lk_slice_of_str(value)) ? 0 : usage("-X: that is not a method", NULL);
    case O_USER_AGENT:
        r->agent = value;
        return 0;
    case O_SILENT:
        r->silent = true;
        return 0;
    case O_SHOW_ERROR:
        r->show_error = true;
        return 0;
    case O_VERBOSE:
        r->verbose = true;
        return 0;
    case O_FAIL:
        r->fail = true;
        return 0;
    case O_MAX_TIME:
        return read_seconds(&r->max_time, value) ? 0 : usage("-m: not a number of seconds", NULL);
    case O_CONNECT_TIMEOUT:
        return read_seconds(&r->connect_timeout, value)
                   ? 0
                   : usage("--connect-timeout: not a number of seconds", NULL);
    case O_CACERT:
        r->cacert = value;
        return 0;
    case O_CAPATH:
        r->capath = value;
        return 0;
    case O_CERT:
        r->cert = value;
        return 0;
    case O_KEY:
        r->key = value;
        return 0;
    case O_SESSION:
        r->session = value;
        return value[0] != '\0' ? 0 : usage("--session: which file?", "--session FILE");
    case O_EARLY_DATA:
        r->early_data = true;
        return 0;
    case O_RESOLVE:
        return add_redirection(r, value, false);
    case O_CONNECT_TO:
        return add_redirection(r, value, true);
    case O_CURVES:
        r->tls.groups = value;
        return 0;
    case O_CIPHERS:
        r->tls.suites = value;
        return 0;
    case O_TLS13:
        r->tls.more_suites = value;
        return 0;
    case O_TLSV12:
        r->tls.min = LOCKSTEP_TLS12;
        return 0;
    case O_TLSV13:
        r->tls.min = LOCKSTEP_TLS13;
        return 0;
    case O_TLS_MAX:
        return lk_read_version(&r->tls.max, "--tls-max", value) ? 0 : LK_EXIT_USAGE;
    case O_KEX:
        return lk_read_kex(&r->tls, value) ? 0 : LK_EXIT_USAGE;
    case O_WRITE_OUT:
        r->write_out = value;
        return 0;
    case O_INSECURE:
        r->insecure = true;
        return 0;
    case O_KEYLOG:
        r->keylog = value;
        return 0;
    case O_ECH:
        r->ech = value;
        return 0;
    case O_COMPRESSED:
        r->compressed = true;
        return 0;
    case O_EXPLAIN:
        r->explain = true;
        return 0;
    case O_JSON:
        r->json = true;
        return 0;
    default:
        return 0;
    }
}

int lk_get_read_options(lk_get *r, int argc, char **argv) {
    lk_args args = {.command = &lk_cmd_get, .argc = argc, .argv = argv};
    const char *value;
    int o, code;
    while ((o = lk_args_next(&args, &value)) != LK_ARGS_END) {
        if (o == LK_ARGS_HELP)
            return LK_EXIT_OK;
        code = o == LK_ARGS_ERROR ? LK_EXIT_USAGE : read_option(r, o, value);
        if (code != 0)
            return code;
    }
    if (r->key != NULL && r->cert == NULL)
        return usage("--key: of which certificate?", "--cert FILE --key FILE");
    if (r->early_data && r->session == NULL)
        return usage("--early-data: there is no session to send it under", "--session FILE");
    return r->url == NULL ? usage("get: which URL?", "lockstep get https://example.org/") : -1;
}
