/*
 * outbox.h - what a handshake wants done, in order. conn/pump.c carries it out; a test can read it.
 */
#ifndef LK_HANDSHAKE_OUTBOX_H
#define LK_HANDSHAKE_OUTBOX_H

#include "handshake/key_schedule.h"
#include "util/buffer.h"

typedef enum lk_out_kind {
    LK_OUT_MESSAGE,            /* send the next `length` bytes: one handshake message */
    LK_OUT_CHANGE_CIPHER_SPEC, /* send the record of §D.4, unprotected */
    LK_OUT_WRITE_KEYS,         /* protect what is sent from here on with `secret` */
    LK_OUT_READ_KEYS,          /* expect `secret` from here on */
    LK_OUT_PEER_LIMIT,         /* the peer accepts plaintexts of `length` bytes, type included */
    LK_OUT_SKIP_EARLY_DATA,    /* pass over up to `length` bytes of 0-RTT data, not accepted */
    LK_OUT_SECURE              /* the handshake is done and everything proven */
} lk_out_kind;

typedef struct lk_out_item {
    lk_out_kind kind;
    size_t length;
    lk_traffic_secret secret;
    lk_aead_kind aead;
} lk_out_item;

/* 0-RTT data that is passed over when it was not accepted, in bytes of ciphertext (§4.2.10). */
#define LK_SKIP_EARLY_MAX 65536

/* The longest run: ServerHello, CCS, 2 keys, limit, EncryptedExtensions, CertificateRequest,
 * Certificate, CertificateVerify, Finished, keys. */
#define LK_OUTBOX_MAX 14

typedef struct lk_outbox {
    lk_out_item items[LK_OUTBOX_MAX];
    size_t num_items;
    lk_buffer bytes; /* the messages, one after the other */
} lk_outbox;

#endif
