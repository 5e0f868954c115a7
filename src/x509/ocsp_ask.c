/*
 * ocsp_ask.c - what an OCSP response is worth: is it about this certificate, who signed it, and is
 * it of now (RFC 6960 §3.2, §4.2.2).
 */
#include "crypto/digest.h"
#include "x509/der.h"
#include "x509/ocsp.h"
#include "x509/ocsp_read.h"

/* How far ahead of our clock producedAt may be, in seconds. */
#define SKEW 300

/* How long a response without nextUpdate counts, in seconds. */
#define DAY 86400

typedef struct asking {
    const lk_cert *cert, *issuer;
    const lk_public_key *issuer_key;
    const lk_crypto *crypto;
    int64_t now;
    int64_t until; /* how long the responder's certificate lets it speak; INT64_MAX: the issuer
                      itself */
} asking;

static void set(lk_revocation *out, lk_standing standing, const char *why) {
    *out = (lk_revocation){.standing = standing, .why = why, .reason = LK_REASON_NONE};
}

/* ---- Is it about this certificate? ----------------------------------------------------------- */

/* What the CertIDs of certificates of an issuer hold (§4.1.1): hashes of its Name and of "the value
 * (excluding tag and length) of the subject public key field". */
typedef struct issuer_id {
    uint8_t name_sha1[20], key_sha1[20], name_sha256[32], key_sha256[32];
} issuer_id;

static void issuer_id_of(issuer_id *out, const lk_cert *issuer) {
    lk_sha1_identifier(out->name_sha1, issuer->subject);
    lk_sha1_identifier(out->key_sha1, issuer->spki.bits);
    lk_digest_of(LK_SHA256, out->name_sha256, issuer->subject);
    lk_digest_of(LK_SHA256, out->key_sha256, issuer->spki.bits);
}

static bool is_about(const lk_ocsp_single *single, const lk_cert *cert, const issuer_id *id) {
    const uint8_t *name = id->name_sha256, *key = id->key_sha256;
    size_t length = sizeof id->name_sha256;
    if (single->hash == LK_OID_NONE || !lk_slice_equal(single->serial, cert->serial))
        return false;
    if (single->hash == LK_OID_SHA1) {
        name = id->name_sha1;
        key = id->key_sha1;
        length = sizeof id->name_sha1;
    }
    return lk_slice_equal(single->name_hash, lk_slice_of(name, length)) &&
           lk_slice_equal(single->key_hash, lk_slice_of(key, length));
}

/* ---- Who signed it? -------------------------------------------------------------------------- */

/* is_responder says whether responderID names the holder of `cert`. */
static bool is_responder(const lk_ocsp *ocsp, const lk_cert *cert) {
    uint8_t hash[20];
    if (ocsp->responder_name.p_len > 0)
        return lk_slice_equal(ocsp->responder_name, cert->subject);
    lk_sha1_identifier(hash, cert->spki.bits);
    return lk_slice_equal(ocsp->responder_key_hash, lk_slice_of(hash, sizeof hash));
}

/*
 * delegation_fault says why `responder` may not answer for the issuer, or NULL if it may. §4.2.2.2:
 * its certificate "MUST be issued directly by the CA", and id-kp-OCSPSigning MUST be in it;
 * anyExtendedKeyUsage would make a responder of whoever has such a certificate. BR §7.1.2.8: it is
 * none of a CA. Whether it was itself revoked is not asked (§4.2.2.2.1).
 */
static const char *delegation_fault(const asking *a, const lk_cert *responder) {
    static const uint32_t processed =
        LK_EXT_BIT(LK_EXT_KEY_USAGE) | LK_EXT_BIT(LK_EXT_EXTENDED_KEY_USAGE) |
        LK_EXT_BIT(LK_EXT_BASIC_CONSTRAINTS) | LK_EXT_BIT(LK_EXT_SUBJECT_ALT_NAME) |
        LK_EXT_BIT(LK_EXT_POLICIES);
    if (lk_slice_equal(responder->spki_der, a->cert->spki_der))
        return "a certificate cannot answer for itself";
    if (!lk_slice_equal(responder->issuer, a->issuer->subject))
        return "the responder's certificate is of another issuer";
    if (!lk_public_key_verify(a->issuer_key, responder->algorithm, responder->signature,
                              responder->tbs))
        return "the issuer did not sign the responder's certificate";
    if (a->now < responder->not_before)
        return "the responder's certificate is not yet valid";
    if (a->now > responder->not_after)
        return "the responder's certificate has expired";
    if (!lk_cert_has(responder, LK_EXT_EXTENDED_KEY_USAGE) ||
        (responder->ext_key_usage & LK_EKU_OCSP) == 0)
        return "the responder's certificate is not for OCSPSigning";
    if (lk_cert_has(responder, LK_EXT_KEY_USAGE) &&
        (responder->key_usage & LK_KU_DIGITAL_SIGNATURE) == 0)
        return "the responder's certificate lacks digitalSignature";
    if (responder->is_ca)
        return "the responder's certificate is that of a CA";
    if (responder->unknown_critical || (responder->critical & ~processed) != 0)
        return "the responder's certificate has a critical extension that is not known";
    if (lk_spki_fault(&responder->spki) != NULL)
        return "the responder's key is not of an accepted kind and size";
    return NULL;
}

/* is_issuer: responses often bring the issuer's own certificate along. */
static bool is_issuer(const asking *a, const lk_cert *cert) {
    return lk_slice_equal(cert->spki_der, a->issuer->spki_der) &&
           lk_slice_equal(cert->subject, a->issuer->subject);
}

static bool signed_by(const lk_ocsp *ocsp, const lk_public_key *key) {
    return lk_public_key_verify(key, ocsp->algorithm, ocsp->signature, ocsp->data);
}

/* check_delegate: LOCKSTEP_OK if `responder` may answer and did; else `*why`. */
static lockstep_status check_delegate(const asking *a, const lk_ocsp *ocsp,
                                      const lk_cert *responder, const char **why) {
    lk_public_key *key;
    *why = delegation_fault(a, responder);
    if (*why != NULL)
        return LOCKSTEP_CERT_BAD_SIGNATURE;
    lockstep_status status = lk_cert_public_key(&key, a->crypto, responder);
    if (status != LOCKSTEP_OK) {
        *why = "the responder's key is not a valid key of its kind";
        return status;
    }
    if (!signed_by(ocsp, key)) {
        *why = "the signature of the OCSP response is not the responder's";
        status = LOCKSTEP_CERT_BAD_SIGNATURE;
    }
    lk_public_key_free(key);
    return status;
}

/* check_signature: LOCKSTEP_OK if the issuer or one that it delegated signed; else `*why`. Of
 * several that bear the responder's name, the first that is right counts. */
static lockstep_status check_signature(asking *a, const lk_ocsp *ocsp, const char **why) {
    lk_reader certs = lk_reader_of(ocsp->certs);
    lockstep_status status = LOCKSTEP_CERT_BAD_SIGNATURE;
    lk_slice der;
    lk_cert responder;
    *why = "the OCSP response has no certificate of its responder";
    if (is_responder(ocsp, a->issuer)) {
        if (signed_by(ocsp, a->issuer_key))
            return LOCKSTEP_OK;
        *why = "the signature of the OCSP response is not the issuer's";
    }
    for (int i = 0; i < LK_OCSP_MAX_CERTS && lk_der_whole(&certs, LK_DER_SEQUENCE, &der); i++) {
        if (lk_cert_parse(&responder, der) != LOCKSTEP_OK || !is_responder(ocsp, &responder) ||
            is_issuer(a, &responder))
            continue;
        status = check_delegate(a, ocsp, &responder, why);
        if (status == LOCKSTEP_OK)
            a->until = responder.not_after;
        if (status == LOCKSTEP_OK || status == LOCKSTEP_ERR_NO_MEMORY)
            break;
    }
    return status;
}

/* ---- What does it say? ----------------------------------------------------------------------- */

static const char *error_text(lk_ocsp_status status) {
    switch (status) {
    case LK_OCSP_MALFORMED_REQUEST:
        return "the OCSP responder answers malformedRequest";
    case LK_OCSP_INTERNAL_ERROR:
        return "the OCSP responder answers internalError";
    case LK_OCSP_TRY_LATER:
        return "the OCSP responder answers tryLater";
    case LK_OCSP_SIG_REQUIRED:
        return "the OCSP responder answers sigRequired";
    default:
        return "the OCSP responder answers unauthorized";
    }
}

/* untimely says why the answer is not of now, or NULL: §3.2 (5), (6), §4.2.2.1. */
static const char *untimely(const lk_ocsp_single *single, int64_t produced_at, int64_t now) {
    if (single->this_update > now || produced_at - SKEW > now)
        return "the OCSP response is of the future";
    if (!single->has_next_update)
        return now > single->this_update + DAY
                   ? "the OCSP response is more than a day old and does not say how long it counts"
                   : NULL;
    return now > single->next_update ? "the OCSP response is out of date" : NULL;
}

/* tell sets `*out` to what one signed answer means. */
static void tell(lk_revocation *out, const lk_ocsp_single *single, int64_t produced_at,
                 int64_t now) {
    const char *why = untimely(single, produced_at, now);
    if (single->status == LK_OCSP_CERT_REVOKED) {
        /* Whenever it was said: a certificate does not come back. */
        set(out, LK_STANDING_REVOKED, NULL);
        out->reason = single->reason;
        out->revoked_at = single->revoked_at;
        out->this_update = single->this_update;
        out->next_update = single->next_update;
    } else if (single->status == LK_OCSP_CERT_UNKNOWN) {
        set(out, LK_STANDING_UNKNOWN, "the OCSP responder does not know the certificate");
    } else if (why != NULL) {
        set(out, LK_STANDING_UNKNOWN, why);
    } else {
        set(out, LK_STANDING_GOOD, NULL);
        out->this_update = single->this_update;
        out->next_update =
            single->has_next_update ? single->next_update : single->this_update + DAY;
    }
}

/* is_worse orders GOOD, UNKNOWN, REVOKED. */
static bool is_worse(const lk_revocation *a, const lk_revocation *b) {
    return b->standing == LK_STANDING_GOOD
               ? a->standing != LK_STANDING_GOOD
               : b->standing == LK_STANDING_UNKNOWN && a->standing == LK_STANDING_REVOKED;
}

/* tell_worst sets `*out` to the worst answer about the certificate; false: there is none. */
static bool tell_worst(lk_revocation *out, const lk_ocsp *ocsp, const asking *a) {
    lk_reader r = lk_reader_of(ocsp->singles);
    lk_ocsp_single single;
    lk_revocation one;
    issuer_id id;
    bool found = false;
    set(out, LK_STANDING_UNKNOWN, NULL);
    issuer_id_of(&id, a->issuer);
    while (!lk_reader_done(&r) && lk_ocsp_single_read(&r, &single)) {
        if (!is_about(&single, a->cert, &id))
            continue;
        tell(&one, &single, ocsp->produced_at, a->now);
        if (!found || is_worse(&one, out))
            *out = one;
        found = true;
    }
    return found;
}

void lk_ocsp_ask(lk_revocation *out, lk_slice response, const lk_cert *cert, const lk_cert *issuer,
                 const lk_public_key *issuer_key, const lk_crypto *crypto, int64_t now) {
    asking a = {cert, issuer, issuer_key, crypto, now, INT64_MAX};
    lk_ocsp ocsp;
    lk_revocation said;
    const char *why = lk_ocsp_parse(&ocsp, response);
    set(out, LK_STANDING_BAD, why);
    if (why != NULL)
        return;
    if (ocsp.status != LK_OCSP_SUCCESSFUL)
        set(out, LK_STANDING_UNKNOWN, error_text(ocsp.status));
    else if (ocsp.unknown_critical)
        out->why = "the OCSP response has a critical extension that is not known";
    else if (!tell_worst(&said, &ocsp, &a))
        out->why = "the OCSP response is not about this certificate";
    else if (ocsp.algorithm == 0)
        out->why = "the OCSP response is signed in a way that is not accepted";
    else {
        lockstep_status status = check_signature(&a, &ocsp, &out->why);
        if (status == LOCKSTEP_OK) {
            *out = said;
            if (said.standing == LK_STANDING_GOOD && a.until < said.next_update)
                out->next_update = a.until;
        } else if (status == LOCKSTEP_ERR_NO_MEMORY)
            set(out, LK_STANDING_UNKNOWN, "there is no memory to check the OCSP response");
    }
}

bool lk_ocsp_sct_list(lk_slice *list, lk_slice response, const lk_cert *cert,
                      const lk_cert *issuer) {
    lk_ocsp ocsp;
    lk_ocsp_single single;
    issuer_id id;
    if (lk_ocsp_parse(&ocsp, response) != NULL)
        return false;
    issuer_id_of(&id, issuer);
    lk_reader r = lk_reader_of(ocsp.singles);
    while (!lk_reader_done(&r) && lk_ocsp_single_read(&r, &single)) {
        /* RFC 6962 §3.3: SignedCertificateTimestampList ::= OCTET STRING */
        lk_reader value = lk_reader_of(single.sct_list);
        if (single.has_sct_list && is_about(&single, cert, &id) &&
            lk_der_read(&value, LK_DER_OCTET_STRING, list) && lk_reader_done(&value))
            return true;
    }
    return false;
}
