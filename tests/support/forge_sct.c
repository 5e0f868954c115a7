#include "support/forge_sct.h"

#include <stdio.h>
#include <stdlib.h>

#include "crypto/digest.h"
#include "util/builder.h"
#include "x509/der.h"
#include "x509/der_build.h"

static void need(bool condition, const char *what) {
    if (condition)
        return;
    fprintf(stderr, "forge_sct: %s\n", what);
    abort();
}

const lk_private_key *forge_log(unsigned n) {
    return forge_key(LK_KEY_P256, 0, 1000 + n);
}

static void put_key_hash(lk_builder *b, const lk_private_key *key) {
    uint8_t hash[LK_HASH_MAX];
    lk_buffer spki = lk_buffer_of(&lk_heap_default, 0);
    need(lk_private_key_spki(key, &spki) == LOCKSTEP_OK, "no key");
    lk_digest_of(LK_SHA256, hash, lk_buffer_slice(&spki));
    lk_build_bytes(b, lk_slice_of(hash, 32));
    lk_buffer_free(&spki);
}

static uint64_t timestamp_of(const forge_sct *s) {
    return (uint64_t)(s->timestamp_ms == 0 ? (FORGE_NOW - FORGE_DAY) * 1000 : s->timestamp_ms);
}

/* sign writes what RFC 6962 §3.2 says is signed, once more than sct.c does and by other means. */
static size_t sign(uint8_t signature[LK_SIGNATURE_MAX], const forge_sct *s,
                   const lk_private_key *log, const forge_entry *entry) {
    size_t n;
    lk_buffer out = lk_buffer_of(&lk_heap_default, 0);
    lk_builder b = lk_builder_of(&out);
    lk_build_u16(&b, 0);
    lk_build_uint(&b, 8, timestamp_of(s));
    lk_build_u16(&b, entry->issuer != NULL);
    if (entry->issuer != NULL)
        put_key_hash(&b, entry->issuer);
    lk_build_vector(&b, 3, entry->issuer != NULL ? entry->tbs : entry->cert);
    lk_build_vector(&b, 2, s->extensions);
    need(lk_builder_ok(&b), "no memory");
    need(lk_private_key_sign(log,
                             lk_private_key_kind(log) == LK_KEY_RSA ? LK_SIGN_RSA_PKCS1_SHA256
                                                                    : LK_SIGN_ECDSA_SHA256,
                             lk_buffer_slice(&out), signature, &n) == LOCKSTEP_OK,
         "cannot sign");
    lk_buffer_free(&out);
    return n;
}

static void put_sct(lk_builder *b, const forge_sct *s, const forge_entry *entry) {
    uint8_t signature[LK_SIGNATURE_MAX];
    const lk_private_key *log = s->log != NULL ? s->log : forge_log(0);
    uint8_t kind = lk_private_key_kind(log) == LK_KEY_RSA ? 1 : 3;
    size_t n = sign(signature, s, log, entry);
    signature[n - 1] ^= s->bad_signature;
    lk_length item = lk_build_open(b, 2);
    lk_build_u8(b, s->version);
    put_key_hash(b, s->named != NULL ? s->named : log);
    lk_build_uint(b, 8, timestamp_of(s));
    lk_build_vector(b, 2, s->extensions);
    lk_build_u8(b, s->hash != 0 ? s->hash : 4);
    lk_build_u8(b, s->signature != 0 ? s->signature : kind);
    lk_build_vector(b, 2, lk_slice_of(signature, n));
    lk_build_close(b, item);
}

void forge_sct_list(lk_buffer *out, const forge_sct *scts, size_t n, const forge_entry *entry) {
    lk_builder b = lk_builder_of(out);
    lk_length list = lk_build_open(&b, 2);
    for (size_t i = 0; i < n; i++)
        put_sct(&b, &scts[i], entry);
    lk_build_close(&b, list);
    need(lk_builder_ok(&b), "no memory");
}

static forge_spec with_serial(const forge_spec *spec) {
    static const uint8_t serial[] = {0x5c, 0x70};
    forge_spec s = *spec;
    if (s.serial.p_len == 0)
        s.serial = lk_slice_of(serial, sizeof serial);
    return s;
}

lk_slice forge_precert_tbs(const forge_spec *spec) {
    forge_spec s = with_serial(spec);
    lk_cert cert;
    need(lk_cert_parse(&cert, forge(&s)) == LOCKSTEP_OK, "no certificate");
    return cert.tbs;
}

lk_slice forge_with_list(const forge_spec *spec, lk_slice list) {
    forge_spec s = with_serial(spec);
    lk_buffer value = lk_buffer_of(&lk_heap_default, 0);
    lk_builder b = lk_builder_of(&value);
    lk_der_put(&b, LK_DER_OCTET_STRING, list);
    need(lk_builder_ok(&b), "no memory");
    s.extra_oid = lk_oid_bytes(LK_OID_SCT_LIST);
    s.extra_value = lk_buffer_slice(&value);
    lk_slice der = forge(&s);
    lk_buffer_free(&value);
    return der;
}

lk_slice forge_with_scts(const forge_spec *spec, const forge_sct *scts, size_t n) {
    forge_entry entry = {.tbs = forge_precert_tbs(spec),
                         .issuer = spec->signer != NULL ? spec->signer : forge_p256(1)};
    lk_buffer list = lk_buffer_of(&lk_heap_default, 0);
    forge_sct_list(&list, scts, n, &entry);
    lk_slice der = forge_with_list(spec, lk_buffer_slice(&list));
    lk_buffer_free(&list);
    return der;
}
