#include "cmd/serve_conn.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <lockstep/session.h>

#include "cmd/access_log.h"

/* Time limits in milliseconds; each is counted anew when its phase begins. An answer to 0-RTT data
 * changes nothing in the handshake's: who asked for it may be a replay until it is done. */
#define HANDSHAKE_MS 10000
#define HEAD_MS      15000
#define IDLE_MS      60000
#define PROGRESS_MS  30000 /* a peer that takes or sends nothing for so long is given up */

#define FILE_CHUNK 16384
/* Bytes that one connection may send in one turn of the loop before the others have theirs. */
#define TURN_BYTES (512 * 1024)
/* Of an answer to 0-RTT data no more than this is sealed ahead, so that the engine has room to take
 * the rest of the handshake. */
#define EARLY_AHEAD 32768

struct lk_serve_conn {
    lk_server *server;
    lk_stream *stream;
    lockstep_conn *tls;
    lk_serve_conn *next, **at; /* in the server's list */
    lk_buffer in;              /* from the wire, not yet taken by the engine */
    lk_buffer head;            /* of the request */
    lk_answer answer;          /* being sent */
    lk_explorer_job *job;      /* what the answer waits for, or NULL */
    bool heard, answering, closing, gone, secured;
    bool early; /* the request came as 0-RTT data, and the handshake was not done */
    bool last;  /* no more requests: it ends when the handshake is done */
    bool head_begun;
    bool head_news; /* a line has ended since the head was looked at */
    lk_access access;
};

static void go_on(lk_serve_conn *c);

/* ---- The end --------------------------------------------------------------------------------- */

static void drop_answer(lk_serve_conn *c) {
    if (!c->answering)
        return;
    if (c->job != NULL)
        lk_explorer_abandon(c->job);
    if (!c->server->quiet && c->job == NULL)
        lk_access_log(&c->access, c->tls, &c->answer, c->early);
    lk_answer_free(&c->answer);
    c->job = NULL;
    c->answering = false;
}

/* finish: whatever the engine still has to say goes out, then the stream ends. */
static void finish(lk_serve_conn *c) {
    const uint8_t *out = NULL;
    size_t n = 0;
    if (c->closing)
        return;
    c->closing = true;
    drop_answer(c);
    if (!c->secured && !c->server->quiet)
        lk_access_refused(&c->server->refusals, c->tls, c->access.peer);
    (void)!lockstep_close(c->tls); /* after a failure the alert waits there already */
    if (!c->gone)
        n = lockstep_wire_out(c->tls, &out);
    lk_stream_close(c->stream, lk_slice_of(out, n));
}

static void on_closed(void *arg) {
    lk_serve_conn *c = arg;
    drop_answer(c);
    if (c->server->explorer != NULL)
        lk_explorer_leave(c->server->explorer, c->tls);
    *c->at = c->next;
    if (c->next != NULL)
        c->next->at = c->at;
    lockstep_conn_free(c->tls);
    lk_buffer_free(&c->in);
    lk_buffer_free(&c->head);
    free(c);
}

/* ---- Requests -------------------------------------------------------------------------------- */

/* may_answer: after the handshake, or 0-RTT data that was accepted. The explorer waits: what it
 * shows is the whole handshake, and what it is asked to do must not be done again by a replay. */
static bool may_answer(const lk_serve_conn *c, unsigned state) {
    bool early = (state & LOCKSTEP_APP_IN) != 0 && c->server->explorer == NULL;
    return !c->last && (c->secured || early);
}

/* note_progress: somebody has taken or sent something. */
static void note_progress(lk_serve_conn *c) {
    if (c->answering && c->secured)
        lk_stream_deadline(c->stream, PROGRESS_MS);
}

static void wait_for_request(lk_serve_conn *c) {
    if (!c->secured)
        return;
    c->head_begun = lk_buffer_length(&c->head) > 0;
    lk_stream_deadline(c->stream, c->head_begun ? HEAD_MS : IDLE_MS);
}

/* on_ready: what the explorer's answer waited for is there. */
static void on_ready(void *arg) {
    lk_serve_conn *c = arg;
    lk_explorer_job *job = c->job;
    c->job = NULL;
    lk_explorer_finish(&c->answer, job);
    note_progress(c);
    go_on(c);
}

static void answer(lk_serve_conn *c, const lk_request *r, int status) {
    if (c->server->explorer != NULL && status == 0)
        lk_explorer_answer(&c->answer, &c->job, c->server->explorer, c->tls, r, on_ready, c);
    else
        lk_site_answer(&c->answer, &c->server->site, r, status, c->early);
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
    c->early = !c->secured;
    lk_access_request(&c->access, c->tls, status == 0 ? &r : NULL);
    answer(c, &r, status);
    if (c->server->stopping)
        c->answer.keep_alive = false;
    c->answering = true;
    c->head_news = true; /* another request may stand behind this one */
    lk_buffer_take(&c->head, status == 0 ? used : lk_buffer_length(&c->head));
    lk_buffer_drop_if_empty(&c->head);
    note_progress(c);
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

static bool may_seal(const lk_serve_conn *c) {
    const uint8_t *out;
    return (lockstep_state_of(c->tls) & LOCKSTEP_APP_IN) != 0 &&
           (c->secured || lockstep_wire_out(c->tls, &out) < EARLY_AHEAD);
}

/* send_answer seals more of the answer; true when all of it is sealed. */
static bool send_answer(lk_serve_conn *c) {
    lk_answer *a = &c->answer;
    uint8_t chunk[FILE_CHUNK];
    size_t used;
    while (c->job == NULL && may_seal(c)) {
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

/* take_data moves what the client has said to the head of a request; false: nothing, or too much.
 */
static bool take_data(lk_serve_conn *c, bool early) {
    const uint8_t *app;
    size_t n = early ? lockstep_early_out(c->tls, &app) : lockstep_app_out(c->tls, &app);
    if (n == 0 || lk_buffer_length(&c->head) > 2 * LK_REQUEST_HEAD_MAX)
        return false;
    c->head_news = c->head_news || memchr(app, '\n', n) != NULL;
    c->gone = c->gone || !lk_buffer_append(&c->head, lk_slice_of(app, n));
    if (early)
        lockstep_early_taken(c->tls, n);
    else
        lockstep_app_taken(c->tls, n);
    return true;
}

/* choose_identity: the explorer shows wrong certificates under names of their own. */
static void choose_identity(lk_serve_conn *c) {
    const lockstep_config *other =
        lk_explorer_identity(c->server->explorer, lockstep_asking(c->tls));
    /* A failure shows in lockstep_failure_of. */
    (void)!lockstep_answer_identity(c->tls, other != NULL ? other : c->server->config);
}

/* take_input takes requests while no answer is under way, and the rest of the handshake always. */
static void take_input(lk_serve_conn *c) {
    size_t used;
    for (;;) {
        unsigned state = lockstep_state_of(c->tls);
        bool early = (state & LOCKSTEP_SECURE) == 0;
        if ((state & LOCKSTEP_ASKS) != 0) {
            choose_identity(c);
            continue;
        }
        if (!c->answering && take_data(c, early)) {
            if (early)
                return; /* it is answered before the handshake goes on */
            continue;
        }
        if ((c->answering && !early) || lk_buffer_length(&c->in) == 0 ||
            (state & LOCKSTEP_WIRE_IN) == 0)
            return;
        /* A failure shows in lockstep_failure_of. */
        lockstep_status status =
            lockstep_wire_in(c->tls, &used, lk_buffer_bytes(&c->in), lk_buffer_length(&c->in));
        lk_buffer_take(&c->in, used);
        lk_buffer_drop_if_empty(&c->in);
        if (status != LOCKSTEP_OK || used == 0)
            return;
    }
}

/* on_secured: the handshake is done. False: so is the connection. */
static bool on_secured(lk_serve_conn *c) {
    c->secured = true;
    if (c->last)
        return false;
    if (c->answering)
        note_progress(c);
    else
        wait_for_request(c);
    return true;
}

/* after_answer says whether the connection goes on behind an answer that was sent. */
static bool after_answer(lk_serve_conn *c) {
    c->last = !c->answer.keep_alive;
    drop_answer(c);
    if (c->last && c->secured)
        return false;
    wait_for_request(c);
    return true;
}

/* go_on does all that can be done now. */
static void go_on(lk_serve_conn *c) {
    size_t turn = 0;
    while (!c->closing) {
        take_input(c);
        unsigned state = lockstep_state_of(c->tls);
        if (lockstep_failure_of(c->tls) != NULL || c->gone ||
            ((state & LOCKSTEP_SECURE) != 0 && !c->secured && !on_secured(c))) {
            finish(c);
            return;
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
            if (c->job != NULL || (lockstep_state_of(c->tls) & LOCKSTEP_APP_IN) == 0)
                break; /* the rest comes behind the client's Finished, or from the explorer */
            if (turn < TURN_BYTES)
                continue;
            lk_stream_later(c->stream);
            break;
        }
        if (done) {
            if (!after_answer(c)) {
                finish(c);
                return;
            }
            if (lk_buffer_length(&c->head) == 0 || c->last)
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
        lk_stream_read(c->stream, !(c->answering && c->secured) && lk_buffer_length(&c->in) == 0);
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

static void answer_plain_http(lk_serve_conn *c) {
    lk_buffer text = lk_buffer_of(&lk_heap_default, 0);
    c->closing = true;
    lk_site_plain_http(&text, c->server->authority);
    lk_stream_close(c->stream, lk_buffer_slice(&text));
    lk_buffer_free(&text);
}

static void on_received(void *arg, lk_slice bytes) {
    lk_serve_conn *c = arg;
    if (!c->heard && looks_like_http(bytes)) {
        answer_plain_http(c);
        return;
    }
    c->heard = true;
    if (!lk_buffer_append(&c->in, bytes))
        c->gone = true;
    note_progress(c);
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
    note_progress(c);
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
        lk_stream_close(stream, lk_slice_of(NULL, 0));
        return;
    }
    c->server = server;
    c->stream = stream;
    c->in = c->head = lk_buffer_of(&lk_heap_default, 0);
    c->answer.fd = -1;
    snprintf(c->access.peer, sizeof c->access.peer, "%s", peer);
    if (server->explorer != NULL)
        lk_explorer_watch(server->explorer, c->tls);
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
