/*
 * format.h - printf into a buffer that may be too small for what comes from outside.
 */
#ifndef LK_UTIL_FORMAT_H
#define LK_UTIL_FORMAT_H

#include <stdarg.h>
#include <stddef.h>

/* lk_format_cut formats UTF-8 into `out` (out_len > 0), NUL behind it, and returns its length. What
 * does not fit is cut off between two characters: half of one is no UTF-8, which JSON cannot hold.
 */
__attribute__((format(printf, 3, 0))) size_t lk_format_cut(char *out, size_t out_len,
                                                           const char *format, va_list args);

#endif
