/*
 * suites.h - cipher suites (RFC 8446 §B.4, RFC 5289, RFC 7905, RFC 5288) and signature schemes (RFC
 * 8446 §4.2.3), in order of preference.
 */
#ifndef LK_HANDSHAKE_SUITES_H
#define LK_HANDSHAKE_SUITES_H

#include "crypto/aead.h"
#include "crypto/digest.h"
#include "crypto/keys.h"

/* What a suite says of the key exchange: one of TLS 1.3 nothing, for extensions do. */
typedef enum lk_suite_kex { LK_KEX_ANY, LK_KEX_ECDHE, LK_KEX_RSA } lk_suite_kex;

/* With which kind of key does the server prove who it is? */
typedef enum lk_suite_auth { LK_AUTH_ANY, LK_AUTH_ECDSA, LK_AUTH_RSA } lk_suite_auth;

typedef struct lk_suite {
    uint16_t id, version;
    lk_hash hash;
    lk_aead_kind aead;
    lk_suite_kex kex;
    lk_suite_auth auth;
    const char *name;
    const char *short_name; /* as OpenSSL writes it; NULL: no other */
} lk_suite;

#define LK_NUM_SUITES 11
extern const lk_suite lk_suites[LK_NUM_SUITES];
const lk_suite *lk_suite_of(uint16_t id);

/* lk_suite_takes says whether a server with that kind of key can use the suite. Ed25519 goes with
 * ECDHE_ECDSA (RFC 8422 §5.10). */
bool lk_suite_takes(const lk_suite *suite, lk_key_kind kind);

typedef struct lk_scheme {
    uint16_t id;
    lk_key_kind key; /* the kind of key that it signs with */
    lk_signature_algorithm algorithm;
    unsigned versions; /* set of LK_SIGNS_...: those whose handshakes it may sign; in TLS 1.3 not
                        * "RSASSA-PKCS1-v1_5 [...] signatures which appear in certificates [...]
                        * are not defined for use in signed TLS handshake messages" (§4.2.3) */
    const char *name;
} lk_scheme;

enum { LK_SIGNS_TLS12 = 1 << 0, LK_SIGNS_TLS13 = 1 << 1 };

#define LK_NUM_SCHEMES 10
extern const lk_scheme lk_schemes[LK_NUM_SCHEMES];
extern const uint16_t
    lk_scheme_ids[LK_NUM_SCHEMES]; /* the same, as signature_algorithms lists them */
const lk_scheme *lk_scheme_of(uint16_t id);

/* lk_scheme_suits says whether a key of that kind may sign a handshake of `version` by the scheme.
 * TLS 1.3 ties the curve to the hash; TLS 1.2 does not: "in TLS 1.2 [...] the signature algorithm
 * and hash algorithm are independent of the curve" (RFC 8446 §4.2.3, RFC 8422 §5.1.3). */
bool lk_scheme_suits(const lk_scheme *scheme, uint16_t version, lk_key_kind kind);

#endif
