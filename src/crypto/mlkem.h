/*
 * mlkem.h - ML-KEM-768 and ML-KEM-1024 (FIPS 203): key encapsulation where libcrypto has none.
 *
 * Randomness comes in as an argument, nothing is allocated, and whatever is derived from a secret
 * is wiped from the stack before a function returns. Time and memory access depend on public values
 * alone: the parameter set, the encapsulation key (its seed rho decides how long the matrix takes
 * to sample) and the lengths. Arguments may not overlap, and all results are the caller's.
 */
#ifndef LK_CRYPTO_MLKEM_H
#define LK_CRYPTO_MLKEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Sizes in bytes (FIPS 203 §8, table 3). */
#define LK_MLKEM768_PUBLIC      1184 /* encapsulation key */
#define LK_MLKEM768_PRIVATE     2400 /* decapsulation key, expanded */
#define LK_MLKEM768_CIPHERTEXT  1088
#define LK_MLKEM1024_PUBLIC     1568
#define LK_MLKEM1024_PRIVATE    3168
#define LK_MLKEM1024_CIPHERTEXT 1568
#define LK_MLKEM_SHARED         32 /* these in all sets */
#define LK_MLKEM_SEED           64 /* d || z */
#define LK_MLKEM_MESSAGE        32 /* m */

/* A parameter set (§8, table 2; eta_1 and eta_2 are 2 in both), and what follows from it. */
typedef struct lk_mlkem_set {
    uint8_t k, du, dv;
    uint16_t public, private_len, ciphertext; /* bytes */
} lk_mlkem_set;
extern const lk_mlkem_set lk_mlkem_768, lk_mlkem_1024;

/* lk_mlkem_keygen is ML-KEM.KeyGen_internal(d, z), Algorithm 16: it writes the encapsulation key
 * and the decapsulation key, set->public and set->private_len bytes, that come of a fresh random
 * `seed`. The private key is secret; the caller wipes both it and the seed. */
void lk_mlkem_keygen(const lk_mlkem_set *set, uint8_t *ek, uint8_t *dk,
                     const uint8_t seed[LK_MLKEM_SEED]);

/* lk_mlkem_encaps is ML-KEM.Encaps_internal(ek, m), Algorithm 17, after the checks of §7.2: it
 * writes a ciphertext, set->ciphertext bytes, and the secret that it carries, from 32 fresh random
 * bytes `m`. False, with nothing written, if the key of a peer has the wrong length or a
 * coefficient that is not below q. */
bool lk_mlkem_encaps(const lk_mlkem_set *set, uint8_t *ct, uint8_t ss[LK_MLKEM_SHARED],
                     const uint8_t *ek, size_t ek_len, const uint8_t m[LK_MLKEM_MESSAGE]);

/* lk_mlkem_decaps is ML-KEM.Decaps_internal(dk, c), Algorithm 18: it writes the secret that `ct`
 * carries or, for a ciphertext that no encapsulation makes, one that looks the same and that nobody
 * else can know (implicit rejection), so that the caller cannot tell. `dk` is one that
 * lk_mlkem_keygen made for the same set; it is not checked (§7.3). False, with nothing written,
 * only if the ciphertext has the wrong length. */
bool lk_mlkem_decaps(const lk_mlkem_set *set, uint8_t ss[LK_MLKEM_SHARED], const uint8_t *dk,
                     const uint8_t *ct, size_t ct_len);

#endif
