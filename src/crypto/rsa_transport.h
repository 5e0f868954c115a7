/*
 * rsa_transport.h - the RSA key transport of TLS 1.2 (RFC 5246 §7.4.7.1): a premaster secret of 48
 * bytes, padded by PKCS #1 v1.5 (RFC 8017 §7.2) and encrypted to the key of a certificate.
 *
 * What a decryption yields must not show in any way: neither by an error nor by time, for whoever
 * learns of many ciphertexts whether their padding is right can decrypt one (Bleichenbacher 1998).
 * So the padding is looked at here, and not by libcrypto, which tells some of its results apart.
 */
#ifndef LK_CRYPTO_RSA_TRANSPORT_H
#define LK_CRYPTO_RSA_TRANSPORT_H

#include <lockstep/env.h>

#include "crypto/keys.h"

#define LK_PREMASTER_LEN 48

/* lk_rsa_pad writes the block that is to be encrypted, as long as the modulus: 0, 2, random bytes
 * that are not zero, 0, the premaster secret. LOCKSTEP_ERR_NO_RANDOM; LOCKSTEP_ERR_KEY_UNSUPPORTED
 * for a key that is no RSA key or too short. */
LK_CHECKED lockstep_status lk_rsa_pad(uint8_t *block, const lk_public_key *key,
                                      const lockstep_env *env,
                                      const uint8_t premaster[LK_PREMASTER_LEN]);

/* lk_rsa_block_length returns the length of a block in bytes. */
size_t lk_rsa_block_length(const lk_public_key *key);

/* lk_rsa_encrypt encrypts a block in place. LOCKSTEP_ERR_CRYPTO. */
LK_CHECKED lockstep_status lk_rsa_encrypt(const lk_public_key *key, uint8_t *block);

/*
 * lk_rsa_decrypt writes the premaster secret in `ciphertext`; of one that is not made by these
 * rules `random` instead, which the caller has drawn before ("in a manner indistinguishable from
 * correctly formatted RSA blocks"). `version` is ClientHello.client_version, which must be in
 * front.
 */
void lk_rsa_decrypt(uint8_t premaster[LK_PREMASTER_LEN], const lk_private_key *key,
                    lk_slice ciphertext, uint16_t version, const uint8_t random[LK_PREMASTER_LEN]);

/* lk_rsa_unpad is the part of it behind RSA: `block` has `n` bytes, at least LK_PREMASTER_LEN + 11.
 * Time and memory access depend on `n` alone. */
void lk_rsa_unpad(uint8_t premaster[LK_PREMASTER_LEN], const uint8_t *block, size_t n,
                  uint16_t version, const uint8_t random[LK_PREMASTER_LEN]);

#endif
