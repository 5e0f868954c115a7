#include "util/buffer.h"

#include "util/secret.h"

uint8_t *lk_buffer_reserve(lk_buffer *b, size_t n) {
    size_t length = lk_buffer_length(b);
    if (n > SIZE_MAX / 2 - length || (b->limit != 0 && length + n > b->limit))
        return NULL;
    if (b->base != NULL && b->capacity - b->end >= n)
        return b->base + b->end;
    if (b->base != NULL && b->capacity - length >= n && b->start >= length) {
        /* At least half is free in front, so moving costs no more than what was appended. */
        if (length > 0)
            memcpy(b->base, b->base + b->start, length);
        lk_wipe(b->base + length, b->end - length);
        b->start = 0;
        b->end = length;
        return b->base + length;
    }
    size_t capacity = length + n;
    if (b->base != NULL && capacity < length + length / 2)
        capacity = length + length / 2;
    uint8_t *base = b->heap->alloc(b->heap->arg, capacity);
    if (base == NULL)
        return NULL;
    if (length > 0)
        memcpy(base, b->base + b->start, length);
    lk_release(b->heap, b->base, b->capacity);
    b->base = base;
    b->start = 0;
    b->end = length;
    b->capacity = capacity;
    return base + length;
}

void lk_buffer_commit(lk_buffer *b, size_t n) {
    b->end += n;
}

bool lk_buffer_append(lk_buffer *b, lk_slice s) {
    if (s.p_len == 0)
        return true;
    uint8_t *p = lk_buffer_reserve(b, s.p_len);
    if (p == NULL)
        return false;
    memcpy(p, s.p, s.p_len);
    b->end += s.p_len;
    return true;
}

void lk_buffer_take(lk_buffer *b, size_t n) {
    if (n == 0)
        return;
    lk_wipe(b->base + b->start, n);
    b->start += n;
    if (b->start == b->end)
        b->start = b->end = 0;
}

void lk_buffer_cut(lk_buffer *b, size_t length) {
    if (length >= lk_buffer_length(b))
        return;
    lk_wipe(b->base + b->start + length, lk_buffer_length(b) - length);
    b->end = b->start + length;
}

void lk_buffer_free(lk_buffer *b) {
    lk_release(b->heap, b->base, b->capacity);
    b->base = NULL;
    b->start = b->end = b->capacity = 0;
}
