#include "compress/compress.h"

#include <brotli/decode.h>
#include <brotli/encode.h>
#include <setjmp.h>
#include <stdalign.h>
#include <zlib.h>

const uint16_t lk_compressions[LK_NUM_COMPRESSIONS] = {LK_COMPRESSION_BROTLI, LK_COMPRESSION_ZLIB};

int lk_compression_index(uint16_t algorithm) {
    for (int i = 0; i < LK_NUM_COMPRESSIONS; i++)
        if (lk_compressions[i] == algorithm)
            return i;
    return -1;
}

const char *lk_compression_name(uint16_t algorithm) {
    return algorithm == LK_COMPRESSION_BROTLI ? "brotli"
           : algorithm == LK_COMPRESSION_ZLIB ? "zlib"
                                              : "unknown";
}

/* ---- The heap --------------------------------------------------------------------------------
 *
 * The libraries give memory back without its size, so that stands in front of each block, and all
 * blocks are in a list. For libbrotlienc ends the process where its allocator returns NULL; ours
 * then does not return at all, and whoever called the library gives back what it held. */

typedef struct block {
    size_t size;
    struct block *next, *prev;
} block;

/* What stands in front, as long as keeps the rest aligned. */
#define FRONT                                                                                      \
    ((sizeof(block) + alignof(max_align_t) - 1) / alignof(max_align_t) * alignof(max_align_t))

typedef struct pool {
    const lk_heap *heap;
    size_t left; /* bytes that may still be taken */
    block *blocks;
    bool failed;
    bool escapes; /* a failed allocation goes back to `escape`; else it returns NULL */
    jmp_buf escape;
} pool;

static void *take(void *arg, size_t size) {
    pool *p = arg;
    if (size > p->left)
        return NULL;
    block *b = size > SIZE_MAX - FRONT ? NULL : lk_alloc(p->heap, size + FRONT);
    if (b == NULL) {
        p->failed = true;
        if (p->escapes)
            longjmp(p->escape, 1);
        return NULL;
    }
    p->left -= size;
    *b = (block){size + FRONT, p->blocks, NULL};
    if (p->blocks != NULL)
        p->blocks->prev = b;
    p->blocks = b;
    return (uint8_t *)b + FRONT;
}

static void drop(pool *p, block *b) {
    p->left += b->size - FRONT;
    if (b->prev != NULL)
        b->prev->next = b->next;
    else
        p->blocks = b->next;
    if (b->next != NULL)
        b->next->prev = b->prev;
    lk_release(p->heap, b, b->size);
}

static void give_back(void *arg, void *ptr) {
    if (ptr != NULL)
        drop(arg, (block *)(void *)((uint8_t *)ptr - FRONT));
}

static void *take_items(void *arg, uInt items, uInt size) {
    return take(arg, (size_t)items * size); /* 32 bits each: no overflow in 64 */
}
_Static_assert(sizeof(size_t) >= 2 * sizeof(uInt), "items times size fits");

/* ---- zlib ------------------------------------------------------------------------------------ */

static z_stream stream_of(pool *p, lk_slice in, uint8_t *out, size_t out_len) {
    return (z_stream){.zalloc = take_items,
                      .zfree = give_back,
                      .opaque = p,
                      .next_in = (Bytef *)(uintptr_t)in.p,
                      .avail_in = (uInt)in.p_len,
                      .next_out = out,
                      .avail_out = (uInt)out_len};
}

static size_t zlib_compress(pool *p, uint8_t *out, size_t out_len, lk_slice in) {
    z_stream z = stream_of(p, in, out, out_len);
    if (deflateInit(&z, Z_BEST_COMPRESSION) != Z_OK)
        return 0;
    size_t n = deflate(&z, Z_FINISH) == Z_STREAM_END ? out_len - z.avail_out : 0;
    deflateEnd(&z);
    return n;
}

static bool zlib_decompress(pool *p, uint8_t *out, size_t out_len, lk_slice in) {
    z_stream z = stream_of(p, in, out, out_len);
    if (inflateInit(&z) != Z_OK)
        return false;
    bool whole = inflate(&z, Z_FINISH) == Z_STREAM_END && z.avail_out == 0 && z.avail_in == 0;
    inflateEnd(&z);
    return whole;
}

/* ---- Brotli ---------------------------------------------------------------------------------- */

/* The window need not be larger than the longest Certificate. */
#define BROTLI_WINDOW 17

static size_t brotli_run(pool *p, uint8_t *out, size_t out_len, lk_slice in) {
    BrotliEncoderState *e = BrotliEncoderCreateInstance(take, give_back, p);
    size_t left = out_len, in_left = in.p_len;
    if (e == NULL)
        return 0;
    bool done =
        BrotliEncoderSetParameter(e, BROTLI_PARAM_QUALITY, BROTLI_MAX_QUALITY) == BROTLI_TRUE &&
        BrotliEncoderSetParameter(e, BROTLI_PARAM_LGWIN, BROTLI_WINDOW) == BROTLI_TRUE &&
        BrotliEncoderSetParameter(e, BROTLI_PARAM_SIZE_HINT, (uint32_t)in.p_len) == BROTLI_TRUE &&
        BrotliEncoderCompressStream(e, BROTLI_OPERATION_FINISH, &in_left, &in.p, &left, &out,
                                    NULL) == BROTLI_TRUE &&
        BrotliEncoderIsFinished(e) == BROTLI_TRUE;
    BrotliEncoderDestroyInstance(e);
    return done ? out_len - left : 0;
}

static size_t brotli_compress(pool *p, uint8_t *out, size_t out_len, lk_slice in) {
    p->escapes = true;
    if (setjmp(p->escape) == 0) {
        size_t n = brotli_run(p, out, out_len, in);
        p->escapes = false;
        return n;
    }
    p->escapes = false;
    while (p->blocks != NULL)
        drop(p, p->blocks);
    return 0;
}

static bool brotli_decompress(pool *p, uint8_t *out, size_t out_len, lk_slice in) {
    BrotliDecoderState *d = BrotliDecoderCreateInstance(take, give_back, p);
    size_t left = out_len, in_left = in.p_len;
    if (d == NULL)
        return false;
    /* More output than there is room for is NEEDS_MORE_OUTPUT, less of input NEEDS_MORE_INPUT. */
    bool whole = BrotliDecoderDecompressStream(d, &in_left, &in.p, &left, &out, NULL) ==
                     BROTLI_DECODER_RESULT_SUCCESS &&
                 left == 0 && in_left == 0;
    BrotliDecoderDestroyInstance(d);
    return whole;
}

/* ---- Both ------------------------------------------------------------------------------------ */

bool lk_compress(uint16_t algorithm, lk_buffer *out, lk_slice in) {
    pool p = {.heap = out->heap, .left = SIZE_MAX};
    size_t room = in.p_len + in.p_len / 8 + 256, n; /* what neither makes longer */
    uint8_t *to = in.p_len > UINT32_MAX / 2 ? NULL : lk_buffer_reserve(out, room);
    if (to == NULL)
        return false;
    if (algorithm == LK_COMPRESSION_ZLIB)
        n = zlib_compress(&p, to, room, in);
    else if (algorithm == LK_COMPRESSION_BROTLI)
        n = brotli_compress(&p, to, room, in);
    else
        n = 0;
    lk_buffer_commit(out, n);
    return n > 0;
}

/* A Brotli stream may ask for a window of 16 MB with its first four bytes, and tables beside it.
 * What a peer's Certificate needs is a window as long as itself, and some 20 KB. */
#define DECOMPRESS_MEMORY_MAX ((size_t)1 << 20)

bool lk_decompress(uint16_t algorithm, uint8_t *out, size_t out_len, lk_slice in,
                   const lk_heap *heap, bool *no_memory) {
    pool p = {.heap = heap, .left = DECOMPRESS_MEMORY_MAX};
    bool whole = false;
    if (out_len <= UINT32_MAX && in.p_len <= UINT32_MAX) {
        if (algorithm == LK_COMPRESSION_ZLIB)
            whole = zlib_decompress(&p, out, out_len, in);
        else if (algorithm == LK_COMPRESSION_BROTLI)
            whole = brotli_decompress(&p, out, out_len, in);
    }
    *no_memory = p.failed;
    return whole;
}
