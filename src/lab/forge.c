#include "lab/forge.h"

#include <stdlib.h>

#include "crypto/digest.h"
#include "x509/algorithm.h"
#include "x509/cert.h"
#include "x509/der.h"
#include "x509/name.h"

static void put_attribute(lk_builder *b, lk_oid type, const char *value) {
    size_t set = lk_der_begin(b, LK_DER_SET), pair = lk_der_begin(b, LK_DER_SEQUENCE);
    lk_der_put(b, LK_DER_OID, lk_oid_bytes(type));
    lk_der_put(b, LK_DER_UTF8_STRING, lk_slice_of_str(value));
    lk_der_end(b, pair);
    lk_der_end(b, set);
}

static void put_name(lk_builder *b, const char *common_name, const char *organization) {
    size_t name = lk_der_begin(b, LK_DER_SEQUENCE);
    if (organization != NULL)
        put_attribute(b, LK_OID_ORGANIZATION, organization);
    if (common_name[0] != 0)
        put_attribute(b, LK_OID_COMMON_NAME, common_name);
    lk_der_end(b, name);
}

static bool starts(const char *text, const char *with) {
    return strncmp(text, with, strlen(with)) == 0;
}

/* put_ip writes an address, or for "a/n" an address and a mask of n bits. */
static void put_ip(lk_builder *b, const char *text) {
    uint8_t ip[32] = {0};
    const char *slash = strchr(text, '/');
    size_t len = slash == NULL ? strlen(text) : (size_t)(slash - text);
    size_t n = lk_ip_parse(ip, lk_slice_of(text, len));
    if (slash != NULL) {
        int bits = atoi(slash + 1);
        for (int i = 0; i < bits; i++)
            ip[n + (size_t)i / 8] |= (uint8_t)(0x80 >> i % 8);
        n *= 2;
    }
    lk_der_put(b, LK_DER_CONTEXT(7), lk_slice_of(ip, n));
}

static void put_general_name(lk_builder *b, const char *text) {
    const char *value = strchr(text, ':') + 1;
    if (starts(text, "DNS:")) {
        lk_der_put(b, LK_DER_CONTEXT(2), lk_slice_of_str(value));
    } else if (starts(text, "EMAIL:")) {
        lk_der_put(b, LK_DER_CONTEXT(1), lk_slice_of_str(value));
    } else if (starts(text, "URI:")) {
        lk_der_put(b, LK_DER_CONTEXT(6), lk_slice_of_str(value));
    } else if (starts(text, "IP:")) {
        put_ip(b, value);
    } else if (starts(text, "DIR:")) {
        size_t at = lk_der_begin(b, LK_DER_CONTEXT_CONSTRUCTED(4));
        put_name(b, value, NULL);
        lk_der_end(b, at);
    } else {
        size_t at = lk_der_begin(b, LK_DER_CONTEXT_CONSTRUCTED(0));
        lk_der_put(b, LK_DER_OID, lk_oid_bytes(LK_OID_USER_ID));
        lk_der_end(b, at);
    }
}

static lk_der_extension ext_begin(lk_builder *b, lk_oid oid, bool critical) {
    return lk_der_begin_extension(b, lk_oid_bytes(oid), critical);
}

static void put_basic(lk_builder *b, const lk_forge_spec *s) {
    if (s->no_basic)
        return;
    lk_der_extension ext = ext_begin(b, LK_OID_BASIC_CONSTRAINTS, !s->basic_not_critical);
    size_t sequence = lk_der_begin(b, LK_DER_SEQUENCE);
    if (s->ca) {
        lk_der_put_boolean(b, true);
        if (s->path_length >= 0)
            lk_der_put_uint(b, (uint64_t)s->path_length);
    }
    lk_der_end(b, sequence);
    lk_der_end_extension(b, ext);
}

static void put_usages(lk_builder *b, const lk_forge_spec *s) {
    if (s->key_usage != LK_FORGE_NO_USAGE) {
        lk_der_extension ext = ext_begin(b, LK_OID_KEY_USAGE, true);
        lk_der_put_named_bits(b, s->key_usage != 0 ? s->key_usage
                                 : s->ca           ? LK_KU_CERT_SIGN | LK_KU_CRL_SIGN
                                                   : LK_KU_DIGITAL_SIGNATURE);
        lk_der_end_extension(b, ext);
    }
    const char *purposes = s->purposes != NULL ? s->purposes : s->ca ? "-" : "s";
    if (purposes[0] == '-')
        return;
    lk_der_extension ext = ext_begin(b, LK_OID_EXTENDED_KEY_USAGE, false);
    size_t sequence = lk_der_begin(b, LK_DER_SEQUENCE);
    for (const char *c = purposes; *c != 0; c++)
        lk_der_put(b, LK_DER_OID,
                   lk_oid_bytes(*c == 's'   ? LK_OID_SERVER_AUTH
                                : *c == 'c' ? LK_OID_CLIENT_AUTH
                                : *c == 'a' ? LK_OID_ANY_USAGE
                                : *c == 'o' ? LK_OID_OCSP_SIGNING
                                            : LK_OID_CODE_SIGNING));
    lk_der_end(b, sequence);
    lk_der_end_extension(b, ext);
}

static void key_id(lk_builder *b, uint8_t out[20], const lk_private_key *key) {
    uint8_t digest[LK_HASH_MAX];
    lk_buffer spki = lk_buffer_of(&lk_heap_default, 0);
    if (lk_private_key_spki(key, &spki) != LOCKSTEP_OK)
        b->bad = true;
    lk_digest_of(LK_SHA256, digest, lk_buffer_slice(&spki));
    memcpy(out, digest, 20);
    lk_buffer_free(&spki);
}

static void put_key_ids(lk_builder *b, const lk_forge_spec *s) {
    uint8_t id[20];
    if (!s->no_skid) {
        key_id(b, id, s->key);
        lk_der_extension ext = ext_begin(b, LK_OID_SUBJECT_KEY_ID, false);
        lk_der_put(b, LK_DER_OCTET_STRING, lk_slice_of(id, sizeof id));
        lk_der_end_extension(b, ext);
    }
    if (!s->no_akid) {
        key_id(b, id, s->signer);
        id[0] ^= s->other_akid;
        lk_slice written = s->akid.p_len > 0 ? s->akid : lk_slice_of(id, sizeof id);
        lk_der_extension ext = ext_begin(b, LK_OID_AUTHORITY_KEY_ID, s->akid_critical);
        size_t sequence = lk_der_begin(b, LK_DER_SEQUENCE);
        lk_der_put(b, LK_DER_CONTEXT(0), written);
        lk_der_end(b, sequence);
        lk_der_end_extension(b, ext);
    }
}

static void put_names(lk_builder *b, const lk_forge_spec *s) {
    if (s->names[0] == NULL)
        return;
    lk_der_extension ext = ext_begin(b, LK_OID_SUBJECT_ALT_NAME, s->names_critical);
    size_t sequence = lk_der_begin(b, LK_DER_SEQUENCE);
    for (size_t i = 0; i < sizeof s->names / sizeof s->names[0] && s->names[i] != NULL; i++)
        put_general_name(b, s->names[i]);
    lk_der_end(b, sequence);
    lk_der_end_extension(b, ext);
}

static void put_subtrees(lk_builder *b, uint8_t tag, const char *const list[6]) {
    if (list[0] == NULL)
        return;
    size_t at = lk_der_begin(b, tag);
    for (size_t i = 0; i < 6 && list[i] != NULL; i++) {
        size_t subtree = lk_der_begin(b, LK_DER_SEQUENCE);
        put_general_name(b, list[i]);
        lk_der_end(b, subtree);
    }
    lk_der_end(b, at);
}

static void put_constraints(lk_builder *b, const lk_forge_spec *s) {
    if (s->permitted[0] == NULL && s->excluded[0] == NULL)
        return;
    lk_der_extension ext = ext_begin(b, LK_OID_NAME_CONSTRAINTS, !s->constraints_not_critical);
    size_t sequence = lk_der_begin(b, LK_DER_SEQUENCE);
    put_subtrees(b, LK_DER_CONTEXT_CONSTRUCTED(0), s->permitted);
    put_subtrees(b, LK_DER_CONTEXT_CONSTRUCTED(1), s->excluded);
    lk_der_end(b, sequence);
    lk_der_end_extension(b, ext);
}

static void put_extra(lk_builder *b, const lk_forge_spec *s) {
    static const uint8_t null[] = {LK_DER_NULL, 0};
    if (s->extra == LK_OID_NONE && s->extra_oid.p_len == 0)
        return;
    for (int i = 0; i < (s->extra_twice ? 2 : 1); i++) {
        lk_der_extension ext = lk_der_begin_extension(
            b, s->extra_oid.p_len > 0 ? s->extra_oid : lk_oid_bytes(s->extra), s->extra_critical);
        lk_build_bytes(b, s->extra_value.p_len > 0 ? s->extra_value : lk_slice_of(null, 2));
        lk_der_end_extension(b, ext);
    }
}

static void put_time(lk_builder *b, const lk_forge_spec *s, int64_t seconds) {
    size_t start = lk_buffer_length(b->out);
    lk_der_put_time(b, seconds);
    uint8_t *p = lk_buffer_bytes(b->out) + start;
    if (!lk_builder_ok(b) || !s->odd_time || p[0] != LK_DER_UTC_TIME)
        return;
    uint8_t text[13];
    memcpy(text, p + 2, sizeof text);
    lk_buffer_cut(b->out, start);
    size_t at = lk_der_begin(b, LK_DER_GENERALIZED_TIME);
    lk_build_bytes(b, lk_slice_of_str(text[0] < '5' ? "20" : "19"));
    lk_build_bytes(b, lk_slice_of(text, sizeof text));
    lk_der_end(b, at);
}

lk_signature_algorithm lk_forge_algorithm(const lk_private_key *key) {
    switch (lk_private_key_kind(key)) {
    case LK_KEY_RSA:
        return LK_SIGN_RSA_PKCS1_SHA256;
    case LK_KEY_P256:
        return LK_SIGN_ECDSA_SHA256;
    case LK_KEY_P384:
        return LK_SIGN_ECDSA_SHA384;
    case LK_KEY_P521:
        return LK_SIGN_ECDSA_SHA512;
    default:
        return LK_SIGN_ED25519;
    }
}

static void put_tbs(lk_builder *b, const lk_forge_spec *s, lk_slice inner) {
    static const uint8_t one = 1;
    size_t tbs = lk_der_begin(b, LK_DER_SEQUENCE);
    if (s->version != 1) {
        size_t version = lk_der_begin(b, LK_DER_CONTEXT_CONSTRUCTED(0));
        lk_der_put_uint(b, s->version == 0 ? 2 : s->version - 1);
        lk_der_end(b, version);
    }
    lk_der_put(b, LK_DER_INTEGER, s->serial.p_len > 0 ? s->serial : lk_slice_of(&one, 1));
    lk_build_bytes(b, inner);
    if (s->issuer == NULL && s->issuer_name.p_len > 0)
        lk_build_bytes(b, s->issuer_name);
    else
        put_name(b, s->issuer == NULL ? "ca" : s->issuer, NULL);
    size_t validity = lk_der_begin(b, LK_DER_SEQUENCE);
    put_time(b, s, s->not_before == 0 ? s->now - 10 * LK_FORGE_DAY : s->not_before);
    put_time(b, s, s->not_after == 0 ? s->now + 10 * LK_FORGE_DAY : s->not_after);
    lk_der_end(b, validity);
    put_name(b, s->subject == NULL ? "leaf" : s->subject, s->organization);
    if (s->spki.p_len > 0)
        lk_build_bytes(b, s->spki);
    else if (lk_private_key_spki(s->key, b->out) != LOCKSTEP_OK)
        b->bad = true;
    if (s->version == 0 || s->version == 3) {
        size_t tagged = lk_der_begin(b, LK_DER_CONTEXT_CONSTRUCTED(3));
        size_t extensions = lk_der_begin(b, LK_DER_SEQUENCE);
        put_basic(b, s);
        put_usages(b, s);
        put_key_ids(b, s);
        put_names(b, s);
        put_constraints(b, s);
        put_extra(b, s);
        lk_der_end(b, extensions);
        lk_der_end(b, tagged);
    }
    lk_der_end(b, tbs);
}

lk_slice lk_forge_sign(lk_builder *b, const lk_private_key *signer, size_t from,
                       uint8_t signature[LK_SIGNATURE_MAX]) {
    size_t n = 0;
    if (!lk_builder_ok(b))
        return (lk_slice){0};
    lk_slice message = lk_slice_of(lk_buffer_bytes(b->out) + from, lk_buffer_length(b->out) - from);
    if (lk_private_key_sign(signer, lk_forge_algorithm(signer), message, signature, &n) !=
        LOCKSTEP_OK)
        b->bad = true;
    return lk_slice_of(signature, n);
}

/* sign_sha1 signs as nobody may any more. */
static lk_slice sign_sha1(lk_builder *b, const lk_private_key *signer, size_t from,
                          uint8_t signature[LK_SIGNATURE_MAX]) {
    uint8_t digest[20];
    size_t n = 0;
    if (!lk_builder_ok(b))
        return (lk_slice){0};
    lk_sha1_identifier(
        digest, lk_slice_of(lk_buffer_bytes(b->out) + from, lk_buffer_length(b->out) - from));
    if (lk_private_key_sign_digest(signer, lk_slice_of(digest, sizeof digest), signature, &n) !=
        LOCKSTEP_OK)
        b->bad = true;
    return lk_slice_of(signature, n);
}

/* { ecdsa-with-SHA1 } (RFC 3279 §2.2.3) */
static const uint8_t ecdsa_sha1[] = {0x30, 9, 6, 7, 0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 1};

lockstep_status lk_forge(lk_buffer *out, const lk_forge_spec *s) {
    uint8_t signature[LK_SIGNATURE_MAX] = {0};
    lk_slice right = s->sha1 ? lk_slice_of(ecdsa_sha1, sizeof ecdsa_sha1)
                             : lk_signature_algorithm_der(lk_forge_algorithm(s->signer));
    lk_builder b = lk_builder_of(out);
    size_t whole = lk_der_begin(&b, LK_DER_SEQUENCE);
    size_t tbs = lk_buffer_length(out);
    put_tbs(&b, s, s->inner.p_len > 0 ? s->inner : right);
    lk_slice signed_ = s->sha1 ? sign_sha1(&b, s->signer, tbs, signature)
                               : lk_forge_sign(&b, s->signer, tbs, signature);
    if (s->bad_signature && signed_.p_len > 0)
        signature[signed_.p_len - 1] ^= 1;
    lk_build_bytes(&b, s->outer.p_len > 0 ? s->outer : s->inner.p_len > 0 ? s->inner : right);
    lk_der_put_bit_octets(&b, signed_);
    lk_der_end(&b, whole);
    return lk_forge_end(&b);
}

lockstep_status lk_forge_end(const lk_builder *b) {
    return lk_builder_ok(b) ? LOCKSTEP_OK : LOCKSTEP_ERR_CRYPTO;
}

void lk_forge_put_extension(lk_builder *b, lk_oid oid, bool critical, lk_slice value) {
    static const uint8_t null[] = {LK_DER_NULL, 0};
    lk_der_extension ext = ext_begin(b, oid, critical);
    lk_build_bytes(b, value.p_len > 0 ? value : lk_slice_of(null, sizeof null));
    lk_der_end_extension(b, ext);
}
