#include "handshake/settings.h"

#include "wire/authorities.h"
#include "x509/name.h"

/* RSA-PSS needs room for hash, salt of the same length and two bytes (RFC 8017 §9.1.1). */
static bool fits_key(const lk_scheme *scheme, const lk_private_key *key) {
    size_t hash = scheme->algorithm == LK_SIGN_RSA_PSS_SHA512   ? 64
                  : scheme->algorithm == LK_SIGN_RSA_PSS_SHA384 ? 48
                                                                : 32;
    return scheme->key != LK_KEY_RSA || (lk_private_key_bits(key) + 6) / 8 >= 2 * hash + 2;
}

static bool can_sign(const lk_scheme *scheme, const lk_identity *identity, uint16_t version,
                     lk_u16_list schemes) {
    return scheme != NULL && lk_u16_has(schemes, scheme->id) &&
           lk_scheme_suits(scheme, version, lk_private_key_kind(identity->key)) &&
           fits_key(scheme, identity->key);
}

/* in_order_of_table puts the schemes of another curve, which TLS 1.2 allows, behind. */
static size_t in_order_of_table(const lk_scheme *out[LK_NUM_SCHEMES], const lk_identity *identity,
                                uint16_t version, lk_u16_list schemes) {
    lk_key_kind kind = lk_private_key_kind(identity->key);
    size_t n = 0;
    for (int own = 1; own >= 0; own--)
        for (size_t i = 0; i < LK_NUM_SCHEMES; i++)
            if ((lk_schemes[i].key == kind) == own &&
                can_sign(&lk_schemes[i], identity, version, schemes))
                out[n++] = &lk_schemes[i];
    return n;
}

size_t lk_identity_schemes(const lk_scheme *out[LK_NUM_SCHEMES], const lk_identity *identity,
                           uint16_t version, lk_u16_list schemes) {
    size_t n = 0;
    if (identity->num_sign_with == 0)
        return in_order_of_table(out, identity, version, schemes);
    for (size_t i = 0; i < identity->num_sign_with; i++) {
        const lk_scheme *scheme = lk_scheme_of(identity->sign_with[i]);
        if (can_sign(scheme, identity, version, schemes))
            out[n++] = scheme;
    }
    return n;
}

const lk_scheme *lk_scheme_for(const lk_identity *identity, uint16_t version, lk_u16_list schemes) {
    const lk_scheme *found[LK_NUM_SCHEMES];
    return lk_identity_schemes(found, identity, version, schemes) > 0 ? found[0] : NULL;
}

const lk_scheme *lk_scheme_accepted(const lk_settings *s, uint16_t id) {
    for (size_t i = 0; i < s->num_schemes; i++)
        if (s->schemes[i] == id)
            return lk_scheme_of(id);
    return NULL;
}

/* ---- The chain of an identity ------------------------------------------------------------------
 */

void lk_identity_read(lk_identity *identity) {
    for (size_t i = 0; i < identity->num_chain; i++) {
        lk_cert cert;
        if (lk_cert_parse(&cert, identity->chain[i]) == LOCKSTEP_OK)
            identity->links[i] =
                (lk_chain_link){cert.issuer, cert.algorithm, lk_cert_self_issued(&cert)};
    }
}

/* In certificates a scheme stands for its algorithm, whatever the curve of the key: so it is used.
 */
static bool signs_as(lk_signature_algorithm algorithm, lk_u16_list schemes) {
    static const struct {
        uint16_t id;
        lk_signature_algorithm algorithm;
    } also[] = {{0x0809, LK_SIGN_RSA_PSS_SHA256}, /* rsa_pss_pss_: keys that are for PSS alone */
                {0x080a, LK_SIGN_RSA_PSS_SHA384},
                {0x080b, LK_SIGN_RSA_PSS_SHA512}};
    for (size_t i = 0; i < LK_NUM_SCHEMES; i++)
        if (lk_schemes[i].algorithm == algorithm && lk_u16_has(schemes, lk_schemes[i].id))
            return true;
    for (size_t i = 0; i < sizeof also / sizeof also[0]; i++)
        if (also[i].algorithm == algorithm && lk_u16_has(schemes, also[i].id))
            return true;
    return false;
}

/* "Certificates that are self-signed or certificates that are expected to be trust anchors are not
 * validated as part of the chain and therefore MAY be signed with any algorithm." (§4.4.2.2) */
static bool chain_suits(const lk_identity *identity, lk_u16_list schemes) {
    for (size_t i = 0; i < identity->num_chain; i++)
        if (!identity->links[i].self_issued && !signs_as(identity->links[i].signed_by, schemes))
            return false;
    return true;
}

/* Nobody names more; the rest of a longer list is not looked at. */
#define AUTHORITIES_MAX 1024

static bool comes_from(const lk_identity *identity, lk_slice authorities) {
    lk_slice name;
    for (size_t n = 0; n < AUTHORITIES_MAX && lk_authority_next(&authorities, &name); n++)
        for (size_t i = 0; i < identity->num_chain; i++)
            if (lk_slice_equal(identity->links[i].issuer, name))
                return true;
    return false;
}

/* ---- The choice ------------------------------------------------------------------------------ */

/* How well an identity suits, the weightiest first. */
enum { SUITS = 1, FROM_AUTHORITY = 2, CHAIN_SUITS = 4, NAMED = 8 };

/* rate returns 0 for one that cannot be used, and the scheme for the others. */
static unsigned rate(const lk_identity *identity, const lk_scheme **scheme,
                     const lk_identity_wish *wish, bool named) {
    lk_u16_list for_chain = wish->schemes_cert.p_len > 0 ? wish->schemes_cert : wish->schemes;
    *scheme =
        lk_scheme_for(identity, wish->version != 0 ? wish->version : LOCKSTEP_TLS13, wish->schemes);
    if (*scheme == NULL || identity->raw != wish->raw ||
        (wish->kinds != 0 && (wish->kinds >> lk_private_key_kind(identity->key) & 1) == 0))
        return 0;
    if (identity->raw)
        return SUITS;
    bool from = wish->authorities.p_len == 0 || comes_from(identity, wish->authorities);
    return SUITS | (named ? NAMED : 0) | (chain_suits(identity, for_chain) ? CHAIN_SUITS : 0) |
           (from ? FROM_AUTHORITY : 0);
}

lockstep_status lk_settings_identity(const lk_settings *s, const lk_identity **identity,
                                     const lk_scheme **scheme, const lk_identity_wish *wish) {
    lk_host host;
    bool has_name = wish->server_name.p_len > 0 && lk_host_parse(&host, wish->server_name);
    bool name_known = false;
    unsigned best = 0;
    for (size_t i = 0; i < s->num_identities; i++) {
        const lk_scheme *found;
        bool named =
            has_name && !s->identities[i].raw && lk_cert_is_for(&s->identities[i].leaf, &host);
        unsigned rating = rate(&s->identities[i], &found, wish, named);
        name_known = name_known || named;
        if (rating > best) {
            best = rating;
            *identity = &s->identities[i];
            *scheme = found;
        }
    }
    if (has_name && !name_known && s->require_known_name && !wish->raw)
        return LOCKSTEP_NAME_UNKNOWN;
    return best == 0 ? LOCKSTEP_NO_COMMON_SCHEME : LOCKSTEP_OK;
}

bool lk_settings_know_name(const lk_settings *s, lk_slice name) {
    lk_host host;
    if (!lk_host_parse(&host, name))
        return false;
    for (size_t i = 0; i < s->num_identities; i++)
        if (!s->identities[i].raw && lk_cert_is_for(&s->identities[i].leaf, &host))
            return true;
    return false;
}
