#include "util/builder.h"

uint8_t *lk_build_room(lk_builder *b, size_t n) {
    uint8_t *p = b->bad ? NULL : lk_buffer_reserve(b->out, n);
    if (p == NULL) {
        b->bad = true;
        return NULL;
    }
    lk_buffer_commit(b->out, n);
    return p;
}

void lk_build_uint(lk_builder *b, size_t width, uint64_t v) {
    if (width < 8 && v >> (8 * width) != 0)
        b->bad = true;
    uint8_t *p = lk_build_room(b, width);
    if (p == NULL)
        return;
    for (size_t i = width; i > 0; i--, v >>= 8)
        p[i - 1] = (uint8_t)v;
}

void lk_build_bytes(lk_builder *b, lk_slice s) {
    if (s.p_len == 0)
        return;
    uint8_t *p = lk_build_room(b, s.p_len);
    if (p != NULL)
        memcpy(p, s.p, s.p_len);
}

lk_length lk_build_open(lk_builder *b, size_t width) {
    lk_length length = {lk_buffer_length(b->out), width};
    (void)lk_build_room(b, width);
    return length;
}

void lk_build_close(lk_builder *b, lk_length length) {
    if (b->bad)
        return;
    uint64_t n = lk_buffer_length(b->out) - length.at - length.width;
    if (length.width < 8 && n >> (8 * length.width) != 0) {
        b->bad = true;
        return;
    }
    uint8_t *p = lk_buffer_bytes(b->out) + length.at;
    for (size_t i = length.width; i > 0; i--, n >>= 8)
        p[i - 1] = (uint8_t)n;
}

void lk_build_vector(lk_builder *b, size_t width, lk_slice s) {
    lk_length length = lk_build_open(b, width);
    lk_build_bytes(b, s);
    lk_build_close(b, length);
}
