/*
 * tls12_key_exchange.h - ServerKeyExchange and ClientKeyExchange of TLS 1.2, for ECDHE (RFC 8422
 * §5.4, §5.7) and for RSA key transport (RFC 5246 §7.4.7.1).
 */
#ifndef LK_WIRE_TLS12_KEY_EXCHANGE_H
#define LK_WIRE_TLS12_KEY_EXCHANGE_H

#include "wire/fields.h"

typedef struct lk12_server_key_exchange {
    uint8_t curve_type;
    uint16_t group;  /* NamedGroup, if curve_type is LK12_NAMED_CURVE */
    lk_slice point;  /* the server's share */
    lk_slice params; /* ServerECDHParams, whole: what is signed behind the two randoms */
    uint16_t scheme; /* SignatureScheme */
    lk_slice signature;
} lk12_server_key_exchange;

/* ECCurveType: the two explicit forms are deprecated (RFC 8422 §5.4). */
enum { LK12_NAMED_CURVE = 3 };

/* LOCKSTEP_PEER_DECODE_SERVER_KEY_EXCHANGE; of a curve_type other than named_curve nothing more is
 * read, and `out->params` is empty. */
LK_CHECKED lockstep_status lk12_server_key_exchange_parse(lk12_server_key_exchange *out,
                                                          lk_slice body);

/* lk12_ecdh_params_build appends ServerECDHParams, lk12_server_key_exchange_build the message. */
void lk12_ecdh_params_build(lk_builder *b, uint16_t group, lk_slice point);
void lk12_server_key_exchange_build(lk_builder *b, lk_slice params, uint16_t scheme,
                                    lk_slice signature);

/* The contents of a ClientKeyExchange: a point behind a length of one byte (`rsa` false), or an
 * EncryptedPreMasterSecret behind one of two. LOCKSTEP_PEER_DECODE_CLIENT_KEY_EXCHANGE. */
LK_CHECKED lockstep_status lk12_client_key_exchange_parse(lk_slice *contents, lk_slice body,
                                                          bool rsa);
void lk12_client_key_exchange_build(lk_builder *b, lk_slice contents, bool rsa);

#endif
