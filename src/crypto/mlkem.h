/*
 * mlkem.h - ML-KEM-768 (FIPS 203): key encapsulation for X25519MLKEM768 where libcrypto has none.
 *
 * Randomness comes in as an argument, nothing is allocated, and whatever is derived from a secret
 * is wiped from the stack before a function returns. Time and memory access depend on public values
 * alone: the encapsulation key (its seed rho decides how long the matrix takes to sample) and the
 * lengths. Arguments may not overlap, and all results are the caller's.
 */
#ifndef LK_CRYPTO_MLKEM_H
#define LK_CRYPTO_MLKEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Sizes in bytes (FIPS 203 §8, table 3). */
#define LK_MLKEM768_PUBLIC     1184 /* encapsulation key */
#define LK_MLKEM768_PRIVATE    2400 /* decapsulation key, expanded */
#define LK_MLKEM768_CIPHERTEXT 1088
#define LK_MLKEM768_SHARED     32
#define LK_MLKEM768_SEED       64 /* d || z */
#define LK_MLKEM768_MESSAGE    32 /* m */

/* lk_mlkem768_keygen is ML-KEM.KeyGen_internal(d, z), Algorithm 16: it writes the encapsulation key
 * and the decapsulation key that come of a fresh random `seed`. The private key is secret; the
 * caller wipes both it and the seed. */
void lk_mlkem768_keygen(uint8_t ek[LK_MLKEM768_PUBLIC], uint8_t dk[LK_MLKEM768_PRIVATE],
                        const uint8_t seed[LK_MLKEM768_SEED]);

/* lk_mlkem768_encaps is ML-KEM.Encaps_internal(ek, m), Algorithm 17, after the checks of §7.2: it
 * writes a ciphertext and the secret that it carries, from 32 fresh random bytes `m`. False, with
 * nothing written, if the key of a peer has the wrong length or a coefficient that is not below q.
 */
bool lk_mlkem768_encaps(uint8_t ct[LK_MLKEM768_CIPHERTEXT], uint8_t ss[LK_MLKEM768_SHARED],
                        const uint8_t *ek, size_t ek_len, const uint8_t m[LK_MLKEM768_MESSAGE]);

/* lk_mlkem768_decaps is ML-KEM.Decaps_internal(dk, c), Algorithm 18: it writes the secret that `ct`
 * carries or, for a ciphertext that no encapsulation makes, one that looks the same and that nobody
 * else can know (implicit rejection), so that the caller cannot tell. `dk` is one that
 * lk_mlkem768_keygen made; it is not checked (§7.3). False, with nothing written, only if the
 * ciphertext has the wrong length. */
bool lk_mlkem768_decaps(uint8_t ss[LK_MLKEM768_SHARED], const uint8_t dk[LK_MLKEM768_PRIVATE],
                        const uint8_t *ct, size_t ct_len);

#endif
