#include "crypto/rsa_transport.h"

#include <openssl/err.h>
#include <openssl/rsa.h>

#include "crypto/key_kinds.h"
#include "util/secret.h"

/* "0x00 || 0x02 || PS || 0x00 || M", where PS has eight bytes at the least (RFC 8017 §7.2.1) */
#define PADDING_MIN 11

size_t lk_rsa_block_length(const lk_public_key *key) {
    return (key->bits + 7) / 8;
}

lockstep_status lk_rsa_pad(uint8_t *block, const lk_public_key *key, const lockstep_env *env,
                           const uint8_t premaster[LK_PREMASTER_LEN]) {
    size_t n = lk_rsa_block_length(key), zero = n - LK_PREMASTER_LEN - 1;
    if (key->kind != LK_KEY_RSA || n < LK_PREMASTER_LEN + PADDING_MIN)
        return LOCKSTEP_ERR_KEY_UNSUPPORTED;
    block[0] = 0;
    block[1] = 2;
    if (!env->random(env->arg, block + 2, zero - 2))
        return LOCKSTEP_ERR_NO_RANDOM;
    for (size_t i = 2; i < zero; i++)
        while (block[i] == 0)
            if (!env->random(env->arg, block + i, 1))
                return LOCKSTEP_ERR_NO_RANDOM;
    block[zero] = 0;
    memcpy(block + zero + 1, premaster, LK_PREMASTER_LEN);
    return LOCKSTEP_OK;
}

lockstep_status lk_rsa_encrypt(const lk_public_key *key, uint8_t *block) {
    uint8_t out[LK_SIGNATURE_MAX];
    size_t n = lk_rsa_block_length(key), out_len = sizeof out;
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, key->pkey, NULL);
    bool good = ctx != NULL && EVP_PKEY_encrypt_init(ctx) == 1 &&
                EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_NO_PADDING) == 1 &&
                EVP_PKEY_encrypt(ctx, out, &out_len, block, n) == 1 && out_len == n;
    EVP_PKEY_CTX_free(ctx);
    if (good)
        memcpy(block, out, n);
    else
        ERR_clear_error();
    return good ? LOCKSTEP_OK : LOCKSTEP_ERR_CRYPTO;
}

/* ---- Unpadding ------------------------------------------------------------------------------- */

/* hide keeps the compiler from knowing anything of `v`, so that no mask becomes a branch. */
static uint32_t hide(uint32_t v) {
    __asm__ volatile("" : "+r"(v));
    return v;
}

/* differs returns all ones if two bytes are not the same, else zero. */
static uint32_t differs(uint8_t a, uint8_t b) {
    uint32_t x = hide((uint32_t)(a ^ b));
    return hide(0 - ((x | (0 - x)) >> 31));
}

void lk_rsa_unpad(uint8_t premaster[LK_PREMASTER_LEN], const uint8_t *block, size_t n,
                  uint16_t version, const uint8_t random[LK_PREMASTER_LEN]) {
    /* The length of the premaster secret is known, so is the place of the zero before it; a zero
     * further in front would make it longer. */
    const uint8_t *secret = block + n - LK_PREMASTER_LEN;
    uint32_t bad = differs(block[0], 0) | differs(block[1], 2) | differs(secret[-1], 0);
    for (const uint8_t *p = block + 2; p < secret - 1; p++)
        bad |= ~differs(*p, 0);
    bad |= differs(secret[0], (uint8_t)(version >> 8)) | differs(secret[1], (uint8_t)version);
    bad = hide(bad);
    for (size_t i = 0; i < LK_PREMASTER_LEN; i++)
        premaster[i] = (uint8_t)((secret[i] & ~bad) | (random[i] & bad));
}

void lk_rsa_decrypt(uint8_t premaster[LK_PREMASTER_LEN], const lk_private_key *key,
                    lk_slice ciphertext, uint16_t version, const uint8_t random[LK_PREMASTER_LEN]) {
    uint8_t block[LK_SIGNATURE_MAX] = {0};
    size_t n = (key->bits + 7) / 8, out_len = sizeof block;
    memcpy(premaster, random, LK_PREMASTER_LEN);
    /* Length and size of a ciphertext are for all to see. */
    if (key->kind != LK_KEY_RSA || ciphertext.p_len != n || n < LK_PREMASTER_LEN + PADDING_MIN)
        return;
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, key->pkey, NULL);
    if (ctx != NULL && EVP_PKEY_decrypt_init(ctx) == 1 &&
        EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_NO_PADDING) == 1 &&
        EVP_PKEY_decrypt(ctx, block, &out_len, ciphertext.p, n) == 1 && out_len == n)
        lk_rsa_unpad(premaster, block, n, version, random);
    else
        ERR_clear_error();
    EVP_PKEY_CTX_free(ctx);
    lk_wipe(block, sizeof block);
}
