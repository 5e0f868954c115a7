/*
 * builder.h - the one way in which messages are written.
 *
 * A builder appends to a buffer. A failure (no memory, a vector longer than its length field) makes
 * it bad and all later calls do nothing, so a message is written without checks between and
 * lk_builder_ok() is asked once, at the end.
 */
#ifndef LK_UTIL_BUILDER_H
#define LK_UTIL_BUILDER_H

#include "util/buffer.h"

typedef struct lk_builder {
    lk_buffer *out;
    bool bad;
} lk_builder;

/* An open length field; see lk_build_open. */
typedef struct lk_length {
    size_t at;
    size_t width;
} lk_length;

static inline lk_builder lk_builder_of(lk_buffer *out) {
    return (lk_builder){out, false};
}

static inline bool lk_builder_ok(const lk_builder *b) {
    return !b->bad;
}

/* lk_build_uint appends `v` big-endian in `width` bytes, 1 to 8; a value that does not fit is a
 * failure. */
void lk_build_uint(lk_builder *b, size_t width, uint64_t v);

static inline void lk_build_u8(lk_builder *b, uint8_t v) {
    lk_build_uint(b, 1, v);
}

static inline void lk_build_u16(lk_builder *b, uint16_t v) {
    lk_build_uint(b, 2, v);
}

static inline void lk_build_u32(lk_builder *b, uint32_t v) {
    lk_build_uint(b, 4, v);
}

void lk_build_bytes(lk_builder *b, lk_slice s);

/* lk_build_room appends `n` bytes for the caller to fill and returns them (lent until the next
 * call), or NULL. */
uint8_t *lk_build_room(lk_builder *b, size_t n);

/* lk_build_open leaves room for a length of `width` bytes; lk_build_close fills in how many bytes
 * were appended since. They nest. */
lk_length lk_build_open(lk_builder *b, size_t width);
void lk_build_close(lk_builder *b, lk_length length);

/* lk_build_vector appends a length of `width` bytes and then the bytes. */
void lk_build_vector(lk_builder *b, size_t width, lk_slice s);

#endif
