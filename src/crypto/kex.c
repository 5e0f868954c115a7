#include "crypto/kex.h"

#include <lockstep/lockstep.h>
#include <openssl/err.h>

#include "crypto/lanes.h"
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

bool lk_kex_seed_draw(lk_kex_seed *out, const lk_crypto *crypto, const lockstep_env *env,
                      lockstep_shares *shares, const lk_kex_group *group) {
    const struct parts *p = parts_of(group);
    size_t n = kem_random(p);
    lk_key_pair pair;
    out->ahead = p->classic == LK_CLASSIC_X25519 && lk_shares_take(shares, &pair);
    if (!out->ahead)
        return lk_kex_draw(crypto, env, group, out->random);
    memcpy(out->random + n, pair.private_key, LK_X25519_LEN);
    memcpy(out->x25519, pair.public_key, LK_X25519_LEN);
    lk_wipe(&pair, sizeof pair);
    return n == 0 || env->random(env->arg, out->random, n);
}

/* ---- Generate -------------------------------------------------------------------------------- */

static lk_ephemeral *ephemeral_new(const lk_crypto *crypto, const lk_kex_task *t) {
    const struct parts *p = parts_of(t->group);
    lk_ephemeral *e = OPENSSL_zalloc(size_of(t->group));
    if (e == NULL)
        return NULL;
    e->crypto = crypto;
    e->group = t->group;
    e->kem.own = e->own_kem;
    e->classic.kind = p->classic;
    memcpy(e->classic.bytes, t->seed.random + kem_random(p), lk_classic_secret(p->classic));
    return e;
}

/* add_generate puts the classical part into a lane, unless it is done already. */
static void add_generate(lk_lanes_of_generate *lanes, lk_kex_task *t, lockstep_status *status) {
    const struct parts *p = parts_of(t->group);
    uint8_t *share = t->share + classic_at(p, public_len(p));
    size_t i = lanes->num;
    if (t->seed.ahead) {
        memcpy(share, t->seed.x25519, LK_X25519_LEN);
        return;
    }
    lanes->private_key[i] = t->made->classic.bytes;
    lanes->share[i] = share;
    lanes->status[i] = status;
    lanes->num++;
}

static void add_kem_generate(lk_lanes_of_kem_generate *lanes, lk_kex_task *t,
                             lockstep_status *status) {
    const struct parts *p = parts_of(t->group);
    size_t i = lanes->num++;
    lanes->random[i] = t->seed.random;
    lanes->key[i] = &t->made->kem;
    lanes->share[i] = t->share + kem_at(p, lk_classic_share(p->classic));
    lanes->status[i] = status;
}

void lk_kex_generate_lanes(const lk_kex_lanes *lanes, const lk_crypto *crypto) {
    const struct parts *p = parts_of(lanes->task[0]->group);
    lk_lanes_of_generate classic = {.num = 0};
    lk_lanes_of_kem_generate kem = {.num = 0};
    for (size_t i = 0; i < lanes->num; i++) {
        lk_kex_task *t = lanes->task[i];
        t->made = ephemeral_new(crypto, t);
        *lanes->status[i] = t->made != NULL ? LOCKSTEP_OK : LOCKSTEP_ERR_NO_MEMORY;
        if (t->made != NULL && p->classic != LK_CLASSIC_NONE)
            add_generate(&classic, t, lanes->status[i]);
    }
    lk_lanes_generate(&classic, crypto, p->classic);
    for (size_t i = 0; i < lanes->num && p->kem != NULL; i++)
        if (*lanes->status[i] == LOCKSTEP_OK)
            add_kem_generate(&kem, lanes->task[i], lanes->status[i]);
    lk_lanes_kem_generate(&kem, crypto, p->kem);
    for (size_t i = 0; i < lanes->num; i++) {
        lk_kex_task *t = lanes->task[i];
        lk_wipe(&t->seed, sizeof t->seed);
        if (*lanes->status[i] != LOCKSTEP_OK) {
            lk_ephemeral_free(t->made);
            t->made = NULL;
        }
    }
    ERR_clear_error();
}

/* ---- Respond --------------------------------------------------------------------------------- */

static void add_respond(lk_lanes_of_respond *lanes, lk_kex_task *t, lockstep_status *status) {
    const struct parts *p = parts_of(t->group);
    size_t i = lanes->num++;
    lanes->private_key[i] = t->seed.random + kem_random(p);
    lanes->peer[i] = t->peer.p + classic_at(p, public_len(p));
    lanes->share[i] = t->share + classic_at(p, ciphertext_len(p));
    lanes->secret[i] = t->secret + classic_at(p, kem_secret(p));
    lanes->status[i] = status;
}

/* add_ahead is for those whose key pair was made ahead: what is left is to derive. */
static void add_ahead(lk_lanes_of_derive *lanes, lk_kex_task *t, lockstep_status *status) {
    const struct parts *p = parts_of(t->group);
    size_t i = lanes->num++;
    memcpy(t->share + classic_at(p, ciphertext_len(p)), t->seed.x25519, LK_X25519_LEN);
    lanes->private_key[i] = t->seed.random + kem_random(p);
    lanes->peer[i] = t->peer.p + classic_at(p, public_len(p));
    lanes->secret[i] = t->secret + classic_at(p, kem_secret(p));
    lanes->status[i] = status;
}

static void add_encapsulate(lk_lanes_of_encapsulate *lanes, lk_kex_task *t,
                            lockstep_status *status) {
    const struct parts *p = parts_of(t->group);
    size_t i = lanes->num++, at = kem_at(p, lk_classic_share(p->classic));
    lanes->random[i] = t->seed.random;
    lanes->peer[i] = t->peer.p + at;
    lanes->ciphertext[i] = t->share + at;
    lanes->secret[i] = t->secret + kem_at(p, lk_classic_secret(p->classic));
    lanes->status[i] = status;
}

void lk_kex_respond_lanes(const lk_kex_lanes *lanes, const lk_crypto *crypto) {
    const struct parts *p = parts_of(lanes->task[0]->group);
    lk_lanes_of_respond classic = {.num = 0};
    lk_lanes_of_derive ahead = {.num = 0};
    lk_lanes_of_encapsulate kem = {.num = 0};
    for (size_t i = 0; i < lanes->num; i++) {
        lk_kex_task *t = lanes->task[i];
        t->secret_len = kem_secret(p) + lk_classic_secret(p->classic);
        *lanes->status[i] =
            t->peer.p_len == t->group->client_share ? LOCKSTEP_OK : LOCKSTEP_PEER_KEY_SHARE;
        if (*lanes->status[i] != LOCKSTEP_OK || p->classic == LK_CLASSIC_NONE)
            continue;
        if (t->seed.ahead)
            add_ahead(&ahead, t, lanes->status[i]);
        else
            add_respond(&classic, t, lanes->status[i]);
    }
    lk_lanes_derive(&ahead, crypto, p->classic);
    lk_lanes_respond(&classic, crypto, p->classic);
    for (size_t i = 0; i < lanes->num && p->kem != NULL; i++)
        if (*lanes->status[i] == LOCKSTEP_OK)
            add_encapsulate(&kem, lanes->task[i], lanes->status[i]);
    lk_lanes_encapsulate(&kem, crypto, p->kem);
    for (size_t i = 0; i < lanes->num; i++)
        lk_wipe(&lanes->task[i]->seed, sizeof lanes->task[i]->seed);
    ERR_clear_error();
}

/* ---- Derive ---------------------------------------------------------------------------------- */

static void add_derive(lk_lanes_of_derive *lanes, lk_kex_task *t, lockstep_status *status) {
    const struct parts *p = parts_of(t->group);
    size_t i = lanes->num++;
    lanes->private_key[i] = t->own->classic.bytes;
    lanes->peer[i] = t->peer.p + classic_at(p, ciphertext_len(p));
    lanes->secret[i] = t->secret + classic_at(p, kem_secret(p));
    lanes->status[i] = status;
}

static void add_decapsulate(lk_lanes_of_decapsulate *lanes, lk_kex_task *t,
                            lockstep_status *status) {
    const struct parts *p = parts_of(t->group);
    size_t i = lanes->num++;
    lanes->key[i] = &t->own->kem;
    lanes->ciphertext[i] = t->peer.p + kem_at(p, lk_classic_share(p->classic));
    lanes->secret[i] = t->secret + kem_at(p, lk_classic_secret(p->classic));
    lanes->status[i] = status;
}

void lk_kex_derive_lanes(const lk_kex_lanes *lanes, const lk_crypto *crypto) {
    const struct parts *p = parts_of(lanes->task[0]->group);
    lk_lanes_of_derive classic = {.num = 0};
    lk_lanes_of_decapsulate kem = {.num = 0};
    for (size_t i = 0; i < lanes->num; i++) {
        lk_kex_task *t = lanes->task[i];
        t->secret_len = kem_secret(p) + lk_classic_secret(p->classic);
        *lanes->status[i] =
            t->peer.p_len == t->group->server_share ? LOCKSTEP_OK : LOCKSTEP_PEER_KEY_SHARE;
        if (*lanes->status[i] == LOCKSTEP_OK && p->classic != LK_CLASSIC_NONE)
            add_derive(&classic, t, lanes->status[i]);
    }
    lk_lanes_derive(&classic, crypto, p->classic);
    for (size_t i = 0; i < lanes->num && p->kem != NULL; i++)
        if (*lanes->status[i] == LOCKSTEP_OK)
            add_decapsulate(&kem, lanes->task[i], lanes->status[i]);
    lk_lanes_decapsulate(&kem, p->kem);
    ERR_clear_error();
}

/* ---- One at a time --------------------------------------------------------------------------- */

static size_t random_len(const lk_kex_group *group) {
    return kem_random(parts_of(group)) + lk_classic_secret(parts_of(group)->classic);
}

lockstep_status lk_kex_generate(lk_ephemeral **out, uint8_t *share, const lk_crypto *crypto,
                                const lk_kex_group *group, const uint8_t *random) {
    lockstep_status status;
    lk_kex_task task = {.group = group, .share = share};
    lk_kex_lanes lanes = {1, {&task}, {&status}};
    memcpy(task.seed.random, random, random_len(group));
    lk_kex_generate_lanes(&lanes, crypto);
    if (status == LOCKSTEP_OK)
        *out = task.made;
    return status;
}

/* give_secret hands out the secret of a task that is done. */
static lockstep_status give_secret(uint8_t *secret, size_t *secret_len, lk_kex_task *task,
                                   lockstep_status status) {
    *secret_len = task->secret_len;
    memcpy(secret, task->secret, task->secret_len);
    lk_wipe(task->secret, sizeof task->secret);
    return status;
}

lockstep_status lk_kex_respond(uint8_t *share, uint8_t *secret, size_t *secret_len,
                               const lk_crypto *crypto, const lk_kex_group *group,
                               const uint8_t *random, lk_slice peer) {
    lockstep_status status;
    lk_kex_task task = {.group = group, .share = share, .peer = peer};
    lk_kex_lanes lanes = {1, {&task}, {&status}};
    memcpy(task.seed.random, random, random_len(group));
    lk_kex_respond_lanes(&lanes, crypto);
    return give_secret(secret, secret_len, &task, status);
}

lockstep_status lk_kex_derive(const lk_ephemeral *e, uint8_t *secret, size_t *secret_len,
                              lk_slice peer) {
    lockstep_status status;
    lk_kex_task task = {.group = e->group, .own = e, .peer = peer};
    lk_kex_lanes lanes = {1, {&task}, {&status}};
    lk_kex_derive_lanes(&lanes, e->crypto);
    return give_secret(secret, secret_len, &task, status);
}
