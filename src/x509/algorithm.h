/*
 * algorithm.h - AlgorithmIdentifier and SubjectPublicKeyInfo (RFC 5280 §4.1.1.2, §4.1.2.7).
 */
#ifndef LK_X509_ALGORITHM_H
#define LK_X509_ALGORITHM_H

#include "crypto/keys.h"
#include "util/bytes.h"

/*
 * lk_signature_algorithm_of maps the AlgorithmIdentifier `whole` to what crypto/keys.h computes, or
 * returns 0 if it is none of those, or if its parameters are not exactly what the RFC demands:
 * NULL for RSASSA-PKCS1-v1_5 (RFC 4055 §5), absent for ECDSA (RFC 5758 §3.2) and Ed25519
 * (RFC 8410 §3); for RSASSA-PSS the hash, MGF1 with the same hash and a salt as long as the hash
 * (RFC 4055 §3.1).
 */
lk_signature_algorithm lk_signature_algorithm_of(lk_slice whole);

/* lk_signature_algorithm_der returns the AlgorithmIdentifier (DER, static), empty for those that
 * this project does not issue with (RSASSA-PSS). */
lk_slice lk_signature_algorithm_der(lk_signature_algorithm algorithm);

/* A SubjectPublicKeyInfo taken apart; all slices borrowed. */
typedef struct lk_spki {
    lk_slice algorithm_oid;
    lk_slice curve_oid;         /* contents, if a named curve; of an explicit curve empty */
    lk_slice bits;              /* the subjectPublicKey: point, Ed25519 key, RSAPublicKey */
    lk_slice modulus, exponent; /* RSA, without leading zeros */
    lk_key_kind kind;           /* 0: a kind that this project does not know */
    unsigned key_bits;          /* size; 0 if the kind is not known */
} lk_spki;

/* lk_spki_parse is false if `whole` does not parse. A key of a kind, curve or with parameters that
 * are not known parses, with kind 0: it is for the judge to refuse. */
bool lk_spki_parse(lk_spki *out, lk_slice whole);

/* lk_spki_public_key makes the key. LOCKSTEP_CERT_WEAK_KEY if its kind is not known or it is no
 * valid key, LOCKSTEP_ERR_NO_MEMORY. */
LK_CHECKED lockstep_status lk_spki_public_key(lk_public_key **out, const lk_crypto *crypto,
                                              const lk_spki *spki);

/* lk_spki_fault returns why a certificate must not have this key (static text), or NULL: BR §6.1.5,
 * RSA of 2,048 bits or more, and a multiple of 8; P-256, P-384, P-521. Ed25519 besides. That it is
 * a valid key of its kind shows when it is made. */
const char *lk_spki_fault(const lk_spki *spki);

#endif
