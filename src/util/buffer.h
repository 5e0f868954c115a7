/*
 * buffer.h - a growable run of bytes: appended at the end, taken from the front, wiped when freed.
 *
 * A buffer that is empty holds no memory after lk_buffer_free or lk_buffer_drop_if_empty, which is
 * how an idle connection gets by without any.
 */
#ifndef LK_UTIL_BUFFER_H
#define LK_UTIL_BUFFER_H

#include "util/bytes.h"
#include "util/heap.h"

#define LK_BUFFER_MAX (UINT32_MAX / 2)

typedef struct lk_buffer {
    const lk_heap *heap;
    uint8_t *base;
    uint32_t start, end, capacity; /* a connection has four buffers: small, they keep it small */
    uint32_t limit : 31;           /* most bytes it may ever hold; 0: LK_BUFFER_MAX */
    uint32_t sealed : 1;           /* it holds what everybody may see: nothing is wiped */
} lk_buffer;

static inline lk_buffer lk_buffer_of(const lk_heap *heap, uint32_t limit) {
    return (lk_buffer){.heap = heap, .limit = limit & LK_BUFFER_MAX};
}

/* lk_buffer_of_sealed is for bytes on their way to the wire. */
static inline lk_buffer lk_buffer_of_sealed(const lk_heap *heap) {
    return (lk_buffer){.heap = heap, .sealed = 1};
}

static inline size_t lk_buffer_length(const lk_buffer *b) {
    return b->end - b->start;
}

/* lk_buffer_bytes returns the first byte held (lent until the next call that appends). */
static inline uint8_t *lk_buffer_bytes(const lk_buffer *b) {
    return b->base == NULL ? NULL : b->base + b->start;
}

static inline lk_slice lk_buffer_slice(const lk_buffer *b) {
    return (lk_slice){lk_buffer_bytes(b), lk_buffer_length(b)};
}

/* lk_buffer_reserve makes room for `n` more bytes and returns where they go, or NULL if there is no
 * memory or the limit forbids; lk_buffer_commit says that `n` of them were written. */
uint8_t *lk_buffer_reserve(lk_buffer *b, size_t n);
void lk_buffer_commit(lk_buffer *b, size_t n);

/* lk_buffer_append copies; false: no memory, or the limit forbids, and nothing was appended. */
bool lk_buffer_append(lk_buffer *b, lk_slice s);

/* lk_buffer_take drops the first `n` bytes; they are wiped, at the latest with the buffer. */
void lk_buffer_take(lk_buffer *b, size_t n);

/* lk_buffer_cut shortens the buffer to `length` bytes; the rest is wiped. */
void lk_buffer_cut(lk_buffer *b, size_t length);

/* lk_buffer_free wipes and releases the memory; the buffer stays usable. */
void lk_buffer_free(lk_buffer *b);

static inline void lk_buffer_drop_if_empty(lk_buffer *b) {
    if (b->start == b->end)
        lk_buffer_free(b);
}

#endif
