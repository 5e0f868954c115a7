/*
 * dissect_x509_extensions.c - the list of extensions (RFC 5280 §4.1.2.9), and what each is for.
 */
#include "walk/dissect_x509.h"
#include "x509/oid.h"

const char *lk_extension_text(lk_slice oid) {
    static const struct {
        lk_oid oid;
        const char *text;
    } known[] = {
        {LK_OID_SUBJECT_ALT_NAME,
         "For which names it is good: the name in the address bar must be one of these."},
        {LK_OID_ISSUER_ALT_NAME, "Other names of the authority."},
        {LK_OID_KEY_USAGE, "What the key may do: sign a handshake, sign other certificates."},
        {LK_OID_EXTENDED_KEY_USAGE,
         "For which purpose: a certificate for mail must not speak for a site."},
        {LK_OID_BASIC_CONSTRAINTS,
         "Whether it may sign other certificates. Were this not checked, the owner of any site "
         "could make certificates for all others."},
        {LK_OID_SUBJECT_KEY_ID, "A short name of the key in here, to find certificates by."},
        {LK_OID_AUTHORITY_KEY_ID,
         "A short name of the key that signed this, to find the next certificate of the chain."},
        {LK_OID_CRL_POINTS, "Where the authority publishes its list of revoked certificates."},
        {LK_OID_FRESHEST_CRL, "Where the newest changes to the list of revoked ones are."},
        {LK_OID_AUTHORITY_INFO,
         "Where to ask whether it was revoked (ocsp), and where the authority's own certificate is "
         "(caIssuers)."},
        {LK_OID_SUBJECT_INFO, "Where more of the subject can be found."},
        {LK_OID_POLICIES,
         "By which rules it was given out: how carefully the authority looked who asked."},
        {LK_OID_POLICY_MAPPINGS, "Which rules of two authorities are the same."},
        {LK_OID_POLICY_CONSTRAINTS, "What rules must stand in the certificates below."},
        {LK_OID_INHIBIT_ANY_POLICY, "How far below \"any rules\" still counts."},
        {LK_OID_NAME_CONSTRAINTS,
         "For which names this authority may give out certificates at all. A private authority for "
         "one company's names cannot speak for a bank."},
        {LK_OID_TLS_FEATURE,
         "What a server with this certificate must do, mostly staple the proof that it is not "
         "revoked (Must-Staple)."},
        {LK_OID_SCT_LIST,
         "Promises of public logs to list this certificate (Certificate Transparency). Browsers "
         "want two or three, so nobody can make a certificate in secret."},
        {LK_OID_CT_POISON,
         "This is only a draft for the logs, not a certificate: no browser may take it."},
        {LK_OID_DELEGATION_USAGE, "Its key may sign keys of short life (delegated credentials)."},
        {LK_OID_OCSP_NO_CHECK, "Whether this one was revoked need not be asked."},
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (lk_oid_is(oid, known[i].oid))
            return known[i].text;
    return "";
}

/* extension_name: known ones bear their own name, which is static. */
static const char *extension_name(lk_slice oid) {
    static const struct {
        lk_oid oid;
        const char *name;
    } known[] = {
#define LK_X(name, bytes, text) {LK_OID_##name, text},
        LK_OID_MAP(LK_X)
#undef LK_X
    };
    lk_oid which = lk_oid_of(oid);
    return which == LK_OID_NONE ? "Extension" : known[which - 1].name;
}

/* peek reads the extension's OID ahead. */
static lk_slice peek(lk_reader r) {
    lk_reader inside;
    lk_slice oid = {NULL, 0};
    if (lk_der_open(&r, LK_DER_SEQUENCE, &inside) && lk_der_oid(&inside, &oid))
        return oid;
    return (lk_slice){NULL, 0};
}

static bool read_critical(lk_part *p) {
    return !lk_der_next_is(&p->r, LK_DER_BOOLEAN) ||
           lk_der_boolean_leaf(p, "critical",
                               "Whoever does not understand this extension must refuse the "
                               "certificate.",
                               NULL);
}

static bool read_value(lk_part *p, lk_slice oid) {
    lk_part value;
    if (!lk_der_part(p, LK_DER_OCTET_STRING, "extnValue", "", &value))
        return false;
    lk_part_end(&value, lk_dissect_extension_value(&value, oid, p));
    return true;
}

static bool read_extension(lk_part *p) {
    lk_part extension;
    lk_slice oid = peek(p->r);
    if (!lk_der_part(p, LK_DER_SEQUENCE, extension_name(oid), lk_extension_text(oid), &extension))
        return false;
    bool complete = lk_der_oid_leaf(&extension, "extnID", "", &oid);
    if (complete && lk_oid_of(oid) == LK_OID_NONE) {
        char shown[128];
        lk_oid_show(shown, sizeof shown, oid);
        lk_part_value(&extension, "%s", shown);
    }
    lk_part_end(&extension, complete && read_critical(&extension) && read_value(&extension, oid));
    return true;
}

bool lk_dissect_x509_extensions(lk_part *p) {
    lk_part list;
    size_t n = 0;
    if (!lk_der_part(p, LK_DER_SEQUENCE, "Extensions", "", &list))
        return false;
    while (!lk_part_empty(&list) && read_extension(&list))
        n++;
    lk_part_value(&list, "%zu extension%s", n, n == 1 ? "" : "s");
    lk_part_end(&list, n > 0);
    return true;
}
