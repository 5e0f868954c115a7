/*
 * keys.h - the key schedule of TLS 1.2 (RFC 5246 §8.1, §6.3; RFC 7627 §4). The master secret is a
 * type of its own, so that nothing else can be taken for one.
 */
#ifndef LK_HANDSHAKE_TLS12_KEYS_H
#define LK_HANDSHAKE_TLS12_KEYS_H

#include "crypto/prf.h"
#include "handshake/outbox.h"
#include "wire/types.h"

#define LK12_MASTER_LEN      48
#define LK12_VERIFY_DATA_LEN 12 /* RFC 5246 §7.4.9 */

typedef struct lk12_master_secret {
    lk_hash hash; /* of the suite's PRF */
    uint8_t bytes[LK12_MASTER_LEN];
} lk12_master_secret;

static inline lk_slice lk12_master_slice(const lk12_master_secret *m) {
    return lk_slice_of(m->bytes, LK12_MASTER_LEN);
}

/* lk12_master makes the extended master secret (RFC 7627 §4). `session_hash` is the hash of all
 * messages up to and with ClientKeyExchange, as long as the hash. There is no other master secret
 * here: the one that is not extended does not know for which handshake it is. */
void lk12_master(lk12_master_secret *out, lk_hash hash, lk_slice premaster,
                 const uint8_t *session_hash);

/* lk12_key_block writes the keys and IVs of both directions (RFC 5246 §6.3). The randoms have
 * LK_RANDOM_LEN bytes. */
void lk12_key_block(lk_write_keys *client, lk_write_keys *server, const lk12_master_secret *master,
                    lk_aead_kind aead, const uint8_t *client_random, const uint8_t *server_random);

/* lk12_verify_data writes the contents of a Finished; `transcript` is as long as the hash. */
void lk12_verify_data(uint8_t out[LK12_VERIFY_DATA_LEN], const lk12_master_secret *master,
                      bool by_client, const uint8_t *transcript);

#endif
