/*
 * bytes.h - the byte slice that every room passes around.
 */
#ifndef LK_UTIL_BYTES_H
#define LK_UTIL_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <lockstep/slice.h>

/* A result that must be looked at. The public header's LOCKSTEP_CHECKED also makes a symbol
 * visible. */
#define LK_CHECKED __attribute__((warn_unused_result))

/* A borrowed run of bytes. `p` may be NULL when `p_len` is 0. */
typedef lockstep_slice lk_slice;

static inline lk_slice lk_slice_of(const void *p, size_t p_len) {
    return (lk_slice){p, p_len};
}

/* lk_slice_of_str makes a slice of a NUL-terminated string, without its NUL. */
static inline lk_slice lk_slice_of_str(const char *s) {
    return (lk_slice){(const uint8_t *)s, strlen(s)};
}

/* lk_slice_from returns what follows the first `n` bytes, of which there are at least as many. */
static inline lk_slice lk_slice_from(lk_slice s, size_t n) {
    return (lk_slice){s.p + n, s.p_len - n};
}

/* lk_slice_equal compares public bytes; it is not constant time (for secrets: lk_ct_equal). */
static inline bool lk_slice_equal(lk_slice a, lk_slice b) {
    return a.p_len == b.p_len && (a.p_len == 0 || memcmp(a.p, b.p, a.p_len) == 0);
}

#endif
