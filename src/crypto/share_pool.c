#include "crypto/share_pool.h"

#include <openssl/err.h>
#include <sched.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <unistd.h>

#include "crypto/lanes.h"
#include "util/heap.h"
#include "util/secret.h"

#ifndef MADV_WIPEONFORK
#define MADV_WIPEONFORK 18 /* Linux 4.14 */
#endif
#ifndef MADV_DONTDUMP
#define MADV_DONTDUMP 16
#endif

/* How often a connection looks whether the pool is free, before it makes a pair of its own. */
#define TRIES 100

typedef struct slot {
    lk_key_pair pair;
    int64_t made_ms;
} slot;

/*
 * What must not be in two processes. The kernel gives a child this memory as zeros, and zeros are
 * right: a pool that is empty, that nobody has locked and that nobody has begun to fill.
 */
typedef struct pages {
    atomic_bool busy;
    pid_t pid;         /* whose pairs these are; 0: nobody's */
    uint64_t epoch;    /* changes whenever the pool was emptied from outside; 0: not begun */
    size_t first, num; /* the oldest, and how many */
    slot slots[];      /* a ring */
} pages;

struct lockstep_shares {
    atomic_size_t references;
    lockstep_env env;
    lk_heap heap;
    lk_crypto *crypto;
    size_t capacity, size; /* of the pages, in bytes */
    uint64_t last_epoch;   /* locked by the pages; a child goes on from its parent's */
    pages *pages;
};

/* ---- The pages ------------------------------------------------------------------------------- */

/* map_pages returns zeroed pages that children do not inherit, or NULL. */
static pages *map_pages(size_t size) {
    void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (p == MAP_FAILED)
        return NULL;
    if (madvise(p, size, MADV_WIPEONFORK) != 0) {
        munmap(p, size);
        return NULL;
    }
    /* As far as the system lets us: out of core dumps, and not swapped out. */
    (void)madvise(p, size, MADV_DONTDUMP);
    (void)mlock(p, size);
    return p;
}

static slot *slot_at(const lockstep_shares *s, size_t i) {
    return &s->pages->slots[(s->pages->first + i) % s->capacity];
}

static void drop_first(lockstep_shares *s) {
    lk_wipe(slot_at(s, 0), sizeof(slot));
    s->pages->first = (s->pages->first + 1) % s->capacity;
    s->pages->num--;
}

static void drop_all(lockstep_shares *s) {
    lk_wipe(s->pages->slots, s->capacity * sizeof(slot));
    s->pages->first = s->pages->num = 0;
    s->pages->epoch = 0;
}

/* drop_old wipes pairs that are too old, or from a future that the clock has left again. */
static void drop_old(lockstep_shares *s, int64_t now_ms) {
    while (s->pages->num > 0) {
        int64_t made_ms = slot_at(s, 0)->made_ms;
        if (made_ms <= now_ms && now_ms - made_ms <= LOCKSTEP_SHARES_AGE_MS)
            return;
        drop_first(s);
    }
}

/* ---- The lock -------------------------------------------------------------------------------- */

static bool try_enter(lockstep_shares *s) {
    if (atomic_exchange_explicit(&s->pages->busy, true, memory_order_acquire))
        return false;
    /* A fork has left zeros. This is for memory that was copied by other ways. */
    pid_t pid = getpid();
    if (s->pages->pid != pid) {
        drop_all(s);
        s->pages->pid = pid;
    }
    return true;
}

static void enter(lockstep_shares *s) {
    while (!try_enter(s))
        sched_yield(); /* others stay while some pairs are copied */
}

static void leave(lockstep_shares *s) {
    atomic_store_explicit(&s->pages->busy, false, memory_order_release);
}

/* ---- Life ------------------------------------------------------------------------------------ */

lockstep_status lockstep_shares_new(lockstep_shares **out, const lockstep_env *env,
                                    size_t capacity) {
    if (out == NULL)
        return LOCKSTEP_ERR_USAGE;
    *out = NULL;
    if (capacity < 1 || capacity > LOCKSTEP_SHARES_MAX)
        return LOCKSTEP_ERR_USAGE;
    lockstep_env e = lk_env_complete(env);
    lk_heap heap = {e.arg, e.alloc, e.release};
    lockstep_shares *s = lk_alloc(&heap, sizeof *s);
    if (s == NULL)
        return LOCKSTEP_ERR_NO_MEMORY;
    atomic_init(&s->references, 1);
    s->env = e;
    s->heap = heap;
    s->capacity = capacity;
    s->size = sizeof(pages) + capacity * sizeof(slot);
    s->crypto = lk_crypto_new();
    s->pages = map_pages(s->size);
    if (s->crypto == NULL || s->pages == NULL) {
        lockstep_status status = s->crypto == NULL ? LOCKSTEP_ERR_CRYPTO : LOCKSTEP_ERR_NO_MEMORY;
        lockstep_shares_free(s);
        return status;
    }
    *out = s;
    return LOCKSTEP_OK;
}

lockstep_shares *lockstep_shares_share(lockstep_shares *s) {
    if (s != NULL)
        atomic_fetch_add(&s->references, 1);
    return s;
}

void lockstep_shares_free(lockstep_shares *s) {
    if (s == NULL || atomic_fetch_sub(&s->references, 1) > 1)
        return;
    lk_heap heap = s->heap;
    if (s->pages != NULL) {
        drop_all(s);
        munmap(s->pages, s->size);
    }
    lk_crypto_free(s->crypto);
    lk_release(&heap, s, sizeof *s);
}

/* ---- Taking ---------------------------------------------------------------------------------- */

bool lk_shares_take(lockstep_shares *s, lk_key_pair *out) {
    bool taken = false;
    if (s == NULL)
        return false;
    int64_t now_ms = s->env.now_ms(s->env.arg);
    for (int tries = 0; !try_enter(s); tries++)
        if (tries == TRIES)
            return false;
    drop_old(s, now_ms);
    if (s->pages->num > 0) {
        *out = slot_at(s, 0)->pair;
        drop_first(s);
        taken = true;
    }
    leave(s);
    return taken;
}

size_t lockstep_shares_waiting(lockstep_shares *s) {
    if (s == NULL)
        return 0;
    enter(s);
    size_t num = s->pages->num;
    leave(s);
    return num;
}

void lockstep_shares_clear(lockstep_shares *s) {
    if (s == NULL)
        return;
    enter(s);
    drop_all(s);
    leave(s);
}

lk_slice lk_shares_memory(const lockstep_shares *s) {
    return lk_slice_of((const uint8_t *)s->pages, s->size);
}

/* ---- Filling --------------------------------------------------------------------------------- */

/* begin_fill returns how many pairs there is room for, and the epoch that they are made in. */
static size_t begin_fill(lockstep_shares *s, uint64_t *epoch) {
    int64_t now_ms = s->env.now_ms(s->env.arg);
    enter(s);
    drop_old(s, now_ms);
    if (s->pages->epoch == 0)
        s->pages->epoch = ++s->last_epoch;
    *epoch = s->pages->epoch;
    size_t room = s->capacity - s->pages->num;
    leave(s);
    return room;
}

static lockstep_status make_pairs(lockstep_shares *s, lk_key_pair *pairs, size_t n) {
    lockstep_status status[LK_LANES];
    lk_lanes_of_generate lanes = {.num = n};
    for (size_t i = 0; i < n; i++) {
        if (!s->env.random(s->env.arg, pairs[i].private_key, LK_X25519_LEN))
            return LOCKSTEP_ERR_NO_RANDOM;
        status[i] = LOCKSTEP_ERR_CRYPTO;
        lanes.private_key[i] = pairs[i].private_key;
        lanes.share[i] = pairs[i].public_key;
        lanes.status[i] = &status[i];
    }
    lk_lanes_generate(&lanes, s->crypto, LK_CLASSIC_X25519);
    ERR_clear_error();
    for (size_t i = 0; i < n; i++)
        if (status[i] != LOCKSTEP_OK)
            return status[i];
    return LOCKSTEP_OK;
}

/* put_pairs puts in what there is still room for, unless the pool was emptied meanwhile: then this
 * may be a child in which the fill of its parent goes on, with pairs that both would have. */
static size_t put_pairs(lockstep_shares *s, const lk_key_pair *pairs, size_t n, uint64_t epoch) {
    int64_t now_ms = s->env.now_ms(s->env.arg);
    size_t put = 0;
    enter(s);
    while (s->pages->epoch == epoch && put < n && s->pages->num < s->capacity) {
        *slot_at(s, s->pages->num) = (slot){pairs[put++], now_ms};
        s->pages->num++;
    }
    leave(s);
    return put;
}

lockstep_status lockstep_shares_fill(lockstep_shares *s, size_t *made, size_t at_most) {
    lockstep_status status = LOCKSTEP_OK;
    lk_key_pair pairs[LK_LANES];
    uint64_t epoch;
    size_t sum = 0, put = 1;
    if (s == NULL)
        return LOCKSTEP_ERR_USAGE;
    size_t room = begin_fill(s, &epoch);
    if (room > at_most)
        room = at_most;
    while (status == LOCKSTEP_OK && sum < room && put > 0) {
        size_t n = room - sum < LK_LANES ? room - sum : LK_LANES;
        status = make_pairs(s, pairs, n);
        put = status == LOCKSTEP_OK ? put_pairs(s, pairs, n, epoch) : 0;
        sum += put;
    }
    lk_wipe(pairs, sizeof pairs);
    if (made != NULL)
        *made = sum;
    return status;
}
