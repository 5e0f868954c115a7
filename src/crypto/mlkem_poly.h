/*
 * mlkem_poly.h - the polynomials under ML-KEM: sampling, the number-theoretic transform,
 * products, bytes (FIPS 203 §4.2, §4.3).
 *
 * A polynomial is an element of Z_q[X]/(X^256 + 1), q = 3329, or its NTT (§4.3). Coefficients are
 * signed and any representative modulo q; each function says how large it takes and leaves them, as
 * 16 bits hold less than ten times q. Except in lk_poly_sample_ntt, whose input is public, neither
 * time nor memory access depends on any value.
 */
#ifndef LK_CRYPTO_MLKEM_POLY_H
#define LK_CRYPTO_MLKEM_POLY_H

#include <stdbool.h>
#include <stdint.h>

#include "crypto/keccak.h"

#define LK_MLKEM_N     256
#define LK_MLKEM_Q     3329
#define LK_MLKEM_K_MAX 4 /* vectors of three polynomials or, in ML-KEM-1024, four (§8) */

typedef struct lk_poly {
    int16_t c[LK_MLKEM_N];
} lk_poly;

/* An NTT made ready to be multiplied by many others: (b0, b1 * zeta) and (b1, b0) for each of the
 * 128 factors b0 + b1*X modulo X^2 - zeta, in Montgomery form. */
typedef struct lk_poly_factor {
    int16_t straight[LK_MLKEM_N], crossed[LK_MLKEM_N];
} lk_poly_factor;

/* lk_hide returns `v` and keeps the compiler from knowing anything of it. A mask that is made of a
 * hidden value stays a mask: it cannot be turned into a branch. */
static inline uint32_t lk_hide(uint32_t v) {
    __asm__ volatile("" : "+r"(v));
    return v;
}

/* lk_poly_sample_ntt is SampleNTT(rho || x || y), Algorithm 7: an NTT uniform in [0, q), of a
 * public seed. `sponge` is work space. */
void lk_poly_sample_ntt(lk_poly *out, lk_sponge *sponge, const uint8_t rho[32], uint8_t x,
                        uint8_t y);

/* lk_poly_sample_cbd is SamplePolyCBD_2(PRF_2(seed, nonce)), Algorithm 8: coefficients in [-2, 2].
 * `sponge` and `bytes` are work space that the caller wipes. */
void lk_poly_sample_cbd(lk_poly *out, lk_sponge *sponge, uint8_t bytes[128], const uint8_t seed[32],
                        uint8_t nonce);

/* lk_poly_ntt is NTT, Algorithm 9, in place: from coefficients within ±q to some within ±q/2. */
void lk_poly_ntt(lk_poly *p);

/* lk_poly_inverse_ntt is NTT^-1, Algorithm 10, in place: from within ±q to within ±q. */
void lk_poly_inverse_ntt(lk_poly *p);

/* lk_poly_prepare makes a factor of the NTT `p`, any coefficients. */
void lk_poly_prepare(lk_poly_factor *out, const lk_poly *p);

/* lk_poly_dot is the sum of a[i] times b[i] for i < k, 3 or 4, as NTTs (MultiplyNTTs, Algorithm 11;
 * §2.4.7). `a` in [0, 4095]; the result within ±q. */
void lk_poly_dot(lk_poly *out, const lk_poly *a, const lk_poly_factor *b, unsigned k);

/* lk_poly_add and lk_poly_subtract do so coefficient by coefficient without reduction. */
void lk_poly_add(lk_poly *to, const lk_poly *p);
void lk_poly_subtract(lk_poly *from, const lk_poly *p);

/* ByteEncode_12 and ByteDecode_12, Algorithms 5 and 6: encoding takes any coefficients and reduces
 * them to [0, q); decoding yields [0, 4095], and false if any is not below q (FIPS 203 §7.2). */
void lk_poly_encode12(uint8_t out[384], const lk_poly *p);
bool lk_poly_decode12(lk_poly *out, const uint8_t bytes[384]);

/* ByteEncode_d(Compress_d(p)) for any coefficients, and Decompress_d(ByteDecode_d(bytes)) to [0, q)
 * (§4.2.1): 32 d bytes for a `d` of 4, 5, 10 or 11. */
void lk_poly_compress(uint8_t *out, const lk_poly *p, unsigned d);
void lk_poly_decompress(lk_poly *out, const uint8_t *bytes, unsigned d);

/* The same for d = 1. */
void lk_poly_compress1(uint8_t out[32], const lk_poly *p);
void lk_poly_decompress1(lk_poly *out, const uint8_t bytes[32]);

#endif
