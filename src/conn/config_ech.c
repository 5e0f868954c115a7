/*
 * config_ech.c - the part of a config that is about Encrypted Client Hello (RFC 9849): which
 * configuration a client uses, and the keys of a server.
 */
#include <lockstep/ech.h>

#include "conn/config.h"

#include "util/secret.h"

static void drop(const lk_heap *heap, lk_slice *info) {
    lk_release(heap, (void *)(uintptr_t)info->p, info->p_len);
    *info = lk_slice_of(NULL, 0);
}

void lk_config_free_ech(lockstep_config *cfg) {
    lk_settings *s = &cfg->settings;
    for (size_t i = 0; i < s->num_ech_keys; i++) {
        drop(&s->heap, &cfg->ech_keys[i].info);
        lk_hpke_key_free(&cfg->ech_keys[i].key);
    }
    drop(&s->heap, &cfg->ech.info);
    lk_buffer_free(&cfg->ech_retry_configs);
}

bool lk_config_check_ech(const lockstep_config *cfg) {
    const lk_settings *s = &cfg->settings;
    if (s->ech_backend && s->num_ech_keys > 0)
        return false;
    /* A cookie cannot bring the state of HPKE back, nor the confirmation of its retry. */
    if (s->num_cookie_keys > 0 && (s->ech_backend || s->num_ech_keys > 0))
        return false;
    /* "If the server is configured with any ECHConfigs, it MUST include" retry_configs (§7.1). */
    if (s->num_ech_keys > 0 && s->ech_retry_configs.p_len == 0)
        return false;
    /* It is a part of TLS 1.3. */
    return s->version_max >= LK_TLS13 ||
           (s->ech == NULL && s->num_ech_keys == 0 && !s->ech_backend);
}

/* copy_config keeps HPKE's info, and with it the ECHConfig, which is parsed from there. */
static lockstep_status copy_config(const lk_heap *heap, lk_slice *info, lk_ech_config *config,
                                   lk_slice whole) {
    static const uint8_t prefix[LK_ECH_INFO_PREFIX] = "tls ech";
    uint8_t *p = lk_alloc(heap, sizeof prefix + whole.p_len);
    if (p == NULL)
        return LOCKSTEP_ERR_NO_MEMORY;
    memcpy(p, prefix, sizeof prefix);
    memcpy(p + sizeof prefix, whole.p, whole.p_len);
    *info = lk_slice_of(p, sizeof prefix + whole.p_len);
    lk_reader r = lk_reader_of(lk_slice_of(p + sizeof prefix, whole.p_len));
    return lk_ech_config_parse(config, &r) && lk_reader_done(&r) ? LOCKSTEP_OK
                                                                 : LOCKSTEP_ECH_CONFIG;
}

/* first_suite finds the first pair of algorithms that we can compute, too. */
static bool first_suite(lk_hpke_suite *out, const lk_ech_config *config) {
    lk_slice suites = config->suites;
    out->kem = config->kem;
    while (lk_ech_suite_next(&suites, &out->kdf, &out->aead))
        if (lk_hpke_supports(*out))
            return true;
    return false;
}

/* ---- Clients --------------------------------------------------------------------------------- */

bool lk_ech_public_name(lk_host *out, lk_slice name) {
    /* lk_host_parse allows a little more. */
    for (size_t i = 0; i < name.p_len; i++)
        if (name.p[i] == '_')
            return false;
    return name.p_len > 0 && name.p[name.p_len - 1] != '.' && lk_host_parse(out, name) &&
           out->kind == LK_HOST_DNS;
}

/* has_good_key tries the public key out: a bad one must not be found out in a handshake. */
static bool has_good_key(const lk_settings *s, const lk_ech_config *config, lk_hpke_suite suite) {
    uint8_t random[LK_KEX_RANDOM_MAX], enc[LK_HPKE_ENC_MAX];
    lk_hpke hpke = {0};
    bool good = lk_kex_draw(s->crypto, &s->env, lk_hpke_group(suite.kem), random) &&
                lk_hpke_setup_sender(&hpke, enc, s->crypto, suite, config->public_key,
                                     config->whole, random) == LOCKSTEP_OK;
    lk_hpke_free(&hpke);
    lk_wipe(random, sizeof random);
    return good;
}

static bool is_usable(const lk_settings *s, const lk_ech_config *config, lk_hpke_suite *suite,
                      lk_host *name) {
    return config->version == LK_ECH_VERSION && !config->unknown_mandatory &&
           first_suite(suite, config) && lk_ech_public_name(name, config->public_name) &&
           has_good_key(s, config, *suite);
}

lockstep_status lockstep_config_set_ech(lockstep_config *cfg, const uint8_t *list,
                                        size_t list_len) {
    lk_settings *s = cfg == NULL ? NULL : lk_config_settings(cfg);
    lk_ech_choice choice = {.info = {0}};
    lk_ech_config config;
    lk_slice configs;
    if (s == NULL || list == NULL)
        return LOCKSTEP_ERR_USAGE;
    if (!lk_ech_list_parse(&configs, lk_slice_of(list, list_len)))
        return LOCKSTEP_ECH_CONFIG;
    while (lk_ech_list_next(&configs, &config))
        if (is_usable(s, &config, &choice.suite, &choice.public_name)) {
            lockstep_status status =
                copy_config(&s->heap, &choice.info, &choice.config, config.whole);
            if (status != LOCKSTEP_OK)
                return status;
            break;
        }
    drop(&s->heap, &cfg->ech.info);
    cfg->ech = choice;
    s->ech = choice.info.p_len > 0 ? &cfg->ech : NULL;
    return s->ech != NULL ? LOCKSTEP_OK : LOCKSTEP_ECH_UNUSABLE;
}

/* ---- Servers --------------------------------------------------------------------------------- */

static lockstep_status fill_key(lk_ech_key *out, const lk_settings *s, lk_slice config,
                                lk_slice private_key) {
    lk_hpke_suite suite;
    lockstep_status status = copy_config(&s->heap, &out->info, &out->config, config);
    if (status != LOCKSTEP_OK)
        return status;
    if (out->config.version != LK_ECH_VERSION || !first_suite(&suite, &out->config))
        return LOCKSTEP_ERR_KEY_UNSUPPORTED;
    status = lk_hpke_key_make(&out->key, s->crypto, out->config.kem, private_key);
    if (status == LOCKSTEP_OK &&
        !lk_slice_equal(out->config.public_key,
                        lk_slice_of(out->key.public_key, out->key.public_key_len)))
        return LOCKSTEP_ERR_KEY_MISMATCH;
    return status;
}

/* add_retry puts one more ECHConfig into the list that is handed out. */
static lockstep_status add_retry(lockstep_config *cfg, lk_slice config) {
    lk_buffer list = lk_buffer_of(&cfg->settings.heap, 0);
    lk_builder b = lk_builder_of(&list);
    lk_slice old = lk_buffer_slice(&cfg->ech_retry_configs);
    lk_length length = lk_build_open(&b, 2);
    if (old.p_len > 2)
        lk_build_bytes(&b, lk_slice_of(old.p + 2, old.p_len - 2));
    lk_build_bytes(&b, config);
    lk_build_close(&b, length);
    if (!lk_builder_ok(&b)) {
        lk_buffer_free(&list);
        return LOCKSTEP_ERR_NO_MEMORY;
    }
    lk_buffer_free(&cfg->ech_retry_configs);
    cfg->ech_retry_configs = list;
    cfg->settings.ech_retry_configs = lk_buffer_slice(&cfg->ech_retry_configs);
    return LOCKSTEP_OK;
}

lockstep_status lockstep_config_add_ech_key(lockstep_config *cfg, const uint8_t *config,
                                            size_t config_len, const uint8_t *key, size_t key_len,
                                            bool retry) {
    lk_settings *s = cfg == NULL ? NULL : lk_config_settings(cfg);
    if (s == NULL || config == NULL || key == NULL)
        return LOCKSTEP_ERR_USAGE;
    /* All together must fit into EncryptedExtensions. */
    if (s->num_ech_keys == LK_ECH_KEYS_MAX ||
        config_len + s->ech_retry_configs.p_len > LK_ECH_LIST_MAX / 2)
        return LOCKSTEP_ERR_LIMIT;
    lk_ech_key *out = &cfg->ech_keys[s->num_ech_keys];
    *out = (lk_ech_key){.info = {0}};
    lockstep_status status =
        fill_key(out, s, lk_slice_of(config, config_len), lk_slice_of(key, key_len));
    if (status == LOCKSTEP_OK && retry)
        status = add_retry(cfg, out->config.whole);
    if (status == LOCKSTEP_OK) {
        s->ech_keys = cfg->ech_keys;
        s->num_ech_keys++;
        return LOCKSTEP_OK;
    }
    drop(&s->heap, &out->info);
    lk_hpke_key_free(&out->key);
    return status;
}

lockstep_status lockstep_config_ech_backend(lockstep_config *cfg) {
    lk_settings *s = cfg == NULL ? NULL : lk_config_settings(cfg);
    if (s == NULL)
        return LOCKSTEP_ERR_USAGE;
    s->ech_backend = true;
    return LOCKSTEP_OK;
}
