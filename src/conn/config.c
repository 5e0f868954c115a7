#include "conn/config.h"

#include "handshake/compressed_certificate.h"
#include "util/pem.h"
#include "util/secret.h"

/* ---- Defaults (docs/defaults.md gives the reasons) ------------------------------------------- */

#define RECORD_SIZE_LIMIT_DEFAULT 16385
/* Of an OCSP response or a list of SCTs that is stapled, in bytes. */
#define STAPLE_MAX 32768
/* Half of what §5.5 allows an AES-GCM key is far more than any key needs; a change costs 1 µs. */
#define KEY_UPDATE_AFTER (UINT64_C(1) << 23)

/* default_shares: the first group, and where that is a hybrid, the first that is not, so that
 * servers without ML-KEM answer in one round trip too. It must directly follow to be among the
 * first. */
static size_t default_shares(const lk_settings *s) {
    const lk_kex_group *first = lk_kex_group_of(s->groups[0]);
    return first->hybrid && s->num_groups > 1 ? 2 : 1;
}

lockstep_status lockstep_config_new(lockstep_config **out, const lockstep_env *env) {
    if (out == NULL)
        return LOCKSTEP_ERR_USAGE;
    *out = NULL;
    lockstep_env e = lk_env_complete(env);
    lk_heap heap = {e.arg, e.alloc, e.release};
    lockstep_config *cfg = lk_alloc(&heap, sizeof *cfg);
    if (cfg == NULL)
        return LOCKSTEP_ERR_NO_MEMORY;
    lk_settings *s = &cfg->settings;
    atomic_init(&cfg->references, 1);
    s->env = e;
    s->heap = heap;
    cfg->protocols = cfg->authorities = cfg->ech_retry_configs = lk_buffer_of(&s->heap, 0);
    s->identities = cfg->identities;
    s->version_min = LK_TLS12;
    s->version_max = LK_TLS13;
    for (size_t i = 0; i < LK_NUM_SUITES; i++)
        if (lk_suites[i].kex != LK_KEX_RSA)
            s->suites[s->num_suites++] = lk_suites[i].id;
    memcpy(s->schemes, lk_scheme_ids, sizeof lk_scheme_ids);
    s->num_schemes = LK_NUM_SCHEMES;
    s->record_size_limit = RECORD_SIZE_LIMIT_DEFAULT;
    memcpy(s->compressions, lk_compressions, sizeof s->compressions);
    s->num_compressions = LK_NUM_COMPRESSIONS;
    s->compatibility_mode = true;
    s->grease = true;
    s->key_update_after = KEY_UPDATE_AFTER;
    s->crypto = lk_crypto_new();
    if (s->crypto == NULL) {
        lockstep_config_free(cfg);
        return LOCKSTEP_ERR_CRYPTO;
    }
    for (size_t i = 0; i < LK_KEX_NUM_GROUPS; i++)
        if (lk_kex_available(s->crypto, &lk_kex_groups[i]))
            s->groups[s->num_groups++] = lk_kex_groups[i].id;
    s->num_shares = default_shares(s);
    *out = cfg;
    return LOCKSTEP_OK;
}

static void free_identity(const lk_heap *heap, lk_identity *identity) {
    for (size_t i = 0; i < identity->num_chain; i++)
        lk_release(heap, (void *)(uintptr_t)identity->chain[i].p, identity->chain[i].p_len + 1);
    lk_release(heap, (void *)(uintptr_t)identity->ocsp.p, identity->ocsp.p_len + 1);
    lk_release(heap, (void *)(uintptr_t)identity->scts.p, identity->scts.p_len + 1);
    lk_identity_free_compressed(identity, heap);
    lk_private_key_free(identity->key);
    lk_wipe(identity, sizeof *identity);
}

void lockstep_config_free(lockstep_config *cfg) {
    if (cfg == NULL || atomic_fetch_sub(&cfg->references, 1) > 1)
        return;
    lk_settings *s = &cfg->settings;
    lk_heap heap = s->heap;
    for (size_t i = 0; i < s->num_identities; i++)
        free_identity(&heap, &cfg->identities[i]);
    lk_config_free_sessions(s);
    lk_config_free_extensions(cfg);
    lockstep_trust_free(s->trust);
    lockstep_policy_free(s->policy);
    lk_buffer_free(&cfg->protocols);
    lk_config_free_ech(cfg);
    lk_crypto_free(s->crypto);
    lk_release(&heap, cfg, sizeof *cfg);
}

lk_settings *lk_config_settings(lockstep_config *cfg) {
    return cfg->sealed ? NULL : &cfg->settings;
}

lockstep_config *lk_config_share(const lockstep_config *cfg) {
    /* The reference count is the one part of a sealed config that changes. */
    lockstep_config *shared = (lockstep_config *)(uintptr_t)cfg;
    if (cfg == NULL || !cfg->sealed)
        return NULL;
    atomic_fetch_add(&shared->references, 1);
    return shared;
}

lk_settings *lk_config_building(lockstep_config *cfg) {
    return cfg == NULL || cfg->sealed ? NULL : &cfg->settings;
}

/* ---- Setters --------------------------------------------------------------------------------- */

lockstep_status lockstep_config_set_trust(lockstep_config *cfg, lockstep_trust *trust) {
    lk_settings *s = lk_config_building(cfg);
    if (s == NULL || trust == NULL)
        return LOCKSTEP_ERR_USAGE;
    lockstep_trust *old = s->trust;
    s->trust = lockstep_trust_share(trust);
    lockstep_trust_free(old);
    return LOCKSTEP_OK;
}

lockstep_status lockstep_config_set_policy(lockstep_config *cfg, lockstep_policy *policy) {
    lk_settings *s = lk_config_building(cfg);
    if (s == NULL || policy == NULL)
        return LOCKSTEP_ERR_USAGE;
    lockstep_policy *old = s->policy;
    s->policy = lockstep_policy_share(policy);
    lockstep_policy_free(old);
    return LOCKSTEP_OK;
}

static lockstep_status read_chain(lk_identity *identity, const lk_heap *heap, lk_slice pem) {
    lk_buffer der = lk_buffer_of(heap, 0);
    int found;
    lockstep_status status = LOCKSTEP_OK;
    while (status == LOCKSTEP_OK && (found = lk_pem_next(&pem, "CERTIFICATE", &der)) != 0) {
        uint8_t *copy = NULL;
        if (found < 0)
            status = found == LK_PEM_NO_MEMORY ? LOCKSTEP_ERR_NO_MEMORY : LOCKSTEP_ERR_PEM;
        else if (identity->num_chain == LK_IDENTITY_CHAIN_MAX)
            status = LOCKSTEP_ERR_LIMIT;
        else if ((copy = lk_copy_of(heap, lk_buffer_bytes(&der), lk_buffer_length(&der))) == NULL)
            status = LOCKSTEP_ERR_NO_MEMORY;
        else
            identity->chain[identity->num_chain++] = lk_slice_of(copy, lk_buffer_length(&der));
        lk_buffer_cut(&der, 0);
    }
    lk_buffer_free(&der);
    if (status == LOCKSTEP_OK && identity->num_chain == 0)
        return LOCKSTEP_ERR_PEM;
    if (status == LOCKSTEP_OK)
        lk_identity_read(identity);
    return status == LOCKSTEP_OK ? lk_cert_parse(&identity->leaf, identity->chain[0]) : status;
}

lockstep_status lockstep_config_add_identity(lockstep_config *cfg, const uint8_t *chain,
                                             size_t chain_len, const uint8_t *key, size_t key_len) {
    lk_settings *s = lk_config_building(cfg);
    if (s == NULL || chain == NULL || key == NULL)
        return LOCKSTEP_ERR_USAGE;
    if (s->num_identities == LK_IDENTITIES_MAX)
        return LOCKSTEP_ERR_LIMIT;
    lk_identity *identity = &cfg->identities[s->num_identities];
    lockstep_status status = read_chain(identity, &s->heap, lk_slice_of(chain, chain_len));
    if (status == LOCKSTEP_OK)
        status = lk_private_key_from_pem(&identity->key, s->crypto, lk_slice_of(key, key_len));
    if (status == LOCKSTEP_OK && !lk_private_key_matches(identity->key, identity->leaf.spki_der))
        status = LOCKSTEP_ERR_KEY_MISMATCH;
    if (status == LOCKSTEP_OK)
        s->num_identities++;
    else
        free_identity(&s->heap, identity);
    return status;
}

static lockstep_status keep_staple(const lk_heap *heap, lk_slice *to, const uint8_t *p,
                                   size_t p_len) {
    if (p_len == 0)
        return LOCKSTEP_OK;
    uint8_t *copy = lk_copy_of(heap, p, p_len);
    if (copy == NULL)
        return LOCKSTEP_ERR_NO_MEMORY;
    lk_release(heap, (void *)(uintptr_t)to->p, to->p_len + 1);
    *to = lk_slice_of(copy, p_len);
    return LOCKSTEP_OK;
}

lockstep_status lockstep_config_staple(lockstep_config *cfg, const uint8_t *ocsp, size_t ocsp_len,
                                       const uint8_t *scts, size_t scts_len) {
    lk_settings *s = lk_config_building(cfg);
    if (s == NULL || s->num_identities == 0 || cfg->identities[s->num_identities - 1].raw ||
        (ocsp == NULL && ocsp_len > 0) || (scts == NULL && scts_len > 0))
        return LOCKSTEP_ERR_USAGE;
    if (ocsp_len > STAPLE_MAX || scts_len > STAPLE_MAX)
        return LOCKSTEP_ERR_LIMIT;
    lk_identity *identity = &cfg->identities[s->num_identities - 1];
    lockstep_status status = keep_staple(&s->heap, &identity->ocsp, ocsp, ocsp_len);
    return status == LOCKSTEP_OK ? keep_staple(&s->heap, &identity->scts, scts, scts_len) : status;
}

lockstep_status lockstep_config_require_known_name(lockstep_config *cfg) {
    lk_settings *s = lk_config_building(cfg);
    if (s == NULL)
        return LOCKSTEP_ERR_USAGE;
    s->require_known_name = true;
    return LOCKSTEP_OK;
}

lockstep_status lockstep_config_set_alpn(lockstep_config *cfg, const char *const *names,
                                         size_t num_names) {
    lk_settings *s = lk_config_building(cfg);
    if (s == NULL || names == NULL || num_names < 1 || num_names > 8)
        return LOCKSTEP_ERR_USAGE;
    lk_buffer list = lk_buffer_of(&s->heap, 0);
    lk_builder b = lk_builder_of(&list);
    for (size_t i = 0; i < num_names; i++) {
        if (names[i] == NULL || names[i][0] == '\0' || strlen(names[i]) > 255) {
            lk_buffer_free(&list);
            return LOCKSTEP_ERR_USAGE;
        }
        lk_build_vector(&b, 1, lk_slice_of_str(names[i]));
    }
    if (!lk_builder_ok(&b)) {
        lk_buffer_free(&list);
        return LOCKSTEP_ERR_NO_MEMORY;
    }
    lk_buffer_free(&cfg->protocols);
    cfg->protocols = list;
    s->protocols = lk_buffer_slice(&cfg->protocols);
    return LOCKSTEP_OK;
}

static bool distinct(const uint16_t *list, size_t num_list) {
    for (size_t i = 0; i < num_list; i++)
        for (size_t k = i + 1; k < num_list; k++)
            if (list[i] == list[k])
                return false;
    return true;
}

lockstep_status lockstep_config_set_groups(lockstep_config *cfg, const uint16_t *groups,
                                           size_t num_groups, size_t num_shares) {
    lk_settings *s = lk_config_building(cfg);
    if (s == NULL || groups == NULL || num_groups < 1 || num_groups > LK_KEX_NUM_GROUPS ||
        num_shares > num_groups || !distinct(groups, num_groups))
        return LOCKSTEP_ERR_USAGE;
    for (size_t i = 0; i < num_groups; i++)
        if (lk_kex_group_of(groups[i]) == NULL ||
            !lk_kex_available(s->crypto, lk_kex_group_of(groups[i])))
            return LOCKSTEP_ERR_USAGE;
    memcpy(s->groups, groups, num_groups * sizeof *groups);
    s->num_groups = num_groups;
    s->num_shares = num_shares == 0 ? default_shares(s) : num_shares;
    return LOCKSTEP_OK;
}

lockstep_status lockstep_config_set_suites(lockstep_config *cfg, const uint16_t *suites,
                                           size_t num_suites) {
    lk_settings *s = lk_config_building(cfg);
    if (s == NULL || suites == NULL || num_suites < 1 || num_suites > LK_NUM_SUITES ||
        !distinct(suites, num_suites))
        return LOCKSTEP_ERR_USAGE;
    for (size_t i = 0; i < num_suites; i++)
        if (lk_suite_of(suites[i]) == NULL)
            return LOCKSTEP_ERR_USAGE;
    memcpy(s->suites, suites, num_suites * sizeof *suites);
    s->num_suites = num_suites;
    return LOCKSTEP_OK;
}

static bool schemes_known(const uint16_t *schemes, size_t num_schemes) {
    if (schemes == NULL || num_schemes < 1 || num_schemes > LK_NUM_SCHEMES ||
        !distinct(schemes, num_schemes))
        return false;
    for (size_t i = 0; i < num_schemes; i++)
        if (lk_scheme_of(schemes[i]) == NULL)
            return false;
    return true;
}

lockstep_status lockstep_config_set_schemes(lockstep_config *cfg, const uint16_t *schemes,
                                            size_t num_schemes) {
    lk_settings *s = lk_config_building(cfg);
    if (s == NULL || !schemes_known(schemes, num_schemes))
        return LOCKSTEP_ERR_USAGE;
    memcpy(s->schemes, schemes, num_schemes * sizeof *schemes);
    s->num_schemes = num_schemes;
    return LOCKSTEP_OK;
}

lockstep_status lockstep_config_sign_with(lockstep_config *cfg, const uint16_t *schemes,
                                          size_t num_schemes) {
    lk_settings *s = lk_config_building(cfg);
    if (s == NULL || s->num_identities == 0 || !schemes_known(schemes, num_schemes))
        return LOCKSTEP_ERR_USAGE;
    lk_identity *identity = &cfg->identities[s->num_identities - 1];
    memcpy(identity->sign_with, schemes, num_schemes * sizeof *schemes);
    identity->num_sign_with = num_schemes;
    return LOCKSTEP_OK;
}

lockstep_status lockstep_config_danger_rsa_key_exchange(lockstep_config *cfg) {
    lk_settings *s = lk_config_building(cfg);
    if (s == NULL)
        return LOCKSTEP_ERR_USAGE;
    s->danger_rsa_key_exchange = true;
    for (size_t i = 0; i < LK_NUM_SUITES; i++) {
        bool listed = lk_suites[i].kex != LK_KEX_RSA;
        for (size_t k = 0; k < s->num_suites; k++)
            listed = listed || s->suites[k] == lk_suites[i].id;
        if (!listed)
            s->suites[s->num_suites++] = lk_suites[i].id;
    }
    return LOCKSTEP_OK;
}

/* settle_versions leaves the versions that have a suite. */
static lockstep_status settle_versions(lk_settings *s) {
    bool has_12 = false, has_13 = false;
    for (size_t i = 0; i < s->num_suites; i++) {
        const lk_suite *suite = lk_suite_of(s->suites[i]);
        if (suite->kex == LK_KEX_RSA && !s->danger_rsa_key_exchange)
            return LOCKSTEP_ERR_USAGE;
        has_12 = has_12 || suite->version == LK_TLS12;
        has_13 = has_13 || suite->version == LK_TLS13;
    }
    if (!has_12 && s->version_min < LK_TLS13)
        s->version_min = LK_TLS13;
    if (!has_13 && s->version_max > LK_TLS12)
        s->version_max = LK_TLS12;
    return s->version_min <= s->version_max ? LOCKSTEP_OK : LOCKSTEP_ERR_USAGE;
}

lockstep_status lockstep_config_set_versions(lockstep_config *cfg, uint16_t min, uint16_t max) {
    lk_settings *s = lk_config_building(cfg);
    if (s == NULL || min > max || min < LOCKSTEP_TLS12 || max > LOCKSTEP_TLS13)
        return LOCKSTEP_ERR_USAGE;
    s->version_min = min;
    s->version_max = max;
    return LOCKSTEP_OK;
}

lockstep_status lockstep_config_set_record_size_limit(lockstep_config *cfg, size_t limit) {
    lk_settings *s = lk_config_building(cfg);
    if (s == NULL || limit < 64 || limit > 16385)
        return LOCKSTEP_ERR_USAGE;
    s->record_size_limit = (uint16_t)limit;
    return LOCKSTEP_OK;
}

lockstep_status lockstep_config_set_client_auth(lockstep_config *cfg,
                                                enum lockstep_client_auth mode) {
    lk_settings *s = lk_config_building(cfg);
    if (s == NULL || (unsigned)mode > LOCKSTEP_CLIENT_AUTH_REQUIRE)
        return LOCKSTEP_ERR_USAGE;
    s->client_auth = mode;
    return LOCKSTEP_OK;
}

lockstep_status lockstep_config_danger_skip_verification(lockstep_config *cfg) {
    lk_settings *s = lk_config_building(cfg);
    if (s == NULL)
        return LOCKSTEP_ERR_USAGE;
    s->danger_skip_verification = true;
    return LOCKSTEP_OK;
}

lockstep_status lockstep_config_ask(lockstep_config *cfg, unsigned kinds) {
    lk_settings *s = lk_config_building(cfg);
    if (s == NULL || (kinds & ~(unsigned)(LOCKSTEP_ASK_IDENTITY | LOCKSTEP_ASK_SIGNATURE |
                                          LOCKSTEP_ASK_VERDICT | LOCKSTEP_ASK_POLICY)) != 0)
        return LOCKSTEP_ERR_USAGE;
    s->asks = kinds;
    return LOCKSTEP_OK;
}

lockstep_status lockstep_config_keep_reports(lockstep_config *cfg) {
    lk_settings *s = lk_config_building(cfg);
    if (s == NULL)
        return LOCKSTEP_ERR_USAGE;
    s->keep_reports = true;
    return LOCKSTEP_OK;
}

lockstep_status lockstep_config_gather_jobs(lockstep_config *cfg) {
    lk_settings *s = lk_config_building(cfg);
    if (s == NULL)
        return LOCKSTEP_ERR_USAGE;
    s->gather_jobs = true;
    return LOCKSTEP_OK;
}

lockstep_status lockstep_config_seal(lockstep_config *cfg) {
    lk_settings *s = lk_config_building(cfg);
    if (s == NULL)
        return LOCKSTEP_ERR_USAGE;
    /* Client certificates that nobody could judge would all be refused: better said now. */
    if (s->client_auth != LOCKSTEP_CLIENT_AUTH_NONE && s->trust == NULL && s->num_raw_keys == 0 &&
        (s->asks & LOCKSTEP_ASK_VERDICT) == 0)
        return LOCKSTEP_ERR_USAGE;
    /* 0-RTT data comes under tickets only. */
    if (s->strikes != NULL && s->tickets == NULL)
        return LOCKSTEP_ERR_USAGE;
    /* A policy that nobody would look at: who sets one must not think that it holds. */
    if ((s->policy != NULL && (s->asks & LOCKSTEP_ASK_VERDICT) != 0) ||
        ((s->asks & LOCKSTEP_ASK_POLICY) != 0 &&
         (s->danger_skip_verification || (s->asks & LOCKSTEP_ASK_VERDICT) != 0)))
        return LOCKSTEP_ERR_USAGE;
    lockstep_status versions = settle_versions(s);
    if (versions != LOCKSTEP_OK)
        return versions;
    if (!lk_config_check_ech(cfg))
        return LOCKSTEP_ERR_USAGE;
    if (s->policy == NULL && s->trust != NULL) {
        lockstep_status made = lockstep_policy_new(&s->policy, &s->env);
        if (made != LOCKSTEP_OK)
            return made;
    }
    lockstep_status status = lk_config_seal_extensions(cfg);
    if (status != LOCKSTEP_OK)
        return status;
    cfg->sealed = true;
    return LOCKSTEP_OK;
}
