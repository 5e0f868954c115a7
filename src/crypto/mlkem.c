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
    K = LK_MLKEM_K,
    /* An encapsulation key is t, three encoded NTTs, then rho (Algorithm 13, line 19). */
    T_POLY = 384,
    T_LEN = K * T_POLY,
    /* A ciphertext is u, ten bits a coefficient, then v, four (d_u and d_v of §8; Algorithm 14). */
    U_POLY = 320,
    U_LEN = K * U_POLY,
    /* A decapsulation key is s, as long as t, then ek, H(ek), z (Algorithm 16, line 3). */
    DK_EK = T_LEN,
    DK_HASH = DK_EK + LK_MLKEM768_PUBLIC,
    DK_Z = DK_HASH + 32
};

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
static void hash_j(uint8_t out[32], lk_sponge *sponge, const uint8_t z[32],
                   const uint8_t ct[LK_MLKEM768_CIPHERTEXT]) {
    lk_sponge_start(sponge, LK_SPONGE_SHAKE256);
    lk_sponge_absorb(sponge, z, 32);
    lk_sponge_absorb(sponge, ct, LK_MLKEM768_CIPHERTEXT);
    lk_sponge_finish(sponge);
    lk_sponge_squeeze(sponge, out, 32);
}

void lk_mlkem768_keygen(uint8_t ek[LK_MLKEM768_PUBLIC], uint8_t dk[LK_MLKEM768_PRIVATE],
                        const uint8_t seed[LK_MLKEM768_SEED]) {
    struct {
        lk_sponge sponge;
        uint8_t rho_sigma[64], bytes[128];
        lk_poly noise, t;
        lk_poly_factor s[K];
    } w;
    lk_poly row[K]; /* of the matrix A, which is public */
    const uint8_t *rho = w.rho_sigma, *sigma = w.rho_sigma + 32;

    /* Copied before the calls, z is not kept by the compiler in the frame across them. */
    memcpy(dk + DK_Z, seed + 32, 32);

    /* K-PKE.KeyGen(d), Algorithm 13 */
    hash_g(w.rho_sigma, &w.sponge, seed, (const uint8_t[1]){K}, 1);
    LK_DECLASSIFY(rho, 32);
    for (uint8_t i = 0; i < K; i++) {
        lk_poly_sample_cbd(&w.noise, &w.sponge, w.bytes, sigma, i);
        lk_poly_ntt(&w.noise);
        lk_poly_encode12(dk + i * T_POLY, &w.noise);
        lk_poly_prepare(&w.s[i], &w.noise);
    }
    for (uint8_t i = 0; i < K; i++) {
        for (uint8_t j = 0; j < K; j++)
            lk_poly_sample_ntt(&row[j], &w.sponge, rho, j, i);
        lk_poly_dot(&w.t, row, w.s);
        lk_poly_sample_cbd(&w.noise, &w.sponge, w.bytes, sigma, (uint8_t)(K + i));
        lk_poly_ntt(&w.noise);
        lk_poly_add(&w.t, &w.noise);
        lk_poly_encode12(ek + i * T_POLY, &w.t);
    }
    memcpy(ek + T_LEN, rho, 32);

    /* ML-KEM.KeyGen_internal(d, z), Algorithm 16 */
    memcpy(dk + DK_EK, ek, LK_MLKEM768_PUBLIC);
    lk_sha3_256(dk + DK_HASH, ek, LK_MLKEM768_PUBLIC);
    lk_wipe(&w, sizeof w);
}

/* decode_t reads t of an encapsulation key. False if a coefficient is not below q, which is what
 * the modulus check of §7.2 finds by encoding again what was decoded. */
static bool decode_t(lk_poly t[K], const uint8_t *ek) {
    bool good = true;
    for (size_t i = 0; i < K; i++)
        good &= lk_poly_decode12(&t[i], ek + i * T_POLY);
    return good;
}

/* encrypt is K-PKE.Encrypt(ek, m, r), Algorithm 14, with t decoded by the caller. */
static void encrypt(uint8_t ct[LK_MLKEM768_CIPHERTEXT], const lk_poly t[K], const uint8_t rho[32],
                    const uint8_t m[32], const uint8_t r[32]) {
    struct {
        lk_sponge sponge;
        uint8_t bytes[128];
        lk_poly noise, sum;
        lk_poly_factor y[K];
    } w;
    lk_poly column[K]; /* of the matrix A, which is public */

    for (uint8_t i = 0; i < K; i++) {
        lk_poly_sample_cbd(&w.noise, &w.sponge, w.bytes, r, i);
        lk_poly_ntt(&w.noise);
        lk_poly_prepare(&w.y[i], &w.noise);
    }
    for (uint8_t i = 0; i < K; i++) {
        for (uint8_t j = 0; j < K; j++)
            lk_poly_sample_ntt(&column[j], &w.sponge, rho, i, j);
        lk_poly_dot(&w.sum, column, w.y);
        lk_poly_inverse_ntt(&w.sum);
        lk_poly_sample_cbd(&w.noise, &w.sponge, w.bytes, r, (uint8_t)(K + i));
        lk_poly_add(&w.sum, &w.noise);
        lk_poly_compress10(ct + i * U_POLY, &w.sum);
    }
    lk_poly_dot(&w.sum, t, w.y);
    lk_poly_inverse_ntt(&w.sum);
    lk_poly_sample_cbd(&w.noise, &w.sponge, w.bytes, r, 2 * K);
    lk_poly_add(&w.sum, &w.noise);
    lk_poly_decompress1(&w.noise, m);
    lk_poly_add(&w.sum, &w.noise);
    lk_poly_compress4(ct + U_LEN, &w.sum);
    lk_wipe(&w, sizeof w);
}

/* decrypt is K-PKE.Decrypt(dk, c), Algorithm 15. */
static void decrypt(uint8_t m[32], const uint8_t *dk, const uint8_t *ct) {
    struct {
        lk_poly s[K], product, v;
        lk_poly_factor u[K];
    } w;
    for (size_t i = 0; i < K; i++) {
        lk_poly_decompress10(&w.v, ct + i * U_POLY);
        lk_poly_ntt(&w.v);
        lk_poly_prepare(&w.u[i], &w.v);
        lk_poly_decode12(&w.s[i], dk + i * T_POLY);
    }
    lk_poly_dot(&w.product, w.s, w.u);
    lk_poly_inverse_ntt(&w.product);
    lk_poly_decompress4(&w.v, ct + U_LEN);
    lk_poly_subtract(&w.v, &w.product);
    lk_poly_compress1(m, &w.v);
    lk_wipe(&w, sizeof w);
}

bool lk_mlkem768_encaps(uint8_t ct[LK_MLKEM768_CIPHERTEXT], uint8_t ss[LK_MLKEM768_SHARED],
                        const uint8_t *ek, size_t ek_len, const uint8_t m[LK_MLKEM768_MESSAGE]) {
    lk_poly t[K];
    if (ek_len != LK_MLKEM768_PUBLIC || !decode_t(t, ek))
        return false;
    struct {
        lk_sponge sponge;
        uint8_t hash[32], secret_r[64]; /* K and r of Algorithm 17 */
    } w;
    lk_sha3_256(w.hash, ek, LK_MLKEM768_PUBLIC);
    hash_g(w.secret_r, &w.sponge, m, w.hash, sizeof w.hash);
    encrypt(ct, t, ek + T_LEN, m, w.secret_r + 32);
    memcpy(ss, w.secret_r, LK_MLKEM768_SHARED);
    lk_wipe(&w, sizeof w);
    return true;
}

bool lk_mlkem768_decaps(uint8_t ss[LK_MLKEM768_SHARED], const uint8_t dk[LK_MLKEM768_PRIVATE],
                        const uint8_t *ct, size_t ct_len) {
    if (ct_len != LK_MLKEM768_CIPHERTEXT)
        return false;
    struct {
        lk_sponge sponge;
        /* m', K' and r', K-bar, c' of Algorithm 18 */
        uint8_t m[32], secret_r[64], rejected[32], ct[LK_MLKEM768_CIPHERTEXT];
    } w;
    lk_poly t[K];
    const uint8_t *ek = dk + DK_EK;
    decrypt(w.m, dk, ct);
    hash_g(w.secret_r, &w.sponge, w.m, dk + DK_HASH, 32);
    hash_j(w.rejected, &w.sponge, dk + DK_Z, ct);
    decode_t(t, ek);
    encrypt(w.ct, t, ek + T_LEN, w.m, w.secret_r + 32);
    /* Which of the two secrets it is may not show (line 9 is no branch here): a mask picks it. */
    uint32_t same = 0 - lk_hide(lk_ct_equal(ct, w.ct, LK_MLKEM768_CIPHERTEXT));
    for (size_t i = 0; i < LK_MLKEM768_SHARED; i++)
        ss[i] = (uint8_t)((w.secret_r[i] & same) | (w.rejected[i] & ~same));
    lk_wipe(&w, sizeof w);
    return true;
}
