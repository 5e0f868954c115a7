/*
 * kex.h - ephemeral key exchange: the groups of RFC 8446 §4.2.8, the hybrids of
 * draft-ietf-tls-ecdhe-mlkem and ML-KEM alone, of draft-ietf-tls-mlkem.
 *
 * A group is used as a KEM, which fits both kinds: the client generates a share, the server
 * responds to it with a share of its own and the shared secret, the client derives the same from
 * the answer.
 */
#ifndef LK_CRYPTO_KEX_H
#define LK_CRYPTO_KEX_H

#include <lockstep/env.h>
#include <lockstep/status.h>

#include "crypto/crypto.h"
#include "crypto/share_pool.h"
#include "util/bytes.h"

#define LK_KEX_RANDOM_MAX 112  /* random bytes that a generation or an answer uses up */
#define LK_KEX_SHARE_MAX  1665 /* SecP384r1MLKEM1024: 97 + 1568 */
#define LK_KEX_SECRET_MAX 80   /* SecP384r1MLKEM1024: 48 + 32 */
#define LK_KEX_NUM_GROUPS 8

typedef struct lk_kex_group {
    uint16_t id; /* NamedGroup (RFC 8446 §4.2.7) */
    const char *name;
    uint16_t client_share, server_share; /* bytes of key_exchange in each direction */
    bool has_kem;                        /* ML-KEM in it, so for TLS 1.3 alone */
    bool by_default;                     /* offered and taken where no list of groups is given */
} lk_kex_group;

/* The groups that this room computes, in the order of preference. */
extern const lk_kex_group lk_kex_groups[LK_KEX_NUM_GROUPS];

/* lk_kex_group_of returns the group of a code point, or NULL. */
const lk_kex_group *lk_kex_group_of(uint16_t id);

/* The private half of a share that was sent. */
typedef struct lk_ephemeral lk_ephemeral;
void lk_ephemeral_free(lk_ephemeral *e);

/* What a key pair is made from: random bytes, and where it was made ahead the public half that the
 * X25519 key among them has. */
typedef struct lk_kex_seed {
    uint8_t random[LK_KEX_RANDOM_MAX];
    uint8_t x25519[LK_X25519_LEN];
    bool ahead;
} lk_kex_seed;

/* lk_kex_draw takes from `env` the random bytes that one generation or answer in `group` needs
 * (LK_KEX_RANDOM_MAX of room). False: no random bytes to be had. */
bool lk_kex_draw(const lk_crypto *crypto, const lockstep_env *env, const lk_kex_group *group,
                 uint8_t *out);

/* lk_kex_seed_draw does so too, but has the X25519 key from `shares` if one is there; NULL: no
 * pool. */
bool lk_kex_seed_draw(lk_kex_seed *out, const lk_crypto *crypto, const lockstep_env *env,
                      lockstep_shares *shares, const lk_kex_group *group);

/*
 * An exchange, of which one of the three steps below is to be taken. The status of each:
 * LOCKSTEP_PEER_KEY_SHARE if what the peer sent is not a valid public key, or ciphertext, of the
 * group; LOCKSTEP_ERR_CRYPTO, LOCKSTEP_ERR_NO_MEMORY.
 */
typedef struct lk_kex_task {
    const lk_kex_group *group;
    lk_kex_seed seed;                  /* generate, respond: wiped when that is done */
    uint8_t *share;                    /* out: by generate client_share, by respond server_share */
    lk_ephemeral *made;                /* generate, out: for the caller to free */
    const lk_ephemeral *own;           /* derive */
    lk_slice peer;                     /* respond, derive: what came */
    uint8_t secret[LK_KEX_SECRET_MAX]; /* respond, derive, out */
    size_t secret_len;
} lk_kex_task;

/* Each takes `num` tasks, LK_LANES at most, in one group, and writes their statuses: generate makes
 * a key pair, of which the client's share is the public half; respond answers that with the
 * server's share and the shared secret; derive computes the same from the answer. */
typedef struct lk_kex_lanes {
    size_t num;
    lk_kex_task *task[LK_LANES];
    lockstep_status *status[LK_LANES];
} lk_kex_lanes;
void lk_kex_generate_lanes(const lk_kex_lanes *lanes, const lk_crypto *crypto);
void lk_kex_respond_lanes(const lk_kex_lanes *lanes, const lk_crypto *crypto);
void lk_kex_derive_lanes(const lk_kex_lanes *lanes, const lk_crypto *crypto);

/* ---- One at a time --------------------------------------------------------------------------- */

/* lk_kex_generate makes a key pair from `random` and writes the client's share, group->client_share
 * bytes. */
LK_CHECKED lockstep_status lk_kex_generate(lk_ephemeral **out, uint8_t *share,
                                           const lk_crypto *crypto, const lk_kex_group *group,
                                           const uint8_t *random);

/* lk_kex_respond answers the client's share: it writes the server's, group->server_share bytes, and
 * the shared secret. */
LK_CHECKED lockstep_status lk_kex_respond(uint8_t *share, uint8_t *secret, size_t *secret_len,
                                          const lk_crypto *crypto, const lk_kex_group *group,
                                          const uint8_t *random, lk_slice peer);

/* lk_kex_derive computes the shared secret from the server's share. */
LK_CHECKED lockstep_status lk_kex_derive(const lk_ephemeral *e, uint8_t *secret, size_t *secret_len,
                                         lk_slice peer);

#endif
