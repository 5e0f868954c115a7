/*
 * get.c - `lockstep get`: curl's options and exit codes, over this engine.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "cmd/errors.h"
#include "cmd/explain.h"
#include "cmd/fetch.h"
#include "cmd/keylog.h"
#include "cmd/lists.h"
#include "cmd/localca.h"
#include "cmd/narrate.h"
#include "cmd/options.h"
#include "cmd/trust.h"
#include "http/inflate.h"
#include "net/dial.h"
#include "store/data.h"

enum {
    O_OUTPUT, O_REMOTE_NAME, O_INCLUDE, O_HEAD, O_LOCATION, O_MAX_REDIRS, O_HEADER, O_DATA, O_REQUEST,
    O_USER_AGENT, O_SILENT, O_SHOW_ERROR, O_VERBOSE, O_FAIL, O_MAX_TIME, O_CONNECT_TIMEOUT, O_CACERT,
    O_CAPATH, O_RESOLVE, O_CONNECT_TO, O_CURVES, O_CIPHERS, O_TLS13, O_TLSV13, O_TLS_MAX, O_HTTP11,
    O_WRITE_OUT, O_INSECURE, O_KEYLOG, O_COMPRESSED, O_EXPLAIN, O_JSON
};
static const lk_option options[] = {
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
    [O_RESOLVE] = {"resolve", 0, "HOST:PORT:ADDR", "take ADDR for HOST; repeatable"},
    [O_CONNECT_TO] = {"connect-to", 0, "H1:P1:H2:P2", "connect to H2:P2 for H1:P1; repeatable"},
    [O_CURVES] = {"curves", 0, "LIST", "key exchange groups, best first"},
    [O_CIPHERS] = {"ciphers", 0, "LIST", "cipher suites, best first"},
    [O_TLS13] = {"tls13-ciphers", 0, "LIST", "the same"},
    [O_TLSV13] = {"tlsv1.3", 0, NULL, "TLS 1.3, the only version so far"},
    [O_TLS_MAX] = {"tls-max", 0, "VERSION", "1.3, the only version so far"},
    [O_HTTP11] = {"http1.1", 0, NULL, "HTTP/1.1, the only version so far"},
    [O_WRITE_OUT] = {"write-out", 'w', "FORMAT", "print this afterwards: %{http_code} %{size_download} ..."},
    [O_INSECURE] = {"insecure", 'k', NULL, "DANGER: accept any certificate, from anybody"},
    [O_KEYLOG] = {"keylog", 0, "FILE", "write the secrets for Wireshark (or $SSLKEYLOGFILE)"},
    [O_COMPRESSED] = {"compressed", 0, NULL, "ask for a compressed body, and undo the compression"},
    [O_EXPLAIN] = {"explain", 0, NULL, "tell how the certificate was judged, on stderr"},
    [O_JSON] = {"json", 0, NULL, "print what was agreed on and checked as JSON; the body only with -o"},
    {NULL, 0, NULL, NULL}};

#define MAX_HEADERS      64
#define MAX_REDIRECTIONS 32
#define DATA_MAX         (64u << 20)

typedef struct request {
    const char *url, *output, *method, *agent, *cacert, *capath, *curves, *ciphers, *write_out, *keylog;
    const char *headers[MAX_HEADERS];
    size_t num_headers;
    bool remote_name, include, head, location, silent, show_error, verbose, fail, insecure, has_data, compressed, explain, json;
    long max_redirs;
    double max_time, connect_timeout;
    lk_buffer data;
    lk_redirection redirections[MAX_REDIRECTIONS];
    size_t num_redirections;
    /* while it runs */
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
} request;

static int usage(const char *what, const char *todo) {
    lk_error(what, NULL, todo);
    return LK_EXIT_USAGE;
}

/* ---- Options ------------------------------------------------------------------------------------------------ */

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

static int add_redirection(request *r, const char *text, bool connect_to) {
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

static int add_data(request *r, const char *text) {
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

static int read_option(request *r, int o, const char *value) {
    char *end;
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
    case O_RESOLVE:
        return add_redirection(r, value, false);
    case O_CONNECT_TO:
        return add_redirection(r, value, true);
    case O_CURVES:
        r->curves = value;
        return 0;
    case O_CIPHERS:
    case O_TLS13:
        r->ciphers = value;
        return 0;
    case O_TLS_MAX:
        return strcmp(value, "1.3") == 0 ? 0 : usage("--tls-max: TLS 1.3 is the only version so far", NULL);
    case O_WRITE_OUT:
        r->write_out = value;
        return 0;
    case O_INSECURE:
        r->insecure = true;
        return 0;
    case O_KEYLOG:
        r->keylog = value;
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

/* ---- Output -------------------------------------------------------------------------------------------------- */

static bool is_error(const request *r, const lk_response *response) {
    return r->fail && response->code >= 400;
}

static bool open_output(request *r) {
    char text[512];
    if (r->out != NULL)
        return true;
    if (r->out_name == NULL || strcmp(r->out_name, "-") == 0) {
        r->out = stdout;
        r->to_terminal = isatty(1) != 0;
        return true;
    }
    r->out = fopen(r->out_name, "wbe");
    if (r->out != NULL)
        return true;
    snprintf(text, sizeof text, "%s cannot be written: %s", r->out_name, strerror(errno));
    lk_error(text, NULL, "-o names another file");
    return false;
}

static bool write_out(request *r, lk_slice bytes) {
    char text[512];
    if (!open_output(r))
        return false;
    if (bytes.p_len == 0 || fwrite(bytes.p, 1, bytes.p_len, r->out) == bytes.p_len)
        return true;
    snprintf(text, sizeof text, "the output cannot be written: %s", strerror(errno));
    lk_error(text, NULL, "is there room, and does somebody still read?");
    return false;
}

/* progress shows one line on a terminal, for bodies that go elsewhere. */
static void progress(request *r, bool last) {
    int64_t now = lk_monotonic_ms();
    if (r->silent || r->verbose || r->out == stdout || !isatty(2) || (!last && now - r->shown_ms < 200))
        return;
    if (last && r->shown_ms == 0)
        return;
    double seconds = (double)(now - r->started_ms) / 1000, mib = (double)r->size / 1048576;
    r->shown_ms = now;
    if (r->total > 0)
        fprintf(stderr, "\r%3.0f %%  ", 100.0 * (double)r->size / (double)r->total);
    else
        fputc('\r', stderr);
    fprintf(stderr, "%.1f MiB  %.1f MiB/s \033[K%s", mib, seconds > 0 ? mib / seconds : 0, last ? "\n" : "");
}

static bool follows(const request *r, const lk_response *response, lk_slice *location) {
    return r->location && response->code >= 301 && response->code <= 308 && response->code != 304 &&
           response->code != 305 && response->code != 306 &&
           lk_response_field(response, "location", location);
}

static bool on_head(void *arg, const lk_response *response) {
    request *r = arg;
    lk_slice location; /* or another field's value */
    r->size = 0;
    r->total = response->chunked || response->until_close ? 0 : response->left;
    r->error_body = is_error(r, response) || follows(r, response, &location);
    if (is_error(r, response))
        return true;
    lk_inflate_free(r->inflate);
    r->inflate = NULL;
    if (r->compressed && lk_response_field(response, "content-encoding", &location))
        r->inflate = lk_inflate_new(location);
    return !r->include || write_out(r, lk_buffer_slice(&response->head));
}

static bool take_inflated(void *arg, lk_slice bytes) {
    return write_out(arg, bytes);
}

static bool on_body(void *arg, lk_slice bytes) {
    request *r = arg;
    r->size += bytes.p_len;
    if (r->error_body || (r->json && r->out_name == NULL))
        return true;
    if (r->inflate != NULL) {
        r->damaged = !lk_inflate_feed(r->inflate, bytes, take_inflated, r);
        if (r->damaged)
            return false;
    } else if (!write_out(r, bytes)) {
        return false;
    }
    progress(r, false);
    return true;
}

static void print_write_out(const request *r, const lk_fetch *f, const lk_url *url) {
    lockstep_info info;
    lockstep_info_of(f->conn, &info);
    for (const char *p = r->write_out; *p != '\0'; p++) {
        size_t n = strcspn(p, "}");
        if (p[0] == '\\' && p[1] != '\0') {
            p++;
            putchar(*p == 'n' ? '\n' : *p == 't' ? '\t' : *p == 'r' ? '\r' : *p);
        } else if (p[0] == '%' && p[1] == '{' && p[n] == '}') {
            lk_slice name = lk_slice_of(p + 2, n - 2);
            if (lk_name_is(name, "http_code") || lk_name_is(name, "response_code"))
                printf("%03u", f->response.code);
            else if (lk_name_is(name, "size_download"))
                printf("%llu", (unsigned long long)r->size);
            else if (lk_name_is(name, "url_effective"))
                printf("%s://%s%s", url->scheme, url->authority, url->target);
            else if (lk_name_is(name, "remote_ip"))
                printf("%s", f->address);
            else if (lk_name_is(name, "remote_port"))
                printf("%u", url->port);
            else if (lk_name_is(name, "num_redirects"))
                printf("%u", r->redirects);
            else if (lk_name_is(name, "http_version"))
                printf("1.%u", f->response.minor);
            else if (lk_name_is(name, "scheme"))
                printf("HTTPS");
            else if (lk_name_is(name, "ssl_verify_result"))
                printf("%d", lockstep_failure_of(f->conn) != NULL ? 1 : 0);
            else if (lk_name_is(name, "time_connect"))
                printf("%.6f", f->connected_s);
            else if (lk_name_is(name, "time_appconnect"))
                printf("%.6f", f->secured_s);
            else if (lk_name_is(name, "time_total"))
                printf("%.6f", (double)(lk_monotonic_us() - r->started_us) / 1e6);
            else if (lk_name_is(name, "tls_version"))
                printf("%s", info.version == 0x0304 ? "TLSv1.3" : "");
            else if (lk_name_is(name, "tls_suite"))
                printf("%s", lockstep_suite_name(info.suite));
            else if (lk_name_is(name, "tls_group"))
                printf("%s", lockstep_group_name(info.group));
            else if (lk_name_is(name, "content_type")) {
                lk_slice value;
                if (lk_response_field(&f->response, "content-type", &value))
                    printf("%.*s", (int)value.p_len, (const char *)value.p);
            } else
                lk_warning("-w: an unknown variable is left out");
            p += n;
        } else if (p[0] == '%' && p[1] == '%') {
            putchar(*p++);
        } else {
            putchar(*p);
        }
    }
}

/* ---- One URL ---------------------------------------------------------------------------------------------------- */

static bool has_header(const request *r, const char *name) {
    for (size_t i = 0; i < r->num_headers; i++)
        if (strncasecmp(r->headers[i], name, strlen(name)) == 0 && r->headers[i][strlen(name)] == ':')
            return true;
    return false;
}

static bool build(lk_buffer *out, const request *r, const lk_url *url, bool with_data) {
    char line[8192];
    const char *method = r->method != NULL ? r->method : r->head ? "HEAD" : with_data ? "POST" : "GET";
    int n = snprintf(line, sizeof line, "%s %s HTTP/1.1\r\n", method, url->target);
    bool ok = lk_buffer_append(out, lk_slice_of(line, (size_t)n));
    const char *const usual[][2] = {{"Accept-Encoding", r->compressed ? "gzip, deflate" : NULL},
                                    {"Host", url->authority},
                                    {"User-Agent", r->agent != NULL ? r->agent
                                                                    : "lockstep/" LOCKSTEP_VERSION},
                                    {"Accept", "*/*"},
                                    {"Connection", "close"}};
    for (size_t i = 0; i < sizeof usual / sizeof usual[0]; i++) {
        if (usual[i][1] == NULL || has_header(r, usual[i][0]))
            continue;
        n = snprintf(line, sizeof line, "%s: %s\r\n", usual[i][0], usual[i][1]);
        ok = ok && n > 0 && (size_t)n < sizeof line && lk_buffer_append(out, lk_slice_of(line, (size_t)n));
    }
    if (with_data) {
        n = snprintf(line, sizeof line, "%sContent-Length: %zu\r\n",
                     has_header(r, "Content-Type") ? ""
                                                   : "Content-Type: application/x-www-form-urlencoded\r\n",
                     lk_buffer_length(&r->data));
        ok = ok && lk_buffer_append(out, lk_slice_of(line, (size_t)n));
    }
    for (size_t i = 0; i < r->num_headers; i++) {
        const char *colon = strchr(r->headers[i], ':');
        if (colon[1 + strspn(colon + 1, " \t")] == '\0')
            continue; /* "Name:" takes a header out, as in curl */
        ok = ok && lk_buffer_append(out, lk_slice_of_str(r->headers[i])) &&
             lk_buffer_append(out, lk_slice_of_str("\r\n"));
    }
    ok = ok && lk_buffer_append(out, lk_slice_of_str("\r\n"));
    return ok && (!with_data || lk_buffer_append(out, lk_buffer_slice(&r->data)));
}

/* The root of the local CA is not in the system's store unless `ca trust` has put it there. */
static void hint_at_local_ca(const request *r, int code, lk_fetch *f) {
    const lockstep_failure *failure = f->conn == NULL ? NULL : lockstep_failure_of(f->conn);
    char path[4096];
    if (code != LK_EXIT_CERTIFICATE || failure == NULL ||
        failure->status != LOCKSTEP_CERT_UNKNOWN_ISSUER || lk_localca_path(path, sizeof path) != NULL ||
        access(path, R_OK) != 0)
        return;
    if (r->silent && !r->show_error)
        return;
    fprintf(stderr, "  to do:  if this is your own server: lockstep ca trust, or --cacert '%s'\n", path);
}

static int fetch_all(request *r, const lockstep_config *config) {
    lk_url url, next;
    char text[512];
    const char *bad = lk_url_parse(&url, r->url);
    bool with_data = r->has_data;
    for (;;) {
        if (bad == NULL && strcmp(url.scheme, "https") != 0)
            bad = "http:// is not encrypted, and this command speaks HTTPS alone";
        if (bad != NULL) {
            snprintf(text, sizeof text, "%s is not a URL that can be fetched: %s", r->url, bad);
            lk_error(text, NULL, "https://HOST[:PORT]/PATH");
            return LK_EXIT_URL;
        }
        lk_buffer head = lk_buffer_of(&lk_heap_default, 0);
        if (!build(&head, r, &url, with_data))
            return LK_EXIT_FAILED;
        lk_fetch f = {.url = &url,
                      .config = config,
                      .redirections = r->redirections,
                      .num_redirections = r->num_redirections,
                      .request = lk_buffer_slice(&head),
                      .is_head = r->head || (r->method != NULL && strcmp(r->method, "HEAD") == 0),
                      .verbose = r->verbose,
                      .head = on_head,
                      .body = on_body,
                      .arg = r};
        if (r->connect_timeout > 0)
            f.connect_ms = lk_monotonic_ms() + (int64_t)(r->connect_timeout * 1000);
        if (r->max_time > 0)
            f.deadline_ms = r->started_ms + (int64_t)(r->max_time * 1000);
        if (f.deadline_ms != 0 && (f.connect_ms == 0 || f.connect_ms > f.deadline_ms))
            f.connect_ms = f.deadline_ms;
        int code = lk_fetch_run(&f);
        if (code == LK_EXIT_WRITE && r->damaged) {
            lk_error("the compressed body is damaged", "while receiving", "try without --compressed");
            code = LK_EXIT_BROKEN;
        } else if (code == 0 && r->inflate != NULL && !lk_inflate_whole(r->inflate) && !f.is_head) {
            lk_error("the compressed body ends too early", "while receiving", "try again");
            code = LK_EXIT_BROKEN;
        }
        hint_at_local_ca(r, code, &f);
        lk_buffer_free(&head);
        lk_slice location;
        bool again = code == 0 && follows(r, &f.response, &location);
        if (again) {
            snprintf(text, sizeof text, "%.*s", (int)location.p_len, (const char *)location.p);
            bad = location.p_len < sizeof text ? lk_url_join(&next, &url, text)
                                               : "the redirection is too long";
            /* RFC 9110 §15.4: 303 always, 301 and 302 by custom, turn POST into GET. */
            if (f.response.code != 307 && f.response.code != 308)
                with_data = false;
            if ((long)++r->redirects > r->max_redirs) {
                lk_error("too many redirections", text, "--max-redirs N allows more");
                code = LK_EXIT_REDIRECTS;
                again = false;
            }
        } else if (code == 0) {
            progress(r, true);
            if (is_error(r, &f.response)) {
                snprintf(text, sizeof text, "the server answered %u", f.response.code);
                lk_error(text, NULL, "without -f its answer is shown");
                code = LK_EXIT_HTTP;
            } else if (!open_output(r)) {
                code = LK_EXIT_WRITE;
            }
        }
        if (!again && r->explain && f.conn != NULL)
            lk_explain(f.conn);
        if (!again && r->json && f.conn != NULL)
            lk_explain_json(f.conn);
        if (!again && r->write_out != NULL && f.conn != NULL)
            print_write_out(r, &f, &url);
        lk_fetch_free(&f);
        if (!again)
            return code;
        if (bad == NULL)
            url = next;
    }
}

static void on_keylog(void *arg, const char *line) {
    lk_keylog_line(((request *)arg)->keylog_fd, line);
}

static void on_note(void *arg, const lockstep_note *note) {
    (void)arg;
    lk_narrate(note);
}

static int make_config(request *r, lockstep_config **out) {
    static const char *const protocols[] = {"http/1.1"};
    lockstep_env env = {.arg = r,
                        .keylog = r->keylog_fd >= 0 ? on_keylog : NULL,
                        .note = r->verbose ? on_note : NULL};
    if (lockstep_config_new(out, &env) != LOCKSTEP_OK ||
        lockstep_config_set_alpn(*out, protocols, 1) != LOCKSTEP_OK) {
        lk_error("the engine cannot start", NULL, "is libcrypto 3.0 or later installed?");
        return LK_EXIT_FAILED;
    }
    int code = lk_set_lists(*out, r->curves, r->ciphers);
    if (code != 0)
        return code;
    if (r->insecure) {
        lk_warning("-k: the server's certificate is NOT checked; anybody could be answering");
        if (lockstep_config_danger_skip_verification(*out) != LOCKSTEP_OK)
            return LK_EXIT_FAILED;
    } else {
        lockstep_trust *trust = lk_trust_load(r->cacert, r->capath);
        if (trust == NULL)
            return LK_EXIT_CA_FILE;
        lockstep_status status = lockstep_config_set_trust(*out, trust);
        lockstep_trust_free(trust);
        if (status != LOCKSTEP_OK)
            return LK_EXIT_FAILED;
    }
    return lockstep_config_seal(*out) == LOCKSTEP_OK ? 0 : LK_EXIT_FAILED;
}

/* -O: the last segment of the URL's path. */
static bool remote_name(request *r) {
    lk_url url;
    if (lk_url_parse(&url, r->url) != NULL)
        return true; /* is reported when it is fetched */
    size_t n = strcspn(url.target, "?");
    size_t begin = n;
    while (begin > 0 && url.target[begin - 1] != '/')
        begin--;
    if (!lk_percent_decode(r->remote, sizeof r->remote, lk_slice_of(url.target + begin, n - begin)) ||
        r->remote[0] == '\0' || strcmp(r->remote, ".") == 0 || strcmp(r->remote, "..") == 0)
        return false;
    r->out_name = r->remote;
    return true;
}

static int run(int argc, char **argv) {
    request r = {.max_redirs = 50, .keylog_fd = -1, .data = lk_buffer_of(&lk_heap_default, DATA_MAX)};
    lk_args args = {.command = &lk_cmd_get, .argc = argc, .argv = argv};
    lockstep_config *config = NULL;
    const char *value;
    bool failed;
    int o, code;
    while ((o = lk_args_next(&args, &value)) != LK_ARGS_END) {
        if (o == LK_ARGS_HELP)
            return LK_EXIT_OK;
        code = o == LK_ARGS_ERROR ? LK_EXIT_USAGE : read_option(&r, o, value);
        if (code != 0) {
            lk_buffer_free(&r.data);
            return code;
        }
    }
    r.out_name = r.output;
    lk_silence(r.silent && !r.show_error);
    if (r.url == NULL)
        code = usage("get: which URL?", "lockstep get https://example.org/");
    else if (r.remote_name && !remote_name(&r))
        code = usage("-O: the URL has no file name", "-o FILE gives one");
    else {
        r.keylog_fd = lk_keylog_open(r.keylog, &failed);
        r.started_us = lk_monotonic_us();
        r.started_ms = r.started_us / 1000;
        code = failed ? LK_EXIT_USAGE : make_config(&r, &config);
        if (code == 0)
            code = fetch_all(&r, config);
    }
    if (r.out != NULL && (r.out == stdout ? fflush(stdout) : fclose(r.out)) != 0 && code == 0) {
        lk_error("the output cannot be written", NULL, "is there room, and does somebody still read?");
        code = LK_EXIT_WRITE;
    }
    lk_inflate_free(r.inflate);
    lockstep_config_free(config);
    lk_buffer_free(&r.data);
    if (r.keylog_fd >= 0)
        close(r.keylog_fd);
    return code;
}

const lk_command lk_cmd_get = {
    "get", "URL", "fetch a URL over HTTPS", options,
    "The server's certificate is checked against the system's store, or --cacert, --capath, SSL_CERT_FILE,\n"
    "SSL_CERT_DIR. Exit codes are curl's: 0; 2 usage; 3 bad URL; 6 name not resolved; 7 no connection;\n"
    "22 HTTP error with -f; 28 time out; 35 handshake failed; 56 broken off; 60 certificate not acceptable.",
    run};
