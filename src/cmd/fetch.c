#include "cmd/fetch.h"

#include <stdio.h>
#include <strings.h>

#include "cmd/errors.h"
#include "net/dial.h"

#define BUFFER 65536

static int timed_out(const lk_fetch *f, const char *phase) {
    char text[512];
    snprintf(text, sizeof text, "%s did not answer in time", f->url->host);
    lk_error(text, phase, "-m SECONDS allows more time");
    return LK_EXIT_TIMEOUT;
}

/* dial_any tries each of the hosts in `list`. */
static lk_dial_status dial_any(lk_fetch *f, int *fd, char *why, const char *list, uint16_t port) {
    int64_t deadline = f->connect_ms != 0 ? f->connect_ms : f->deadline_ms;
    lk_dial_status status = LK_DIAL_UNRESOLVED;
    char host[512];
    do {
        size_t n = strcspn(list, ",");
        bool bracket = n >= 2 && list[0] == '[' && list[n - 1] == ']';
        snprintf(host, sizeof host, "%.*s", (int)(bracket ? n - 2 : n), bracket ? list + 1 : list);
        if (f->verbose)
            fprintf(stderr, "* connecting to %s port %u\n", host, port);
        status = lk_dial(fd, f->address, sizeof f->address, why, host, port, deadline);
        list += n + (list[n] == ',');
    } while (status != LK_DIAL_OK && *list != '\0');
    return status;
}

static int dial(lk_fetch *f, int *fd) {
    const char *host = f->url->host;
    uint16_t port = f->url->port;
    char why[256] = "", text[1200];
    for (size_t i = 0; i < f->num_redirections; i++) {
        const lk_redirection *r = &f->redirections[i];
        if ((r->host[0] == '\0' || strcasecmp(r->host, host) == 0) &&
            (r->port == 0 || r->port == port)) {
            host = r->to_host[0] != '\0' ? r->to_host : host;
            port = r->to_port != 0 ? r->to_port : port;
            break;
        }
    }
    switch (dial_any(f, fd, why, host, port)) {
    case LK_DIAL_OK:
        if (f->verbose)
            fprintf(stderr, "* connected to %s\n", f->address);
        return 0;
    case LK_DIAL_UNRESOLVED:
        snprintf(text, sizeof text, "the name %s has no address: %s", host, why);
        lk_error(text, "before the connection",
                 "check the spelling, and whether this machine has DNS");
        return LK_EXIT_RESOLVE;
    case LK_DIAL_TIMEOUT:
        return timed_out(f, "while connecting");
    default:
        snprintf(text, sizeof text, "no connection to %s port %u: %s", host, port, why);
        lk_error(text, "before the handshake", "is the server running, and is this its port?");
        return LK_EXIT_CONNECT;
    }
}

/* plain_http: the first bytes of the server are an HTTP answer and not a record. */
static bool plain_http(const uint8_t *in, size_t n) {
    return n >= 5 && memcmp(in, "HTTP/", 5) == 0;
}

static int broken_off(const lk_fetch *f, const char *what) {
    char text[512];
    snprintf(text, sizeof text, "the answer of %s was broken off: %s", f->url->host, what);
    lk_error(text, "while receiving", "try again");
    return LK_EXIT_BROKEN;
}

/* tell prints a head line by line, for -v. */
static void tell(char lead, lk_slice head) {
    while (head.p_len > 0) {
        const uint8_t *end = memchr(head.p, '\n', head.p_len);
        size_t n = end == NULL ? head.p_len : (size_t)(end - head.p);
        fprintf(stderr, "%c ", lead);
        for (size_t i = 0; i < n; i++)
            if (head.p[i] != '\r')
                fputc(head.p[i] < 0x20 || head.p[i] >= 0x7f ? '?' : head.p[i], stderr);
        fputc('\n', stderr);
        if (n == 0 || (n == 1 && head.p[0] == '\r'))
            return; /* the empty line ends the head */
        n += end != NULL;
        head = lk_slice_of(head.p + n, head.p_len - n);
    }
}

/* take hands what came out of the engine to the response, and its body on. 0, or an exit code. */
static int take(lk_fetch *f) {
    const uint8_t *app;
    size_t n;
    while ((n = lockstep_app_out(f->conn, &app)) > 0 && f->response.state < LK_RESPONSE_DONE) {
        lk_slice body;
        bool had_head = f->response.state != LK_RESPONSE_HEAD;
        size_t used = lk_response_read(&f->response, lk_slice_of(app, n), &body);
        bool has_head =
            f->response.state == LK_RESPONSE_BODY || f->response.state == LK_RESPONSE_DONE;
        if (!had_head && has_head && f->verbose)
            tell('<', lk_buffer_slice(&f->response.head));
        if (!had_head && has_head && !f->head(f->arg, &f->response))
            return LK_EXIT_WRITE;
        if (body.p_len > 0 && !f->body(f->arg, body))
            return LK_EXIT_WRITE;
        lockstep_app_taken(f->conn, used);
    }
    if (n > 0) /* bytes behind the answer mean nothing */
        lockstep_app_taken(f->conn, n);
    return 0;
}

static int flush(lk_fetch *f, int fd) {
    const uint8_t *out;
    size_t n, sent;
    while ((n = lockstep_wire_out(f->conn, &out)) > 0) {
        lk_dial_status status = lk_dial_send(fd, &sent, lk_slice_of(out, n), f->deadline_ms);
        if (status == LK_DIAL_TIMEOUT)
            return timed_out(f, "while sending");
        if (status != LK_DIAL_OK)
            return 0; /* the reading side says why */
        lockstep_wire_sent(f->conn, sent);
    }
    return 0;
}

/* wants_other_ech: the server cannot decrypt our ClientHello, and has said what it could. */
static bool wants_other_ech(const lockstep_conn *conn) {
    const lockstep_failure *failure = lockstep_failure_of(conn);
    lockstep_info info;
    lockstep_info_of(conn, &info);
    return failure != NULL && failure->status == LOCKSTEP_ECH_REJECTED &&
           info.ech_retry_configs.p_len > 0;
}

/* The result when the connection is over. */
static int outcome(lk_fetch *f, bool truncated) {
    const lockstep_failure *failure = lockstep_failure_of(f->conn);
    if (f->response.state == LK_RESPONSE_DONE)
        return 0;
    if (f->said_early && failure != NULL && failure->status == LOCKSTEP_NO_COMMON_VERSION) {
        f->old_server = true;
        return LK_EXIT_HANDSHAKE;
    }
    if (f->may_retry_ech && wants_other_ech(f->conn)) {
        f->ech_again = true;
        return LK_EXIT_HANDSHAKE;
    }
    if ((lockstep_state_of(f->conn) & LOCKSTEP_SECURE) == 0)
        return lk_tls_exit(f->conn, f->url->host);
    if (failure != NULL && failure->status != LOCKSTEP_ERR_TRUNCATED) {
        lk_tls_error(f->conn, f->url->host, "after the handshake");
        return LK_EXIT_BROKEN;
    }
    if (truncated && f->response.state == LK_RESPONSE_BODY && f->response.until_close)
        return broken_off(f, "no close_notify came, so its end may have been cut off");
    lk_response_eof(&f->response);
    if (f->response.state == LK_RESPONSE_DONE)
        return 0;
    if (lk_buffer_length(&f->response.head) == 0) {
        lk_error("the server closed the connection without an answer", "after the handshake", NULL);
        return LK_EXIT_NOTHING;
    }
    return broken_off(f, f->response.why);
}

static void secured(lk_fetch *f, int64_t started) {
    lockstep_info info;
    f->secured_s = (double)(lk_monotonic_us() - started) / 1e6;
    if (!f->verbose)
        return;
    lockstep_info_of(f->conn, &info);
    fprintf(stderr, "* %s, %s, %s, the server %s%s%s%s%s\n", lockstep_version_name(info.version),
            lockstep_suite_name(info.suite),
            info.group != 0 ? lockstep_group_name(info.group)
                            : "RSA key transport (no forward secrecy)",
            info.peer_scheme == 0 ? "signed nothing"
            : info.resumed        ? "once signed with "
                                  : "signed with ",
            info.peer_scheme == 0 ? "" : lockstep_scheme_name(info.peer_scheme),
            info.resumed ? ", resumed" : "", info.retried ? ", after a HelloRetryRequest" : "",
            info.early_data == LOCKSTEP_EARLY_ACCEPTED   ? ", 0-RTT data accepted"
            : info.early_data == LOCKSTEP_EARLY_REJECTED ? ", 0-RTT data refused"
                                                         : "");
    tell('>', f->request);
}

/* answer gives the policy that the connection asks for. */
static void answer(lk_fetch *f) {
    const lockstep_ask *ask = lockstep_asking(f->conn);
    lockstep_policy *policy = f->policy == NULL ? NULL : f->policy(f->arg, ask);
    /* What it returns shows in lockstep_failure_of. */
    (void)!lockstep_answer_policy(f->conn, policy);
    lockstep_policy_free(policy);
}

/* place writes where the sessions for this URL belong. A server knows the client again by a
 * session, so one that was made with a certificate is for who shows the same. */
static void place(char *out, size_t out_len, const lk_fetch *f) {
    snprintf(out, out_len, "%s:%u%s%s", f->url->host, f->url->port,
             f->identity[0] != '\0' ? "#" : "", f->identity);
}

static void keep_sessions(lk_fetch *f) {
    char where[600];
    lockstep_session *session;
    place(where, sizeof where, f);
    while ((session = lockstep_take_session(f->conn)) != NULL) {
        lk_sessions_put(f->sessions, where, session);
        f->got_session = true;
    }
}

/* With 0-RTT the answer can be there before the tickets, which come behind our Finished. Whoever
 * wants to come again waits a little for them. */
#define TICKET_MS 1000

static bool done(lk_fetch *f) {
    keep_sessions(f);
    if (f->response.state != LK_RESPONSE_DONE)
        return false;
    if (f->got_session || !f->wants_session || !f->went_early)
        return true;
    int64_t now = lk_monotonic_ms();
    if (!f->waits_for_session && (f->deadline_ms == 0 || f->deadline_ms > now + TICKET_MS))
        f->deadline_ms = now + TICKET_MS;
    f->waits_for_session = true;
    return false;
}

/* send_early gives the request to the engine before the server has said a word, and returns how
 * much of it was taken. */
static size_t send_early(lk_fetch *f) {
    size_t sent = 0, used;
    while (f->early && sent < f->request.p_len &&
           (lockstep_state_of(f->conn) & LOCKSTEP_EARLY_IN) != 0 &&
           lockstep_early_in(f->conn, &used, f->request.p + sent, f->request.p_len - sent) ==
               LOCKSTEP_OK &&
           used > 0)
        sent += used;
    return sent;
}

/* settle_early: the handshake is done, and what was sent early has arrived or has to be sent again.
 */
static void settle_early(lk_fetch *f, size_t *sent) {
    lockstep_info info;
    lockstep_info_of(f->conn, &info);
    f->went_early = *sent > 0 && info.early_data == LOCKSTEP_EARLY_ACCEPTED;
    if (!f->went_early)
        *sent = 0;
}

static int converse(lk_fetch *f, int fd, int64_t started) {
    static uint8_t in[BUFFER];
    size_t have = 0, at = 0, used, sent = send_early(f);
    bool first = true, truncated = false;
    f->said_early = sent > 0;
    for (;;) {
        int code = flush(f, fd);
        if ((lockstep_state_of(f->conn) & LOCKSTEP_SECURE) != 0 && f->secured_s == 0) {
            settle_early(f, &sent);
            secured(f, started);
        }
        if (code == 0)
            code = take(f);
        if (code != 0)
            return code;
        if (f->response.state == LK_RESPONSE_BROKEN)
            return broken_off(f, f->response.why);
        unsigned state = lockstep_state_of(f->conn);
        if ((state & LOCKSTEP_ASKS) != 0) {
            answer(f);
            continue;
        }
        if (sent < f->request.p_len && f->secured_s != 0 && (state & LOCKSTEP_APP_IN) != 0) {
            if (lockstep_app_in(f->conn, &used, f->request.p + sent, f->request.p_len - sent) ==
                LOCKSTEP_OK) {
                sent += used;
                if (used > 0)
                    continue;
            }
        }
        if (done(f) || lockstep_failure_of(f->conn) != NULL ||
            (state & (LOCKSTEP_CLOSED | LOCKSTEP_PEER_DONE)) != 0)
            break;
        if (at == have) {
            lk_dial_status status = lk_dial_receive(fd, &have, in, sizeof in, f->deadline_ms);
            at = 0;
            if (status == LK_DIAL_TIMEOUT && f->waits_for_session)
                break;
            if (status == LK_DIAL_TIMEOUT)
                return timed_out(f, (state & LOCKSTEP_SECURE) != 0 ? "while receiving"
                                                                   : "during the handshake");
            if (status != LK_DIAL_OK)
                have = 0;
            if (have == 0) {
                truncated = lockstep_wire_eof(f->conn) != LOCKSTEP_OK;
                continue;
            }
            if (first && plain_http(in, have)) {
                char text[512];
                snprintf(text, sizeof text, "%s speaks plain HTTP on port %u, not HTTPS",
                         f->url->host, f->url->port);
                lk_error(text, "the answer to our ClientHello begins with \"HTTP/\"; RFC 8446 §5.1",
                         "use the server's HTTPS port (443, if nothing else is said)");
                return LK_EXIT_HANDSHAKE;
            }
            first = false;
        }
        /* What it returns shows in lockstep_failure_of. */
        if (lockstep_wire_in(f->conn, &used, in + at, have - at) != LOCKSTEP_OK)
            used = have - at;
        at += used;
    }
    int code = outcome(f, truncated);
    keep_sessions(f);
    if (lockstep_close(f->conn) == LOCKSTEP_OK)
        (void)flush(f, fd);
    return code;
}

int lk_fetch_run(lk_fetch *f) {
    int fd = -1;
    int64_t started = lk_monotonic_us();
    lk_response_start(&f->response, f->is_head);
    int code = dial(f, &fd);
    if (code != 0)
        return code;
    f->connected_s = (double)(lk_monotonic_us() - started) / 1e6;
    char where[600];
    place(where, sizeof where, f);
    lockstep_session *session = lk_sessions_take(f->sessions, where);
    lockstep_status status = lockstep_client_resume(&f->conn, f->config, f->url->host, session);
    lockstep_session_free(session);
    if (status == LOCKSTEP_ERR_NAME) {
        lk_error("the host of the URL is neither a DNS name nor an IP address", NULL, NULL);
        code = LK_EXIT_URL;
    } else if (status != LOCKSTEP_OK) {
        lk_error(lockstep_status_text(status), "making the connection", NULL);
        code = LK_EXIT_FAILED;
    } else {
        code = converse(f, fd, started);
    }
    while (f->old_server && (session = lk_sessions_take(f->sessions, where)) != NULL)
        lockstep_session_free(session);
    lk_dial_close(fd);
    return code;
}

void lk_fetch_free(lk_fetch *f) {
    lockstep_conn_free(f->conn);
    f->conn = NULL;
    lk_response_free(&f->response);
}
