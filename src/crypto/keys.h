/*
 * keys.h - long-lived public and private keys: verify, sign, read, make.
 *
 * Keys are immutable once made and may be shared by threads. What is accepted of a certificate's
 * key (sizes, curves) is decided by x509/judge.c; this room takes whatever it can compute with.
 */
#ifndef LK_CRYPTO_KEYS_H
#define LK_CRYPTO_KEYS_H

#include <lockstep/status.h>

#include "util/buffer.h"

typedef struct lk_crypto lk_crypto;
typedef struct lk_public_key lk_public_key;
typedef struct lk_private_key lk_private_key;

typedef enum lk_key_kind {
    LK_KEY_RSA = 1, /* rsaEncryption (RFC 3279 §2.3.1) */
    LK_KEY_P256,    /* ecPublicKey on a named curve (RFC 5480) */
    LK_KEY_P384,
    LK_KEY_P521,
    LK_KEY_ED25519 /* RFC 8410 */
} lk_key_kind;

typedef enum lk_signature_algorithm {
    LK_SIGN_RSA_PKCS1_SHA256 = 1,
    LK_SIGN_RSA_PKCS1_SHA384,
    LK_SIGN_RSA_PKCS1_SHA512,
    LK_SIGN_RSA_PSS_SHA256, /* MGF1 with the same hash, salt as long as the hash */
    LK_SIGN_RSA_PSS_SHA384,
    LK_SIGN_RSA_PSS_SHA512,
    LK_SIGN_ECDSA_SHA256,
    LK_SIGN_ECDSA_SHA384,
    LK_SIGN_ECDSA_SHA512,
    LK_SIGN_ED25519
} lk_signature_algorithm;

/* No signature that this room makes or checks is longer, in bytes (RSA-8192). */
#define LK_SIGNATURE_MAX 1024

/*
 * lk_public_key_new sets `*out` to the key whose bits are `bits` (copied): the uncompressed point
 * of RFC 5480 §2.2 for EC, 32 bytes for Ed25519. LOCKSTEP_CERT_WEAK_KEY if it is not a valid key of
 * that kind (a point off the curve). lk_public_key_new_rsa takes modulus and exponent, big-endian
 * without leading zeros; 512 to 8192 bits, an odd exponent of 3 or more in at most 64 bits.
 */
LK_CHECKED lockstep_status lk_public_key_new(lk_public_key **out, const lk_crypto *crypto,
                                             lk_key_kind kind, lk_slice bits);
LK_CHECKED lockstep_status lk_public_key_new_rsa(lk_public_key **out, const lk_crypto *crypto,
                                                 lk_slice modulus, lk_slice exponent);

/* lk_public_key_share takes another reference to `key` and returns it; each is freed. */
lk_public_key *lk_public_key_share(lk_public_key *key);
void lk_public_key_free(lk_public_key *key);

/* lk_public_key_cost returns what checking a signature costs, in units of P-256 (70 us): libcrypto
 * has no fast code for the larger curves, and large RSA moduli and exponents take their time. */
unsigned lk_public_key_cost(const lk_public_key *key);

lk_key_kind lk_public_key_kind(const lk_public_key *key);
unsigned lk_public_key_bits(const lk_public_key *key);

/* lk_public_key_verify says whether `signature` over `message` is right. An algorithm that does not
 * suit the kind of key is false. ECDSA signatures are strict DER (RFC 3279 §2.2.3). */
bool lk_public_key_verify(const lk_public_key *key, lk_signature_algorithm algorithm,
                          lk_slice signature, lk_slice message);

/* lk_private_key_from_pem reads the first private key of `pem`: PKCS#8, SEC 1 or PKCS#1, not
 * encrypted. LOCKSTEP_ERR_PEM, LOCKSTEP_ERR_KEY_UNSUPPORTED. */
LK_CHECKED lockstep_status lk_private_key_from_pem(lk_private_key **out, const lk_crypto *crypto,
                                                   lk_slice pem);

/* lk_private_key_generate makes a new key with libcrypto's random numbers; `rsa_bits` is read for
 * LK_KEY_RSA only. */
LK_CHECKED lockstep_status lk_private_key_generate(lk_private_key **out, const lk_crypto *crypto,
                                                   lk_key_kind kind, unsigned rsa_bits);
void lk_private_key_free(lk_private_key *key);

lk_key_kind lk_private_key_kind(const lk_private_key *key);
unsigned lk_private_key_bits(const lk_private_key *key);

/* lk_private_key_to_pem appends the key as PKCS#8 PEM (RFC 5958). */
LK_CHECKED lockstep_status lk_private_key_to_pem(const lk_private_key *key, lk_buffer *out);

/* lk_private_key_spki appends the SubjectPublicKeyInfo (DER, RFC 5280 §4.1.2.7) of its public
 * half; lk_private_key_matches compares it with one found in a certificate. */
LK_CHECKED lockstep_status lk_private_key_spki(const lk_private_key *key, lk_buffer *out);
bool lk_private_key_matches(const lk_private_key *key, lk_slice spki);

/* lk_private_key_signature_max returns the most bytes that a signature by `key` has. */
size_t lk_private_key_signature_max(const lk_private_key *key);

/* lk_private_key_sign writes the signature over `message` to `out` (room for
 * lk_private_key_signature_max bytes) and its length to `*out_len`. LOCKSTEP_ERR_USAGE if the
 * algorithm does not suit the key, LOCKSTEP_ERR_CRYPTO if libcrypto fails. */
LK_CHECKED lockstep_status lk_private_key_sign(const lk_private_key *key,
                                               lk_signature_algorithm algorithm, lk_slice message,
                                               uint8_t *out, size_t *out_len);

/* lk_private_key_sign_digest writes an ECDSA signature over a digest that the caller has made, as
 * above; for digests that this room makes no signatures with (SHA-1, in the lab).
 * LOCKSTEP_ERR_USAGE unless the key is one of ECDSA. */
LK_CHECKED lockstep_status lk_private_key_sign_digest(const lk_private_key *key, lk_slice digest,
                                                      uint8_t *out, size_t *out_len);

#endif
