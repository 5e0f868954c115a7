#include "cmd/explorer.h"

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>

#include "cmd/errors.h"
#include "cmd/explorer_inside.h"
#include "cmd/trust.h"
#include "embed/explorer.h"
#include "http/files.h"
#include "http/url.h"
#include "util/builder.h"
#include "util/secret.h"

#define NUM_FILES (sizeof embed_explorer / sizeof embed_explorer[0])
#define MARK      "<!--HANDSHAKE-->"

/* JSON of this process holds secrets: what is given back of it is wiped. */
static void wipe_and_free(void *p) {
    if (p != NULL)
        lk_wipe(p, malloc_usable_size(p));
    free(p);
}

/* ---- Recordings ------------------------------------------------------------------------------ */

static lk_watched_conn *find(lk_explorer *x, const lockstep_conn *conn) {
    for (size_t i = 0; i < LK_EXPLORER_RECORDINGS; i++)
        if (x->watched[i].conn == conn)
            return &x->watched[i];
    return NULL;
}

static void forget(lk_watched_conn *w) {
    lk_recording_free(w->recording);
    wipe_and_free(w->walk);
    *w = (lk_watched_conn){0};
}

void lk_explorer_watch(lk_explorer *x, const lockstep_conn *conn) {
    lk_watched_conn *w = find(x, NULL);
    if (w == NULL) { /* the oldest gives way, whose page says that it has no recording */
        w = &x->watched[0];
        for (size_t i = 1; i < LK_EXPLORER_RECORDINGS; i++)
            if (x->watched[i].since < w->since)
                w = &x->watched[i];
        forget(w);
    }
    w->since = ++x->num_watched;
    w->recording = lk_recording_new();
    w->conn = w->recording != NULL ? conn : NULL;
}

void lk_explorer_leave(lk_explorer *x, const lockstep_conn *conn) {
    lk_watched_conn *w = find(x, conn);
    lk_explorer_write_down(x, conn);
    if (w != NULL)
        forget(w);
}

void lk_explorer_note(lk_explorer *x, const lockstep_note *note) {
    lk_watched_conn *w = find(x, note->conn);
    /* What comes behind the first request is none of the handshake. */
    if (w != NULL && !w->asked)
        lk_recording_note(w->recording, false, note);
}

/* ---- The page and its files ------------------------------------------------------------------ */

void lk_explorer_json(lk_answer *a, int code, json_t *object) {
    char *text = json_dumps(object, JSON_COMPACT);
    json_decref(object);
    if (text == NULL) {
        lk_answer_error(a, 500, true);
        return;
    }
    lk_answer_head(a, code);
    lk_answer_field(a, "Cache-Control: no-store");
    lk_answer_whole(a, "application/json", lk_slice_of_str(text), true);
    wipe_and_free(text);
}

void lk_explorer_problem(lk_answer *a, int code, const char *text) {
    lk_explorer_json(a, code, json_pack("{s:s}", "error", text));
}

unsigned lk_explorer_port(const lk_request *r) {
    lk_slice host;
    uint64_t port;
    size_t n;
    if (!lk_request_field(r, "host", &host))
        return 443;
    for (n = host.p_len; n > 0 && host.p[n - 1] >= '0' && host.p[n - 1] <= '9';)
        n--;
    if (n == 0 || n == host.p_len || host.p[n - 1] != ':' ||
        !lk_decimal(&port, lk_slice_from(host, n)) || port > 65535)
        return 443;
    return (unsigned)port;
}

static void policy(lk_answer *a, unsigned port) {
    lk_answer_field(a,
                    "Content-Security-Policy: default-src 'none'; script-src 'self'; style-src "
                    "'self'; img-src 'self' data:; connect-src 'self' "
                    "https://*.lab.localhost:%u; base-uri 'none'; form-action 'none'; "
                    "frame-ancestors 'none'",
                    port);
    lk_answer_field(a, "Referrer-Policy: no-referrer");
    lk_answer_field(a, "Cross-Origin-Resource-Policy: same-origin");
    lk_answer_field(a, "Cross-Origin-Opener-Policy: same-origin");
}

static json_t *walk_of(const lk_watched_conn *w) {
    char title[320];
    lockstep_info info;
    const lockstep_conn *conn = w->conn;
    lockstep_info_of(conn, &info);
    snprintf(title, sizeof title, "%s with %s", lockstep_version_name(info.version),
             info.server_name != NULL ? info.server_name : "this server");
    lk_walk_about about = {.title = title,
                           .client = "your browser",
                           .server = "lockstep",
                           .server_conn = conn,
                           .rtt_us = -1,
                           .client_us = -1,
                           .server_us = -1,
                           .network_us = -1};
    return lk_walk_json(w->recording, &about);
}

/* own_walk is the handshake of the connection that asks, as JSON (lent); NULL: there is no
 * recording of it. */
static const char *own_walk(lk_explorer *x, const lockstep_conn *conn) {
    lk_watched_conn *w = find(x, conn);
    if (w == NULL)
        return NULL;
    w->asked = true;
    if (w->walk == NULL) {
        json_t *walk = walk_of(w);
        w->walk = walk != NULL ? json_dumps(walk, JSON_COMPACT) : NULL;
        json_decref(walk);
    }
    return w->walk;
}

/* put_script appends JSON as a block of data in HTML, where no "<" may stand. */
static void put_script(lk_builder *b, const char *text) {
    lk_build_bytes(b, lk_slice_of_str("<script type=\"application/json\" id=\"handshake\">"));
    while (*text != '\0') {
        size_t n = strcspn(text, "<");
        lk_build_bytes(b, lk_slice_of(text, n));
        text += n;
        if (*text == '<') {
            lk_build_bytes(b, lk_slice_of_str("\\u003c"));
            text++;
        }
    }
    lk_build_bytes(b, lk_slice_of_str("</script>"));
}

static void page(lk_answer *a, lk_explorer *x, const lockstep_conn *conn, const lk_request *r,
                 lk_slice html) {
    lk_buffer whole = lk_buffer_of(&lk_heap_default, 0);
    lk_builder b = lk_builder_of(&whole);
    const uint8_t *mark = memmem(html.p, html.p_len, MARK, strlen(MARK));
    const char *text = mark != NULL ? own_walk(x, conn) : NULL;
    size_t before = mark != NULL ? (size_t)(mark - html.p) : html.p_len;
    lk_build_bytes(&b, lk_slice_of(html.p, before));
    if (text != NULL)
        put_script(&b, text);
    else if (mark != NULL)
        a->keep_alive = false; /* so that the page, loaded again, comes with a recording */
    if (mark != NULL)
        lk_build_bytes(&b, lk_slice_from(html, before + strlen(MARK)));
    if (lk_builder_ok(&b)) {
        lk_answer_head(a, 200);
        policy(a, lk_explorer_port(r));
        lk_answer_field(a, "Cache-Control: no-store"); /* it holds secrets */
        lk_answer_whole(a, "text/html; charset=utf-8", lk_buffer_slice(&whole), true);
    } else {
        lk_answer_error(a, 500, true);
    }
    lk_buffer_free(&whole);
}

static void file(lk_answer *a, lk_explorer *x, const lockstep_conn *conn, const lk_request *r,
                 lk_slice path) {
    lk_slice name = path.p_len == 1 ? lk_slice_of_str("index.html") : lk_slice_from(path, 1);
    for (size_t i = 0; i < NUM_FILES; i++) {
        lk_slice bytes = lk_slice_of(embed_explorer[i].bytes, embed_explorer[i].size);
        if (!lk_slice_equal(name, lk_slice_of_str(embed_explorer[i].name)))
            continue;
        if (lk_slice_equal(name, lk_slice_of_str("index.html"))) {
            page(a, x, conn, r, bytes);
            return;
        }
        lk_answer_head(a, 200);
        policy(a, lk_explorer_port(r));
        lk_answer_field(a, "Cache-Control: no-cache");
        lk_answer_whole(a, lk_file_type(embed_explorer[i].name), bytes, true);
        return;
    }
    lk_answer_error(a, 404, true);
}

/* ---- Questions of the page ------------------------------------------------------------------- */

bool lk_explorer_value(char *out, size_t out_len, lk_slice query, const char *name) {
    size_t n = strlen(name);
    while (query.p_len > 0) {
        const uint8_t *amp = memchr(query.p, '&', query.p_len);
        size_t part = amp == NULL ? query.p_len : (size_t)(amp - query.p);
        if (part > n && memcmp(query.p, name, n) == 0 && query.p[n] == '=')
            return lk_percent_decode(out, out_len, lk_slice_of(query.p + n + 1, part - n - 1));
        query = lk_slice_from(query, part + (amp != NULL));
    }
    return false;
}

/* foreign: another site's page makes the browser ask (Fetch Metadata). What it would get it could
 * not read, but it could make this server connect to somewhere. */
static bool foreign(const lk_request *r) {
    lk_slice site;
    return lk_request_field(r, "sec-fetch-site", &site) &&
           !lk_slice_equal(site, lk_slice_of_str("same-origin")) &&
           !lk_slice_equal(site, lk_slice_of_str("none"));
}

static lk_explorer_job *question(lk_answer *a, lk_explorer *x, const lk_request *r, lk_slice path,
                                 lk_slice query, void (*ready)(void *arg), void *arg) {
    char number[24];
    if (foreign(r)) {
        lk_explorer_problem(a, 403, "Only the explorer's own page may ask this.");
        return NULL;
    }
    if (lk_slice_equal(path, lk_slice_of_str("/-/faults"))) {
        lk_explorer_json(a, 200, lk_explorer_faults(r));
        return NULL;
    }
    if (lk_slice_equal(path, lk_slice_of_str("/-/lab"))) {
        uint64_t since = 0;
        if (lk_explorer_value(number, sizeof number, query, "since"))
            (void)!lk_decimal(&since, lk_slice_of_str(number));
        lk_explorer_json(a, 200, lk_explorer_seen(x, since));
        return NULL;
    }
    return lk_explorer_begin(a, x, path, query, ready, arg);
}

/* hosted answers who has come to FAULT.lab.localhost although its certificate is wrong. */
static bool hosted(lk_answer *a, const lockstep_conn *conn) {
    static const char text[] =
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Accepted</title><p>This "
        "browser has accepted the certificate of this host, or somebody told it to.\n";
    lockstep_info info;
    lockstep_info_of(conn, &info);
    size_t n = info.server_name != NULL ? strlen(info.server_name) : 0;
    if (n < 14 || strcmp(info.server_name + n - 14, ".lab.localhost") != 0)
        return false;
    lk_answer_head(a, 200);
    lk_answer_field(a, "Content-Security-Policy: default-src 'none'");
    lk_answer_field(a, "Cache-Control: no-store");
    lk_answer_whole(a, "text/html; charset=utf-8", lk_slice_of_str(text), true);
    return true;
}

void lk_explorer_answer(lk_answer *a, lk_explorer_job **job, lk_explorer *x,
                        const lockstep_conn *conn, const lk_request *r, void (*ready)(void *arg),
                        void *arg) {
    lk_slice path = r->target, query = lk_slice_of(NULL, 0);
    lk_watched_conn *w = find(x, conn);
    *job = NULL;
    lk_answer_start(a);
    a->head_only = lk_name_is(r->method, "HEAD");
    a->keep_alive = r->keep_alive && r->content_length == 0 && !r->chunked;
    const uint8_t *mark = path.p_len > 0 ? memchr(path.p, '?', path.p_len) : NULL;
    if (mark != NULL) {
        query = lk_slice_from(path, (size_t)(mark - path.p) + 1);
        path.p_len = (size_t)(mark - path.p);
    }
    if (!lk_name_is(r->method, "GET") && !a->head_only)
        lk_answer_error(a, 405, true);
    else if (hosted(a, conn))
        return;
    else if (path.p_len >= 3 && memcmp(path.p, "/-/", 3) == 0)
        *job = question(a, x, r, path, query, ready, arg);
    else if (path.p_len > 0 && path.p[0] == '/')
        file(a, x, conn, r, path);
    else
        lk_answer_error(a, 400, true);
    if (w != NULL)
        w->asked = true;
}

/* ---- Opening --------------------------------------------------------------------------------- */

/* open_hosted: without the key of the CA, browsers meet a root that they do not know. */
static lk_lab *open_hosted(lockstep_slice ca, lockstep_slice key) {
    lk_lab *lab = key.p_len > 0 ? lk_lab_open_under(ca, key) : NULL;
    return lab != NULL ? lab : lk_lab_open();
}

lk_explorer *lk_explorer_new(lockstep_slice ca, lockstep_slice key) {
    size_t num;
    (void)lk_faults(&num);
    lk_explorer *x = calloc(1, sizeof *x);
    lk_lab *hosted = open_hosted(ca, key);
    json_set_alloc_funcs(malloc, wipe_and_free);
    if (x != NULL)
        x->configs = calloc(num, sizeof *x->configs);
    if (x != NULL && x->configs != NULL && hosted != NULL && (x->lab = lk_lab_open()) != NULL) {
        lk_explorer_host(x, hosted);
        lk_lab_close(hosted);
        return x;
    }
    lk_lab_close(hosted);
    lk_error("the explorer's laboratory cannot be opened", "making keys and certificates", NULL);
    lk_explorer_free(x);
    return NULL;
}

void lk_explorer_start(lk_explorer *x, lk_loop *loop, lk_explorer_hosts hosts) {
    x->loop = loop;
    x->hosts = hosts;
}

void lk_explorer_free(lk_explorer *x) {
    size_t num;
    (void)lk_faults(&num);
    if (x == NULL)
        return;
    for (size_t i = 0; i < LK_EXPLORER_RECORDINGS; i++)
        forget(&x->watched[i]);
    for (size_t i = 0; x->configs != NULL && i < num; i++)
        lockstep_config_free(x->configs[i]);
    free(x->configs);
    lk_lab_close(x->lab);
    lockstep_trust_free(x->trust);
    free(x);
}
