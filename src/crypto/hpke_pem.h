/*
 * hpke_pem.h - private keys of HPKE in PKCS#8 (RFC 5958, RFC 8410), as PEM.
 */
#ifndef LK_CRYPTO_HPKE_PEM_H
#define LK_CRYPTO_HPKE_PEM_H

#include "crypto/hpke.h"
#include "util/buffer.h"

/* lk_hpke_private_from_pem reads the first private key of `pem`, of X25519 or P-256, and says for
 * which KEM it is. LOCKSTEP_ERR_PEM, LOCKSTEP_ERR_KEY_UNSUPPORTED. */
LK_CHECKED lockstep_status lk_hpke_private_from_pem(uint8_t out[LK_HPKE_PRIVATE_LEN], uint16_t *kem,
                                                    lk_slice pem);

/* lk_hpke_private_to_pem appends a private key of X25519. LOCKSTEP_ERR_NO_MEMORY. */
LK_CHECKED lockstep_status lk_hpke_private_to_pem(lk_buffer *out,
                                                  const uint8_t key[LK_HPKE_PRIVATE_LEN]);

#endif
