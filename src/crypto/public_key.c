#define OPENSSL_SUPPRESS_DEPRECATED /* EC_KEY: verifying through EVP_PKEY costs a third more */
#include "crypto/keys.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/param_build.h>

#include "crypto/key_kinds.h"
#include "util/heap.h"
#include "util/reader.h"

static lk_public_key *public_key(lk_key_kind kind, unsigned bits) {
    lk_public_key *key = lk_alloc(&lk_heap_default, sizeof *key);
    if (key != NULL) {
        atomic_init(&key->references, 1);
        key->kind = kind;
        key->bits = bits;
    }
    return key;
}

lockstep_status lk_public_key_new(lk_public_key **out, const lk_crypto *crypto, lk_key_kind kind,
                                  lk_slice bits) {
    *out = NULL;
    const lk_curve *c = lk_curve_of(kind);
    if (c == NULL && kind != LK_KEY_ED25519)
        return LOCKSTEP_ERR_USAGE;
    /* RFC 5480 §2.2: 04 and two coordinates. The compressed and hybrid forms are not for the web
     * (RFC 8446 §4.2.8.2), RFC 8410 §4: 32 octets. */
    if (c != NULL ? bits.p_len != 1 + 2 * (size_t)((c->bits + 7) / 8) || bits.p[0] != 4
                  : bits.p_len != 32)
        return LOCKSTEP_CERT_WEAK_KEY;
    lk_public_key *key = public_key(kind, c != NULL ? c->bits : 256);
    if (key == NULL)
        return LOCKSTEP_ERR_NO_MEMORY;
    lockstep_status status = LOCKSTEP_OK;
    if (c == NULL) {
        key->pkey = EVP_PKEY_new_raw_public_key_ex(NULL, "ED25519", NULL, bits.p, bits.p_len);
        if (key->pkey == NULL)
            status = LOCKSTEP_CERT_WEAK_KEY;
    } else {
        key->ec = lk_curve_key(crypto, c);
        if (key->ec == NULL)
            status = LOCKSTEP_ERR_NO_MEMORY;
        /* Also checks that the point is on the curve; the cofactor is 1, so that is all. */
        else if (EC_KEY_oct2key(key->ec, bits.p, bits.p_len, NULL) != 1)
            status = LOCKSTEP_CERT_WEAK_KEY;
    }
    if (status == LOCKSTEP_OK) {
        *out = key;
        return status;
    }
    ERR_clear_error();
    lk_public_key_free(key);
    return status;
}

static unsigned bit_length(lk_slice magnitude) {
    unsigned bits = (unsigned)(magnitude.p_len - 1) * 8;
    for (unsigned top = magnitude.p[0]; top != 0; top >>= 1)
        bits++;
    return bits;
}

static EVP_PKEY *rsa_from(lk_slice modulus, lk_slice exponent) {
    EVP_PKEY *pkey = NULL;
    OSSL_PARAM *params = NULL;
    BIGNUM *n = BN_bin2bn(modulus.p, (int)modulus.p_len, NULL);
    BIGNUM *e = BN_bin2bn(exponent.p, (int)exponent.p_len, NULL);
    OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
    if (n != NULL && e != NULL && build != NULL && ctx != NULL &&
        OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_N, n) == 1 &&
        OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_E, e) == 1 &&
        (params = OSSL_PARAM_BLD_to_param(build)) != NULL && EVP_PKEY_fromdata_init(ctx) == 1 &&
        EVP_PKEY_fromdata(ctx, &pkey, EVP_PKEY_PUBLIC_KEY, params) != 1)
        pkey = NULL;
    EVP_PKEY_CTX_free(ctx);
    OSSL_PARAM_free(params);
    OSSL_PARAM_BLD_free(build);
    BN_free(e);
    BN_free(n);
    return pkey;
}

lockstep_status lk_public_key_new_rsa(lk_public_key **out, const lk_crypto *crypto, lk_slice n,
                                      lk_slice e) {
    (void)crypto;
    *out = NULL;
    if (n.p_len == 0 || e.p_len == 0 || n.p_len > LK_RSA_MAX_BITS / 8 || e.p_len > 8 ||
        n.p[0] == 0 || e.p[0] == 0)
        return LOCKSTEP_CERT_WEAK_KEY;
    /* An even modulus is no product of odd primes; exponents 1 and 2 make no signature. */
    unsigned bits = bit_length(n);
    if (bits < LK_RSA_MIN_BITS || (n.p[n.p_len - 1] & 1) == 0 || (e.p[e.p_len - 1] & 1) == 0 ||
        (e.p_len == 1 && e.p[0] < 3))
        return LOCKSTEP_CERT_WEAK_KEY;
    lk_public_key *key = public_key(LK_KEY_RSA, bits);
    if (key == NULL)
        return LOCKSTEP_ERR_NO_MEMORY;
    key->pkey = rsa_from(n, e);
    if (key->pkey == NULL) {
        ERR_clear_error();
        lk_public_key_free(key);
        return LOCKSTEP_CERT_WEAK_KEY;
    }
    *out = key;
    return LOCKSTEP_OK;
}

unsigned lk_public_key_cost(const lk_public_key *key) {
    switch (key->kind) {
    case LK_KEY_P384:
    case LK_KEY_P521:
        return 6;
    case LK_KEY_RSA:
        return key->bits > 4096 ? 8 : key->bits > 2048 ? 2 : 1;
    default:
        return 1;
    }
}

lk_public_key *lk_public_key_share(lk_public_key *key) {
    if (key != NULL)
        atomic_fetch_add_explicit(&key->references, 1, memory_order_relaxed);
    return key;
}

void lk_public_key_free(lk_public_key *key) {
    if (key == NULL || atomic_fetch_sub_explicit(&key->references, 1, memory_order_acq_rel) != 1)
        return;
    EC_KEY_free(key->ec);
    EVP_PKEY_free(key->pkey);
    lk_release(&lk_heap_default, key, sizeof *key);
}

lk_key_kind lk_public_key_kind(const lk_public_key *key) {
    return key->kind;
}

unsigned lk_public_key_bits(const lk_public_key *key) {
    return key->bits;
}

/* ---- Verifying ------------------------------------------------------------------------------- */

/* positive_integer reads a DER INTEGER above zero in as few bytes as it takes. */
static bool positive_integer(lk_reader *r) {
    uint8_t tag, length;
    lk_slice v;
    if (!lk_read_u8(r, &tag) || tag != 0x02 || !lk_read_u8(r, &length) || length > 127 ||
        !lk_read_bytes(r, length, &v) || v.p_len == 0)
        return false;
    if (v.p[0] >= 0x80) /* negative */
        return false;
    return v.p[0] != 0 || (v.p_len > 1 && v.p[1] >= 0x80);
}

/* is_ecdsa_der: RFC 3279 §2.2.3 Ecdsa-Sig-Value, in DER and nothing behind it. libcrypto would also
 * take what re-encodes to the same bytes only; this says the rule ourselves. */
static bool is_ecdsa_der(lk_slice signature) {
    lk_reader r = lk_reader_of(signature);
    uint8_t tag, length, more;
    if (!lk_read_u8(&r, &tag) || tag != 0x30 || !lk_read_u8(&r, &length))
        return false;
    if (length == 0x81) {
        if (!lk_read_u8(&r, &more) || more < 128)
            return false;
        length = more;
    } else if (length > 127) {
        return false;
    }
    return r.left == length && positive_integer(&r) && positive_integer(&r) && lk_reader_done(&r);
}

static bool verify_rsa(const lk_public_key *key, lk_key_scheme s, lk_slice signature,
                       lk_slice message) {
    uint8_t digest[LK_HASH_MAX];
    /* RFC 8017 §8.1.2, §8.2.2 step 1: exactly as long as the modulus. */
    if (signature.p_len != (key->bits + 7) / 8)
        return false;
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, key->pkey, NULL);
    bool good = ctx != NULL && EVP_PKEY_verify_init(ctx) == 1 && lk_key_set_up_rsa(ctx, s) &&
                EVP_PKEY_verify(ctx, signature.p, signature.p_len, digest,
                                lk_key_hash(digest, s.hash_bits, message)) == 1;
    EVP_PKEY_CTX_free(ctx);
    return good;
}

static bool verify_ecdsa(const lk_public_key *key, lk_key_scheme s, lk_slice signature,
                         lk_slice message) {
    uint8_t digest[LK_HASH_MAX];
    if (!is_ecdsa_der(signature))
        return false;
    size_t n = lk_key_hash(digest, s.hash_bits, message);
    return ECDSA_verify(0, digest, (int)n, signature.p, (int)signature.p_len, key->ec) == 1;
}

static bool verify_ed25519(const lk_public_key *key, lk_slice signature, lk_slice message) {
    if (signature.p_len != 64)
        return false;
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    bool good = ctx != NULL && EVP_DigestVerifyInit(ctx, NULL, NULL, NULL, key->pkey) == 1 &&
                EVP_DigestVerify(ctx, signature.p, signature.p_len, message.p, message.p_len) == 1;
    EVP_MD_CTX_free(ctx);
    return good;
}

bool lk_public_key_verify(const lk_public_key *key, lk_signature_algorithm algorithm,
                          lk_slice signature, lk_slice message) {
    lk_key_scheme s = lk_key_scheme_of(algorithm);
    if (!lk_key_scheme_suits(s, key->kind))
        return false;
    bool good = s.family == LK_FAMILY_ECDSA     ? verify_ecdsa(key, s, signature, message)
                : s.family == LK_FAMILY_ED25519 ? verify_ed25519(key, signature, message)
                                                : verify_rsa(key, s, signature, message);
    if (!good)
        ERR_clear_error();
    return good;
}
