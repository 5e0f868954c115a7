#include "handshake/transcript.h"

#include "wire/types.h"

bool lk_transcript_add(lk_transcript *t, lk_arena *arena, lk_slice message) {
    if (t->started) {
        lk_digest_update(&t->digest, message);
        return true;
    }
    uint8_t *p = lk_arena_alloc(arena, t->waiting.p_len + message.p_len);
    if (p == NULL)
        return false;
    if (t->waiting.p_len > 0)
        memcpy(p, t->waiting.p, t->waiting.p_len);
    memcpy(p + t->waiting.p_len, message.p, message.p_len);
    t->waiting = lk_slice_of(p, t->waiting.p_len + message.p_len);
    return true;
}

void lk_transcript_start(lk_transcript *t, lk_hash hash) {
    if (t->started)
        return;
    lk_digest_init(&t->digest, hash);
    lk_digest_update(&t->digest, t->waiting);
    t->waiting = lk_slice_of(NULL, 0);
    t->started = true;
}

void lk_transcript_resume(lk_transcript *t, lk_hash hash, const uint8_t *hello_hash) {
    uint8_t message[LK_HANDSHAKE_HEADER + LK_HASH_MAX] = {LK_MESSAGE_HASH, 0, 0, 0};
    size_t n = lk_hash_length(hash);
    message[3] = (uint8_t)n;
    memcpy(message + LK_HANDSHAKE_HEADER, hello_hash, n);
    lk_digest_init(&t->digest, hash);
    lk_digest_update(&t->digest, lk_slice_of(message, LK_HANDSHAKE_HEADER + n));
    t->started = true;
}

void lk_transcript_retry(lk_transcript *t) {
    uint8_t hello_hash[LK_HASH_MAX];
    lk_digest_peek(&t->digest, hello_hash);
    lk_transcript_resume(t, t->digest.hash, hello_hash);
}

void lk_transcript_hash(const lk_transcript *t, uint8_t *out) {
    lk_digest_peek(&t->digest, out);
}

void lk_transcript_hash_with(const lk_transcript *t, lk_hash hash, lk_slice part, uint8_t *out) {
    lk_digest d = t->digest;
    if (!t->started) {
        lk_digest_init(&d, hash);
        lk_digest_update(&d, t->waiting);
    }
    lk_digest_update(&d, part);
    lk_digest_peek(&d, out);
}
