/*
 * ocsp.h - OCSP responses (RFC 6960), as servers staple them (RFC 6066 §8, RFC 8446 §4.4.2.1).
 */
#ifndef LK_X509_OCSP_H
#define LK_X509_OCSP_H

#include "crypto/keys.h"
#include "x509/cert.h"
#include "x509/revocation.h"

/* The largest response that is read; real ones have 300 bytes to 3 KB. */
#define LK_OCSP_MAX_BYTES 65536

/* Signatures that one response may cost: that of each certificate in it, and its own by each of
 * them or by the issuer. */
#define LK_OCSP_MAX_SIGNATURES (2 * LK_OCSP_MAX_CERTS + 1)

/* Certificates in a response that are tried as the responder's. */
#define LK_OCSP_MAX_CERTS 4

/*
 * lk_ocsp_ask reads `response` (an OCSPResponse, DER) and says what it knows of `cert`, issued by
 * `issuer` whose key is `issuer_key`, at `now` (seconds).
 *
 * BAD if it does not parse, holds no answer about this certificate (CertID by SHA-1 or SHA-256 over
 * the issuer's name and key, and the serial number), or is not signed by the issuer or by a
 * responder that the issuer delegated: one of the first LK_OCSP_MAX_CERTS certificates in the
 * response, signed by the issuer, in its validity, with id-kp-OCSPSigning (§4.2.2.2) and a key as
 * leaves may have, whose name or key hash is the responderID. Whether a responder was itself
 * revoked is not asked. Unknown critical extensions, of whichever answer, make it BAD too. UNKNOWN
 * if the response is an error (tryLater, ...; nobody signs those), says unknown, or is not of now:
 * thisUpdate <= now <= nextUpdate; without nextUpdate it counts for a day. producedAt may be five
 * minutes ahead. REVOKED holds even when it is out of date or of the future. Of several answers
 * about the certificate the worst counts: REVOKED, then UNKNOWN. `out->next_update` of GOOD is
 * never 0: without nextUpdate it is a day after thisUpdate. SHA-1 here identifies and proves
 * nothing; signatures with it are refused as everywhere. Allocates only what keys and signatures
 * need; UNKNOWN if there is no memory.
 */
void lk_ocsp_ask(lk_revocation *out, lk_slice response, const lk_cert *cert, const lk_cert *issuer,
                 const lk_public_key *issuer_key, const lk_crypto *crypto, int64_t now);

/* lk_ocsp_sct_list sets `*list` to the contents of the SCT list extension (RFC 6962 §3.3, OID
 * 1.3.6.1.4.1.11129.2.4.5, inside its OCTET STRING) of the single response about `cert`; false if
 * there is none. It looks at no signature: ask first. */
bool lk_ocsp_sct_list(lk_slice *list, lk_slice response, const lk_cert *cert,
                      const lk_cert *issuer);

#endif
