/*
 * hpke.h - Hybrid Public Key Encryption (RFC 9180) in base mode, as Encrypted Client Hello uses it:
 * a sender who knows a public key sets up a context and seals messages to it, in order.
 *
 * KEMs: DHKEM(X25519, HKDF-SHA256), DHKEM(P-256, HKDF-SHA256). KDFs: HKDF-SHA256, HKDF-SHA384.
 * AEADs: AES-128-GCM, AES-256-GCM, ChaCha20Poly1305. Neither PSK nor sender authentication nor the
 * export of secrets is needed here.
 */
#ifndef LK_CRYPTO_HPKE_H
#define LK_CRYPTO_HPKE_H

#include "crypto/aead.h"
#include "crypto/kex.h"

/* The code points of §7. */
enum { LK_HPKE_KEM_P256 = 0x0010, LK_HPKE_KEM_X25519 = 0x0020 };
enum { LK_HPKE_KDF_SHA256 = 1, LK_HPKE_KDF_SHA384 = 2 };
enum { LK_HPKE_AEAD_AES_128_GCM = 1, LK_HPKE_AEAD_AES_256_GCM, LK_HPKE_AEAD_CHACHA20_POLY1305 };

typedef struct lk_hpke_suite {
    uint16_t kem, kdf, aead;
} lk_hpke_suite;

#define LK_HPKE_ENC_MAX     65 /* bytes of an encapsulated or a public key: P-256, uncompressed */
#define LK_HPKE_SECRET_LEN  32 /* bytes of the shared secret of either KEM */
#define LK_HPKE_PRIVATE_LEN 32 /* bytes of a private key, of either KEM (§7.1.2) */

/* lk_hpke_supports says whether this room computes all three algorithms of a suite. */
bool lk_hpke_supports(lk_hpke_suite suite);

/* lk_hpke_group returns the group of a KEM, whose shares are its encapsulated and public keys; NULL
 * for a KEM that is not supported. */
const lk_kex_group *lk_hpke_group(uint16_t kem);

/* The private key of a receiver. Never changed once made, so threads may share it. */
typedef struct lk_hpke_key {
    uint16_t kem;
    lk_ephemeral *own;
    uint8_t public_key[LK_HPKE_ENC_MAX];
    size_t public_key_len;
} lk_hpke_key;

/* lk_hpke_key_make reads a private key in the form of SerializePrivateKey (§4, LK_HPKE_PRIVATE_LEN
 * bytes, copied) and computes its public half. LOCKSTEP_ERR_KEY_UNSUPPORTED for another KEM, length
 * or range; LOCKSTEP_ERR_NO_MEMORY. Undone by lk_hpke_key_free, which a zeroed key may meet. */
LK_CHECKED lockstep_status lk_hpke_key_make(lk_hpke_key *out, const lk_crypto *crypto, uint16_t kem,
                                            lk_slice private_key);
void lk_hpke_key_free(lk_hpke_key *key);

/* The context of one side (§5.2); zeroed: none. */
typedef struct lk_hpke {
    lk_aead aead;
    uint8_t base_nonce[LK_AEAD_NONCE_LEN];
    uint64_t sequence;                         /* of the next message */
    uint8_t shared_secret[LK_HPKE_SECRET_LEN]; /* of the KEM; kept for a key log (RFC 9850) alone */
} lk_hpke;

/* lk_hpke_free wipes a context. */
void lk_hpke_free(lk_hpke *hpke);

/*
 * lk_hpke_setup_sender is SetupBaseS (§5.1.1): from `random`, as lk_kex_draw gives it for the group
 * of the KEM, it makes the encapsulated key, `enc`, as long as a client's share of that group, and
 * the context. LOCKSTEP_PEER_KEY_SHARE if `public_key` is not a valid one; LOCKSTEP_ERR_CRYPTO,
 * LOCKSTEP_ERR_USAGE for a suite that is not supported.
 */
LK_CHECKED lockstep_status lk_hpke_setup_sender(lk_hpke *out, uint8_t *enc, const lk_crypto *crypto,
                                                lk_hpke_suite suite, lk_slice public_key,
                                                lk_slice info, const uint8_t *random);

/* lk_hpke_setup_receiver is SetupBaseR. LOCKSTEP_PEER_KEY_SHARE if `enc` is not a valid key of the
 * KEM of `key`, which is also that of `suite`. */
LK_CHECKED lockstep_status lk_hpke_setup_receiver(lk_hpke *out, const lk_crypto *crypto,
                                                  lk_hpke_suite suite, const lk_hpke_key *key,
                                                  lk_slice enc, lk_slice info);

/* lk_hpke_seal encrypts the next message to `out`, plaintext.p_len + LK_AEAD_TAG_LEN bytes. False:
 * libcrypto failed, or all sequence numbers are used up. */
bool lk_hpke_seal(lk_hpke *hpke, uint8_t *out, lk_slice aad, lk_slice plaintext);

/* lk_hpke_open decrypts the next message to `out`, ciphertext.p_len - LK_AEAD_TAG_LEN bytes. False:
 * it is not authentic; the sequence number then stays, and `out` is wiped. */
bool lk_hpke_open(lk_hpke *hpke, uint8_t *out, lk_slice aad, lk_slice ciphertext);

#endif
