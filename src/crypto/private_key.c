#define OPENSSL_SUPPRESS_DEPRECATED /* EC_KEY: verifying through EVP_PKEY costs a third more */
#include "crypto/keys.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "crypto/key_kinds.h"
#include "util/heap.h"

/* No prompt, ever: a key with a passphrase is a key that cannot be read. */
static int no_passphrase(char *out, int out_len, int writing, void *arg) {
    (void)out;
    (void)out_len;
    (void)writing;
    (void)arg;
    return 0;
}

/* ec_of copies the scalar and the point of `pkey` into an EC_KEY and checks that they belong
 * together. */
static EC_KEY *ec_of(const lk_crypto *crypto, const EVP_PKEY *pkey, const lk_curve *c) {
    BIGNUM *scalar = NULL;
    uint8_t point[1 + 2 * 66];
    size_t n = 0;
    EC_KEY *ec = lk_curve_key(crypto, c);
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
        if (key->bits < LK_RSA_MIN_BITS || key->bits > LK_RSA_MAX_BITS)
            return LOCKSTEP_ERR_KEY_UNSUPPORTED;
    } else if (EVP_PKEY_is_a(pkey, "ED25519")) {
        key->kind = LK_KEY_ED25519;
        key->bits = 256;
    } else if (EVP_PKEY_is_a(pkey, "EC")) {
        const lk_curve *c = lk_curve_of_pkey(pkey);
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
    const lk_curve *c = lk_curve_of(kind);
    EVP_PKEY *pkey = NULL;
    if (c != NULL)
        pkey = EVP_PKEY_Q_keygen(NULL, NULL, "EC", c->name);
    else if (kind == LK_KEY_ED25519)
        pkey = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    else if (kind == LK_KEY_RSA && rsa_bits >= LK_RSA_MIN_BITS && rsa_bits <= LK_RSA_MAX_BITS)
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

/* ---- Signing --------------------------------------------------------------------------------- */

static bool sign_ecdsa(const lk_private_key *key, lk_key_scheme s, lk_slice message, uint8_t *out,
                       size_t *out_len) {
    uint8_t digest[LK_HASH_MAX];
    unsigned n = 0;
    size_t digest_len = lk_key_hash(digest, s.hash_bits, message);
    if (ECDSA_sign(0, digest, (int)digest_len, out, &n, key->ec) != 1)
        return false;
    *out_len = n;
    return true;
}

static bool sign_rsa(const lk_private_key *key, lk_key_scheme s, lk_slice message, uint8_t *out,
                     size_t *out_len) {
    uint8_t digest[LK_HASH_MAX];
    size_t n = lk_private_key_signature_max(key);
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, key->pkey, NULL);
    bool good = ctx != NULL && EVP_PKEY_sign_init(ctx) == 1 && lk_key_set_up_rsa(ctx, s) &&
                EVP_PKEY_sign(ctx, out, &n, digest, lk_key_hash(digest, s.hash_bits, message)) == 1;
    EVP_PKEY_CTX_free(ctx);
    *out_len = good ? n : 0;
    return good;
}

static bool sign_ed25519(const lk_private_key *key, lk_slice message, uint8_t *out,
                         size_t *out_len) {
    size_t n = lk_private_key_signature_max(key);
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    bool good = ctx != NULL && EVP_DigestSignInit(ctx, NULL, NULL, NULL, key->pkey) == 1 &&
                EVP_DigestSign(ctx, out, &n, message.p, message.p_len) == 1;
    EVP_MD_CTX_free(ctx);
    *out_len = good ? n : 0;
    return good;
}

size_t lk_private_key_signature_max(const lk_private_key *key) {
    size_t bytes = (key->bits + 7) / 8;
    /* RFC 3279 §2.2.3: a SEQUENCE of two INTEGERs, each with one octet in front for the sign. */
    if (key->ec != NULL)
        return 2 * (3 + bytes) + (bytes > 60 ? 3 : 2);
    return key->kind == LK_KEY_ED25519 ? 64 : bytes;
}

lockstep_status lk_private_key_sign(const lk_private_key *key, lk_signature_algorithm algorithm,
                                    lk_slice message, uint8_t *out, size_t *out_len) {
    lk_key_scheme s = lk_key_scheme_of(algorithm);
    *out_len = 0;
    if (!lk_key_scheme_suits(s, key->kind))
        return LOCKSTEP_ERR_USAGE;
    bool good = s.family == LK_FAMILY_ECDSA     ? sign_ecdsa(key, s, message, out, out_len)
                : s.family == LK_FAMILY_ED25519 ? sign_ed25519(key, message, out, out_len)
                                                : sign_rsa(key, s, message, out, out_len);
    if (good)
        return LOCKSTEP_OK;
    ERR_clear_error();
    return LOCKSTEP_ERR_CRYPTO;
}

lockstep_status lk_private_key_sign_digest(const lk_private_key *key, lk_slice digest, uint8_t *out,
                                           size_t *out_len) {
    unsigned n = 0;
    *out_len = 0;
    if (key->ec == NULL || digest.p_len > LK_HASH_MAX)
        return LOCKSTEP_ERR_USAGE;
    if (ECDSA_sign(0, digest.p, (int)digest.p_len, out, &n, key->ec) != 1) {
        ERR_clear_error();
        return LOCKSTEP_ERR_CRYPTO;
    }
    *out_len = n;
    return LOCKSTEP_OK;
}
