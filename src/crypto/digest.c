#define OPENSSL_SUPPRESS_DEPRECATED
#include "crypto/digest.h"

#include <endian.h>
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

/* end writes the hash for the last time, and wipes what it was made from. */
static void end(lk_digest *d, uint8_t *out) {
    if (d->hash == LK_SHA256) {
        SHA256_Final(out, ctx256(d));
        lk_wipe(d->state, sizeof(SHA256_CTX));
    } else {
        (d->hash == LK_SHA384 ? SHA384_Final : SHA512_Final)(out, ctx512(d));
        lk_wipe(d->state, sizeof(SHA512_CTX));
    }
}

/* copy copies what is in use, which is half of it with SHA-256. */
static void copy(lk_digest *to, const lk_digest *from) {
    to->hash = from->hash;
    memcpy(to->state, from->state,
           from->hash == LK_SHA256 ? sizeof(SHA256_CTX) : sizeof(SHA512_CTX));
}

void lk_digest_peek(const lk_digest *d, uint8_t *out) {
    lk_digest ours;
    copy(&ours, d);
    end(&ours, out);
}

/* SHA-256 pads with a bit, zeros, and the number of bits in 64 bits (FIPS 180-4 §5.1.1). */
#define BLOCK_256 64
#define ROOM_256  (BLOCK_256 - 1 - 8)

static void store_u32(uint8_t *out, uint32_t v) {
    v = htobe32(v);
    memcpy(out, &v, sizeof v);
}

static void last_block_256(const SHA256_CTX *from, uint8_t *out, lk_slice a, lk_slice b) {
    SHA256_CTX c;
    uint8_t block[BLOCK_256] = {0};
    size_t n = a.p_len + b.p_len;
    if (a.p_len > 0)
        memcpy(block, a.p, a.p_len);
    if (b.p_len > 0)
        memcpy(block + a.p_len, b.p, b.p_len);
    block[n] = 0x80;
    store_u32(block + BLOCK_256 - 4, from->Nl + 8 * (uint32_t)n);
    memcpy(c.h, from->h, sizeof c.h);
    SHA256_Transform(&c, block);
    for (size_t i = 0; i < 8; i++)
        store_u32(out + 4 * i, c.h[i]);
    lk_wipe(c.h, sizeof c.h);
    lk_wipe(block, sizeof block);
}

void lk_digest_of_more(const lk_digest *d, uint8_t *out, lk_slice a, lk_slice b) {
    const SHA256_CTX *c = (const SHA256_CTX *)(const void *)d->state;
    if (d->hash == LK_SHA256 && a.p_len + b.p_len <= ROOM_256 && c->num == 0 && c->Nh == 0 &&
        c->Nl <= UINT32_MAX - 8 * BLOCK_256) {
        last_block_256(c, out, a, b);
        return;
    }
    lk_digest ours;
    copy(&ours, d);
    lk_digest_update(&ours, a);
    lk_digest_update(&ours, b);
    end(&ours, out);
}

void lk_digest_of(lk_hash hash, uint8_t *out, lk_slice data) {
    lk_digest d;
    lk_digest_init(&d, hash);
    lk_digest_update(&d, data);
    end(&d, out);
}

void lk_sha1_identifier(uint8_t out[20], lk_slice data) {
    SHA_CTX ctx;
    SHA1_Init(&ctx);
    if (data.p_len > 0)
        SHA1_Update(&ctx, data.p, data.p_len);
    SHA1_Final(out, &ctx);
}
