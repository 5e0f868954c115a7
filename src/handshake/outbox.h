/*
 * outbox.h - what a handshake wants done, in order. conn/pump.c carries it out; a test can read it.
 */
#ifndef LK_HANDSHAKE_OUTBOX_H
#define LK_HANDSHAKE_OUTBOX_H

#include "handshake/key_schedule.h"
#include "util/buffer.h"

typedef enum lk_out_kind {
    LK_OUT_MESSAGE,            /* send the next `length` bytes: one handshake message */
    LK_OUT_CHANGE_CIPHER_SPEC, /* send the record of §D.4, in TLS 1.2 of RFC 5246 §7.1; unprotected
                                */
    LK_OUT_WRITE_KEYS,         /* protect what is sent from here on with `secret` */
    LK_OUT_READ_KEYS,          /* expect `secret` from here on */
    LK_OUT_WRITE_KEYS_TLS12,   /* the same with `keys` */
    LK_OUT_READ_KEYS_TLS12,
    LK_OUT_PEER_LIMIT,      /* the peer accepts plaintexts of `length` bytes, type included */
    LK_OUT_EARLY_WRITE,     /* client: 0-RTT data may be sent with `secret`, `length` bytes */
    LK_OUT_EARLY_OVER,      /* client: no more of it */
    LK_OUT_EARLY_READ,      /* server: 0-RTT data comes with `secret`, up to `length` bytes */
    LK_OUT_WRITE_CLEAR,     /* client: what is sent from here on is not protected, after all */
    LK_OUT_SKIP_EARLY_DATA, /* pass over up to `length` bytes of 0-RTT data, not accepted */
    LK_OUT_ECH_REQUIRED,    /* everything is proven, but of the public name only: end it */
    LK_OUT_SECURE           /* the handshake is done and everything proven */
} lk_out_kind;

/* What the key block of TLS 1.2 has for one direction (RFC 5246 §6.3). */
typedef struct lk_write_keys {
    uint8_t key[LK_AEAD_KEY_MAX], iv[LK_AEAD_NONCE_LEN];
} lk_write_keys;

typedef union lk_out_secret {
    lk_traffic_secret secret;
    lk_write_keys keys;
} lk_out_secret;

typedef struct lk_out_item {
    uint8_t kind;    /* lk_out_kind */
    uint8_t aead;    /* lk_aead_kind, of what has keys */
    uint8_t secret;  /* which of lk_outbox.secrets */
    uint32_t length; /* in bytes, of what has one */
} lk_out_item;

/* 0-RTT data that is passed over when it was not accepted, in bytes of ciphertext (§4.2.10). */
#define LK_SKIP_EARLY_MAX (65536 + 4096)

/* The longest run: ServerHello, CCS, 2 keys, limit, EncryptedExtensions, CertificateRequest,
 * Certificate, CertificateVerify, Finished, keys; and keys, 8 tickets, the end. */
#define LK_OUTBOX_MAX 16

/* The most of them that have keys: 0-RTT data, both of the handshake, one of what follows. */
#define LK_OUTBOX_SECRETS 4

/* A server with a record_size_limit below this accepts no 0-RTT data. */
#define LK_EARLY_RECORD_LIMIT 16385

typedef struct lk_outbox {
    lk_out_item items[LK_OUTBOX_MAX];
    lk_out_secret secrets[LK_OUTBOX_SECRETS];
    uint8_t num_items, num_secrets;
    lk_buffer bytes; /* the messages, one after the other */
} lk_outbox;

#endif
