/*
 * digest.h - SHA-2 (FIPS 180-4) over raw libcrypto contexts, which can be copied by assignment.
 *
 * That copying is what makes a transcript cheap: the hash of "all messages so far" is taken many
 * times in one handshake (RFC 8446 §4.4.1).
 */
#ifndef LK_CRYPTO_DIGEST_H
#define LK_CRYPTO_DIGEST_H

#include "util/bytes.h"

typedef enum lk_hash { LK_SHA256 = 1, LK_SHA384, LK_SHA512 } lk_hash;

#define LK_HASH_MAX 64 /* bytes of the longest hash */

/* lk_hash_length returns the length of the hash in bytes: 32, 48 or 64. */
size_t lk_hash_length(lk_hash hash);

typedef struct lk_digest {
    lk_hash hash;
    uint64_t state[28]; /* libcrypto's SHA256_CTX or SHA512_CTX */
} lk_digest;

void lk_digest_init(lk_digest *d, lk_hash hash);
void lk_digest_update(lk_digest *d, lk_slice data);

/* lk_digest_peek writes the hash of all that was fed in; more may follow. */
void lk_digest_peek(const lk_digest *d, uint8_t *out);

/* lk_digest_of_more writes the hash of all that was fed in, which must be whole blocks, and of
 * a || b, without a context of its own if that fits the last block: for HMAC, and so for HKDF. */
void lk_digest_of_more(const lk_digest *d, uint8_t *out, lk_slice a, lk_slice b);

/* lk_digest_of hashes one slice. */
void lk_digest_of(lk_hash hash, uint8_t *out, lk_slice data);

/* lk_sha1_identifier writes the SHA-1 of `data`, by which OCSP names issuers and responders
 * (RFC 6960 §4.1.1, §4.2.1). It identifies only: whoever wants can make two inputs that have the
 * same, so nothing may be believed because of it. */
void lk_sha1_identifier(uint8_t out[20], lk_slice data);

#endif
