/*
 * dissect_proof_messages.c - the messages by which a side proves who it is: Certificate and its
 * kin, CertificateRequest, CertificateVerify, Finished.
 */
#include "walk/dissect.h"
#include "walk/dissect_x509.h"
#include "walk/names.h"
#include "wire/types.h"
#include "x509/cert.h"
#include "x509/dn.h"

/* ---- Certificate (RFC 8446 §4.4.2, RFC 5246 §7.4.2) ------------------------------------------ */

static const char *cert_text(size_t n) {
    return n == 0 ? "The certificate of the sender: its names, its public key, until when it is "
                    "good, and the signature of an authority over all that."
                  : "The certificate of the authority that signed the one before.";
}

static void subject_value(lk_part *p, lk_slice der) {
    lk_cert cert;
    lk_buffer text = lk_buffer_of(&lk_heap_default, 0);
    if (lk_cert_parse(&cert, der) == LOCKSTEP_OK && !lk_dn_empty(cert.subject) &&
        lk_dn_text(&text, cert.subject))
        lk_last_value(p, "%zu bytes, %s", der.p_len, lk_part_kept(p, lk_buffer_slice(&text)));
    else
        lk_last_value(p, "%zu bytes", der.p_len);
    lk_buffer_free(&text);
}

/* is_key looks ahead: a SubjectPublicKeyInfo has never the form of a certificate. */
static bool is_key(lk_reader r) {
    lk_slice data;
    lk_spki spki;
    return lk_read_vector(&r, 3, 0, (1 << 24) - 1, &data) && lk_spki_parse(&spki, data);
}

/* read_cert reads cert_data, behind its length of three bytes. */
static bool read_cert(lk_part *p, size_t n, bool raw_key) {
    lk_part data;
    raw_key = raw_key || is_key(p->r);
    if (!lk_part_vector(p, 3, raw_key ? "ASN1_subjectPublicKeyInfo" : "cert_data",
                        raw_key ? "A bare public key. Who it belongs to the other side must know."
                                : cert_text(n),
                        &data))
        return false;
    lk_slice der = lk_reader_rest(&data.r);
    bool complete = !lk_part_empty(&data);
    if (raw_key)
        complete = complete && lk_dissect_spki(&data, "SubjectPublicKeyInfo", "");
    else if (complete && lk_part_leaf(&data, der.p_len, "certificate", "", NULL))
        subject_value(&data, der);
    lk_part_end(&data, complete);
    return true;
}

static bool read_entries(lk_part *p, const lk_dissect_context *context) {
    lk_part list, entry;
    size_t n = 0;
    if (!lk_part_vector(p, 3, "certificate_list",
                        "The chain: the sender's own certificate first, then those of the "
                        "authorities, up to one below a root that the other side has already.",
                        &list))
        return false;
    while (!lk_part_empty(&list)) {
        lk_reader at = list.r;
        lk_slice cert, extensions;
        size_t left = at.left;
        if (!lk_read_vector(&at, 3, 0, (1 << 24) - 1, &cert) ||
            !lk_read_vector(&at, 2, 0, UINT16_MAX, &extensions)) {
            at.left = 0;
        }
        if (!lk_part_open(&list, left - at.left, "CertificateEntry", "", &entry))
            break;
        lk_part_end(&entry, read_cert(&entry, n++, context->raw_key) &&
                                lk_dissect_extensions(&entry, LK_IN_CERTIFICATE));
    }
    lk_part_value(&list, "%zu certificate%s", n, n == 1 ? "" : "s");
    lk_part_end(&list, true);
    return true;
}

static bool read_list12(lk_part *p, bool raw_key) {
    lk_part list;
    size_t n = 0;
    if (raw_key || is_key(p->r)) /* RFC 7250 §3: in place of the list */
        return read_cert(p, 0, true);
    if (!lk_part_vector(p, 3, "certificate_list",
                        "The chain: the sender's own certificate first, then those of the "
                        "authorities.",
                        &list))
        return false;
    while (!lk_part_empty(&list) && read_cert(&list, n, false))
        n++;
    lk_part_value(&list, "%zu certificate%s", n, n == 1 ? "" : "s");
    lk_part_end(&list, true);
    return true;
}

bool lk_dissect_certificates(lk_part *p, const lk_dissect_context *context) {
    if (context->version == LK_TLS12)
        return read_list12(p, context->raw_key);
    return lk_part_opaque(p, 1, "certificate_request_context",
                          "Says which request this answers; empty in a handshake.", NULL) &&
           read_entries(p, context);
}

bool lk_dissect_compressed_certificate(lk_part *p) {
    uint64_t length;
    if (!lk_part_code(p, 2, "algorithm", "How it was compressed.", lk_name_compression, NULL) ||
        !lk_part_uint(p, 3, "uncompressed_length",
                      "How long it becomes. Said in front, so that a small message cannot become a "
                      "huge one by surprise.",
                      &length))
        return false;
    lk_last_value(p, "%llu bytes", (unsigned long long)length);
    return lk_part_opaque(p, 3, "compressed_certificate_message",
                          "The Certificate message, compressed. It saves a server a round trip if "
                          "it fits into the first packets so.",
                          NULL);
}

/* ---- CertificateRequest (RFC 8446 §4.3.2, RFC 5246 §7.4.4) ----------------------------------- */

bool lk_dissect_certificate_request(lk_part *p, uint16_t version) {
    if (version == LK_TLS12)
        return lk_part_codes(p, 1, "certificate_types", "The kinds of key that are accepted.", 1,
                             "ClientCertificateType", lk_name_client_certificate) &&
               lk_part_codes(p, 2, "supported_signature_algorithms",
                             "The kinds of signature that are accepted.", 2, "SignatureScheme",
                             lk_name_scheme) &&
               lk_dissect_authorities(p);
    return lk_part_opaque(p, 1, "certificate_request_context",
                          "A name for this request, if there are several.", NULL) &&
           lk_dissect_extensions(p, LK_IN_CERTIFICATE_REQUEST);
}

/* ---- CertificateVerify (RFC 8446 §4.4.3, RFC 5246 §7.4.8) ------------------------------------ */

bool lk_dissect_signature(lk_part *p, const char *text) {
    return lk_part_opaque(p, 2, "signature", text, NULL);
}

bool lk_dissect_certificate_verify(lk_part *p) {
    return lk_part_code(p, 2, "algorithm", "With which kind of key and which hash it was signed.",
                        lk_name_scheme, NULL) &&
           lk_dissect_signature(p, "Made with the secret key that belongs to the certificate, over "
                                   "everything said so far. A stolen certificate without its key "
                                   "cannot make it, and one of another connection does not fit.");
}

/* ---- Finished (RFC 8446 §4.4.4, RFC 5246 §7.4.9) --------------------------------------------- */

bool lk_dissect_finished(lk_part *p) {
    return !lk_part_empty(p) &&
           lk_part_rest(
               p, "verify_data",
               "A checksum over the whole handshake, made with a key that only the two "
               "ends have. If a single bit was changed on the way, it does not fit and the "
               "connection ends.");
}
