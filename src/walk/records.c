#include "walk/records.h"

#include <stdlib.h>

#include "util/secret.h"

json_t *lk_hex(lk_slice bytes) {
    static const char digits[] = "0123456789abcdef";
    size_t n = 2 * bytes.p_len;
    char *text = malloc(n + 1);
    if (text == NULL)
        return NULL;
    for (size_t i = 0; i < bytes.p_len; i++) {
        text[2 * i] = digits[bytes.p[i] >> 4];
        text[2 * i + 1] = digits[bytes.p[i] & 15];
    }
    json_t *hex = json_stringn_nocheck(text, n);
    lk_wipe(text, n);
    free(text);
    return hex;
}

bool lk_records_primary(const lk_record_list *list, const lk_event *event) {
    return event->outgoing || !list->watched[event->by_client];
}

/* ---- What became of it ----------------------------------------------------------------------- */

/* arrive: the receiver has seen a record; which one that was sent is it? Records arrive in order,
 * so one that matches a later one says that somebody dropped or changed those before. */
static bool arrive(lk_record_list *list, const lk_event *event) {
    for (size_t i = 0; i < list->num_rows; i++) {
        lk_record_row *row = &list->rows[i];
        if (row->by_client != event->by_client || !lk_slice_equal(row->event->bytes, event->bytes))
            continue;
        if (row->fate != NULL)
            continue;
        row->fate = "delivered";
        return true;
    }
    return false;
}

/* changed: the oldest record that has not arrived did not arrive as it was. */
static void changed(lk_record_list *list, const lk_event *event) {
    for (size_t i = 0; i < list->num_rows; i++) {
        lk_record_row *row = &list->rows[i];
        if (row->by_client == event->by_client && row->fate == NULL) {
            row->fate = "changed";
            return;
        }
    }
}

static bool seen_before(const lk_record_list *list, const lk_event *event) {
    for (size_t i = 0; i < list->num_rows; i++)
        if (list->rows[i].by_client == event->by_client &&
            lk_slice_equal(list->rows[i].event->bytes, event->bytes))
            return true;
    return false;
}

/* ---- Which keys ------------------------------------------------------------------------------ */

typedef struct epoch {
    const char *secret;
    uint64_t sequence;
} epoch;

/* turn notes that a side's sending keys change, as the end sees it from which records are taken. */
static void turn(epoch epochs[2], const lk_record_list *list, const lk_event *event) {
    static const struct {
        const char *key, *secret;
    } keys[] = {
        {"client early key", "c e traffic"},        {"client handshake key", "c hs traffic"},
        {"server handshake key", "s hs traffic"},   {"client application key", "c ap traffic"},
        {"server application key", "s ap traffic"}, {"client_write_key", "client_write_key"},
        {"server_write_key", "server_write_key"}};
    bool sender = event->at_client == event->by_client;
    if (event->kind != LK_EVENT_KEY || (!sender && list->watched[event->by_client]))
        return;
    epoch *e = &epochs[event->by_client];
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
        if (strcmp(event->title, keys[i].key) == 0)
            *e = (epoch){keys[i].secret, 0};
}

/* ---- The list -------------------------------------------------------------------------------- */

static bool add(lk_record_list *list, const lk_event *event, const char *fate, epoch epochs[2]) {
    lk_record_row *row = &list->rows[list->num_rows++];
    lk_buffer *messages = &list->messages[event->by_client];
    *row = (lk_record_row){.event = event, .by_client = event->by_client, .fate = fate};
    if (event->encrypted && fate == NULL) {
        row->secret = epochs[event->by_client].secret;
        row->sequence = epochs[event->by_client].sequence++;
    }
    if (event->inner_type != LK_TYPE_HANDSHAKE || fate != NULL)
        return true;
    row->start = lk_buffer_length(messages);
    row->end = row->start + event->inner.p_len;
    return lk_buffer_append(messages, event->inner);
}

bool lk_records_find(lk_record_list *out, const lk_recording *recording) {
    size_t n = lk_recording_length(recording);
    epoch epochs[2] = {{0}};
    *out = (lk_record_list){.rows = calloc(n + 1, sizeof *out->rows)};
    out->messages[0] = out->messages[1] = lk_buffer_of(&lk_heap_default, 0);
    if (out->rows == NULL)
        return false;
    for (size_t i = 0; i < n; i++) {
        const lk_event *e = lk_recording_event(recording, i);
        if (e->kind < LK_EVENT_WIRE)
            out->watched[e->at_client] = true;
    }
    for (size_t i = 0; i < n; i++) {
        const lk_event *e = lk_recording_event(recording, i);
        bool ok = true;
        turn(epochs, out, e);
        if (e->kind != LK_EVENT_RECORD)
            continue;
        if (lk_records_primary(out, e))
            ok = add(out, e, NULL, epochs);
        else if (!arrive(out, e)) {
            bool repeated = seen_before(out, e);
            if (!repeated)
                changed(out, e);
            ok = add(out, e, repeated ? "repeated" : "added", epochs);
        }
        if (!ok)
            return false;
    }
    /* What the receiver never read was dropped, or he had given up before. */
    for (size_t i = 0; i < out->num_rows; i++) {
        lk_record_row *row = &out->rows[i];
        if (row->fate == NULL)
            row->fate = out->watched[0] && out->watched[1] ? "dropped" : "delivered";
    }
    return true;
}

void lk_records_free(lk_record_list *list) {
    lk_buffer_free(&list->messages[0]);
    lk_buffer_free(&list->messages[1]);
    free(list->rows);
    list->rows = NULL;
}

json_t *lk_records_json(const lk_record_list *list) {
    json_t *all = json_array();
    for (size_t i = 0; i < list->num_rows; i++) {
        const lk_record_row *row = &list->rows[i];
        const lk_event *e = row->event;
        json_t *r = json_pack("{s:s, s:i, s:b, s:o, s:I, s:s}", "from",
                              row->by_client ? "client" : "server", "type", e->type, "encrypted",
                              e->encrypted, "bytes", lk_hex(e->bytes), "us", (json_int_t)e->us,
                              "fate", row->fate);
        if (e->inner_type != 0) {
            json_object_set_new(r, "inner_type", json_integer(e->inner_type));
            json_object_set_new(r, "plain", lk_hex(e->inner));
        }
        if (row->secret != NULL) {
            json_object_set_new(r, "secret", json_string(row->secret));
            json_object_set_new(r, "sequence", json_integer((json_int_t)row->sequence));
        }
        json_array_append_new(all, r);
    }
    return all;
}

json_t *lk_records_of_message(lk_record_list *list, bool by_client, lk_slice message) {
    json_t *places = json_array();
    lk_slice all = lk_buffer_slice(&list->messages[by_client]);
    size_t from = list->taken[by_client];
    /* The inner ClientHello of RFC 9849 is a message that no record carries as such. */
    if (message.p_len == 0 || message.p_len > all.p_len - from ||
        !lk_slice_equal(lk_slice_of(all.p + from, message.p_len), message))
        return places;
    size_t to = list->taken[by_client] = from + message.p_len;
    for (size_t i = 0; i < list->num_rows; i++) {
        const lk_record_row *row = &list->rows[i];
        if (row->by_client == by_client && row->start < to && row->end > from)
            json_array_append_new(places, json_integer((json_int_t)i));
    }
    return places;
}

json_t *lk_records_of_event(const lk_record_list *list, const lk_event *event) {
    json_t *places = json_array();
    for (size_t i = 0; i < list->num_rows; i++)
        if (list->rows[i].event == event)
            json_array_append_new(places, json_integer((json_int_t)i));
    return places;
}
