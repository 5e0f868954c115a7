/*
 * wire.h - two connections joined in memory by a wire that carries one record at a time.
 *
 * Between two records it stands still, and somebody may see the next one before it arrives, change
 * it, keep it, add to it. What he does he says, and the recording keeps it (LK_EVENT_WIRE).
 */
#ifndef LK_LAB_WIRE_H
#define LK_LAB_WIRE_H

#include <lockstep/lockstep.h>

#include "util/buffer.h"
#include "walk/recording.h"

/* A record on its way. */
typedef struct lk_carried {
    bool by_client;
    unsigned n;     /* the how manieth of its direction, from 0 */
    lk_slice bytes; /* header included; lent */
} lk_carried;

/* Somebody on the wire: appends to `arrives` what arrives instead of `record`. NULL on a wire: what
 * was sent arrives. */
typedef void (*lk_wire_hook)(void *arg, const lk_carried *record, lk_buffer *arrives);

typedef struct lk_wire {
    lockstep_conn *client, *server; /* borrowed; NULL: nobody is there */
    lk_recording *recording;        /* borrowed; may be NULL */
    lk_wire_hook hook;
    void *arg;
    bool torn; /* nothing more is carried: the network is gone */
    /* from here on its own */
    lk_buffer sent[2];    /* not carried yet; [0] by the client */
    lk_buffer arrived[2]; /* not taken in yet */
    lk_buffer got[2];     /* application data that came out of the client, of the server */
    unsigned count[2];
    lk_buffer tape; /* all that was carried: a byte for who sent it, then the record */
    int64_t client_us, server_us; /* processor time spent in the engines */
    bool early;                   /* the server was given 0-RTT data */
} lk_wire;

/* lk_wire_set_up makes a wire without ends. lk_wire_free leaves the connections alone. */
void lk_wire_set_up(lk_wire *wire);
void lk_wire_free(lk_wire *wire);

/* What an engine does stands between these two, and counts for its side: in processor time, for
 * what else the machine had to do meanwhile is none of its cost. */
int64_t lk_wire_began(void);
void lk_wire_ended(lk_wire *wire, bool client, int64_t since);

/* lk_wire_step carries one record, or lets an end take in what has arrived; false: nothing moves
 * any more. */
bool lk_wire_step(lk_wire *wire);

/* Who does what he must not: somebody between the ends; somebody who only listens; or the end that
 * has sent it. */
typedef enum lk_wire_who { LK_WIRE_BETWEEN, LK_WIRE_LISTENS, LK_WIRE_END } lk_wire_who;

/* lk_wire_say notes what somebody did, in a title and a sentence or two: `bytes` is what arrives,
 * or what he has read. */
void lk_wire_say(lk_wire *wire, lk_wire_who who, bool by_client, const char *title,
                 const char *text, lk_slice bytes);

/* lk_wire_done: is it over for this end, by close_notify or by a failure? */
bool lk_wire_done(const lockstep_conn *conn);

/* lk_tape_next reads the next record of a tape. */
bool lk_tape_next(lk_slice *tape, bool *by_client, lk_slice *record);

#endif
