/*
 * reader.h - the one way in which bytes from outside are read.
 *
 * A reader is a window over bytes that it does not own. Every lk_read_* either takes what it was
 * asked for and returns true, or takes nothing and returns false; none can reach beyond the window.
 * A parser chains reads with && and ends with lk_reader_done(), so that bytes left over are an
 * error in one place (RFC 8446 §6.2: decode_error).
 */
#ifndef LK_UTIL_READER_H
#define LK_UTIL_READER_H

#include "util/bytes.h"

typedef struct lk_reader {
    const uint8_t *p;
    size_t left;
} lk_reader;

static inline lk_reader lk_reader_of(lk_slice s) {
    return (lk_reader){s.p, s.p_len};
}

static inline bool lk_reader_done(const lk_reader *r) {
    return r->left == 0;
}

/* lk_reader_rest returns what has not been read yet, and takes nothing. */
static inline lk_slice lk_reader_rest(const lk_reader *r) {
    return (lk_slice){r->p, r->left};
}

static inline bool lk_read_bytes(lk_reader *r, size_t n, lk_slice *out) {
    if (r->left < n)
        return false;
    *out = (lk_slice){r->p, n};
    if (n > 0)
        r->p += n;
    r->left -= n;
    return true;
}

/* lk_read_uint reads an unsigned big-endian integer of `width` bytes, 1 to 8. */
static inline bool lk_read_uint(lk_reader *r, size_t width, uint64_t *out) {
    lk_slice s;
    uint64_t v = 0;
    if (!lk_read_bytes(r, width, &s))
        return false;
    for (size_t i = 0; i < width; i++)
        v = v << 8 | s.p[i];
    *out = v;
    return true;
}

static inline bool lk_read_u8(lk_reader *r, uint8_t *out) {
    uint64_t v;
    if (!lk_read_uint(r, 1, &v))
        return false;
    *out = (uint8_t)v;
    return true;
}

static inline bool lk_read_u16(lk_reader *r, uint16_t *out) {
    uint64_t v;
    if (!lk_read_uint(r, 2, &v))
        return false;
    *out = (uint16_t)v;
    return true;
}

static inline bool lk_read_u24(lk_reader *r, uint32_t *out) {
    uint64_t v;
    if (!lk_read_uint(r, 3, &v))
        return false;
    *out = (uint32_t)v;
    return true;
}

static inline bool lk_read_u32(lk_reader *r, uint32_t *out) {
    uint64_t v;
    if (!lk_read_uint(r, 4, &v))
        return false;
    *out = (uint32_t)v;
    return true;
}

/* lk_read_vector reads a TLS vector (RFC 8446 §3.4): a length of `width` bytes, then as many bytes;
 * it fails unless the length lies in min..max. */
static inline bool lk_read_vector(lk_reader *r, size_t width, size_t min, size_t max,
                                  lk_slice *out) {
    lk_reader at = *r;
    uint64_t n;
    if (!lk_read_uint(&at, width, &n) || n < min || n > max || !lk_read_bytes(&at, (size_t)n, out))
        return false;
    *r = at;
    return true;
}

#endif
