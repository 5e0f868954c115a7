/*
 * prf.h - the pseudorandom function of TLS 1.2 (RFC 5246 §5), from which all its keys come.
 */
#ifndef LK_CRYPTO_PRF_H
#define LK_CRYPTO_PRF_H

#include "crypto/hkdf.h"

/*
 * lk_prf writes PRF(secret, label, a || b)[0..out_len-1], that is P_hash(secret, label || a || b)
 * with the hash of the cipher suite. `label` is a string without its NUL; `a` and `b` may be empty.
 * Any length of output and of seeds; nothing is allocated.
 */
void lk_prf(lk_hash hash, uint8_t *out, size_t out_len, lk_slice secret, const char *label,
            lk_slice a, lk_slice b);

#endif
