/*
 * crypto.h - the algorithms of libcrypto, fetched once, and its randomness.
 *
 * One lk_crypto belongs to each config and is shared, read only, by its connections, so that no
 * handshake pays for a look-up in libcrypto's tables.
 */
#ifndef LK_CRYPTO_CRYPTO_H
#define LK_CRYPTO_CRYPTO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <lockstep/env.h>

#define LK_LANES      8  /* public-key operations that are computed beside each other */
#define LK_X25519_LEN 32 /* of a private key, a public key and a shared secret, in bytes */

typedef struct lk_crypto lk_crypto;

/* lk_crypto_new returns the algorithms, or NULL if libcrypto lacks one that must be there. */
lk_crypto *lk_crypto_new(void);
void lk_crypto_free(lk_crypto *crypto);

/* lk_crypto_random fills `out` from libcrypto's generator, which reseeds itself after a fork. It is
 * the default of lockstep_env.random; `arg` is not used. */
bool lk_crypto_random(void *arg, uint8_t *out, size_t out_len);

/* lk_env_complete returns `env` (NULL: an empty one) with the defaults for the clock, the random
 * source and the heap where it has none. */
lockstep_env lk_env_complete(const lockstep_env *env);

#endif
