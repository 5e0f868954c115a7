#include "crypto/mlkem.h"

#include <string.h>

#include "crypto/mlkem_poly.h"
#include "util/secret.h"

/* LK_DECLASSIFY marks bytes that were computed from a secret and are public: what follows may
 * branch on them. It is of use to the constant-time test, which runs with secrets that valgrind
 * takes for undefined. */
#ifdef LK_CONSTANT_TIME_TEST
#include <valgrind/memcheck.h>
#define LK_DECLASSIFY(p, n) (void)VALGRIND_MAKE_MEM_DEFINED(p, n)
#else
#define LK_DECLASSIFY(p, n) (void)0
#endif

enum {
    K_MAX = LK_MLKEM_K_MAX,
    POLY = 384, /* bytes of an encoded NTT */
    CIPHERTEXT_MAX = LK_MLKEM1024_CIPHERTEXT
};

const lk_mlkem_set lk_mlkem_768 = {
    3, 10, 4, LK_MLKEM768_PUBLIC, LK_MLKEM768_PRIVATE, LK_MLKEM768_CIPHERTEXT};
const lk_mlkem_set lk_mlkem_1024 = {
    4, 11, 5, LK_MLKEM1024_PUBLIC, LK_MLKEM1024_PRIVATE, LK_MLKEM1024_CIPHERTEXT};

/* An encapsulation key is t, k encoded NTTs, then rho (Algorithm 13, line 19). */
static size_t t_len(const lk_mlkem_set *set) {
    return (size_t)set->k * POLY;
}

/* A ciphertext is u, d_u bits a coefficient, then v, d_v (Algorithm 14). */
static size_t u_poly(const lk_mlkem_set *set) {
    return 32U * set->du;
}

/* A decapsulation key is s, as long as t, then ek, H(ek), z (Algorithm 16, line 3). */
static size_t dk_hash(const lk_mlkem_set *set) {
    return t_len(set) + set->public;
}

static size_t dk_z(const lk_mlkem_set *set) {
    return dk_hash(set) + 32;
}

/* G of §4.1: SHA3-512 of 32 bytes and some more. */
static void hash_g(uint8_t out[64], lk_sponge *sponge, const uint8_t first[32], const uint8_t *rest,
                   size_t rest_len) {
    lk_sponge_start(sponge, LK_SPONGE_SHA3_512);
    lk_sponge_absorb(sponge, first, 32);
    lk_sponge_absorb(sponge, rest, rest_len);
    lk_sponge_finish(sponge);
    lk_sponge_squeeze(sponge, out, 64);
}

/* J of §4.1: SHAKE256 of z and the ciphertext. */
static void hash_j(uint8_t out[32], lk_sponge *sponge, const uint8_t z[32], const uint8_t *ct,
                   size_t ct_len) {
    lk_sponge_start(sponge, LK_SPONGE_SHAKE256);
    lk_sponge_absorb(sponge, z, 32);
    lk_sponge_absorb(sponge, ct, ct_len);
    lk_sponge_finish(sponge);
    lk_sponge_squeeze(sponge, out, 32);
}

void lk_mlkem_keygen(const lk_mlkem_set *set, uint8_t *ek, uint8_t *dk,
                     const uint8_t seed[LK_MLKEM_SEED]) {
    struct {
        lk_sponge sponge;
        uint8_t rho_sigma[64], bytes[128];
        lk_poly noise, t;
        lk_poly_factor s[K_MAX];
    } w;
    lk_poly row[K_MAX]; /* of the matrix A, which is public */
    const uint8_t *rho = w.rho_sigma, *sigma = w.rho_sigma + 32;

    /* Copied before the calls, z is not kept by the compiler in the frame across them. */
    memcpy(dk + dk_z(set), seed + 32, 32);

    /* K-PKE.KeyGen(d), Algorithm 13 */
    hash_g(w.rho_sigma, &w.sponge, seed, &set->k, 1);
    LK_DECLASSIFY(rho, 32);
    for (uint8_t i = 0; i < set->k; i++) {
        lk_poly_sample_cbd(&w.noise, &w.sponge, w.bytes, sigma, i);
        lk_poly_ntt(&w.noise);
        lk_poly_encode12(dk + i * POLY, &w.noise);
        lk_poly_prepare(&w.s[i], &w.noise);
    }
    for (uint8_t i = 0; i < set->k; i++) {
        for (uint8_t j = 0; j < set->k; j++)
            lk_poly_sample_ntt(&row[j], &w.sponge, rho, j, i);
        lk_poly_dot(&w.t, row, w.s, set->k);
        lk_poly_sample_cbd(&w.noise, &w.sponge, w.bytes, sigma, (uint8_t)(set->k + i));
        lk_poly_ntt(&w.noise);
        lk_poly_add(&w.t, &w.noise);
        lk_poly_encode12(ek + i * POLY, &w.t);
    }
    memcpy(ek + t_len(set), rho, 32);

    /* ML-KEM.KeyGen_internal(d, z), Algorithm 16 */
    memcpy(dk + t_len(set), ek, set->public);
    lk_sha3_256(dk + dk_hash(set), ek, set->public);
    lk_wipe(&w, sizeof w);
}

/* decode_t reads t of an encapsulation key. False if a coefficient is not below q, which is what
 * the modulus check of §7.2 finds by encoding again what was decoded. */
static bool decode_t(const lk_mlkem_set *set, lk_poly t[K_MAX], const uint8_t *ek) {
    bool good = true;
    for (size_t i = 0; i < set->k; i++)
        good &= lk_poly_decode12(&t[i], ek + i * POLY);
    return good;
}

/* encrypt is K-PKE.Encrypt(ek, m, r), Algorithm 14, with t decoded by the caller. */
static void encrypt(const lk_mlkem_set *set, uint8_t *ct, const lk_poly t[K_MAX],
                    const uint8_t rho[32], const uint8_t m[32], const uint8_t r[32]) {
    struct {
        lk_sponge sponge;
        uint8_t bytes[128];
        lk_poly noise, sum;
        lk_poly_factor y[K_MAX];
    } w;
    lk_poly column[K_MAX]; /* of the matrix A, which is public */

    for (uint8_t i = 0; i < set->k; i++) {
        lk_poly_sample_cbd(&w.noise, &w.sponge, w.bytes, r, i);
        lk_poly_ntt(&w.noise);
        lk_poly_prepare(&w.y[i], &w.noise);
    }
    for (uint8_t i = 0; i < set->k; i++) {
        for (uint8_t j = 0; j < set->k; j++)
            lk_poly_sample_ntt(&column[j], &w.sponge, rho, i, j);
        lk_poly_dot(&w.sum, column, w.y, set->k);
        lk_poly_inverse_ntt(&w.sum);
        lk_poly_sample_cbd(&w.noise, &w.sponge, w.bytes, r, (uint8_t)(set->k + i));
        lk_poly_add(&w.sum, &w.noise);
        lk_poly_compress(ct + i * u_poly(set), &w.sum, set->du);
    }
    lk_poly_dot(&w.sum, t, w.y, set->k);
    lk_poly_inverse_ntt(&w.sum);
    lk_poly_sample_cbd(&w.noise, &w.sponge, w.bytes, r, (uint8_t)(2 * set->k));
    lk_poly_add(&w.sum, &w.noise);
    lk_poly_decompress1(&w.noise, m);
    lk_poly_add(&w.sum, &w.noise);
    lk_poly_compress(ct + set->k * u_poly(set), &w.sum, set->dv);
    lk_wipe(&w, sizeof w);
}

/* decrypt is K-PKE.Decrypt(dk, c), Algorithm 15. */
static void decrypt(const lk_mlkem_set *set, uint8_t m[32], const uint8_t *dk, const uint8_t *ct) {
    struct {
        lk_poly s[K_MAX], product, v;
        lk_poly_factor u[K_MAX];
    } w;
    for (size_t i = 0; i < set->k; i++) {
        lk_poly_decompress(&w.v, ct + i * u_poly(set), set->du);
        lk_poly_ntt(&w.v);
        lk_poly_prepare(&w.u[i], &w.v);
        lk_poly_decode12(&w.s[i], dk + i * POLY);
    }
    lk_poly_dot(&w.product, w.s, w.u, set->k);
    lk_poly_inverse_ntt(&w.product);
    lk_poly_decompress(&w.v, ct + set->k * u_poly(set), set->dv);
    lk_poly_subtract(&w.v, &w.product);
    lk_poly_compress1(m, &w.v);
    lk_wipe(&w, sizeof w);
}

bool lk_mlkem_encaps(const lk_mlkem_set *set, uint8_t *ct, uint8_t ss[LK_MLKEM_SHARED],
                     const uint8_t *ek, size_t ek_len, const uint8_t m[LK_MLKEM_MESSAGE]) {
    lk_poly t[K_MAX];
    if (ek_len != set->public || !decode_t(set, t, ek))
        return false;
    struct {
        lk_sponge sponge;
        uint8_t hash[32], secret_r[64]; /* K and r of Algorithm 17 */
    } w;
    lk_sha3_256(w.hash, ek, set->public);
    hash_g(w.secret_r, &w.sponge, m, w.hash, sizeof w.hash);
    encrypt(set, ct, t, ek + t_len(set), m, w.secret_r + 32);
    memcpy(ss, w.secret_r, LK_MLKEM_SHARED);
    lk_wipe(&w, sizeof w);
    return true;
}

bool lk_mlkem_decaps(const lk_mlkem_set *set, uint8_t ss[LK_MLKEM_SHARED], const uint8_t *dk,
                     const uint8_t *ct, size_t ct_len) {
    if (ct_len != set->ciphertext)
        return false;
    struct {
        lk_sponge sponge;
        /* m', K' and r', K-bar, c' of Algorithm 18 */
        uint8_t m[32], secret_r[64], rejected[32], ct[CIPHERTEXT_MAX];
    } w;
    lk_poly t[K_MAX];
    const uint8_t *ek = dk + t_len(set);
    decrypt(set, w.m, dk, ct);
    hash_g(w.secret_r, &w.sponge, w.m, dk + dk_hash(set), 32);
    hash_j(w.rejected, &w.sponge, dk + dk_z(set), ct, set->ciphertext);
    decode_t(set, t, ek);
    encrypt(set, w.ct, t, ek + t_len(set), w.m, w.secret_r + 32);
    /* Which of the two secrets it is may not show (line 9 is no branch here): a mask picks it. */
    uint32_t same = 0 - lk_hide(lk_ct_equal(ct, w.ct, set->ciphertext));
    for (size_t i = 0; i < LK_MLKEM_SHARED; i++)
        ss[i] = (uint8_t)((w.secret_r[i] & same) | (w.rejected[i] & ~same));
    lk_wipe(&w, sizeof w);
    return true;
}
