/*
 * certificate_verify.h - CertificateVerify (RFC 8446 §4.4.3).
 */
#ifndef LK_WIRE_CERTIFICATE_VERIFY_H
#define LK_WIRE_CERTIFICATE_VERIFY_H

#include "wire/fields.h"

typedef struct lk_certificate_verify {
    uint16_t scheme; /* SignatureScheme */
    lk_slice signature;
} lk_certificate_verify;

LK_CHECKED lockstep_status lk_certificate_verify_parse(lk_certificate_verify *out, lk_slice body);
void lk_certificate_verify_build(lk_builder *b, uint16_t scheme, lk_slice signature);

#endif
