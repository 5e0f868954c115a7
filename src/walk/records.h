/*
 * records.h - the records of a recording, each once: who sent it, what became of it, which keys
 * protect it; and which records carry a message.
 */
#ifndef LK_WALK_RECORDS_H
#define LK_WALK_RECORDS_H

#include <jansson.h>

#include "util/buffer.h"
#include "walk/recording.h"

/* ContentType (RFC 8446 §5.1) */
enum { LK_TYPE_CCS = 20, LK_TYPE_ALERT = 21, LK_TYPE_HANDSHAKE = 22, LK_TYPE_DATA = 23 };

/* One record. `start` and `end` say where its content lies in the stream of handshake bytes of its
 * direction; both 0: it carries none. */
typedef struct lk_record_row {
    const lk_event *event;
    bool by_client;
    const char *fate;   /* "delivered", "changed", ... (docs/walk-json.md) */
    const char *secret; /* whose keys protect it; NULL: none */
    uint64_t sequence;
    size_t start, end;
} lk_record_row;

typedef struct lk_record_list {
    lk_record_row *rows;
    size_t num_rows;
    bool watched[2];       /* the server, the client */
    lk_buffer messages[2]; /* handshake bytes, by the server, by the client */
    size_t taken[2];       /* how many of them lk_records_of_message has gone through */
} lk_record_list;

/* lk_records_find fills `out`, which lk_records_free empties; false: no memory. */
bool lk_records_find(lk_record_list *out, const lk_recording *recording);
void lk_records_free(lk_record_list *list);

/* lk_records_primary says that an event of a record, a message or an alert is to be shown: the one
 * of the sender, or where he was not watched, of the receiver. */
bool lk_records_primary(const lk_record_list *list, const lk_event *event);

/* lk_records_json makes the list of docs/walk-json.md. */
json_t *lk_records_json(const lk_record_list *list);

/* lk_records_of_message returns the places of the records that carry the next message of a side, or
 * an empty list; lk_records_of_event that of the record of an event. */
json_t *lk_records_of_message(lk_record_list *list, bool by_client, lk_slice message);
json_t *lk_records_of_event(const lk_record_list *list, const lk_event *event);

/* lk_hex makes a JSON string of bytes. */
json_t *lk_hex(lk_slice bytes);

#endif
