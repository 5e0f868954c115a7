#include "cmd/walk_host.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <lockstep/session.h>

#include "cmd/errors.h"
#include "net/dial.h"
#include "util/format.h"
#include "walk/walk.h"

#define BUFFER     16384
#define ANSWER_MAX 65536 /* bytes of the answer that are waited for */
#define ANSWER_MS  2000  /* how long: not all that speak TLS speak HTTP behind it */

/* One connection of it. */
typedef struct visit {
    lk_host_walk *walk;
    lk_recording *recording; /* NULL: not recorded */
    lockstep_config *config;
    lockstep_conn *conn;
    int fd;
    int64_t deadline_ms, answer_ms, dialled_us, rtt_us, waited_us, computed_us;
    size_t asked, heard; /* bytes of the request that are sent, of the answer that came */
    size_t ended;        /* how much of the end of its head was seen last */
    char request[512];
    bool answered;
} visit;

static void on_note(void *arg, const lockstep_note *note) {
    visit *v = arg;
    if (v->recording != NULL)
        lk_recording_note(v->recording, true, note);
}

__attribute__((format(printf, 4, 5))) static int fail(lk_host_walk *w, int code, const char *todo,
                                                      const char *format, ...) {
    va_list args;
    va_start(args, format);
    lk_format_cut(w->what, sizeof w->what, format, args);
    va_end(args);
    w->todo = todo;
    return code;
}

/* ---- The network ----------------------------------------------------------------------------- */

static int dial(visit *v) {
    lk_host_walk *w = v->walk;
    char address[64], why[256] = "";
    const char *where = w->address != NULL ? w->address : w->host;
    int64_t began = lk_monotonic_us();
    lk_dial_status status = (w->public_only ? lk_dial_public : lk_dial)(
        &v->fd, address, sizeof address, why, where, w->port, v->deadline_ms);
    v->dialled_us = lk_monotonic_us() - began;
    v->rtt_us = status == LK_DIAL_OK ? lk_dial_rtt_us(v->fd) : -1;
    switch (status) {
    case LK_DIAL_OK:
        return 0;
    case LK_DIAL_UNRESOLVED:
        return fail(w, LK_EXIT_RESOLVE, "check the spelling, and whether this machine has DNS",
                    "the name %s has no address: %s", where, why);
    case LK_DIAL_TIMEOUT:
        return fail(w, LK_EXIT_TIMEOUT, "-m SECONDS allows more time",
                    "%s port %u did not answer in time", where, w->port);
    default:
        return fail(w, LK_EXIT_CONNECT, "is the server running, and is this its port?",
                    "no connection to %s port %u: %s", where, w->port, why);
    }
}

static void event(visit *v, const char *title, int64_t took_us) {
    lk_event e = {.kind = LK_EVENT_NETWORK, .at_client = true, .title = title, .took_us = took_us};
    if (v->recording != NULL)
        lk_recording_add(v->recording, &e);
}

static bool flush(visit *v) {
    const uint8_t *out;
    size_t n, sent;
    while ((n = lockstep_wire_out(v->conn, &out)) > 0) {
        if (lk_dial_send(v->fd, &sent, lk_slice_of(out, n), v->deadline_ms) != LK_DIAL_OK)
            return false;
        lockstep_wire_sent(v->conn, sent);
    }
    return true;
}

/* ---- One visit ------------------------------------------------------------------------------- */

static void ask(visit *v) {
    size_t used = 0, n = strlen(v->request);
    unsigned state = lockstep_state_of(v->conn);
    const uint8_t *request = (const uint8_t *)v->request;
    while (v->asked < n && (state & (LOCKSTEP_EARLY_IN | LOCKSTEP_APP_IN)) != 0) {
        bool early = (state & LOCKSTEP_EARLY_IN) != 0;
        lockstep_status status =
            early ? lockstep_early_in(v->conn, &used, request + v->asked, n - v->asked)
                  : lockstep_app_in(v->conn, &used, request + v->asked, n - v->asked);
        if (status != LOCKSTEP_OK || used == 0)
            return;
        v->asked += used;
        state = lockstep_state_of(v->conn);
    }
}

/* head_ends: is the empty line behind the head of the answer there? It may come in pieces. */
static bool head_ends(visit *v, lk_slice part) {
    static const char end[] = "\r\n\r\n";
    for (size_t i = 0; i < part.p_len && v->ended < strlen(end); i++)
        v->ended = part.p[i] == end[v->ended] ? v->ended + 1 : part.p[i] == '\r';
    return v->ended == strlen(end);
}

static void listen_to(visit *v) {
    const uint8_t *app;
    size_t n = lockstep_app_out(v->conn, &app);
    if (n == 0)
        return;
    v->heard += n;
    /* The head of the answer is enough: it was asked for by HEAD. */
    v->answered = v->answered || v->heard > ANSWER_MAX || head_ends(v, lk_slice_of(app, n));
    lockstep_app_taken(v->conn, n);
}

/* settle: 0-RTT data that was refused has to be said again; and the handshake, which this is all
 * about, is over. */
static void settle(visit *v, bool *settled) {
    lockstep_info info;
    if (*settled || (lockstep_state_of(v->conn) & LOCKSTEP_SECURE) == 0)
        return;
    *settled = true;
    if (v->answer_ms > lk_monotonic_ms() + ANSWER_MS)
        v->answer_ms = lk_monotonic_ms() + ANSWER_MS;
    lockstep_info_of(v->conn, &info);
    if (info.early_data == LOCKSTEP_EARLY_REJECTED)
        v->asked = 0;
}

static int converse(visit *v) {
    uint8_t in[BUFFER];
    size_t have = 0, at = 0, used;
    bool first = true, settled = false;
    lk_host_walk *w = v->walk;
    for (;;) {
        int64_t began = lk_monotonic_us();
        settle(v, &settled);
        ask(v);
        listen_to(v);
        v->computed_us += lk_monotonic_us() - began;
        if (!flush(v))
            (void)!lockstep_wire_eof(v->conn);
        if (v->answered || lockstep_failure_of(v->conn) != NULL ||
            (lockstep_state_of(v->conn) & (LOCKSTEP_CLOSED | LOCKSTEP_PEER_DONE)) != 0)
            return 0;
        if (at == have) {
            began = lk_monotonic_us();
            lk_dial_status status = lk_dial_receive(v->fd, &have, in, sizeof in, v->answer_ms);
            int64_t took = lk_monotonic_us() - began;
            v->waited_us += took;
            event(v, "waited", took);
            at = 0;
            /* Who says nothing behind the handshake may not speak HTTP: the handshake was seen. */
            if (status == LK_DIAL_TIMEOUT && settled)
                return 0;
            if (status == LK_DIAL_TIMEOUT)
                return fail(w, LK_EXIT_TIMEOUT, "-m SECONDS allows more time",
                            "%s did not answer in time", w->host);
            if (status != LK_DIAL_OK || have == 0) {
                have = 0;
                (void)!lockstep_wire_eof(v->conn);
                continue;
            }
            if (first && have >= 5 && memcmp(in, "HTTP/", 5) == 0)
                return fail(w, LK_EXIT_HANDSHAKE, "name the port of HTTPS: 443 if nothing is said",
                            "%s speaks plain HTTP on port %u, not HTTPS", w->host, w->port);
            first = false;
        }
        began = lk_monotonic_us();
        if (lockstep_wire_in(v->conn, &used, in + at, have - at) != LOCKSTEP_OK)
            used = have - at;
        v->computed_us += lk_monotonic_us() - began;
        at += used;
    }
}

static int run_visit(visit *v, const lockstep_session *session) {
    lk_host_walk *w = v->walk;
    v->asked = v->heard = v->ended = 0;
    v->answered = false;
    v->answer_ms = v->deadline_ms;
    v->waited_us = v->computed_us = 0;
    int code = dial(v);
    if (code != 0)
        return code;
    event(v, "connected", v->dialled_us);
    int64_t began = lk_monotonic_us();
    lockstep_status status = lockstep_client_resume(&v->conn, v->config, w->host, session);
    v->computed_us += lk_monotonic_us() - began;
    if (status != LOCKSTEP_OK) {
        lk_dial_close(v->fd);
        return fail(w, LK_EXIT_URL, "name a host, such as example.org", "%s",
                    lockstep_status_text(status));
    }
    code = converse(v);
    if (code == 0 && lockstep_close(v->conn) == LOCKSTEP_OK)
        (void)flush(v);
    lk_dial_close(v->fd);
    return code;
}

/* ---- The walk -------------------------------------------------------------------------------- */

static int make_config(visit *v) {
    lk_host_walk *w = v->walk;
    static const char *const alpn[] = {"http/1.1"};
    lockstep_env env = {.arg = v, .note = on_note};
    if (lockstep_config_new(&v->config, &env) != LOCKSTEP_OK ||
        lockstep_config_set_trust(v->config, w->trust) != LOCKSTEP_OK ||
        lockstep_config_set_alpn(v->config, alpn, 1) != LOCKSTEP_OK ||
        lockstep_config_keep_reports(v->config) != LOCKSTEP_OK ||
        ((w->resume || w->early) && lockstep_config_keep_sessions(v->config) != LOCKSTEP_OK) ||
        (w->early && lockstep_config_offer_early_data(v->config) != LOCKSTEP_OK))
        return fail(w, LK_EXIT_FAILED, NULL, "not enough memory");
    int code = lk_set_tls(v->config, w->tls, w->tls->rsa_kex);
    if (code == 0)
        code = lk_seal(v->config);
    return code;
}

static json_t *finish(visit *v) {
    char title[300], server[300];
    lockstep_info info;
    lockstep_info_of(v->conn, &info);
    snprintf(title, sizeof title, "%s with %s",
             info.version != 0 ? lockstep_version_name(info.version) : "A handshake",
             v->walk->host);
    snprintf(server, sizeof server, "%s port %u", v->walk->host, v->walk->port);
    lk_walk_about about = {.title = title,
                           .client = "lockstep",
                           .server = server,
                           .client_conn = v->conn,
                           .rtt_us = v->rtt_us,
                           .client_us = v->computed_us,
                           .server_us = -1,
                           .network_us = v->waited_us};
    return lk_walk_json(v->recording, &about);
}

static int run(json_t **out, visit *v) {
    lk_host_walk *w = v->walk;
    lockstep_session *session = NULL;
    int code = make_config(v);
    if (code == 0 && (w->resume || w->early)) {
        code = run_visit(v, NULL);
        session = code == 0 ? lockstep_take_session(v->conn) : NULL;
        lockstep_conn_free(v->conn);
        v->conn = NULL;
        if (code == 0 && session == NULL)
            return fail(w, LK_EXIT_FAILED, "walk without --resume shows why",
                        "%s gave no session to resume", w->host);
    }
    if (code == 0) {
        v->recording = lk_recording_new();
        code = v->recording == NULL ? fail(w, LK_EXIT_FAILED, NULL, "not enough memory")
                                    : run_visit(v, session);
    }
    lockstep_session_free(session);
    if (code == 0 && (*out = finish(v)) == NULL)
        code = fail(w, LK_EXIT_FAILED, NULL, "not enough memory");
    return code;
}

int lk_walk_host(json_t **out, lk_host_walk *w) {
    visit v = {.walk = w, .fd = -1, .deadline_ms = lk_monotonic_ms() + w->max_ms};
    *out = NULL;
    snprintf(v.request, sizeof v.request,
             "HEAD / HTTP/1.1\r\nHost: %.255s\r\nUser-Agent: lockstep/" LOCKSTEP_VERSION
             "\r\nConnection: close\r\n\r\n",
             w->host);
    int code = run(out, &v);
    lockstep_conn_free(v.conn);
    lockstep_config_free(v.config);
    lk_recording_free(v.recording);
    return code;
}
