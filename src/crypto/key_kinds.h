/*
 * key_kinds.h - what public and private keys have in common: what is inside them, how signature
 * algorithms are made up, the curves; for this room only.
 */
#ifndef LK_CRYPTO_KEY_KINDS_H
#define LK_CRYPTO_KEY_KINDS_H

#include <stdatomic.h>

#include <openssl/evp.h>

#include "crypto/digest.h"
#include "crypto/keys.h"

#define LK_RSA_MIN_BITS 512
#define LK_RSA_MAX_BITS (8 * LK_SIGNATURE_MAX)

struct lk_public_key {
    atomic_uint references;
    lk_key_kind kind;
    unsigned bits;
    EC_KEY *ec;     /* EC kinds */
    EVP_PKEY *pkey; /* RSA and Ed25519 */
};

struct lk_private_key {
    lk_key_kind kind;
    unsigned bits;
    EC_KEY *ec; /* EC kinds, beside pkey: signing with it costs a third less */
    EVP_PKEY *pkey;
    uint8_t *spki; /* DER, by libcrypto's allocator */
    int spki_len;
};

/* What a signature algorithm is made of. */
typedef enum lk_key_family {
    LK_FAMILY_PKCS1 = 1,
    LK_FAMILY_PSS,
    LK_FAMILY_ECDSA,
    LK_FAMILY_ED25519
} lk_key_family;

typedef struct lk_key_scheme {
    lk_key_family family;
    unsigned hash_bits;
} lk_key_scheme;

/* lk_key_scheme_of takes an algorithm apart; all zero for a number that is none.
 * lk_key_scheme_suits says whether a key of that kind can sign so. */
lk_key_scheme lk_key_scheme_of(lk_signature_algorithm algorithm);
bool lk_key_scheme_suits(lk_key_scheme s, lk_key_kind kind);

/* lk_key_hash writes the SHA-2 digest of `message` to `out` and returns its length in bytes. */
size_t lk_key_hash(uint8_t out[LK_HASH_MAX], unsigned bits, lk_slice message);

/* lk_key_set_up_rsa sets padding and hashes of a context that is about to sign or verify. False:
 * libcrypto fails. */
bool lk_key_set_up_rsa(EVP_PKEY_CTX *ctx, lk_key_scheme s);

typedef struct lk_curve {
    lk_key_kind kind;
    int nid;
    unsigned bits;
    const char *name;
} lk_curve;

/* lk_curve_of returns the curve of a kind of key, or NULL if it has none. */
const lk_curve *lk_curve_of(lk_key_kind kind);

/* lk_curve_of_pkey returns the named curve, or NULL for another one or an explicit one. */
const lk_curve *lk_curve_of_pkey(const EVP_PKEY *pkey);

/* lk_curve_key returns an empty key on the curve, which the caller frees, or NULL. Writing down a
 * curve takes libcrypto 8 us, copying one that `crypto` (may be NULL) holds takes 0.7. */
EC_KEY *lk_curve_key(const lk_crypto *crypto, const lk_curve *c);

#endif
