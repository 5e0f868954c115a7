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

/* Those that wait to be taken. They alone change once lk_crypto is made. */
#define LK_SCRATCHES 8
typedef struct lk_scratches {
    _Atomic(lk_scratch *) free[LK_SCRATCHES];
} lk_scratches;

struct lk_crypto {
    lk_scratches *scratches;
    EVP_CIPHER *aes_128_gcm, *aes_256_gcm, *chacha20_poly1305;
    EC_GROUP *p256, *p384, *p521;
    bool has_ml_kem, has_ml_kem_1024; /* libcrypto 3.5 or later brings ML-KEM-768 and -1024 */
};

#endif
