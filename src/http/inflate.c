#include "http/inflate.h"

#include <stdlib.h>
#include <zlib.h>

#include "http/request.h"

struct lk_inflate {
    z_stream stream;
    bool whole;
    uint8_t out[65536];
};

lk_inflate *lk_inflate_new(lk_slice coding) {
    bool gzip = lk_name_is(coding, "gzip") || lk_name_is(coding, "x-gzip");
    if (!gzip && !lk_name_is(coding, "deflate"))
        return NULL;
    lk_inflate *z = calloc(1, sizeof *z);
    /* 15: the largest window; + 16: a gzip header instead of a zlib one */
    if (z != NULL && inflateInit2(&z->stream, gzip ? 15 + 16 : 15) != Z_OK) {
        free(z);
        return NULL;
    }
    return z;
}

void lk_inflate_free(lk_inflate *z) {
    if (z == NULL)
        return;
    inflateEnd(&z->stream);
    free(z);
}

bool lk_inflate_feed(lk_inflate *z, lk_slice in, bool (*take)(void *arg, lk_slice bytes),
                     void *arg) {
    z->stream.next_in = (Bytef *)(uintptr_t)in.p;
    z->stream.avail_in = (uInt)in.p_len;
    while (!z->whole) {
        z->stream.next_out = z->out;
        z->stream.avail_out = sizeof z->out;
        int status = inflate(&z->stream, Z_NO_FLUSH);
        size_t n = sizeof z->out - z->stream.avail_out;
        z->whole = status == Z_STREAM_END;
        if (status != Z_OK && status != Z_STREAM_END && status != Z_BUF_ERROR)
            return false;
        if (n > 0 && !take(arg, lk_slice_of(z->out, n)))
            return false;
        if (z->stream.avail_in == 0 && z->stream.avail_out > 0)
            return true;
    }
    return z->stream.avail_in == 0; /* bytes behind the end belong to nothing */
}

bool lk_inflate_whole(const lk_inflate *z) {
    return z->whole;
}
