/*
 * judge_profile.c - rules about the fields of certificates that no other check is about: RFC 5280's
 * for CAs that conform, and the CA/Browser Forum's.
 */
#include "x509/dn.h"
#include "x509/domain.h"
#include "x509/general_name.h"
#include "x509/judge_path.h"

/* RFC 5280 §4.1.2.2: "Certificate users MUST be able to handle serialNumber values up to 20
 * octets." */
#define SERIAL_MAX 20

/* reads_as_host: a common name without spaces that has a dot or a colon, or is a number; others are
 * taken for titles. */
static bool reads_as_host(lk_slice text) {
    if (text.p_len == 0 || memchr(text.p, ' ', text.p_len) != NULL)
        return false;
    return memchr(text.p, '.', text.p_len) != NULL || memchr(text.p, ':', text.p_len) != NULL ||
           lk_ends_in_number(text);
}

static bool is_address(lk_slice text) {
    return memchr(text.p, ':', text.p_len) != NULL || lk_ends_in_number(text);
}

/* is_spelt_right: as RFC 5952 and dotted decimals have it, so that nobody reads another address. */
static bool is_spelt_right(lk_slice address) {
    char text[40];
    uint8_t ip[16];
    size_t n = lk_ip_parse(ip, address);
    lk_ip_text(text, sizeof text, lk_slice_of(ip, n));
    return n > 0 && lk_slice_equal(address, lk_slice_of_str(text));
}

/* is_public: a name of the public DNS, below a top-level domain that there is. */
static bool is_public(lk_slice name) {
    size_t last = name.p_len;
    while (last > 0 && name.p[last - 1] != '.')
        last--;
    return lk_is_public_suffix(lk_slice_of(name.p + last, name.p_len - last));
}

/* is_in_domain: `name` is below the domain `domain`, or its wildcard. */
static bool is_in_domain(lk_slice name, lk_slice domain) {
    return name.p_len > domain.p_len && name.p[name.p_len - domain.p_len - 1] == '.' &&
           memcmp(name.p + name.p_len - domain.p_len, domain.p, domain.p_len) == 0;
}

/*
 * misleads: the common name counts for nothing, but who reads it must not be led astray. It repeats
 * a subjectAltName "character for character" (BR §7.1.4.3), or is the domain that one is in. Names
 * that are not of the public DNS are no matter of the BR.
 */
static bool misleads(const lk_cert *cert, lk_slice common_name) {
    lk_general_name name;
    bool any_public = false;
    if (is_address(common_name))
        return !is_spelt_right(common_name);
    for (lk_reader r = lk_reader_of(cert->alt_names);
         !lk_reader_done(&r) && lk_general_name_read(&r, &name);) {
        if (name.kind != LK_GN_DNS)
            continue;
        if (lk_slice_equal(name.value, common_name) || is_in_domain(name.value, common_name))
            return false;
        any_public = any_public || is_public(name.value);
    }
    return any_public && is_public(common_name);
}

/* leaf_fault: rules about the fields of a leaf that no other check is about. */
static const char *leaf_fault(const lk_judge *j, const lk_cert *cert) {
    lk_slice cn;
    if (lk_cert_has(cert, LK_EXT_NAME_CONSTRAINTS))
        return "name constraints stand in a certificate that is not of a CA"; /* §4.2.1.10 */
    if ((cert->critical & LK_EXT_BIT(LK_EXT_EXTENDED_KEY_USAGE)) != 0)
        return "extKeyUsage of a host must not be critical"; /* BR §7.1.2.7.6 */
    if (lk_cert_has(cert, LK_EXT_SUBJECT_ALT_NAME) &&
        lk_dn_empty(cert->subject) != ((cert->critical & LK_EXT_BIT(LK_EXT_SUBJECT_ALT_NAME)) != 0))
        /* §4.2.1.6, BR §7.1.2.7.12 */
        return "subjectAltName must be critical if the subject is empty, and only then";
    if (j->court->request->purpose == LOCKSTEP_PURPOSE_SERVER &&
        lk_dn_find(cert->subject, LK_OID_COMMON_NAME, &cn) && reads_as_host(cn) &&
        misleads(cert, cn))
        return "the common name is a host that it is not for"; /* BR §7.1.4.3 */
    return NULL;
}

/* is_old_root: a root of the public stores may be older than the rules about its fields, which came
 * into force on 15 September 2023 (CA/B ballot SC-62). What claims to be older than X.509 version
 * 3, of 1996, is not. */
static bool is_old_root(const lk_cert *cert) {
    const int64_t version_3 = INT64_C(820454400), profiles = INT64_C(1694736000);
    return cert->not_before >= version_3 && cert->not_before < profiles;
}

/* root_fault: of a self-signed anchor, whose authorityKeyIdentifier can only be its own key. */
static const char *root_fault(const lk_cert *cert) {
    if (lk_cert_has(cert, LK_EXT_EXTENDED_KEY_USAGE))
        return "a root has no extKeyUsage"; /* BR §7.1.2.1.2 */
    if (cert->authority_key_id.p_len > 0 && cert->subject_key_id.p_len > 0 &&
        !lk_slice_equal(cert->authority_key_id, cert->subject_key_id))
        return "its authorityKeyIdentifier is not its own key's"; /* BR §7.1.2.1.3 */
    if (cert->akid_has_issuer && !is_old_root(cert))
        return "a root's authorityKeyIdentifier has the key identifier alone"; /* BR §7.1.2.1.3 */
    return NULL;
}

static const char *ca_fault(const lk_cert *cert, bool anchor) {
    static const uint32_t critical_policies =
        LK_EXT_BIT(LK_EXT_POLICY_CONSTRAINTS) | LK_EXT_BIT(LK_EXT_INHIBIT_ANY_POLICY);
    bool old = anchor && is_old_root(cert);
    if ((cert->critical & LK_EXT_BIT(LK_EXT_BASIC_CONSTRAINTS)) == 0 && !old)
        return "basicConstraints of a CA must be critical"; /* §4.2.1.9 */
    if (lk_dn_empty(cert->subject))
        return "a CA must have a name"; /* §4.1.2.6 */
    if (!lk_cert_has(cert, LK_EXT_SUBJECT_KEY_ID) && !old)
        return "a CA must have a subjectKeyIdentifier"; /* §4.2.1.2 */
    if ((cert->present & ~cert->critical & critical_policies) != 0)
        return "policyConstraints and inhibitAnyPolicy must be critical"; /* §4.2.1.11, §4.2.1.14 */
    return anchor && lk_cert_self_issued(cert) ? root_fault(cert) : NULL;
}

/* serial_fault: also of a leaf that is trusted by itself, since it names what is to be revoked. */
static const char *serial_fault(const lk_cert *cert) {
    bool zero = cert->serial.p_len == 1 && cert->serial.p[0] == 0;
    return cert->serial.p_len > SERIAL_MAX || cert->serial.p[0] >= 0x80 || zero
               ? "the serial number must be positive and have 20 octets at most" /* §4.1.2.2 */
               : NULL;
}

/* is_self_signed: by its own key. Where both names are the same, that is taken for granted of an
 * anchor; the signature is only looked at where they are not. */
static bool is_self_signed(lk_judge *j, size_t depth) {
    const lk_cert *cert = j->path->certs[depth];
    if (lk_cert_self_issued(cert))
        return true;
    const lk_public_key *key = lk_judge_key(j, depth);
    j->court->spent += key == NULL ? 0 : lk_public_key_cost(key);
    return key != NULL && lk_public_key_verify(key, cert->algorithm, cert->signature, cert->tbs);
}

static const char *fault(lk_judge *j, size_t depth) {
    static const uint32_t never_critical =
        LK_EXT_BIT(LK_EXT_SUBJECT_KEY_ID) | LK_EXT_BIT(LK_EXT_AUTHORITY_KEY_ID) |
        LK_EXT_BIT(LK_EXT_AUTHORITY_INFO) | LK_EXT_BIT(LK_EXT_SUBJECT_INFO);
    const lk_cert *cert = j->path->certs[depth];
    bool anchor = depth + 1 == j->path->n;
    if (j->path->n == 1) /* whoever trusts this very certificate takes the rest as it is */
        return serial_fault(cert);
    if (cert->version != 3)
        return "it is not of version 3"; /* BR §7.1.1 */
    if (!anchor && serial_fault(cert) != NULL)
        return serial_fault(cert);
    if (!anchor && cert->odd_time)
        return "a date is not written as it must be"; /* §4.1.2.5 */
    if (lk_dn_empty(cert->issuer))
        return "it does not name its issuer"; /* §4.1.2.4 */
    if ((cert->critical & never_critical) != 0)
        return "an extension is critical that must not be"; /* §4.2.1.1, §4.2.1.2, §4.2.2 */
    /* §4.2.1.1: "MUST be included in all certificates generated by conforming CAs"; of a
     * self-signed one it "MAY be omitted". */
    if (cert->authority_key_id.p_len == 0 &&
        (!anchor || lk_cert_has(cert, LK_EXT_AUTHORITY_KEY_ID) || !is_self_signed(j, depth)))
        return "it has no authorityKeyIdentifier with a key identifier";
    return depth == 0 ? leaf_fault(j, cert) : ca_fault(cert, anchor);
}

const char *lk_profile_fault(lk_judge *j, size_t depth) {
    lk_court *court = j->court;
    if (depth > 0 || j->path->n == 1)
        return fault(j, depth);
    if (!court->leaf_looked_at) {
        court->leaf_fault = fault(j, 0); /* its names may be many, and paths too */
        court->leaf_looked_at = true;
    }
    return court->leaf_fault;
}
