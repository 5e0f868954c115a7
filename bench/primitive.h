/*
 * primitive.h - sealing and opening by libcrypto alone: one EVP_CIPHER_CTX a direction, made once.
 */
#ifndef BENCH_PRIMITIVE_H
#define BENCH_PRIMITIVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct primitive primitive;

/* primitive_new makes room for `records` sealed records of `size` bytes; `suite` is of TLS 1.3. */
primitive *primitive_new(uint16_t suite, int records, size_t size);
void primitive_free(primitive *p);

/* The record with number `k` as TLS 1.3 does it: nonce, additional data of five bytes, a tag of 16;
 * but no content type, header or buffer of anybody's. primitive_open opens it in a place of its
 * own. */
void primitive_seal(primitive *p, int k, const uint8_t *in, size_t n);
bool primitive_open(primitive *p, int k, uint8_t *out, size_t n);

/* primitive_record is what primitive_seal made: `n` bytes and PRIMITIVE_TAG more. */
enum { PRIMITIVE_TAG = 16 };
const uint8_t *primitive_record(const primitive *p, int k);

#endif
