/*
 * sct.c - certificate timestamps: reading lists, and verifying what a log signed (RFC 6962 §3.2,
 * §3.3). Which logs there are and how many SCTs are enough: ct.c.
 */
#include "x509/sct.h"

#include "crypto/digest.h"
#include "util/builder.h"
#include "x509/der.h"
#include "x509/der_build.h"

#define SCT_V1 0

/* RFC 5246 §7.4.1.4.1, as far as RFC 6962 §2.1.4 allows them. */
enum { HASH_SHA256 = 4, SIGNATURE_RSA = 1, SIGNATURE_ECDSA = 3 };

enum { ENTRY_X509 = 0, ENTRY_PRECERT = 1 }; /* LogEntryType, §3.1 */

/* ---- Reading --------------------------------------------------------------------------------- */

static lk_signature_algorithm algorithm_of(uint8_t hash, uint8_t signature) {
    if (hash != HASH_SHA256)
        return 0;
    return signature == SIGNATURE_ECDSA ? LK_SIGN_ECDSA_SHA256
           : signature == SIGNATURE_RSA ? LK_SIGN_RSA_PKCS1_SHA256
                                        : 0;
}

/* read_v1 reads what follows the version of an SCT v1. */
static bool read_v1(lk_sct *out, lk_reader r) {
    uint8_t hash, signature;
    if (!lk_read_bytes(&r, LK_LOG_ID_LENGTH, &out->log_id) ||
        !lk_read_uint(&r, 8, &out->timestamp_ms) ||
        !lk_read_vector(&r, 2, 0, 0xffff, &out->extensions) || !lk_read_u8(&r, &hash) ||
        !lk_read_u8(&r, &signature) || !lk_read_vector(&r, 2, 0, 0xffff, &out->signature))
        return false;
    out->algorithm = algorithm_of(hash, signature);
    return lk_reader_done(&r);
}

bool lk_sct_list_parse(lk_sct out[LK_SCT_MAX], size_t *num_scts, lk_slice list) {
    lk_reader whole = lk_reader_of(list), r;
    lk_slice items, item;
    lk_sct sct;
    uint8_t version;
    size_t n = 0;
    *num_scts = 0;
    /* opaque SerializedSCT<1..2^16-1>; SerializedSCT sct_list <1..2^16-1>; */
    if (!lk_read_vector(&whole, 2, 1, 0xffff, &items) || !lk_reader_done(&whole))
        return false;
    lk_reader list_reader = lk_reader_of(items);
    while (!lk_reader_done(&list_reader)) {
        if (!lk_read_vector(&list_reader, 2, 1, 0xffff, &item))
            return false;
        r = lk_reader_of(item);
        if (!lk_read_u8(&r, &version))
            return false;
        if (version != SCT_V1)
            continue;
        if (!read_v1(&sct, r))
            return false;
        if (n < LK_SCT_MAX)
            out[n++] = sct;
    }
    *num_scts = n;
    return true;
}

bool lk_sct_embedded(lk_slice *list, const lk_cert *cert) {
    lk_reader r = lk_reader_of(cert->ext[LK_EXT_SCT_LIST]);
    return lk_cert_has(cert, LK_EXT_SCT_LIST) && lk_der_read(&r, LK_DER_OCTET_STRING, list) &&
           lk_reader_done(&r);
}

/* ---- What was signed ------------------------------------------------------------------------- */

/* is_sct_list says whether the Extension `whole` bears the SCT list's identifier. */
static bool is_sct_list(lk_slice whole) {
    lk_reader r = lk_reader_of(whole), inside;
    lk_slice oid;
    return lk_der_open(&r, LK_DER_SEQUENCE, &inside) && lk_der_oid(&inside, &oid) &&
           lk_oid_is(oid, LK_OID_SCT_LIST);
}

/* copy_extensions writes the [3] of a TBSCertificate without the SCT list; nothing at all if that
 * was the only extension (Extensions ::= SEQUENCE SIZE (1..MAX)). */
static bool copy_extensions(lk_builder *b, lk_slice tagged) {
    lk_reader r = lk_reader_of(tagged), explicit, list;
    lk_slice whole;
    bool found = false;
    size_t start = lk_buffer_length(b->out), num_left = 0;
    if (!lk_der_open(&r, LK_DER_CONTEXT_CONSTRUCTED(3), &explicit) ||
        !lk_der_open(&explicit, LK_DER_SEQUENCE, &list))
        return false;
    size_t at = lk_der_begin(b, LK_DER_CONTEXT_CONSTRUCTED(3));
    size_t sequence = lk_der_begin(b, LK_DER_SEQUENCE);
    while (!lk_reader_done(&list)) {
        if (!lk_der_whole(&list, LK_DER_SEQUENCE, &whole))
            return false;
        if (is_sct_list(whole)) {
            found = true;
            continue;
        }
        lk_build_bytes(b, whole);
        num_left++;
    }
    lk_der_end(b, sequence);
    lk_der_end(b, at);
    if (num_left == 0)
        lk_buffer_cut(b->out, start);
    return found;
}

static bool copy_tbs(lk_builder *b, const lk_cert *cert) {
    lk_reader whole = lk_reader_of(cert->tbs), r;
    lk_der field;
    bool found = false;
    if (!lk_der_open(&whole, LK_DER_SEQUENCE, &r))
        return false;
    size_t at = lk_der_begin(b, LK_DER_SEQUENCE);
    while (!lk_reader_done(&r)) {
        if (!lk_der_any(&r, &field))
            return false;
        if (field.tag == LK_DER_CONTEXT_CONSTRUCTED(3))
            found = copy_extensions(b, field.whole);
        else
            lk_build_bytes(b, field.whole);
    }
    lk_der_end(b, at);
    return found && lk_builder_ok(b);
}

/*
 * What is signed is the precertificate's TBSCertificate "without the signature and the poison
 * extension" (§3.2), so that nothing has to be put in. Where a Precertificate Signing Certificate
 * has issued the precertificate, the log signs it with the issuer "changed to that of the CA that
 * will issue the final certificate", which is the one in the final TBSCertificate, and hashes that
 * CA's key: so there is nothing special about it here.
 */
bool lk_sct_precert_tbs(lk_buffer *out, const lk_cert *cert) {
    lk_builder b = lk_builder_of(out);
    size_t start = lk_buffer_length(out);
    if (lk_cert_has(cert, LK_EXT_SCT_LIST) && copy_tbs(&b, cert))
        return true;
    lk_buffer_cut(out, start);
    return false;
}

/* build_signed writes the structure that is digitally-signed (§3.2). */
static bool build_signed(lk_buffer *out, const lk_sct *sct, lk_sct_origin origin,
                         const lk_cert *cert, const lk_cert *issuer) {
    lk_builder b = lk_builder_of(out);
    lk_build_u8(&b, SCT_V1);
    lk_build_u8(&b, 0); /* signature_type: certificate_timestamp */
    lk_build_uint(&b, 8, sct->timestamp_ms);
    if (origin == LK_SCT_EMBEDDED) {
        uint8_t key_hash[LK_HASH_MAX];
        lk_build_u16(&b, ENTRY_PRECERT);
        lk_digest_of(LK_SHA256, key_hash, issuer->spki_der);
        lk_build_bytes(&b, lk_slice_of(key_hash, lk_hash_length(LK_SHA256)));
        lk_length length = lk_build_open(&b, 3);
        if (!lk_builder_ok(&b) || !lk_sct_precert_tbs(out, cert))
            return false;
        lk_build_close(&b, length);
    } else {
        lk_build_u16(&b, ENTRY_X509);
        lk_build_vector(&b, 3, cert->der);
    }
    lk_build_vector(&b, 2, sct->extensions);
    return lk_builder_ok(&b);
}

bool lk_sct_verify(const lk_sct *sct, const lk_log *log, lk_sct_origin origin, const lk_cert *cert,
                   const lk_cert *issuer, const lk_heap *heap) {
    lk_buffer message = lk_buffer_of(heap, 0);
    if (sct->algorithm == 0 || (origin == LK_SCT_EMBEDDED && issuer == NULL))
        return false;
    bool good = build_signed(&message, sct, origin, cert, issuer) &&
                lk_public_key_verify(lk_log_key(log), sct->algorithm, sct->signature,
                                     lk_buffer_slice(&message));
    lk_buffer_free(&message);
    return good;
}
