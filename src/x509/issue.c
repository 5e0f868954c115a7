/*
 * issue.c - lockstep_issue: a new key and a certificate for it (RFC 5280 §4, CA/B BR §7.1.2).
 */
#include <lockstep/x509.h>

#include "crypto/crypto.h"
#include "crypto/digest.h"
#include "crypto/keys.h"
#include "util/heap.h"
#include "util/pem.h"
#include "x509/constraints.h"
#include "x509/der.h"
#include "x509/der_build.h"
#include "x509/issue.h"
#include "x509/name.h"

/* 128 bits, of which BR §7.1 wants 64 random. */
#define SERIAL_BYTES 16

/* RFC 7093 §2 (1): the leftmost 160 bits of the SHA-256 of the subjectPublicKey bits. */
#define KEY_ID_BYTES 20

typedef struct issuing {
    const lockstep_issue_request *request;
    lk_heap heap;
    lk_private_key *key;        /* of the subject */
    lk_private_key *issuer_key; /* NULL: self-signed */
    lk_buffer issuer_der;
    lk_cert issuer;
    lk_signature_algorithm algorithm;
    uint8_t serial[SERIAL_BYTES];
    uint8_t key_id[KEY_ID_BYTES];
    lk_buffer spki;
} issuing;

/* ---- Keys ------------------------------------------------------------------------------------ */

static lockstep_status make_key(issuing *is) {
    switch (is->request->key_kind) {
    case LOCKSTEP_KEY_ECDSA_P256:
        return lk_private_key_generate(&is->key, NULL, LK_KEY_P256, 0);
    case LOCKSTEP_KEY_ECDSA_P384:
        return lk_private_key_generate(&is->key, NULL, LK_KEY_P384, 0);
    case LOCKSTEP_KEY_RSA_2048:
        return lk_private_key_generate(&is->key, NULL, LK_KEY_RSA, 2048);
    case LOCKSTEP_KEY_RSA_3072:
        return lk_private_key_generate(&is->key, NULL, LK_KEY_RSA, 3072);
    case LOCKSTEP_KEY_ED25519:
        return lk_private_key_generate(&is->key, NULL, LK_KEY_ED25519, 0);
    }
    return LOCKSTEP_ERR_KEY_UNSUPPORTED;
}

static lk_signature_algorithm algorithm_for(lk_key_kind kind) {
    switch (kind) {
    case LK_KEY_RSA:
        return LK_SIGN_RSA_PKCS1_SHA256;
    case LK_KEY_P256:
        return LK_SIGN_ECDSA_SHA256;
    case LK_KEY_P384:
        return LK_SIGN_ECDSA_SHA384;
    case LK_KEY_P521:
        return LK_SIGN_ECDSA_SHA512;
    case LK_KEY_ED25519:
        break;
    }
    return LK_SIGN_ED25519;
}

static bool key_id_of(uint8_t out[KEY_ID_BYTES], lk_slice spki_der) {
    uint8_t digest[LK_HASH_MAX];
    lk_spki spki;
    if (!lk_spki_parse(&spki, spki_der))
        return false;
    lk_digest_of(LK_SHA256, digest, spki.bits);
    memcpy(out, digest, KEY_ID_BYTES);
    return true;
}

/* read_issuer reads the issuer's certificate and key, and checks that they may sign a leaf, or with
 * `ca` a CA. */
static lockstep_status read_issuer(issuing *is, const char *cert_pem, const char *key_pem,
                                   bool ca) {
    lk_slice text = lk_slice_of_str(cert_pem);
    if (lk_pem_next(&text, "CERTIFICATE", &is->issuer_der) != 1 ||
        lk_cert_parse(&is->issuer, lk_buffer_slice(&is->issuer_der)) != LOCKSTEP_OK)
        return LOCKSTEP_ERR_PEM;
    lockstep_status status =
        lk_private_key_from_pem(&is->issuer_key, NULL, lk_slice_of_str(key_pem));
    if (status != LOCKSTEP_OK)
        return status;
    if (!lk_private_key_matches(is->issuer_key, is->issuer.spki_der))
        return LOCKSTEP_ERR_KEY_MISMATCH;
    bool may_sign = is->issuer.is_ca && (!lk_cert_has(&is->issuer, LK_EXT_KEY_USAGE) ||
                                         (is->issuer.key_usage & LK_KU_CERT_SIGN) != 0);
    /* A CA below needs room in the path length of the CA above. */
    if (ca && is->issuer.has_path_length && is->issuer.path_length == 0)
        may_sign = false;
    return may_sign ? LOCKSTEP_OK : LOCKSTEP_ERR_USAGE;
}

/* ---- Writing the certificate ----------------------------------------------------------------- */

static void put_attribute(lk_builder *b, lk_oid type, const char *value) {
    if (value == NULL)
        return;
    size_t set = lk_der_begin(b, LK_DER_SET), pair = lk_der_begin(b, LK_DER_SEQUENCE);
    lk_der_put(b, LK_DER_OID, lk_oid_bytes(type));
    lk_der_put(b, LK_DER_UTF8_STRING, lk_slice_of_str(value));
    lk_der_end(b, pair);
    lk_der_end(b, set);
}

static void put_subject(lk_builder *b, const lockstep_issue_request *r) {
    size_t name = lk_der_begin(b, LK_DER_SEQUENCE);
    put_attribute(b, LK_OID_ORGANIZATION, r->organization);
    put_attribute(b, LK_OID_COMMON_NAME, lk_issue_common_name(r));
    lk_der_end(b, name);
}

static void put_basic_constraints(lk_builder *b, const lockstep_issue_request *r) {
    lk_der_extension ext = lk_der_begin_extension(b, lk_oid_bytes(LK_OID_BASIC_CONSTRAINTS), true);
    size_t sequence = lk_der_begin(b, LK_DER_SEQUENCE);
    if (r->is_ca) {
        lk_der_put_boolean(b, true);
        lk_der_put_uint(b, r->path_length);
    }
    lk_der_end(b, sequence);
    lk_der_end_extension(b, ext);
}

static void put_usages(lk_builder *b, const issuing *is) {
    const lockstep_issue_request *r = is->request;
    lk_der_extension ext = lk_der_begin_extension(b, lk_oid_bytes(LK_OID_KEY_USAGE), true);
    lk_der_put_named_bits(b, r->is_ca ? LK_KU_CERT_SIGN | LK_KU_CRL_SIGN
                             : lk_private_key_kind(is->key) == LK_KEY_RSA
                                 /* RSA key exchange of TLS 1.2 */
                                 ? LK_KU_DIGITAL_SIGNATURE | LK_KU_KEY_ENCIPHERMENT
                                 : LK_KU_DIGITAL_SIGNATURE);
    lk_der_end_extension(b, ext);
    /* BR §7.1.2.1.2, §7.1.2.10.6: a root has no extKeyUsage, a CA below one must. */
    if (r->is_ca && is->issuer_key == NULL)
        return;
    ext = lk_der_begin_extension(b, lk_oid_bytes(LK_OID_EXTENDED_KEY_USAGE), false);
    size_t sequence = lk_der_begin(b, LK_DER_SEQUENCE);
    if (r->is_ca || r->purpose == LOCKSTEP_PURPOSE_SERVER)
        lk_der_put(b, LK_DER_OID, lk_oid_bytes(LK_OID_SERVER_AUTH));
    if (r->is_ca || r->purpose == LOCKSTEP_PURPOSE_CLIENT)
        lk_der_put(b, LK_DER_OID, lk_oid_bytes(LK_OID_CLIENT_AUTH));
    lk_der_end(b, sequence);
    lk_der_end_extension(b, ext);
}

static void put_key_ids(lk_builder *b, const issuing *is) {
    lk_der_extension ext = lk_der_begin_extension(b, lk_oid_bytes(LK_OID_SUBJECT_KEY_ID), false);
    lk_der_put(b, LK_DER_OCTET_STRING, lk_slice_of(is->key_id, KEY_ID_BYTES));
    lk_der_end_extension(b, ext);
    /* Of a self-signed certificate §4.2.1.1 lets it be left out, except where a chain is asked for.
     */
    uint8_t made[KEY_ID_BYTES];
    lk_slice issuer_id = lk_slice_of(is->key_id, KEY_ID_BYTES);
    if (is->issuer_key != NULL && is->issuer.subject_key_id.p_len > 0)
        issuer_id = is->issuer.subject_key_id;
    else if (is->issuer_key != NULL && key_id_of(made, is->issuer.spki_der))
        issuer_id = lk_slice_of(made, KEY_ID_BYTES);
    ext = lk_der_begin_extension(b, lk_oid_bytes(LK_OID_AUTHORITY_KEY_ID), false);
    size_t sequence = lk_der_begin(b, LK_DER_SEQUENCE);
    lk_der_put(b, LK_DER_CONTEXT(0), issuer_id);
    lk_der_end(b, sequence);
    lk_der_end_extension(b, ext);
}

static void put_names(lk_builder *b, const lockstep_issue_request *r) {
    uint8_t ip[16];
    if (r->num_names == 0)
        return;
    bool critical = lk_issue_common_name(r) == NULL && r->organization == NULL; /* §4.2.1.6 */
    lk_der_extension ext =
        lk_der_begin_extension(b, lk_oid_bytes(LK_OID_SUBJECT_ALT_NAME), critical);
    size_t sequence = lk_der_begin(b, LK_DER_SEQUENCE);
    for (size_t i = 0; i < r->num_names; i++) {
        size_t n = lk_ip_parse(ip, lk_slice_of_str(r->names[i]));
        if (n > 0)
            lk_der_put(b, LK_DER_CONTEXT(7), lk_slice_of(ip, n));
        else
            lk_der_put(b, LK_DER_CONTEXT(2), lk_slice_of_str(r->names[i]));
    }
    lk_der_end(b, sequence);
    lk_der_end_extension(b, ext);
}

static void put_constraints(lk_builder *b, const issuing *is) {
    const lk_cert *issuer = is->issuer_key != NULL ? &is->issuer : NULL;
    if (!lk_issue_has_constraints(is->request, issuer))
        return;
    lk_der_extension ext = lk_der_begin_extension(b, lk_oid_bytes(LK_OID_NAME_CONSTRAINTS),
                                                  true); /* "MUST mark [...] as critical" */
    lk_issue_put_constraints(b, is->request, issuer);
    lk_der_end_extension(b, ext);
}

static void put_tbs(lk_builder *b, const issuing *is) {
    const lockstep_issue_request *r = is->request;
    size_t tbs = lk_der_begin(b, LK_DER_SEQUENCE);
    size_t version = lk_der_begin(b, LK_DER_CONTEXT_CONSTRUCTED(0));
    lk_der_put_uint(b, 2); /* v3 */
    lk_der_end(b, version);
    lk_der_put_natural(b, lk_slice_of(is->serial, SERIAL_BYTES));
    lk_build_bytes(b, lk_signature_algorithm_der(is->algorithm));
    if (is->issuer_key != NULL)
        lk_build_bytes(b, is->issuer.subject); /* byte for byte, so that searches find it */
    else
        put_subject(b, r);
    size_t validity = lk_der_begin(b, LK_DER_SEQUENCE);
    lk_der_put_time(b, r->not_before_ms / 1000);
    lk_der_put_time(b, r->not_after_ms / 1000);
    lk_der_end(b, validity);
    put_subject(b, r);
    lk_build_bytes(b, lk_buffer_slice(&is->spki));
    size_t tagged = lk_der_begin(b, LK_DER_CONTEXT_CONSTRUCTED(3));
    size_t extensions = lk_der_begin(b, LK_DER_SEQUENCE);
    put_basic_constraints(b, r);
    put_usages(b, is);
    put_key_ids(b, is);
    put_names(b, r);
    put_constraints(b, is);
    lk_der_end(b, extensions);
    lk_der_end(b, tagged);
    lk_der_end(b, tbs);
}

/* write_cert appends the whole certificate. */
static lockstep_status write_cert(const issuing *is, lk_buffer *out) {
    uint8_t signature[LK_SIGNATURE_MAX];
    size_t signature_len;
    lk_builder b = lk_builder_of(out);
    size_t whole = lk_der_begin(&b, LK_DER_SEQUENCE);
    size_t tbs = lk_buffer_length(out);
    put_tbs(&b, is);
    if (!lk_builder_ok(&b))
        return LOCKSTEP_ERR_NO_MEMORY;
    lockstep_status status =
        lk_private_key_sign(is->issuer_key != NULL ? is->issuer_key : is->key, is->algorithm,
                            lk_slice_of(lk_buffer_bytes(out) + tbs, lk_buffer_length(out) - tbs),
                            signature, &signature_len);
    if (status != LOCKSTEP_OK)
        return status;
    lk_build_bytes(&b, lk_signature_algorithm_der(is->algorithm));
    lk_der_put_bit_octets(&b, lk_slice_of(signature, signature_len));
    lk_der_end(&b, whole);
    return lk_builder_ok(&b) ? LOCKSTEP_OK : LOCKSTEP_ERR_NO_MEMORY;
}

/* check_made reads the new certificate back: it must parse, and its issuer must be allowed to
 * certify its names. */
static lockstep_status check_made(const issuing *is, lk_slice der) {
    lk_cert cert;
    lk_general_name offender;
    uint32_t budget = LK_CONSTRAINT_BUDGET;
    if (lk_cert_parse(&cert, der) != LOCKSTEP_OK)
        return LOCKSTEP_ERR_CRYPTO;
    if (is->issuer_key != NULL && lk_cert_has(&is->issuer, LK_EXT_NAME_CONSTRAINTS) &&
        lk_constraints_allow(&is->issuer, &cert, &budget, &offender) != LOCKSTEP_OK)
        return LOCKSTEP_ERR_NAME;
    return LOCKSTEP_OK;
}

static lockstep_status make(issuing *is, const lockstep_env *env, lk_buffer *der) {
    bool (*random)(void *, uint8_t *, size_t) =
        env != NULL && env->random != NULL ? env->random : lk_crypto_random;
    if (!random(env != NULL ? env->arg : NULL, is->serial, SERIAL_BYTES))
        return LOCKSTEP_ERR_NO_RANDOM;
    is->serial[0] = (uint8_t)((is->serial[0] & 0x7f) | 0x40); /* positive, and always as long */
    lockstep_status status = make_key(is);
    if (status == LOCKSTEP_OK)
        status = lk_private_key_spki(is->key, &is->spki);
    if (status != LOCKSTEP_OK)
        return status;
    if (!key_id_of(is->key_id, lk_buffer_slice(&is->spki)))
        return LOCKSTEP_ERR_CRYPTO;
    is->algorithm =
        algorithm_for(lk_private_key_kind(is->issuer_key != NULL ? is->issuer_key : is->key));
    status = write_cert(is, der);
    return status == LOCKSTEP_OK ? check_made(is, lk_buffer_slice(der)) : status;
}

/* ---- The public call ------------------------------------------------------------------------- */

/* to_blob hands the contents of `from` to `out`. */
static bool to_blob(lockstep_blob *out, const lockstep_env *env, const lk_heap *heap,
                    const lk_buffer *from) {
    out->p = lk_copy_of(heap, lk_buffer_bytes(from), lk_buffer_length(from));
    out->p_len = out->p == NULL ? 0 : lk_buffer_length(from);
    if (env != NULL)
        out->env = *env;
    return out->p != NULL;
}

void lockstep_blob_free(lockstep_blob *blob) {
    if (blob == NULL || blob->p == NULL)
        return;
    lk_heap heap = lk_heap_of(&blob->env);
    lk_release(&heap, blob->p, blob->p_len + 1);
    blob->p = NULL;
    blob->p_len = 0;
}

lockstep_status lockstep_issue(lockstep_blob *cert_pem, lockstep_blob *key_pem,
                               const lockstep_env *env, const lockstep_issue_request *request,
                               const char *issuer_cert, const char *issuer_key) {
    if (cert_pem == NULL || key_pem == NULL)
        return LOCKSTEP_ERR_USAGE;
    memset(cert_pem, 0, sizeof *cert_pem);
    memset(key_pem, 0, sizeof *key_pem);
    if (request == NULL || (issuer_cert == NULL) != (issuer_key == NULL))
        return LOCKSTEP_ERR_USAGE;
    lockstep_status status = lk_issue_check(request);
    if (status != LOCKSTEP_OK)
        return status;
    issuing is = {.request = request, .heap = lk_heap_of(env)};
    is.issuer_der = is.spki = lk_buffer_of(&is.heap, 0);
    lk_buffer der = lk_buffer_of(&is.heap, 0), cert = der, key = der;
    if (issuer_cert != NULL)
        status = read_issuer(&is, issuer_cert, issuer_key, request->is_ca);
    if (status == LOCKSTEP_OK)
        status = make(&is, env, &der);
    if (status == LOCKSTEP_OK)
        status = lk_private_key_to_pem(is.key, &key);
    if (status == LOCKSTEP_OK &&
        (!lk_pem_write(&cert, "CERTIFICATE", lk_buffer_slice(&der)) ||
         !to_blob(cert_pem, env, &is.heap, &cert) || !to_blob(key_pem, env, &is.heap, &key))) {
        lockstep_blob_free(cert_pem);
        lockstep_blob_free(key_pem);
        status = LOCKSTEP_ERR_NO_MEMORY;
    }
    lk_buffer_free(&cert);
    lk_buffer_free(&key);
    lk_buffer_free(&der);
    lk_buffer_free(&is.spki);
    lk_buffer_free(&is.issuer_der);
    lk_private_key_free(is.key);
    lk_private_key_free(is.issuer_key);
    return status;
}

lockstep_status lockstep_issuer_check(const lockstep_env *env, const char *issuer_cert,
                                      const char *issuer_key, bool for_ca) {
    if (issuer_cert == NULL || issuer_key == NULL)
        return LOCKSTEP_ERR_USAGE;
    issuing is = {.heap = lk_heap_of(env)};
    is.issuer_der = lk_buffer_of(&is.heap, 0);
    lockstep_status status = read_issuer(&is, issuer_cert, issuer_key, for_ca);
    lk_buffer_free(&is.issuer_der);
    lk_private_key_free(is.issuer_key);
    return status;
}
