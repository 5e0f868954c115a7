/*
 * share_pool.h - the inside of lockstep_shares: X25519 key pairs that were made ahead. Each is
 * taken once, by one process, before it is old; docs/pools.md has the reasons.
 */
#ifndef LK_CRYPTO_SHARE_POOL_H
#define LK_CRYPTO_SHARE_POOL_H

#include <lockstep/shares.h>

#include "crypto/crypto.h"
#include "util/bytes.h"

typedef struct lk_key_pair {
    uint8_t private_key[LK_X25519_LEN], public_key[LK_X25519_LEN];
} lk_key_pair;

/* lk_shares_take moves the oldest pair that is good to `*out`, the caller's to wipe. False: there
 * is none, or others stand in the way; then one is made as if there were no pool. NULL is allowed.
 */
bool lk_shares_take(lockstep_shares *shares, lk_key_pair *out);

/* lk_shares_memory gives tests the pages in which everything secret lies. */
lk_slice lk_shares_memory(const lockstep_shares *shares);

#endif
