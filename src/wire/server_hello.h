/*
 * server_hello.h - ServerHello and HelloRetryRequest (RFC 8446 §4.1.3, §4.1.4).
 */
#ifndef LK_WIRE_SERVER_HELLO_H
#define LK_WIRE_SERVER_HELLO_H

#include "wire/fields.h"

/* The random value that makes a ServerHello a HelloRetryRequest. */
extern const uint8_t lk_hello_retry_random[LK_RANDOM_LEN];

typedef struct lk_server_hello {
    bool is_retry; /* a HelloRetryRequest */
    uint16_t legacy_version;
    lk_slice random, session_id_echo;
    uint16_t cipher_suite;
    uint8_t compression_method;
    lk_extensions ext;
    uint16_t selected_version; /* of supported_versions, if `ext` says that it is present */
    uint16_t group;            /* of key_share, likewise */
    lk_slice key_exchange;     /* empty in a HelloRetryRequest */
    lk_slice cookie;           /* of a HelloRetryRequest */
    lk_slice ech_confirmation; /* likewise, LK_ECH_CONFIRMATION_LEN bytes; empty: absent */
    uint16_t selected_identity;
} lk_server_hello;

/* lk_server_hello_parse reads the body of either. LOCKSTEP_PEER_DECODE_SERVER_HELLO,
 * LOCKSTEP_PEER_DECODE_EXTENSION, LOCKSTEP_PEER_EXTENSION_*. A TLS 1.2 ServerHello parses too; its
 * extensions are then neither placed nor read. */
LK_CHECKED lockstep_status lk_server_hello_parse(lk_server_hello *out, lk_flaw *flaw,
                                                 lk_slice body);

typedef struct lk_server_hello_out {
    const uint8_t *random; /* lk_hello_retry_random for a HelloRetryRequest */
    lk_slice session_id_echo;
    uint16_t cipher_suite;
    uint16_t group; /* 0: no key_share */
    lk_slice key_exchange;
    lk_slice cookie; /* empty: none */
    bool psk;        /* the PSK `selected_identity` was chosen */
    uint16_t selected_identity;
    /* of a HelloRetryRequest, and then the last bytes of the message; empty: no extension */
    lk_slice ech_confirmation;
} lk_server_hello_out;

/* lk_server_hello_build appends the message, header included. */
void lk_server_hello_build(lk_builder *b, const lk_server_hello_out *hello);

#endif
