#include "crypto/hkdf.h"

#include <string.h>

#include "util/secret.h"

#define BLOCK_MAX 128 /* SHA-384 and SHA-512 hash blocks of 128 bytes, SHA-256 of 64 */

void lk_hmac_key(lk_hmac *mac, lk_hash hash, lk_slice key) {
    uint8_t pad[BLOCK_MAX] = {0};
    size_t block = hash == LK_SHA256 ? 64 : 128;
    if (key.p_len > block)
        lk_digest_of(hash, pad, key);
    else if (key.p_len > 0)
        memcpy(pad, key.p, key.p_len);
    for (size_t i = 0; i < block; i++)
        pad[i] ^= 0x36;
    lk_digest_init(&mac->inner, hash);
    lk_digest_update(&mac->inner, lk_slice_of(pad, block));
    for (size_t i = 0; i < block; i++)
        pad[i] ^= 0x36 ^ 0x5c;
    lk_digest_init(&mac->outer, hash);
    lk_digest_update(&mac->outer, lk_slice_of(pad, block));
    lk_wipe(pad, sizeof pad);
}

void lk_hmac_of(const lk_hmac *mac, uint8_t *out, lk_slice a, lk_slice b) {
    uint8_t inner[LK_HASH_MAX];
    lk_digest_of_more(&mac->inner, inner, a, b);
    lk_digest_of_more(&mac->outer, out, lk_slice_of(inner, lk_hash_length(mac->outer.hash)),
                      lk_slice_of(NULL, 0));
    lk_wipe(inner, sizeof inner);
}

void lk_hkdf_extract(lk_hash hash, uint8_t *out, lk_slice salt, lk_slice ikm) {
    lk_hmac mac;
    lk_hmac_key(&mac, hash, salt);
    lk_hmac_of(&mac, out, ikm, lk_slice_of(NULL, 0));
    lk_wipe(&mac, sizeof mac);
}

void lk_hkdf_expand(const lk_hmac *prk, uint8_t *out, size_t out_len, lk_slice info) {
    /* T(n) = HMAC(PRK, T(n-1) || info || n): info and n go in as one slice. */
    uint8_t tail[LK_HKDF_INFO_MAX + 1], block[LK_HASH_MAX];
    size_t hash_len = lk_hash_length(prk->inner.hash), block_len = 0;
    memcpy(tail, info.p, info.p_len);
    for (uint8_t n = 1; out_len > 0; n++) {
        tail[info.p_len] = n;
        lk_hmac_of(prk, block, lk_slice_of(block, block_len), lk_slice_of(tail, info.p_len + 1));
        block_len = hash_len;
        size_t take = out_len < hash_len ? out_len : hash_len;
        memcpy(out, block, take);
        out += take;
        out_len -= take;
    }
    lk_wipe(block, sizeof block);
}

void lk_hkdf_expand_label(const lk_hmac *secret, uint8_t *out, size_t out_len, const char *label,
                          lk_slice context) {
    /* struct { uint16 length; opaque label<7..255>; opaque context<0..255>; } HkdfLabel */
    uint8_t info[LK_HKDF_INFO_MAX];
    size_t label_len = strlen(label), n = 0;
    info[n++] = (uint8_t)(out_len >> 8);
    info[n++] = (uint8_t)out_len;
    info[n++] = (uint8_t)(6 + label_len);
    memcpy(info + n, "tls13 ", 6);
    memcpy(info + n + 6, label, label_len);
    n += 6 + label_len;
    info[n++] = (uint8_t)context.p_len;
    if (context.p_len > 0)
        memcpy(info + n, context.p, context.p_len);
    lk_hkdf_expand(secret, out, out_len, lk_slice_of(info, n + context.p_len));
}
