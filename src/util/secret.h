/*
 * secret.h - handling of bytes that must not leak.
 */
#ifndef LK_UTIL_SECRET_H
#define LK_UTIL_SECRET_H

#include <stdbool.h>
#include <stddef.h>

/* lk_wipe overwrites `n` bytes with zeros; the compiler cannot leave it out. NULL is allowed when
 * `n` is 0. */
void lk_wipe(void *p, size_t n);

/* lk_ct_equal compares `n` bytes in a time that depends on `n` alone. */
bool lk_ct_equal(const void *a, const void *b, size_t n);

#endif
