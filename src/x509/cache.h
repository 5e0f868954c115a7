/*
 * cache.h - chains that were judged good, so that they are not judged again.
 *
 * An entry's key is a digest of all that was decided on (judge.c makes it), its value the leaf's
 * public key, and it holds for a window of time. Only good verdicts are kept: a bad one ends a
 * connection, and what made it bad may be mended. Connections on several threads may share a cache;
 * who finds it busy goes without.
 */
#ifndef LK_X509_CACHE_H
#define LK_X509_CACHE_H

#include "crypto/keys.h"
#include "util/heap.h"

#define LK_CHAIN_KEY 32 /* bytes: a SHA-256 */

/* How long an entry holds at most, in ms. What a user changes about the machine in the meantime
 * (a certificate taken out of the store) comes with a new trust and so with another key. */
#define LK_CHAIN_MAX_AGE_MS (INT64_C(3600) * 1000)

typedef struct lk_chain_cache lk_chain_cache;

lk_chain_cache *lk_chain_cache_new(const lk_heap *heap); /* NULL: no memory */
void lk_chain_cache_free(lk_chain_cache *cache);         /* NULL is allowed */

/* lk_chain_cache_find says whether `key` was judged good for a window that holds `now_ms`, and sets
 * `*leaf_key` (may be NULL) to a reference that the caller frees. */
bool lk_chain_cache_find(lk_chain_cache *cache, const uint8_t key[LK_CHAIN_KEY], int64_t now_ms,
                         lk_public_key **leaf_key);

/* lk_chain_cache_keep remembers `key` from `from_ms` to `to_ms`, both inclusive; it takes a
 * reference of its own to `leaf_key`. */
void lk_chain_cache_keep(lk_chain_cache *cache, const uint8_t key[LK_CHAIN_KEY], int64_t from_ms,
                         int64_t to_ms, lk_public_key *leaf_key);

/* lk_chain_cache_hits returns how often something was found. */
uint64_t lk_chain_cache_hits(const lk_chain_cache *cache);

/* lk_chain_cache_clear forgets everything. */
void lk_chain_cache_clear(lk_chain_cache *cache);

#endif
