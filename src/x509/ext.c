/*
 * ext.c - the extensions of a certificate (RFC 5280 §4.2), from bytes to the fields of lk_cert.
 */
#include "x509/cert.h"
#include "x509/constraints.h"
#include "x509/der.h"
#include "x509/general_name.h"
#include "x509/policies.h"

#define STATUS_REQUEST 5 /* RFC 6066 §8 */

static const lk_oid ext_oids[LK_EXT_COUNT] = {
    [LK_EXT_SUBJECT_KEY_ID] = LK_OID_SUBJECT_KEY_ID,
    [LK_EXT_KEY_USAGE] = LK_OID_KEY_USAGE,
    [LK_EXT_SUBJECT_ALT_NAME] = LK_OID_SUBJECT_ALT_NAME,
    [LK_EXT_ISSUER_ALT_NAME] = LK_OID_ISSUER_ALT_NAME,
    [LK_EXT_BASIC_CONSTRAINTS] = LK_OID_BASIC_CONSTRAINTS,
    [LK_EXT_NAME_CONSTRAINTS] = LK_OID_NAME_CONSTRAINTS,
    [LK_EXT_CRL_POINTS] = LK_OID_CRL_POINTS,
    [LK_EXT_POLICIES] = LK_OID_POLICIES,
    [LK_EXT_POLICY_MAPPINGS] = LK_OID_POLICY_MAPPINGS,
    [LK_EXT_AUTHORITY_KEY_ID] = LK_OID_AUTHORITY_KEY_ID,
    [LK_EXT_POLICY_CONSTRAINTS] = LK_OID_POLICY_CONSTRAINTS,
    [LK_EXT_EXTENDED_KEY_USAGE] = LK_OID_EXTENDED_KEY_USAGE,
    [LK_EXT_FRESHEST_CRL] = LK_OID_FRESHEST_CRL,
    [LK_EXT_INHIBIT_ANY_POLICY] = LK_OID_INHIBIT_ANY_POLICY,
    [LK_EXT_AUTHORITY_INFO] = LK_OID_AUTHORITY_INFO,
    [LK_EXT_SUBJECT_INFO] = LK_OID_SUBJECT_INFO,
    [LK_EXT_TLS_FEATURE] = LK_OID_TLS_FEATURE,
    [LK_EXT_SCT_LIST] = LK_OID_SCT_LIST,
    [LK_EXT_CT_POISON] = LK_OID_CT_POISON,
    [LK_EXT_DELEGATION_USAGE] = LK_OID_DELEGATION_USAGE,
};

lk_ext lk_ext_of(lk_slice oid) {
    for (size_t i = 0; i < LK_EXT_COUNT; i++)
        if (lk_oid_is(oid, ext_oids[i]))
            return (lk_ext)i;
    return LK_EXT_COUNT;
}

lk_oid lk_ext_oid(lk_ext ext) {
    return ext_oids[ext];
}

bool lk_ext_next(lk_reader *r, lk_slice *oid, bool *critical, lk_slice *value) {
    lk_reader inside;
    *critical = false;
    if (!lk_der_open(r, LK_DER_SEQUENCE, &inside) || !lk_der_oid(&inside, oid))
        return false;
    if (lk_der_next_is(&inside, LK_DER_BOOLEAN) &&
        (!lk_der_boolean(&inside, critical) || !*critical)) /* X.690 §11.5: no default written */
        return false;
    return lk_der_read(&inside, LK_DER_OCTET_STRING, value) && lk_reader_done(&inside);
}

/* §4.2.1.9 */
static bool read_basic_constraints(lk_cert *out, lk_reader r) {
    lk_reader inside;
    uint64_t length;
    if (!lk_der_open(&r, LK_DER_SEQUENCE, &inside) || !lk_reader_done(&r))
        return false;
    /* X.690 §11.5 leaves a default (FALSE) out; it is written out in certificates that are in use,
     * and means the same. */
    if (lk_der_next_is(&inside, LK_DER_BOOLEAN) && !lk_der_boolean(&inside, &out->is_ca))
        return false;
    if (!lk_reader_done(&inside)) {
        if (!lk_der_uint(&inside, &length) || !lk_reader_done(&inside))
            return false;
        out->has_path_length = true;
        out->path_length = length > UINT32_MAX ? UINT32_MAX : (uint32_t)length;
    }
    return true;
}

/* §4.2.1.3: "at least one of the bits MUST be set to 1". */
static bool read_key_usage(lk_cert *out, lk_reader r) {
    lk_slice bits;
    unsigned unused;
    if (!lk_der_bits(&r, &bits, &unused) || !lk_reader_done(&r))
        return false;
    for (unsigned i = 0; i < 9 && i / 8 < bits.p_len; i++)
        if ((bits.p[i / 8] & 0x80 >> i % 8) != 0)
            out->key_usage |= (uint16_t)(1u << i);
    return out->key_usage != 0;
}

/* §4.2.1.12: SEQUENCE SIZE (1..MAX) OF KeyPurposeId */
static bool read_ext_key_usage(lk_cert *out, lk_reader r) {
    lk_reader inside;
    lk_slice oid;
    if (!lk_der_open(&r, LK_DER_SEQUENCE, &inside) || !lk_reader_done(&r) ||
        lk_reader_done(&inside))
        return false;
    while (!lk_reader_done(&inside)) {
        if (!lk_der_oid(&inside, &oid))
            return false;
        out->ext_key_usage |= lk_oid_is(oid, LK_OID_SERVER_AUTH)    ? LK_EKU_SERVER
                              : lk_oid_is(oid, LK_OID_CLIENT_AUTH)  ? LK_EKU_CLIENT
                              : lk_oid_is(oid, LK_OID_OCSP_SIGNING) ? LK_EKU_OCSP
                              : lk_oid_is(oid, LK_OID_ANY_USAGE)    ? LK_EKU_ANY
                                                                    : LK_EKU_OTHER;
    }
    return true;
}

/* §4.2.1.2 */
static bool read_subject_key_id(lk_cert *out, lk_reader r) {
    return lk_der_read(&r, LK_DER_OCTET_STRING, &out->subject_key_id) && lk_reader_done(&r) &&
           out->subject_key_id.p_len > 0;
}

/* §4.2.1.1: all three fields are optional. */
static bool read_authority_key_id(lk_cert *out, lk_reader r) {
    lk_reader inside, names;
    lk_general_name name;
    lk_slice serial;
    if (!lk_der_open(&r, LK_DER_SEQUENCE, &inside) || !lk_reader_done(&r))
        return false;
    if (lk_der_next_is(&inside, LK_DER_CONTEXT(0)) &&
        (!lk_der_read(&inside, LK_DER_CONTEXT(0), &out->authority_key_id) ||
         out->authority_key_id.p_len == 0))
        return false;
    if (lk_der_next_is(&inside, LK_DER_CONTEXT_CONSTRUCTED(1))) {
        out->akid_has_issuer = true;
        if (!lk_der_open(&inside, LK_DER_CONTEXT_CONSTRUCTED(1), &names) || lk_reader_done(&names))
            return false;
        while (!lk_reader_done(&names))
            if (!lk_general_name_read(&names, &name))
                return false;
    }
    if (lk_der_next_is(&inside, LK_DER_CONTEXT(2))) {
        out->akid_has_issuer = true;
        if (!lk_der_read(&inside, LK_DER_CONTEXT(2), &serial) || serial.p_len == 0)
            return false;
    }
    return lk_reader_done(&inside);
}

/* §4.2.1.6 */
static bool read_subject_alt_name(lk_cert *out, lk_reader r) {
    lk_reader inside;
    lk_general_name name;
    if (!lk_der_open(&r, LK_DER_SEQUENCE, &inside) || !lk_reader_done(&r) ||
        lk_reader_done(&inside))
        return false;
    out->alt_names = lk_reader_rest(&inside);
    while (!lk_reader_done(&inside)) {
        if (out->num_alt_names++ == LK_CERT_MAX_NAMES || !lk_general_name_read(&inside, &name))
            return false;
        /* "For IP version 4 [...] the octet string MUST contain exactly four octets. For IP version
         * 6
         * [...] sixteen." */
        if (name.kind == LK_GN_IP && name.value.p_len != 4 && name.value.p_len != 16)
            return false;
        out->alt_name_kinds |= LK_GN_BIT(name.kind);
    }
    return true;
}

/* RFC 7633 §4: SEQUENCE OF INTEGER, the ExtensionTypes that the server must answer. */
static bool read_tls_feature(lk_cert *out, lk_reader r) {
    lk_reader inside;
    uint64_t feature;
    if (!lk_der_open(&r, LK_DER_SEQUENCE, &inside) || !lk_reader_done(&r))
        return false;
    while (!lk_reader_done(&inside))
        if (!lk_der_uint(&inside, &feature))
            return false;
        else if (feature == STATUS_REQUEST)
            out->must_staple = true;
    return true;
}

/* is_one_element: what is kept as bytes for later must at least be one DER element. */
static bool is_one_element(lk_reader r) {
    lk_der element;
    return lk_der_any(&r, &element) && lk_reader_done(&r);
}

bool lk_ext_read(lk_cert *out, lk_ext ext, lk_slice value) {
    lk_reader r = lk_reader_of(value);
    switch (ext) {
    case LK_EXT_BASIC_CONSTRAINTS:
        return read_basic_constraints(out, r);
    case LK_EXT_KEY_USAGE:
        return read_key_usage(out, r);
    case LK_EXT_EXTENDED_KEY_USAGE:
        return read_ext_key_usage(out, r);
    case LK_EXT_SUBJECT_KEY_ID:
        return read_subject_key_id(out, r);
    case LK_EXT_AUTHORITY_KEY_ID:
        return read_authority_key_id(out, r);
    case LK_EXT_SUBJECT_ALT_NAME:
        return read_subject_alt_name(out, r);
    case LK_EXT_NAME_CONSTRAINTS:
        return lk_constraints_valid(value, &out->permitted, &out->excluded);
    case LK_EXT_TLS_FEATURE:
        return read_tls_feature(out, r);
    case LK_EXT_POLICIES:
        return lk_policies_valid(value);
    case LK_EXT_POLICY_MAPPINGS:
        return lk_policy_mappings_valid(value);
    case LK_EXT_POLICY_CONSTRAINTS:
        return lk_policy_constraints_valid(value);
    case LK_EXT_INHIBIT_ANY_POLICY:
        return lk_inhibit_any_policy_valid(value);
    default:
        return is_one_element(r);
    }
}
