/*
 * provider.h - what lies inside lk_crypto; for this room only.
 */
#ifndef LK_CRYPTO_PROVIDER_H
#define LK_CRYPTO_PROVIDER_H

#include <openssl/ec.h>
#include <openssl/evp.h>

#include "crypto/crypto.h"

/*
 * What an operation needs beside its key, and what is dear to make each time: contexts and objects
 * that are filled anew for every use. Whoever computes takes one for himself and gives it back, so
 * that jobs may run on any number of threads. Nothing secret stays in it.
 */
typedef struct lk_scratch {
    EVP_PKEY_CTX *x25519_import;
    EVP_PKEY *x25519_peer;
} lk_scratch;

/* lk_scratch_take returns one that nobody else uses, or NULL: no memory. */
lk_scratch *lk_scratch_take(const lk_crypto *crypto);

/* lk_scratch_give takes it back; NULL is allowed. */
void lk_scratch_give(const lk_crypto *crypto, lk_scratch *scratch);

/* A context of an AEAD; aead.c. */
typedef struct lk_cipher lk_cipher;
void lk_cipher_free(lk_cipher *cipher);

/* What waits to be taken: all that changes of lk_crypto once it is made. A slot is empty while
 * somebody uses what is in it. */
#define LK_SCRATCHES 8
#define LK_CIPHERS   64 /* both directions of 32 connections that are at work at the same time */
typedef struct lk_kept {
    _Atomic(lk_scratch *) scratches[LK_SCRATCHES];
    struct {
        _Alignas(64) _Atomic(lk_cipher *) cipher; /* a cache line each: threads take them */
    } ciphers[LK_CIPHERS];
    _Atomic uint64_t next_tag, unclaimed; /* unclaimed: a bit for each cipher with nobody's key */
    _Atomic unsigned next_cipher;
} lk_kept;

struct lk_crypto {
    lk_kept *kept;
    EVP_CIPHER *aes_128_gcm, *aes_256_gcm, *chacha20_poly1305;
    EC_GROUP *p256, *p384, *p521;
    bool has_ml_kem, has_ml_kem_1024; /* libcrypto 3.5 or later brings ML-KEM-768 and -1024 */
};

#endif
