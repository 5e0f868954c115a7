/*
 * hkdf.h - HMAC (RFC 2104), HKDF (RFC 5869) and HKDF-Expand-Label (RFC 8446 §7.1).
 */
#ifndef LK_CRYPTO_HKDF_H
#define LK_CRYPTO_HKDF_H

#include "crypto/digest.h"

/* An HMAC key with both pads already hashed in: a MAC then costs two compressions less. */
typedef struct lk_hmac {
    lk_digest inner, outer;
} lk_hmac;

void lk_hmac_key(lk_hmac *mac, lk_hash hash, lk_slice key);

/* lk_hmac_of writes HMAC(key, a || b), as long as the hash. */
void lk_hmac_of(const lk_hmac *mac, uint8_t *out, lk_slice a, lk_slice b);

/* lk_hkdf_extract writes HKDF-Extract(salt, ikm), as long as the hash. */
void lk_hkdf_extract(lk_hash hash, uint8_t *out, lk_slice salt, lk_slice ikm);

/* lk_hkdf_expand writes HKDF-Expand(PRK, info, out_len) for a PRK whose pads are in `prk`; at most
 * 255 hashes long (RFC 5869 §2.3), from at most LK_HKDF_INFO_MAX bytes of `info`. */
#define LK_HKDF_INFO_MAX (2 + 1 + 255 + 1 + LK_HASH_MAX) /* the longest HkdfLabel */
void lk_hkdf_expand(const lk_hmac *prk, uint8_t *out, size_t out_len, lk_slice info);

/* lk_hkdf_expand_label writes HKDF-Expand-Label(Secret, Label, Context, out_len); `label` is
 * without its "tls13 " and at most 249 characters, `context` at most a hash. */
void lk_hkdf_expand_label(const lk_hmac *secret, uint8_t *out, size_t out_len, const char *label,
                          lk_slice context);

#endif
