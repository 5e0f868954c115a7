/*
 * kex_parts.h - what groups are made of: a classical exchange (X25519 or a curve), ML-KEM, or one
 * of each; for this room only.
 */
#ifndef LK_CRYPTO_KEX_PARTS_H
#define LK_CRYPTO_KEX_PARTS_H

#include <openssl/evp.h>

#include "crypto/kex.h"
#include "crypto/mlkem.h"
#include "crypto/provider.h"

/* ---- The classical part (kex_classic.c) --------------------------------------------------------
 */

typedef enum lk_classic {
    LK_CLASSIC_NONE,
    LK_CLASSIC_X25519,
    LK_CLASSIC_P256,
    LK_CLASSIC_P384,
    LK_CLASSIC_P521
} lk_classic;

/* lk_classic_share and _secret return the lengths of public key and shared secret, in bytes, of
 * nothing 0; a private key has as many random bytes as the secret. */
size_t lk_classic_share(lk_classic kind);
size_t lk_classic_secret(lk_classic kind);

/* A private key: X25519 or a curve's scalar, lk_classic_secret bytes; wipe it when it is done with.
 */
#define LK_CLASSIC_SECRET_MAX 66
typedef struct lk_classic_key {
    lk_classic kind;
    uint8_t bytes[LK_CLASSIC_SECRET_MAX];
} lk_classic_key;

/* lk_classic_draw takes random bytes from `env` that are a private key. */
bool lk_classic_draw(const lk_crypto *crypto, const lockstep_env *env, lk_classic kind,
                     uint8_t *out);

/* lk_classic_generate makes the key of `random` and writes its public half. */
bool lk_classic_generate(lk_classic_key *key, const lk_crypto *crypto, lk_classic kind,
                         const uint8_t *random, uint8_t *share);

/* lk_classic_derive writes the shared secret with the peer's public key, lk_classic_share bytes.
 * LOCKSTEP_PEER_KEY_SHARE, LOCKSTEP_ERR_CRYPTO. */
LK_CHECKED lockstep_status lk_classic_derive(const lk_classic_key *key, const lk_crypto *crypto,
                                             const uint8_t *peer, uint8_t *secret);

/* lk_classic_respond does both with a key that nobody else gets to see. */
LK_CHECKED lockstep_status lk_classic_respond(const lk_crypto *crypto, lk_classic kind,
                                              const uint8_t *random, uint8_t *share,
                                              const uint8_t *peer, uint8_t *secret);

/* ---- ML-KEM (kex_kem.c) ------------------------------------------------------------------------
 */

/* A parameter set of FIPS 203, under libcrypto's name; our own code computes it where libcrypto has
 * none. */
typedef struct lk_kem {
    const char *name;
    const lk_mlkem_set *set;
} lk_kem;
extern const lk_kem lk_kem_768, lk_kem_1024;

/* A decapsulation key: libcrypto's, or our own bytes, which the caller has room for. */
typedef struct lk_kem_key {
    EVP_PKEY *pkey;
    uint8_t *own; /* set->private_len bytes */
} lk_kem_key;

/* lk_kem_generate makes a key of LK_MLKEM_SEED random bytes and writes its public half. */
bool lk_kem_generate(lk_kem_key *key, const lk_crypto *crypto, const lk_kem *kem,
                     const uint8_t *random, uint8_t *share);

/* lk_kem_encapsulate answers the key `peer`, set->public bytes, with 32 random bytes.
 * LOCKSTEP_PEER_KEY_SHARE, LOCKSTEP_ERR_CRYPTO. */
LK_CHECKED lockstep_status lk_kem_encapsulate(const lk_crypto *crypto, const lk_kem *kem,
                                              const uint8_t *random, const uint8_t *peer,
                                              uint8_t *ciphertext, uint8_t *secret);
LK_CHECKED lockstep_status lk_kem_decapsulate(const lk_kem_key *key, const lk_kem *kem,
                                              const uint8_t *ciphertext, uint8_t *secret);

#endif
