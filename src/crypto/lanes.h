/*
 * lanes.h - public-key operations of one sort, up to eight beside each other.
 *
 * All public-key work of handshakes comes through here, sorted by jobs.c: this is the one place
 * where kernels belong that compute eight at a time. Behind each function stands the plain loop.
 * Every operation stands in a lane of its own: arrays hold, for lane i < num, where its inputs are
 * and where its outputs go; a failure is that lane's alone and ends no other. Lanes share no
 * output. Inputs that are secret are no less so here.
 */
#ifndef LK_CRYPTO_LANES_H
#define LK_CRYPTO_LANES_H

#include "crypto/kex_parts.h"
#include "crypto/keys.h"

/* ---- X25519 and the curves ------------------------------------------------------------------- */

/* lk_lanes_generate makes public keys, lk_classic_share bytes, of private ones, lk_classic_secret
 * bytes. LOCKSTEP_ERR_CRYPTO. */
typedef struct lk_lanes_of_generate {
    size_t num;
    const uint8_t *private_key[LK_LANES];
    uint8_t *share[LK_LANES];
    lockstep_status *status[LK_LANES];
} lk_lanes_of_generate;
void lk_lanes_generate(const lk_lanes_of_generate *lanes, const lk_crypto *crypto, lk_classic kind);

/* lk_lanes_derive computes shared secrets, lk_classic_secret bytes, with the public keys of peers.
 * LOCKSTEP_PEER_KEY_SHARE, LOCKSTEP_ERR_CRYPTO. */
typedef struct lk_lanes_of_derive {
    size_t num;
    const uint8_t *private_key[LK_LANES];
    const uint8_t *peer[LK_LANES];
    uint8_t *secret[LK_LANES];
    lockstep_status *status[LK_LANES];
} lk_lanes_of_derive;
void lk_lanes_derive(const lk_lanes_of_derive *lanes, const lk_crypto *crypto, lk_classic kind);

/* lk_lanes_respond does both with one private key: its public half and the shared secret. */
typedef struct lk_lanes_of_respond {
    size_t num;
    const uint8_t *private_key[LK_LANES];
    const uint8_t *peer[LK_LANES];
    uint8_t *share[LK_LANES];
    uint8_t *secret[LK_LANES];
    lockstep_status *status[LK_LANES];
} lk_lanes_of_respond;
void lk_lanes_respond(const lk_lanes_of_respond *lanes, const lk_crypto *crypto, lk_classic kind);

/* ---- ML-KEM ---------------------------------------------------------------------------------- */

/* The lengths, the random bytes and the statuses are those of kex_parts.h: lk_kem_generate,
 * LOCKSTEP_ERR_CRYPTO for its false, lk_kem_encapsulate and lk_kem_decapsulate. */
typedef struct lk_lanes_of_kem_generate {
    size_t num;
    const uint8_t *random[LK_LANES];
    lk_kem_key *key[LK_LANES];
    uint8_t *share[LK_LANES];
    lockstep_status *status[LK_LANES];
} lk_lanes_of_kem_generate;
void lk_lanes_kem_generate(const lk_lanes_of_kem_generate *lanes, const lk_crypto *crypto,
                           const lk_kem *kem);

typedef struct lk_lanes_of_encapsulate {
    size_t num;
    const uint8_t *random[LK_LANES];
    const uint8_t *peer[LK_LANES];
    uint8_t *ciphertext[LK_LANES];
    uint8_t *secret[LK_LANES];
    lockstep_status *status[LK_LANES];
} lk_lanes_of_encapsulate;
void lk_lanes_encapsulate(const lk_lanes_of_encapsulate *lanes, const lk_crypto *crypto,
                          const lk_kem *kem);

typedef struct lk_lanes_of_decapsulate {
    size_t num;
    const lk_kem_key *key[LK_LANES];
    const uint8_t *ciphertext[LK_LANES];
    uint8_t *secret[LK_LANES];
    lockstep_status *status[LK_LANES];
} lk_lanes_of_decapsulate;
void lk_lanes_decapsulate(const lk_lanes_of_decapsulate *lanes, const lk_kem *kem);

/* ---- Signatures ------------------------------------------------------------------------------ */

/* lk_lanes_sign signs by one algorithm. jobs.c puts RSA signatures beside each other only where
 * they are by one key, whose tables a kernel then reads once; others by any keys of their kind. */
typedef struct lk_lanes_of_sign {
    size_t num;
    const lk_private_key *key[LK_LANES];
    lk_slice message[LK_LANES];
    uint8_t *signature[LK_LANES]; /* room for lk_private_key_signature_max bytes */
    size_t *signature_len[LK_LANES];
    lockstep_status *status[LK_LANES];
} lk_lanes_of_sign;
void lk_lanes_sign(const lk_lanes_of_sign *lanes, lk_signature_algorithm algorithm);

/* lk_lanes_verify checks signatures by one algorithm, of any keys. LOCKSTEP_PEER_BAD_SIGNATURE. */
typedef struct lk_lanes_of_verify {
    size_t num;
    const lk_public_key *key[LK_LANES];
    lk_slice message[LK_LANES], signature[LK_LANES];
    lockstep_status *status[LK_LANES];
} lk_lanes_of_verify;
void lk_lanes_verify(const lk_lanes_of_verify *lanes, lk_signature_algorithm algorithm);

#endif
