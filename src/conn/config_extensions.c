/*
 * config_extensions.c - the parts of a config that belong to one extension each, and what sealing
 * makes of them once for all connections.
 */
#include "conn/config.h"
#include "handshake/compressed_certificate.h"
#include "util/pem.h"
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

/* ---- Raw public keys (RFC 7250) -------------------------------------------------------------- */

static lockstep_status keep_key(const lk_heap *heap, lk_slice *to, const lk_buffer *spki) {
    uint8_t *copy = lk_copy_of(heap, lk_buffer_bytes(spki), lk_buffer_length(spki));
    if (copy == NULL)
        return LOCKSTEP_ERR_NO_MEMORY;
    *to = lk_slice_of(copy, lk_buffer_length(spki));
    return LOCKSTEP_OK;
}

lockstep_status lockstep_config_add_raw_key(lockstep_config *cfg, const uint8_t *key,
                                            size_t key_len) {
    lk_settings *s = lk_config_building(cfg);
    if (s == NULL || key == NULL)
        return LOCKSTEP_ERR_USAGE;
    if (s->num_identities == LK_IDENTITIES_MAX)
        return LOCKSTEP_ERR_LIMIT;
    lk_identity *identity = &cfg->identities[s->num_identities];
    lk_buffer spki = lk_buffer_of(&s->heap, 0);
    lockstep_status status =
        lk_private_key_from_pem(&identity->key, s->crypto, lk_slice_of(key, key_len));
    if (status == LOCKSTEP_OK)
        status = lk_private_key_spki(identity->key, &spki);
    if (status == LOCKSTEP_OK)
        status = keep_key(&s->heap, &identity->chain[0], &spki);
    lk_buffer_free(&spki);
    if (status == LOCKSTEP_OK) {
        identity->raw = true;
        identity->num_chain = 1;
        s->num_identities++;
    } else {
        lk_private_key_free(identity->key);
        identity->key = NULL;
    }
    return status;
}

/* trust_key takes one key, if it is one that could ever verify anything. */
static lockstep_status trust_key(lk_settings *s, const lk_buffer *der) {
    lk_spki spki;
    lk_public_key *made = NULL;
    if (s->num_raw_keys == LK_RAW_KEYS_MAX)
        return LOCKSTEP_ERR_LIMIT;
    if (!lk_spki_parse(&spki, lk_buffer_slice(der)) || lk_spki_fault(&spki) != NULL ||
        lk_spki_public_key(&made, s->crypto, &spki) != LOCKSTEP_OK)
        return LOCKSTEP_ERR_KEY_UNSUPPORTED;
    lk_public_key_free(made);
    lockstep_status status = keep_key(&s->heap, &s->raw_keys[s->num_raw_keys], der);
    s->num_raw_keys += status == LOCKSTEP_OK;
    return status;
}

lockstep_status lockstep_config_trust_raw_key(lockstep_config *cfg, const uint8_t *pem,
                                              size_t pem_len) {
    lk_settings *s = lk_config_building(cfg);
    if (s == NULL || pem == NULL)
        return LOCKSTEP_ERR_USAGE;
    lk_buffer der = lk_buffer_of(&s->heap, 0);
    lk_slice text = lk_slice_of(pem, pem_len);
    lockstep_status status = LOCKSTEP_OK;
    size_t before = s->num_raw_keys;
    int found;
    while (status == LOCKSTEP_OK && (found = lk_pem_next(&text, "PUBLIC KEY", &der)) != 0) {
        if (found < 0)
            status = found == LK_PEM_NO_MEMORY ? LOCKSTEP_ERR_NO_MEMORY : LOCKSTEP_ERR_PEM;
        else
            status = trust_key(s, &der);
        lk_buffer_cut(&der, 0);
    }
    lk_buffer_free(&der);
    return status == LOCKSTEP_OK && s->num_raw_keys == before ? LOCKSTEP_ERR_PEM : status;
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
    lk_settings *s = &cfg->settings;
    for (size_t i = 0; i < s->num_raw_keys; i++)
        lk_release(&s->heap, (void *)(uintptr_t)s->raw_keys[i].p, s->raw_keys[i].p_len + 1);
    lk_buffer_free(&cfg->authorities);
}

lockstep_status lk_config_seal_extensions(lockstep_config *cfg) {
    lockstep_status status = name_authorities(cfg);
    return status == LOCKSTEP_OK ? compress_identities(cfg) : status;
}
