/*
 * kex_kem.c - ML-KEM (FIPS 203) of libcrypto, or our own where that has none.
 */
#include "crypto/kex_parts.h"

#include <openssl/core_names.h>

#include "util/secret.h"

const lk_kem lk_kem_768 = {"ML-KEM-768", &lk_mlkem_768};
const lk_kem lk_kem_1024 = {"ML-KEM-1024", &lk_mlkem_1024};

static bool is_own(const lk_crypto *crypto, const lk_kem *kem) {
    return kem == &lk_kem_768 ? !crypto->has_ml_kem : !crypto->has_ml_kem_1024;
}

static EVP_PKEY *import_key(const lk_kem *kem, int selection, const char *param, const uint8_t *p,
                            size_t p_len) {
    EVP_PKEY *key = NULL;
    OSSL_PARAM params[] = {OSSL_PARAM_construct_octet_string(param, (void *)(uintptr_t)p, p_len),
                           OSSL_PARAM_construct_end()};
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, kem->name, NULL);
    if (ctx == NULL || EVP_PKEY_fromdata_init(ctx) != 1 ||
        EVP_PKEY_fromdata(ctx, &key, selection, params) != 1)
        key = NULL;
    EVP_PKEY_CTX_free(ctx);
    return key;
}

bool lk_kem_generate(lk_kem_key *key, const lk_crypto *crypto, const lk_kem *kem,
                     const uint8_t *random, uint8_t *share) {
    size_t n = 0;
    if (is_own(crypto, kem)) {
        lk_mlkem_keygen(kem->set, share, key->own, random);
        return true;
    }
    key->pkey = import_key(kem, EVP_PKEY_KEYPAIR, "seed", random, LK_MLKEM_SEED);
    return key->pkey != NULL &&
           EVP_PKEY_get_octet_string_param(key->pkey, OSSL_PKEY_PARAM_PUB_KEY, share,
                                           kem->set->public, &n) == 1 &&
           n == kem->set->public;
}

lockstep_status lk_kem_encapsulate(const lk_crypto *crypto, const lk_kem *kem,
                                   const uint8_t *random, const uint8_t *peer, uint8_t *ciphertext,
                                   uint8_t *secret) {
    if (is_own(crypto, kem))
        return lk_mlkem_encaps(kem->set, ciphertext, secret, peer, kem->set->public, random)
                   ? LOCKSTEP_OK
                   : LOCKSTEP_PEER_KEY_SHARE;
    EVP_PKEY *key =
        import_key(kem, EVP_PKEY_PUBLIC_KEY, OSSL_PKEY_PARAM_PUB_KEY, peer, kem->set->public);
    if (key == NULL)
        return LOCKSTEP_PEER_KEY_SHARE; /* a coefficient is not reduced (FIPS 203 §7.2) */
    uint8_t m[LK_MLKEM_MESSAGE];
    memcpy(m, random, sizeof m);
    OSSL_PARAM params[] = {OSSL_PARAM_construct_octet_string("ikme", m, sizeof m),
                           OSSL_PARAM_construct_end()};
    size_t ciphertext_len = kem->set->ciphertext, secret_len = LK_MLKEM_SHARED;
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);
    bool ok = ctx != NULL && EVP_PKEY_encapsulate_init(ctx, params) == 1 &&
              EVP_PKEY_encapsulate(ctx, ciphertext, &ciphertext_len, secret, &secret_len) == 1;
    EVP_PKEY_CTX_free(ctx);
    EVP_PKEY_free(key);
    lk_wipe(m, sizeof m);
    return ok ? LOCKSTEP_OK : LOCKSTEP_ERR_CRYPTO;
}

lockstep_status lk_kem_decapsulate(const lk_kem_key *key, const lk_kem *kem,
                                   const uint8_t *ciphertext, uint8_t *secret) {
    if (key->pkey == NULL)
        return lk_mlkem_decaps(kem->set, secret, key->own, ciphertext, kem->set->ciphertext)
                   ? LOCKSTEP_OK
                   : LOCKSTEP_PEER_KEY_SHARE;
    size_t n = LK_MLKEM_SHARED;
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, key->pkey, NULL);
    bool ok = ctx != NULL && EVP_PKEY_decapsulate_init(ctx, NULL) == 1 &&
              EVP_PKEY_decapsulate(ctx, secret, &n, ciphertext, kem->set->ciphertext) == 1;
    EVP_PKEY_CTX_free(ctx);
    return ok ? LOCKSTEP_OK : LOCKSTEP_ERR_CRYPTO;
}
