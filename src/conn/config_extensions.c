/*
 * config_extensions.c - the parts of a config that belong to one extension each, and what sealing
 * makes of them once for all connections.
 */
#include "conn/config.h"
#include "handshake/compressed_certificate.h"
#include "wire/authorities.h"
#include "x509/trust.h"

/* ---- Compressed certificates (RFC 8879) ------------------------------------------------------ */

lockstep_status lockstep_config_set_certificate_compression(lockstep_config *cfg,
                                                            const uint16_t *algorithms,
                                                            size_t num_algorithms) {
    lk_settings *s = lk_config_building(cfg);
    if (s == NULL || (algorithms == NULL && num_algorithms > 0) ||
        num_algorithms > LK_NUM_COMPRESSIONS ||
        (num_algorithms == 2 && algorithms[0] == algorithms[1]))
        return LOCKSTEP_ERR_USAGE;
    for (size_t i = 0; i < num_algorithms; i++)
        if (lk_compression_index(algorithms[i]) < 0)
            return LOCKSTEP_ERR_USAGE;
    for (size_t i = 0; i < num_algorithms; i++)
        s->compressions[i] = algorithms[i];
    s->num_compressions = num_algorithms;
    return LOCKSTEP_OK;
}

lockstep_status lockstep_config_set_grease(lockstep_config *cfg, bool on) {
    lk_settings *s = lk_config_building(cfg);
    if (s == NULL)
        return LOCKSTEP_ERR_USAGE;
    s->grease = on;
    return LOCKSTEP_OK;
}

static lockstep_status compress_identities(lockstep_config *cfg) {
    const lk_settings *s = &cfg->settings;
    lockstep_status status = LOCKSTEP_OK;
    for (size_t i = 0; status == LOCKSTEP_OK && i < s->num_identities; i++) {
        lk_identity_free_compressed(&cfg->identities[i], &s->heap); /* of a sealing that failed */
        status = lk_identity_compress(&cfg->identities[i], s);
    }
    return status;
}

/* ---- The names of authorities (RFC 8446 §4.2.4) ---------------------------------------------- */

lockstep_status lockstep_config_send_authorities(lockstep_config *cfg) {
    lk_settings *s = lk_config_building(cfg);
    if (s == NULL)
        return LOCKSTEP_ERR_USAGE;
    s->send_authorities = true;
    return LOCKSTEP_OK;
}

static lockstep_status name_authorities(lockstep_config *cfg) {
    lk_settings *s = &cfg->settings;
    if (!s->send_authorities)
        return LOCKSTEP_OK;
    if (s->trust == NULL || s->client_auth == LOCKSTEP_CLIENT_AUTH_NONE)
        return LOCKSTEP_ERR_USAGE;
    lk_buffer_free(&cfg->authorities);
    lk_builder b = lk_builder_of(&cfg->authorities);
    for (size_t i = 0; i < lk_trust_count(s->trust); i++)
        lk_build_authority(&b, lk_trust_at(s->trust, i)->cert.subject);
    if (!lk_builder_ok(&b))
        return LOCKSTEP_ERR_NO_MEMORY;
    if (lk_buffer_length(&cfg->authorities) > UINT16_MAX - 2)
        return LOCKSTEP_ERR_LIMIT;
    s->authorities = lk_buffer_slice(&cfg->authorities);
    return LOCKSTEP_OK;
}

/* ---- Stateless retry (RFC 8446 §4.2.2) ------------------------------------------------------- */

lockstep_status lockstep_config_stateless_retry(lockstep_config *cfg, const uint8_t *keys,
                                                size_t num_keys, bool always) {
    lk_settings *s = lk_config_building(cfg);
    if (s == NULL || keys == NULL || num_keys < 1 || num_keys > LK_COOKIE_KEYS)
        return LOCKSTEP_ERR_USAGE;
    memcpy(s->cookie_keys, keys, num_keys * LK_COOKIE_KEY_LEN);
    s->num_cookie_keys = num_keys;
    s->retry_always = always;
    return LOCKSTEP_OK;
}

/* ---- Delegated credentials (RFC 9345) -------------------------------------------------------- */

lockstep_status lockstep_config_accept_delegated(lockstep_config *cfg) {
    lk_settings *s = lk_config_building(cfg);
    if (s == NULL)
        return LOCKSTEP_ERR_USAGE;
    s->accept_delegated = true;
    return LOCKSTEP_OK;
}

/* ---- Both ends of a config ------------------------------------------------------------------- */

void lk_config_free_extensions(lockstep_config *cfg) {
    lk_config_free_raw_keys(&cfg->settings);
    lk_buffer_free(&cfg->authorities);
}

lockstep_status lk_config_seal_extensions(lockstep_config *cfg) {
    lockstep_status status = name_authorities(cfg);
    if (status == LOCKSTEP_OK && !lk_config_check_types(&cfg->settings))
        status = LOCKSTEP_ERR_USAGE;
    return status == LOCKSTEP_OK ? compress_identities(cfg) : status;
}
