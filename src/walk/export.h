/*
 * export.h - a walk (docs/walk-json.md) for other programs and for people: text, a page, a capture.
 */
#ifndef LK_WALK_EXPORT_H
#define LK_WALK_EXPORT_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

#include "util/buffer.h"

typedef struct lk_print {
    bool verbose; /* every field, every byte */
    bool colour;
    bool (*pause)(void *arg); /* before each step but the first; NULL: none; false: stop */
    void *arg;
} lk_print;

/* lk_walk_print writes a walk for a terminal of 100 columns. */
void lk_walk_print(FILE *to, const json_t *walk, const lk_print *how);

/* lk_walk_compare writes several walks side by side: what they took, and what they have. */
void lk_walk_compare(FILE *to, const json_t *const *walks, const char *const *names, size_t num);

/* lk_walk_html appends one page that needs nothing else: no script, no network. */
bool lk_walk_html(lk_buffer *out, const json_t *walk);

/* lk_walk_pcapng appends a capture (draft-ietf-opsawg-pcapng) of the records with the secrets
 * inside (its Decryption Secrets Block), as Wireshark opens and decrypts it. */
bool lk_walk_pcapng(lk_buffer *out, const json_t *walk);

#endif
