#include "crypto/aead.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <stdatomic.h>

#include "crypto/provider.h"
#include "util/secret.h"

size_t lk_aead_key_length(lk_aead_kind kind) {
    return kind == LK_AEAD_AES_128_GCM ? 16 : 32;
}

/* ---- Contexts, lent ------------------------------------------------------------------------- */

struct lk_cipher {
    EVP_CIPHER_CTX *ctx;
    uint64_t tag; /* whose key is in it; 0: nobody's */
    uint8_t kind; /* 0: of no cipher yet */
};

void lk_cipher_free(lk_cipher *c) {
    if (c == NULL)
        return;
    EVP_CIPHER_CTX_free(c->ctx);
    OPENSSL_free(c);
}

static lk_cipher *cipher_new(void) {
    lk_cipher *c = OPENSSL_zalloc(sizeof *c);
    if (c != NULL && (c->ctx = EVP_CIPHER_CTX_new()) != NULL)
        return c;
    lk_cipher_free(c);
    return NULL;
}

/* take_slot takes what lies in a slot, so that nobody else has it; put_slot puts it there. */
static lk_cipher *take_slot(const lk_aead *aead) {
    if (aead->slot == 0)
        return NULL;
    return atomic_exchange(&aead->crypto->kept->ciphers[aead->slot - 1].cipher, NULL);
}

/* What is put there has the key of whoever puts it, or none: if it had another's, that one might
 * have cleared the key meanwhile and not have found it. */
static void put_slot(const lk_aead *aead, lk_cipher *c) {
    lk_cipher_free(atomic_exchange(&aead->crypto->kept->ciphers[aead->slot - 1].cipher, c));
}

/* any_slot chooses one that nobody claims, or else the next. */
static uint8_t any_slot(const lk_crypto *crypto) {
    lk_kept *kept = crypto->kept;
    uint64_t unclaimed = atomic_load(&kept->unclaimed);
    while (unclaimed != 0) {
        uint64_t lowest = unclaimed & -unclaimed;
        if (atomic_compare_exchange_weak(&kept->unclaimed, &unclaimed, unclaimed & ~lowest))
            return (uint8_t)(__builtin_ctzll(lowest) + 1);
    }
    return (uint8_t)(atomic_fetch_add(&kept->next_cipher, 1) % LK_CIPHERS + 1);
}

static const EVP_CIPHER *algorithm(const lk_crypto *crypto, uint8_t kind) {
    return kind == LK_AEAD_AES_128_GCM   ? crypto->aes_128_gcm
           : kind == LK_AEAD_AES_256_GCM ? crypto->aes_256_gcm
                                         : crypto->chacha20_poly1305;
}

/* set_up puts the key of `aead` into a context, over whatever key is there. */
static bool set_up(lk_cipher *c, const lk_aead *aead) {
    /* libcrypto would make everything anew for a cipher that is named again. */
    const EVP_CIPHER *cipher = c->kind == aead->kind ? NULL : algorithm(aead->crypto, aead->kind);
    c->tag = 0;
    c->kind = 0;
    if (EVP_CipherInit_ex2(c->ctx, cipher, aead->key, NULL, aead->seal, NULL) != 1) {
        ERR_clear_error();
        return false;
    }
    c->kind = aead->kind;
    c->tag = aead->tag;
    return true;
}

/* give_up wipes the key in a context that could not be set up. */
static bool give_up(lk_cipher *c) {
    lk_cipher_free(c);
    return false;
}

/* borrow takes a context with this key in it, which put_slot gives back; NULL: there is none to be
 * had. One that has another's key by now is taken over; the slot stays that other's, who is sure to
 * come back to it, if there is one that nobody claims. */
static lk_cipher *borrow(lk_aead *aead) {
    lk_cipher *c = take_slot(aead);
    if (c != NULL && c->tag == aead->tag)
        return c;
    bool others = c != NULL && c->tag != 0;
    if (aead->slot == 0 || (others && atomic_load(&aead->crypto->kept->unclaimed) != 0)) {
        aead->slot = any_slot(aead->crypto);
        if (c == NULL)
            c = take_slot(aead);
    }
    if (c == NULL && (c = cipher_new()) == NULL)
        return NULL;
    return set_up(c, aead) || give_up(c) ? c : NULL;
}

/* wipe takes the key out of a context, and leaves it fit for the next. */
static void wipe(lk_cipher *c, bool seal) {
    static const uint8_t nothing[LK_AEAD_KEY_MAX];
    /* ChaCha20 keeps key stream that was not used. */
    bool wiped = c->kind != LK_AEAD_CHACHA20_POLY1305 &&
                 EVP_CipherInit_ex2(c->ctx, NULL, nothing, NULL, seal, NULL) == 1;
    if (!wiped) {
        EVP_CIPHER_CTX_reset(c->ctx);
        c->kind = 0;
    }
    c->tag = 0;
}

/* ---- Keys ------------------------------------------------------------------------------------ */

void lk_aead_set(lk_aead *aead, const lk_crypto *crypto, lk_aead_kind kind, const uint8_t *key,
                 bool seal) {
    if (lk_aead_is_set(aead) && aead->crypto != crypto)
        lk_aead_clear(aead);
    lk_cipher *c = take_slot(aead);
    *aead = (lk_aead){.crypto = crypto,
                      .tag = atomic_fetch_add(&crypto->kept->next_tag, 1) + 1,
                      .kind = (uint8_t)kind,
                      .slot = aead->slot,
                      .seal = seal};
    memcpy(aead->key, key, lk_aead_key_length(kind));
    /* The key before goes at once, and the new one has a context already. */
    if (c != NULL && (set_up(c, aead) || give_up(c)))
        put_slot(aead, c);
}

void lk_aead_clear(lk_aead *aead) {
    lk_cipher *c = take_slot(aead);
    /* Another's is wiped too, and set up again when it is needed: see put_slot. The slot stays its.
     */
    bool others = c != NULL && c->tag != 0 && c->tag != aead->tag;
    if (c != NULL) {
        wipe(c, aead->seal);
        put_slot(aead, c);
    }
    if (aead->slot != 0 && !others)
        atomic_fetch_or(&aead->crypto->kept->unclaimed, UINT64_C(1) << (aead->slot - 1));
    lk_wipe(aead, sizeof *aead);
}

/* libcrypto counts in int; a record never comes near. */
static bool fits(size_t n) {
    return n <= 1u << 30;
}

static bool seal(EVP_CIPHER_CTX *ctx, uint8_t *out, const uint8_t nonce[LK_AEAD_NONCE_LEN],
                 lk_slice ad, lk_slice head, lk_slice tail) {
    int n;
    uint8_t *end = out + head.p_len + tail.p_len;
    return EVP_EncryptInit_ex2(ctx, NULL, NULL, nonce, NULL) == 1 &&
           EVP_EncryptUpdate(ctx, NULL, &n, ad.p, (int)ad.p_len) == 1 &&
           (head.p_len == 0 || EVP_EncryptUpdate(ctx, out, &n, head.p, (int)head.p_len) == 1) &&
           (tail.p_len == 0 ||
            EVP_EncryptUpdate(ctx, out + head.p_len, &n, tail.p, (int)tail.p_len) == 1) &&
           EVP_EncryptFinal_ex(ctx, end, &n) == 1 &&
           EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, LK_AEAD_TAG_LEN, end) == 1;
}

bool lk_aead_seal(lk_aead *aead, uint8_t *out, const uint8_t nonce[LK_AEAD_NONCE_LEN], lk_slice ad,
                  lk_slice head, lk_slice tail) {
    lk_cipher *c = fits(ad.p_len) && fits(head.p_len) && fits(tail.p_len) ? borrow(aead) : NULL;
    bool sealed = c != NULL && seal(c->ctx, out, nonce, ad, head, tail);
    if (c != NULL)
        put_slot(aead, c);
    if (!sealed)
        ERR_clear_error();
    return sealed;
}

static bool open_(EVP_CIPHER_CTX *ctx, uint8_t *out, const uint8_t nonce[LK_AEAD_NONCE_LEN],
                  lk_slice ad, lk_slice body, uint8_t tag[LK_AEAD_TAG_LEN]) {
    int n;
    return EVP_DecryptInit_ex2(ctx, NULL, NULL, nonce, NULL) == 1 &&
           EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, LK_AEAD_TAG_LEN, tag) == 1 &&
           EVP_DecryptUpdate(ctx, NULL, &n, ad.p, (int)ad.p_len) == 1 &&
           (body.p_len == 0 || EVP_DecryptUpdate(ctx, out, &n, body.p, (int)body.p_len) == 1) &&
           EVP_DecryptFinal_ex(ctx, out + body.p_len, &n) == 1;
}

lockstep_status lk_aead_open(lk_aead *aead, uint8_t *out, const uint8_t nonce[LK_AEAD_NONCE_LEN],
                             lk_slice ad, lk_slice in) {
    if (in.p_len < LK_AEAD_TAG_LEN || !fits(in.p_len) || !fits(ad.p_len))
        return LOCKSTEP_PEER_BAD_RECORD_MAC;
    lk_cipher *c = borrow(aead);
    if (c == NULL)
        return LOCKSTEP_ERR_CRYPTO;
    size_t body = in.p_len - LK_AEAD_TAG_LEN;
    uint8_t tag[LK_AEAD_TAG_LEN];
    memcpy(tag, in.p + body, sizeof tag);
    bool opened = open_(c->ctx, out, nonce, ad, lk_slice_of(in.p, body), tag);
    put_slot(aead, c);
    if (opened)
        return LOCKSTEP_OK;
    /* What did not authenticate must not be seen by anyone (RFC 5116 §2.2). */
    lk_wipe(out, body);
    ERR_clear_error();
    return LOCKSTEP_PEER_BAD_RECORD_MAC;
}
