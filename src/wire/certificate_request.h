/*
 * certificate_request.h - CertificateRequest (RFC 8446 §4.3.2).
 */
#ifndef LK_WIRE_CERTIFICATE_REQUEST_H
#define LK_WIRE_CERTIFICATE_REQUEST_H

#include "wire/fields.h"

typedef struct lk_certificate_request {
    lk_slice context;
    lk_extensions ext;
    lk_u16_list schemes, schemes_cert;
    lk_slice authorities;     /* certificate_authorities, each name checked for its length */
    lk_u16_list compressions; /* of certificates (RFC 8879 §3) */
} lk_certificate_request;

/* LOCKSTEP_PEER_EXTENSION_MISSING: "The "signature_algorithms" extension MUST be specified". */
LK_CHECKED lockstep_status lk_certificate_request_parse(lk_certificate_request *out, lk_flaw *flaw,
                                                        lk_slice body);

typedef struct lk_certificate_request_out {
    const uint16_t *schemes, *compressions;
    size_t num_schemes;
    size_t num_compressions; /* 0: no extension */
    lk_slice authorities;    /* of lk_build_authority; empty: no extension */
} lk_certificate_request_out;

void lk_certificate_request_build(lk_builder *b, const lk_certificate_request_out *request);

#endif
