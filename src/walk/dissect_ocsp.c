/*
 * dissect_ocsp.c - an OCSPResponse (RFC 6960 §4.2): an authority's word on whether a certificate
 * was revoked.
 */
#include "walk/dissect.h"
#include "walk/dissect_x509.h"
#include "x509/oid.h"

static bool read_cert_id(lk_part *p) {
    lk_part id;
    if (!lk_der_part(p, LK_DER_SEQUENCE, "certID", "Which certificate is meant.", &id))
        return false;
    lk_part_end(&id, lk_dissect_algorithm(&id, "hashAlgorithm", "") &&
                         lk_der_octets_leaf(&id, LK_DER_OCTET_STRING, "issuerNameHash", "") &&
                         lk_der_octets_leaf(&id, LK_DER_OCTET_STRING, "issuerKeyHash", "") &&
                         lk_der_octets_leaf(&id, LK_DER_INTEGER, "serialNumber", ""));
    return true;
}

static bool read_revoked(lk_part *p) {
    lk_part revoked, reason;
    if (!lk_der_part(p, LK_DER_CONTEXT_CONSTRUCTED(1), "certStatus",
                     "Revoked: the authority has taken it back.", &revoked))
        return false;
    lk_part_value(&revoked, "revoked");
    bool complete = lk_der_time_leaf(&revoked, "revocationTime", "");
    if (complete &&
        lk_der_part(&revoked, LK_DER_CONTEXT_CONSTRUCTED(0), "revocationReason", "", &reason))
        lk_part_end(&reason, lk_der_octets_leaf(&reason, LK_DER_ENUMERATED, "CRLReason", ""));
    lk_part_end(&revoked, complete);
    return true;
}

static bool read_status(lk_part *p) {
    bool good = lk_der_next_is(&p->r, LK_DER_CONTEXT(0));
    if (lk_der_next_is(&p->r, LK_DER_CONTEXT_CONSTRUCTED(1)))
        return read_revoked(p);
    if (!lk_der_leaf(p, good ? LK_DER_CONTEXT(0) : LK_DER_CONTEXT(2), "certStatus",
                     good ? "Good: it has not been revoked."
                          : "The responder does not know this certificate.",
                     NULL))
        return false;
    lk_last_value(p, good ? "good" : "unknown");
    return true;
}

/* read_tagged_extensions reads [n] EXPLICIT Extensions, if they are there. */
static bool read_tagged_extensions(lk_part *p, unsigned tag, const char *name) {
    lk_part inside;
    if (lk_der_part(p, LK_DER_CONTEXT_CONSTRUCTED(tag), name, "", &inside))
        lk_part_end(&inside, lk_dissect_x509_extensions(&inside));
    return true;
}

static bool read_next_update(lk_part *p) {
    lk_part next;
    if (lk_der_part(p, LK_DER_CONTEXT_CONSTRUCTED(0), "nextUpdate",
                    "After this the statement is too old to count.", &next))
        lk_part_end(&next, lk_der_time_leaf(&next, "time", ""));
    return true;
}

static bool read_responses(lk_part *p) {
    lk_part list, one;
    if (!lk_der_part(p, LK_DER_SEQUENCE, "responses", "", &list))
        return false;
    while (lk_der_part(&list, LK_DER_SEQUENCE, "SingleResponse", "", &one))
        lk_part_end(&one, read_cert_id(&one) && read_status(&one) &&
                              lk_der_time_leaf(&one, "thisUpdate", "As of this moment.") &&
                              read_next_update(&one) &&
                              read_tagged_extensions(&one, 1, "singleExtensions"));
    lk_part_end(&list, true);
    return true;
}

static bool read_responder(lk_part *p) {
    lk_part id;
    if (lk_der_part(p, LK_DER_CONTEXT_CONSTRUCTED(1), "responderID", "Who says so.", &id)) {
        lk_part_end(&id, lk_dissect_name(&id, "byName", ""));
        return true;
    }
    if (!lk_der_part(p, LK_DER_CONTEXT_CONSTRUCTED(2), "responderID", "Who says so.", &id))
        return false;
    lk_part_end(&id, lk_der_octets_leaf(&id, LK_DER_OCTET_STRING, "byKey", ""));
    return true;
}

static bool read_data(lk_part *p) {
    lk_part data, version;
    if (!lk_der_part(p, LK_DER_SEQUENCE, "tbsResponseData", "What is signed.", &data))
        return false;
    if (lk_der_part(&data, LK_DER_CONTEXT_CONSTRUCTED(0), "version", "", &version))
        lk_part_end(&version, lk_der_integer_leaf(&version, "Version", ""));
    lk_part_end(&data, read_responder(&data) && lk_der_time_leaf(&data, "producedAt", "") &&
                           read_responses(&data) &&
                           read_tagged_extensions(&data, 1, "responseExtensions"));
    return true;
}

static bool read_signature(lk_part *p) {
    lk_part bits;
    if (!lk_der_bits_part(p, "signature", "The authority's, or of one whom it has named.", &bits))
        return false;
    lk_part_end(&bits, lk_part_rest(&bits, "bytes", ""));
    return true;
}

static bool read_certs(lk_part *p) {
    lk_part tagged, list;
    if (!lk_der_part(p, LK_DER_CONTEXT_CONSTRUCTED(0), "certs", "", &tagged))
        return true;
    bool complete = lk_der_part(&tagged, LK_DER_SEQUENCE, "certificates", "", &list);
    if (complete) {
        bool good = true;
        while (good && !lk_part_empty(&list))
            good = lk_dissect_x509(&list, "The certificate of whoever signed this.");
        lk_part_end(&list, good);
    }
    lk_part_end(&tagged, complete);
    return true;
}

static bool read_basic(lk_part *p) {
    lk_part basic;
    if (!lk_der_part(p, LK_DER_SEQUENCE, "BasicOCSPResponse", "", &basic))
        return false;
    lk_part_end(&basic, read_data(&basic) &&
                            lk_dissect_algorithm(&basic, "signatureAlgorithm", "") &&
                            read_signature(&basic) && read_certs(&basic));
    return true;
}

static bool read_response_bytes(lk_part *p) {
    lk_part tagged, inside, octets;
    lk_slice oid;
    if (!lk_der_part(p, LK_DER_CONTEXT_CONSTRUCTED(0), "responseBytes", "", &tagged))
        return true;
    bool complete = lk_der_part(&tagged, LK_DER_SEQUENCE, "ResponseBytes", "", &inside);
    if (complete) {
        bool whole = lk_der_oid_leaf(&inside, "responseType", "", &oid) &&
                     lk_der_part(&inside, LK_DER_OCTET_STRING, "response", "", &octets);
        if (whole)
            lk_part_end(&octets, lk_oid_is(oid, LK_OID_OCSP_BASIC)
                                     ? read_basic(&octets)
                                     : lk_part_rest(&octets, "bytes", ""));
        lk_part_end(&inside, whole);
    }
    lk_part_end(&tagged, complete);
    return true;
}

static bool read_response(lk_part *p) {
    lk_part response;
    if (!lk_der_part(p, LK_DER_SEQUENCE, "OCSPResponse", "", &response))
        return false;
    lk_part_end(&response, lk_der_octets_leaf(&response, LK_DER_ENUMERATED, "responseStatus",
                                              "0: the responder could answer.") &&
                               read_response_bytes(&response));
    return true;
}

bool lk_dissect_ocsp(lk_part *p) {
    lk_part response;
    if (!lk_part_vector(p, 3, "response",
                        "The signed statement of the authority whether the certificate is still "
                        "good, a few days old at most.",
                        &response))
        return false;
    lk_part_value(&response, "%zu bytes", response.r.left);
    lk_part_end(&response, read_response(&response));
    return true;
}
