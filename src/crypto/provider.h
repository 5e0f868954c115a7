/*
 * provider.h - what lies inside lk_crypto; for this room only.
 */
#ifndef LK_CRYPTO_PROVIDER_H
#define LK_CRYPTO_PROVIDER_H

#include <openssl/ec.h>
#include <openssl/evp.h>

#include "crypto/crypto.h"
#include "crypto/x25519.h"

/* A context of an AEAD; aead.c. */
typedef struct lk_cipher lk_cipher;
void lk_cipher_free(lk_cipher *cipher);

/* What waits to be taken: all that changes of lk_crypto once it is made. A slot is empty while
 * somebody uses what is in it. */
#define LK_CIPHERS 64 /* both directions of 32 connections that are at work at the same time */
typedef struct lk_kept {
    struct {
        _Alignas(64) _Atomic(lk_cipher *) cipher; /* a cache line each: threads take them */
    } ciphers[LK_CIPHERS];
    _Atomic uint64_t next_tag, unclaimed; /* unclaimed: a bit for each cipher with nobody's key */
    _Atomic unsigned next_cipher;
} lk_kept;

struct lk_crypto {
    lk_kept *kept;
    EVP_CIPHER *aes_128_gcm, *aes_256_gcm, *chacha20_poly1305;
    lk_x25519_functions x25519;
    EC_GROUP *p256, *p384, *p521;
    bool has_ml_kem, has_ml_kem_1024; /* libcrypto 3.5 or later brings ML-KEM-768 and -1024 */
};

#endif
