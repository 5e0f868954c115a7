#define OPENSSL_SUPPRESS_DEPRECATED /* EC_KEY: verifying through EVP_PKEY costs a third more */
#include "crypto/keys.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/obj_mac.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "crypto/digest.h"
#include "crypto/provider.h"
#include "util/heap.h"
#include "util/reader.h"

#define RSA_MIN_BITS 512
#define RSA_MAX_BITS (8 * LK_SIGNATURE_MAX)

struct lk_public_key {
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
typedef enum family { FAMILY_PKCS1 = 1, FAMILY_PSS, FAMILY_ECDSA, FAMILY_ED25519 } family;

typedef struct scheme {
    family family;
    unsigned hash_bits;
} scheme;

static scheme scheme_of(lk_signature_algorithm algorithm) {
    switch (algorithm) {
    case LK_SIGN_RSA_PKCS1_SHA256:
        return (scheme){FAMILY_PKCS1, 256};
    case LK_SIGN_RSA_PKCS1_SHA384:
        return (scheme){FAMILY_PKCS1, 384};
    case LK_SIGN_RSA_PKCS1_SHA512:
        return (scheme){FAMILY_PKCS1, 512};
    case LK_SIGN_RSA_PSS_SHA256:
        return (scheme){FAMILY_PSS, 256};
    case LK_SIGN_RSA_PSS_SHA384:
        return (scheme){FAMILY_PSS, 384};
    case LK_SIGN_RSA_PSS_SHA512:
        return (scheme){FAMILY_PSS, 512};
    case LK_SIGN_ECDSA_SHA256:
        return (scheme){FAMILY_ECDSA, 256};
    case LK_SIGN_ECDSA_SHA384:
        return (scheme){FAMILY_ECDSA, 384};
    case LK_SIGN_ECDSA_SHA512:
        return (scheme){FAMILY_ECDSA, 512};
    case LK_SIGN_ED25519:
        return (scheme){FAMILY_ED25519, 0};
    }
    return (scheme){0, 0};
}

static bool suits(scheme s, lk_key_kind kind) {
    switch (kind) {
    case LK_KEY_RSA:
        return s.family == FAMILY_PKCS1 || s.family == FAMILY_PSS;
    case LK_KEY_P256:
    case LK_KEY_P384:
    case LK_KEY_P521:
        return s.family == FAMILY_ECDSA;
    case LK_KEY_ED25519:
        return s.family == FAMILY_ED25519;
    }
    return false;
}

/* hash writes the digest of `message` to `out` and returns its length in bytes. */
static size_t hash(uint8_t out[LK_HASH_MAX], unsigned bits, lk_slice message) {
    lk_digest_of(bits == 256 ? LK_SHA256 : bits == 384 ? LK_SHA384 : LK_SHA512, out, message);
    return bits / 8;
}

static const EVP_MD *md_of(unsigned bits) {
    return bits == 256 ? EVP_sha256() : bits == 384 ? EVP_sha384() : EVP_sha512();
}

/* ---- Kinds of key -------------------------------------------------------------------------------
 */

typedef struct curve {
    lk_key_kind kind;
    int nid;
    unsigned bits;
    const char *name;
} curve;

static const curve curves[] = {{LK_KEY_P256, NID_X9_62_prime256v1, 256, "P-256"},
                               {LK_KEY_P384, NID_secp384r1, 384, "P-384"},
                               {LK_KEY_P521, NID_secp521r1, 521, "P-521"}};

#define NUM_CURVES (sizeof curves / sizeof curves[0])

static const curve *curve_of(lk_key_kind kind) {
    for (size_t i = 0; i < NUM_CURVES; i++)
        if (curves[i].kind == kind)
            return &curves[i];
    return NULL;
}

/* ec_key_of returns an empty key on the curve. Writing down a curve takes libcrypto 8 us, copying
 * one that `crypto` (may be NULL) holds takes 0.7. */
static EC_KEY *ec_key_of(const lk_crypto *crypto, const curve *c) {
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

/* ---- Public keys --------------------------------------------------------------------------------
 */

static lk_public_key *public_key(lk_key_kind kind, unsigned bits) {
    lk_public_key *key = lk_alloc(&lk_heap_default, sizeof *key);
    if (key != NULL) {
        key->kind = kind;
        key->bits = bits;
    }
    return key;
}

lockstep_status lk_public_key_new(lk_public_key **out, const lk_crypto *crypto, lk_key_kind kind,
                                  lk_slice bits) {
    *out = NULL;
    const curve *c = curve_of(kind);
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
        key->ec = ec_key_of(crypto, c);
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
    if (n.p_len == 0 || e.p_len == 0 || n.p_len > RSA_MAX_BITS / 8 || e.p_len > 8 || n.p[0] == 0 ||
        e.p[0] == 0)
        return LOCKSTEP_CERT_WEAK_KEY;
    /* An even modulus is no product of odd primes; exponents 1 and 2 make no signature. */
    unsigned bits = bit_length(n);
    if (bits < RSA_MIN_BITS || (n.p[n.p_len - 1] & 1) == 0 || (e.p[e.p_len - 1] & 1) == 0 ||
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

void lk_public_key_free(lk_public_key *key) {
    if (key == NULL)
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

/* ---- Verifying ----------------------------------------------------------------------------------
 */

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

static bool set_up_rsa(EVP_PKEY_CTX *ctx, scheme s) {
    if (EVP_PKEY_CTX_set_rsa_padding(ctx, s.family == FAMILY_PSS ? RSA_PKCS1_PSS_PADDING
                                                                 : RSA_PKCS1_PADDING) != 1 ||
        EVP_PKEY_CTX_set_signature_md(ctx, md_of(s.hash_bits)) != 1)
        return false;
    /* RFC 8446 §4.2.3: the salt is as long as the hash, MGF1 uses the same hash. */
    return s.family != FAMILY_PSS ||
           (EVP_PKEY_CTX_set_rsa_mgf1_md(ctx, md_of(s.hash_bits)) == 1 &&
            EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx, RSA_PSS_SALTLEN_DIGEST) == 1);
}

static bool verify_rsa(const lk_public_key *key, scheme s, lk_slice signature, lk_slice message) {
    uint8_t digest[LK_HASH_MAX];
    /* RFC 8017 §8.1.2, §8.2.2 step 1: exactly as long as the modulus. */
    if (signature.p_len != (key->bits + 7) / 8)
        return false;
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, key->pkey, NULL);
    bool good = ctx != NULL && EVP_PKEY_verify_init(ctx) == 1 && set_up_rsa(ctx, s) &&
                EVP_PKEY_verify(ctx, signature.p, signature.p_len, digest,
                                hash(digest, s.hash_bits, message)) == 1;
    EVP_PKEY_CTX_free(ctx);
    return good;
}

static bool verify_ecdsa(const lk_public_key *key, scheme s, lk_slice signature, lk_slice message) {
    uint8_t digest[LK_HASH_MAX];
    if (!is_ecdsa_der(signature))
        return false;
    size_t n = hash(digest, s.hash_bits, message);
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
    scheme s = scheme_of(algorithm);
    if (!suits(s, key->kind))
        return false;
    bool good = s.family == FAMILY_ECDSA     ? verify_ecdsa(key, s, signature, message)
                : s.family == FAMILY_ED25519 ? verify_ed25519(key, signature, message)
                                             : verify_rsa(key, s, signature, message);
    if (!good)
        ERR_clear_error();
    return good;
}

/* ---- Private keys -------------------------------------------------------------------------------
 */

/* No prompt, ever: a key with a passphrase is a key that cannot be read. */
static int no_passphrase(char *out, int out_len, int writing, void *arg) {
    (void)out;
    (void)out_len;
    (void)writing;
    (void)arg;
    return 0;
}

/* curve_of_pkey returns the named curve, or NULL for another one or an explicit one. */
static const curve *curve_of_pkey(const EVP_PKEY *pkey) {
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

/* ec_of copies the scalar and the point of `pkey` into an EC_KEY and checks that they belong
 * together. */
static EC_KEY *ec_of(const lk_crypto *crypto, const EVP_PKEY *pkey, const curve *c) {
    BIGNUM *scalar = NULL;
    uint8_t point[1 + 2 * 66];
    size_t n = 0;
    EC_KEY *ec = ec_key_of(crypto, c);
    bool good = ec != NULL && EVP_PKEY_get_bn_param(pkey, OSSL_PKEY_PARAM_PRIV_KEY, &scalar) == 1 &&
                EC_KEY_set_private_key(ec, scalar) == 1 &&
                EVP_PKEY_get_octet_string_param(pkey, OSSL_PKEY_PARAM_PUB_KEY, point, sizeof point,
                                                &n) == 1 &&
                EC_KEY_oct2key(ec, point, n, NULL) == 1 && EC_KEY_check_key(ec) == 1;
    BN_clear_free(scalar);
    if (good)
        return ec;
    EC_KEY_free(ec);
    return NULL;
}

static lockstep_status fill_private(lk_private_key *key, const lk_crypto *crypto, EVP_PKEY *pkey) {
    key->pkey = pkey;
    if (EVP_PKEY_is_a(pkey, "RSA")) {
        key->kind = LK_KEY_RSA;
        key->bits = (unsigned)EVP_PKEY_get_bits(pkey);
        if (key->bits < RSA_MIN_BITS || key->bits > RSA_MAX_BITS)
            return LOCKSTEP_ERR_KEY_UNSUPPORTED;
    } else if (EVP_PKEY_is_a(pkey, "ED25519")) {
        key->kind = LK_KEY_ED25519;
        key->bits = 256;
    } else if (EVP_PKEY_is_a(pkey, "EC")) {
        const curve *c = curve_of_pkey(pkey);
        if (c == NULL)
            return LOCKSTEP_ERR_KEY_UNSUPPORTED;
        key->kind = c->kind;
        key->bits = c->bits;
        key->ec = ec_of(crypto, pkey, c);
        if (key->ec == NULL)
            return LOCKSTEP_ERR_KEY_UNSUPPORTED;
        if (EVP_PKEY_set_utf8_string_param(pkey, OSSL_PKEY_PARAM_EC_POINT_CONVERSION_FORMAT,
                                           OSSL_PKEY_EC_POINT_CONVERSION_FORMAT_UNCOMPRESSED) != 1)
            return LOCKSTEP_ERR_CRYPTO;
    } else {
        return LOCKSTEP_ERR_KEY_UNSUPPORTED;
    }
    key->spki_len = i2d_PUBKEY(pkey, &key->spki);
    return key->spki_len > 0 ? LOCKSTEP_OK : LOCKSTEP_ERR_CRYPTO;
}

/* private_key takes `pkey` over, whatever comes of it. */
static lockstep_status private_key(lk_private_key **out, const lk_crypto *crypto, EVP_PKEY *pkey) {
    lk_private_key *key = lk_alloc(&lk_heap_default, sizeof *key);
    if (key == NULL) {
        EVP_PKEY_free(pkey);
        return LOCKSTEP_ERR_NO_MEMORY;
    }
    lockstep_status status = fill_private(key, crypto, pkey);
    ERR_clear_error(); /* reading tries one decoder after the other, and each leaves its complaint
                        */
    if (status != LOCKSTEP_OK)
        lk_private_key_free(key);
    else
        *out = key;
    return status;
}

lockstep_status lk_private_key_from_pem(lk_private_key **out, const lk_crypto *crypto,
                                        lk_slice pem) {
    *out = NULL;
    if (pem.p_len == 0 || pem.p_len > INT32_MAX)
        return LOCKSTEP_ERR_PEM;
    BIO *bio = BIO_new_mem_buf(pem.p, (int)pem.p_len);
    if (bio == NULL) {
        ERR_clear_error();
        return LOCKSTEP_ERR_NO_MEMORY;
    }
    EVP_PKEY *pkey = PEM_read_bio_PrivateKey(bio, NULL, no_passphrase, NULL);
    BIO_free(bio);
    ERR_clear_error();
    if (pkey == NULL)
        return LOCKSTEP_ERR_PEM;
    return private_key(out, crypto, pkey);
}

lockstep_status lk_private_key_generate(lk_private_key **out, const lk_crypto *crypto,
                                        lk_key_kind kind, unsigned rsa_bits) {
    *out = NULL;
    const curve *c = curve_of(kind);
    EVP_PKEY *pkey = NULL;
    if (c != NULL)
        pkey = EVP_PKEY_Q_keygen(NULL, NULL, "EC", c->name);
    else if (kind == LK_KEY_ED25519)
        pkey = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    else if (kind == LK_KEY_RSA && rsa_bits >= RSA_MIN_BITS && rsa_bits <= RSA_MAX_BITS)
        pkey = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)rsa_bits);
    else
        return LOCKSTEP_ERR_KEY_UNSUPPORTED;
    if (pkey == NULL) {
        ERR_clear_error();
        return LOCKSTEP_ERR_CRYPTO;
    }
    return private_key(out, crypto, pkey);
}

void lk_private_key_free(lk_private_key *key) {
    if (key == NULL)
        return;
    OPENSSL_free(key->spki);
    EC_KEY_free(key->ec);
    EVP_PKEY_free(key->pkey);
    lk_release(&lk_heap_default, key, sizeof *key);
}

lk_key_kind lk_private_key_kind(const lk_private_key *key) {
    return key->kind;
}

unsigned lk_private_key_bits(const lk_private_key *key) {
    return key->bits;
}

lockstep_status lk_private_key_to_pem(const lk_private_key *key, lk_buffer *out) {
    BIO *bio = BIO_new(BIO_s_mem()); /* wipes what it held when freed */
    char *text = NULL;
    lockstep_status status = LOCKSTEP_ERR_CRYPTO;
    if (bio != NULL &&
        PEM_write_bio_PKCS8PrivateKey(bio, key->pkey, NULL, NULL, 0, no_passphrase, NULL) == 1) {
        long n = BIO_get_mem_data(bio, &text);
        if (n > 0)
            status = lk_buffer_append(out, lk_slice_of(text, (size_t)n)) ? LOCKSTEP_OK
                                                                         : LOCKSTEP_ERR_NO_MEMORY;
    }
    BIO_free(bio);
    if (status != LOCKSTEP_OK)
        ERR_clear_error();
    return status;
}

lockstep_status lk_private_key_spki(const lk_private_key *key, lk_buffer *out) {
    return lk_buffer_append(out, lk_slice_of(key->spki, (size_t)key->spki_len))
               ? LOCKSTEP_OK
               : LOCKSTEP_ERR_NO_MEMORY;
}

bool lk_private_key_matches(const lk_private_key *key, lk_slice spki) {
    return lk_slice_equal(spki, lk_slice_of(key->spki, (size_t)key->spki_len));
}

/* ---- Signing ------------------------------------------------------------------------------------
 */

static bool sign_ecdsa(const lk_private_key *key, scheme s, lk_slice message, uint8_t *out,
                       size_t *out_len) {
    uint8_t digest[LK_HASH_MAX];
    unsigned n = 0;
    size_t digest_len = hash(digest, s.hash_bits, message);
    if (ECDSA_sign(0, digest, (int)digest_len, out, &n, key->ec) != 1)
        return false;
    *out_len = n;
    return true;
}

static bool sign_rsa(const lk_private_key *key, scheme s, lk_slice message, uint8_t *out,
                     size_t *out_len) {
    uint8_t digest[LK_HASH_MAX];
    size_t n = LK_SIGNATURE_MAX;
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, key->pkey, NULL);
    bool good = ctx != NULL && EVP_PKEY_sign_init(ctx) == 1 && set_up_rsa(ctx, s) &&
                EVP_PKEY_sign(ctx, out, &n, digest, hash(digest, s.hash_bits, message)) == 1;
    EVP_PKEY_CTX_free(ctx);
    *out_len = good ? n : 0;
    return good;
}

static bool sign_ed25519(const lk_private_key *key, lk_slice message, uint8_t *out,
                         size_t *out_len) {
    size_t n = LK_SIGNATURE_MAX;
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    bool good = ctx != NULL && EVP_DigestSignInit(ctx, NULL, NULL, NULL, key->pkey) == 1 &&
                EVP_DigestSign(ctx, out, &n, message.p, message.p_len) == 1;
    EVP_MD_CTX_free(ctx);
    *out_len = good ? n : 0;
    return good;
}

lockstep_status lk_private_key_sign(const lk_private_key *key, lk_signature_algorithm algorithm,
                                    lk_slice message, uint8_t *out, size_t *out_len) {
    scheme s = scheme_of(algorithm);
    *out_len = 0;
    if (!suits(s, key->kind))
        return LOCKSTEP_ERR_USAGE;
    bool good = s.family == FAMILY_ECDSA     ? sign_ecdsa(key, s, message, out, out_len)
                : s.family == FAMILY_ED25519 ? sign_ed25519(key, message, out, out_len)
                                             : sign_rsa(key, s, message, out, out_len);
    if (good)
        return LOCKSTEP_OK;
    ERR_clear_error();
    return LOCKSTEP_ERR_CRYPTO;
}
