#include "walk/certificates.h"

#include <stdio.h>
#include <stdlib.h>

#include "compress/compress.h"
#include "util/civil.h"
#include "walk/fields.h"
#include "walk/records.h"
#include "walk/steps.h"
#include "wire/certificate.h"
#include "wire/compressed_certificate.h"
#include "wire/types.h"
#include "x509/cert.h"
#include "x509/dn.h"
#include "x509/general_name.h"
#include "x509/name.h"

#define NAMES_SHOWN 100

static json_t *name_json(lk_slice name) {
    lk_buffer text = lk_buffer_of(&lk_heap_default, 0);
    json_t *out = NULL;
    if (lk_dn_text(&text, name))
        out = json_stringn((const char *)lk_buffer_bytes(&text), lk_buffer_length(&text));
    lk_buffer_free(&text);
    return out != NULL ? out : json_string("");
}

static json_t *time_json(int64_t seconds) {
    char text[48];
    lk_civil c = lk_civil_from_unix(seconds);
    snprintf(text, sizeof text, "%04d-%02d-%02dT%02d:%02d:%02dZ", c.year, c.month, c.day, c.hour,
             c.minute, c.second);
    return json_string(text);
}

static json_t *alt_names(const lk_cert *cert) {
    json_t *all = json_array();
    lk_reader r = lk_reader_of(cert->alt_names);
    lk_general_name name;
    while (json_array_size(all) < NAMES_SHOWN && lk_general_name_read(&r, &name)) {
        lk_buffer text = lk_buffer_of(&lk_heap_default, 0);
        char ip[64];
        if (name.kind == LK_GN_DNS && lk_text_escaped(&text, name.value)) {
            json_array_append_new(
                all, json_stringn((const char *)lk_buffer_bytes(&text), lk_buffer_length(&text)));
        } else if (name.kind == LK_GN_IP && (name.value.p_len == 4 || name.value.p_len == 16)) {
            lk_ip_text(ip, sizeof ip, name.value);
            json_array_append_new(all, json_string(ip));
        }
        lk_buffer_free(&text);
    }
    return all;
}

static const char *key_text(char *out, size_t out_len, const lk_cert *cert) {
    switch (cert->spki.kind) {
    case LK_KEY_P256:
        return "ECDSA P-256";
    case LK_KEY_P384:
        return "ECDSA P-384";
    case LK_KEY_P521:
        return "ECDSA P-521";
    case LK_KEY_ED25519:
        return "Ed25519";
    case LK_KEY_RSA:
        snprintf(out, out_len, "RSA %u", cert->spki.key_bits);
        return out;
    default:
        return "of a kind that is not known here";
    }
}

static json_t *certificate_json(size_t depth, lk_slice der) {
    lk_cert cert;
    char key[32];
    if (lk_cert_parse(&cert, der) != LOCKSTEP_OK)
        return json_pack("{s:i, s:s, s:s, s:o, s:o}", "depth", (int)depth, "subject",
                         "not a certificate that can be read", "issuer", "", "der", lk_hex(der),
                         "fields", lk_fields_json(lk_dissect_certificate(der)));
    return json_pack("{s:i, s:o, s:o, s:o, s:o, s:s, s:o, s:b, s:o, s:o}", "depth", (int)depth,
                     "subject", name_json(cert.subject), "issuer", name_json(cert.issuer),
                     "not_before", time_json(cert.not_before), "not_after",
                     time_json(cert.not_after), "key", key_text(key, sizeof key, &cert), "names",
                     alt_names(&cert), "ca", cert.is_ca, "der", lk_hex(der), "fields",
                     lk_fields_json(lk_dissect_certificate(der)));
}

/* ---- Finding them ---------------------------------------------------------------------------- */

/* tls12_list steps through the certificates of RFC 5246 §7.4.2. */
static json_t *tls12_list(lk_slice body) {
    json_t *all = json_array();
    lk_reader r = lk_reader_of(body), list;
    lk_slice certificates, der;
    if (!lk_read_vector(&r, 3, 0, 0xffffff, &certificates))
        return all;
    list = lk_reader_of(certificates);
    while (json_array_size(all) < LK_CHAIN_MAX && lk_read_vector(&list, 3, 1, 0xffffff, &der))
        json_array_append_new(all, certificate_json(json_array_size(all), der));
    return all;
}

static json_t *list(lk_slice body, bool tls12) {
    lk_certificate message;
    lk_flaw flaw;
    json_t *all;
    if (tls12)
        return tls12_list(body);
    all = json_array();
    if (lk_certificate_parse(&message, &flaw, body) == LOCKSTEP_OK)
        for (size_t i = 0; i < message.num_chain; i++)
            json_array_append_new(all, certificate_json(i, message.chain[i]));
    return all;
}

static json_t *compressed_list(lk_slice body) {
    lk_compressed_certificate c;
    bool no_memory;
    json_t *all = NULL;
    if (lk_compressed_certificate_parse(&c, body) != LOCKSTEP_OK ||
        c.uncompressed_length > LK_RECORDING_MAX_BYTES)
        return json_array();
    uint8_t *plain = malloc(c.uncompressed_length + 1);
    if (plain != NULL && lk_decompress(c.algorithm, plain, c.uncompressed_length, c.compressed,
                                       &lk_heap_default, &no_memory))
        all = list(lk_slice_of(plain, c.uncompressed_length), false);
    free(plain);
    return all != NULL ? all : json_array();
}

json_t *lk_certificates_json(const lk_recording *recording, bool tls12) {
    for (size_t i = 0; i < lk_recording_length(recording); i++) {
        const lk_event *e = lk_recording_event(recording, i);
        if (e->kind != LK_EVENT_MESSAGE || e->by_client || e->bytes.p_len < LK_HANDSHAKE_HEADER)
            continue;
        lk_slice body = lk_slice_from(e->bytes, LK_HANDSHAKE_HEADER);
        if (e->type == LK_CERTIFICATE)
            return list(body, tls12);
        if (e->type == LK_COMPRESSED_CERTIFICATE)
            return compressed_list(body);
    }
    return json_array();
}
