/*
 * config_raw_keys.c - the parts of a config that are about raw public keys (RFC 7250): our own,
 * those of peers that are trusted, and which types of certificate are shown and taken.
 */
#include "conn/config.h"
#include "util/pem.h"
#include "wire/certificate_type.h"

/* ---- Keys ------------------------------------------------------------------------------------ */

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

void lk_config_free_raw_keys(lk_settings *s) {
    for (size_t i = 0; i < s->num_raw_keys; i++)
        lk_release(&s->heap, (void *)(uintptr_t)s->raw_keys[i].p, s->raw_keys[i].p_len + 1);
}

/* ---- Types ----------------------------------------------------------------------------------- */

static lockstep_status set_types(uint8_t out[LK_NUM_TYPES], size_t *num_out, const uint8_t *types,
                                 size_t num_types) {
    if (types == NULL || num_types < 1 || num_types > LK_NUM_TYPES ||
        (num_types == 2 && types[0] == types[1]))
        return LOCKSTEP_ERR_USAGE;
    for (size_t i = 0; i < num_types; i++)
        if (types[i] != LK_TYPE_X509 && types[i] != LK_TYPE_RAW_KEY)
            return LOCKSTEP_ERR_USAGE;
    memcpy(out, types, num_types);
    *num_out = num_types;
    return LOCKSTEP_OK;
}

lockstep_status lockstep_config_set_peer_types(lockstep_config *cfg, const uint8_t *types,
                                               size_t num_types) {
    lk_settings *s = lk_config_building(cfg);
    return s == NULL ? LOCKSTEP_ERR_USAGE
                     : set_types(s->peer_types, &s->num_peer_types, types, num_types);
}

lockstep_status lockstep_config_set_own_types(lockstep_config *cfg, const uint8_t *types,
                                              size_t num_types) {
    lk_settings *s = lk_config_building(cfg);
    return s == NULL ? LOCKSTEP_ERR_USAGE
                     : set_types(s->own_types, &s->num_own_types, types, num_types);
}

bool lk_config_check_types(const lk_settings *s) {
    for (size_t i = 0; i < s->num_peer_types; i++)
        if (!lk_accepts_type(s, true, s->peer_types[i]))
            return false;
    return true;
}
