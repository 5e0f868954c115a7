/*
 * keccak.h - SHA3-256, SHA3-512, SHAKE128 and SHAKE256 (FIPS 202), for ML-KEM.
 *
 * One sponge serves all four functions: start it, absorb any number of times, then squeeze any
 * number of times. Neither time nor memory access depends on the bytes, only on their number. A
 * sponge holds no memory of its own; the owner wipes it when what it absorbed was secret.
 */
#ifndef LK_CRYPTO_KECCAK_H
#define LK_CRYPTO_KECCAK_H

#include <stddef.h>
#include <stdint.h>

#define LK_SHA3_256_SIZE 32
#define LK_SHA3_512_SIZE 64
#define LK_SHAKE128_RATE 168 /* bytes from one call of the permutation */

typedef enum lk_sponge_kind {
    LK_SPONGE_SHA3_256 = 1, /* FIPS 202 §6.1 */
    LK_SPONGE_SHA3_512,
    LK_SPONGE_SHAKE128, /* FIPS 202 §6.2 */
    LK_SPONGE_SHAKE256
} lk_sponge_kind;

typedef struct lk_sponge {
    uint64_t lane[25];  /* lane[x + 5*y] is Lane(x, y) of FIPS 202 §3.1.2 */
    uint64_t spare[25]; /* every other round's state: here, so that wiping the sponge wipes it */
    size_t rate;        /* bytes, a multiple of 8 */
    size_t at;          /* bytes of the current block absorbed, or already squeezed */
    uint8_t suffix;     /* domain bits and the first bit of the padding (§6, B.2) */
} lk_sponge;

/* lk_sponge_start makes `*s` the empty message of the function `kind`. It may be started again
 * after any other call. */
void lk_sponge_start(lk_sponge *s, lk_sponge_kind kind);

/* lk_sponge_absorb appends `n` bytes to the message; `p` may be NULL when `n` is 0. Not to be
 * called after the first squeeze. */
void lk_sponge_absorb(lk_sponge *s, const void *p, size_t n);

/* lk_sponge_finish ends the message: it pads the last block (FIPS 202 §5.1, B.2). Called once,
 * between absorbing and squeezing. */
void lk_sponge_finish(lk_sponge *s);

/* lk_sponge_squeeze writes the next `n` bytes of output. For SHA3 the digest is the first 32 or 64
 * bytes and no more may be asked for. */
void lk_sponge_squeeze(lk_sponge *s, void *out, size_t n);

/* The same in one call, from one run of bytes; the state is wiped. `out` may be `p`. */
void lk_sha3_256(uint8_t out[LK_SHA3_256_SIZE], const void *p, size_t n);
void lk_sha3_512(uint8_t out[LK_SHA3_512_SIZE], const void *p, size_t n);
void lk_shake256(void *out, size_t out_len, const void *p, size_t n);

#endif
