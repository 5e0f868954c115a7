/*
 * tls12_server_hello.h - ServerHello of TLS 1.2 (RFC 5246 §7.4.1.3).
 */
#ifndef LK_WIRE_TLS12_SERVER_HELLO_H
#define LK_WIRE_TLS12_SERVER_HELLO_H

#include "wire/fields.h"

typedef struct lk12_server_hello {
    uint16_t version;
    lk_slice random, session_id;
    uint16_t cipher_suite;
    uint8_t compression_method;
    lk_extensions ext;
    lk_slice renegotiated_connection; /* of renegotiation_info, without its length */
    lk_slice point_formats;           /* of ec_point_formats, likewise */
    lk_slice protocol;                /* the one that ALPN selected */
    lk_slice scts;                    /* SignedCertificateTimestampList, whole */
    uint16_t record_size_limit;
    uint8_t server_type, client_type; /* CertificateType (RFC 7250), if `ext` has them */
} lk12_server_hello;

/* LOCKSTEP_PEER_DECODE_SERVER_HELLO, LOCKSTEP_PEER_DECODE_EXTENSION, LOCKSTEP_PEER_EXTENSION_*. */
LK_CHECKED lockstep_status lk12_server_hello_parse(lk12_server_hello *out, lk_flaw *flaw,
                                                   lk_slice body);

typedef struct lk12_server_hello_out {
    const uint8_t *random; /* LK_RANDOM_LEN bytes */
    lk_slice session_id;
    uint16_t cipher_suite;
    bool server_name, status, session_ticket; /* empty extensions: "I did", "I will" */
    bool renegotiation_info, point_formats;
    bool extended_master_secret;
    lk_slice protocol;          /* empty: no ALPN */
    lk_slice scts;              /* empty: none */
    uint16_t record_size_limit; /* 0: no extension */
    bool has_server_type, has_client_type;
    uint8_t server_type, client_type; /* CertificateType */
} lk12_server_hello_out;

/* lk12_server_hello_build appends the message, header included. */
void lk12_server_hello_build(lk_builder *b, const lk12_server_hello_out *hello);

#endif
