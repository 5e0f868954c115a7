#include "wire/client_hello.h"

#include "wire/authorities.h"
#include "wire/certificate_type.h"
#include "wire/compressed_certificate.h"

bool lk_key_share_next(lk_slice *list, uint16_t *group, lk_slice *key_exchange) {
    lk_reader r = lk_reader_of(*list);
    if (!lk_parse_key_share_entry(&r, group, key_exchange))
        return false;
    *list = lk_reader_rest(&r);
    return true;
}

bool lk_psk_identity_next(lk_slice *list, lk_slice *identity, uint32_t *obfuscated_age) {
    lk_reader r = lk_reader_of(*list);
    if (!lk_read_vector(&r, 2, 1, UINT16_MAX, identity) || !lk_read_u32(&r, obfuscated_age))
        return false;
    *list = lk_reader_rest(&r);
    return true;
}

bool lk_psk_binder_next(lk_slice *list, lk_slice *binder) {
    lk_reader r = lk_reader_of(*list);
    if (!lk_read_vector(&r, 1, 32, 255, binder))
        return false;
    *list = lk_reader_rest(&r);
    return true;
}

/* ---- Reading --------------------------------------------------------------------------------- */

/* ServerNameList (RFC 6066 §3): one host_name; other types of name were never defined, and a list
 * with two names of one type is forbidden. */
static bool parse_server_name(lk_slice data, lk_slice *host) {
    lk_reader r = lk_reader_of(data);
    lk_slice list;
    uint8_t type;
    if (!lk_read_vector(&r, 2, 1, UINT16_MAX, &list) || !lk_reader_done(&r))
        return false;
    r = lk_reader_of(list);
    return lk_read_u8(&r, &type) && type == 0 && lk_read_vector(&r, 2, 1, UINT16_MAX, host) &&
           lk_reader_done(&r);
}

static bool parse_versions(lk_slice data, lk_u16_list *out) {
    lk_reader r = lk_reader_of(data);
    return lk_read_u16_list(&r, 1, out) && lk_reader_done(&r);
}

static bool parse_key_shares(lk_slice data, lk_slice *out) {
    lk_reader r = lk_reader_of(data);
    lk_slice key_exchange;
    uint16_t group;
    if (!lk_read_vector(&r, 2, 0, UINT16_MAX, out) || !lk_reader_done(&r))
        return false;
    lk_slice rest = *out;
    while (rest.p_len > 0)
        if (!lk_key_share_next(&rest, &group, &key_exchange))
            return false;
    return true;
}

/* OfferedPsks (§4.2.11): "one for each value in the identities list" must hold of the binders. */
static bool parse_pre_shared_key(lk_client_hello *h, lk_slice data) {
    lk_reader r = lk_reader_of(data);
    lk_slice rest, one;
    uint32_t age;
    size_t num_identities = 0, num_binders = 0;
    if (!lk_read_vector(&r, 2, 7, UINT16_MAX, &h->psk_identities) ||
        !lk_read_vector(&r, 2, 33, UINT16_MAX, &h->psk_binders) || !lk_reader_done(&r))
        return false;
    for (rest = h->psk_identities; rest.p_len > 0; num_identities++)
        if (!lk_psk_identity_next(&rest, &one, &age))
            return false;
    for (rest = h->psk_binders; rest.p_len > 0; num_binders++)
        if (!lk_psk_binder_next(&rest, &one))
            return false;
    h->psk_paired = num_identities == num_binders;
    return true;
}

/* CertificateStatusRequest (RFC 6066 §8). Whose responses and which extensions it wants matters to
 * nobody who has one response to staple. */
static bool parse_status_request(lk_slice data, bool *wants_ocsp) {
    lk_reader r = lk_reader_of(data);
    lk_slice responders, extensions;
    uint8_t type;
    if (!lk_read_u8(&r, &type))
        return false;
    *wants_ocsp = type == LK_STATUS_OCSP;
    return !*wants_ocsp ||
           (lk_read_vector(&r, 2, 0, UINT16_MAX, &responders) &&
            lk_read_vector(&r, 2, 0, UINT16_MAX, &extensions) && lk_reader_done(&r));
}

static bool parse_vector(lk_slice data, size_t width, lk_slice *out) {
    lk_reader r = lk_reader_of(data);
    return lk_read_vector(&r, width, 1, UINT16_MAX, out) && lk_reader_done(&r);
}

static bool parse_contents(void *into, enum lk_extension_index i, lk_slice data) {
    lk_client_hello *h = into;
    lk_reader r = lk_reader_of(data);
    switch (i) {
    case LK_EXTENSION_server_name:
        return parse_server_name(data, &h->server_name);
    case LK_EXTENSION_supported_versions:
        return parse_versions(data, &h->versions);
    case LK_EXTENSION_supported_groups:
        return lk_parse_u16_list(data, &h->groups);
    case LK_EXTENSION_signature_algorithms:
        return lk_parse_u16_list(data, &h->schemes);
    case LK_EXTENSION_signature_algorithms_cert:
        return lk_parse_u16_list(data, &h->schemes_cert);
    case LK_EXTENSION_key_share:
        return parse_key_shares(data, &h->key_shares);
    case LK_EXTENSION_application_layer_protocol_negotiation:
        return lk_parse_protocol_list(data, &h->protocols);
    case LK_EXTENSION_cookie:
        return parse_vector(data, 2, &h->cookie);
    case LK_EXTENSION_psk_key_exchange_modes:
        return parse_vector(data, 1, &h->psk_modes);
    case LK_EXTENSION_pre_shared_key:
        return parse_pre_shared_key(h, data);
    case LK_EXTENSION_record_size_limit:
        return lk_read_u16(&r, &h->record_size_limit) && lk_reader_done(&r);
    case LK_EXTENSION_certificate_authorities:
        return lk_parse_authorities(data, &h->authorities);
    case LK_EXTENSION_server_certificate_type:
        return lk_parse_certificate_types(data, &h->server_types);
    case LK_EXTENSION_client_certificate_type:
        return lk_parse_certificate_types(data, &h->client_types);
    case LK_EXTENSION_compress_certificate:
        return lk_parse_compressions(data, &h->compressions);
    case LK_EXTENSION_status_request:
        return parse_status_request(data, &h->wants_ocsp);
    case LK_EXTENSION_renegotiation_info:
        return lk_read_vector(&r, 1, 0, 255, &h->renegotiated_connection) && lk_reader_done(&r);
    case LK_EXTENSION_ec_point_formats:
        return parse_vector(data, 1, &h->point_formats);
    case LK_EXTENSION_early_data:
    case LK_EXTENSION_extended_master_secret:
    case LK_EXTENSION_signed_certificate_timestamp:
    case LK_EXTENSION_post_handshake_auth:
        return data.p_len == 0;
    default:
        return true; /* kept as it is; no meaning here */
    }
}

lockstep_status lk_client_hello_parse(lk_client_hello *out, lk_flaw *flaw, lk_slice body) {
    const lockstep_status decode = LOCKSTEP_PEER_DECODE_CLIENT_HELLO;
    lk_reader r = lk_reader_of(body);
    memset(out, 0, sizeof *out);
    *flaw = (lk_flaw){0};
    if (!lk_read_u16(&r, &out->legacy_version) || !lk_read_bytes(&r, LK_RANDOM_LEN, &out->random) ||
        !lk_read_vector(&r, 1, 0, LK_SESSION_ID_MAX, &out->session_id) ||
        !lk_read_u16_list(&r, 2, &out->cipher_suites) ||
        !lk_read_vector(&r, 1, 1, 255, &out->compression_methods))
        return decode;
    /* "TLS 1.2 ClientHello messages without extensions" exist: "the handshake message length
     * indicates whether there are extensions" (§4.1.2). */
    if (lk_reader_done(&r))
        return LOCKSTEP_OK;
    lockstep_status status = lk_parse_extensions(&out->ext, flaw, &r, LK_IN_CLIENT_HELLO, decode);
    if (status != LOCKSTEP_OK)
        return status;
    status = lk_parse_contents(out, flaw, &out->ext, parse_contents);
    if (status != LOCKSTEP_OK)
        return status;
    /* "The "pre_shared_key" extension MUST be the last extension in the ClientHello" (§4.2.11) */
    if ((out->ext.present & lk_extension_bit(pre_shared_key)) != 0 &&
        out->ext.last != lk_extension_table[LK_EXTENSION_pre_shared_key].id)
        return lk_flaw_in(flaw, LK_EXTENSION_pre_shared_key, LOCKSTEP_PEER_PSK,
                          "not the last extension");
    if ((out->ext.present & lk_extension_bit(pre_shared_key)) != 0 && !out->psk_paired)
        return lk_flaw_in(flaw, LK_EXTENSION_pre_shared_key, LOCKSTEP_PEER_PSK,
                          "not one binder for each identity");
    return LOCKSTEP_OK;
}

/* ---- Writing --------------------------------------------------------------------------------- */

/* A list with a GREASE value in front. */
static void build_greased(lk_builder *b, size_t width, uint16_t grease, const uint16_t *list,
                          size_t num_list) {
    lk_length length = lk_build_open(b, width);
    if (grease != 0)
        lk_build_u16(b, grease);
    for (size_t i = 0; i < num_list; i++)
        lk_build_u16(b, list[i]);
    lk_build_close(b, length);
}

static void build_server_name(lk_builder *b, lk_slice name) {
    lk_length ext = lk_extension_open(b, LK_EXTENSION_server_name);
    lk_length list = lk_build_open(b, 2);
    lk_build_u8(b, 0); /* host_name */
    lk_build_vector(b, 2, name);
    lk_build_close(b, list);
    lk_build_close(b, ext);
}

static void build_key_shares(lk_builder *b, const lk_client_hello_out *h) {
    lk_length ext = lk_extension_open(b, LK_EXTENSION_key_share);
    lk_length list = lk_build_open(b, 2);
    if (h->grease_share &&
        h->grease_group != 0) { /* "with a single byte of key_exchange" is enough (RFC 8701 §3.1) */
        lk_build_u16(b, h->grease_group);
        lk_build_vector(b, 2, lk_slice_of("", 1));
    }
    for (size_t i = 0; i < h->num_shares; i++) {
        lk_build_u16(b, h->shares[i].group);
        lk_build_vector(b, 2, h->shares[i].key_exchange);
    }
    lk_build_close(b, list);
    lk_build_close(b, ext);
}

static void build_psks(lk_builder *b, const lk_client_hello_out *h) {
    lk_length ext = lk_extension_open(b, LK_EXTENSION_pre_shared_key);
    lk_length list = lk_build_open(b, 2);
    for (size_t i = 0; i < h->num_psks; i++) {
        lk_build_vector(b, 2, h->psks[i].identity);
        lk_build_u32(b, h->psks[i].obfuscated_age);
    }
    lk_build_close(b, list);
    list = lk_build_open(b, 2);
    for (size_t i = 0; i < h->num_psks; i++) {
        lk_build_u8(b, (uint8_t)h->psks[i].binder_len);
        uint8_t *binder = lk_build_room(b, h->psks[i].binder_len);
        if (binder != NULL)
            memset(binder, 0, h->psks[i].binder_len);
    }
    lk_build_close(b, list);
    lk_build_close(b, ext);
}

static void build_empty_grease(lk_builder *b, uint16_t type, lk_slice contents) {
    if (type == 0)
        return;
    lk_build_u16(b, type);
    lk_build_vector(b, 2, contents);
}

static void build_tls12(lk_builder *b, const lk_client_hello_out *h) {
    lk_build_close(b, lk_extension_open(b, LK_EXTENSION_extended_master_secret));
    lk_length ext = lk_extension_open(b, LK_EXTENSION_renegotiation_info);
    lk_build_u8(b, 0); /* "zero length" in an initial handshake (RFC 5746 §3.4) */
    lk_build_close(b, ext);
    ext = lk_extension_open(b, LK_EXTENSION_ec_point_formats);
    lk_build_vector(b, 1, lk_slice_of("", 1)); /* uncompressed (0) */
    lk_build_close(b, ext);
    if (!h->wants_ticket)
        return;
    ext = lk_extension_open(b, LK_EXTENSION_session_ticket);
    lk_build_bytes(b, h->session_ticket);
    lk_build_close(b, ext);
}

void lk_client_hello_build(lk_builder *b, const lk_client_hello_out *h) {
    lk_length ext, message = lk_message_open(b, LK_CLIENT_HELLO);
    lk_build_u16(b, LK_TLS12); /* "legacy_version MUST be set to 0x0303" */
    lk_build_bytes(b, lk_slice_of(h->random, LK_RANDOM_LEN));
    lk_build_vector(b, 1, h->session_id);
    build_greased(b, 2, h->grease_suite, h->suites, h->num_suites);
    lk_build_vector(b, 1, lk_slice_of("", 1)); /* the null compression method alone */
    lk_length all = lk_build_open(b, 2);
    build_empty_grease(b, h->grease_extension_1, lk_slice_of(NULL, 0));
    if (h->server_name.p_len > 0)
        build_server_name(b, h->server_name);
    ext = lk_extension_open(b, LK_EXTENSION_supported_groups);
    build_greased(b, 2, h->grease_group, h->groups, h->num_groups);
    lk_build_close(b, ext);
    ext = lk_extension_open(b, LK_EXTENSION_signature_algorithms);
    lk_build_u16_list(b, 2, h->schemes, h->num_schemes);
    lk_build_close(b, ext);
    if (h->protocols.p_len > 0) {
        ext = lk_extension_open(b, LK_EXTENSION_application_layer_protocol_negotiation);
        lk_build_vector(b, 2, h->protocols);
        lk_build_close(b, ext);
    }
    lk_build_record_size_limit(b, h->record_size_limit);
    if (h->status) {
        ext = lk_extension_open(b, LK_EXTENSION_status_request);
        lk_build_u8(b, LK_STATUS_OCSP);
        lk_build_u16(b, 0); /* any responder, */
        lk_build_u16(b, 0); /* no extensions: a stapled response cannot have a nonce of ours */
        lk_build_close(b, ext);
        ext = lk_extension_open(b, LK_EXTENSION_signed_certificate_timestamp);
        lk_build_close(b, ext);
    }
    lk_build_certificate_types(b, LK_EXTENSION_client_certificate_type, h->client_types);
    lk_build_certificate_types(b, LK_EXTENSION_server_certificate_type, h->server_types);
    if (h->num_delegated_schemes > 0) {
        ext = lk_extension_open(b, LK_EXTENSION_delegated_credential);
        lk_build_u16_list(b, 2, h->delegated_schemes, h->num_delegated_schemes);
        lk_build_close(b, ext);
    }
    lk_build_compressions(b, h->compressions, h->num_compressions);
    if (h->tls12)
        build_tls12(b, h);
    if (h->num_versions > 0) {
        ext = lk_extension_open(b, LK_EXTENSION_supported_versions);
        build_greased(b, 1, h->grease_version, h->versions, h->num_versions);
        lk_build_close(b, ext);
    }
    if (h->cookie.p_len > 0) {
        ext = lk_extension_open(b, LK_EXTENSION_cookie);
        lk_build_vector(b, 2, h->cookie);
        lk_build_close(b, ext);
    }
    if (h->num_versions > 0)
        build_key_shares(b, h);
    if (h->psk_dhe_ke) {
        ext = lk_extension_open(b, LK_EXTENSION_psk_key_exchange_modes);
        lk_build_u8(b, 1);
        lk_build_u8(b, LK_PSK_DHE_KE);
        lk_build_close(b, ext);
    }
    if (h->early_data)
        lk_build_close(b, lk_extension_open(b, LK_EXTENSION_early_data));
    if (h->ech.p_len > 0) {
        ext = lk_extension_open(b, LK_EXTENSION_encrypted_client_hello);
        lk_build_bytes(b, h->ech);
        lk_build_close(b, ext);
    }
    /* "servers that do not support 0-byte final extensions" exist: the last one is not empty. */
    build_empty_grease(b, h->grease_extension_2, lk_slice_of("", 1));
    if (h->padding > 0) {
        ext = lk_extension_open(b, LK_EXTENSION_padding);
        uint8_t *zeros = lk_build_room(b, h->padding);
        if (zeros != NULL)
            memset(zeros, 0, h->padding);
        lk_build_close(b, ext);
    }
    if (h->num_psks > 0)
        build_psks(b, h);
    lk_build_close(b, all);
    lk_build_close(b, message);
}
