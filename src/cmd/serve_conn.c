#include "cmd/serve_conn.h"

#include <stdio.h>
#include <stdlib.h>

#include "cmd/serve_inside.h"
#include "util/secret.h"

/* ---- Time ------------------------------------------------------------------------------------ */

void lk_conn_note_progress(lk_serve_conn *c) {
    if (c->exchange != NULL && c->secured)
        lk_stream_deadline(c->stream, LK_PROGRESS_MS);
}

void lk_conn_wait_for_request(lk_serve_conn *c) {
    if (!c->secured)
        return;
    c->head_begun = lk_buffer_length(&c->head) > 0;
    lk_stream_deadline(c->stream, c->head_begun ? LK_HEAD_MS : LK_IDLE_MS);
}

/* ---- The end --------------------------------------------------------------------------------- */

static void log_refusal(lk_serve_conn *c) {
    char peer[LK_PEER_MAX];
    if (c->secured || c->server->quiet)
        return;
    lk_stream_peer(c->stream, peer);
    lk_access_refused(c->server->refusals, c->tls, peer);
    c->server->logged = true;
}

void lk_conn_finish(lk_serve_conn *c) {
    const uint8_t *out = NULL;
    size_t n = 0;
    if (c->closing)
        return;
    c->closing = true;
    lk_drop_exchange(c);
    log_refusal(c);
    (void)!lockstep_close(c->tls); /* after a failure the alert waits there already */
    if (!c->gone)
        n = lockstep_wire_out(c->tls, &out);
    if ((lockstep_state_of(c->tls) & LOCKSTEP_PEER_DONE) != 0)
        lk_stream_peer_done(c->stream);
    lk_stream_close(c->stream, lk_slice_of(out, n));
}

static void on_closed(void *arg) {
    lk_serve_conn *c = arg;
    lk_drop_exchange(c);
    if (c->server->explorer != NULL)
        lk_explorer_leave(c->server->explorer, c->tls);
    *c->at = c->next;
    if (c->next != NULL)
        c->next->at = c->at;
    lockstep_conn_free(c->tls);
    lk_buffer_free(&c->in);
    lk_buffer_free(&c->head);
    free(c->client);
    free(c);
}

/* ---- Events ---------------------------------------------------------------------------------- */

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

static void on_received(void *arg, uint8_t *bytes, size_t bytes_len) {
    lk_serve_conn *c = arg;
    if (!c->heard && looks_like_http(lk_slice_of(bytes, bytes_len))) {
        answer_plain_http(c);
        return;
    }
    c->heard = true;
    c->fresh = bytes;
    c->fresh_len = bytes_len;
    lk_conn_note_progress(c);
    lk_conn_go_on(c);
    lk_wipe(bytes, bytes_len); /* the engine has opened records in there */
}

static void on_ended(void *arg) {
    lk_serve_conn *c = arg;
    /* A truncation is the engine's to notice; for a request that is whole it does no harm. */
    if (lockstep_wire_eof(c->tls) != LOCKSTEP_OK || lk_stream_broken(c->stream))
        c->gone = true;
    lk_conn_go_on(c);
    if (!c->closing && c->exchange == NULL)
        lk_conn_finish(c);
}

static void on_writable(void *arg) {
    lk_serve_conn *c = arg;
    if (c->closing)
        return;
    lk_conn_note_progress(c);
    lk_conn_go_on(c);
}

static void on_expired(void *arg) {
    lk_serve_conn *c = arg;
    c->gone = c->exchange != NULL;
    lk_conn_finish(c);
}

/* ---- The server ------------------------------------------------------------------------------ */

static void on_accepted(void *arg, lk_stream *stream) {
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
    c->small_records = LK_SMALL_RECORDS;
    if (server->explorer != NULL)
        lk_explorer_watch(server->explorer, c->tls);
    c->next = server->conns;
    c->at = &server->conns;
    if (c->next != NULL)
        c->next->at = &c->next;
    server->conns = c;
    lk_stream_attach(stream, &events, c);
    lk_stream_deadline(stream, LK_HANDSHAKE_MS);
    lk_stream_read(stream, true);
}

/* on_turned: what waits for public-key work gets it, and the lines of the turn are written
 * together.
 */
static void on_turned(void *arg) {
    lk_server *server = arg;
    lk_hall_turn(server);
    if (server->logged)
        fflush(stdout);
    server->logged = false;
}

static bool on_quiet(void *arg) {
    return lk_hall_quiet(arg);
}

static void on_stopping(void *arg) {
    lk_server *server = arg;
    server->stopping = true;
    lk_serve_conn *next;
    for (lk_serve_conn *c = server->conns; c != NULL; c = next) {
        next = c->next;
        if (c->exchange != NULL)
            c->exchange->answer.keep_alive = false;
        else if (lk_buffer_length(&c->head) == 0 && lk_said(c).p_len == 0)
            lk_conn_finish(c);
    }
}

bool lk_server_start(lk_server *server) {
    lk_loop_events events = {on_accepted, on_turned, on_quiet, on_stopping, server};
    server->loop = lk_loop_new(&events);
    if (server->site.root_fd >= 0)
        server->site.cache = lk_file_cache_new(server->site.root_fd); /* or there is none */
    return server->loop != NULL && lk_hall_begin(server);
}

void lk_server_end(lk_server *server) {
    lk_loop_free(server->loop);
    lockstep_hall_free(server->hall);
    lk_file_cache_free(server->site.cache);
    if (server->spare != NULL)
        lk_answer_free(&server->spare->answer);
    free(server->spare);
}
