/*
 * inflate.h - content codings gzip and deflate (RFC 9110 §8.4.1), undone piece by piece by zlib.
 */
#ifndef LK_HTTP_INFLATE_H
#define LK_HTTP_INFLATE_H

#include "util/bytes.h"

typedef struct lk_inflate lk_inflate;

/* lk_inflate_new begins a body of that Content-Encoding; NULL: not one of the two, or no memory. */
lk_inflate *lk_inflate_new(lk_slice coding);
void lk_inflate_free(lk_inflate *z);

/* lk_inflate_feed takes the next bytes of the body and hands on what they mean, at most 64 KiB at a
 * time, until `take` returns false. False: that, or the body is damaged. */
bool lk_inflate_feed(lk_inflate *z, lk_slice in, bool (*take)(void *arg, lk_slice bytes),
                     void *arg);

/* lk_inflate_whole: has the end of the compressed stream been seen? */
bool lk_inflate_whole(const lk_inflate *z);

#endif
