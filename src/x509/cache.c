#include "x509/cache.h"

#include <stdatomic.h>

#include "util/bytes.h"

/* 64 chains are more than one client visits in an hour, and few enough to be searched. A key is a
 * digest, so its bits spread entries over the sets by themselves. */
enum { NUM_SETS = 16, WAYS = 4 };

typedef struct entry {
    uint8_t key[LK_CHAIN_KEY];
    int64_t from_ms, to_ms;
    lk_public_key *leaf_key; /* NULL: free */
} entry;

struct lk_chain_cache {
    lk_heap heap;
    atomic_flag busy;
    uint64_t hits;
    entry sets[NUM_SETS][WAYS];
};

static bool enter(lk_chain_cache *cache) {
    return !atomic_flag_test_and_set_explicit(&cache->busy, memory_order_acquire);
}

static void leave(lk_chain_cache *cache) {
    atomic_flag_clear_explicit(&cache->busy, memory_order_release);
}

lk_chain_cache *lk_chain_cache_new(const lk_heap *heap) {
    lk_chain_cache *cache = lk_alloc(heap, sizeof *cache);
    if (cache == NULL)
        return NULL;
    cache->heap = *heap;
    atomic_flag_clear(&cache->busy);
    return cache;
}

static void drop(entry *e) {
    lk_public_key_free(e->leaf_key);
    memset(e, 0, sizeof *e);
}

void lk_chain_cache_clear(lk_chain_cache *cache) {
    lk_public_key *keys[NUM_SETS * WAYS];
    size_t n = 0;
    while (!enter(cache))
        ; /* others stay for some dozen instructions */
    for (size_t i = 0; i < NUM_SETS; i++)
        for (size_t k = 0; k < WAYS; k++)
            keys[n++] = cache->sets[i][k].leaf_key;
    memset(cache->sets, 0, sizeof cache->sets);
    leave(cache);
    while (n > 0)
        lk_public_key_free(keys[--n]);
}

void lk_chain_cache_free(lk_chain_cache *cache) {
    if (cache == NULL)
        return;
    lk_chain_cache_clear(cache);
    lk_heap heap = cache->heap;
    lk_release(&heap, cache, sizeof *cache);
}

static entry *set_of(lk_chain_cache *cache, const uint8_t key[LK_CHAIN_KEY]) {
    return cache->sets[key[0] % NUM_SETS];
}

bool lk_chain_cache_find(lk_chain_cache *cache, const uint8_t key[LK_CHAIN_KEY], int64_t now_ms,
                         lk_public_key **leaf_key) {
    bool found = false;
    if (!enter(cache))
        return false;
    entry *set = set_of(cache, key);
    for (size_t k = 0; k < WAYS && !found; k++) {
        entry *e = &set[k];
        found = e->leaf_key != NULL && e->from_ms <= now_ms && now_ms <= e->to_ms &&
                memcmp(e->key, key, LK_CHAIN_KEY) == 0; /* nothing of it is secret */
        if (found && leaf_key != NULL)
            *leaf_key = lk_public_key_share(e->leaf_key);
    }
    cache->hits += found;
    leave(cache);
    return found;
}

uint64_t lk_chain_cache_hits(const lk_chain_cache *cache) {
    return cache->hits;
}

/* place_for returns the entry that has this key, else a free one, else the one that ends first. */
static entry *place_for(entry *set, const uint8_t key[LK_CHAIN_KEY]) {
    entry *place = &set[0];
    for (size_t k = 0; k < WAYS; k++) {
        if (set[k].leaf_key != NULL && memcmp(set[k].key, key, LK_CHAIN_KEY) == 0)
            return &set[k];
        if (place->leaf_key != NULL && (set[k].leaf_key == NULL || set[k].to_ms < place->to_ms))
            place = &set[k];
    }
    return place;
}

void lk_chain_cache_keep(lk_chain_cache *cache, const uint8_t key[LK_CHAIN_KEY], int64_t from_ms,
                         int64_t to_ms, lk_public_key *leaf_key) {
    if (leaf_key == NULL || to_ms < from_ms || !enter(cache))
        return;
    entry *e = place_for(set_of(cache, key), key);
    drop(e);
    memcpy(e->key, key, LK_CHAIN_KEY);
    e->from_ms = from_ms;
    e->to_ms = to_ms;
    e->leaf_key = lk_public_key_share(leaf_key);
    leave(cache);
}
