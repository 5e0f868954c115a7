/*
 * secrets.h - the secrets of a handshake: what each is called, and from what it is derived.
 */
#ifndef LK_WALK_SECRETS_H
#define LK_WALK_SECRETS_H

#include <jansson.h>

#include "walk/recording.h"

/* One row of the key schedule, RFC 8446 §7.1 or RFC 5246 §8.1. */
typedef struct lk_secret_row {
    const char *name;  /* the title of its note */
    const char *label; /* in a key log (RFC 9850), or NULL */
    const char *from[2];
    const char *how;  /* with %u for the length */
    const char *text; /* what it is for, in a sentence */
    bool with_parent; /* shown with what it is derived from, whenever it is made */
} lk_secret_row;

/* lk_secret_row_of: NULL if there is none. `tls12` tells the two master secrets apart. */
const lk_secret_row *lk_secret_row_of(const char *name, bool tls12);

/* lk_secret_json makes the entry of docs/walk-json.md. */
json_t *lk_secret_json(const lk_event *event, bool tls12);

#endif
