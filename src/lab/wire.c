#include "lab/wire.h"

#include <lockstep/session.h>
#include <time.h>

#include "record/record.h"
#include "util/reader.h"

/* A tape of what was said in a demonstration stays far below this. */
#define TAPE_MAX ((size_t)1024 * 1024)

void lk_wire_set_up(lk_wire *w) {
    *w = (lk_wire){.tape = lk_buffer_of(&lk_heap_default, TAPE_MAX)};
    for (size_t i = 0; i < 2; i++)
        w->sent[i] = w->arrived[i] = w->got[i] = lk_buffer_of(&lk_heap_default, TAPE_MAX);
}

void lk_wire_free(lk_wire *w) {
    for (size_t i = 0; i < 2; i++) {
        lk_buffer_free(&w->sent[i]);
        lk_buffer_free(&w->arrived[i]);
        lk_buffer_free(&w->got[i]);
    }
    lk_buffer_free(&w->tape);
}

bool lk_wire_done(const lockstep_conn *conn) {
    return conn == NULL || lockstep_failure_of(conn) != NULL ||
           (lockstep_state_of(conn) & (LOCKSTEP_PEER_DONE | LOCKSTEP_CLOSED)) != 0;
}

static lockstep_conn *end_of(const lk_wire *w, bool client) {
    return client ? w->client : w->server;
}

int64_t lk_wire_began(void) {
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

void lk_wire_ended(lk_wire *w, bool client, int64_t since) {
    *(client ? &w->client_us : &w->server_us) += lk_wire_began() - since;
}

/* take_out takes from an end what it has for the peer. */
static void take_out(lk_wire *w, bool client) {
    lockstep_conn *conn = end_of(w, client);
    const uint8_t *bytes;
    size_t n = conn == NULL ? 0 : lockstep_wire_out(conn, &bytes);
    if (n > 0 && lk_buffer_append(&w->sent[!client], lk_slice_of(bytes, n)))
        lockstep_wire_sent(conn, n);
}

/* first_record looks for a whole record at the start of what was sent. */
static bool first_record(lk_slice *out, lk_slice in) {
    lk_reader r = lk_reader_of(in);
    lk_slice head, payload;
    if (!lk_read_bytes(&r, 3, &head) || !lk_read_vector(&r, 2, 0, 65535, &payload))
        return false;
    *out = lk_slice_of(in.p, LK_RECORD_HEADER + payload.p_len);
    return true;
}

/* carry brings the next record of one direction to the other end. */
static bool carry(lk_wire *w, bool by_client) {
    size_t side = !by_client;
    lk_carried record = {.by_client = by_client, .n = w->count[side]};
    if (w->torn || !first_record(&record.bytes, lk_buffer_slice(&w->sent[side])))
        return false;
    lk_buffer *arrives = &w->arrived[side];
    size_t before = lk_buffer_length(arrives);
    if (w->hook != NULL)
        w->hook(w->arg, &record, arrives);
    else
        (void)lk_buffer_append(arrives, record.bytes);
    uint8_t who = by_client;
    lk_slice rest = lk_slice_from(lk_buffer_slice(arrives), before), one;
    while (first_record(&one, rest)) {
        (void)(lk_buffer_append(&w->tape, lk_slice_of(&who, 1)) && lk_buffer_append(&w->tape, one));
        rest = lk_slice_from(rest, one.p_len);
    }
    w->count[side]++;
    lk_buffer_take(&w->sent[side], record.bytes.p_len);
    return true;
}

/* take_data takes what an end has for its application. */
static bool take_data(lk_wire *w, bool client) {
    lockstep_conn *conn = end_of(w, client);
    const uint8_t *bytes;
    size_t early = client ? 0 : lockstep_early_out(conn, &bytes);
    if (early > 0 && lk_buffer_append(&w->got[1], lk_slice_of(bytes, early))) {
        lockstep_early_taken(conn, early);
        w->early = true;
    }
    size_t n = lockstep_app_out(conn, &bytes);
    if (n > 0 && lk_buffer_append(&w->got[!client], lk_slice_of(bytes, n)))
        lockstep_app_taken(conn, n);
    return early > 0 || n > 0;
}

/* put_in gives an end what has arrived for it; true if it took anything. */
static bool put_in(lk_wire *w, bool client) {
    lockstep_conn *conn = end_of(w, client);
    lk_buffer *in = &w->arrived[client];
    size_t used = 0, have = lk_buffer_length(in);
    if (conn == NULL) {
        lk_buffer_take(in, have);
        return false;
    }
    bool moved = take_data(w, client);
    if (have == 0 || (lockstep_state_of(conn) & LOCKSTEP_WIRE_IN) == 0)
        return moved;
    int64_t since = lk_wire_began();
    lockstep_status status = lockstep_wire_in(conn, &used, lk_buffer_bytes(in), have);
    lk_wire_ended(w, client, since);
    lk_buffer_take(in, status == LOCKSTEP_OK ? used : have);
    return take_data(w, client) || used > 0 || status != LOCKSTEP_OK || moved;
}

bool lk_wire_step(lk_wire *w) {
    take_out(w, true);
    take_out(w, false);
    if (put_in(w, false) || put_in(w, true))
        return true;
    return carry(w, true) || carry(w, false);
}

void lk_wire_say(lk_wire *w, lk_wire_who who, bool by_client, const char *title, const char *text,
                 lk_slice bytes) {
    if (w->recording != NULL)
        lk_recording_add(w->recording, &(lk_event){.kind = LK_EVENT_WIRE,
                                                   .at_client = !by_client,
                                                   .by_client = by_client,
                                                   .outgoing = who == LK_WIRE_END,
                                                   .encrypted = who == LK_WIRE_LISTENS,
                                                   .title = title,
                                                   .text = text,
                                                   .bytes = bytes});
}

bool lk_tape_next(lk_slice *tape, bool *by_client, lk_slice *record) {
    if (tape->p_len < 1 || !first_record(record, lk_slice_from(*tape, 1)))
        return false;
    *by_client = tape->p[0] != 0;
    *tape = lk_slice_from(*tape, 1 + record->p_len);
    return true;
}
