#include "differential/classes.h"

#define M(id)   MUTATION_##id
#define OPENSSL (PEER_BIT(PEER_OPENSSL) | PEER_BIT(PEER_OPENSSL_STRICT))
#define STRICT  PEER_BIT(PEER_OPENSSL_STRICT)
#define GNUTLS  PEER_BIT(PEER_GNUTLS)

/* Chains that we refuse and a peer accepts: our own status and words, and the chain was indeed
 * changed in one of these ways. */
static const struct {
    const char *name;
    lockstep_status status;
    const char *words; /* in our report */
    mutation_id ids[6];
} refusals[] = {
    {"leaf-purpose",
     LOCKSTEP_CERT_EXTENDED_KEY_USAGE,
     "names no purpose",
     {M(LEAF_NO_PURPOSE), M(VERSION_1), M(VERSION_2)}},
    {"any-purpose", LOCKSTEP_CERT_EXTENDED_KEY_USAGE, "anyExtendedKeyUsage", {M(LEAF_ANY_PURPOSE)}},
    {"root-purpose", LOCKSTEP_CERT_EXTENDED_KEY_USAGE, "other purposes", {M(ROOT_OTHER_PURPOSE)}},
    {"root-purpose", LOCKSTEP_CERT_PROFILE, "a root has no extKeyUsage", {M(ROOT_PURPOSE)}},
    {"leaf-key-usage", LOCKSTEP_CERT_KEY_USAGE, "lacks digitalSignature", {M(LEAF_NO_SIGNATURE)}},
    {"leaf-cert-sign",
     LOCKSTEP_CERT_KEY_USAGE,
     "without being a CA",
     {M(LEAF_CERT_SIGN), M(NOT_A_CA)}},
    {"path-limit", LOCKSTEP_CERT_CHAIN_TOO_LONG, "more than", {M(TOO_LONG)}},
    {"policies", LOCKSTEP_CERT_POLICY, "demands a policy", {M(POLICY_CONSTRAINTS)}},
    {"twice", LOCKSTEP_CERT_MALFORMED, "does not parse", {M(UNKNOWN_TWICE), M(KEY_USAGE_TWICE)}},
    {"twice", LOCKSTEP_CERT_UNKNOWN_ISSUER, "no anchor", {M(UNKNOWN_TWICE)}},
    {"empty-names", LOCKSTEP_CERT_MALFORMED, "does not parse", {M(EMPTY_SAN)}},
    {"version",
     LOCKSTEP_CERT_NOT_A_CA,
     "not a CA",
     {M(VERSION_1), M(ROOT_VERSION_1), M(VERSION_2)}},
    {"version",
     LOCKSTEP_CERT_PROFILE,
     "version 3",
     {M(VERSION_1), M(ROOT_VERSION_1), M(VERSION_2)}},
    {"version", LOCKSTEP_CERT_MALFORMED, "does not parse", {M(VERSION_4)}},
    {"version", LOCKSTEP_CERT_UNKNOWN_ISSUER, "no anchor", {M(VERSION_4)}},
    {"wildcard-constraints",
     LOCKSTEP_CERT_NAME_CONSTRAINTS,
     "*.example.com",
     {M(EXCLUDES_OF_WILD), M(EXCLUDES_DNS)}},
    {"dotted-constraints", LOCKSTEP_CERT_NAME_CONSTRAINTS, NULL, {M(PERMITS_DOT_DNS)}},
    {"kinds-of-constraints",
     LOCKSTEP_CERT_NAME_CONSTRAINTS,
     NULL,
     {M(PERMITS_DIR), M(PERMITS_OTHER_DIR), M(EXCLUDES_DIR), M(PERMITS_OTHER_URI)}},
    {"no-basic", LOCKSTEP_CERT_NOT_A_CA, "not a CA", {M(NO_BASIC)}},
    {"basic-critical", LOCKSTEP_CERT_PROFILE, "must be critical", {M(BASIC_NOT_CRITICAL)}},
    {"key-identifiers",
     LOCKSTEP_CERT_PROFILE,
     "subjectKeyIdentifier",
     {M(NO_SKID), M(ROOT_NO_SKID)}},
    {"key-identifiers", LOCKSTEP_CERT_PROFILE, "authorityKeyIdentifier", {M(NO_AKID)}},
    {"never-critical", LOCKSTEP_CERT_PROFILE, "critical that must not be", {M(AKID_CRITICAL)}},
    {"form-of-dates", LOCKSTEP_CERT_PROFILE, "a date", {M(ODD_TIME)}},
    {"ca-name", LOCKSTEP_CERT_PROFILE, "name", {M(CA_NO_SUBJECT)}},
    {"leaf-constraints", LOCKSTEP_CERT_PROFILE, "name constraints", {M(LEAF_CONSTRAINTS)}},
    {"names-critical",
     LOCKSTEP_CERT_PROFILE,
     "subjectAltName must be critical",
     {M(SAN_CRITICAL), M(NO_SUBJECT_SOFT), M(NO_SUBJECT)}},
    {"common-name",
     LOCKSTEP_CERT_PROFILE,
     "common name",
     {M(COMMON_NAME_OTHER), M(NO_SAN), M(EMPTY_SAN)}},
    {"common-name", LOCKSTEP_CERT_NAME_MISMATCH, "is not among", {M(NO_SAN), M(EMPTY_SAN)}},
    {"trusted-below-root",
     LOCKSTEP_CERT_CRITICAL_EXTENSION,
     NULL,
     {M(LEAF_TRUSTED), M(SELF_SIGNED_TRUSTED)}},
    {"trusted-below-root", LOCKSTEP_CERT_EXTENDED_KEY_USAGE, "other purposes", {M(MIDDLE_TRUSTED)}},
    {"trusted-below-root",
     LOCKSTEP_CERT_MALFORMED,
     "does not parse",
     {M(LEAF_TRUSTED), M(SELF_SIGNED_TRUSTED), M(MIDDLE_TRUSTED)}},
    {"serial",
     LOCKSTEP_CERT_PROFILE,
     "serial number",
     {M(SERIAL_ZERO), M(SERIAL_NEGATIVE), M(SERIAL_LONG)}},
    {"ca-as-leaf",
     LOCKSTEP_CERT_PROFILE,
     "as that of a host",
     {M(LEAF_IS_CA), M(LEAF_CA_SIGNS_TLS)}},
};

/* What else may have happened to a chain that we accept and a peer refuses. */
typedef enum besides {
    HARMLESS,     /* mutations that are GOOD by themselves */
    FROM_ANCHOR,  /* those, and any of the certificate that is trusted and of those above it */
    ABOVE_ANCHOR, /* those, and any of certificates above the one that is trusted */
    WHATEVER
} besides;

static const struct {
    const char *name;
    unsigned peers;
    const char *words; /* in the peer's answer */
    mutation_id id;
    besides besides;
    mutation_id also; /* and this */
} acceptances[] = {
    {"last-second", OPENSSL, "has expired", M(ENDS_NOW), HARMLESS, M(NONE)},
    {"any-purpose-of-ca", OPENSSL, "unsuitable certificate purpose", M(CA_ANY_PURPOSE), HARMLESS,
     M(NONE)},
    {"any-purpose-of-ca", GNUTLS, "intended purpose", M(CA_ANY_PURPOSE), HARMLESS, M(NONE)},
    {"second-path", OPENSSL, "unhandled critical extension", M(TWIN_CRITICAL), HARMLESS, M(NONE)},
    {"second-path", OPENSSL, "subtree violation", M(TWIN_CONSTRAINED), HARMLESS, M(NONE)},
    {"second-path", OPENSSL, "unable to get local issuer", M(TWIN_UNTRUSTED), HARMLESS, M(NONE)},
    {"second-path", GNUTLS, "critical extension", M(TWIN_CRITICAL), HARMLESS, M(NONE)},
    {"second-path", GNUTLS, "signer's constraints", M(TWIN_CONSTRAINED), HARMLESS, M(NONE)},
    {"second-path", GNUTLS, "issuer is unknown", M(TWIN_UNTRUSTED), HARMLESS, M(NONE)},
    {"second-path", GNUTLS, "expired", M(TWIN_EXPIRED), HARMLESS, M(NONE)},
    {"second-path", GNUTLS, "issuer is unknown", M(TWIN_EXPIRED), HARMLESS, M(NONE)},
    {"second-path", GNUTLS, "issuer is unknown", M(TWIN_CRITICAL), HARMLESS, M(NONE)},
    {"second-path", GNUTLS, "issuer is unknown", M(TWIN_CONSTRAINED), HARMLESS, M(NONE)},
    {"second-path", OPENSSL, "unable to get local issuer", M(TWIN_CRITICAL), HARMLESS, M(NONE)},
    {"second-path", OPENSSL, "unable to get local issuer", M(TWIN_CONSTRAINED), HARMLESS, M(NONE)},
    {"second-path", GNUTLS, "expired", M(CROSS_BESIDE), HARMLESS, M(NONE)},
    {"key-identifier-hint", OPENSSL, "unable to get local issuer", M(OTHER_AKID), HARMLESS,
     M(NONE)},
    {"key-identifier-hint", GNUTLS, "issuer is unknown", M(OTHER_AKID), HARMLESS, M(NONE)},
    {"trusted-below-root", GNUTLS, "issuer is unknown", M(LEAF_TRUSTED), WHATEVER, M(NONE)},
    {"trusted-below-root", GNUTLS, NULL, M(LEAF_TRUSTED), ABOVE_ANCHOR, M(NONE)},
    {"trusted-below-root", GNUTLS, "issuer is unknown", M(MIDDLE_TRUSTED), FROM_ANCHOR, M(NONE)},
    {"trusted-below-root", GNUTLS, "expired", M(MIDDLE_TRUSTED), FROM_ANCHOR, M(NONE)},
    {"trusted-below-root", OPENSSL, "Subject empty", M(LEAF_TRUSTED), WHATEVER, M(NONE)},
    {"self-issued", GNUTLS, "signer's constraints", M(SELF_ISSUED_MIDDLE), HARMLESS, M(WRONG_KEY)},
    {"common-name-constrained", GNUTLS, "signer's constraints", M(IP), HARMLESS,
     M(PERMITS_DOT_DNS)},
    {"common-name-constrained", GNUTLS, "signer's constraints", M(IP), HARMLESS,
     M(PERMITS_OTHER_URI)},
    {"common-name-constrained", GNUTLS, "signer's constraints", M(IP), HARMLESS, M(EXCLUDES_DNS)},
    {"trusted-below-root", OPENSSL, "signature failure", M(LEAF_TRUSTED), WHATEVER, M(NONE)},
    {"trusted-below-root", STRICT, "Missing Authority Key", M(LEAF_TRUSTED), WHATEVER, M(NONE)},
    {"common-name-constrained", GNUTLS, "signer's constraints", M(IP), HARMLESS, M(EXCLUDES_EMAIL)},
    {"common-name-constrained", GNUTLS, "signer's constraints", M(PERMITS_IP), HARMLESS,
     M(OTHER_IP)},
    {"trusted-below-root", OPENSSL, NULL, M(LEAF_TRUSTED), ABOVE_ANCHOR, M(NONE)},
    {"trusted-below-root", OPENSSL, "digest algorithm too weak", M(LEAF_TRUSTED), WHATEVER,
     M(NONE)},
    {"trusted-below-root", OPENSSL, NULL, M(SELF_SIGNED_TRUSTED), ABOVE_ANCHOR, M(NONE)},
    {"trusted-below-root", GNUTLS, "issuer is unknown", M(SELF_SIGNED_TRUSTED), WHATEVER, M(NONE)},
    {"self-issued", GNUTLS, "signer's constraints", M(SELF_ISSUED_MIDDLE), HARMLESS, M(NONE)},
    {"common-name-constrained", GNUTLS, "signer's constraints", M(IP), HARMLESS, M(NONE)},
    {"common-name-constrained", GNUTLS, "signer's constraints", M(IP), HARMLESS,
     M(PERMITS_OTHER_DNS)},
    {"common-name-constrained", GNUTLS, "signer's constraints", M(IP), HARMLESS,
     M(PERMITS_OF_WILD)},
    {"common-name-constrained", GNUTLS, "signer's constraints", M(IP), HARMLESS,
     M(PERMITS_DOT_SELF)},
    {"common-name-constrained", GNUTLS, "signer's constraints", M(IP), HARMLESS,
     M(CONSTRAINTS_SOFT_BAD)},
    {"kinds-of-constraints", GNUTLS, "signer's constraints", M(NO_SUBJECT), HARMLESS,
     M(EXCLUDES_DIR)},
    {"kinds-of-constraints", GNUTLS, "signer's constraints", M(COMMON_NAME_SAME), HARMLESS,
     M(EXCLUDES_DIR)},
    {"ca-key-usage", STRICT, "key usage", M(NO_KEY_USAGE), HARMLESS, M(NONE)},
    {"trusted-below-root", OPENSSL, "unhandled critical extension", M(LEAF_TRUSTED), HARMLESS,
     M(AKID_CRITICAL)},
    {"trusted-below-root", OPENSSL, "unhandled critical extension", M(SELF_SIGNED_TRUSTED),
     HARMLESS, M(AKID_CRITICAL)},
};

enum {
    NUM_REFUSALS = sizeof refusals / sizeof refusals[0],
    NUM_ACCEPTANCES = sizeof acceptances / sizeof acceptances[0]
};

const char *class_name(size_t i) {
    return i < NUM_REFUSALS                     ? refusals[i].name
           : i < NUM_REFUSALS + NUM_ACCEPTANCES ? acceptances[i - NUM_REFUSALS].name
                                                : NULL;
}

static bool says(const char *text, const char *words) {
    return words == NULL || strstr(text, words) != NULL;
}

/* why_refused: a second way in which the chain is bad may have been reported of another of its
 * paths, so `told` false looks at the mutations only. */
static const char *why_refused(const dispute *d, bool told) {
    for (size_t i = 0; i < NUM_REFUSALS; i++) {
        if (told && (refusals[i].status != d->status || !says(d->ours, refusals[i].words)))
            continue;
        for (size_t k = 0; k < 6 && refusals[i].ids[k] != M(NONE); k++)
            if (plan_has(d->plan, refusals[i].ids[k]))
                return refusals[i].name;
    }
    return NULL;
}

static bool allows_rest(size_t rule, const plan *p) {
    size_t anchor = 0;
    for (size_t i = 0; i < p->num_mutations; i++)
        if (p->mutations[i].id == acceptances[rule].id)
            anchor = p->mutations[i].level;
    for (size_t i = 0; i < p->num_mutations; i++) {
        mutation_id id = p->mutations[i].id;
        if (id == acceptances[rule].id || id == acceptances[rule].also ||
            mutation_truth(id) == GOOD)
            continue;
        bool above = mutation_where(id) == CHAIN || p->mutations[i].level > anchor;
        bool from = above || p->mutations[i].level == anchor;
        if (acceptances[rule].besides == HARMLESS ||
            (acceptances[rule].besides == FROM_ANCHOR && !from) ||
            (acceptances[rule].besides == ABOVE_ANCHOR && !above))
            return false;
    }
    return true;
}

static const char *why_accepted(const dispute *d) {
    for (size_t i = 0; i < NUM_ACCEPTANCES; i++)
        if ((acceptances[i].peers & PEER_BIT(d->peer)) != 0 &&
            plan_has(d->plan, acceptances[i].id) && says(d->theirs, acceptances[i].words) &&
            allows_rest(i, d->plan))
            return acceptances[i].name;
    return NULL;
}

/* Of several bad paths we report the one that got furthest; a twin makes several. */
static bool several_paths(const plan *p) {
    for (mutation_id id = M(CYCLE); id <= M(TWIN_UNTRUSTED); id++)
        if (plan_has(p, id))
            return true;
    return false;
}

const char *class_of(const dispute *d) {
    if (d->we_accept)
        return why_accepted(d);
    const char *name = why_refused(d, true);
    return name == NULL && several_paths(d->plan) ? why_refused(d, false) : name;
}
