/*
 * aead.h - authenticated encryption with the three ciphers of TLS 1.3 (RFC 8446 §5.2, §B.4).
 */
#ifndef LK_CRYPTO_AEAD_H
#define LK_CRYPTO_AEAD_H

#include <lockstep/status.h>

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

/*
 * One key in one direction, as plain data; all zeros: no key. libcrypto's contexts, a kilobyte
 * each, are with lk_crypto: a key borrows one for each record, finds its own again if nobody else
 * needed it since, and else sets one up anew. So what is idle holds a key and nothing more.
 */
typedef struct lk_aead {
    const lk_crypto *crypto; /* NULL: no key */
    uint64_t tag;            /* tells this key from every other that there ever was */
    uint8_t kind;
    uint8_t slot; /* where its context may be, counted from 1; 0: nowhere */
    bool seal;
    uint8_t key[LK_AEAD_KEY_MAX];
} lk_aead;

static inline bool lk_aead_is_set(const lk_aead *aead) {
    return aead->crypto != NULL;
}

/* lk_aead_set makes `aead`, with a key or without, seal (`seal`) or open with `key`. */
void lk_aead_set(lk_aead *aead, const lk_crypto *crypto, lk_aead_kind kind, const uint8_t *key,
                 bool seal);

/* lk_aead_clear wipes the key, wherever it is. */
void lk_aead_clear(lk_aead *aead);

/* lk_aead_seal encrypts head || tail to `out`, and the tag behind it: head.p_len + tail.p_len +
 * LK_AEAD_TAG_LEN bytes. `out` may be head.p itself. False: libcrypto failed. */
bool lk_aead_seal(lk_aead *aead, uint8_t *out, const uint8_t nonce[LK_AEAD_NONCE_LEN], lk_slice ad,
                  lk_slice head, lk_slice tail);

/* lk_aead_open decrypts `in`, whose last LK_AEAD_TAG_LEN bytes are the tag, to `out` (in.p_len -
 * LK_AEAD_TAG_LEN bytes; may be in.p itself). LOCKSTEP_PEER_BAD_RECORD_MAC: not authentic; `out` is
 * then wiped. LOCKSTEP_ERR_CRYPTO. */
LK_CHECKED lockstep_status lk_aead_open(lk_aead *aead, uint8_t *out,
                                        const uint8_t nonce[LK_AEAD_NONCE_LEN], lk_slice ad,
                                        lk_slice in);

#endif
