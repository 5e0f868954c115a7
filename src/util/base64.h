/*
 * base64.h - RFC 4648 §4, strict.
 */
#ifndef LK_UTIL_BASE64_H
#define LK_UTIL_BASE64_H

#include "util/buffer.h"

/* lk_base64_decode appends the bytes that `text` encodes to `out`. White space is skipped; any
 * other character outside the alphabet, wrong padding or non-zero unused bits fail, and then `out`
 * is as before. */
bool lk_base64_decode(lk_buffer *out, lk_slice text);

/* lk_base64_encode appends the text of `bytes`, in lines of `line` characters each ended by a
 * newline; 0: one line without end. False: no memory. */
bool lk_base64_encode(lk_buffer *out, lk_slice bytes, size_t line);

#endif
