/*
 * dissect_proofs.c - extensions about certificates and what comes with them.
 */
#include "util/civil.h"
#include "walk/dissect.h"
#include "walk/dissect_x509.h"
#include "walk/names.h"
#include "x509/dn.h"

/* ---- Revocation and transparency ------------------------------------------------------------- */

static const char *status_type(uint16_t type) {
    return type == 1 ? "ocsp" : type == 2 ? "ocsp_multi" : "unknown";
}

static bool read_status(lk_part *p) {
    return lk_part_code(p, 1, "status_type", "", status_type, NULL) && lk_dissect_ocsp(p);
}

bool lk_read_status_request(lk_part *p, lk_place place) {
    if (place == LK_IN_CERTIFICATE) {
        lk_part_text(p, "Stapled: the authority's fresh statement that this certificate has not "
                        "been revoked, fetched by the server.");
        return read_status(p);
    }
    if (place == LK_IN_SERVER_HELLO_12)
        lk_part_text(p, "The server will send the proof that its certificate is not revoked.");
    if (place != LK_IN_CLIENT_HELLO)
        return lk_part_empty(p);
    return lk_part_code(p, 1, "status_type", "", status_type, NULL) &&
           lk_part_opaque(p, 2, "responder_id_list", "Whose word would count; empty: anybody's.",
                          NULL) &&
           lk_part_opaque(p, 2, "request_extensions", "", NULL);
}

bool lk_dissect_certificate_status(lk_part *p) {
    return read_status(p);
}

static const char *sct_version(uint16_t version) {
    return version == 0 ? "v1" : "unknown";
}

static bool read_sct_time(lk_part *p) {
    uint64_t ms;
    char text[64];
    if (!lk_part_uint(p, 8, "timestamp", "When the log promised to take it up.", &ms))
        return false;
    if (ms / 1000 < UINT64_C(253402300800)) { /* the year 10000 */
        lk_civil_text(text, sizeof text, (int64_t)(ms / 1000), true);
        lk_last_value(p, "%s", text);
    }
    return true;
}

/* SignedCertificateTimestamp (RFC 6962 §3.2) */
static bool read_sct(lk_part *p) {
    return lk_part_code(p, 1, "sct_version", "", sct_version, NULL) &&
           lk_part_bytes(p, 32, "id", "Which log it is: the SHA-256 of its public key.") &&
           read_sct_time(p) && lk_part_opaque(p, 2, "extensions", "", NULL) &&
           lk_part_code(p, 2, "algorithm", "", lk_name_scheme, NULL) &&
           lk_dissect_signature(p, "The log's signature over the time and the certificate.");
}

bool lk_dissect_sct_list(lk_part *p) {
    lk_part list, sct;
    size_t n = 0;
    if (!lk_part_vector(p, 2, "sct_list", "", &list))
        return false;
    while (!lk_part_empty(&list) &&
           lk_part_vector(&list, 2, "SerializedSCT",
                          "A signed certificate timestamp: a public log's promise to list this "
                          "certificate for all to see.",
                          &sct)) {
        lk_part_end(&sct, read_sct(&sct));
        n++;
    }
    lk_part_value(&list, "%zu timestamp%s", n, n == 1 ? "" : "s");
    lk_part_value(p, "%zu timestamp%s", n, n == 1 ? "" : "s");
    lk_part_end(&list, n > 0);
    return true;
}

bool lk_read_scts(lk_part *p, lk_place place) {
    if (place == LK_IN_CLIENT_HELLO || place == LK_IN_CERTIFICATE_REQUEST)
        return lk_part_empty(p);
    lk_part_text(p, "Proof that the certificate stands in public logs: forged ones would be seen.");
    return lk_dissect_sct_list(p);
}

/* ---- Forms of certificates ------------------------------------------------------------------- */

bool lk_read_compress_certificate(lk_part *p, lk_place place) {
    (void)place;
    return lk_part_codes(p, 1, "algorithms", "", 2, "CertificateCompressionAlgorithm",
                         lk_name_compression);
}

bool lk_read_certificate_type(lk_part *p, lk_place place) {
    uint16_t type;
    if (place == LK_IN_CLIENT_HELLO)
        return lk_part_codes(p, 1, "certificate_types", "", 1, "CertificateType",
                             lk_name_certificate_type);
    if (!lk_part_code(p, 1, "certificate_type", "", lk_name_certificate_type, &type))
        return false;
    lk_part_value(p, "%s", lk_name_certificate_type(type));
    return true;
}

static void name_value(lk_part *p, lk_slice name) {
    lk_buffer text = lk_buffer_of(&lk_heap_default, 0);
    if (lk_dn_valid(name) && lk_dn_text(&text, name))
        lk_last_value(p, "%s", lk_part_kept(p, lk_buffer_slice(&text)));
    lk_buffer_free(&text);
}

bool lk_dissect_authorities(lk_part *p) {
    lk_part list, entry;
    if (!lk_part_vector(p, 2, "authorities",
                        "Names of certificate authorities whose certificates are welcome. Empty: "
                        "any.",
                        &list))
        return false;
    while (!lk_part_empty(&list) && lk_part_vector(&list, 2, "DistinguishedName", "", &entry)) {
        lk_slice name = lk_reader_rest(&entry.r);
        bool complete =
            !lk_part_empty(&entry) && lk_part_leaf(&entry, name.p_len, "name", "", NULL);
        if (complete)
            name_value(&entry, name);
        lk_part_end(&entry, complete);
    }
    lk_part_end(&list, true);
    return true;
}

bool lk_read_certificate_authorities(lk_part *p, lk_place place) {
    (void)place;
    return lk_dissect_authorities(p);
}

bool lk_read_oid_filters(lk_part *p, lk_place place) {
    lk_part list;
    (void)place;
    if (!lk_part_vector(p, 2, "filters", "", &list))
        return false;
    bool complete = true;
    while (complete && !lk_part_empty(&list))
        complete = lk_part_opaque(&list, 1, "certificate_extension_oid", "", NULL) &&
                   lk_part_opaque(&list, 2, "certificate_extension_values", "", NULL);
    lk_part_end(&list, complete);
    return true;
}

/* ---- Delegated credentials (RFC 9345 §4) ----------------------------------------------------- */

static bool read_key(lk_part *p) {
    lk_part key;
    if (!lk_part_vector(p, 3, "ASN1_subjectPublicKeyInfo", "The short-lived public key.", &key))
        return false;
    lk_part_end(&key, lk_dissect_spki(&key, "SubjectPublicKeyInfo", ""));
    return true;
}

bool lk_read_delegated_credential(lk_part *p, lk_place place) {
    uint64_t seconds;
    if (place != LK_IN_CERTIFICATE)
        return lk_part_codes(p, 2, "supported_signature_algorithms", "", 2, "SignatureScheme",
                             lk_name_scheme);
    if (!lk_part_uint(p, 4, "valid_time",
                      "Until when, in seconds after the certificate's own beginning.", &seconds))
        return false;
    lk_last_value(p, "%llu seconds", (unsigned long long)seconds);
    return lk_part_code(p, 2, "dc_cert_verify_algorithm", "What this key signs the handshake with.",
                        lk_name_scheme, NULL) &&
           read_key(p) &&
           lk_part_code(p, 2, "algorithm", "What the certificate's key has signed it with.",
                        lk_name_scheme, NULL) &&
           lk_dissect_signature(p, "The signature by the key of the certificate.");
}

/* ---- trust_anchors (draft-ietf-tls-trust-anchor-ids) ----------------------------------------- */

bool lk_read_trust_anchors(lk_part *p, lk_place place) {
    lk_part list, id;
    char text[128];
    size_t n = 0;
    if (place == LK_IN_CERTIFICATE)
        return lk_part_empty(p);
    if (!lk_part_vector(p, 2, "trust_anchors", "", &list))
        return false;
    while (!lk_part_empty(&list) && lk_part_vector(&list, 1, "TrustAnchorID", "", &id)) {
        /* A relative OID: "11129.9.13", without the numbers that all of them share. */
        lk_oid_numbers(text, sizeof text, lk_reader_rest(&id.r), true);
        lk_part_value(&id, "%s", text);
        lk_part_end(&id, lk_part_rest(&id, "bytes", ""));
        n++;
    }
    lk_part_value(p, "%zu root%s", n, n == 1 ? "" : "s");
    lk_part_end(&list, true);
    return true;
}
