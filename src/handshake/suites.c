#include "handshake/suites.h"

#include <lockstep/lockstep.h>
#include <strings.h>

#include "crypto/kex.h"

const lk_suite lk_suites[LK_NUM_SUITES] = {
    /* AES-128 first: it is the fastest where there are AES instructions, and no known attack tells
     * it from AES-256 in this use. */
    {LOCKSTEP_SUITE_AES_128_GCM_SHA256, LK_SHA256, LK_AEAD_AES_128_GCM, "TLS_AES_128_GCM_SHA256"},
    {LOCKSTEP_SUITE_AES_256_GCM_SHA384, LK_SHA384, LK_AEAD_AES_256_GCM, "TLS_AES_256_GCM_SHA384"},
    {LOCKSTEP_SUITE_CHACHA20_POLY1305_SHA256, LK_SHA256, LK_AEAD_CHACHA20_POLY1305,
     "TLS_CHACHA20_POLY1305_SHA256"},
};

/* The smallest and fastest first. PKCS#1 stands at the end because certificates still carry it. */
#define SCHEMES(X)                                                                                 \
    X(0x0403, LK_KEY_P256, LK_SIGN_ECDSA_SHA256, true, "ecdsa_secp256r1_sha256")                   \
    X(0x0807, LK_KEY_ED25519, LK_SIGN_ED25519, true, "ed25519")                                    \
    X(0x0503, LK_KEY_P384, LK_SIGN_ECDSA_SHA384, true, "ecdsa_secp384r1_sha384")                   \
    X(0x0804, LK_KEY_RSA, LK_SIGN_RSA_PSS_SHA256, true, "rsa_pss_rsae_sha256")                     \
    X(0x0805, LK_KEY_RSA, LK_SIGN_RSA_PSS_SHA384, true, "rsa_pss_rsae_sha384")                     \
    X(0x0806, LK_KEY_RSA, LK_SIGN_RSA_PSS_SHA512, true, "rsa_pss_rsae_sha512")                     \
    X(0x0603, LK_KEY_P521, LK_SIGN_ECDSA_SHA512, true, "ecdsa_secp521r1_sha512")                   \
    X(0x0401, LK_KEY_RSA, LK_SIGN_RSA_PKCS1_SHA256, false, "rsa_pkcs1_sha256")                     \
    X(0x0501, LK_KEY_RSA, LK_SIGN_RSA_PKCS1_SHA384, false, "rsa_pkcs1_sha384")                     \
    X(0x0601, LK_KEY_RSA, LK_SIGN_RSA_PKCS1_SHA512, false, "rsa_pkcs1_sha512")

const lk_scheme lk_schemes[LK_NUM_SCHEMES] = {
#define LK_X(id, key, algorithm, in_handshake, name) {id, key, algorithm, in_handshake, name},
    SCHEMES(LK_X)
#undef LK_X
};

const uint16_t lk_scheme_ids[LK_NUM_SCHEMES] = {
#define LK_X(id, key, algorithm, in_handshake, name) id,
    SCHEMES(LK_X)
#undef LK_X
};

const lk_suite *lk_suite_of(uint16_t id) {
    for (size_t i = 0; i < LK_NUM_SUITES; i++)
        if (lk_suites[i].id == id)
            return &lk_suites[i];
    return NULL;
}

const lk_scheme *lk_scheme_of(uint16_t id) {
    for (size_t i = 0; i < LK_NUM_SCHEMES; i++)
        if (lk_schemes[i].id == id)
            return &lk_schemes[i];
    return NULL;
}

const char *lockstep_suite_name(uint16_t suite) {
    const lk_suite *s = lk_suite_of(suite);
    return s == NULL ? "unknown" : s->name;
}

const char *lockstep_scheme_name(uint16_t scheme) {
    const lk_scheme *s = lk_scheme_of(scheme);
    return s == NULL ? "unknown" : s->name;
}

const char *lockstep_group_name(uint16_t group) {
    const lk_kex_group *g = lk_kex_group_of(group);
    return g == NULL ? "unknown" : g->name;
}

uint16_t lockstep_suite_by_name(const char *name) {
    for (size_t i = 0; name != NULL && i < LK_NUM_SUITES; i++)
        if (strcasecmp(name, lk_suites[i].name) == 0)
            return lk_suites[i].id;
    return 0;
}

uint16_t lockstep_group_by_name(const char *name) {
    static const struct {
        const char *name;
        uint16_t id;
    } others[] = {{"P-256", LOCKSTEP_GROUP_SECP256R1},
                  {"prime256v1", LOCKSTEP_GROUP_SECP256R1},
                  {"P-384", LOCKSTEP_GROUP_SECP384R1}};
    if (name == NULL)
        return 0;
    for (size_t i = 0; i < LK_KEX_NUM_GROUPS; i++)
        if (strcasecmp(name, lk_kex_groups[i].name) == 0)
            return lk_kex_groups[i].id;
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        if (strcasecmp(name, others[i].name) == 0)
            return others[i].id;
    return 0;
}
