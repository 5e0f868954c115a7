#include "util/buffer.h"

#include "util/secret.h"

#define LEAST 128 /* bytes that a buffer asks the heap for */

static void give_back(lk_buffer *b) {
    if (b->sealed && b->base != NULL)
        b->heap->release(b->heap->arg, b->base, b->capacity);
    else
        lk_release(b->heap, b->base, b->capacity);
}

static void wipe(const lk_buffer *b, uint8_t *p, size_t n) {
    if (!b->sealed)
        lk_wipe(p, n);
}

uint8_t *lk_buffer_reserve(lk_buffer *b, size_t n) {
    size_t length = lk_buffer_length(b);
    size_t limit = b->limit != 0 ? b->limit : LK_BUFFER_MAX;
    if (n > limit || length > limit - n)
        return NULL;
    if (b->base != NULL && b->capacity - b->end >= n)
        return b->base + b->end;
    if (b->base != NULL && b->capacity - length >= n && b->start >= length) {
        /* At least half is free in front, so moving costs no more than what was appended. */
        if (length > 0)
            memcpy(b->base, b->base + b->start, length);
        wipe(b, b->base + length, b->end - length);
        b->start = 0;
        b->end = (uint32_t)length;
        return b->base + length;
    }
    /* At least half as much again as before, and no crumbs: what grows byte by byte is not moved
     * often. */
    size_t capacity = length + n;
    size_t more = length + length / 2;
    if (capacity < more)
        capacity = more < limit ? more : limit;
    if (capacity < LEAST && LEAST <= limit)
        capacity = LEAST;
    uint8_t *base = b->heap->alloc(b->heap->arg, capacity);
    if (base == NULL)
        return NULL;
    if (length > 0)
        memcpy(base, b->base + b->start, length);
    give_back(b);
    b->base = base;
    b->start = 0;
    b->end = (uint32_t)length;
    b->capacity = (uint32_t)capacity;
    return base + length;
}

void lk_buffer_commit(lk_buffer *b, size_t n) {
    b->end += (uint32_t)n;
}

bool lk_buffer_append(lk_buffer *b, lk_slice s) {
    if (s.p_len == 0)
        return true;
    uint8_t *p = lk_buffer_reserve(b, s.p_len);
    if (p == NULL)
        return false;
    memcpy(p, s.p, s.p_len);
    b->end += (uint32_t)s.p_len;
    return true;
}

void lk_buffer_take(lk_buffer *b, size_t n) {
    if (n == 0)
        return;
    b->start += (uint32_t)n;
    if (b->start == b->end)
        b->start = b->end = 0; /* nearly always it is given back now */
    else
        wipe(b, b->base + b->start - n, n);
}

void lk_buffer_cut(lk_buffer *b, size_t length) {
    if (length >= lk_buffer_length(b))
        return;
    wipe(b, b->base + b->start + length, lk_buffer_length(b) - length);
    b->end = b->start + (uint32_t)length;
}

void lk_buffer_free(lk_buffer *b) {
    give_back(b);
    b->base = NULL;
    b->start = b->end = b->capacity = 0;
}
