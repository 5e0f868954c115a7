/*
 * provider.h - what lies inside lk_crypto; for this room only.
 */
#ifndef LK_CRYPTO_PROVIDER_H
#define LK_CRYPTO_PROVIDER_H

#include <openssl/ec.h>
#include <openssl/evp.h>

#include "crypto/crypto.h"

struct lk_crypto {
    EVP_CIPHER *aes_128_gcm, *aes_256_gcm, *chacha20_poly1305;
    EC_GROUP *p256, *p384, *p521;
    bool has_ml_kem, has_ml_kem_1024; /* libcrypto 3.5 or later brings ML-KEM-768 and -1024 */
};

#endif
