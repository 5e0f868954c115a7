#define OPENSSL_SUPPRESS_DEPRECATED /* EC_KEY: verifying through EVP_PKEY costs a third more */
#include "crypto/key_kinds.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/obj_mac.h>
#include <openssl/objects.h>
#include <openssl/rsa.h>

#include "crypto/provider.h"

lk_key_scheme lk_key_scheme_of(lk_signature_algorithm algorithm) {
    switch (algorithm) {
    case LK_SIGN_RSA_PKCS1_SHA256:
        return (lk_key_scheme){LK_FAMILY_PKCS1, 256};
    case LK_SIGN_RSA_PKCS1_SHA384:
        return (lk_key_scheme){LK_FAMILY_PKCS1, 384};
    case LK_SIGN_RSA_PKCS1_SHA512:
        return (lk_key_scheme){LK_FAMILY_PKCS1, 512};
    case LK_SIGN_RSA_PSS_SHA256:
        return (lk_key_scheme){LK_FAMILY_PSS, 256};
    case LK_SIGN_RSA_PSS_SHA384:
        return (lk_key_scheme){LK_FAMILY_PSS, 384};
    case LK_SIGN_RSA_PSS_SHA512:
        return (lk_key_scheme){LK_FAMILY_PSS, 512};
    case LK_SIGN_ECDSA_SHA256:
        return (lk_key_scheme){LK_FAMILY_ECDSA, 256};
    case LK_SIGN_ECDSA_SHA384:
        return (lk_key_scheme){LK_FAMILY_ECDSA, 384};
    case LK_SIGN_ECDSA_SHA512:
        return (lk_key_scheme){LK_FAMILY_ECDSA, 512};
    case LK_SIGN_ED25519:
        return (lk_key_scheme){LK_FAMILY_ED25519, 0};
    }
    return (lk_key_scheme){0, 0};
}

bool lk_key_scheme_suits(lk_key_scheme s, lk_key_kind kind) {
    switch (kind) {
    case LK_KEY_RSA:
        return s.family == LK_FAMILY_PKCS1 || s.family == LK_FAMILY_PSS;
    case LK_KEY_P256:
    case LK_KEY_P384:
    case LK_KEY_P521:
        return s.family == LK_FAMILY_ECDSA;
    case LK_KEY_ED25519:
        return s.family == LK_FAMILY_ED25519;
    }
    return false;
}

size_t lk_key_hash(uint8_t out[LK_HASH_MAX], unsigned bits, lk_slice message) {
    lk_digest_of(bits == 256 ? LK_SHA256 : bits == 384 ? LK_SHA384 : LK_SHA512, out, message);
    return bits / 8;
}

static const EVP_MD *md_of(unsigned bits) {
    return bits == 256 ? EVP_sha256() : bits == 384 ? EVP_sha384() : EVP_sha512();
}

bool lk_key_set_up_rsa(EVP_PKEY_CTX *ctx, lk_key_scheme s) {
    if (EVP_PKEY_CTX_set_rsa_padding(ctx, s.family == LK_FAMILY_PSS ? RSA_PKCS1_PSS_PADDING
                                                                    : RSA_PKCS1_PADDING) != 1 ||
        EVP_PKEY_CTX_set_signature_md(ctx, md_of(s.hash_bits)) != 1)
        return false;
    /* RFC 8446 §4.2.3: the salt is as long as the hash, MGF1 uses the same hash. */
    return s.family != LK_FAMILY_PSS ||
           (EVP_PKEY_CTX_set_rsa_mgf1_md(ctx, md_of(s.hash_bits)) == 1 &&
            EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx, RSA_PSS_SALTLEN_DIGEST) == 1);
}

static const lk_curve curves[] = {{LK_KEY_P256, NID_X9_62_prime256v1, 256, "P-256"},
                                  {LK_KEY_P384, NID_secp384r1, 384, "P-384"},
                                  {LK_KEY_P521, NID_secp521r1, 521, "P-521"}};

#define NUM_CURVES (sizeof curves / sizeof curves[0])

const lk_curve *lk_curve_of(lk_key_kind kind) {
    for (size_t i = 0; i < NUM_CURVES; i++)
        if (curves[i].kind == kind)
            return &curves[i];
    return NULL;
}

const lk_curve *lk_curve_of_pkey(const EVP_PKEY *pkey) {
    char name[64], encoding[32];
    if (EVP_PKEY_get_group_name(pkey, name, sizeof name, NULL) != 1)
        return NULL;
    if (EVP_PKEY_get_utf8_string_param(pkey, OSSL_PKEY_PARAM_EC_ENCODING, encoding, sizeof encoding,
                                       NULL) == 1 &&
        strcmp(encoding, OSSL_PKEY_EC_ENCODING_EXPLICIT) == 0)
        return NULL;
    int nid = OBJ_txt2nid(name);
    for (size_t i = 0; i < NUM_CURVES; i++)
        if (curves[i].nid == nid || strcmp(curves[i].name, name) == 0)
            return &curves[i];
    return NULL;
}

EC_KEY *lk_curve_key(const lk_crypto *crypto, const lk_curve *c) {
    const EC_GROUP *group = crypto == NULL           ? NULL
                            : c->kind == LK_KEY_P256 ? crypto->p256
                            : c->kind == LK_KEY_P384 ? crypto->p384
                                                     : NULL;
    if (group == NULL)
        return EC_KEY_new_by_curve_name(c->nid);
    EC_KEY *ec = EC_KEY_new();
    if (ec != NULL && EC_KEY_set_group(ec, group) == 1)
        return ec;
    EC_KEY_free(ec);
    return NULL;
}
