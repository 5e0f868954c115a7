/*
 * serve_exchange.c - a request and its answer: from the bytes that the engine has opened to those
 * that it is to seal.
 */
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include <lockstep/session.h>

#include "cmd/serve_inside.h"

/* Of an answer to 0-RTT data no more than this is sealed ahead, so that the engine has room to take
 * the rest of the handshake. */
#define EARLY_AHEAD 32768
#define EARLY_CHUNK 16384
/* More is sealed when less than this is left to send: what stands before an answer, such as
 * tickets, leaves with it in one write. */
#define SEAL_BELOW 16384

/* A record that fits into one segment of TCP: 1,500 bytes of Ethernet, less 40 of IPv6, 32 of TCP
 * with timestamps, and 29 of a record of TLS 1.2 (5 header, 8 nonce, 16 tag). */
#define SMALL_RECORD (1500 - 40 - 32 - 29)
#define LARGE_RECORD 16384 /* what a record may hold (RFC 8446 §5.1) */
_Static_assert(LK_SMALL_RECORDS *SMALL_RECORD < EARLY_CHUNK, "they fit into every chunk");
/* After so long without a byte TCP begins anew with the small window (RFC 5681 §4.1). */
#define SILENCE_MS 1000
/* An answer whose text grew larger than this gives the memory back. */
#define SPARE_TEXT_MAX 65536

/* ---- Its life -------------------------------------------------------------------------------- */

/* begin: most requests take what the one before has left, so that they need no memory. */
static lk_exchange *begin(lk_server *server) {
    lk_exchange *x = server->spare;
    server->spare = NULL;
    if (x == NULL && (x = calloc(1, sizeof *x)) != NULL)
        lk_answer_init(&x->answer);
    return x;
}

static void put_back(lk_server *server, lk_exchange *x) {
    lk_answer_end(&x->answer);
    x->job = NULL;
    if (server->spare == NULL && x->answer.text.capacity <= SPARE_TEXT_MAX) {
        server->spare = x;
        return;
    }
    lk_answer_free(&x->answer);
    free(x);
}

static void write_down(lk_serve_conn *c) {
    lk_exchange *x = c->exchange;
    char peer[LK_PEER_MAX];
    lk_stream_peer(c->stream, peer);
    lk_access_log(&x->access, peer, c->client, c->tls, &x->answer, x->early);
    c->server->logged = true;
}

void lk_drop_exchange(lk_serve_conn *c) {
    lk_exchange *x = c->exchange;
    if (x == NULL)
        return;
    if (x->job != NULL)
        lk_explorer_abandon(x->job);
    else if (!c->server->quiet)
        write_down(c);
    c->exchange = NULL;
    put_back(c->server, x);
}

/* ---- The request ----------------------------------------------------------------------------- */

bool lk_may_answer(const lk_serve_conn *c, unsigned state) {
    bool early = (state & LOCKSTEP_APP_IN) != 0 && c->server->explorer == NULL;
    return !c->last && (c->secured || early);
}

static bool is_early(const lk_serve_conn *c) {
    return (lockstep_state_of(c->tls) & LOCKSTEP_SECURE) == 0;
}

lk_slice lk_said(const lk_serve_conn *c) {
    const uint8_t *p = NULL;
    size_t n = is_early(c) ? lockstep_early_out(c->tls, &p) : lockstep_app_out(c->tls, &p);
    return lk_slice_of(p, n);
}

static void take_said(lk_serve_conn *c, size_t n) {
    if (is_early(c))
        lockstep_early_taken(c->tls, n);
    else
        lockstep_app_taken(c->tls, n);
}

void lk_keep(lk_serve_conn *c) {
    lk_slice said = lk_said(c);
    c->head_news = c->head_news || memchr(said.p, '\n', said.p_len) != NULL;
    c->gone = c->gone || !lk_buffer_append(&c->head, said);
    take_said(c, said.p_len);
}

/* on_ready: what the explorer's answer waited for is there. */
static void on_ready(void *arg) {
    lk_serve_conn *c = arg;
    lk_explorer_job *job = c->exchange->job;
    c->exchange->job = NULL;
    lk_explorer_finish(&c->exchange->answer, job);
    lk_conn_note_progress(c);
    lk_conn_go_on(c);
}

static void write_down_request(lk_serve_conn *c, const lk_request *r) {
    if (c->server->quiet)
        return;
    if (c->client == NULL)
        c->client = lk_access_client(c->tls);
    lk_access_request(&c->exchange->access, r);
}

/* answer makes the answer to a request that was read, or to one that cannot be (`status`). */
static void answer(lk_serve_conn *c, const lk_request *r, int status) {
    lk_exchange *x = c->exchange;
    lk_server *server = c->server;
    lk_moment when = {.turn = lk_loop_turn(server->loop),
                      .now_ms = lk_loop_now_ms(server->loop),
                      .unix_s = (int64_t)time(NULL)};
    x->early = !c->secured;
    write_down_request(c, status == 0 ? r : NULL);
    if (server->explorer != NULL && status == 0)
        lk_explorer_answer(&x->answer, &x->job, server->explorer, c->tls, r, on_ready, c);
    else
        lk_site_answer(&x->answer, &server->site, r, status, x->early, when);
    if (server->stopping)
        x->answer.keep_alive = false;
    if (when.now_ms - c->sent_ms >= SILENCE_MS)
        c->small_records = LK_SMALL_RECORDS;
}

bool lk_next_request(lk_serve_conn *c) {
    lk_request r;
    size_t used = 0;
    lk_slice said = lk_said(c);
    bool direct = lk_buffer_length(&c->head) == 0;
    if (!direct && said.p_len > 0)
        lk_keep(c);
    lk_slice in = direct ? said : lk_buffer_slice(&c->head);
    /* A head that comes byte by byte is read again once a line, not once a byte. */
    if (!direct && !c->head_news && in.p_len < LK_REQUEST_HEAD_MAX)
        return false;
    c->head_news = false;
    int status = lk_request_parse(&r, &used, in);
    if (status == 0 && used == 0) {
        if (direct)
            lk_keep(c);
        c->head_news = false;
        return false;
    }
    c->exchange = begin(c->server);
    if (c->exchange == NULL) {
        c->gone = true;
        return false;
    }
    answer(c, &r, status);
    c->head_news = true; /* another request may stand behind this one */
    if (status != 0)
        used = in.p_len;
    if (direct) {
        take_said(c, used);
    } else {
        lk_buffer_take(&c->head, used);
        lk_buffer_drop_if_empty(&c->head);
    }
    lk_conn_note_progress(c);
    return true;
}

/* ---- The answer ------------------------------------------------------------------------------ */

static bool may_seal(const lk_serve_conn *c) {
    const uint8_t *out;
    return (lockstep_state_of(c->tls) & LOCKSTEP_APP_IN) != 0 &&
           lockstep_wire_out(c->tls, &out) < (c->secured ? SEAL_BELOW : EARLY_AHEAD);
}

/* most_at_a_time: the small records that are due and large ones behind them, all of them full. */
static size_t most_at_a_time(const lk_serve_conn *c) {
    size_t room = c->secured ? LK_CHUNK : EARLY_CHUNK, small = c->small_records * SMALL_RECORD;
    return small + (room - small) / LARGE_RECORD * LARGE_RECORD;
}

/* next_bytes finds what comes next of the answer; what comes from a file is read behind the text
 * that stands before it, so that both are sealed together. False: the file became shorter than was
 * promised. */
static bool next_bytes(lk_slice *out, lk_serve_conn *c) {
    const lk_answer *a = &c->exchange->answer;
    size_t room = most_at_a_time(c);
    lk_slice text = lk_buffer_slice(&a->text);
    uint8_t *chunk = c->server->chunk;
    *out = lk_slice_of(text.p, text.p_len < room ? text.p_len : room);
    if (a->fd < 0 || a->length == 0 || text.p_len >= room)
        return true;
    if (text.p_len > 0)
        memcpy(chunk, text.p, text.p_len);
    room -= text.p_len;
    ssize_t got = pread(a->fd, chunk + text.p_len, a->length < room ? (size_t)a->length : room,
                        (off_t)a->offset);
    if (got <= 0)
        return false;
    *out = lk_slice_of(chunk, text.p_len + (size_t)got);
    return true;
}

/* seal gives bytes to the engine; `*used` is how many it took. */
static bool seal(lk_serve_conn *c, size_t *used, lk_slice bytes) {
    lockstep_status status = LOCKSTEP_OK;
    size_t took = SMALL_RECORD;
    *used = 0;
    for (; status == LOCKSTEP_OK && took == SMALL_RECORD && c->small_records > 0 &&
           bytes.p_len - *used > SMALL_RECORD;
         c->small_records--) {
        status = lockstep_app_in(c->tls, &took, bytes.p + *used, SMALL_RECORD);
        *used += took;
    }
    if (status == LOCKSTEP_OK && took == SMALL_RECORD) {
        status = lockstep_app_in(c->tls, &took, bytes.p + *used, bytes.p_len - *used);
        *used += took;
    }
    return status == LOCKSTEP_OK;
}

/* drop forgets `n` bytes of the answer, which are sealed. */
static void drop(lk_answer *a, size_t n) {
    size_t text = lk_buffer_length(&a->text) < n ? lk_buffer_length(&a->text) : n;
    lk_buffer_take(&a->text, text);
    a->offset += n - text;
    a->length -= n - text;
}

bool lk_send_answer(lk_serve_conn *c) {
    lk_answer *a = &c->exchange->answer;
    lk_slice bytes;
    size_t used;
    while (c->exchange->job == NULL) {
        if (lk_buffer_length(&a->text) == 0 && a->length == 0)
            return true;
        if (!may_seal(c))
            return false;
        if (!next_bytes(&bytes, c) || !seal(c, &used, bytes)) {
            c->gone = true;
            return false;
        }
        if (used == 0)
            return false;
        drop(a, used); /* what was not taken is made again */
    }
    return false;
}
