/*
 * chunked.h - the chunked transfer coding, read (RFC 9112 §7.1). For requests and responses alike.
 */
#ifndef LK_HTTP_CHUNKED_H
#define LK_HTTP_CHUNKED_H

#include "util/bytes.h"

#define LK_CHUNK_MAX_LINE     1024  /* chunk size and its extensions, bytes */
#define LK_CHUNK_MAX_TRAILERS 16384 /* all trailer lines together, bytes; they are read and dropped */

typedef struct lk_chunked {
    enum { LK_CHUNK_SIZE, LK_CHUNK_EXT, LK_CHUNK_SIZE_LF, LK_CHUNK_DATA, LK_CHUNK_DATA_CR, LK_CHUNK_DATA_LF,
           LK_CHUNK_TRAILER, LK_CHUNK_TRAILER_LF, LK_CHUNK_DONE, LK_CHUNK_BAD } state;
    uint64_t left;         /* of the chunk */
    unsigned digits;       /* of the size, so far */
    unsigned line;         /* bytes of this line so far */
    unsigned trailers;     /* bytes of the trailers so far */
    const char *why;       /* BAD: what is wrong (static) */
} lk_chunked;

/* A zeroed lk_chunked is ready for the first chunk. lk_chunked_feed takes bytes up to the end of the
 * message and returns how many; it stops behind each run of body bytes, which it sets `*body` to
 * (empty: none in what was taken). */
size_t lk_chunked_feed(lk_chunked *c, lk_slice *body, lk_slice in);

#endif
