/*
 * compress.h - zlib (RFC 1950) and Brotli (RFC 7932) over whole messages of known length.
 *
 * The only room that knows the two libraries. They get their memory from the engine's heap. A
 * result never grows beyond what the caller said, whatever the input claims.
 */
#ifndef LK_COMPRESS_COMPRESS_H
#define LK_COMPRESS_COMPRESS_H

#include "util/buffer.h"

/* CertificateCompressionAlgorithm (RFC 8879 §7.3). */
enum { LK_COMPRESSION_ZLIB = 1, LK_COMPRESSION_BROTLI = 2 };

/* The algorithms of this room, best first: Brotli makes certificates a tenth smaller than zlib. */
#define LK_NUM_COMPRESSIONS 2
extern const uint16_t lk_compressions[LK_NUM_COMPRESSIONS];

/* lk_compression_index returns the place in lk_compressions, or -1 for another number. */
int lk_compression_index(uint16_t algorithm);

/* lk_compression_name returns "brotli", "zlib" or "unknown". Static. */
const char *lk_compression_name(uint16_t algorithm);

/* lk_compress appends `in`, compressed as well as the algorithm can, to `out`. False: no memory, or
 * an algorithm that is not of this room; `out` is then as before. */
bool lk_compress(uint16_t algorithm, lk_buffer *out, lk_slice in);

/* lk_decompress writes what `in` holds to `out`. False unless that is exactly `out_len` bytes and
 * nothing is left over of `in`; also for want of memory from `heap`, which `*no_memory` tells
 * apart. */
bool lk_decompress(uint16_t algorithm, uint8_t *out, size_t out_len, lk_slice in,
                   const lk_heap *heap, bool *no_memory);

#endif
