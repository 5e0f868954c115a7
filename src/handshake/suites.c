#include "handshake/suites.h"

#include <lockstep/lockstep.h>
#include <strings.h>

#include "crypto/kex.h"

const lk_suite lk_suites[LK_NUM_SUITES] = {
    /* AES-128 first: it is the fastest where there are AES instructions, and no known attack tells
     * it from AES-256 in this use. */
    {LOCKSTEP_SUITE_AES_128_GCM_SHA256, LOCKSTEP_TLS13, LK_SHA256, LK_AEAD_AES_128_GCM, LK_KEX_ANY,
     LK_AUTH_ANY, "TLS_AES_128_GCM_SHA256", NULL},
    {LOCKSTEP_SUITE_AES_256_GCM_SHA384, LOCKSTEP_TLS13, LK_SHA384, LK_AEAD_AES_256_GCM, LK_KEX_ANY,
     LK_AUTH_ANY, "TLS_AES_256_GCM_SHA384", NULL},
    {LOCKSTEP_SUITE_CHACHA20_POLY1305_SHA256, LOCKSTEP_TLS13, LK_SHA256, LK_AEAD_CHACHA20_POLY1305,
     LK_KEX_ANY, LK_AUTH_ANY, "TLS_CHACHA20_POLY1305_SHA256", NULL},
    /* TLS 1.2: ephemeral key exchange and an AEAD, and nothing else by default. */
    {LOCKSTEP_SUITE_ECDHE_ECDSA_AES_128_GCM_SHA256, LOCKSTEP_TLS12, LK_SHA256, LK_AEAD_AES_128_GCM,
     LK_KEX_ECDHE, LK_AUTH_ECDSA, "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
     "ECDHE-ECDSA-AES128-GCM-SHA256"},
    {LOCKSTEP_SUITE_ECDHE_RSA_AES_128_GCM_SHA256, LOCKSTEP_TLS12, LK_SHA256, LK_AEAD_AES_128_GCM,
     LK_KEX_ECDHE, LK_AUTH_RSA, "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
     "ECDHE-RSA-AES128-GCM-SHA256"},
    {LOCKSTEP_SUITE_ECDHE_ECDSA_AES_256_GCM_SHA384, LOCKSTEP_TLS12, LK_SHA384, LK_AEAD_AES_256_GCM,
     LK_KEX_ECDHE, LK_AUTH_ECDSA, "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
     "ECDHE-ECDSA-AES256-GCM-SHA384"},
    {LOCKSTEP_SUITE_ECDHE_RSA_AES_256_GCM_SHA384, LOCKSTEP_TLS12, LK_SHA384, LK_AEAD_AES_256_GCM,
     LK_KEX_ECDHE, LK_AUTH_RSA, "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
     "ECDHE-RSA-AES256-GCM-SHA384"},
    {LOCKSTEP_SUITE_ECDHE_ECDSA_CHACHA20_POLY1305_SHA256, LOCKSTEP_TLS12, LK_SHA256,
     LK_AEAD_CHACHA20_POLY1305, LK_KEX_ECDHE, LK_AUTH_ECDSA,
     "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256", "ECDHE-ECDSA-CHACHA20-POLY1305"},
    {LOCKSTEP_SUITE_ECDHE_RSA_CHACHA20_POLY1305_SHA256, LOCKSTEP_TLS12, LK_SHA256,
     LK_AEAD_CHACHA20_POLY1305, LK_KEX_ECDHE, LK_AUTH_RSA,
     "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256", "ECDHE-RSA-CHACHA20-POLY1305"},
    /* RSA key transport has no forward secrecy: it must be asked for by a name with danger in it.
     */
    {LOCKSTEP_SUITE_RSA_AES_128_GCM_SHA256, LOCKSTEP_TLS12, LK_SHA256, LK_AEAD_AES_128_GCM,
     LK_KEX_RSA, LK_AUTH_RSA, "TLS_RSA_WITH_AES_128_GCM_SHA256", "AES128-GCM-SHA256"},
    {LOCKSTEP_SUITE_RSA_AES_256_GCM_SHA384, LOCKSTEP_TLS12, LK_SHA384, LK_AEAD_AES_256_GCM,
     LK_KEX_RSA, LK_AUTH_RSA, "TLS_RSA_WITH_AES_256_GCM_SHA384", "AES256-GCM-SHA384"},
};

#define BOTH (LK_SIGNS_TLS12 | LK_SIGNS_TLS13)

/* The smallest and fastest first. PKCS#1 stands at the end because certificates still carry it,
 * and TLS 1.2 servers without RSA-PSS sign with it. */
#define SCHEMES(X)                                                                                 \
    X(0x0403, LK_KEY_P256, LK_SIGN_ECDSA_SHA256, BOTH, "ecdsa_secp256r1_sha256")                   \
    X(0x0807, LK_KEY_ED25519, LK_SIGN_ED25519, BOTH, "ed25519")                                    \
    X(0x0503, LK_KEY_P384, LK_SIGN_ECDSA_SHA384, BOTH, "ecdsa_secp384r1_sha384")                   \
    X(0x0804, LK_KEY_RSA, LK_SIGN_RSA_PSS_SHA256, BOTH, "rsa_pss_rsae_sha256")                     \
    X(0x0805, LK_KEY_RSA, LK_SIGN_RSA_PSS_SHA384, BOTH, "rsa_pss_rsae_sha384")                     \
    X(0x0806, LK_KEY_RSA, LK_SIGN_RSA_PSS_SHA512, BOTH, "rsa_pss_rsae_sha512")                     \
    X(0x0603, LK_KEY_P521, LK_SIGN_ECDSA_SHA512, BOTH, "ecdsa_secp521r1_sha512")                   \
    X(0x0401, LK_KEY_RSA, LK_SIGN_RSA_PKCS1_SHA256, LK_SIGNS_TLS12, "rsa_pkcs1_sha256")            \
    X(0x0501, LK_KEY_RSA, LK_SIGN_RSA_PKCS1_SHA384, LK_SIGNS_TLS12, "rsa_pkcs1_sha384")            \
    X(0x0601, LK_KEY_RSA, LK_SIGN_RSA_PKCS1_SHA512, LK_SIGNS_TLS12, "rsa_pkcs1_sha512")

const lk_scheme lk_schemes[LK_NUM_SCHEMES] = {
#define LK_X(id, key, algorithm, versions, name) {id, key, algorithm, versions, name},
    SCHEMES(LK_X)
#undef LK_X
};

const uint16_t lk_scheme_ids[LK_NUM_SCHEMES] = {
#define LK_X(id, key, algorithm, versions, name) id,
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

bool lk_suite_takes(const lk_suite *suite, lk_key_kind kind) {
    return suite->auth == LK_AUTH_ANY || (suite->auth == LK_AUTH_RSA) == (kind == LK_KEY_RSA);
}

static bool is_ecdsa(lk_key_kind kind) {
    return kind == LK_KEY_P256 || kind == LK_KEY_P384 || kind == LK_KEY_P521;
}

bool lk_scheme_suits(const lk_scheme *scheme, uint16_t version, lk_key_kind kind) {
    if (version == LOCKSTEP_TLS13)
        return (scheme->versions & LK_SIGNS_TLS13) != 0 && scheme->key == kind;
    return (scheme->versions & LK_SIGNS_TLS12) != 0 &&
           (scheme->key == kind || (is_ecdsa(scheme->key) && is_ecdsa(kind)));
}

const char *lockstep_version_name(uint16_t version) {
    return version == LOCKSTEP_TLS13   ? "TLS 1.3"
           : version == LOCKSTEP_TLS12 ? "TLS 1.2"
                                       : "unknown";
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
        if (strcasecmp(name, lk_suites[i].name) == 0 ||
            (lk_suites[i].short_name != NULL && strcasecmp(name, lk_suites[i].short_name) == 0))
            return lk_suites[i].id;
    return 0;
}

uint16_t lockstep_group_by_name(const char *name) {
    static const struct {
        const char *name;
        uint16_t id;
    } others[] = {{"P-256", LOCKSTEP_GROUP_SECP256R1},
                  {"prime256v1", LOCKSTEP_GROUP_SECP256R1},
                  {"P-384", LOCKSTEP_GROUP_SECP384R1},
                  {"P-521", LOCKSTEP_GROUP_SECP521R1}};
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
