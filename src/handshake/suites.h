/*
 * suites.h - cipher suites (RFC 8446 §B.4) and signature schemes (§4.2.3), in order of preference.
 */
#ifndef LK_HANDSHAKE_SUITES_H
#define LK_HANDSHAKE_SUITES_H

#include "crypto/aead.h"
#include "crypto/digest.h"
#include "crypto/keys.h"

typedef struct lk_suite {
    uint16_t id;
    lk_hash hash;
    lk_aead_kind aead;
    const char *name;
} lk_suite;

#define LK_NUM_SUITES 3
extern const lk_suite lk_suites[LK_NUM_SUITES];
const lk_suite *lk_suite_of(uint16_t id);

typedef struct lk_scheme {
    uint16_t id;
    lk_key_kind key; /* the kind of key that it signs with */
    lk_signature_algorithm algorithm;
    bool in_handshake; /* else for certificates only: "RSASSA-PKCS1-v1_5 [...] signatures which
                        * appear in certificates [...] are not defined for use in signed TLS
                        * handshake messages" (§4.2.3) */
    const char *name;
} lk_scheme;

#define LK_NUM_SCHEMES 10
extern const lk_scheme lk_schemes[LK_NUM_SCHEMES];
extern const uint16_t
    lk_scheme_ids[LK_NUM_SCHEMES]; /* the same, as signature_algorithms lists them */
const lk_scheme *lk_scheme_of(uint16_t id);

#endif
