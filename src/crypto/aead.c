#include "crypto/aead.h"

#include <openssl/err.h>
#include <openssl/evp.h>

#include "crypto/provider.h"
#include "util/secret.h"

size_t lk_aead_key_length(lk_aead_kind kind) {
    return kind == LK_AEAD_AES_128_GCM ? 16 : 32;
}

/* A handle over libcrypto's context, so that no other room sees its type. */
static EVP_CIPHER_CTX *ctx_of(lk_aead *aead) {
    return (EVP_CIPHER_CTX *)aead;
}

lk_aead *lk_aead_new(const lk_crypto *crypto, lk_aead_kind kind, const uint8_t *key, bool seal) {
    const EVP_CIPHER *cipher = kind == LK_AEAD_AES_128_GCM   ? crypto->aes_128_gcm
                               : kind == LK_AEAD_AES_256_GCM ? crypto->aes_256_gcm
                                                             : crypto->chacha20_poly1305;
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    if (ctx == NULL || EVP_CipherInit_ex2(ctx, cipher, key, NULL, seal, NULL) != 1) {
        EVP_CIPHER_CTX_free(ctx);
        ERR_clear_error();
        return NULL;
    }
    return (lk_aead *)ctx;
}

void lk_aead_free(lk_aead *aead) {
    EVP_CIPHER_CTX_free(ctx_of(aead));
}

/* libcrypto counts in int; a record never comes near. */
static bool fits(size_t n) {
    return n <= 1u << 30;
}

bool lk_aead_seal(lk_aead *aead, uint8_t *out, const uint8_t nonce[LK_AEAD_NONCE_LEN], lk_slice ad,
                  lk_slice head, lk_slice tail) {
    EVP_CIPHER_CTX *ctx = ctx_of(aead);
    int n;
    if (fits(ad.p_len) && fits(head.p_len) && fits(tail.p_len) &&
        EVP_EncryptInit_ex2(ctx, NULL, NULL, nonce, NULL) == 1 &&
        EVP_EncryptUpdate(ctx, NULL, &n, ad.p, (int)ad.p_len) == 1 &&
        (head.p_len == 0 || EVP_EncryptUpdate(ctx, out, &n, head.p, (int)head.p_len) == 1) &&
        (tail.p_len == 0 ||
         EVP_EncryptUpdate(ctx, out + head.p_len, &n, tail.p, (int)tail.p_len) == 1) &&
        EVP_EncryptFinal_ex(ctx, out + head.p_len + tail.p_len, &n) == 1 &&
        EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, LK_AEAD_TAG_LEN,
                            out + head.p_len + tail.p_len) == 1)
        return true;
    ERR_clear_error();
    return false;
}

bool lk_aead_open(lk_aead *aead, uint8_t *out, const uint8_t nonce[LK_AEAD_NONCE_LEN], lk_slice ad,
                  lk_slice in) {
    EVP_CIPHER_CTX *ctx = ctx_of(aead);
    int n;
    if (in.p_len < LK_AEAD_TAG_LEN || !fits(in.p_len) || !fits(ad.p_len))
        return false;
    size_t body = in.p_len - LK_AEAD_TAG_LEN;
    uint8_t tag[LK_AEAD_TAG_LEN];
    memcpy(tag, in.p + body, sizeof tag);
    if (EVP_DecryptInit_ex2(ctx, NULL, NULL, nonce, NULL) == 1 &&
        EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, LK_AEAD_TAG_LEN, tag) == 1 &&
        EVP_DecryptUpdate(ctx, NULL, &n, ad.p, (int)ad.p_len) == 1 &&
        (body == 0 || EVP_DecryptUpdate(ctx, out, &n, in.p, (int)body) == 1) &&
        EVP_DecryptFinal_ex(ctx, out + body, &n) == 1)
        return true;
    /* What did not authenticate must not be seen by anyone (RFC 5116 §2.2). */
    lk_wipe(out, body);
    ERR_clear_error();
    return false;
}
