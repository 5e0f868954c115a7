/*
 * shares.h - key shares made ahead, for connections to come.
 *
 * Half of what a server computes for the key exchange is a key pair that has nothing to do with the
 * client. An application that has a quiet moment can make some then: it makes a pool, gives it to
 * its configs and fills it. A connection that needs a pair takes one, and makes its own where there
 * is none. docs/pools.md says what is promised of a pool and what it costs in security. The
 * conventions are those of lockstep.h.
 */
#ifndef LOCKSTEP_SHARES_H
#define LOCKSTEP_SHARES_H

#include <lockstep/config.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * lockstep_shares is a pool of X25519 key pairs, for the groups x25519 and X25519MLKEM768. Each is
 * given out once, within a minute, and in one process: after a fork the child finds the pool empty.
 * Any number of configs and threads share a pool; nobody waits for another.
 */
typedef struct lockstep_shares lockstep_shares;

/* Pairs in one pool, at most; 72 bytes each, which it holds from the beginning. */
#define LOCKSTEP_SHARES_MAX 4096

/* A pair that is older is wiped, not used. */
#define LOCKSTEP_SHARES_AGE_MS 60000

/* lockstep_shares_new makes an empty pool for 1 to LOCKSTEP_SHARES_MAX pairs. `env` is copied: its
 * random source, clock and heap; NULL takes the defaults. LOCKSTEP_ERR_USAGE for another capacity;
 * LOCKSTEP_ERR_CRYPTO; LOCKSTEP_ERR_NO_MEMORY, also where the system has no memory that a child
 * does not inherit (MADV_WIPEONFORK): there is no pool then. */
LOCKSTEP_CHECKED lockstep_status lockstep_shares_new(lockstep_shares **out, const lockstep_env *env,
                                                     size_t capacity);

/*
 * lockstep_shares_fill wipes what is too old and makes at most `at_most` pairs, as long as there is
 * room; some 30 us each, so a loop that is idle makes a few at a time. It sets `*made` (NULL is
 * allowed) to how many it made. LOCKSTEP_ERR_NO_RANDOM, LOCKSTEP_ERR_CRYPTO: those made before are
 * good.
 */
LOCKSTEP_CHECKED lockstep_status lockstep_shares_fill(lockstep_shares *shares, size_t *made,
                                                      size_t at_most);

/* lockstep_shares_waiting returns how many pairs are there, those that are too old included: a loop
 * that fills a pool only below a number looks every minute too. */
LOCKSTEP_API size_t lockstep_shares_waiting(lockstep_shares *shares);

/* lockstep_shares_clear wipes all that is there: before the process is saved to be resumed
 * elsewhere, or after. */
LOCKSTEP_API void lockstep_shares_clear(lockstep_shares *shares);

/* lockstep_shares_share takes another reference and returns it; each is freed by
 * lockstep_shares_free, and with the last the pool is wiped. NULL is allowed. */
LOCKSTEP_API lockstep_shares *lockstep_shares_share(lockstep_shares *shares);
LOCKSTEP_API void lockstep_shares_free(lockstep_shares *shares);

/* lockstep_config_set_shares makes connections, of clients and servers, take key shares from a
 * pool; the config takes a reference. Without it every connection makes its own. */
LOCKSTEP_CHECKED lockstep_status lockstep_config_set_shares(lockstep_config *cfg,
                                                            lockstep_shares *shares);

#ifdef __cplusplus
}
#endif

#endif /* LOCKSTEP_SHARES_H */
