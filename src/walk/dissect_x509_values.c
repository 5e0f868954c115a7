/*
 * dissect_x509_values.c - what stands in the extensions of certificates (RFC 5280 §4.2; RFC 6962
 * §3.3, RFC 7633 §4, RFC 9345 §4.2).
 */
#include "walk/dissect.h"
#include "walk/dissect_x509.h"
#include "walk/names.h"
#include "x509/oid.h"

/* What reads the contents of one kind of extension; `whole` is the extension. */
typedef bool reader(lk_part *p, lk_part *whole);

/* each reads all that is in a SEQUENCE named `list` with `one`. */
static bool each(lk_part *p, const char *list, bool (*one)(lk_part *p, lk_summary *summary),
                 lk_part *whole) {
    lk_part inside;
    lk_summary summary = {0};
    if (!lk_der_part(p, LK_DER_SEQUENCE, list, "", &inside))
        return false;
    bool complete = !lk_part_empty(&inside);
    while (complete && !lk_part_empty(&inside))
        complete = one(&inside, &summary);
    lk_part_summary(whole, &summary);
    lk_part_end(&inside, complete);
    return true;
}

/* ---- Names and purposes ---------------------------------------------------------------------- */

static bool read_alt_names(lk_part *p, lk_part *whole) {
    lk_part names;
    lk_summary summary = {0};
    if (!lk_der_part(p, LK_DER_SEQUENCE, "GeneralNames", "", &names))
        return false;
    bool complete = lk_dissect_general_names(&names, &summary);
    lk_part_summary(whole, &summary);
    lk_part_end(&names, complete);
    return true;
}

static bool read_key_usage(lk_part *p, lk_part *whole) {
    static const char *const names[] = {"digitalSignature", "nonRepudiation", "keyEncipherment",
                                        "dataEncipherment", "keyAgreement",   "keyCertSign",
                                        "cRLSign",          "encipherOnly",   "decipherOnly"};
    lk_reader at = p->r;
    lk_slice bits;
    lk_summary summary = {0};
    unsigned unused;
    if (!lk_der_bits(&at, &bits, &unused) ||
        !lk_der_leaf(p, LK_DER_BIT_STRING, "KeyUsage", "", NULL))
        return false;
    for (size_t i = 0; i < sizeof names / sizeof *names && i / 8 < bits.p_len; i++)
        if (bits.p[i / 8] >> (7 - i % 8) & 1)
            lk_summary_add(&summary, names[i]);
    lk_last_value(p, "%s", summary.text);
    lk_part_summary(whole, &summary);
    return true;
}

static bool read_purpose(lk_part *p, lk_summary *summary) {
    lk_slice oid;
    char shown[128];
    if (!lk_der_oid_leaf(p, "KeyPurposeId", "", &oid))
        return false;
    lk_oid_show(shown, sizeof shown, oid);
    lk_summary_add(summary, shown);
    return true;
}

static bool read_extended_key_usage(lk_part *p, lk_part *whole) {
    return each(p, "ExtKeyUsageSyntax", read_purpose, whole);
}

static bool read_basic_constraints(lk_part *p, lk_part *whole) {
    lk_part inside;
    bool ca = false;
    if (!lk_der_part(p, LK_DER_SEQUENCE, "BasicConstraints", "", &inside))
        return false;
    bool complete = true;
    if (lk_der_next_is(&inside.r, LK_DER_BOOLEAN))
        complete = lk_der_boolean_leaf(&inside, "cA", "May it sign other certificates?", &ca);
    if (complete && lk_der_next_is(&inside.r, LK_DER_INTEGER))
        complete = lk_der_integer_leaf(&inside, "pathLenConstraint",
                                       "How many authorities may come below it.");
    lk_part_value(whole, ca ? "an authority" : "no authority");
    lk_part_end(&inside, complete);
    return true;
}

/* ---- Keys by name ---------------------------------------------------------------------------- */

static bool read_subject_key_id(lk_part *p, lk_part *whole) {
    (void)whole;
    return lk_der_octets_leaf(p, LK_DER_OCTET_STRING, "KeyIdentifier", "");
}

static bool read_authority_key_id(lk_part *p, lk_part *whole) {
    lk_part inside, names;
    lk_summary summary = {0};
    (void)whole;
    if (!lk_der_part(p, LK_DER_SEQUENCE, "AuthorityKeyIdentifier", "", &inside))
        return false;
    bool complete = !lk_der_next_is(&inside.r, LK_DER_CONTEXT(0)) ||
                    lk_der_octets_leaf(&inside, LK_DER_CONTEXT(0), "keyIdentifier", "");
    if (complete &&
        lk_der_part(&inside, LK_DER_CONTEXT_CONSTRUCTED(1), "authorityCertIssuer", "", &names))
        lk_part_end(&names, lk_dissect_general_names(&names, &summary));
    complete = complete &&
               (!lk_der_next_is(&inside.r, LK_DER_CONTEXT(2)) ||
                lk_der_octets_leaf(&inside, LK_DER_CONTEXT(2), "authorityCertSerialNumber", ""));
    lk_part_end(&inside, complete);
    return true;
}

/* ---- Where to ask ---------------------------------------------------------------------------- */

static bool read_point_name(lk_part *p, lk_summary *summary) {
    lk_part choice, inside;
    if (!lk_der_part(p, LK_DER_CONTEXT_CONSTRUCTED(0), "distributionPoint", "", &choice))
        return true;
    if (lk_der_part(&choice, LK_DER_CONTEXT_CONSTRUCTED(0), "fullName", "", &inside))
        lk_part_end(&inside, lk_dissect_general_names(&inside, summary));
    else if (lk_der_part(&choice, LK_DER_CONTEXT_CONSTRUCTED(1), "nameRelativeToCRLIssuer", "",
                         &inside))
        lk_part_end(&inside, lk_dissect_rdn(&inside));
    lk_part_end(&choice, true);
    return true;
}

static bool read_point(lk_part *p, lk_summary *summary) {
    lk_part point, issuer;
    lk_summary other = {0};
    if (!lk_der_part(p, LK_DER_SEQUENCE, "DistributionPoint", "", &point))
        return false;
    bool complete = read_point_name(&point, summary) &&
                    (!lk_der_next_is(&point.r, LK_DER_CONTEXT(1)) ||
                     lk_der_octets_leaf(&point, LK_DER_CONTEXT(1), "reasons", ""));
    if (complete && lk_der_part(&point, LK_DER_CONTEXT_CONSTRUCTED(2), "cRLIssuer", "", &issuer))
        lk_part_end(&issuer, lk_dissect_general_names(&issuer, &other));
    lk_part_end(&point, complete);
    return true;
}

static bool read_crl_points(lk_part *p, lk_part *whole) {
    return each(p, "CRLDistributionPoints", read_point, whole);
}

static bool read_access(lk_part *p, lk_summary *summary) {
    lk_part access;
    if (!lk_der_part(p, LK_DER_SEQUENCE, "AccessDescription", "", &access))
        return false;
    lk_part_end(&access, lk_der_oid_leaf(&access, "accessMethod", "", NULL) &&
                             lk_dissect_general_name(&access, false, summary));
    return true;
}

static bool read_access_list(lk_part *p, lk_part *whole) {
    return each(p, "AccessDescriptions", read_access, whole);
}

/* ---- Policies -------------------------------------------------------------------------------- */

static bool read_policy(lk_part *p, lk_summary *summary) {
    lk_part policy, qualifiers;
    lk_slice oid;
    char shown[128];
    if (!lk_der_part(p, LK_DER_SEQUENCE, "PolicyInformation", "", &policy))
        return false;
    bool complete = lk_der_oid_leaf(&policy, "policyIdentifier", "", &oid);
    if (complete) {
        lk_oid_show(shown, sizeof shown, oid);
        lk_summary_add(summary, shown);
    }
    if (complete && lk_der_part(&policy, LK_DER_SEQUENCE, "policyQualifiers", "", &qualifiers))
        lk_part_end(&qualifiers, lk_der_anything(&qualifiers));
    lk_part_end(&policy, complete);
    return true;
}

static bool read_policies(lk_part *p, lk_part *whole) {
    return each(p, "CertificatePolicies", read_policy, whole);
}

static bool read_mapping(lk_part *p, lk_summary *summary) {
    lk_part pair;
    (void)summary;
    if (!lk_der_part(p, LK_DER_SEQUENCE, "PolicyMapping", "", &pair))
        return false;
    lk_part_end(&pair, lk_der_oid_leaf(&pair, "issuerDomainPolicy", "", NULL) &&
                           lk_der_oid_leaf(&pair, "subjectDomainPolicy", "", NULL));
    return true;
}

static bool read_policy_mappings(lk_part *p, lk_part *whole) {
    return each(p, "PolicyMappings", read_mapping, whole);
}

static bool read_skip_certs(lk_part *p, unsigned tag, const char *name) {
    lk_slice content;
    if (!lk_der_next_is(&p->r, LK_DER_CONTEXT(tag)))
        return true;
    if (!lk_der_leaf(p, LK_DER_CONTEXT(tag), name, "", &content))
        return false;
    lk_der_number_value(p, content);
    return true;
}

static bool read_policy_constraints(lk_part *p, lk_part *whole) {
    lk_part inside;
    (void)whole;
    if (!lk_der_part(p, LK_DER_SEQUENCE, "PolicyConstraints", "", &inside))
        return false;
    lk_part_end(&inside, read_skip_certs(&inside, 0, "requireExplicitPolicy") &&
                             read_skip_certs(&inside, 1, "inhibitPolicyMapping"));
    return true;
}

static bool read_inhibit_any_policy(lk_part *p, lk_part *whole) {
    (void)whole;
    return lk_der_integer_leaf(p, "SkipCerts", "");
}

/* ---- Name constraints ------------------------------------------------------------------------ */

static bool read_subtrees(lk_part *p, unsigned tag, const char *name, lk_summary *summary) {
    lk_part list, subtree;
    if (!lk_der_part(p, LK_DER_CONTEXT_CONSTRUCTED(tag), name, "", &list))
        return true;
    while (lk_der_part(&list, LK_DER_SEQUENCE, "GeneralSubtree", "", &subtree))
        lk_part_end(&subtree, lk_dissect_general_name(&subtree, true, summary) &&
                                  read_skip_certs(&subtree, 0, "minimum") &&
                                  read_skip_certs(&subtree, 1, "maximum"));
    lk_part_summary(&list, summary);
    lk_part_end(&list, true);
    return true;
}

static bool read_name_constraints(lk_part *p, lk_part *whole) {
    lk_part inside;
    lk_summary permitted = {0}, excluded = {0};
    if (!lk_der_part(p, LK_DER_SEQUENCE, "NameConstraints", "", &inside))
        return false;
    bool complete = read_subtrees(&inside, 0, "permittedSubtrees", &permitted) &&
                    read_subtrees(&inside, 1, "excludedSubtrees", &excluded);
    if (permitted.used > 0)
        lk_part_value(whole, "only %s", permitted.text);
    else if (excluded.used > 0)
        lk_part_value(whole, "not %s", excluded.text);
    lk_part_end(&inside, complete);
    return true;
}

/* ---- Others ---------------------------------------------------------------------------------- */

static bool read_feature(lk_part *p, lk_summary *summary) {
    lk_reader at = p->r;
    uint64_t feature;
    if (!lk_der_uint(&at, &feature) || feature > UINT16_MAX ||
        !lk_der_integer_leaf(p, "feature", ""))
        return false;
    lk_last_value(p, "%s (%u)", lk_name_extension((uint16_t)feature), (unsigned)feature);
    lk_summary_add(summary, lk_name_extension((uint16_t)feature));
    return true;
}

static bool read_tls_feature(lk_part *p, lk_part *whole) {
    return each(p, "Features", read_feature, whole);
}

static bool read_sct_list(lk_part *p, lk_part *whole) {
    lk_part list;
    (void)whole;
    if (!lk_der_part(p, LK_DER_OCTET_STRING, "SignedCertificateTimestampList", "", &list))
        return false;
    lk_part_end(&list, lk_dissect_sct_list(&list));
    return true;
}

static bool read_null(lk_part *p, lk_part *whole) {
    (void)whole;
    return lk_der_leaf(p, LK_DER_NULL, "NULL", "It says all by being there.", NULL);
}

/* looks_like_der says whether the bytes are elements of DER, one behind the other. */
static bool looks_like_der(lk_reader r) {
    lk_der element;
    while (lk_der_any(&r, &element))
        ;
    return lk_reader_done(&r);
}

bool lk_dissect_extension_value(lk_part *p, lk_slice oid, lk_part *extension) {
    static const struct {
        lk_oid oid;
        reader *read;
    } known[] = {
        {LK_OID_SUBJECT_ALT_NAME, read_alt_names},
        {LK_OID_ISSUER_ALT_NAME, read_alt_names},
        {LK_OID_KEY_USAGE, read_key_usage},
        {LK_OID_EXTENDED_KEY_USAGE, read_extended_key_usage},
        {LK_OID_BASIC_CONSTRAINTS, read_basic_constraints},
        {LK_OID_SUBJECT_KEY_ID, read_subject_key_id},
        {LK_OID_AUTHORITY_KEY_ID, read_authority_key_id},
        {LK_OID_CRL_POINTS, read_crl_points},
        {LK_OID_FRESHEST_CRL, read_crl_points},
        {LK_OID_AUTHORITY_INFO, read_access_list},
        {LK_OID_SUBJECT_INFO, read_access_list},
        {LK_OID_POLICIES, read_policies},
        {LK_OID_POLICY_MAPPINGS, read_policy_mappings},
        {LK_OID_POLICY_CONSTRAINTS, read_policy_constraints},
        {LK_OID_INHIBIT_ANY_POLICY, read_inhibit_any_policy},
        {LK_OID_NAME_CONSTRAINTS, read_name_constraints},
        {LK_OID_TLS_FEATURE, read_tls_feature},
        {LK_OID_SCT_LIST, read_sct_list},
        {LK_OID_OCSP_SCT_LIST, read_sct_list},
        {LK_OID_CT_POISON, read_null},
        {LK_OID_DELEGATION_USAGE, read_null},
        {LK_OID_OCSP_NO_CHECK, read_null},
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (lk_oid_is(oid, known[i].oid))
            return known[i].read(p, extension);
    if (looks_like_der(p->r))
        return lk_der_anything(p);
    return lk_part_rest(p, "bytes", "");
}
