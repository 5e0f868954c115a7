/*
 * ocsp.c - OCSP responses from bytes to lk_ocsp (RFC 6960 §4.2.1; appendix B has it all in one).
 */
#include "x509/ocsp.h"

#include "x509/der.h"
#include "x509/dn.h"
#include "x509/ocsp_read.h"

#define SHA1_LENGTH   20
#define SHA256_LENGTH 32

/* read_enumerated reads an ENUMERATED from 0 to 127; the two that OCSP has are below 11. */
static bool read_enumerated(lk_reader *r, unsigned *out) {
    lk_slice v;
    if (!lk_der_read(r, LK_DER_ENUMERATED, &v) || v.p_len != 1 || v.p[0] >= 0x80)
        return false;
    *out = v.p[0];
    return true;
}

/* read_time reads a GeneralizedTime; of all times in OCSP, UTCTime is none. */
static bool read_time(lk_reader *r, int64_t *seconds) {
    bool odd; /* of years that certificates write as UTCTime: here that is right */
    return lk_der_next_is(r, LK_DER_GENERALIZED_TIME) && lk_der_time(r, seconds, &odd);
}

/* ---- SingleResponse -------------------------------------------------------------------------- */

/* read_hash_algorithm: AlgorithmIdentifier. The parameters of SHA-1 and SHA-256 are absent or NULL
 * (RFC 4055 §2.1: both MUST be accepted); those of others are theirs. */
static bool read_hash_algorithm(lk_reader *r, lk_oid *hash) {
    lk_reader inside;
    lk_slice oid;
    if (!lk_der_open(r, LK_DER_SEQUENCE, &inside) || !lk_der_oid(&inside, &oid))
        return false;
    *hash = lk_oid_is(oid, LK_OID_SHA1)     ? LK_OID_SHA1
            : lk_oid_is(oid, LK_OID_SHA256) ? LK_OID_SHA256
                                            : LK_OID_NONE;
    return *hash == LK_OID_NONE || lk_reader_done(&inside) ||
           (lk_der_null(&inside) && lk_reader_done(&inside));
}

/* CertID ::= SEQUENCE { hashAlgorithm, issuerNameHash, issuerKeyHash, serialNumber } (§4.1.1) */
static bool read_cert_id(lk_reader *r, lk_ocsp_single *out) {
    lk_reader inside;
    if (!lk_der_open(r, LK_DER_SEQUENCE, &inside) || !read_hash_algorithm(&inside, &out->hash) ||
        !lk_der_read(&inside, LK_DER_OCTET_STRING, &out->name_hash) ||
        !lk_der_read(&inside, LK_DER_OCTET_STRING, &out->key_hash) ||
        !lk_der_integer(&inside, &out->serial) || !lk_reader_done(&inside))
        return false;
    size_t length = out->hash == LK_OID_SHA1 ? SHA1_LENGTH : SHA256_LENGTH;
    return out->hash == LK_OID_NONE ||
           (out->name_hash.p_len == length && out->key_hash.p_len == length);
}

/* RevokedInfo ::= SEQUENCE { revocationTime, revocationReason [0] EXPLICIT CRLReason OPTIONAL } */
static bool read_revoked(lk_reader *r, lk_ocsp_single *out) {
    lk_reader inside, tagged;
    unsigned reason;
    out->status = LK_OCSP_CERT_REVOKED;
    if (!lk_der_open(r, LK_DER_CONTEXT_CONSTRUCTED(1), &inside) ||
        !read_time(&inside, &out->revoked_at))
        return false;
    if (lk_reader_done(&inside))
        return true;
    if (!lk_der_open(&inside, LK_DER_CONTEXT_CONSTRUCTED(0), &tagged) ||
        !read_enumerated(&tagged, &reason) || !lk_reader_done(&tagged) || reason > 10 ||
        reason == 7) /* RFC 5280 §5.3.1: "value 7 is not used" */
        return false;
    out->reason = (int)reason;
    return lk_reader_done(&inside);
}

/* CertStatus: good [0] IMPLICIT NULL, revoked [1] IMPLICIT RevokedInfo, unknown [2] IMPLICIT NULL
 */
static bool read_cert_status(lk_reader *r, lk_ocsp_single *out) {
    lk_der element;
    if (lk_der_next_is(r, LK_DER_CONTEXT_CONSTRUCTED(1)))
        return read_revoked(r, out);
    if (!lk_der_any(r, &element) || element.content.p_len != 0 ||
        (element.tag != LK_DER_CONTEXT(0) && element.tag != LK_DER_CONTEXT(2)))
        return false;
    out->status = element.tag == LK_DER_CONTEXT(0) ? LK_OCSP_CERT_GOOD : LK_OCSP_CERT_UNKNOWN;
    return true;
}

/* read_extensions: [1] EXPLICIT Extensions, which end what they stand in. The nonce answers a
 * request that was the server's, the SCT list is read; no other is known, and §4.4 makes none
 * critical. `single` is NULL for those of the whole response. */
static bool read_extensions(lk_reader *r, lk_ocsp_single *single, bool *unknown_critical) {
    lk_reader tagged, list;
    lk_slice oid, value;
    bool critical;
    if (lk_reader_done(r))
        return true;
    if (!lk_der_open(r, LK_DER_CONTEXT_CONSTRUCTED(1), &tagged) || !lk_reader_done(r) ||
        !lk_der_open(&tagged, LK_DER_SEQUENCE, &list) || !lk_reader_done(&tagged) ||
        lk_reader_done(&list)) /* SEQUENCE SIZE (1..MAX) OF Extension */
        return false;
    while (!lk_reader_done(&list)) {
        if (!lk_ext_next(&list, &oid, &critical, &value))
            return false;
        if (single != NULL && lk_oid_is(oid, LK_OID_OCSP_SCT_LIST)) {
            if (single->has_sct_list)
                return false;
            single->has_sct_list = true;
            single->sct_list = value;
        } else if (critical && (single != NULL || !lk_oid_is(oid, LK_OID_OCSP_NONCE))) {
            *unknown_critical = true;
        }
    }
    return true;
}

bool lk_ocsp_single_read(lk_reader *r, lk_ocsp_single *out) {
    lk_reader inside, tagged;
    memset(out, 0, sizeof *out);
    out->reason = LK_REASON_NONE;
    if (!lk_der_open(r, LK_DER_SEQUENCE, &inside) || !read_cert_id(&inside, out) ||
        !read_cert_status(&inside, out) || !read_time(&inside, &out->this_update))
        return false;
    if (lk_der_next_is(&inside, LK_DER_CONTEXT_CONSTRUCTED(0))) {
        if (!lk_der_open(&inside, LK_DER_CONTEXT_CONSTRUCTED(0), &tagged) ||
            !read_time(&tagged, &out->next_update) || !lk_reader_done(&tagged) ||
            out->next_update < out->this_update)
            return false;
        out->has_next_update = true;
    }
    return read_extensions(&inside, out, &out->unknown_critical);
}

/* ---- ResponseData, BasicOCSPResponse, OCSPResponse ------------------------------------------- */

/* skip_version: [0] EXPLICIT INTEGER DEFAULT v1, and "The value for this field MUST be v1". DER
 * leaves a default out; written out, it means the same. */
static bool skip_version(lk_reader *r) {
    lk_reader tagged;
    uint64_t version;
    if (!lk_der_next_is(r, LK_DER_CONTEXT_CONSTRUCTED(0)))
        return true;
    return lk_der_open(r, LK_DER_CONTEXT_CONSTRUCTED(0), &tagged) &&
           lk_der_uint(&tagged, &version) && lk_reader_done(&tagged) && version == 0;
}

/* ResponderID: byName [1] EXPLICIT Name, byKey [2] EXPLICIT OCTET STRING (a SHA-1) */
static bool read_responder(lk_reader *r, lk_ocsp *out) {
    lk_reader tagged;
    if (lk_der_next_is(r, LK_DER_CONTEXT_CONSTRUCTED(1)))
        return lk_der_open(r, LK_DER_CONTEXT_CONSTRUCTED(1), &tagged) &&
               lk_der_whole(&tagged, LK_DER_SEQUENCE, &out->responder_name) &&
               lk_reader_done(&tagged) && lk_dn_valid(out->responder_name);
    return lk_der_open(r, LK_DER_CONTEXT_CONSTRUCTED(2), &tagged) &&
           lk_der_read(&tagged, LK_DER_OCTET_STRING, &out->responder_key_hash) &&
           lk_reader_done(&tagged) && out->responder_key_hash.p_len == SHA1_LENGTH;
}

static bool read_data(lk_ocsp *out) {
    lk_reader whole = lk_reader_of(out->data), r, list;
    lk_ocsp_single single;
    if (!lk_der_open(&whole, LK_DER_SEQUENCE, &r) || !skip_version(&r) ||
        !read_responder(&r, out) || !read_time(&r, &out->produced_at) ||
        !lk_der_open(&r, LK_DER_SEQUENCE, &list))
        return false;
    out->singles = lk_reader_rest(&list);
    while (!lk_reader_done(&list)) {
        if (!lk_ocsp_single_read(&list, &single))
            return false;
        out->unknown_critical |= single.unknown_critical;
    }
    return read_extensions(&r, NULL, &out->unknown_critical);
}

/* read_certs: [0] EXPLICIT SEQUENCE OF Certificate OPTIONAL. The certificates themselves are parsed
 * when one of them is wanted. */
static bool read_certs(lk_reader *r, lk_ocsp *out) {
    lk_reader tagged, list;
    lk_slice cert;
    if (lk_reader_done(r))
        return true;
    if (!lk_der_open(r, LK_DER_CONTEXT_CONSTRUCTED(0), &tagged) || !lk_reader_done(r) ||
        !lk_der_open(&tagged, LK_DER_SEQUENCE, &list) || !lk_reader_done(&tagged))
        return false;
    out->certs = lk_reader_rest(&list);
    while (!lk_reader_done(&list))
        if (!lk_der_whole(&list, LK_DER_SEQUENCE, &cert))
            return false;
    return true;
}

static bool read_basic(lk_ocsp *out, lk_slice der) {
    lk_reader whole = lk_reader_of(der), r;
    lk_slice algorithm;
    if (!lk_der_open(&whole, LK_DER_SEQUENCE, &r) || !lk_reader_done(&whole) ||
        !lk_der_whole(&r, LK_DER_SEQUENCE, &out->data) ||
        !lk_der_whole(&r, LK_DER_SEQUENCE, &algorithm) || !lk_der_bit_octets(&r, &out->signature) ||
        !read_certs(&r, out) || !read_data(out))
        return false;
    out->algorithm = lk_signature_algorithm_of(algorithm);
    return true;
}

const char *lk_ocsp_parse(lk_ocsp *out, lk_slice der) {
    static const char malformed[] = "the OCSP response does not parse";
    lk_reader whole = lk_reader_of(der), r, tagged, bytes;
    lk_slice type, basic;
    unsigned status;
    memset(out, 0, sizeof *out);
    if (der.p_len > LK_OCSP_MAX_BYTES)
        return "the OCSP response is too large";
    if (!lk_der_open(&whole, LK_DER_SEQUENCE, &r) || !lk_reader_done(&whole) ||
        !read_enumerated(&r, &status) || status > LK_OCSP_UNAUTHORIZED || status == 4)
        return malformed;
    out->status = (lk_ocsp_status)status;
    /* "If the value of responseStatus is one of the error conditions, the responseBytes field is
     * not set." */
    if (out->status != LK_OCSP_SUCCESSFUL)
        return lk_reader_done(&r) ? NULL : malformed;
    if (!lk_der_open(&r, LK_DER_CONTEXT_CONSTRUCTED(0), &tagged) || !lk_reader_done(&r) ||
        !lk_der_open(&tagged, LK_DER_SEQUENCE, &bytes) || !lk_reader_done(&tagged) ||
        !lk_der_oid(&bytes, &type) || !lk_der_read(&bytes, LK_DER_OCTET_STRING, &basic) ||
        !lk_reader_done(&bytes))
        return malformed;
    if (!lk_oid_is(type, LK_OID_OCSP_BASIC))
        return "the OCSP response is not of the basic type";
    return read_basic(out, basic) ? NULL : malformed;
}
