/*
 * tls12_certificate.h - Certificate, CertificateStatus and CertificateRequest of TLS 1.2 (RFC 5246
 * §7.4.2, §7.4.4; RFC 6066 §8).
 */
#ifndef LK_WIRE_TLS12_CERTIFICATE_H
#define LK_WIRE_TLS12_CERTIFICATE_H

#include "wire/certificate.h"

/* lk12_certificate_parse fills the chain; what TLS 1.3 puts beside each certificate stays empty.
 * LOCKSTEP_PEER_DECODE_CERTIFICATE, LOCKSTEP_CERT_CHAIN_TOO_LONG. */
LK_CHECKED lockstep_status lk12_certificate_parse(lk_certificate *out, lk_slice body);
void lk12_certificate_build(lk_builder *b, const lk_slice *chain, size_t num_chain);

/* With a raw public key the message is no list: it is "ASN1_subjectPublicKeyInfo<1..2^24-1>" alone
 * (RFC 7250 §3), which becomes a chain of one. The bytes of an empty list are none here too.
 * LOCKSTEP_PEER_DECODE_CERTIFICATE. */
LK_CHECKED lockstep_status lk12_raw_key_parse(lk_certificate *out, lk_slice body);
void lk12_raw_key_build(lk_builder *b, lk_slice key);

/* CertificateStatus holds one OCSPResponse, of at least a byte. LOCKSTEP_PEER_DECODE_STATUS. */
LK_CHECKED lockstep_status lk12_certificate_status_parse(lk_slice *ocsp, lk_slice body);
void lk12_certificate_status_build(lk_builder *b, lk_slice ocsp);

/* ClientCertificateType (RFC 5246 §7.4.4, RFC 8422 §5.5) */
enum { LK12_RSA_SIGN = 1, LK12_ECDSA_SIGN = 64 };

typedef struct lk12_certificate_request {
    lk_slice types; /* ClientCertificateType, one byte each */
    lk_u16_list schemes;
    lk_slice authorities; /* DistinguishedName list, each checked to have a length that fits */
} lk12_certificate_request;

/* LOCKSTEP_PEER_DECODE_CERTIFICATE_REQUEST. */
LK_CHECKED lockstep_status lk12_certificate_request_parse(lk12_certificate_request *out,
                                                          lk_slice body);
/* lk12_certificate_request_build asks for any kind of key that this project signs with, and names
 * `authorities` (of lk_build_authority): "If the certificate_authorities list is empty, then the
 * client MAY send any". */
void lk12_certificate_request_build(lk_builder *b, const uint16_t *schemes, size_t num_schemes,
                                    lk_slice authorities);

#endif
