/*
 * serve_inside.h - what the files of a served connection share: serve_conn.c has its life,
 * serve_flow.c moves the bytes, serve_exchange.c has a request and its answer.
 */
#ifndef LK_CMD_SERVE_INSIDE_H
#define LK_CMD_SERVE_INSIDE_H

#include "cmd/serve_conn.h"

/* Time limits in milliseconds; each is counted anew when its phase begins. An answer to 0-RTT data
 * changes nothing in the handshake's: who asked for it may be a replay until it is done. */
#define LK_HANDSHAKE_MS 10000
#define LK_HEAD_MS      15000
#define LK_IDLE_MS      60000
#define LK_PROGRESS_MS  30000 /* a peer that takes or sends nothing for so long is given up */

/* A record can be opened once the whole of it is there. At first TCP sends ten segments (RFC 6928)
 * and waits until some have arrived: of a record of 16 KiB the end would come a round trip behind
 * its beginning. So as many records as that are no larger than a segment; those behind them are as
 * large as they may be, which costs both sides less. */
#define LK_SMALL_RECORDS 10

/* A request and its answer. A connection that is idle has none. */
struct lk_exchange {
    lk_answer answer;     /* being sent */
    lk_explorer_job *job; /* what the answer waits for, or NULL */
    lk_access access;
    bool early; /* the request came as 0-RTT data, and the handshake was not done */
};

struct lk_serve_conn {
    lk_server *server;
    lk_stream *stream;
    lockstep_conn *tls;
    lk_serve_conn *next, **at; /* in the server's list */
    lk_exchange *exchange;     /* the one that is under way, or NULL */
    char *client;              /* for the log, who it is by its certificate; or NULL */
    uint8_t *fresh;            /* from the wire, lent by the stream, behind what `in` has */
    size_t fresh_len;
    lk_buffer in;           /* from the wire, not yet taken by the engine */
    lk_buffer head;         /* the beginning of a request whose end has not come */
    int64_t sent_ms;        /* when something was sent last */
    unsigned small_records; /* that are still to be sent */
    bool heard, closing, gone, secured;
    bool last;    /* no more requests: it ends when the handshake is done */
    bool in_hall; /* it waits for public-key work */
    bool head_begun;
    bool head_news; /* a line has ended since the head was looked at */
};

/* ---- serve_conn.c ---------------------------------------------------------------------------- */

/* lk_conn_finish: whatever the engine still has to say goes out, then the stream ends. */
void lk_conn_finish(lk_serve_conn *c);

/* lk_conn_note_progress: somebody has taken or sent something. */
void lk_conn_note_progress(lk_serve_conn *c);

/* lk_conn_wait_for_request sets the time limit of a connection that has nothing to answer. */
void lk_conn_wait_for_request(lk_serve_conn *c);

/* ---- serve_hall.c ---------------------------------------------------------------------------- */

/* lk_hall_begin opens the hall of a worker. False: there is no memory. */
bool lk_hall_begin(lk_server *server);

/* lk_hall_wait says whether a connection waits for public-key work; if it has some it gets in line.
 */
bool lk_hall_wait(lk_serve_conn *c);

/* lk_hall_turn does the work of a turn, and lets those go on that have waited for it. */
void lk_hall_turn(lk_server *server);

/* lk_hall_took_share: a handshake has taken one, and lk_hall_quiet makes some in a moment in which
 * nobody wants anything; true: there is room for more. */
void lk_hall_took_share(lk_server *server);
bool lk_hall_quiet(lk_server *server);

/* ---- serve_flow.c ---------------------------------------------------------------------------- */

/* lk_conn_go_on does all that can be done now. */
void lk_conn_go_on(lk_serve_conn *c);

/* ---- serve_exchange.c ------------------------------------------------------------------------ */

/* lk_may_answer: after the handshake, or 0-RTT data that was accepted. The explorer waits: what it
 * shows is the whole handshake, and what it is asked to do must not be done again by a replay. */
bool lk_may_answer(const lk_serve_conn *c, unsigned state);

/* lk_said returns what the client has said and nobody has looked at (lent by the engine); lk_keep
 * moves it behind the beginning of a request. */
lk_slice lk_said(const lk_serve_conn *c);
void lk_keep(lk_serve_conn *c);

/* lk_next_request answers the request whose head is whole; false: there is none. */
bool lk_next_request(lk_serve_conn *c);

/* lk_send_answer seals more of the answer; true when all of it is sealed. */
bool lk_send_answer(lk_serve_conn *c);

/* lk_drop_exchange ends it, sent or not, and writes its line into the log. */
void lk_drop_exchange(lk_serve_conn *c);

#endif
