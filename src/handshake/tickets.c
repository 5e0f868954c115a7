#include "handshake/tickets.h"

#include <stdatomic.h>

#include "crypto/aead.h"
#include "crypto/crypto.h"
#include "handshake/session.h"
#include "util/secret.h"

/* How often in the lifetime of a ticket a new key is made: with the one before the oldest ticket's
 * there are never more than LK_TICKET_KEYS_MAX in use. */
#define KEYS_PER_LIFETIME 6

#define KEY_LEN (LOCKSTEP_TICKET_KEY_LEN - LK_TICKET_NAME_LEN)
_Static_assert(KEY_LEN == 32, "AES-256");
_Static_assert(LK_TICKET_NONCE_LEN == LK_AEAD_NONCE_LEN, "of AES-GCM");

typedef struct ticket_key {
    uint8_t bytes[LOCKSTEP_TICKET_KEY_LEN]; /* name, then key */
    int64_t made_ms;
} ticket_key;

struct lockstep_tickets {
    atomic_size_t references;
    atomic_flag busy;
    lockstep_env env;
    lk_heap heap;
    lk_crypto *crypto;
    int64_t lifetime_ms;
    bool given;                          /* keys come from the application */
    ticket_key keys[LK_TICKET_KEYS_MAX]; /* the newest first */
    size_t num_keys;
};

/* ---- Life ------------------------------------------------------------------------------------ */

static void lock(lockstep_tickets *t) {
    while (atomic_flag_test_and_set_explicit(&t->busy, memory_order_acquire))
        continue;
}

static void unlock(lockstep_tickets *t) {
    atomic_flag_clear_explicit(&t->busy, memory_order_release);
}

lockstep_status lockstep_tickets_new(lockstep_tickets **out, const lockstep_env *env,
                                     uint32_t lifetime_s) {
    if (out == NULL || lifetime_s < 1 || lifetime_s > LK_TICKET_LIFETIME_MAX)
        return LOCKSTEP_ERR_USAGE;
    *out = NULL;
    lockstep_env e = lk_env_complete(env);
    lk_heap heap = {e.arg, e.alloc, e.release};
    lockstep_tickets *t = lk_alloc(&heap, sizeof *t);
    if (t == NULL)
        return LOCKSTEP_ERR_NO_MEMORY;
    atomic_init(&t->references, 1);
    atomic_flag_clear(&t->busy);
    t->env = e;
    t->heap = heap;
    t->lifetime_ms = (int64_t)lifetime_s * 1000;
    t->crypto = lk_crypto_new();
    if (t->crypto == NULL) {
        lockstep_tickets_free(t);
        return LOCKSTEP_ERR_CRYPTO;
    }
    *out = t;
    return LOCKSTEP_OK;
}

lockstep_tickets *lockstep_tickets_share(lockstep_tickets *t) {
    if (t != NULL)
        atomic_fetch_add(&t->references, 1);
    return t;
}

void lockstep_tickets_free(lockstep_tickets *t) {
    if (t == NULL || atomic_fetch_sub(&t->references, 1) > 1)
        return;
    lk_heap heap = t->heap;
    lk_crypto_free(t->crypto);
    lk_release(&heap, t, sizeof *t);
}

uint32_t lk_tickets_lifetime_s(const lockstep_tickets *t) {
    return (uint32_t)(t->lifetime_ms / 1000);
}

/* ---- Keys ------------------------------------------------------------------------------------ */

/* put_key puts a key in front; the oldest falls off, wiped. */
static void put_key(lockstep_tickets *t, const uint8_t *bytes, int64_t now_ms) {
    size_t kept = t->num_keys < LK_TICKET_KEYS_MAX ? t->num_keys : LK_TICKET_KEYS_MAX - 1;
    memmove(t->keys + 1, t->keys, kept * sizeof *t->keys);
    memcpy(t->keys[0].bytes, bytes, sizeof t->keys[0].bytes);
    t->keys[0].made_ms = now_ms;
    t->num_keys = kept + 1;
}

lockstep_status lockstep_tickets_add_key(lockstep_tickets *t, const uint8_t *key, size_t key_len) {
    if (t == NULL || key == NULL || key_len != LOCKSTEP_TICKET_KEY_LEN)
        return LOCKSTEP_ERR_USAGE;
    int64_t now_ms = t->env.now_ms(t->env.arg);
    lock(t);
    if (!t->given) { /* what was drawn before is not what others have */
        lk_wipe(t->keys, sizeof t->keys);
        t->num_keys = 0;
    }
    t->given = true;
    put_key(t, key, now_ms);
    unlock(t);
    return LOCKSTEP_OK;
}

/* A drawn key seals for this long, and opens until the last of its tickets has expired. */
static int64_t period_ms(const lockstep_tickets *t) {
    return t->lifetime_ms / KEYS_PER_LIFETIME + 1;
}

/* forget wipes the drawn keys whose tickets have all expired. */
static void forget(lockstep_tickets *t, int64_t now_ms) {
    while (t->num_keys > 0 &&
           now_ms > t->keys[t->num_keys - 1].made_ms + period_ms(t) + t->lifetime_ms)
        lk_wipe(&t->keys[--t->num_keys], sizeof *t->keys);
}

/* renew makes a new key when it is time, and forgets those that are too old. */
static lockstep_status renew(lockstep_tickets *t, int64_t now_ms) {
    uint8_t bytes[LOCKSTEP_TICKET_KEY_LEN];
    if (t->given)
        return LOCKSTEP_OK;
    forget(t, now_ms);
    if (t->num_keys > 0 && now_ms < t->keys[0].made_ms + period_ms(t))
        return LOCKSTEP_OK;
    if (!t->env.random(t->env.arg, bytes, sizeof bytes))
        return LOCKSTEP_ERR_NO_RANDOM;
    put_key(t, bytes, now_ms);
    lk_wipe(bytes, sizeof bytes);
    return LOCKSTEP_OK;
}

static lockstep_status newest_key(lockstep_tickets *t, uint8_t out[LOCKSTEP_TICKET_KEY_LEN]) {
    int64_t now_ms = t->env.now_ms(t->env.arg);
    lock(t);
    lockstep_status status = renew(t, now_ms);
    if (status == LOCKSTEP_OK)
        memcpy(out, t->keys[0].bytes, LOCKSTEP_TICKET_KEY_LEN);
    unlock(t);
    return status;
}

static bool key_named(lockstep_tickets *t, uint8_t out[LOCKSTEP_TICKET_KEY_LEN], lk_slice name) {
    int64_t now_ms = t->env.now_ms(t->env.arg);
    bool found = false;
    lock(t);
    if (!t->given)
        forget(t, now_ms);
    for (size_t i = 0; i < t->num_keys && !found; i++)
        if (memcmp(t->keys[i].bytes, name.p, LK_TICKET_NAME_LEN) == 0) {
            memcpy(out, t->keys[i].bytes, LOCKSTEP_TICKET_KEY_LEN);
            found = true;
        }
    unlock(t);
    return found;
}

/* ---- Tickets --------------------------------------------------------------------------------- */

lockstep_status lk_tickets_seal(lockstep_tickets *t, lk_buffer *out, lk_slice plain,
                                const uint8_t drawn[LK_TICKET_NONCE_LEN]) {
    uint8_t key[LOCKSTEP_TICKET_KEY_LEN];
    uint8_t *p = lk_buffer_reserve(out, plain.p_len + LK_TICKET_OVERHEAD);
    if (p == NULL)
        return LOCKSTEP_ERR_NO_MEMORY;
    lockstep_status status = newest_key(t, key);
    uint8_t *nonce = p + LK_TICKET_NAME_LEN;
    if (status == LOCKSTEP_OK) {
        memcpy(nonce, drawn, LK_AEAD_NONCE_LEN);
        memcpy(p, key, LK_TICKET_NAME_LEN);
        lk_aead aead = {0};
        lk_aead_set(&aead, t->crypto, LK_AEAD_AES_256_GCM, key + LK_TICKET_NAME_LEN, true);
        if (lk_aead_seal(&aead, nonce + LK_AEAD_NONCE_LEN, nonce,
                         lk_slice_of(p, LK_TICKET_NAME_LEN), plain, lk_slice_of(NULL, 0)))
            lk_buffer_commit(out, plain.p_len + LK_TICKET_OVERHEAD);
        else
            status = LOCKSTEP_ERR_CRYPTO;
        lk_aead_clear(&aead);
    }
    lk_wipe(key, sizeof key);
    return status;
}

bool lk_tickets_open(lockstep_tickets *t, uint8_t *plain, size_t *plain_len, lk_slice ticket) {
    uint8_t key[LOCKSTEP_TICKET_KEY_LEN];
    if (ticket.p_len < LK_TICKET_OVERHEAD)
        return false;
    lk_slice name = lk_slice_of(ticket.p, LK_TICKET_NAME_LEN);
    const uint8_t *nonce = ticket.p + LK_TICKET_NAME_LEN;
    if (!key_named(t, key, name))
        return false;
    lk_aead aead = {0};
    lk_aead_set(&aead, t->crypto, LK_AEAD_AES_256_GCM, key + LK_TICKET_NAME_LEN, false);
    lk_wipe(key, sizeof key);
    *plain_len = ticket.p_len - LK_TICKET_OVERHEAD;
    bool good = lk_aead_open(&aead, plain, nonce, name,
                             lk_slice_of(nonce + LK_AEAD_NONCE_LEN,
                                         *plain_len + LK_AEAD_TAG_LEN)) == LOCKSTEP_OK;
    lk_aead_clear(&aead);
    return good;
}
