/*
 * config.c - lockstep_config: its defaults, what is said of all connections, and what sealing
 * checks. config_identity.c has who one is, config_lists.c what is spoken.
 */
#include "conn/config.h"

/* ---- Defaults (docs/defaults.md gives the reasons) ------------------------------------------- */

#define RECORD_SIZE_LIMIT_DEFAULT 16385
/* Half of what §5.5 allows an AES-GCM key is far more than any key needs; a change costs 1 µs. */
#define KEY_UPDATE_AFTER (UINT64_C(1) << 23)

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
        if (lk_kex_groups[i].by_default)
            s->groups[s->num_groups++] = lk_kex_groups[i].id;
    s->num_shares = lk_config_default_shares(s);
    *out = cfg;
    return LOCKSTEP_OK;
}

void lockstep_config_free(lockstep_config *cfg) {
    if (cfg == NULL || atomic_fetch_sub(&cfg->references, 1) > 1)
        return;
    lk_settings *s = &cfg->settings;
    lk_heap heap = s->heap;
    for (size_t i = 0; i < s->num_identities; i++)
        lk_config_free_identity(&heap, &cfg->identities[i]);
    lk_config_free_sessions(s);
    lk_config_free_extensions(cfg);
    lockstep_trust_free(s->trust);
    lockstep_policy_free(s->policy);
    lockstep_shares_free(s->shares);
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

lockstep_status lockstep_config_set_shares(lockstep_config *cfg, lockstep_shares *shares) {
    lk_settings *s = lk_config_building(cfg);
    if (s == NULL || shares == NULL)
        return LOCKSTEP_ERR_USAGE;
    lockstep_shares *old = s->shares;
    s->shares = lockstep_shares_share(shares);
    lockstep_shares_free(old);
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
    lockstep_status versions = lk_config_settle_versions(s);
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
