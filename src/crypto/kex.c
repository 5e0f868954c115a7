#define OPENSSL_SUPPRESS_DEPRECATED
#include "crypto/kex.h"

#include <lockstep/lockstep.h>
#include <openssl/core_names.h>
#include <openssl/ecdh.h>
#include <openssl/err.h>

#include "crypto/mlkem.h"
#include "crypto/provider.h"
#include "util/secret.h"

#define X25519_LEN 32

const lk_kex_group lk_kex_groups[LK_KEX_NUM_GROUPS] = {
    {LOCKSTEP_GROUP_X25519MLKEM768, "X25519MLKEM768", LK_MLKEM768_PUBLIC + X25519_LEN,
     LK_MLKEM768_CIPHERTEXT + X25519_LEN, true},
    {LOCKSTEP_GROUP_X25519, "x25519", X25519_LEN, X25519_LEN, false},
    {LOCKSTEP_GROUP_SECP256R1, "secp256r1", 65, 65, false},
    {LOCKSTEP_GROUP_SECP384R1, "secp384r1", 97, 97, false},
};

struct lk_ephemeral {
    const lk_crypto *crypto;
    const lk_kex_group *group;
    EVP_PKEY *x25519;                       /* X25519 and the hybrid */
    EC_KEY *ec;                             /* secp256r1, secp384r1 */
    EVP_PKEY *ml_kem;                       /* libcrypto's, where it has one */
    uint8_t ml_kem_dk[LK_MLKEM768_PRIVATE]; /* else our own; allocated for the hybrid only */
};

const lk_kex_group *lk_kex_group_of(uint16_t id) {
    for (size_t i = 0; i < LK_KEX_NUM_GROUPS; i++)
        if (lk_kex_groups[i].id == id)
            return &lk_kex_groups[i];
    return NULL;
}

static size_t size_of(const lk_kex_group *group) {
    return group->hybrid ? sizeof(lk_ephemeral) : offsetof(lk_ephemeral, ml_kem_dk);
}

void lk_ephemeral_free(lk_ephemeral *e) {
    if (e == NULL)
        return;
    EVP_PKEY_free(e->x25519);
    EVP_PKEY_free(e->ml_kem);
    EC_KEY_free(e->ec);
    OPENSSL_clear_free(e, size_of(e->group));
}

/* ---- secp256r1 and secp384r1 ----------------------------------------------------------------- */

static const EC_GROUP *curve_of(const lk_crypto *crypto, const lk_kex_group *group) {
    return group->id == LOCKSTEP_GROUP_SECP256R1   ? crypto->p256
           : group->id == LOCKSTEP_GROUP_SECP384R1 ? crypto->p384
                                                   : NULL;
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

static lockstep_status ec_derive(EC_KEY *key, lk_slice peer, uint8_t *secret, size_t *secret_len) {
    const EC_GROUP *curve = EC_KEY_get0_group(key);
    size_t n = (size_t)(EC_GROUP_get_degree(curve) + 7) / 8;
    EC_POINT *point = EC_POINT_new(curve);
    lockstep_status status = LOCKSTEP_OK;
    if (point == NULL)
        return LOCKSTEP_ERR_NO_MEMORY;
    /* "the legacy_form field MUST be 4" (RFC 8446 §4.2.8.2); oct2point checks that the point is on
     * the curve, and with cofactor 1 that is all that a valid public key needs. */
    if (peer.p_len != 2 * n + 1 || peer.p[0] != 4 ||
        EC_POINT_oct2point(curve, point, peer.p, peer.p_len, NULL) != 1)
        status = LOCKSTEP_PEER_KEY_SHARE;
    else if (ECDH_compute_key(secret, n, point, key, NULL) != (int)n)
        status = LOCKSTEP_ERR_CRYPTO;
    EC_POINT_free(point);
    *secret_len = n;
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

static lockstep_status x25519_derive(EVP_PKEY *key, lk_slice peer, uint8_t *secret) {
    static const uint8_t zero[X25519_LEN];
    size_t n = X25519_LEN;
    if (peer.p_len != X25519_LEN)
        return LOCKSTEP_PEER_KEY_SHARE;
    EVP_PKEY *other = EVP_PKEY_new_raw_public_key(EVP_PKEY_X25519, NULL, peer.p, peer.p_len);
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

/* ---- ML-KEM-768, the first half of the hybrid ------------------------------------------------ */

static EVP_PKEY *kem_import(int selection, const char *param, const uint8_t *p, size_t p_len) {
    EVP_PKEY *key = NULL;
    OSSL_PARAM params[] = {OSSL_PARAM_construct_octet_string(param, (void *)(uintptr_t)p, p_len),
                           OSSL_PARAM_construct_end()};
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "ML-KEM-768", NULL);
    if (ctx == NULL || EVP_PKEY_fromdata_init(ctx) != 1 ||
        EVP_PKEY_fromdata(ctx, &key, selection, params) != 1)
        key = NULL;
    EVP_PKEY_CTX_free(ctx);
    return key;
}

static bool kem_generate(lk_ephemeral *e, const uint8_t *random, uint8_t *share) {
    if (!e->crypto->has_ml_kem) {
        lk_mlkem768_keygen(share, e->ml_kem_dk, random);
        return true;
    }
    size_t n = 0;
    e->ml_kem = kem_import(EVP_PKEY_KEYPAIR, "seed", random, LK_MLKEM768_SEED);
    return e->ml_kem != NULL &&
           EVP_PKEY_get_octet_string_param(e->ml_kem, OSSL_PKEY_PARAM_PUB_KEY, share,
                                           LK_MLKEM768_PUBLIC, &n) == 1 &&
           n == LK_MLKEM768_PUBLIC;
}

static lockstep_status kem_encapsulate(const lk_crypto *crypto, const uint8_t *random,
                                       const uint8_t *peer, uint8_t *ciphertext, uint8_t *secret) {
    if (!crypto->has_ml_kem)
        return lk_mlkem768_encaps(ciphertext, secret, peer, LK_MLKEM768_PUBLIC, random)
                   ? LOCKSTEP_OK
                   : LOCKSTEP_PEER_KEY_SHARE;
    EVP_PKEY *key =
        kem_import(EVP_PKEY_PUBLIC_KEY, OSSL_PKEY_PARAM_PUB_KEY, peer, LK_MLKEM768_PUBLIC);
    if (key == NULL)
        return LOCKSTEP_PEER_KEY_SHARE; /* a coefficient is not reduced (FIPS 203 §7.2) */
    uint8_t m[32];
    memcpy(m, random, sizeof m);
    OSSL_PARAM params[] = {OSSL_PARAM_construct_octet_string("ikme", m, sizeof m),
                           OSSL_PARAM_construct_end()};
    size_t ciphertext_len = LK_MLKEM768_CIPHERTEXT, secret_len = LK_MLKEM768_SHARED;
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);
    bool ok = ctx != NULL && EVP_PKEY_encapsulate_init(ctx, params) == 1 &&
              EVP_PKEY_encapsulate(ctx, ciphertext, &ciphertext_len, secret, &secret_len) == 1;
    EVP_PKEY_CTX_free(ctx);
    EVP_PKEY_free(key);
    lk_wipe(m, sizeof m);
    return ok ? LOCKSTEP_OK : LOCKSTEP_ERR_CRYPTO;
}

static lockstep_status kem_decapsulate(const lk_ephemeral *e, const uint8_t *ciphertext,
                                       uint8_t *secret) {
    if (!e->crypto->has_ml_kem)
        return lk_mlkem768_decaps(secret, e->ml_kem_dk, ciphertext, LK_MLKEM768_CIPHERTEXT)
                   ? LOCKSTEP_OK
                   : LOCKSTEP_PEER_KEY_SHARE;
    size_t n = LK_MLKEM768_SHARED;
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, e->ml_kem, NULL);
    bool ok = ctx != NULL && EVP_PKEY_decapsulate_init(ctx, NULL) == 1 &&
              EVP_PKEY_decapsulate(ctx, secret, &n, ciphertext, LK_MLKEM768_CIPHERTEXT) == 1;
    EVP_PKEY_CTX_free(ctx);
    return ok ? LOCKSTEP_OK : LOCKSTEP_ERR_CRYPTO;
}

/* ---- The three steps ------------------------------------------------------------------------- */

bool lk_kex_draw(const lk_crypto *crypto, const lockstep_env *env, const lk_kex_group *group,
                 uint8_t *out) {
    const EC_GROUP *curve = curve_of(crypto, group);
    if (curve == NULL)
        return env->random(env->arg, out,
                           group->hybrid ? LK_MLKEM768_SEED + X25519_LEN : X25519_LEN);
    /* One draw in 2^32 misses (secp256r1); a hundred misses mean that the source is broken. */
    for (int i = 0; i < 100; i++) {
        if (!env->random(env->arg, out, (size_t)(EC_GROUP_order_bits(curve) + 7) / 8))
            return false;
        BIGNUM *k = scalar_of(curve, out);
        bool in_range = k != NULL;
        BN_clear_free(k);
        if (in_range)
            return true;
    }
    return false;
}

lockstep_status lk_kex_generate(lk_ephemeral **out, uint8_t *share, const lk_crypto *crypto,
                                const lk_kex_group *group, const uint8_t *random) {
    lk_ephemeral *e = OPENSSL_zalloc(size_of(group));
    if (e == NULL)
        return LOCKSTEP_ERR_NO_MEMORY;
    e->crypto = crypto;
    e->group = group;
    const EC_GROUP *curve = curve_of(crypto, group);
    bool ok;
    if (curve != NULL) {
        e->ec = ec_generate(curve, random, share, group->client_share);
        ok = e->ec != NULL;
    } else if (group->hybrid) {
        /* "the client's share is the concatenation of the ML-KEM-768 encapsulation key and the
         * X25519 ephemeral share" (draft-ietf-tls-ecdhe-mlkem §4.1) */
        e->x25519 = x25519_generate(random + LK_MLKEM768_SEED, share + LK_MLKEM768_PUBLIC);
        ok = e->x25519 != NULL && kem_generate(e, random, share);
    } else {
        e->x25519 = x25519_generate(random, share);
        ok = e->x25519 != NULL;
    }
    ERR_clear_error();
    if (ok) {
        *out = e;
        return LOCKSTEP_OK;
    }
    lk_ephemeral_free(e);
    return LOCKSTEP_ERR_CRYPTO;
}

lockstep_status lk_kex_respond(uint8_t *share, uint8_t *secret, size_t *secret_len,
                               const lk_crypto *crypto, const lk_kex_group *group,
                               const uint8_t *random, lk_slice peer) {
    const EC_GROUP *curve = curve_of(crypto, group);
    lockstep_status status = LOCKSTEP_ERR_CRYPTO;
    if (peer.p_len != group->client_share)
        return LOCKSTEP_PEER_KEY_SHARE;
    if (curve != NULL) {
        EC_KEY *key = ec_generate(curve, random, share, group->server_share);
        if (key != NULL)
            status = ec_derive(key, peer, secret, secret_len);
        EC_KEY_free(key);
    } else {
        size_t kem_share = 0, kem_secret = 0, kem_public = 0, kem_random = 0;
        if (group->hybrid) {
            kem_share = LK_MLKEM768_CIPHERTEXT;
            kem_public = LK_MLKEM768_PUBLIC;
            kem_random = LK_MLKEM768_SEED;
            kem_secret = LK_MLKEM768_SHARED;
        }
        EVP_PKEY *key = x25519_generate(random + kem_random, share + kem_share);
        if (key != NULL)
            status = x25519_derive(key, lk_slice_of(peer.p + kem_public, X25519_LEN),
                                   secret + kem_secret);
        EVP_PKEY_free(key);
        if (status == LOCKSTEP_OK && group->hybrid)
            status = kem_encapsulate(crypto, random, peer.p, share, secret);
        *secret_len = kem_secret + X25519_LEN;
    }
    ERR_clear_error();
    return status;
}

lockstep_status lk_kex_derive(const lk_ephemeral *e, uint8_t *secret, size_t *secret_len,
                              lk_slice peer) {
    lockstep_status status;
    if (peer.p_len != e->group->server_share)
        return LOCKSTEP_PEER_KEY_SHARE;
    if (e->ec != NULL) {
        status = ec_derive(e->ec, peer, secret, secret_len);
    } else {
        size_t kem_share = e->group->hybrid ? LK_MLKEM768_CIPHERTEXT : 0;
        size_t kem_secret = e->group->hybrid ? LK_MLKEM768_SHARED : 0;
        status = x25519_derive(e->x25519, lk_slice_of(peer.p + kem_share, X25519_LEN),
                               secret + kem_secret);
        if (status == LOCKSTEP_OK && e->group->hybrid)
            status = kem_decapsulate(e, peer.p, secret);
        *secret_len = kem_secret + X25519_LEN;
    }
    ERR_clear_error();
    return status;
}
