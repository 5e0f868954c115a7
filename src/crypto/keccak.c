#include "crypto/keccak.h"

#include <string.h>

#include "util/secret.h"

/* The constants of step iota, FIPS 202 §3.2.5. */
static const uint64_t round_constant[24] = {
    0x0000000000000001, 0x0000000000008082, 0x800000000000808a, 0x8000000080008000,
    0x000000000000808b, 0x0000000080000001, 0x8000000080008081, 0x8000000000008009,
    0x000000000000008a, 0x0000000000000088, 0x0000000080008009, 0x000000008000000a,
    0x000000008000808b, 0x800000000000008b, 0x8000000000008089, 0x8000000000008003,
    0x8000000000008002, 0x8000000000000080, 0x000000000000800a, 0x800000008000000a,
    0x8000000080008081, 0x8000000000008080, 0x0000000080000001, 0x8000000080008008,
};

static inline uint64_t rotate(uint64_t v, unsigned n) {
    return v << n | v >> (64 - n);
}

/* chi mixes one plane of five lanes, FIPS 202 §3.2.4. */
static inline void chi(uint64_t plane[5], uint64_t b0, uint64_t b1, uint64_t b2, uint64_t b3,
                       uint64_t b4) {
    plane[0] = b0 ^ (~b1 & b2);
    plane[1] = b1 ^ (~b2 & b3);
    plane[2] = b2 ^ (~b3 & b4);
    plane[3] = b3 ^ (~b4 & b0);
    plane[4] = b4 ^ (~b0 & b1);
}

/*
 * One round (FIPS 202 §3.3) from `a` to `e`. Lane (x, y) of the output of pi is lane (x + 3y, x) of
 * its input (§3.2.3), so each line below gathers one plane: theta's column parity is added
 * (§3.2.1), rho's offset applied (§3.2.2), and chi runs on the five results.
 */
static inline void keccak_round(uint64_t e[25], const uint64_t a[25], uint64_t constant) {
    uint64_t c0 = a[0] ^ a[5] ^ a[10] ^ a[15] ^ a[20];
    uint64_t c1 = a[1] ^ a[6] ^ a[11] ^ a[16] ^ a[21];
    uint64_t c2 = a[2] ^ a[7] ^ a[12] ^ a[17] ^ a[22];
    uint64_t c3 = a[3] ^ a[8] ^ a[13] ^ a[18] ^ a[23];
    uint64_t c4 = a[4] ^ a[9] ^ a[14] ^ a[19] ^ a[24];
    uint64_t d0 = c4 ^ rotate(c1, 1);
    uint64_t d1 = c0 ^ rotate(c2, 1);
    uint64_t d2 = c1 ^ rotate(c3, 1);
    uint64_t d3 = c2 ^ rotate(c4, 1);
    uint64_t d4 = c3 ^ rotate(c0, 1);

    chi(e, a[0] ^ d0, rotate(a[6] ^ d1, 44), rotate(a[12] ^ d2, 43), rotate(a[18] ^ d3, 21),
        rotate(a[24] ^ d4, 14));
    e[0] ^= constant;
    chi(e + 5, rotate(a[3] ^ d3, 28), rotate(a[9] ^ d4, 20), rotate(a[10] ^ d0, 3),
        rotate(a[16] ^ d1, 45), rotate(a[22] ^ d2, 61));
    chi(e + 10, rotate(a[1] ^ d1, 1), rotate(a[7] ^ d2, 6), rotate(a[13] ^ d3, 25),
        rotate(a[19] ^ d4, 8), rotate(a[20] ^ d0, 18));
    chi(e + 15, rotate(a[4] ^ d4, 27), rotate(a[5] ^ d0, 36), rotate(a[11] ^ d1, 10),
        rotate(a[17] ^ d2, 15), rotate(a[23] ^ d3, 56));
    chi(e + 20, rotate(a[2] ^ d2, 62), rotate(a[8] ^ d3, 55), rotate(a[14] ^ d4, 39),
        rotate(a[15] ^ d0, 41), rotate(a[21] ^ d1, 2));
}

/* Keccak-f[1600], FIPS 202 §3.3: two rounds a turn, so that no round has to copy the state back. */
static void permute(lk_sponge *s) {
    for (unsigned i = 0; i < 24; i += 2) {
        keccak_round(s->spare, s->lane, round_constant[i]);
        keccak_round(s->lane, s->spare, round_constant[i + 1]);
    }
    s->at = 0;
}

void lk_sponge_start(lk_sponge *s, lk_sponge_kind kind) {
    memset(s, 0, sizeof *s);
    s->rate = kind == LK_SPONGE_SHAKE128   ? LK_SHAKE128_RATE
              : kind == LK_SPONGE_SHA3_512 ? 200 - 2 * LK_SHA3_512_SIZE
                                           : 200 - 2 * LK_SHA3_256_SIZE;
    s->suffix = kind == LK_SPONGE_SHA3_256 || kind == LK_SPONGE_SHA3_512 ? 0x06 : 0x1f;
}

/* Bytes of a lane are little-endian (FIPS 202 B.1); compilers make one load, or store, of these. */
static inline uint64_t load_lane(const uint8_t *p) {
    return (uint64_t)p[0] | (uint64_t)p[1] << 8 | (uint64_t)p[2] << 16 | (uint64_t)p[3] << 24 |
           (uint64_t)p[4] << 32 | (uint64_t)p[5] << 40 | (uint64_t)p[6] << 48 |
           (uint64_t)p[7] << 56;
}

static inline void store_lane(uint8_t *p, uint64_t v) {
    p[0] = (uint8_t)v;
    p[1] = (uint8_t)(v >> 8);
    p[2] = (uint8_t)(v >> 16);
    p[3] = (uint8_t)(v >> 24);
    p[4] = (uint8_t)(v >> 32);
    p[5] = (uint8_t)(v >> 40);
    p[6] = (uint8_t)(v >> 48);
    p[7] = (uint8_t)(v >> 56);
}

static inline void add_byte(lk_sponge *s, size_t at, uint8_t byte) {
    s->lane[at / 8] ^= (uint64_t)byte << at % 8 * 8;
}

void lk_sponge_absorb(lk_sponge *s, const void *p, size_t n) {
    const uint8_t *bytes = p;
    while (n > 0) {
        if (s->at % 8 == 0 && n >= 8) {
            s->lane[s->at / 8] ^= load_lane(bytes);
            s->at += 8;
            bytes += 8;
            n -= 8;
        } else {
            add_byte(s, s->at++, *bytes++);
            n--;
        }
        if (s->at == s->rate)
            permute(s);
    }
}

void lk_sponge_finish(lk_sponge *s) {
    add_byte(s, s->at, s->suffix);
    add_byte(s, s->rate - 1, 0x80);
    permute(s);
}

void lk_sponge_squeeze(lk_sponge *s, void *out, size_t n) {
    uint8_t *bytes = out;
    while (n > 0) {
        if (s->at == s->rate)
            permute(s);
        size_t left = s->rate - s->at < n ? s->rate - s->at : n;
        size_t lanes = s->at % 8 == 0 ? left / 8 : 0;
        for (size_t i = 0; i < lanes; i++)
            store_lane(bytes + 8 * i, s->lane[s->at / 8 + i]);
        s->at += 8 * lanes;
        bytes += 8 * lanes;
        n -= 8 * lanes;
        if (lanes == 0) {
            *bytes++ = (uint8_t)(s->lane[s->at / 8] >> s->at % 8 * 8);
            s->at++;
            n--;
        }
    }
}

static void in_one_call(lk_sponge_kind kind, void *out, size_t out_len, const void *p, size_t n) {
    lk_sponge s;
    lk_sponge_start(&s, kind);
    lk_sponge_absorb(&s, p, n);
    lk_sponge_finish(&s);
    lk_sponge_squeeze(&s, out, out_len);
    lk_wipe(&s, sizeof s);
}

void lk_sha3_256(uint8_t out[LK_SHA3_256_SIZE], const void *p, size_t n) {
    in_one_call(LK_SPONGE_SHA3_256, out, LK_SHA3_256_SIZE, p, n);
}

void lk_sha3_512(uint8_t out[LK_SHA3_512_SIZE], const void *p, size_t n) {
    in_one_call(LK_SPONGE_SHA3_512, out, LK_SHA3_512_SIZE, p, n);
}

void lk_shake256(void *out, size_t out_len, const void *p, size_t n) {
    in_one_call(LK_SPONGE_SHAKE256, out, out_len, p, n);
}
