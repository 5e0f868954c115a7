/*
 * pem.h - RFC 7468 textual encodings.
 */
#ifndef LK_UTIL_PEM_H
#define LK_UTIL_PEM_H

#include "util/buffer.h"

/*
 * lk_pem_next looks in `*text` for the next block whose label is `label` ("CERTIFICATE"), appends
 * the bytes inside to `out` and moves `*text` behind the block. Blocks of other labels and text
 * between blocks are passed over (RFC 7468 §2). Returns 1 for a block, 0 when there is no more,
 * LK_PEM_BROKEN for a block of that label that is broken (no end, wrong end, bad base64).
 */
enum { LK_PEM_BROKEN = -1, LK_PEM_NO_MEMORY = -2 };
int lk_pem_next(lk_slice *text, const char *label, lk_buffer *out);

/* lk_pem_write appends one block. False: no memory. */
bool lk_pem_write(lk_buffer *out, const char *label, lk_slice der);

#endif
