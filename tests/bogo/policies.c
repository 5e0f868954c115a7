/*
 * policies.c - lists of algorithms for a config, and Encrypted Client Hello.
 */
#include "bogo/policies.h"

#include <string.h>

#include <lockstep/ech.h>

#include "bogo/setup.h"

#define LIST_MAX 16

/* ---- BoringSSL's policies, as far as they are about what the engine has ------------------------
 */

/* Each list ends with 0. */
typedef struct policy {
    uint16_t suites[LIST_MAX], groups[LIST_MAX], schemes[LIST_MAX];
} policy;

#define PKCS1(bits) LOCKSTEP_SCHEME_RSA_PKCS1_SHA##bits
#define PSS(bits)   LOCKSTEP_SCHEME_RSA_PSS_RSAE_SHA##bits
#define P256        LOCKSTEP_SCHEME_ECDSA_SECP256R1_SHA256
#define P384        LOCKSTEP_SCHEME_ECDSA_SECP384R1_SHA384
#define AES256                                                                                     \
    LOCKSTEP_SUITE_AES_256_GCM_SHA384, LOCKSTEP_SUITE_ECDHE_ECDSA_AES_256_GCM_SHA384,              \
        LOCKSTEP_SUITE_ECDHE_RSA_AES_256_GCM_SHA384
#define AES128                                                                                     \
    LOCKSTEP_SUITE_AES_128_GCM_SHA256, LOCKSTEP_SUITE_ECDHE_ECDSA_AES_128_GCM_SHA256,              \
        LOCKSTEP_SUITE_ECDHE_RSA_AES_128_GCM_SHA256

/* SP 800-52, revision 2 */
static const policy fips = {
    {AES128, AES256},
    {LOCKSTEP_GROUP_SECP256R1, LOCKSTEP_GROUP_SECP384R1},
    {PSS(256), PKCS1(256), P256, PSS(384), PKCS1(384), P384, PSS(512), PKCS1(512)}};

/* WPA3-Enterprise, 192-bit mode */
static const policy wpa = {
    {AES256}, {LOCKSTEP_GROUP_SECP384R1}, {P384, PSS(384), PKCS1(384), PSS(512), PKCS1(512)}};

/* CNSA 1.0; RSA key transport counts among it, and ML-KEM-1024 of 2.0 goes before all */
static const policy cnsa1 = {{AES256, LOCKSTEP_SUITE_RSA_AES_256_GCM_SHA384},
                             {LOCKSTEP_GROUP_MLKEM1024, LOCKSTEP_GROUP_SECP384R1},
                             {P384, PSS(384), PKCS1(384)}};

/* CNSA 2.0; its signatures would be ML-DSA, and are those of 1.0 until then */
static const policy cnsa2 = {
    {LOCKSTEP_SUITE_AES_256_GCM_SHA384}, {LOCKSTEP_GROUP_MLKEM1024}, {P384, PSS(384), PKCS1(384)}};

/* Only an order of suites: all that there are, AES-256 first. */
static const policy cnsa_order = {{LOCKSTEP_SUITE_AES_256_GCM_SHA384,
                                   LOCKSTEP_SUITE_AES_128_GCM_SHA256,
                                   LOCKSTEP_SUITE_CHACHA20_POLY1305_SHA256},
                                  {0},
                                  {0}};

static const policy *policy_of(const bogo_options *o) {
    return o->fips_202205    ? &fips
           : o->wpa_202304   ? &wpa
           : o->cnsa1_202603 ? &cnsa1
           : o->cnsa2_202603 ? &cnsa2
           : o->cnsa_202407  ? &cnsa_order
                             : NULL;
}

static size_t count(const uint16_t *list) {
    size_t n = 0;
    while (n < LIST_MAX && list[n] != 0)
        n++;
    return n;
}

void bogo_set_policy(lockstep_config *cfg, const bogo_options *o) {
    const policy *p = policy_of(o);
    if (p == NULL)
        return;
    BOGO_NEED(lockstep_config_set_suites(cfg, p->suites, count(p->suites)));
    if (count(p->groups) > 0)
        BOGO_NEED(lockstep_config_set_groups(cfg, p->groups, count(p->groups), 0));
    if (count(p->schemes) > 0)
        BOGO_NEED(lockstep_config_set_schemes(cfg, p->schemes, count(p->schemes)));
}

/* ---- Signature schemes -------------------------------------------------------------------------
 */

/* known writes those of the runner's numbers to `out` that the engine has. */
static size_t known(uint16_t out[BOGO_LIST_MAX], const bogo_numbers *list) {
    size_t n = 0;
    for (size_t i = 0; i < list->n; i++)
        if (strcmp(lockstep_scheme_name((uint16_t)list->v[i]), "unknown") != 0)
            out[n++] = (uint16_t)list->v[i];
    return n;
}

void bogo_set_schemes(lockstep_config *cfg, const bogo_options *o) {
    static const uint16_t usual[] = {P256,     PSS(256),   PKCS1(256), P384,
                                     PSS(384), PKCS1(384), PSS(512),   PKCS1(512)};
    uint16_t schemes[BOGO_LIST_MAX];
    size_t n = known(schemes, &o->verify_prefs);
    if (n > 0)
        BOGO_NEED(lockstep_config_set_schemes(cfg, schemes, n));
    else
        BOGO_NEED(lockstep_config_set_schemes(cfg, usual, sizeof usual / sizeof *usual));
}

void bogo_set_signing(lockstep_config *cfg, const bogo_options *o, const bogo_numbers *prefs) {
    const policy *p = policy_of(o);
    uint16_t schemes[BOGO_LIST_MAX];
    size_t n = known(schemes, prefs);
    if (n == 0 && prefs->n > 0)
        schemes[n++] = LOCKSTEP_SCHEME_ED25519; /* which is for no key that has others */
    if (n > 0)
        BOGO_NEED(lockstep_config_sign_with(cfg, schemes, n));
    else if (p != NULL && count(p->schemes) > 0)
        BOGO_NEED(lockstep_config_sign_with(cfg, p->schemes, count(p->schemes)));
}

/* ---- Encrypted Client Hello --------------------------------------------------------------------
 */

/* A list of which nothing can be used is like none, unless the runner wants to know. */
static void set_ech_list(lockstep_config *cfg, const bogo_options *o) {
    const bogo_bytes *list = &o->ech_config_list;
    lockstep_status status = lockstep_config_set_ech(cfg, list->p, list->p_len);
    if (status == LOCKSTEP_ECH_UNUSABLE && !o->reject_unusable_ech_config)
        return;
    BOGO_NEED(status);
}

void bogo_set_ech(lockstep_config *cfg, const bogo_options *o) {
    const bogo_many *configs = &o->ech_server_config, *keys = &o->ech_server_key;
    if (configs->n != keys->n || configs->n != o->ech_is_retry_config.n)
        bogo_die("%zu ECH configurations, %zu keys", configs->n, keys->n);
    for (size_t i = 0; i < configs->n; i++)
        BOGO_NEED(lockstep_config_add_ech_key(cfg, configs->v[i].p, configs->v[i].p_len,
                                              keys->v[i].p, keys->v[i].p_len,
                                              o->ech_is_retry_config.v[i] != 0));
    /* BoringSSL's servers always confirm an inner hello that another server has decrypted. */
    if (o->server && keys->n == 0 && o->max_version != LOCKSTEP_TLS12 && !o->no_tls13)
        BOGO_NEED(lockstep_config_ech_backend(cfg));
    if (o->ech_config_list.given)
        set_ech_list(cfg, o);
}
