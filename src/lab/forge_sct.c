#include "lab/forge_sct.h"

#include "crypto/digest.h"
#include "x509/cert.h"
#include "x509/der.h"

static void put_key_hash(lk_builder *b, const lk_private_key *key) {
    uint8_t hash[LK_HASH_MAX];
    lk_buffer spki = lk_buffer_of(&lk_heap_default, 0);
    b->bad = b->bad || lk_private_key_spki(key, &spki) != LOCKSTEP_OK;
    lk_digest_of(LK_SHA256, hash, lk_buffer_slice(&spki));
    lk_build_bytes(b, lk_slice_of(hash, 32));
    lk_buffer_free(&spki);
}

static uint64_t timestamp_of(const lk_forge_sct *s, const lk_forge_entry *entry) {
    return (uint64_t)(s->timestamp_ms == 0 ? (entry->now - LK_FORGE_DAY) * 1000 : s->timestamp_ms);
}

/* sign writes what RFC 6962 §3.2 says is signed, once more than sct.c does and by other means. */
static lk_slice sign(lk_builder *b, uint8_t signature[LK_SIGNATURE_MAX], const lk_forge_sct *s,
                     const lk_forge_entry *entry) {
    lk_buffer out = lk_buffer_of(&lk_heap_default, 0);
    lk_builder input = lk_builder_of(&out);
    lk_build_u16(&input, 0);
    lk_build_uint(&input, 8, timestamp_of(s, entry));
    lk_build_u16(&input, entry->issuer != NULL);
    if (entry->issuer != NULL)
        put_key_hash(&input, entry->issuer);
    lk_build_vector(&input, 3, entry->issuer != NULL ? entry->tbs : entry->cert);
    lk_build_vector(&input, 2, s->extensions);
    lk_slice made = lk_forge_sign(&input, s->log, 0, signature);
    b->bad = b->bad || input.bad;
    lk_buffer_free(&out);
    return made;
}

static void put_sct(lk_builder *b, const lk_forge_sct *s, const lk_forge_entry *entry) {
    uint8_t signature[LK_SIGNATURE_MAX] = {0};
    uint8_t kind = lk_private_key_kind(s->log) == LK_KEY_RSA ? 1 : 3;
    lk_slice made = sign(b, signature, s, entry);
    if (s->bad_signature && made.p_len > 0)
        signature[made.p_len - 1] ^= 1;
    lk_length item = lk_build_open(b, 2);
    lk_build_u8(b, s->version);
    put_key_hash(b, s->named != NULL ? s->named : s->log);
    lk_build_uint(b, 8, timestamp_of(s, entry));
    lk_build_vector(b, 2, s->extensions);
    lk_build_u8(b, s->hash != 0 ? s->hash : 4);
    lk_build_u8(b, s->signature != 0 ? s->signature : kind);
    lk_build_vector(b, 2, made);
    lk_build_close(b, item);
}

lockstep_status lk_forge_sct_list(lk_buffer *out, const lk_forge_sct *scts, size_t n,
                                  const lk_forge_entry *entry) {
    lk_builder b = lk_builder_of(out);
    lk_length list = lk_build_open(&b, 2);
    for (size_t i = 0; i < n; i++)
        put_sct(&b, &scts[i], entry);
    lk_build_close(&b, list);
    return lk_forge_end(&b);
}

lockstep_status lk_forge_with_list(lk_buffer *out, const lk_forge_spec *spec, lk_slice list) {
    lk_forge_spec s = *spec;
    lk_buffer value = lk_buffer_of(&lk_heap_default, 0);
    lk_builder b = lk_builder_of(&value);
    lk_der_put(&b, LK_DER_OCTET_STRING, list);
    s.extra_oid = lk_oid_bytes(LK_OID_SCT_LIST);
    s.extra_value = lk_buffer_slice(&value);
    lockstep_status status = lk_forge_end(&b);
    if (status == LOCKSTEP_OK)
        status = lk_forge(out, &s);
    lk_buffer_free(&value);
    return status;
}

lockstep_status lk_forge_with_scts(lk_buffer *out, const lk_forge_spec *spec,
                                   const lk_forge_sct *scts, size_t n) {
    lk_cert cert;
    lk_buffer bare = lk_buffer_of(&lk_heap_default, 0), list = lk_buffer_of(&lk_heap_default, 0);
    lockstep_status status = lk_forge(&bare, spec);
    if (status == LOCKSTEP_OK)
        status = lk_cert_parse(&cert, lk_buffer_slice(&bare));
    if (status == LOCKSTEP_OK) {
        lk_forge_entry entry = {.tbs = cert.tbs, .issuer = spec->signer, .now = spec->now};
        status = lk_forge_sct_list(&list, scts, n, &entry);
    }
    if (status == LOCKSTEP_OK)
        status = lk_forge_with_list(out, spec, lk_buffer_slice(&list));
    lk_buffer_free(&bare);
    lk_buffer_free(&list);
    return status;
}
