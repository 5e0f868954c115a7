#include "crypto/mlkem_poly.h"

#include <string.h>

#include "util/secret.h"

enum { N = LK_MLKEM_N, Q = LK_MLKEM_Q };

/*
 * Arithmetic modulo q in 16-bit words, so that compilers make vectors of the loops.
 *
 * A constant z is kept in Montgomery form (z * 2^16 mod q, centred) beside its product with q^-1
 * modulo 2^16. Conversions to int16_t keep the low 16 bits and shifts of negative numbers are
 * arithmetic: both are defined so by gcc and clang.
 */

/* q^-1 modulo 2^16 */
#define Q_INVERSE (-3327)

/* zeta^BitRev7(i) in Montgomery form, zeta = 17 (FIPS 203 §4.3, Appendix A); then the same times
 * q^-1 modulo 2^16. */
static const int16_t zeta[128] = {
    -1044, -758,  -359,  -1517, 1493,  1422,  287,   202,   -171,  622,   1577,  182,   962,
    -1202, -1474, 1468,  573,   -1325, 264,   383,   -829,  1458,  -1602, -130,  -681,  1017,
    732,   608,   -1542, 411,   -205,  -1571, 1223,  652,   -552,  1015,  -1293, 1491,  -282,
    -1544, 516,   -8,    -320,  -666,  -1618, -1162, 126,   1469,  -853,  -90,   -271,  830,
    107,   -1421, -247,  -951,  -398,  961,   -1508, -725,  448,   -1065, 677,   -1275, -1103,
    430,   555,   843,   -1251, 871,   1550,  105,   422,   587,   177,   -235,  -291,  -460,
    1574,  1653,  -246,  778,   1159,  -147,  -777,  1483,  -602,  1119,  -1590, 644,   -872,
    349,   418,   329,   -156,  -75,   817,   1097,  603,   610,   1322,  -1285, -1465, 384,
    -1215, -136,  1218,  -1335, -874,  220,   -1187, -1659, -1185, -1530, -1278, 794,   -1510,
    -854,  -870,  478,   -108,  -308,  996,   991,   958,   -1460, 1522,  1628,
};
static const int16_t zeta_low[128] = {
    -20,    31498,  14745,  787,    13525,  -12402, 28191,  -16694, -20907, 27758,  -3799,  -15690,
    10690,  1358,   -11202, 31164,  -5827,  17363,  -26360, -29057, 5571,   -1102,  21438,  -26242,
    -28073, 24313,  -10532, 8800,   18426,  8859,   26675,  -16163, -5689,  -6516,  1496,   30967,
    -23565, 20179,  20710,  25080,  -12796, 26616,  16064,  -12442, 9134,   -650,   -25986, 27837,
    19883,  -28250, -15887, -8898,  -28309, 9075,   -30199, 18249,  13426,  14017,  -29156, -12757,
    16832,  4311,   -24155, -17915, -335,   11182,  -11477, 13387,  -32227, -14233, 20494,  -21655,
    -27738, 13131,  945,    -4587,  -14883, 23092,  6182,   5493,   32010,  -32502, 10631,  30317,
    29175,  -18741, -28762, 12639,  -18486, 20100,  17560,  18525,  -14430, 19529,  -5276,  -12619,
    -31183, 20297,  25435,  2146,   -7382,  15355,  24391,  -32384, -20927, -6280,  10946,  -14903,
    24214,  -11044, 16989,  14469,  10335,  -21498, -7934,  -20198, -22502, 23210,  10906,  -17442,
    31636,  -23860, 28644,  -20257, 23998,  7756,   -17422, 23132,
};

/* times returns a * z modulo q for the constant z, within ±(|a|/39 + q/2), so within ±0.8 q for any
 * `a`. The low halves of a * z and low * q are equal: the difference of the high ones is exact. */
static inline int16_t times(int16_t a, int16_t z, int16_t z_low) {
    int16_t low = (int16_t)(a * z_low);
    return (int16_t)((a * z >> 16) - (low * Q >> 16));
}

/* reduce is Barrett's reduction of any 16-bit number to within ±q/2; 20159 is 2^26/q rounded. */
static inline int16_t reduce(int16_t a) {
    int16_t quotient = (int16_t)(((a * 20159 >> 16) + 512) >> 10);
    return (int16_t)(a - quotient * Q);
}

/* canonical reduces to [0, q): a negative remainder has q added by its sign mask. */
static inline uint16_t canonical(int16_t a) {
    int16_t r = reduce(a);
    return (uint16_t)(r + ((r >> 15) & Q));
}

/*
 * The layers of the transforms. Always inlined: with `half` a constant the inner loop has a known
 * count and vectorises.
 */

/* One layer of Algorithm 9, `len` = half. The bound grows by 0.8 q: seven layers stay below 7 q. */
static inline __attribute__((always_inline)) void layer(int16_t *c, size_t half) {
    size_t i = N / 2 / half;
    for (size_t start = 0; start < N; start += 2 * half, i++) {
        int16_t *low = c + start, *high = low + half, z = zeta[i], z_low = zeta_low[i];
        for (size_t j = 0; j < half; j++) {
            int16_t t = times(high[j], z, z_low);
            high[j] = (int16_t)(low[j] - t);
            low[j] = (int16_t)(low[j] + t);
        }
    }
}

/* One layer of Algorithm 10, `len` = half. Sums double the bound, which may be 4 q at most,
 * and are then to be reduced. */
static inline __attribute__((always_inline)) void inverse_layer(int16_t *c, size_t half,
                                                                bool reduced) {
    size_t i = N / half - 1;
    for (size_t start = 0; start < N; start += 2 * half, i--) {
        int16_t *low = c + start, *high = low + half, z = zeta[i], z_low = zeta_low[i];
        for (size_t j = 0; j < half; j++) {
            int16_t a = low[j], b = high[j], sum = (int16_t)(a + b);
            low[j] = reduced ? reduce(sum) : sum;
            high[j] = times((int16_t)(b - a), z, z_low);
        }
    }
}

void lk_poly_ntt(lk_poly *p) {
    layer(p->c, 128);
    layer(p->c, 64);
    layer(p->c, 32);
    layer(p->c, 16);
    layer(p->c, 8);
    layer(p->c, 4);
    layer(p->c, 2);
    for (size_t j = 0; j < N; j++)
        p->c[j] = reduce(p->c[j]);
}

void lk_poly_inverse_ntt(lk_poly *p) {
    int16_t *c = p->c;
    inverse_layer(c, 2, false);
    inverse_layer(c, 4, false);
    inverse_layer(c, 8, true);
    inverse_layer(c, 16, false);
    inverse_layer(c, 32, false);
    inverse_layer(c, 64, true);
    /* The last layer takes Algorithm 10's final factor 128^-1 with it, so its two constants are
     * that, and that times zeta^BitRev7(1). */
    for (size_t j = 0; j < N / 2; j++) {
        int16_t a = c[j], b = c[j + N / 2];
        c[j] = times((int16_t)(a + b), 512, 512);
        c[j + N / 2] = times((int16_t)(b - a), -266, -32522);
    }
}

void lk_poly_prepare(lk_poly_factor *restrict out, const lk_poly *restrict p) {
    /* In steps of two of Algorithm 11's pairs: its zeta^(2 BitRev7(i) + 1) is for an even i the
     * constant of layer 2 at the same place, and for the next one minus that. */
    for (size_t i = 0; i < N / 4; i++) {
        int16_t z = zeta[N / 4 + i], z_low = zeta_low[N / 4 + i];
        /* 1353 is 2^32 mod q: times 2^16, to Montgomery form. */
        int16_t b0 = times(p->c[4 * i], 1353, 20553), b1 = times(p->c[4 * i + 1], 1353, 20553);
        int16_t b2 = times(p->c[4 * i + 2], 1353, 20553), b3 = times(p->c[4 * i + 3], 1353, 20553);
        out->straight[4 * i] = b0;
        out->straight[4 * i + 1] = times(b1, z, z_low);
        out->straight[4 * i + 2] = b2;
        out->straight[4 * i + 3] = (int16_t)-times(b3, z, z_low);
        out->crossed[4 * i] = b1;
        out->crossed[4 * i + 1] = b0;
        out->crossed[4 * i + 2] = b3;
        out->crossed[4 * i + 3] = b2;
    }
}

static inline int32_t pair(const int16_t *a, const int16_t *b) {
    return a[0] * b[0] + a[1] * b[1];
}

/* Montgomery's reduction of less than 2^15 q to within ±q; divides by 2^16. */
static inline int16_t divide(int32_t v) {
    int16_t low = (int16_t)((int16_t)v * Q_INVERSE);
    return (int16_t)((v - low * Q) >> 16);
}

/* Eight products of at most 4095 * 0.76 q are below 2^15 q. Always inlined, for k to be a constant.
 */
static inline __attribute__((always_inline)) void dot(lk_poly *restrict out,
                                                      const lk_poly *restrict a,
                                                      const lk_poly_factor *restrict b,
                                                      unsigned k) {
    for (size_t i = 0; i < N; i += 2) {
        int32_t even = pair(a[0].c + i, b[0].straight + i) + pair(a[1].c + i, b[1].straight + i) +
                       pair(a[2].c + i, b[2].straight + i);
        int32_t odd = pair(a[0].c + i, b[0].crossed + i) + pair(a[1].c + i, b[1].crossed + i) +
                      pair(a[2].c + i, b[2].crossed + i);
        if (k == 4) {
            even += pair(a[3].c + i, b[3].straight + i);
            odd += pair(a[3].c + i, b[3].crossed + i);
        }
        out->c[i] = divide(even);
        out->c[i + 1] = divide(odd);
    }
}

void lk_poly_dot(lk_poly *restrict out, const lk_poly *restrict a, const lk_poly_factor *restrict b,
                 unsigned k) {
    if (k == 3)
        dot(out, a, b, 3);
    else
        dot(out, a, b, 4);
}

void lk_poly_add(lk_poly *to, const lk_poly *p) {
    for (size_t j = 0; j < N; j++)
        to->c[j] = (int16_t)(to->c[j] + p->c[j]);
}

void lk_poly_subtract(lk_poly *from, const lk_poly *p) {
    for (size_t j = 0; j < N; j++)
        from->c[j] = (int16_t)(from->c[j] - p->c[j]);
}

/*
 * Sampling.
 */

void lk_poly_sample_ntt(lk_poly *out, lk_sponge *sponge, const uint8_t rho[32], uint8_t x,
                        uint8_t y) {
    uint8_t block[LK_SHAKE128_RATE];
    /* Every candidate is stored and an accepted one moves the end on, without a branch that cannot
     * be predicted; hence room for the candidates of one block behind the last coefficient. */
    int16_t found[N + sizeof block / 3 * 2];
    size_t n = 0;
    lk_sponge_start(sponge, LK_SPONGE_SHAKE128);
    lk_sponge_absorb(sponge, rho, 32);
    lk_sponge_absorb(sponge, (const uint8_t[2]){x, y}, 2);
    lk_sponge_finish(sponge);
    while (n < N) {
        lk_sponge_squeeze(sponge, block, sizeof block);
        for (size_t i = 0; i < sizeof block; i += 3) {
            int d1 = block[i] | (block[i + 1] & 15) << 8,
                d2 = block[i + 1] >> 4 | block[i + 2] << 4;
            found[n] = (int16_t)d1;
            n += d1 < Q;
            found[n] = (int16_t)d2;
            n += d2 < Q;
        }
    }
    memcpy(out->c, found, sizeof out->c);
}

void lk_poly_sample_cbd(lk_poly *restrict out, lk_sponge *sponge, uint8_t bytes[restrict 128],
                        const uint8_t seed[32], uint8_t nonce) {
    lk_sponge_start(sponge, LK_SPONGE_SHAKE256);
    lk_sponge_absorb(sponge, seed, 32);
    lk_sponge_absorb(sponge, &nonce, 1);
    lk_sponge_finish(sponge);
    lk_sponge_squeeze(sponge, bytes, 128);
    for (size_t i = 0; i < 128; i++) {
        /* Each pair of bits becomes the number of ones in it; a coefficient is the difference of
         * two such numbers. */
        int ones = (bytes[i] & 0x55) + (bytes[i] >> 1 & 0x55);
        out->c[2 * i] = (int16_t)((ones & 3) - (ones >> 2 & 3));
        out->c[2 * i + 1] = (int16_t)((ones >> 4 & 3) - (ones >> 6));
    }
}

/*
 * Bytes: eight coefficients of d bits are d bytes, little-endian. They go through two words of 4 d
 * bits each, then through one of 64 and the rest. Always inlined, for d to be a constant.
 */

/* `n` is 2, 3, 4, 5 or 8; without a loop, compilers make one access of it. */
static inline __attribute__((always_inline)) void store(uint8_t *out, uint64_t bits, unsigned n) {
    out[0] = (uint8_t)bits;
    out[1] = (uint8_t)(bits >> 8);
    if (n > 2)
        out[2] = (uint8_t)(bits >> 16);
    if (n > 3)
        out[3] = (uint8_t)(bits >> 24);
    if (n > 4)
        out[4] = (uint8_t)(bits >> 32);
    if (n > 5) {
        out[5] = (uint8_t)(bits >> 40);
        out[6] = (uint8_t)(bits >> 48);
        out[7] = (uint8_t)(bits >> 56);
    }
}

static inline __attribute__((always_inline)) uint64_t load(const uint8_t *p, unsigned n) {
    uint64_t bits = p[0] | (uint64_t)p[1] << 8;
    if (n > 2)
        bits |= (uint64_t)p[2] << 16;
    if (n > 3)
        bits |= (uint64_t)p[3] << 24;
    if (n > 4)
        bits |= (uint64_t)p[4] << 32;
    if (n > 5)
        bits |= (uint64_t)p[5] << 40 | (uint64_t)p[6] << 48 | (uint64_t)p[7] << 56;
    return bits;
}

static inline uint64_t join(const uint16_t v[4], unsigned d) {
    return v[0] | (uint64_t)v[1] << d | (uint64_t)v[2] << 2 * d | (uint64_t)v[3] << 3 * d;
}

static inline void split(int16_t v[4], uint64_t bits, unsigned d) {
    const uint64_t mask = (1U << d) - 1;
    v[0] = (int16_t)(bits & mask);
    v[1] = (int16_t)(bits >> d & mask);
    v[2] = (int16_t)(bits >> 2 * d & mask);
    v[3] = (int16_t)(bits >> 3 * d & mask);
}

/* ByteEncode_d, Algorithm 5. */
static inline __attribute__((always_inline)) void
encode(uint8_t *restrict out, const uint16_t v[restrict LK_MLKEM_N], unsigned d) {
    for (size_t i = 0; i < N; i += 8, out += d) {
        uint64_t low = join(v + i, d), high = join(v + i + 4, d);
        store(out, low | high << 4 * d, d < 8 ? d : 8);
        if (d > 8)
            store(out + 8, high >> (64 - 4 * d), d - 8);
    }
}

/* ByteDecode_d, Algorithm 6, without its reduction for d = 12. */
static inline __attribute__((always_inline)) void
decode(int16_t v[restrict LK_MLKEM_N], const uint8_t *restrict bytes, unsigned d) {
    for (size_t i = 0; i < N; i += 8, bytes += d) {
        uint64_t low = load(bytes, d < 8 ? d : 8), high = low >> 4 * d;
        if (d > 8)
            high |= load(bytes + 8, d - 8) << (64 - 4 * d);
        split(v + i, low, d);
        split(v + i + 4, high, d);
    }
}

void lk_poly_encode12(uint8_t out[384], const lk_poly *p) {
    uint16_t v[N];
    for (size_t j = 0; j < N; j++)
        v[j] = canonical(p->c[j]);
    encode(out, v, 12);
    lk_wipe(v, sizeof v);
}

bool lk_poly_decode12(lk_poly *out, const uint8_t bytes[384]) {
    int above = 0;
    decode(out->c, bytes, 12);
    for (size_t j = 0; j < N; j++)
        above |= Q - 1 - out->c[j];
    return above >= 0;
}

/*
 * Compress_d(x) = round(2^d / q * x) mod 2^d (§4.2.1) by a multiplication and a shift, as the time
 * of a division depends on the dividend. 322542 is 2^30 / q rounded, and the addend one half,
 * lowered by about what the multiplier is too large; right for every x in [0, q) and d up to 11.
 */
static inline __attribute__((always_inline)) uint16_t compressed(int16_t c, unsigned d) {
    return (uint16_t)((canonical(c) * 322542U + (1U << (29 - d)) - 200) >> (30 - d) &
                      ((1U << d) - 1));
}

static inline __attribute__((always_inline)) void compress(uint8_t *out, const lk_poly *p,
                                                           unsigned d) {
    uint16_t v[N];
    for (size_t j = 0; j < N; j++)
        v[j] = compressed(p->c[j], d);
    encode(out, v, d);
    lk_wipe(v, sizeof v);
}

void lk_poly_compress(uint8_t *out, const lk_poly *p, unsigned d) {
    switch (d) {
    case 4:
        compress(out, p, 4);
        break;
    case 5:
        compress(out, p, 5);
        break;
    case 10:
        compress(out, p, 10);
        break;
    default:
        compress(out, p, 11);
    }
}

void lk_poly_compress1(uint8_t out[32], const lk_poly *p) {
    uint16_t v[N];
    for (size_t j = 0; j < N; j++)
        v[j] = compressed(p->c[j], 1);
    for (size_t i = 0, j = 0; i < 32; i++, j += 8)
        out[i] = (uint8_t)(v[j] | v[j + 1] << 1 | v[j + 2] << 2 | v[j + 3] << 3 | v[j + 4] << 4 |
                           v[j + 5] << 5 | v[j + 6] << 6 | v[j + 7] << 7);
    lk_wipe(v, sizeof v);
}

/* Decompress_d(y) = round(q / 2^d * y) */
static inline __attribute__((always_inline)) void decompress(lk_poly *out, const uint8_t *bytes,
                                                             unsigned d) {
    decode(out->c, bytes, d);
    for (size_t j = 0; j < N; j++)
        out->c[j] = (int16_t)((out->c[j] * Q + (1 << (d - 1))) >> d);
}

void lk_poly_decompress(lk_poly *out, const uint8_t *bytes, unsigned d) {
    switch (d) {
    case 4:
        decompress(out, bytes, 4);
        break;
    case 5:
        decompress(out, bytes, 5);
        break;
    case 10:
        decompress(out, bytes, 10);
        break;
    default:
        decompress(out, bytes, 11);
    }
}

void lk_poly_decompress1(lk_poly *out, const uint8_t bytes[32]) {
    for (size_t j = 0; j < N; j++) {
        uint32_t mask = 0 - lk_hide(bytes[j / 8] >> j % 8 & 1);
        out->c[j] = (int16_t)(mask & (Q + 1) / 2);
    }
}
