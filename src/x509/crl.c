#include "x509/crl.h"

#include "x509/der.h"
#include "x509/dn.h"
#include "x509/general_name.h"

/* Extensions of one list or of one entry; real ones have below 10. */
#define MAX_EXTENSIONS 32

/* §5.2.3: "CRL verifiers MUST be able to handle CRLNumber values up to 20 octets." */
#define MAX_NUMBER 20

#define TAG_ENUMERATED  0x0a
#define REMOVE_FROM_CRL 8

static bool refuse(const char **why, const char *text) {
    *why = text;
    return false;
}

/* ---- Extensions ------------------------------------------------------------------------------ */

typedef struct extensions {
    lk_reader left;
    lk_slice seen[MAX_EXTENSIONS];
    size_t n;
} extensions;

/* open_extensions: Extensions ::= SEQUENCE SIZE (1..MAX) OF Extension, and nothing behind. */
static bool open_extensions(extensions *e, lk_reader r) {
    e->n = 0;
    return lk_der_open(&r, LK_DER_SEQUENCE, &e->left) && lk_reader_done(&r) &&
           !lk_reader_done(&e->left);
}

/* next_extension reads one; §4.2 and X.509 §7.3 want none of them twice. */
static bool next_extension(extensions *e, lk_slice *oid, bool *critical, lk_slice *value,
                           const char **why) {
    if (e->n == MAX_EXTENSIONS)
        return refuse(why, "it has too many extensions");
    if (!lk_ext_next(&e->left, oid, critical, value))
        return refuse(why, "an extension does not parse");
    for (size_t i = 0; i < e->n; i++)
        if (lk_slice_equal(e->seen[i], *oid))
            return refuse(why, "an extension occurs twice");
    e->seen[e->n++] = *oid;
    return true;
}

/* ---- Entries --------------------------------------------------------------------------------- */

/* read_reason: CRLReason ::= ENUMERATED (§5.3.1). */
static bool read_reason(lk_slice value, int *reason, const char **why) {
    lk_reader r = lk_reader_of(value);
    lk_slice v;
    if (!lk_der_read(&r, TAG_ENUMERATED, &v) || !lk_reader_done(&r) || v.p_len != 1 ||
        v.p[0] > 10 || v.p[0] == 7)
        return refuse(why, "a reason code is none of CRLReason");
    /* "the removeFromCRL (8) reason code value [...] may only appear in delta CRLs" */
    if (v.p[0] == REMOVE_FROM_CRL)
        return refuse(why, "removeFromCRL stands in a list that is no delta");
    *reason = v.p[0];
    return true;
}

static bool read_entry_extensions(lk_reader r, lk_crl_entry *out, const char **why) {
    extensions e;
    lk_slice oid, value;
    bool critical;
    if (!open_extensions(&e, r))
        return refuse(why, "the extensions of an entry do not parse");
    while (!lk_reader_done(&e.left)) {
        if (!next_extension(&e, &oid, &critical, &value, why))
            return false;
        if (lk_oid_is(oid, LK_OID_CRL_REASON)) {
            if (!read_reason(value, &out->reason, why))
                return false;
        } else if (lk_oid_is(oid, LK_OID_CERTIFICATE_ISSUER)) {
            return refuse(why, "an entry names another issuer: the list is indirect");
        } else if (critical) {
            /* §5.3: "If a CRL contains a critical CRL entry extension that the application cannot
             * process, then the application MUST NOT use that CRL to determine the status of any
             * certificates." */
            return refuse(why, "an entry has a critical extension that is not known");
        }
    }
    return true;
}

bool lk_crl_entry_next(lk_reader *r, lk_crl_entry *out, const char **why) {
    lk_reader at = *r, inside;
    bool odd = false;
    out->reason = LK_REASON_NONE;
    if (!lk_der_open(&at, LK_DER_SEQUENCE, &inside) || !lk_der_integer(&inside, &out->serial) ||
        !lk_der_time(&inside, &out->revoked_at, &odd) || odd)
        return refuse(why, "an entry does not parse");
    if (!lk_reader_done(&inside) && !read_entry_extensions(inside, out, why))
        return false;
    *r = at;
    return true;
}

/* read_entries: §5.1.2.6: "When there are no revoked certificates, the revoked certificates list
 * MUST be absent." */
static bool read_entries(lk_reader *r, lk_crl *out, const char **why) {
    lk_reader list;
    lk_crl_entry entry;
    if (!lk_der_next_is(r, LK_DER_SEQUENCE))
        return true;
    if (!lk_der_open(r, LK_DER_SEQUENCE, &list) || lk_reader_done(&list))
        return refuse(why, "revokedCertificates does not parse, or is there and empty");
    out->entries = lk_reader_rest(&list);
    for (; !lk_reader_done(&list); out->num_entries++)
        if (!lk_crl_entry_next(&list, &entry, why))
            return false;
    return true;
}

/* ---- The list's own extensions --------------------------------------------------------------- */

/* read_points: DistributionPointName ::= CHOICE { fullName [0] GeneralNames,
 * nameRelativeToCRLIssuer [1] RelativeDistinguishedName } */
static bool read_points(lk_reader r, lk_crl *out, const char **why) {
    lk_reader names;
    lk_general_name name;
    if (lk_der_next_is(&r, LK_DER_CONTEXT_CONSTRUCTED(1)))
        return refuse(why, "its distribution point is named relative to the issuer");
    if (!lk_der_open(&r, LK_DER_CONTEXT_CONSTRUCTED(0), &names) || !lk_reader_done(&r) ||
        lk_reader_done(&names))
        return refuse(why, "its distribution point does not parse");
    out->points = lk_reader_rest(&names);
    for (unsigned n = 0; !lk_reader_done(&names); n++)
        if (n == LK_CRL_MAX_POINTS || !lk_general_name_read(&names, &name))
            return refuse(why, "its distribution point has too many names, or a wrong one");
    return true;
}

/* read_flag: [n] IMPLICIT BOOLEAN DEFAULT FALSE, of which DER writes TRUE only (X.690 §11.5). */
static bool read_flag(lk_reader *r, unsigned n, bool *flag) {
    lk_slice v;
    *flag = lk_der_next_is(r, LK_DER_CONTEXT(n));
    return !*flag || (lk_der_read(r, LK_DER_CONTEXT(n), &v) && v.p_len == 1 && v.p[0] == 0xff);
}

/* read_scope: issuingDistributionPoint (§5.2.5), which must not be empty; and of "user", "CA" and
 * "attribute certificates only" at most one is allowed. */
static bool read_scope(lk_slice value, lk_crl *out, const char **why) {
    static const char bad[] = "issuingDistributionPoint does not parse";
    lk_reader r = lk_reader_of(value), inside, point;
    bool indirect, attributes;
    if (!lk_der_open(&r, LK_DER_SEQUENCE, &inside) || !lk_reader_done(&r) ||
        lk_reader_done(&inside))
        return refuse(why, bad);
    out->has_scope = true;
    if (lk_der_next_is(&inside, LK_DER_CONTEXT_CONSTRUCTED(0))) {
        if (!lk_der_open(&inside, LK_DER_CONTEXT_CONSTRUCTED(0), &point))
            return refuse(why, bad);
        if (!read_points(point, out, why))
            return false;
    }
    if (!read_flag(&inside, 1, &out->only_user_certs) ||
        !read_flag(&inside, 2, &out->only_ca_certs))
        return refuse(why, bad);
    if (lk_der_next_is(&inside, LK_DER_CONTEXT(3)))
        return refuse(why, "it is a list of some reasons only");
    if (!read_flag(&inside, 4, &indirect) || !read_flag(&inside, 5, &attributes) ||
        !lk_reader_done(&inside))
        return refuse(why, bad);
    if (indirect)
        return refuse(why, "it is an indirect CRL");
    if (attributes)
        return refuse(why, "it is a list of attribute certificates");
    if (out->only_user_certs && out->only_ca_certs)
        return refuse(why, "it is of users only and of CAs only at once");
    return true;
}

static bool read_number(lk_slice value, bool critical, const char **why) {
    lk_reader r = lk_reader_of(value);
    lk_slice number;
    if (!lk_der_natural(&r, &number) || !lk_reader_done(&r) || number.p_len > MAX_NUMBER)
        return refuse(why, "CRLNumber does not parse, or is too long");
    return !critical || refuse(why, "CRLNumber is critical");
}

/* read_key_id: authorityKeyIdentifier is the same in a CRL as in a certificate (§5.2.1). */
static bool read_key_id(lk_slice value, lk_crl *out, const char **why) {
    lk_cert like;
    memset(&like, 0, sizeof like);
    if (!lk_ext_read(&like, LK_EXT_AUTHORITY_KEY_ID, value))
        return refuse(why, "authorityKeyIdentifier does not parse");
    out->authority_key_id = like.authority_key_id;
    return true;
}

/* read_extensions: [0] EXPLICIT Extensions, which CRLNumber makes obligatory. */
static bool read_extensions(lk_reader *r, lk_crl *out, const char **why) {
    extensions e;
    lk_reader inside;
    lk_slice oid, value;
    bool critical, numbered = false, ok = true;
    if (lk_reader_done(r))
        return refuse(why, "CRLNumber is missing");
    if (!lk_der_open(r, LK_DER_CONTEXT_CONSTRUCTED(0), &inside) || !lk_reader_done(r) ||
        !open_extensions(&e, inside))
        return refuse(why, "what follows the entries does not parse");
    while (ok && !lk_reader_done(&e.left)) {
        if (!next_extension(&e, &oid, &critical, &value, why))
            return false;
        if (lk_oid_is(oid, LK_OID_AUTHORITY_KEY_ID)) {
            ok = read_key_id(value, out, why);
        } else if (lk_oid_is(oid, LK_OID_CRL_NUMBER)) {
            ok = numbered = read_number(value, critical, why);
        } else if (lk_oid_is(oid, LK_OID_CRL_SCOPE)) {
            ok = read_scope(value, out, why);
        } else if (lk_oid_is(oid, LK_OID_DELTA_CRL)) {
            return refuse(why, "it is a delta CRL");
        } else if (critical) {
            /* §5.2: "If a CRL contains a critical extension that the application cannot process,
             * then the application MUST NOT use that CRL to determine the status of certificates."
             */
            return refuse(why, "it has a critical extension that is not known");
        }
    }
    if (!ok)
        return false;
    return numbered || refuse(why, "CRLNumber is missing");
}

/* ---- The whole ------------------------------------------------------------------------------- */

static bool read_dates(lk_reader *r, lk_crl *out, const char **why) {
    bool odd = false;
    if (!lk_der_time(r, &out->this_update, &odd))
        return refuse(why, "thisUpdate does not parse");
    /* §5.1.2.5: "Conforming CRL issuers MUST include the nextUpdate field in all CRLs." */
    if (!lk_der_next_is(r, LK_DER_UTC_TIME) && !lk_der_next_is(r, LK_DER_GENERALIZED_TIME))
        return refuse(why, "nextUpdate is missing");
    if (!lk_der_time(r, &out->next_update, &odd))
        return refuse(why, "nextUpdate does not parse");
    return !odd || refuse(why, "a date has the form that is not for its year");
}

static bool read_tbs(lk_crl *out, lk_slice algorithm, const char **why) {
    lk_reader whole = lk_reader_of(out->tbs), r;
    lk_slice inner;
    uint64_t version;
    /* §5.1.2.1: "When extensions are used [...] this field MUST be present and MUST specify
     * version 2 (the integer value is 1)." */
    if (!lk_der_open(&whole, LK_DER_SEQUENCE, &r) || !lk_der_uint(&r, &version) || version != 1)
        return refuse(why, "it is not a CRL of version 2");
    /* §5.1.1.2: "MUST contain the same algorithm identifier" */
    if (!lk_der_whole(&r, LK_DER_SEQUENCE, &inner) || !lk_slice_equal(inner, algorithm))
        return refuse(why, "its two signature algorithms differ");
    if (!lk_der_whole(&r, LK_DER_SEQUENCE, &out->issuer) || !lk_dn_valid(out->issuer) ||
        lk_dn_empty(out->issuer))
        return refuse(why, "its issuer does not parse, or is empty");
    return read_dates(&r, out, why) && read_entries(&r, out, why) && read_extensions(&r, out, why);
}

lockstep_status lk_crl_parse(lk_crl *out, const char **why, lk_slice der) {
    lk_reader whole = lk_reader_of(der), r;
    lk_slice algorithm;
    memset(out, 0, sizeof *out);
    out->der = der;
    *why = der.p_len > LK_CRL_MAX_BYTES ? "it is too long"
                                        : "it is not a CertificateList with nothing behind it";
    if (der.p_len > LK_CRL_MAX_BYTES || !lk_der_open(&whole, LK_DER_SEQUENCE, &r) ||
        !lk_reader_done(&whole) || !lk_der_whole(&r, LK_DER_SEQUENCE, &out->tbs) ||
        !lk_der_whole(&r, LK_DER_SEQUENCE, &algorithm) || !lk_der_bit_octets(&r, &out->signature) ||
        !lk_reader_done(&r) || !read_tbs(out, algorithm, why))
        return LOCKSTEP_CERT_MALFORMED;
    out->algorithm = lk_signature_algorithm_of(algorithm);
    *why = NULL;
    return LOCKSTEP_OK;
}
