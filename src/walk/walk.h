/*
 * walk.h - a recording as a walk: the handshake step by step, in words (docs/walk-json.md).
 *
 * The JSON object is the model: what is printed, exported and shown on the page is read from it.
 */
#ifndef LK_WALK_WALK_H
#define LK_WALK_WALK_H

#include <jansson.h>

#include "walk/recording.h"

/* What the recording itself does not say. All is borrowed. */
typedef struct lk_walk_about {
    const char *title;
    const char *client, *server; /* names of the ends: "lockstep get", "your browser" */
    const lockstep_conn *client_conn, *server_conn; /* NULL: that end was not watched */
    int64_t rtt_us;               /* a measured round trip of the network; -1: unknown */
    int64_t client_us, server_us; /* time spent in the engines; -1: unknown */
    int64_t network_us;           /* time spent waiting for the network; -1: unknown */
} lk_walk_about;

/* lk_walk_json makes the object of docs/walk-json.md. NULL: no memory. The caller's. */
json_t *lk_walk_json(const lk_recording *recording, const lk_walk_about *about);

#endif
