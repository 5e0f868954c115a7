/*
 * serve_flow.c - the bytes of a served connection, in and out, for as long as something can be
 * done.
 */
#include <lockstep/session.h>

#include "cmd/serve_inside.h"

/* Bytes that one connection may send in one turn of the loop before the others have theirs. */
#define TURN_BYTES (512 * 1024)

/* flush sends what the engine has; false when the stream takes no more for now. */
static bool flush(lk_serve_conn *c, size_t *turn) {
    const uint8_t *out;
    size_t n = lockstep_wire_out(c->tls, &out);
    if (n == 0)
        return true;
    size_t sent = lk_stream_write(c->stream, lk_slice_of(out, n));
    if (sent > 0) {
        lockstep_wire_sent(c->tls, sent);
        c->sent_ms = lk_loop_now_ms(c->server->loop);
        *turn += sent;
    }
    return sent == n;
}

/* choose_identity: the explorer shows wrong certificates under names of their own. */
static void choose_identity(lk_serve_conn *c) {
    const lockstep_config *other =
        lk_explorer_identity(c->server->explorer, lockstep_asking(c->tls));
    /* A failure shows in lockstep_failure_of. */
    (void)!lockstep_answer_identity(c->tls, other != NULL ? other : c->server->config);
}

static bool has_input(const lk_serve_conn *c) {
    return lk_buffer_length(&c->in) > 0 || c->fresh_len > 0;
}

/* feed_kept gives the engine what had to wait, feed_fresh what has just come: records are opened
 * where they lie. A failure of either shows in lockstep_failure_of. */
static size_t feed_kept(lk_serve_conn *c) {
    size_t used;
    (void)!lockstep_wire_in(c->tls, &used, lk_buffer_bytes(&c->in), lk_buffer_length(&c->in));
    lk_buffer_take(&c->in, used);
    lk_buffer_drop_if_empty(&c->in);
    return used;
}

static size_t feed_fresh(lk_serve_conn *c) {
    size_t used;
    (void)!lockstep_wire_in_place(c->tls, &used, c->fresh, c->fresh_len);
    c->fresh += used;
    c->fresh_len -= used;
    return used;
}

/* feed is false when the engine takes nothing. */
static bool feed(lk_serve_conn *c) {
    size_t used = lk_buffer_length(&c->in) > 0 ? feed_kept(c) : feed_fresh(c);
    return used > 0 && lockstep_failure_of(c->tls) == NULL;
}

/* take_input takes from the wire until there is a request to look at, and the rest of a handshake
 * always. */
static void take_input(lk_serve_conn *c) {
    for (;;) {
        unsigned state = lockstep_state_of(c->tls);
        bool early = (state & LOCKSTEP_SECURE) == 0;
        if ((state & LOCKSTEP_ASKS) != 0) {
            choose_identity(c);
            continue;
        }
        if (c->exchange == NULL && lk_said(c).p_len > 0) {
            /* 0-RTT data is answered before the handshake goes on. */
            if ((early || c->secured) && lk_may_answer(c, state))
                return;
            if (!early && !c->secured)
                return; /* the handshake has just been done */
            if (lk_buffer_length(&c->head) > 2 * LK_REQUEST_HEAD_MAX)
                return;
            lk_keep(c);
            if (early)
                return;
            continue;
        }
        if ((c->exchange != NULL && !early) || !has_input(c) || (state & LOCKSTEP_WIRE_IN) == 0 ||
            !feed(c))
            return;
    }
}

/* on_secured: the handshake is done. False: so is the connection. */
static bool on_secured(lk_serve_conn *c) {
    c->secured = true;
    lk_hall_took_share(c->server);
    if (c->last)
        return false;
    if (c->exchange != NULL)
        lk_conn_note_progress(c);
    else
        lk_conn_wait_for_request(c);
    return true;
}

/* is_over: it has failed, or there is nothing more to be done since it ended early. */
static bool is_over(lk_serve_conn *c) {
    if (c->gone || lockstep_failure_of(c->tls) != NULL)
        return true;
    bool secure = (lockstep_state_of(c->tls) & LOCKSTEP_SECURE) != 0;
    return secure && !c->secured && !on_secured(c);
}

static bool has_request(const lk_serve_conn *c) {
    return lk_buffer_length(&c->head) > 0 || lk_said(c).p_len > 0;
}

/* after_answer says whether the connection goes on behind an answer that was sent. */
static bool after_answer(lk_serve_conn *c) {
    c->last = !c->exchange->answer.keep_alive;
    lk_drop_exchange(c);
    if (c->last && c->secured)
        return false;
    lk_conn_wait_for_request(c);
    return true;
}

typedef enum next { AGAIN, WAIT, END } next;

/* answer_more goes on with the answer that is under way. */
static next answer_more(lk_serve_conn *c, size_t *turn) {
    bool done = lk_send_answer(c);
    if (c->gone || lockstep_failure_of(c->tls) != NULL)
        return END;
    if (!flush(c, turn))
        return WAIT;
    if (!done) {
        if (c->exchange->job != NULL || (lockstep_state_of(c->tls) & LOCKSTEP_APP_IN) == 0)
            return WAIT; /* the rest comes behind the client's Finished, or from the explorer */
        if (*turn < TURN_BYTES)
            return AGAIN;
        lk_stream_later(c->stream);
        return WAIT;
    }
    if (!after_answer(c))
        return END;
    if (!has_request(c) || c->last)
        return AGAIN;
    lk_stream_later(c->stream); /* requests that stand behind wait for the others' turn */
    return WAIT;
}

/* listen_on: nothing is to be answered now. */
static next listen_on(lk_serve_conn *c, size_t *turn) {
    unsigned state = lockstep_state_of(c->tls);
    /* Nothing more to do but to wait, or to end with a peer that has ended. */
    if ((state & LOCKSTEP_PEER_DONE) != 0 ||
        (c->server->stopping && lk_buffer_length(&c->head) == 0))
        return END; /* what waits goes out together with close_notify */
    if (!flush(c, turn))
        return WAIT;
    return has_input(c) && (state & LOCKSTEP_WIRE_IN) != 0 ? AGAIN : WAIT;
}

static next step(lk_serve_conn *c, size_t *turn) {
    if (c->in_hall)
        return WAIT;
    take_input(c);
    if (is_over(c))
        return END;
    if (lk_hall_wait(c))
        return WAIT;
    if (c->exchange == NULL && lk_may_answer(c, lockstep_state_of(c->tls)) && has_request(c) &&
        !lk_next_request(c) && !c->head_begun)
        lk_conn_wait_for_request(c);
    if (c->gone)
        return END;
    return c->exchange != NULL ? answer_more(c, turn) : listen_on(c, turn);
}

/* give_back: what was lent is needed for others now. What the engine has opened in there and nobody
 * has taken is kept, and what it has not seen comes another time. */
static bool give_back(lk_serve_conn *c) {
    if (c->fresh == NULL)
        return true;
    if (!c->in_hall && lk_said(c).p_len > 0)
        lk_keep(c);
    bool kept = lk_buffer_append(&c->in, lk_slice_of(c->fresh, c->fresh_len));
    c->fresh = NULL;
    c->fresh_len = 0;
    return kept && !c->gone;
}

void lk_conn_go_on(lk_serve_conn *c) {
    size_t turn = 0;
    next n = AGAIN;
    while (!c->closing && n == AGAIN)
        n = step(c, &turn);
    if (n == END)
        lk_conn_finish(c);
    if (!c->closing && !give_back(c)) {
        c->gone = true;
        lk_conn_finish(c);
    }
    if (!c->closing)
        lk_stream_read(c->stream,
                       !(c->exchange != NULL && c->secured) && lk_buffer_length(&c->in) == 0);
}
