#include "lab/forge_crl.h"

#include "x509/der.h"
#include "x509/der_build.h"

static void put_time(lk_builder *b, int64_t seconds, bool odd) {
    size_t start = lk_buffer_length(b->out);
    lk_der_put_time(b, seconds);
    if (!odd || !lk_builder_ok(b))
        return;
    uint8_t text[15] = "20"; /* UTCTime's digits, with a century */
    memcpy(text + 2, lk_buffer_bytes(b->out) + start + 2, 13);
    lk_buffer_cut(b->out, start);
    lk_der_put(b, LK_DER_GENERALIZED_TIME, lk_slice_of(text, sizeof text));
}

static void put_entry(lk_builder *b, const lk_forge_crl_entry *e, int64_t now) {
    size_t entry = lk_der_begin(b, LK_DER_SEQUENCE);
    lk_der_put(b, LK_DER_INTEGER, e->serial);
    put_time(b, e->revoked_at == 0 ? now - 2 * LK_FORGE_DAY : e->revoked_at, false);
    if (e->reason != 0 || e->extra != LK_OID_NONE) {
        size_t list = lk_der_begin(b, LK_DER_SEQUENCE);
        if (e->reason != 0) {
            uint8_t code = (uint8_t)(e->reason == LK_FORGE_REASON_ZERO ? 0 : e->reason);
            const uint8_t value[] = {0x0a, 1, code};
            lk_forge_put_extension(b, LK_OID_CRL_REASON, false, lk_slice_of(value, sizeof value));
        }
        for (int i = 0; e->extra != LK_OID_NONE && i < (e->extra_twice ? 2 : 1); i++)
            lk_forge_put_extension(b, e->extra, e->extra_critical, e->extra_value);
        lk_der_end(b, list);
    }
    lk_der_end(b, entry);
}

static void put_key_id(lk_builder *b, const lk_forge_crl_spec *s) {
    uint8_t value[64] = {LK_DER_SEQUENCE, 0, LK_DER_CONTEXT(0)};
    lk_slice id = s->issuer->subject_key_id;
    if (s->no_akid || id.p_len == 0 || id.p_len > 32)
        return;
    value[1] = (uint8_t)(id.p_len + 2);
    value[3] = (uint8_t)id.p_len;
    memcpy(value + 4, id.p, id.p_len);
    value[4] ^= s->other_akid;
    lk_forge_put_extension(b, LK_OID_AUTHORITY_KEY_ID, false, lk_slice_of(value, id.p_len + 4));
}

static void put_number(lk_builder *b, const lk_forge_crl_spec *s) {
    uint8_t value[64] = {LK_DER_INTEGER, 1, 7};
    if (s->number.p_len > 0) {
        value[1] = (uint8_t)s->number.p_len;
        memcpy(value + 2, s->number.p, s->number.p_len);
    }
    for (int i = 0; i < (s->no_number ? 0 : s->number_twice ? 2 : 1); i++)
        lk_forge_put_extension(b, LK_OID_CRL_NUMBER, s->number_critical,
                               lk_slice_of(value, value[1] + 2u));
}

static void put_extensions(lk_builder *b, const lk_forge_crl_spec *s) {
    if (s->no_extensions)
        return;
    size_t tagged = lk_der_begin(b, LK_DER_CONTEXT_CONSTRUCTED(0));
    size_t list = lk_der_begin(b, LK_DER_SEQUENCE);
    if (!s->empty_extensions) {
        put_key_id(b, s);
        put_number(b, s);
        if (s->scope.p_len > 0)
            lk_forge_put_extension(b, LK_OID_CRL_SCOPE, !s->scope_not_critical, s->scope);
        if (s->extra != LK_OID_NONE)
            lk_forge_put_extension(b, s->extra, s->extra_critical, s->extra_value);
    }
    lk_der_end(b, list);
    lk_der_end(b, tagged);
}

static void put_tbs(lk_builder *b, const lk_forge_crl_spec *s, lk_slice algorithm) {
    bool dated = s->this_update != 0 || s->next_update != 0;
    size_t tbs = lk_der_begin(b, LK_DER_SEQUENCE);
    if (!s->version_1)
        lk_der_put_uint(b, s->version_3 ? 2 : 1);
    lk_build_bytes(b, algorithm);
    lk_build_bytes(b, s->name.p_len > 0 ? s->name : s->issuer->subject);
    put_time(b, dated ? s->this_update : s->now - LK_FORGE_DAY, s->odd_time);
    if (!s->no_next_update)
        put_time(b, dated ? s->next_update : s->now + LK_FORGE_DAY, false);
    if (s->num_entries > 0 || s->empty_entries) {
        size_t entries = lk_der_begin(b, LK_DER_SEQUENCE);
        for (size_t i = 0; i < s->num_entries; i++)
            put_entry(b, &s->entries[i], s->now);
        lk_der_end(b, entries);
    }
    put_extensions(b, s);
    lk_der_end(b, tbs);
}

lockstep_status lk_forge_crl(lk_buffer *out, const lk_forge_crl_spec *s) {
    uint8_t signature[LK_SIGNATURE_MAX] = {0};
    lk_slice right = lk_signature_algorithm_der(lk_forge_algorithm(s->signer));
    lk_builder b = lk_builder_of(out);
    size_t whole = lk_der_begin(&b, LK_DER_SEQUENCE);
    size_t tbs = lk_buffer_length(out);
    put_tbs(&b, s, s->inner.p_len > 0 ? s->inner : right);
    lk_slice signed_ = lk_forge_sign(&b, s->signer, tbs, signature);
    if (s->bad_signature && signed_.p_len > 0)
        signature[signed_.p_len - 1] ^= 1;
    lk_build_bytes(&b, s->outer.p_len > 0 ? s->outer : s->inner.p_len > 0 ? s->inner : right);
    lk_der_put_bit_octets(&b, signed_);
    lk_der_end(&b, whole);
    return lk_forge_end(&b);
}
