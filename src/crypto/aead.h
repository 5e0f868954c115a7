/*
 * aead.h - authenticated encryption with the three ciphers of TLS 1.3 (RFC 8446 §5.2, §B.4).
 */
#ifndef LK_CRYPTO_AEAD_H
#define LK_CRYPTO_AEAD_H

#include "crypto/crypto.h"
#include "util/bytes.h"

typedef enum lk_aead_kind {
    LK_AEAD_AES_128_GCM = 1,
    LK_AEAD_AES_256_GCM,
    LK_AEAD_CHACHA20_POLY1305
} lk_aead_kind;

#define LK_AEAD_KEY_MAX   32
#define LK_AEAD_NONCE_LEN 12
#define LK_AEAD_TAG_LEN   16

size_t lk_aead_key_length(lk_aead_kind kind);

/* lk_aead_tls12_iv_length returns how much of a nonce the key block of TLS 1.2 gives: the salt of
 * RFC 5288 §3, or all of it (RFC 7905 §2). */
static inline size_t lk_aead_tls12_iv_length(lk_aead_kind kind) {
    return kind == LK_AEAD_CHACHA20_POLY1305 ? LK_AEAD_NONCE_LEN : 4;
}

/* One key in one direction. */
typedef struct lk_aead lk_aead;

/* lk_aead_new returns a context that seals (`seal`) or opens with `key`, or NULL. */
lk_aead *lk_aead_new(const lk_crypto *crypto, lk_aead_kind kind, const uint8_t *key, bool seal);
void lk_aead_free(lk_aead *aead);

/* lk_aead_seal encrypts head || tail to `out`, and the tag behind it: head.p_len + tail.p_len +
 * LK_AEAD_TAG_LEN bytes. `out` may be head.p itself. False: libcrypto failed. */
bool lk_aead_seal(lk_aead *aead, uint8_t *out, const uint8_t nonce[LK_AEAD_NONCE_LEN], lk_slice ad,
                  lk_slice head, lk_slice tail);

/* lk_aead_open decrypts `in`, whose last LK_AEAD_TAG_LEN bytes are the tag, to `out` (in.p_len -
 * LK_AEAD_TAG_LEN bytes; may be in.p itself). False: not authentic; `out` is then wiped. */
bool lk_aead_open(lk_aead *aead, uint8_t *out, const uint8_t nonce[LK_AEAD_NONCE_LEN], lk_slice ad,
                  lk_slice in);

#endif
