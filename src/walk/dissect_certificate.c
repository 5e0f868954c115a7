/*
 * dissect_certificate.c - Certificate and TBSCertificate (RFC 5280 §4.1).
 */
#include "walk/dissect_x509.h"

#include "x509/oid.h"

static bool read_version(lk_part *p) {
    lk_part version;
    lk_reader at;
    uint64_t v;
    if (!lk_der_part(p, LK_DER_CONTEXT_CONSTRUCTED(0), "version", "The form: v3 has extensions.",
                     &version))
        return true; /* "DEFAULT v1" */
    at = version.r;
    bool complete = lk_der_uint(&at, &v) && lk_der_integer_leaf(&version, "Version", "");
    if (complete)
        lk_part_value(&version, "v%llu", (unsigned long long)v + 1);
    lk_part_end(&version, complete);
    return true;
}

static bool read_serial(lk_part *p) {
    lk_reader at = p->r;
    lk_slice serial;
    return lk_der_integer(&at, &serial) &&
           lk_der_octets_leaf(p, LK_DER_INTEGER, "serialNumber",
                              "The authority's number for this certificate. It is what a list of "
                              "revoked certificates names; random, so that nobody can foresee what "
                              "will be signed.");
}

static bool read_validity(lk_part *p) {
    lk_part validity;
    if (!lk_der_part(p, LK_DER_SEQUENCE, "validity",
                     "From when until when it is good. Short is better: a stolen key is soon "
                     "worthless, and public certificates get shorter every year.",
                     &validity))
        return false;
    lk_part_end(&validity,
                lk_der_time_leaf(&validity, "notBefore", "Not good before this moment.") &&
                    lk_der_time_leaf(&validity, "notAfter", "Not good after this moment."));
    return true;
}

/* read_unique_id: "CAs conforming to this profile MUST NOT generate certificates with unique
 * identifiers." (§4.1.2.8) */
static bool read_unique_id(lk_part *p, unsigned tag, const char *name) {
    return !lk_der_next_is(&p->r, LK_DER_CONTEXT(tag)) ||
           lk_der_octets_leaf(p, LK_DER_CONTEXT(tag), name, "A relic that nobody uses.");
}

static bool read_extensions(lk_part *p) {
    lk_part explicit;
    if (!lk_der_part(p, LK_DER_CONTEXT_CONSTRUCTED(3), "extensions",
                     "What the certificate says beyond name and key: for which sites, what for, "
                     "where to ask whether it was revoked.",
                     &explicit))
        return true;
    lk_part_end(&explicit, lk_dissect_x509_extensions(&explicit));
    return true;
}

static bool read_tbs(lk_part *p) {
    lk_part tbs;
    if (!lk_der_part(p, LK_DER_SEQUENCE, "tbsCertificate",
                     "All that the authority has signed (\"to be signed\").", &tbs))
        return false;
    lk_part_end(
        &tbs,
        read_version(&tbs) && read_serial(&tbs) &&
            lk_dissect_algorithm(&tbs, "signature",
                                 "How the authority signs. It stands here again so that it is "
                                 "signed too and nobody can change it.") &&
            lk_dissect_name(&tbs, "issuer",
                            "Who signed this: a certificate authority. Its own certificate must "
                            "have this name as subject.") &&
            read_validity(&tbs) &&
            lk_dissect_name(&tbs, "subject",
                            "Whose certificate it is. Of a site, browsers look only at "
                            "subjectAltName; this may be empty.") &&
            lk_dissect_spki(&tbs, "subjectPublicKeyInfo",
                            "The public key of the subject. Whoever can sign with the secret key "
                            "that belongs to it is the subject: this is what the certificate is "
                            "for.") &&
            read_unique_id(&tbs, 1, "issuerUniqueID") &&
            read_unique_id(&tbs, 2, "subjectUniqueID") && read_extensions(&tbs));
    return true;
}

static bool read_signature(lk_part *p) {
    lk_part bits;
    if (!lk_der_bits_part(p, "signatureValue",
                          "The authority's signature over tbsCertificate. If a single bit above "
                          "was changed, it does not fit.",
                          &bits))
        return false;
    lk_part_value(&bits, "%zu bytes", bits.r.left);
    lk_part_end(&bits, lk_part_rest(&bits, "bytes", ""));
    return true;
}

bool lk_dissect_x509(lk_part *p, const char *text) {
    lk_part cert;
    if (!lk_der_part(p, LK_DER_SEQUENCE, "Certificate", text, &cert))
        return false;
    lk_part_end(&cert, read_tbs(&cert) &&
                           lk_dissect_algorithm(&cert, "signatureAlgorithm",
                                                "How the signature below was made.") &&
                           read_signature(&cert));
    return true;
}

lk_fields *lk_dissect_certificate(lk_slice der) {
    lk_part all = lk_fields_new(der);
    return lk_fields_done(
        &all, lk_dissect_x509(&all, "A statement by an authority: this public key belongs to this "
                                    "name. Signed, so that nobody can make or change one but the "
                                    "authority."));
}
