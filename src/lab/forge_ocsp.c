#include "lab/forge_ocsp.h"

#include "crypto/digest.h"
#include "x509/cert.h"
#include "x509/der.h"
#include "x509/der_build.h"

#define HOUR INT64_C(3600)

/* parsed reads a certificate of the spec; one that cannot be read makes the builder bad. */
static lk_cert parsed(lk_builder *b, lk_slice der) {
    lk_cert cert;
    if (lk_cert_parse(&cert, der) != LOCKSTEP_OK) {
        b->bad = true;
        memset(&cert, 0, sizeof cert);
    }
    return cert;
}

/* has says whether the spec asks for this mistake. */
static bool has(const lk_forge_ocsp_spec *s, const char *mistake) {
    return s->mistake != NULL && strcmp(s->mistake, mistake) == 0;
}

/* end closes an element; the mistake of that name: with a NULL at its end that does not belong. */
static void end(lk_builder *b, const lk_forge_ocsp_spec *s, size_t at, const char *mistake) {
    if (has(s, mistake))
        lk_der_put(b, LK_DER_NULL, (lk_slice){0});
    lk_der_end(b, at);
}

/* put_time writes a GeneralizedTime; the mistake "utc": UTCTime. */
static void put_time(lk_builder *b, const lk_forge_ocsp_spec *s, int64_t seconds) {
    size_t start = lk_buffer_length(b->out);
    lk_der_put_time(b, seconds);
    uint8_t text[15] = "20"; /* UTCTime's digits, with a century */
    if (!lk_builder_ok(b) || has(s, "utc") || lk_buffer_bytes(b->out)[start] != LK_DER_UTC_TIME)
        return;
    memcpy(text, lk_buffer_bytes(b->out)[start + 2] < '5' ? "20" : "19", 2);
    memcpy(text + 2, lk_buffer_bytes(b->out) + start + 2, 13);
    lk_buffer_cut(b->out, start);
    lk_der_put(b, LK_DER_GENERALIZED_TIME, lk_slice_of(text, sizeof text));
}

static void put_sct_list(lk_builder *b, const lk_forge_ocsp_spec *s) {
    lk_buffer value = lk_buffer_of(&lk_heap_default, 0);
    lk_builder v = lk_builder_of(&value);
    lk_der_put(&v, has(s, "sct-tag") ? LK_DER_UTF8_STRING : LK_DER_OCTET_STRING, s->sct_list);
    if (has(s, "sct-more"))
        lk_build_u8(&v, 0);
    b->bad = b->bad || v.bad;
    lk_forge_put_extension(b, LK_OID_OCSP_SCT_LIST, false, lk_buffer_slice(&value));
    lk_buffer_free(&value);
}

static void put_single_extensions(lk_builder *b, const lk_forge_ocsp_spec *s) {
    if (s->sct_list.p_len == 0 && s->extra_single == LK_OID_NONE && !has(s, "no-extensions"))
        return;
    size_t tagged = lk_der_begin(b, LK_DER_CONTEXT_CONSTRUCTED(1));
    size_t list = lk_der_begin(b, LK_DER_SEQUENCE);
    for (int i = 0; s->sct_list.p_len > 0 && i < (has(s, "sct-twice") ? 2 : 1); i++)
        put_sct_list(b, s);
    if (s->extra_single != LK_OID_NONE)
        lk_forge_put_extension(b, s->extra_single, s->extra_critical, (lk_slice){0});
    lk_der_end(b, list);
    end(b, s, tagged, "extensions-more");
}

static void put_cert_id(lk_builder *b, const lk_forge_ocsp_spec *s) {
    uint8_t name[33] = {0}, key[33] = {0};
    lk_cert cert = parsed(b, s->cert), issuer = parsed(b, s->issuer);
    size_t length = s->sha256 ? 32 : 20;
    if (s->sha256) {
        lk_digest_of(LK_SHA256, name, issuer.subject);
        lk_digest_of(LK_SHA256, key, issuer.spki.bits);
    } else {
        lk_sha1_identifier(name, issuer.subject);
        lk_sha1_identifier(key, issuer.spki.bits);
    }
    size_t id = lk_der_begin(b, LK_DER_SEQUENCE), hash = lk_der_begin(b, LK_DER_SEQUENCE);
    lk_der_put(b, LK_DER_OID,
               lk_oid_bytes(has(s, "sha384") ? LK_OID_SHA384
                            : s->sha256      ? LK_OID_SHA256
                                             : LK_OID_SHA1));
    if (has(s, "hash-parameters"))
        lk_der_put_uint(b, 1);
    else if (!has(s, "hash-without-null"))
        lk_der_put(b, LK_DER_NULL, (lk_slice){0});
    end(b, s, hash, "hash-more");
    lk_der_put(b, LK_DER_OCTET_STRING,
               lk_slice_of(name, length - has(s, "name-short") + has(s, "name-long")));
    lk_der_put(b, LK_DER_OCTET_STRING,
               lk_slice_of(key, length - has(s, "key-short") + has(s, "key-long")));
    lk_der_put(b, LK_DER_INTEGER, s->serial.p_len > 0 ? s->serial : cert.serial);
    end(b, s, id, "id-more");
}

static void put_reason(lk_builder *b, const lk_forge_ocsp_spec *s) {
    uint8_t reason = (uint8_t)(s->reason < 0 ? 0 : s->reason);
    size_t tagged = lk_der_begin(b, LK_DER_CONTEXT_CONSTRUCTED(0));
    lk_der_put(b, has(s, "reason-integer") ? LK_DER_INTEGER : LK_DER_ENUMERATED,
               lk_slice_of(&reason, 1));
    end(b, s, tagged, "reason-more");
}

static void put_status(lk_builder *b, const lk_forge_ocsp_spec *s) {
    static const uint8_t null[] = {LK_DER_NULL, 0};
    if (s->status != 'r') {
        bool explicit = has(s, "status-explicit");
        uint8_t tag = has(s, "status-3") ? 3 : s->status == 'u' ? 2 : 0;
        lk_der_put(b, explicit ? LK_DER_CONTEXT_CONSTRUCTED(tag) : LK_DER_CONTEXT(tag),
                   lk_slice_of(null, explicit || has(s, "status-filled") ? 2 : 0));
        return;
    }
    size_t revoked = lk_der_begin(b, LK_DER_CONTEXT_CONSTRUCTED(1));
    put_time(b, s, s->revoked_at == 0 ? s->now - 2 * LK_FORGE_DAY : s->revoked_at);
    if (s->reason != 0)
        put_reason(b, s);
    end(b, s, revoked, "revoked-more");
}

static void put_single(lk_builder *b, const lk_forge_ocsp_spec *s) {
    size_t single = lk_der_begin(b, LK_DER_SEQUENCE);
    put_cert_id(b, s);
    put_status(b, s);
    put_time(b, s, s->this_update == 0 ? s->now - HOUR : s->this_update);
    if (s->next_update != 0) {
        size_t tagged = lk_der_begin(b, LK_DER_CONTEXT_CONSTRUCTED(0));
        put_time(b, s, s->next_update);
        end(b, s, tagged, "next-more");
    }
    put_single_extensions(b, s);
    end(b, s, single, "single-more");
}

static void put_responder(lk_builder *b, const lk_forge_ocsp_spec *s) {
    lk_cert responder = parsed(b, s->responder.p_len > 0 ? s->responder : s->issuer);
    uint8_t hash[21] = {0};
    uint8_t tag = LK_DER_CONTEXT_CONSTRUCTED(has(s, "responder-3") ? 3 : s->by_key ? 2 : 1);
    size_t tagged = lk_der_begin(b, tag);
    lk_sha1_identifier(hash, responder.spki.bits);
    if (s->by_key)
        lk_der_put(b, LK_DER_OCTET_STRING, lk_slice_of(hash, has(s, "by-key-long") ? 21 : 20));
    else if (has(s, "no-name"))
        lk_der_put(b, LK_DER_SEQUENCE, lk_slice_of("\5", 2)); /* of a NULL */
    else
        lk_build_bytes(b, responder.subject);
    end(b, s, tagged, "responder-more");
}

static void put_data(lk_builder *b, const lk_forge_ocsp_spec *s) {
    size_t data = lk_der_begin(b, LK_DER_SEQUENCE);
    if (has(s, "version-1") || has(s, "version-2") || has(s, "version-more")) {
        size_t version = lk_der_begin(b, LK_DER_CONTEXT_CONSTRUCTED(0));
        lk_der_put_uint(b, has(s, "version-2") ? 1 : 0);
        end(b, s, version, "version-more");
    }
    put_responder(b, s);
    put_time(b, s, s->produced_at == 0 ? s->now - HOUR : s->produced_at);
    size_t list = lk_der_begin(b, LK_DER_SEQUENCE);
    if (s->also != NULL)
        put_single(b, s->also);
    if (!has(s, "no-answer"))
        put_single(b, s);
    end(b, s, list, "list-more");
    if (s->extra != LK_OID_NONE || has(s, "no-response-extensions")) {
        size_t tagged = lk_der_begin(b, LK_DER_CONTEXT_CONSTRUCTED(1));
        size_t extensions = lk_der_begin(b, LK_DER_SEQUENCE);
        if (s->extra != LK_OID_NONE)
            lk_forge_put_extension(b, s->extra, s->extra_critical, (lk_slice){0});
        lk_der_end(b, extensions);
        end(b, s, tagged, "response-extensions-more");
    }
    end(b, s, data, "data-more");
}

static void put_certs(lk_builder *b, const lk_forge_ocsp_spec *s) {
    if (s->responder.p_len == 0 && s->more_certs[0].p_len == 0 && !has(s, "no-certs") &&
        !has(s, "certs-null") && !has(s, "certs-more"))
        return;
    size_t tagged = lk_der_begin(b, LK_DER_CONTEXT_CONSTRUCTED(0));
    size_t list = lk_der_begin(b, LK_DER_SEQUENCE);
    for (size_t i = 0; i < 6 && s->more_certs[i].p_len > 0; i++)
        lk_build_bytes(b, s->more_certs[i]);
    if (!has(s, "responder-absent"))
        lk_build_bytes(b, s->responder);
    end(b, s, list, "certs-null");
    end(b, s, tagged, "certs-more");
}

static void put_basic(lk_builder *b, const lk_forge_ocsp_spec *s) {
    uint8_t signature[LK_SIGNATURE_MAX] = {0};
    size_t basic = lk_der_begin(b, LK_DER_SEQUENCE), start = lk_buffer_length(b->out);
    if (s->data.p_len > 0)
        lk_build_bytes(b, s->data);
    else
        put_data(b, s);
    lk_slice signed_ = lk_forge_sign(b, s->signer, start, signature);
    if (s->bad_signature && signed_.p_len > 0)
        signature[signed_.p_len - 1] ^= 1;
    lk_build_bytes(b, s->algorithm.p_len > 0
                          ? s->algorithm
                          : lk_signature_algorithm_der(lk_forge_algorithm(s->signer)));
    lk_der_put_bit_octets(b, signed_);
    put_certs(b, s);
    end(b, s, basic, "basic-more");
}

lockstep_status lk_forge_ocsp(lk_buffer *out, const lk_forge_ocsp_spec *s) {
    lk_builder b = lk_builder_of(out);
    uint8_t status = (uint8_t)s->response_status;
    size_t whole = lk_der_begin(&b, LK_DER_SEQUENCE);
    lk_der_put(&b, LK_DER_ENUMERATED, lk_slice_of(&status, 1));
    if ((status == 0 && !has(s, "no-bytes")) || has(s, "error-with-bytes")) {
        size_t tagged = lk_der_begin(&b, LK_DER_CONTEXT_CONSTRUCTED(0));
        size_t bytes = lk_der_begin(&b, LK_DER_SEQUENCE);
        lk_der_put(&b, LK_DER_OID,
                   lk_oid_bytes(has(s, "other-type") ? LK_OID_OCSP_NONCE : LK_OID_OCSP_BASIC));
        size_t string = lk_der_begin(&b, LK_DER_OCTET_STRING);
        put_basic(&b, s);
        end(&b, s, string, "string-more");
        end(&b, s, bytes, "bytes-more");
        end(&b, s, tagged, "tagged-more");
    }
    end(&b, s, whole, "whole-more");
    return lk_forge_end(&b);
}
