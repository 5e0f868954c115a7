#include "crypto/kex.h"

#include <lockstep/lockstep.h>
#include <openssl/err.h>

#include "crypto/kex_parts.h"
#include "util/secret.h"

/* ---- The groups ------------------------------------------------------------------------------ */

#define X25519_SHARE 32
#define P256_SHARE   65
#define P384_SHARE   97
#define P521_SHARE   133

const lk_kex_group lk_kex_groups[LK_KEX_NUM_GROUPS] = {
    {LOCKSTEP_GROUP_X25519MLKEM768, "X25519MLKEM768", LK_MLKEM768_PUBLIC + X25519_SHARE,
     LK_MLKEM768_CIPHERTEXT + X25519_SHARE, true, true},
    {LOCKSTEP_GROUP_X25519, "x25519", X25519_SHARE, X25519_SHARE, false, true},
    {LOCKSTEP_GROUP_SECP256R1MLKEM768, "SecP256r1MLKEM768", P256_SHARE + LK_MLKEM768_PUBLIC,
     P256_SHARE + LK_MLKEM768_CIPHERTEXT, true, true},
    {LOCKSTEP_GROUP_SECP384R1MLKEM1024, "SecP384r1MLKEM1024", P384_SHARE + LK_MLKEM1024_PUBLIC,
     P384_SHARE + LK_MLKEM1024_CIPHERTEXT, true, true},
    {LOCKSTEP_GROUP_SECP256R1, "secp256r1", P256_SHARE, P256_SHARE, false, true},
    {LOCKSTEP_GROUP_SECP384R1, "secp384r1", P384_SHARE, P384_SHARE, false, true},
    {LOCKSTEP_GROUP_SECP521R1, "secp521r1", P521_SHARE, P521_SHARE, false, false},
    {LOCKSTEP_GROUP_MLKEM1024, "MLKEM1024", LK_MLKEM1024_PUBLIC, LK_MLKEM1024_CIPHERTEXT, true,
     false},
};

/* What they are made of, in the same order. "For X25519MLKEM768, the client's share is the
 * concatenation of the ML-KEM-768 encapsulation key and the X25519 ephemeral share", for the other
 * two it is the other way round; and so are the secrets (draft-ietf-tls-ecdhe-mlkem §4). */
static const struct parts {
    lk_classic classic;
    const lk_kem *kem;
    bool kem_first;
} parts_of_groups[LK_KEX_NUM_GROUPS] = {
    {LK_CLASSIC_X25519, &lk_kem_768, true}, {LK_CLASSIC_X25519, NULL, false},
    {LK_CLASSIC_P256, &lk_kem_768, false},  {LK_CLASSIC_P384, &lk_kem_1024, false},
    {LK_CLASSIC_P256, NULL, false},         {LK_CLASSIC_P384, NULL, false},
    {LK_CLASSIC_P521, NULL, false},         {LK_CLASSIC_NONE, &lk_kem_1024, true},
};

static const struct parts *parts_of(const lk_kex_group *group) {
    return &parts_of_groups[group - lk_kex_groups];
}

const lk_kex_group *lk_kex_group_of(uint16_t id) {
    for (size_t i = 0; i < LK_KEX_NUM_GROUPS; i++)
        if (lk_kex_groups[i].id == id)
            return &lk_kex_groups[i];
    return NULL;
}

/* Where the two parts lie in what is put together of `kem_len` and `classic_len` bytes. */
static size_t kem_at(const struct parts *p, size_t classic_len) {
    return p->kem_first ? 0 : classic_len;
}

static size_t classic_at(const struct parts *p, size_t kem_len) {
    return p->kem_first && p->kem != NULL ? kem_len : 0;
}

/* ---- The private half of a share ------------------------------------------------------------- */

struct lk_ephemeral {
    const lk_crypto *crypto;
    const lk_kex_group *group;
    lk_classic_key classic;
    lk_kem_key kem;
    uint8_t own_kem[]; /* for ML-KEM of our own */
};

static size_t size_of(const lk_kex_group *group) {
    const lk_kem *kem = parts_of(group)->kem;
    return sizeof(lk_ephemeral) + (kem != NULL ? kem->set->private_len : 0);
}

void lk_ephemeral_free(lk_ephemeral *e) {
    if (e == NULL)
        return;
    EVP_PKEY_free(e->kem.pkey);
    OPENSSL_clear_free(e, size_of(e->group));
}

/* ---- The three steps ------------------------------------------------------------------------- */

/* Of the random bytes those of ML-KEM come first. */
static size_t kem_random(const struct parts *p) {
    return p->kem != NULL ? LK_MLKEM_SEED : 0;
}

static size_t kem_secret(const struct parts *p) {
    return p->kem != NULL ? LK_MLKEM_SHARED : 0;
}

static size_t public_len(const struct parts *p) {
    return p->kem != NULL ? p->kem->set->public : 0;
}

static size_t ciphertext_len(const struct parts *p) {
    return p->kem != NULL ? p->kem->set->ciphertext : 0;
}

bool lk_kex_draw(const lk_crypto *crypto, const lockstep_env *env, const lk_kex_group *group,
                 uint8_t *out) {
    const struct parts *p = parts_of(group);
    size_t n = kem_random(p);
    return (n == 0 || env->random(env->arg, out, n)) &&
           (p->classic == LK_CLASSIC_NONE || lk_classic_draw(crypto, env, p->classic, out + n));
}

lockstep_status lk_kex_generate(lk_ephemeral **out, uint8_t *share, const lk_crypto *crypto,
                                const lk_kex_group *group, const uint8_t *random) {
    const struct parts *p = parts_of(group);
    lk_ephemeral *e = OPENSSL_zalloc(size_of(group));
    if (e == NULL)
        return LOCKSTEP_ERR_NO_MEMORY;
    e->crypto = crypto;
    e->group = group;
    e->kem.own = e->own_kem;
    bool ok = (p->classic == LK_CLASSIC_NONE ||
               lk_classic_generate(&e->classic, crypto, p->classic, random + kem_random(p),
                                   share + classic_at(p, public_len(p)))) &&
              (p->kem == NULL || lk_kem_generate(&e->kem, crypto, p->kem, random,
                                                 share + kem_at(p, lk_classic_share(p->classic))));
    ERR_clear_error();
    if (ok) {
        *out = e;
        return LOCKSTEP_OK;
    }
    lk_ephemeral_free(e);
    return LOCKSTEP_ERR_CRYPTO;
}

lockstep_status lk_kex_respond(uint8_t *share, uint8_t *secret, size_t *secret_len,
                               const lk_crypto *crypto, const lk_kex_group *group,
                               const uint8_t *random, lk_slice peer) {
    const struct parts *p = parts_of(group);
    size_t kem_share = kem_at(p, lk_classic_share(p->classic));
    lockstep_status status = LOCKSTEP_OK;
    if (peer.p_len != group->client_share)
        return LOCKSTEP_PEER_KEY_SHARE;
    if (p->classic != LK_CLASSIC_NONE)
        status = lk_classic_respond(
            crypto, p->classic, random + kem_random(p), share + classic_at(p, ciphertext_len(p)),
            peer.p + classic_at(p, public_len(p)), secret + classic_at(p, kem_secret(p)));
    if (status == LOCKSTEP_OK && p->kem != NULL)
        status = lk_kem_encapsulate(crypto, p->kem, random, peer.p + kem_share, share + kem_share,
                                    secret + kem_at(p, lk_classic_secret(p->classic)));
    *secret_len = kem_secret(p) + lk_classic_secret(p->classic);
    ERR_clear_error();
    return status;
}

lockstep_status lk_kex_derive(const lk_ephemeral *e, uint8_t *secret, size_t *secret_len,
                              lk_slice peer) {
    const struct parts *p = parts_of(e->group);
    lockstep_status status = LOCKSTEP_OK;
    if (peer.p_len != e->group->server_share)
        return LOCKSTEP_PEER_KEY_SHARE;
    if (p->classic != LK_CLASSIC_NONE)
        status =
            lk_classic_derive(&e->classic, e->crypto, peer.p + classic_at(p, ciphertext_len(p)),
                              secret + classic_at(p, kem_secret(p)));
    if (status == LOCKSTEP_OK && p->kem != NULL)
        status =
            lk_kem_decapsulate(&e->kem, p->kem, peer.p + kem_at(p, lk_classic_share(p->classic)),
                               secret + kem_at(p, lk_classic_secret(p->classic)));
    *secret_len = kem_secret(p) + lk_classic_secret(p->classic);
    ERR_clear_error();
    return status;
}
