#include "cmd/serve_conn.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include <lockstep/session.h>

#include "util/civil.h"

/* Time limits in milliseconds; each is counted anew when its phase begins. */
#define HANDSHAKE_MS 10000
#define HEAD_MS      15000
#define IDLE_MS      60000
#define PROGRESS_MS  30000 /* a peer that takes or sends nothing for so long is given up */

#define FILE_CHUNK 16384
/* Bytes that one connection may send in one turn of the loop before the others have theirs. */
#define TURN_BYTES (512 * 1024)

struct lk_serve_conn {
    lk_server *server;
    lk_stream *stream;
    lockstep_conn *tls;
    lk_serve_conn *next, **at; /* in the server's list */
    lk_buffer in;              /* from the wire, not yet taken by the engine */
    lk_buffer head;            /* of the request */
    lk_answer answer;          /* being sent */
    bool answering, closing, gone, secured, plain_http;
    bool early; /* the request came as 0-RTT data, and the handshake was not done */
    bool last;  /* no more requests: it ends when the handshake is done */
    bool head_begun;
    bool head_news; /* a line has ended since the head was looked at */
    char peer[64];
    char client[200];   /* who it is by its certificate, quoted; "": nobody asked, or it has none */
    char log_head[512]; /* method, target, agent of the request, escaped */
};

static void go_on(lk_serve_conn *c);

/* ---- The access log -------------------------------------------------------------------------- */

/* Bytes from outside, quoted: what is not printable, and the quote itself, as \xHH. */
static size_t escape(char *out, size_t out_len, lk_slice s) {
    size_t n = 0;
    for (size_t i = 0; i < s.p_len && n + 5 < out_len; i++) {
        uint8_t b = s.p[i];
        if (b < 0x20 || b >= 0x7f || b == '"' || b == '\\')
            n += (size_t)snprintf(out + n, 5, "\\x%02x", b);
        else
            out[n++] = (char)b;
    }
    out[n] = '\0';
    return n;
}

static void note_request(lk_serve_conn *c, const lk_request *r, int status) {
    char line[300], agent[160] = "-";
    lk_slice value;
    if (status != 0) {
        snprintf(c->log_head, sizeof c->log_head, "\"-\" \"-\"");
        return;
    }
    size_t n = escape(line, 40, r->method);
    line[n++] = ' ';
    n += escape(line + n, sizeof line - n - 12, r->target);
    snprintf(line + n, sizeof line - n, " HTTP/1.%u", r->minor);
    if (lk_request_field(r, "user-agent", &value))
        escape(agent, sizeof agent, value);
    snprintf(c->log_head, sizeof c->log_head, "\"%s\" \"%s\"", line, agent);
}

/* One line a request: address, time, request, agent, status, bytes, and how it was protected. */
static void log_answer(lk_serve_conn *c) {
    lockstep_info info;
    if (c->server->quiet)
        return;
    lk_civil t = lk_civil_from_unix((int64_t)time(NULL));
    lockstep_info_of(c->tls, &info);
    printf("%s [%02d/%.3s/%d:%02d:%02d:%02d +0000] %s %d %llu TLSv1.3 %s %s%s%s%s%s\n", c->peer,
           t.day, lk_civil_month(t.month), t.year, t.hour, t.minute, t.second, c->log_head,
           c->answer.code, (unsigned long long)(c->answer.body - c->answer.length),
           lockstep_suite_name(info.suite), lockstep_group_name(info.group),
           info.resumed ? " resumed" : "", c->early ? " early-data" : "",
           c->client[0] != '\0' ? " client=" : "", c->client);
    fflush(stdout);
}

/* ---- The end --------------------------------------------------------------------------------- */

static void drop_answer(lk_serve_conn *c) {
    if (!c->answering)
        return;
    log_answer(c);
    lk_answer_free(&c->answer);
    c->answering = false;
}

/* finish: whatever the engine still has to say goes out, then the stream ends. */
static void finish(lk_serve_conn *c) {
    const uint8_t *out;
    size_t n;
    if (c->closing)
        return;
    c->closing = true;
    drop_answer(c);
    if (lockstep_close(c->tls) == LOCKSTEP_OK || lockstep_failure_of(c->tls) != NULL)
        while (!c->gone && (n = lockstep_wire_out(c->tls, &out)) > 0) {
            size_t sent = lk_stream_write(c->stream, lk_slice_of(out, n));
            lockstep_wire_sent(c->tls, sent);
            if (sent == 0)
                break;
        }
    lk_stream_close(c->stream);
}

static void on_closed(void *arg) {
    lk_serve_conn *c = arg;
    drop_answer(c);
    *c->at = c->next;
    if (c->next != NULL)
        c->next->at = c->at;
    lockstep_conn_free(c->tls);
    lk_buffer_free(&c->in);
    lk_buffer_free(&c->head);
    free(c);
}

/* ---- Requests -------------------------------------------------------------------------------- */

/* note_client writes down who the client is, for the log. */
static void note_client(lk_serve_conn *c) {
    lockstep_info info;
    lockstep_cert *cert;
    lockstep_info_of(c->tls, &info);
    if (info.num_peer_chain == 0 || lockstep_cert_read(&cert, NULL, info.peer_chain[0].p,
                                                       info.peer_chain[0].p_len) != LOCKSTEP_OK)
        return;
    c->client[0] = '"';
    size_t n = 1 + escape(c->client + 1, sizeof c->client - 2,
                          lk_slice_of_str(lockstep_cert_subject(cert)));
    c->client[n] = '"';
    c->client[n + 1] = '\0';
    lockstep_cert_free(cert);
}

/* may_answer: after the handshake, or 0-RTT data that was accepted. */
static bool may_answer(const lk_serve_conn *c, unsigned state) {
    return !c->last && (c->secured || (state & LOCKSTEP_APP_IN) != 0);
}

static void wait_for_request(lk_serve_conn *c) {
    c->head_begun = lk_buffer_length(&c->head) > 0;
    lk_stream_deadline(c->stream, c->head_begun ? HEAD_MS : IDLE_MS);
}

/* next_request answers the request whose head is whole; false: there is none. */
static bool next_request(lk_serve_conn *c) {
    lk_request r;
    size_t used;
    /* A head that comes byte by byte is read again once a line, not once a byte. */
    if (!c->head_news && lk_buffer_length(&c->head) < LK_REQUEST_HEAD_MAX)
        return false;
    c->head_news = false;
    int status = lk_request_parse(&r, &used, lk_buffer_slice(&c->head));
    if (status == 0 && used == 0)
        return false;
    note_request(c, &r, status);
    c->early = !c->secured;
    lk_site_answer(&c->answer, &c->server->site, &r, status, c->early);
    if (c->server->stopping)
        c->answer.keep_alive = false;
    c->answering = true;
    c->head_news = true; /* another request may stand behind this one */
    lk_buffer_take(&c->head, status == 0 ? used : lk_buffer_length(&c->head));
    lk_buffer_drop_if_empty(&c->head);
    lk_stream_deadline(c->stream, PROGRESS_MS);
    return true;
}

/* next_chunk fills `chunk` with what comes next of the answer, the head and the file's first bytes
 * in one record where they fit; 0: all was sent, -1: the file became shorter than was promised. */
static ssize_t next_chunk(lk_answer *a, uint8_t chunk[FILE_CHUNK]) {
    lk_slice text = lk_buffer_slice(&a->text);
    size_t n = text.p_len < FILE_CHUNK ? text.p_len : FILE_CHUNK;
    if (n > 0)
        memcpy(chunk, text.p, n);
    size_t room = FILE_CHUNK - n;
    if (a->fd < 0 || a->length == 0 || room == 0)
        return (ssize_t)n;
    ssize_t got =
        pread(a->fd, chunk + n, a->length < room ? (size_t)a->length : room, (off_t)a->offset);
    return got <= 0 ? -1 : (ssize_t)n + got;
}

/* send_answer seals more of the answer; true when all of it is sealed. */
static bool send_answer(lk_serve_conn *c) {
    lk_answer *a = &c->answer;
    uint8_t chunk[FILE_CHUNK];
    size_t used;
    while ((lockstep_state_of(c->tls) & LOCKSTEP_APP_IN) != 0) {
        ssize_t n = next_chunk(a, chunk);
        if (n == 0)
            return true;
        if (n < 0 || lockstep_app_in(c->tls, &used, chunk, (size_t)n) != LOCKSTEP_OK) {
            c->gone = true;
            return false;
        }
        /* What was not taken is made again. */
        size_t head = lk_buffer_length(&a->text) < used ? lk_buffer_length(&a->text) : used;
        lk_buffer_take(&a->text, head);
        lk_buffer_drop_if_empty(&a->text);
        a->offset += used - head;
        a->length -= used - head;
    }
    return false;
}

/* ---- Bytes in and out ------------------------------------------------------------------------ */

/* flush sends what the engine has; false when the stream takes no more for now. */
static bool flush(lk_serve_conn *c, size_t *turn) {
    const uint8_t *out;
    size_t n;
    while ((n = lockstep_wire_out(c->tls, &out)) > 0) {
        if (lk_stream_waits(c->stream))
            return false;
        size_t sent = lk_stream_write(c->stream, lk_slice_of(out, n));
        lockstep_wire_sent(c->tls, sent);
        *turn += sent;
        if (sent == 0)
            return false;
    }
    return !lk_stream_waits(c->stream);
}

static void take_input(lk_serve_conn *c) {
    size_t used;
    const uint8_t *app;
    size_t n;
    while (!c->answering) {
        bool early = (lockstep_state_of(c->tls) & LOCKSTEP_EARLY_OUT) != 0;
        n = early ? lockstep_early_out(c->tls, &app) : lockstep_app_out(c->tls, &app);
        if (n > 0) {
            if (lk_buffer_length(&c->head) > 2 * LK_REQUEST_HEAD_MAX)
                break; /* whole requests wait already */
            c->head_news = c->head_news || memchr(app, '\n', n) != NULL;
            c->gone = c->gone || !lk_buffer_append(&c->head, lk_slice_of(app, n));
            if (early)
                lockstep_early_taken(c->tls, n);
            else
                lockstep_app_taken(c->tls, n);
            if (early)
                break; /* it is answered before the handshake goes on */
            continue;
        }
        if (lk_buffer_length(&c->in) == 0 || (lockstep_state_of(c->tls) & LOCKSTEP_WIRE_IN) == 0)
            break;
        /* A failure shows in lockstep_failure_of. */
        lockstep_status status =
            lockstep_wire_in(c->tls, &used, lk_buffer_bytes(&c->in), lk_buffer_length(&c->in));
        lk_buffer_take(&c->in, used);
        lk_buffer_drop_if_empty(&c->in);
        if (status != LOCKSTEP_OK || used == 0)
            break;
    }
}

/* go_on does all that can be done now. */
static void go_on(lk_serve_conn *c) {
    size_t turn = 0;
    while (!c->closing) {
        take_input(c);
        unsigned state = lockstep_state_of(c->tls);
        if (lockstep_failure_of(c->tls) != NULL || c->gone) {
            finish(c);
            return;
        }
        if ((state & LOCKSTEP_SECURE) != 0 && !c->secured) {
            c->secured = true;
            note_client(c);
            if (c->last) {
                finish(c);
                return;
            }
            if (!c->answering)
                wait_for_request(c);
        }
        if (may_answer(c, state) && !c->answering && lk_buffer_length(&c->head) > 0) {
            if (!next_request(c) && !c->head_begun)
                wait_for_request(c);
        }
        bool done = c->answering && send_answer(c);
        if (c->gone || lockstep_failure_of(c->tls) != NULL)
            continue;
        bool sent = flush(c, &turn);
        if (!sent)
            break;
        if (c->answering && !done) {
            if (turn < TURN_BYTES)
                continue;
            lk_stream_later(c->stream);
            break;
        }
        if (done) {
            bool more = c->answer.keep_alive;
            drop_answer(c);
            if (!more && c->secured) {
                finish(c);
                return;
            }
            c->last = !more;
            if (c->secured)
                wait_for_request(c);
            else /* an answer to 0-RTT data: the client's Finished is still to come */
                lk_stream_deadline(c->stream, HANDSHAKE_MS);
            if (lk_buffer_length(&c->head) == 0)
                continue;
            lk_stream_later(c->stream); /* requests that stand behind wait for the others' turn */
            break;
        }
        /* Nothing more to do but to wait, or to end with a peer that has ended. */
        if ((state & LOCKSTEP_PEER_DONE) != 0 ||
            (c->server->stopping && lk_buffer_length(&c->head) == 0)) {
            finish(c);
            return;
        }
        if (lk_buffer_length(&c->in) == 0 || (state & LOCKSTEP_WIRE_IN) == 0)
            break;
    }
    if (!c->closing)
        lk_stream_read(c->stream, !c->answering && lk_buffer_length(&c->in) == 0);
}

/* Somebody typed http:// instead of https://: the engine refuses, and we say so in words it
 * understands. */
static bool looks_like_http(lk_slice bytes) {
    static const char *const methods[] = {"GET ", "HEAD ", "POST ", "PUT ", "OPTIONS ", "DELETE "};
    for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++)
        if (bytes.p_len >= strlen(methods[i]) &&
            memcmp(bytes.p, methods[i], strlen(methods[i])) == 0)
            return true;
    return false;
}

static void on_received(void *arg, lk_slice bytes) {
    lk_serve_conn *c = arg;
    lockstep_info info;
    lockstep_info_of(c->tls, &info);
    if (info.version == 0 && !c->plain_http && lk_buffer_length(&c->in) == 0 &&
        looks_like_http(bytes)) {
        lk_buffer text = lk_buffer_of(&lk_heap_default, 0);
        c->plain_http = c->closing = true;
        lk_site_plain_http(&text, c->server->authority);
        (void)lk_stream_write(c->stream, lk_buffer_slice(&text));
        lk_buffer_free(&text);
        lk_stream_close(c->stream);
        return;
    }
    if (!lk_buffer_append(&c->in, bytes))
        c->gone = true;
    if (c->answering)
        lk_stream_deadline(c->stream, PROGRESS_MS);
    go_on(c);
}

static void on_ended(void *arg) {
    lk_serve_conn *c = arg;
    /* A truncation is the engine's to notice; for a request that is whole it does no harm. */
    if (lockstep_wire_eof(c->tls) != LOCKSTEP_OK || lk_stream_broken(c->stream))
        c->gone = true;
    go_on(c);
    if (!c->closing && !c->answering)
        finish(c);
}

static void on_writable(void *arg) {
    lk_serve_conn *c = arg;
    if (c->closing)
        return;
    if (c->answering)
        lk_stream_deadline(c->stream, PROGRESS_MS);
    go_on(c);
}

static void on_expired(void *arg) {
    lk_serve_conn *c = arg;
    c->gone = c->answering;
    finish(c);
}

/* ---- The server ------------------------------------------------------------------------------ */

static void on_accepted(void *arg, lk_stream *stream, const char *peer) {
    static const lk_stream_events events = {on_received, on_ended, on_writable, on_expired,
                                            on_closed};
    lk_server *server = arg;
    lk_serve_conn *c = calloc(1, sizeof *c);
    if (c == NULL || lockstep_server_new(&c->tls, server->config) != LOCKSTEP_OK) {
        free(c);
        lk_stream_close(stream);
        return;
    }
    c->server = server;
    c->stream = stream;
    c->in = c->head = lk_buffer_of(&lk_heap_default, 0);
    c->answer.fd = -1;
    snprintf(c->peer, sizeof c->peer, "%s", peer);
    c->next = server->conns;
    c->at = &server->conns;
    if (c->next != NULL)
        c->next->at = &c->next;
    server->conns = c;
    lk_stream_attach(stream, &events, c);
    lk_stream_deadline(stream, HANDSHAKE_MS);
    lk_stream_read(stream, true);
}

static void on_stopping(void *arg) {
    lk_server *server = arg;
    server->stopping = true;
    lk_serve_conn *next;
    for (lk_serve_conn *c = server->conns; c != NULL; c = next) {
        next = c->next;
        c->answer.keep_alive = false;
        if (!c->answering && lk_buffer_length(&c->head) == 0)
            finish(c);
    }
}

bool lk_server_start(lk_server *server) {
    lk_loop_events events = {on_accepted, on_stopping, server};
    server->loop = lk_loop_new(&events);
    return server->loop != NULL;
}
