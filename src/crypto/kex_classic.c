/*
 * kex_classic.c - X25519 (RFC 7748) and ECDH on secp256r1, secp384r1 and secp521r1 (RFC 8446
 * §4.2.8.2).
 */
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/ecdh.h>

#include "crypto/kex_parts.h"
#include "util/secret.h"

#define X25519_LEN 32

size_t lk_classic_share(lk_classic kind) {
    static const uint8_t lengths[] = {0, X25519_LEN, 65, 97, 133};
    return lengths[kind];
}

size_t lk_classic_secret(lk_classic kind) {
    static const uint8_t lengths[] = {0, 32, 32, 48, 66};
    return lengths[kind];
}

/* ---- secp256r1, secp384r1, secp521r1 --------------------------------------------------------- */

static const EC_GROUP *curve_of(const lk_crypto *crypto, lk_classic kind) {
    return kind == LK_CLASSIC_P256   ? crypto->p256
           : kind == LK_CLASSIC_P384 ? crypto->p384
                                     : crypto->p521;
}

/* scalar_of turns random bytes into a private key: a number of 1 to order - 1, taken as it is
 * (FIPS 186-5 A.2.2, testing candidates), or NULL if it is out of range. */
static BIGNUM *scalar_of(const EC_GROUP *curve, const uint8_t *random) {
    int n = (EC_GROUP_order_bits(curve) + 7) / 8;
    BIGNUM *k = BN_secure_new();
    if (k != NULL && BN_bin2bn(random, n, k) != NULL && !BN_is_zero(k) &&
        BN_cmp(k, EC_GROUP_get0_order(curve)) < 0) {
        BN_set_flags(k, BN_FLG_CONSTTIME);
        return k;
    }
    BN_clear_free(k);
    return NULL;
}

static EC_KEY *ec_generate(const EC_GROUP *curve, const uint8_t *random, uint8_t *share,
                           size_t share_len) {
    EC_KEY *key = EC_KEY_new();
    BIGNUM *k = scalar_of(curve, random);
    EC_POINT *q = EC_POINT_new(curve);
    bool ok = key != NULL && k != NULL && q != NULL && EC_KEY_set_group(key, curve) == 1 &&
              EC_POINT_mul(curve, q, k, NULL, NULL, NULL) == 1 &&
              EC_KEY_set_private_key(key, k) == 1 &&
              EC_POINT_point2oct(curve, q, POINT_CONVERSION_UNCOMPRESSED, share, share_len, NULL) ==
                  share_len;
    EC_POINT_free(q);
    BN_clear_free(k);
    if (ok)
        return key;
    EC_KEY_free(key);
    return NULL;
}

static lockstep_status ec_derive(EC_KEY *key, const uint8_t *peer, uint8_t *secret) {
    const EC_GROUP *curve = EC_KEY_get0_group(key);
    size_t n = (size_t)(EC_GROUP_get_degree(curve) + 7) / 8;
    EC_POINT *point = EC_POINT_new(curve);
    lockstep_status status = LOCKSTEP_OK;
    if (point == NULL)
        return LOCKSTEP_ERR_NO_MEMORY;
    /* "the legacy_form field MUST be 4" (RFC 8446 §4.2.8.2); oct2point checks that the point is on
     * the curve, and with cofactor 1 that is all that a valid public key needs. */
    if (peer[0] != 4 || EC_POINT_oct2point(curve, point, peer, 2 * n + 1, NULL) != 1)
        status = LOCKSTEP_PEER_KEY_SHARE;
    else if (ECDH_compute_key(secret, n, point, key, NULL) != (int)n)
        status = LOCKSTEP_ERR_CRYPTO;
    EC_POINT_free(point);
    return status;
}

/* ---- X25519 ---------------------------------------------------------------------------------- */

static EVP_PKEY *x25519_generate(const uint8_t *random, uint8_t *share) {
    size_t n = X25519_LEN;
    EVP_PKEY *key = EVP_PKEY_new_raw_private_key(EVP_PKEY_X25519, NULL, random, X25519_LEN);
    if (key != NULL && EVP_PKEY_get_raw_public_key(key, share, &n) == 1)
        return key;
    EVP_PKEY_free(key);
    return NULL;
}

static lockstep_status x25519_derive(EVP_PKEY *key, const uint8_t *peer, uint8_t *secret) {
    static const uint8_t zero[X25519_LEN];
    size_t n = X25519_LEN;
    EVP_PKEY *other = EVP_PKEY_new_raw_public_key(EVP_PKEY_X25519, NULL, peer, X25519_LEN);
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(key, NULL);
    lockstep_status status = LOCKSTEP_ERR_CRYPTO;
    if (other != NULL && ctx != NULL && EVP_PKEY_derive_init(ctx) == 1 &&
        EVP_PKEY_derive_set_peer_ex(ctx, other, 0) == 1)
        /* "MUST check whether the computed Diffie-Hellman shared secret is the all-zero value"
         * (RFC 8446 §7.4.2); libcrypto refuses it too. */
        status = EVP_PKEY_derive(ctx, secret, &n) == 1 && !lk_ct_equal(secret, zero, X25519_LEN)
                     ? LOCKSTEP_OK
                     : LOCKSTEP_PEER_KEY_SHARE;
    EVP_PKEY_CTX_free(ctx);
    EVP_PKEY_free(other);
    return status;
}

/* ---- Either ---------------------------------------------------------------------------------- */

bool lk_classic_draw(const lk_crypto *crypto, const lockstep_env *env, lk_classic kind,
                     uint8_t *out) {
    if (kind == LK_CLASSIC_X25519)
        return env->random(env->arg, out, X25519_LEN);
    /* One draw in 2^32 misses (secp256r1); a hundred misses mean that the source is broken. */
    for (int i = 0; i < 100; i++) {
        if (!env->random(env->arg, out, lk_classic_secret(kind)))
            return false;
        if (kind == LK_CLASSIC_P521)
            out[0] &= 1; /* 521 bits */
        BIGNUM *k = scalar_of(curve_of(crypto, kind), out);
        bool in_range = k != NULL;
        BN_clear_free(k);
        if (in_range)
            return true;
    }
    return false;
}

bool lk_classic_generate(lk_classic_key *key, const lk_crypto *crypto, lk_classic kind,
                         const uint8_t *random, uint8_t *share) {
    *key = (lk_classic_key){NULL, NULL};
    if (kind == LK_CLASSIC_X25519)
        key->x25519 = x25519_generate(random, share);
    else
        key->ec = ec_generate(curve_of(crypto, kind), random, share, lk_classic_share(kind));
    return key->x25519 != NULL || key->ec != NULL;
}

void lk_classic_free(lk_classic_key *key) {
    EVP_PKEY_free(key->x25519);
    EC_KEY_free(key->ec);
    *key = (lk_classic_key){NULL, NULL};
}

lockstep_status lk_classic_derive(const lk_classic_key *key, const uint8_t *peer, uint8_t *secret) {
    return key->x25519 != NULL ? x25519_derive(key->x25519, peer, secret)
                               : ec_derive(key->ec, peer, secret);
}
