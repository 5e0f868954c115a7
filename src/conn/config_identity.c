/*
 * config_identity.c - the part of a config that says who this side is: certificate chains with
 * their keys, what is stapled to them and what they sign with.
 */
#include "conn/config.h"

#include "handshake/compressed_certificate.h"
#include "util/pem.h"
#include "util/secret.h"

/* Of an OCSP response or a list of SCTs that is stapled, in bytes. */
#define STAPLE_MAX 32768

void lk_config_free_identity(const lk_heap *heap, lk_identity *identity) {
    for (size_t i = 0; i < identity->num_chain; i++)
        lk_release(heap, (void *)(uintptr_t)identity->chain[i].p, identity->chain[i].p_len + 1);
    lk_release(heap, (void *)(uintptr_t)identity->ocsp.p, identity->ocsp.p_len + 1);
    lk_release(heap, (void *)(uintptr_t)identity->scts.p, identity->scts.p_len + 1);
    lk_identity_free_compressed(identity, heap);
    lk_private_key_free(identity->key);
    lk_wipe(identity, sizeof *identity);
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
        lk_config_free_identity(&s->heap, identity);
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

lockstep_status lockstep_config_sign_with(lockstep_config *cfg, const uint16_t *schemes,
                                          size_t num_schemes) {
    lk_settings *s = lk_config_building(cfg);
    if (s == NULL || s->num_identities == 0 || !lk_config_schemes_known(schemes, num_schemes))
        return LOCKSTEP_ERR_USAGE;
    lk_identity *identity = &cfg->identities[s->num_identities - 1];
    memcpy(identity->sign_with, schemes, num_schemes * sizeof *schemes);
    identity->num_sign_with = num_schemes;
    return LOCKSTEP_OK;
}
