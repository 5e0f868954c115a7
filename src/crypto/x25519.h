/*
 * x25519.h - X25519 (RFC 7748) by the functions of libcrypto's provider, called by their numbers
 * (provider-keyexch(7), provider-keymgmt(7)); for this room only.
 *
 * The calls that everybody uses, EVP_PKEY_derive and its kin, lead to the same functions, but make
 * an EVP_PKEY and an EVP_PKEY_CTX for every key and look names up for both: 2.6 us beside the 30 of
 * the arithmetic, where this way takes 0.1.
 */
#ifndef LK_CRYPTO_X25519_H
#define LK_CRYPTO_X25519_H

#include <lockstep/status.h>
#include <openssl/core_dispatch.h>
#include <openssl/evp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "crypto/crypto.h"
#include "util/bytes.h"

/* What of the provider is needed; belongs to lk_crypto and does not change. */
typedef struct lk_x25519_functions {
    EVP_KEYMGMT *keymgmt;
    EVP_KEYEXCH *keyexch; /* both keep the provider loaded */
    void *provider;       /* its context */
    OSSL_FUNC_keymgmt_new_fn *key_new;
    OSSL_FUNC_keymgmt_free_fn *key_free;
    OSSL_FUNC_keymgmt_import_fn *key_import;
    OSSL_FUNC_keyexch_newctx_fn *ctx_new;
    OSSL_FUNC_keyexch_freectx_fn *ctx_free;
    OSSL_FUNC_keyexch_init_fn *init;
    OSSL_FUNC_keyexch_set_peer_fn *set_peer;
    OSSL_FUNC_keyexch_derive_fn *derive;
} lk_x25519_functions;

/* lk_x25519_load finds them and has them compute what is known; false: libcrypto has no X25519 that
 * can be called so. _unload gives back what was found, also of a load that failed. */
bool lk_x25519_load(lk_x25519_functions *f);
void lk_x25519_unload(lk_x25519_functions *f);

/* A private key at work. */
typedef struct lk_x25519 {
    const lk_x25519_functions *f;
    void *key, *ctx;
} lk_x25519;

/* lk_x25519_begin takes a private key of LK_X25519_LEN bytes, as they were drawn; false: no memory.
 * lk_x25519_end must follow in either case. */
bool lk_x25519_begin(lk_x25519 *x, const lk_x25519_functions *f, const uint8_t *private_key);
void lk_x25519_end(lk_x25519 *x);

/* lk_x25519_public writes the public key; false: libcrypto failed. */
bool lk_x25519_public(const lk_x25519 *x, uint8_t *out);

/* lk_x25519_with writes the product with a peer's public key. LOCKSTEP_PEER_KEY_SHARE: libcrypto
 * refuses it, since it is all zeros. LOCKSTEP_ERR_CRYPTO. */
LK_CHECKED lockstep_status lk_x25519_with(const lk_x25519 *x, const uint8_t *peer, uint8_t *out);

#endif
