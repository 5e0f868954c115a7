#define OPENSSL_SUPPRESS_DEPRECATED
#include "crypto/digest.h"

#include <openssl/sha.h>

#include "util/secret.h"

_Static_assert(sizeof(SHA512_CTX) <= sizeof((lk_digest){0}.state), "state holds SHA-512");
_Static_assert(sizeof(SHA256_CTX) <= sizeof((lk_digest){0}.state), "state holds SHA-256");

size_t lk_hash_length(lk_hash hash) {
    return hash == LK_SHA256 ? 32 : hash == LK_SHA384 ? 48 : 64;
}

/* The state is accessed as libcrypto's structure; uint64_t gives it the alignment. */
static SHA256_CTX *ctx256(lk_digest *d) {
    return (SHA256_CTX *)(void *)d->state;
}

static SHA512_CTX *ctx512(lk_digest *d) {
    return (SHA512_CTX *)(void *)d->state;
}

void lk_digest_init(lk_digest *d, lk_hash hash) {
    d->hash = hash;
    if (hash == LK_SHA256)
        SHA256_Init(ctx256(d));
    else if (hash == LK_SHA384)
        SHA384_Init(ctx512(d));
    else
        SHA512_Init(ctx512(d));
}

void lk_digest_update(lk_digest *d, lk_slice data) {
    if (data.p_len == 0)
        return;
    if (d->hash == LK_SHA256)
        SHA256_Update(ctx256(d), data.p, data.p_len);
    else
        SHA512_Update(ctx512(d), data.p, data.p_len);
}

void lk_digest_end(lk_digest *d, uint8_t *out) {
    if (d->hash == LK_SHA256) {
        SHA256_Final(out, ctx256(d));
        lk_wipe(d->state, sizeof(SHA256_CTX));
    } else {
        (d->hash == LK_SHA384 ? SHA384_Final : SHA512_Final)(out, ctx512(d));
        lk_wipe(d->state, sizeof(SHA512_CTX));
    }
}

void lk_digest_copy(lk_digest *to, const lk_digest *from) {
    to->hash = from->hash;
    memcpy(to->state, from->state,
           from->hash == LK_SHA256 ? sizeof(SHA256_CTX) : sizeof(SHA512_CTX));
}

void lk_digest_peek(const lk_digest *d, uint8_t *out) {
    lk_digest copy;
    lk_digest_copy(&copy, d);
    lk_digest_end(&copy, out);
}

void lk_digest_of(lk_hash hash, uint8_t *out, lk_slice data) {
    lk_digest d;
    lk_digest_init(&d, hash);
    lk_digest_update(&d, data);
    lk_digest_end(&d, out);
}

void lk_sha1_identifier(uint8_t out[20], lk_slice data) {
    SHA_CTX ctx;
    SHA1_Init(&ctx);
    if (data.p_len > 0)
        SHA1_Update(&ctx, data.p, data.p_len);
    SHA1_Final(out, &ctx);
}
