/*
 * key_schedule.h - RFC 8446 §7.1. Each stage is a type of its own, so that a secret cannot be used
 * a stage too early: what derives from the Master Secret does not take a Handshake Secret.
 */
#ifndef LK_HANDSHAKE_KEY_SCHEDULE_H
#define LK_HANDSHAKE_KEY_SCHEDULE_H

#include "crypto/aead.h"
#include "crypto/hkdf.h"

#define LK_SECRET_MAX 48 /* SHA-384 is the longest hash of a TLS 1.3 suite */

typedef struct lk_secret {
    lk_hash hash;
    uint8_t bytes[LK_SECRET_MAX];
} lk_secret;

typedef struct lk_early_secret {
    lk_secret s;
    bool without_psk; /* then it is a constant */
} lk_early_secret;
typedef struct lk_handshake_secret {
    lk_secret s;
} lk_handshake_secret;
typedef struct lk_master_secret {
    lk_secret s;
} lk_master_secret;
/* [sender]_[handshake|application]_traffic_secret: what keys, IVs and Finished come from. */
typedef struct lk_traffic_secret {
    lk_secret s;
} lk_traffic_secret;

static inline lk_slice lk_secret_slice(const lk_secret *s) {
    return lk_slice_of(s->bytes, lk_hash_length(s->hash));
}

/* lk_schedule_early starts the schedule with a PSK; empty: without one. */
void lk_schedule_early(lk_early_secret *out, lk_hash hash, lk_slice psk);

/* How a PSK came to be, which its binder says (§4.2.11.2, RFC 9258 §5). */
typedef enum lk_psk_kind { LK_PSK_RESUMPTION, LK_PSK_EXTERNAL, LK_PSK_IMPORTED } lk_psk_kind;

/* lk_schedule_binder derives the binder_key, which lk_finished_mac makes the binder with. */
void lk_schedule_binder(lk_traffic_secret *out, const lk_early_secret *early, lk_psk_kind kind);

/* The secrets of 0-RTT data; `transcript` is the hash of the ClientHello. */
void lk_schedule_early_traffic(lk_traffic_secret *client, lk_secret *exporter,
                               const lk_early_secret *early, const uint8_t *transcript);

/* lk_schedule_handshake puts the (EC)DHE shared secret in. */
void lk_schedule_handshake(lk_handshake_secret *out, const lk_early_secret *early, lk_slice shared);

/* The two secrets that protect the handshake; `transcript` is the hash of
 * ClientHello...ServerHello, as long as the hash. */
void lk_schedule_handshake_traffic(lk_traffic_secret *client, lk_traffic_secret *server,
                                   const lk_handshake_secret *handshake, const uint8_t *transcript);

void lk_schedule_master(lk_master_secret *out, const lk_handshake_secret *handshake);

/* The two secrets that protect application data and the exporter's; `transcript` is the hash of
 * ClientHello...server Finished. */
void lk_schedule_application_traffic(lk_traffic_secret *client, lk_traffic_secret *server,
                                     lk_secret *exporter, const lk_master_secret *master,
                                     const uint8_t *transcript);

/* The secret that sessions come from; `transcript` is the hash of ClientHello...client Finished. */
void lk_schedule_resumption(lk_secret *out, const lk_master_secret *master,
                            const uint8_t *transcript);

/* lk_resumption_psk writes the PSK of the ticket with `nonce`, as long as the hash (§4.6.1). */
void lk_resumption_psk(uint8_t *out, const lk_secret *resumption, lk_slice nonce);

/* lk_traffic_keys derives the key and IV of records (§7.3). */
void lk_traffic_keys(const lk_traffic_secret *secret, lk_aead_kind aead,
                     uint8_t key[LK_AEAD_KEY_MAX], uint8_t iv[LK_AEAD_NONCE_LEN]);

/* lk_traffic_next replaces the secret by application_traffic_secret_N+1 (§7.2). */
void lk_traffic_next(lk_traffic_secret *secret);

/* lk_finished_key derives finished_key (§4.4.4). */
void lk_finished_key(lk_secret *out, const lk_traffic_secret *base);

/* lk_finished_mac writes verify_data of a Finished (§4.4.4), as long as the hash. */
void lk_finished_mac(uint8_t *out, const lk_traffic_secret *base, const uint8_t *transcript);

#endif
