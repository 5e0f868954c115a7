/*
 * transcript.h - the hash of all handshake messages so far (RFC 8446 §4.4.1).
 *
 * The hash is known only with the cipher suite, so a client keeps the bytes of its ClientHello
 * until the server has chosen.
 */
#ifndef LK_HANDSHAKE_TRANSCRIPT_H
#define LK_HANDSHAKE_TRANSCRIPT_H

#include "crypto/digest.h"
#include "util/arena.h"

typedef struct lk_transcript {
    bool started; /* the hash is known */
    lk_digest digest;
    lk_slice waiting; /* messages from before, in the arena */
} lk_transcript;

/* lk_transcript_add takes a message, header included; false: no memory. */
bool lk_transcript_add(lk_transcript *t, lk_arena *arena, lk_slice message);

/* lk_transcript_start fixes the hash; a second call does nothing. */
void lk_transcript_start(lk_transcript *t, lk_hash hash);

/* lk_transcript_retry replaces the first ClientHello by its hash in a message_hash message, as a
 * HelloRetryRequest demands. */
void lk_transcript_retry(lk_transcript *t);

/* lk_transcript_resume begins with that message_hash message, for a server that has not seen the
 * first ClientHello itself. */
void lk_transcript_resume(lk_transcript *t, lk_hash hash, const uint8_t *hello_hash);

/* lk_transcript_hash writes the hash of all messages so far. */
void lk_transcript_hash(const lk_transcript *t, uint8_t *out);

/* lk_transcript_hash_with writes the hash of all messages so far and of `part`, which is not added
 * to them. `hash` says which one where that is not fixed yet. */
void lk_transcript_hash_with(const lk_transcript *t, lk_hash hash, lk_slice part, uint8_t *out);

#endif
