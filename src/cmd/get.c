/*
 * get.c - `lockstep get`: curl's options and exit codes, over this engine. One URL after the other,
 * as far as redirections and second tries go.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd/errors.h"
#include "cmd/explain.h"
#include "cmd/get.h"
#include "cmd/keylog.h"
#include "cmd/localca.h"
#include "net/dial.h"

static bool is_error(const lk_get *r, const lk_response *response) {
    return r->fail && response->code >= 400;
}

static bool follows(const lk_get *r, const lk_response *response, lk_slice *location) {
    return r->location && response->code >= 301 && response->code <= 308 && response->code != 304 &&
           response->code != 305 && response->code != 306 &&
           lk_response_field(response, "location", location);
}

/* "the client MAY retry" a request that was too early, when the handshake is done (RFC 8470 §5.2);
 * once, since it is then not early any more. */
static bool too_early(const lk_fetch *f) {
    return f->went_early && f->response.code == 425;
}

/* And who gets an answer of TLS 1.2 to 0-RTT data "can then retry the connection with 0-RTT
 * disabled. To avoid a downgrade attack, the client SHOULD NOT disable TLS 1.3, only 0-RTT." (RFC
 * 8446 §D.3)
 */
static bool not_so_early(const lk_fetch *f) {
    return f->old_server || too_early(f);
}

static bool on_head(void *arg, const lk_response *response) {
    lk_get *r = arg;
    lk_slice location; /* or another field's value */
    r->size = 0;
    r->total = response->chunked || response->until_close ? 0 : response->left;
    bool again = too_early(r->fetch);
    r->error_body = again || is_error(r, response) || follows(r, response, &location);
    if (again || is_error(r, response))
        return true;
    lk_inflate_free(r->inflate);
    r->inflate = NULL;
    if (r->compressed && lk_response_field(response, "content-encoding", &location))
        r->inflate = lk_inflate_new(location);
    return !r->include || lk_get_write(r, lk_buffer_slice(&response->head));
}

static bool take_inflated(void *arg, lk_slice bytes) {
    return lk_get_write(arg, bytes);
}

static bool on_body(void *arg, lk_slice bytes) {
    lk_get *r = arg;
    r->size += bytes.p_len;
    if (r->error_body || (r->json && r->out_name == NULL))
        return true;
    if (r->inflate != NULL) {
        r->damaged = !lk_inflate_feed(r->inflate, bytes, take_inflated, r);
        if (r->damaged)
            return false;
    } else if (!lk_get_write(r, bytes)) {
        return false;
    }
    lk_get_progress(r, false);
    return true;
}

/* ---- One URL --------------------------------------------------------------------------------- */

/* The root of the local CA is not in the system's store unless `ca trust` has put it there. */
static void hint_at_local_ca(const lk_get *r, int code, lk_fetch *f) {
    const lockstep_failure *failure = f->conn == NULL ? NULL : lockstep_failure_of(f->conn);
    char path[4096];
    if (code != LK_EXIT_CERTIFICATE || failure == NULL ||
        failure->status != LOCKSTEP_CERT_UNKNOWN_ISSUER ||
        lk_localca_path(path, sizeof path) != NULL || access(path, R_OK) != 0)
        return;
    if (r->silent && !r->show_error)
        return;
    fprintf(stderr, "  to do:  if this is your own server: lockstep ca trust, or --cacert '%s'\n",
            path);
}

/* retry_ech makes the config of the one connection that tries again with what the server has handed
 * out (RFC 9849 §6.1.6). */
static int retry_ech(lk_get *r, lockstep_config **retry, const lk_fetch *f) {
    lockstep_info info;
    lockstep_info_of(f->conn, &info);
    if (r->verbose)
        fprintf(stderr, "* %s has another key for encrypted ClientHellos: trying again with that\n",
                f->url->host);
    return lk_get_config(r, retry, info.ech_retry_configs);
}

static int fetch_all(lk_get *r, const lockstep_config *config) {
    lockstep_config *retry = NULL;
    lk_url url, next;
    char text[512];
    const char *bad = lk_url_parse(&url, r->url);
    bool with_data = r->has_data, not_early = false;
    for (;;) {
        if (bad == NULL && strcmp(url.scheme, "https") != 0)
            bad = "http:// is not encrypted, and this command speaks HTTPS alone";
        if (bad != NULL) {
            snprintf(text, sizeof text, "%s is not a URL that can be fetched: %s", r->url, bad);
            lk_error(text, NULL, "https://HOST[:PORT]/PATH");
            return LK_EXIT_URL;
        }
        lk_buffer head = lk_buffer_of(&lk_heap_default, 0);
        if (!lk_get_build(&head, r, &url, with_data)) {
            lk_buffer_free(&head);
            lk_error("the request is too large", NULL,
                     "the method, -A and each header have room for 8 KB");
            return LK_EXIT_FAILED;
        }
        bool is_head = r->head || (r->method != NULL && strcmp(r->method, "HEAD") == 0);
        bool safe = !with_data && (r->method == NULL || is_head || strcmp(r->method, "GET") == 0);
        lk_fetch f = {.url = &url,
                      .config = retry != NULL ? retry : config,
                      .sessions = &r->sessions,
                      .identity = r->identity,
                      .wants_session = r->session != NULL,
                      .early = r->early_data && safe && !not_early,
                      .redirections = r->redirections,
                      .num_redirections = r->num_redirections,
                      .request = lk_buffer_slice(&head),
                      .is_head = is_head,
                      /* Only what the server was proved to have handed out is its key, and a
                       * second such list is not tried. */
                      .may_retry_ech = retry == NULL && !r->insecure,
                      .verbose = r->verbose,
                      .policy = lk_get_policy,
                      .head = on_head,
                      .body = on_body,
                      .arg = r};
        if (r->connect_timeout > 0)
            f.connect_ms = lk_monotonic_ms() + (int64_t)(r->connect_timeout * 1000);
        if (r->max_time > 0)
            f.deadline_ms = r->started_ms + (int64_t)(r->max_time * 1000);
        if (f.deadline_ms != 0 && (f.connect_ms == 0 || f.connect_ms > f.deadline_ms))
            f.connect_ms = f.deadline_ms;
        r->fetch = &f;
        int code = lk_fetch_run(&f);
        r->fetch = NULL;
        if (code == LK_EXIT_WRITE && r->damaged) {
            lk_error("the compressed body is damaged", "while receiving",
                     "try without --compressed");
            code = LK_EXIT_BROKEN;
        } else if (code == 0 && r->inflate != NULL && !lk_inflate_whole(r->inflate) && !f.is_head) {
            lk_error("the compressed body ends too early", "while receiving", "try again");
            code = LK_EXIT_BROKEN;
        }
        hint_at_local_ca(r, code, &f);
        lk_buffer_free(&head);
        lockstep_config_free(retry);
        retry = NULL;
        bool other_ech = f.ech_again;
        if (other_ech) {
            code = retry_ech(r, &retry, &f);
            other_ech = code == 0;
        }
        lk_slice location;
        bool again = other_ech || f.old_server ||
                     (code == 0 && (too_early(&f) || follows(r, &f.response, &location)));
        if (again && (other_ech || not_so_early(&f))) {
            not_early = not_early || !other_ech;
            next = url;
        } else if (again) {
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
            lk_get_progress(r, true);
            if (is_error(r, &f.response)) {
                snprintf(text, sizeof text, "the server answered %u", f.response.code);
                lk_error(text, NULL, "without -f its answer is shown");
                code = LK_EXIT_HTTP;
            } else if (!lk_get_open(r)) {
                code = LK_EXIT_WRITE;
            }
        }
        if (!again && r->explain && f.conn != NULL)
            lk_explain(f.conn);
        if (!again && r->json && f.conn != NULL)
            lk_explain_json(f.conn);
        if (!again && r->write_out != NULL && f.conn != NULL)
            lk_get_write_out(r, &f, &url);
        lk_fetch_free(&f);
        if (!again) {
            lockstep_config_free(retry);
            return code;
        }
        if (bad == NULL)
            url = next;
    }
}

/* -O: the last segment of the URL's path. */
static bool remote_name(lk_get *r) {
    lk_url url;
    if (lk_url_parse(&url, r->url) != NULL)
        return true; /* is reported when it is fetched */
    size_t n = strcspn(url.target, "?");
    size_t begin = n;
    while (begin > 0 && url.target[begin - 1] != '/')
        begin--;
    if (!lk_percent_decode(r->remote, sizeof r->remote,
                           lk_slice_of(url.target + begin, n - begin)) ||
        r->remote[0] == '\0' || strcmp(r->remote, ".") == 0 || strcmp(r->remote, "..") == 0)
        return false;
    r->out_name = r->remote;
    return true;
}

static int run(int argc, char **argv) {
    lk_get r = {.max_redirs = 50,
                .keylog_fd = -1,
                .policy = {.max_depth = -1},
                .data = lk_buffer_of(&lk_heap_default, DATA_MAX)};
    lockstep_config *config = NULL;
    bool failed;
    int code = lk_get_read_options(&r, argc, argv);
    if (code >= 0) {
        lk_buffer_free(&r.data);
        return code;
    }
    r.out_name = r.output;
    lk_silence(r.silent && !r.show_error);
    if (r.remote_name && !remote_name(&r)) {
        lk_error("-O: the URL has no file name", NULL, "-o FILE gives one");
        code = LK_EXIT_USAGE;
    } else {
        r.keylog_fd = lk_keylog_open(r.keylog, &failed);
        r.started_us = lk_monotonic_us();
        r.started_ms = r.started_us / 1000;
        code = failed ? LK_EXIT_USAGE : 0;
        if (code == 0 && r.session != NULL)
            code = lk_sessions_load(&r.sessions, r.session);
        if (code == 0)
            code = lk_get_config(&r, &config, lk_slice_of(NULL, 0));
        if (code == 0) {
            code = fetch_all(&r, config);
            int saved = r.session == NULL ? 0 : lk_sessions_save(&r.sessions, r.session);
            code = code == 0 ? saved : code;
        }
    }
    if (r.out != NULL && (r.out == stdout ? fflush(stdout) : fclose(r.out)) != 0 && code == 0) {
        lk_error("the output cannot be written", NULL,
                 "is there room, and does somebody still read?");
        code = LK_EXIT_WRITE;
    }
    lk_inflate_free(r.inflate);
    lk_sessions_free(&r.sessions);
    lockstep_config_free(config);
    lockstep_trust_free(r.trust);
    lk_buffer_free(&r.data);
    if (r.keylog_fd >= 0)
        close(r.keylog_fd);
    return code;
}

const lk_command lk_cmd_get = {"get",
                               "URL",
                               "fetch a URL over HTTPS",
                               lk_get_options,
                               "The server's certificate is checked against the system's store, or "
                               "--cacert, --capath, SSL_CERT_FILE,\n"
                               "SSL_CERT_DIR. Exit codes are curl's: 0; 2 usage; 3 bad URL; 6 name "
                               "not resolved; 7 no connection;\n"
                               "22 HTTP error with -f; 28 time out; 35 handshake failed; 56 broken "
                               "off; 60 certificate not acceptable;\n"
                               "90 no pinned key; 91 OCSP response missing or wrong.",
                               run};
