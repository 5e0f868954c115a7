/*
 * delegated_credential.h - DelegatedCredential (RFC 9345 §4).
 */
#ifndef LK_WIRE_DELEGATED_CREDENTIAL_H
#define LK_WIRE_DELEGATED_CREDENTIAL_H

#include "wire/fields.h"

typedef struct lk_delegated_credential {
    lk_slice credential; /* Credential whole, and the algorithm behind it: what is signed */
    uint32_t valid_time; /* seconds from the certificate's notBefore to its end */
    uint16_t scheme;     /* dc_cert_verify_algorithm: what its key signs handshakes with */
    lk_slice public_key; /* SubjectPublicKeyInfo */
    uint16_t algorithm;  /* that the certificate's key signed it with */
    lk_slice signature;
} lk_delegated_credential;

/* lk_delegated_credential_parse reads the contents of the extension in a Certificate. False: they
 * do not parse. */
bool lk_delegated_credential_parse(lk_delegated_credential *out, lk_slice data);

#endif
