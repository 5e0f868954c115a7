#include "handshake/settings.h"

#include "x509/name.h"

/* RSA-PSS needs room for hash, salt of the same length and two bytes (RFC 8017 §9.1.1). */
static bool fits_key(const lk_scheme *scheme, const lk_private_key *key) {
    size_t hash = scheme->algorithm == LK_SIGN_RSA_PSS_SHA512   ? 64
                  : scheme->algorithm == LK_SIGN_RSA_PSS_SHA384 ? 48
                                                                : 32;
    return scheme->key != LK_KEY_RSA || (lk_private_key_bits(key) + 6) / 8 >= 2 * hash + 2;
}

const lk_scheme *lk_scheme_for(const lk_private_key *key, lk_u16_list schemes) {
    for (size_t i = 0; i < LK_NUM_SCHEMES; i++) {
        const lk_scheme *scheme = &lk_schemes[i];
        if (scheme->in_handshake && scheme->key == lk_private_key_kind(key) &&
            lk_u16_has(schemes, scheme->id) && fits_key(scheme, key))
            return scheme;
    }
    return NULL;
}

lockstep_status lk_settings_identity(const lk_settings *s, const lk_identity **identity,
                                     const lk_scheme **scheme, lk_slice server_name,
                                     lk_u16_list schemes) {
    lk_host host;
    bool has_name = server_name.p_len > 0 && lk_host_parse(&host, server_name);
    const lk_identity *fallback = NULL;
    const lk_scheme *fallback_scheme = NULL;
    bool name_known = false;
    for (size_t i = 0; i < s->num_identities; i++) {
        const lk_identity *candidate = &s->identities[i];
        bool named = has_name && lk_cert_is_for(&candidate->leaf, &host);
        const lk_scheme *found = lk_scheme_for(candidate->key, schemes);
        name_known = name_known || named;
        if (found == NULL)
            continue;
        if (named) {
            *identity = candidate;
            *scheme = found;
            return LOCKSTEP_OK;
        }
        if (fallback == NULL) {
            fallback = candidate;
            fallback_scheme = found;
        }
    }
    if (has_name && !name_known && s->require_known_name)
        return LOCKSTEP_NAME_UNKNOWN;
    if (fallback == NULL)
        return LOCKSTEP_NO_COMMON_SCHEME;
    *identity = fallback;
    *scheme = fallback_scheme;
    return LOCKSTEP_OK;
}
