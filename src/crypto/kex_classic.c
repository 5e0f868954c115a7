/*
 * kex_classic.c - X25519 (RFC 7748) and ECDH on secp256r1, secp384r1 and secp521r1 (RFC 8446
 * §4.2.8.2).
 */
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/ec.h>

#include "crypto/kex_parts.h"
#include "util/secret.h"

size_t lk_classic_share(lk_classic kind) {
    static const uint8_t lengths[] = {0, LK_X25519_LEN, 65, 97, 133};
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

/* One exchange on a curve. What libcrypto keeps between its steps is wiped with `bn`. */
typedef struct ec {
    const EC_GROUP *curve;
    size_t length; /* of a coordinate, in bytes */
    BN_CTX *bn;
    BIGNUM *scalar, *x;
    EC_POINT *point, *peer;
} ec;

static void ec_end(ec *e) {
    EC_POINT_free(e->peer);
    EC_POINT_clear_free(e->point);
    BN_clear_free(e->x);
    BN_clear_free(e->scalar);
    BN_CTX_free(e->bn);
}

static bool ec_begin(ec *e, const lk_crypto *crypto, const lk_classic_key *key) {
    const EC_GROUP *curve = curve_of(crypto, key->kind);
    *e = (ec){.curve = curve,
              .length = lk_classic_secret(key->kind),
              .bn = BN_CTX_secure_new(),
              .scalar = scalar_of(curve, key->bytes),
              .x = BN_secure_new(),
              .point = EC_POINT_new(curve),
              .peer = EC_POINT_new(curve)};
    return e->bn != NULL && e->scalar != NULL && e->x != NULL && e->point != NULL &&
           e->peer != NULL;
}

static bool ec_share(ec *e, uint8_t *share) {
    size_t n = 1 + 2 * e->length;
    return EC_POINT_mul(e->curve, e->point, e->scalar, NULL, NULL, e->bn) == 1 &&
           EC_POINT_point2oct(e->curve, e->point, POINT_CONVERSION_UNCOMPRESSED, share, n, e->bn) ==
               n;
}

static lockstep_status ec_secret(ec *e, const uint8_t *peer, uint8_t *secret) {
    int n = (int)e->length;
    /* "the legacy_form field MUST be 4" (RFC 8446 §4.2.8.2); oct2point checks that the point is on
     * the curve, and with cofactor 1 that is all that a valid public key needs. */
    if (peer[0] != 4 || EC_POINT_oct2point(e->curve, e->peer, peer, 1 + 2 * e->length, e->bn) != 1)
        return LOCKSTEP_PEER_KEY_SHARE;
    /* "the ECDH shared secret is the x-coordinate of the shared secret elliptic curve point" (RFC
     * 8446 §7.4.2); no valid peer makes the point at infinity, whose order is prime. */
    return EC_POINT_mul(e->curve, e->point, NULL, e->peer, e->scalar, e->bn) == 1 &&
                   EC_POINT_get_affine_coordinates(e->curve, e->point, e->x, NULL, e->bn) == 1 &&
                   BN_bn2binpad(e->x, secret, n) == n
               ? LOCKSTEP_OK
               : LOCKSTEP_ERR_CRYPTO;
}

/* ---- X25519 ---------------------------------------------------------------------------------- */

/* "MUST check whether the computed Diffie-Hellman shared secret is the all-zero value" (RFC 8446
 * §7.4.2); libcrypto refuses it too. */
static lockstep_status x25519_secret(const lk_x25519 *x, const uint8_t *peer, uint8_t *secret) {
    static const uint8_t zero[LK_X25519_LEN];
    lockstep_status status = lk_x25519_with(x, peer, secret);
    return status == LOCKSTEP_OK && lk_ct_equal(secret, zero, LK_X25519_LEN)
               ? LOCKSTEP_PEER_KEY_SHARE
               : status;
}

/* ---- Either ---------------------------------------------------------------------------------- */

bool lk_classic_draw(const lk_crypto *crypto, const lockstep_env *env, lk_classic kind,
                     uint8_t *out) {
    if (kind == LK_CLASSIC_X25519)
        return env->random(env->arg, out, LK_X25519_LEN);
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

/* An exchange by a key: its public half is made, a secret derived, or both. */
typedef struct exchange {
    lk_classic kind;
    union {
        lk_x25519 x;
        ec e;
    } u;
} exchange;

static bool exchange_begin(exchange *x, const lk_crypto *crypto, const lk_classic_key *key) {
    x->kind = key->kind;
    return x->kind == LK_CLASSIC_X25519 ? lk_x25519_begin(&x->u.x, &crypto->x25519, key->bytes)
                                        : ec_begin(&x->u.e, crypto, key);
}

static bool exchange_share(exchange *x, uint8_t *share) {
    return x->kind == LK_CLASSIC_X25519 ? lk_x25519_public(&x->u.x, share)
                                        : ec_share(&x->u.e, share);
}

static lockstep_status exchange_secret(exchange *x, const uint8_t *peer, uint8_t *secret) {
    return x->kind == LK_CLASSIC_X25519 ? x25519_secret(&x->u.x, peer, secret)
                                        : ec_secret(&x->u.e, peer, secret);
}

static void exchange_end(exchange *x) {
    if (x->kind == LK_CLASSIC_X25519)
        lk_x25519_end(&x->u.x);
    else
        ec_end(&x->u.e);
}

static void key_of(lk_classic_key *key, lk_classic kind, const uint8_t *random) {
    *key = (lk_classic_key){.kind = kind};
    memcpy(key->bytes, random, lk_classic_secret(kind));
}

bool lk_classic_generate(lk_classic_key *key, const lk_crypto *crypto, lk_classic kind,
                         const uint8_t *random, uint8_t *share) {
    exchange x;
    key_of(key, kind, random);
    bool ok = exchange_begin(&x, crypto, key) && exchange_share(&x, share);
    exchange_end(&x);
    return ok;
}

lockstep_status lk_classic_derive(const lk_classic_key *key, const lk_crypto *crypto,
                                  const uint8_t *peer, uint8_t *secret) {
    exchange x;
    lockstep_status status =
        exchange_begin(&x, crypto, key) ? exchange_secret(&x, peer, secret) : LOCKSTEP_ERR_CRYPTO;
    exchange_end(&x);
    return status;
}

lockstep_status lk_classic_respond(const lk_crypto *crypto, lk_classic kind, const uint8_t *random,
                                   uint8_t *share, const uint8_t *peer, uint8_t *secret) {
    lk_classic_key key;
    exchange x;
    lockstep_status status = LOCKSTEP_ERR_CRYPTO;
    key_of(&key, kind, random);
    if (exchange_begin(&x, crypto, &key) && exchange_share(&x, share))
        status = exchange_secret(&x, peer, secret);
    exchange_end(&x);
    lk_wipe(&key, sizeof key);
    return status;
}
