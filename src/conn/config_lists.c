/*
 * config_lists.c - the part of a config that says what is spoken, best first: protocols, groups,
 * suites, signature schemes; and the versions that are left with them.
 */
#include "conn/config.h"

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

/* The first group, and where that has ML-KEM in it and the one after it has not, that too, so that
 * servers without ML-KEM answer in one round trip. */
size_t lk_config_default_shares(const lk_settings *s) {
    const lk_kex_group *first = lk_kex_group_of(s->groups[0]);
    return first->has_kem && s->num_groups > 1 && !lk_kex_group_of(s->groups[1])->has_kem ? 2 : 1;
}

lockstep_status lockstep_config_set_groups(lockstep_config *cfg, const uint16_t *groups,
                                           size_t num_groups, size_t num_shares) {
    lk_settings *s = lk_config_building(cfg);
    if (s == NULL || groups == NULL || num_groups < 1 || num_groups > LK_KEX_NUM_GROUPS ||
        num_shares > num_groups || !distinct(groups, num_groups))
        return LOCKSTEP_ERR_USAGE;
    for (size_t i = 0; i < num_groups; i++)
        if (lk_kex_group_of(groups[i]) == NULL)
            return LOCKSTEP_ERR_USAGE;
    memcpy(s->groups, groups, num_groups * sizeof *groups);
    s->num_groups = num_groups;
    s->num_shares = num_shares == 0 ? lk_config_default_shares(s) : num_shares;
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

bool lk_config_schemes_known(const uint16_t *schemes, size_t num_schemes) {
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
    if (s == NULL || !lk_config_schemes_known(schemes, num_schemes))
        return LOCKSTEP_ERR_USAGE;
    memcpy(s->schemes, schemes, num_schemes * sizeof *schemes);
    s->num_schemes = num_schemes;
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

lockstep_status lockstep_config_set_versions(lockstep_config *cfg, uint16_t min, uint16_t max) {
    lk_settings *s = lk_config_building(cfg);
    if (s == NULL || min > max || min < LOCKSTEP_TLS12 || max > LOCKSTEP_TLS13)
        return LOCKSTEP_ERR_USAGE;
    s->version_min = min;
    s->version_max = max;
    return LOCKSTEP_OK;
}

/* lk_config_settle_versions leaves the versions that have a suite. */
lockstep_status lk_config_settle_versions(lk_settings *s) {
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
