#include "wire/tls12_server_hello.h"

#include "wire/certificate_type.h"

static bool parse_vector(lk_slice data, size_t width, size_t min, size_t max, lk_slice *out) {
    lk_reader r = lk_reader_of(data);
    return lk_read_vector(&r, width, min, max, out) && lk_reader_done(&r);
}

static bool parse_contents(void *into, enum lk_extension_index i, lk_slice data) {
    lk12_server_hello *h = into;
    lk_reader r = lk_reader_of(data);
    switch (i) {
    case LK_EXTENSION_server_name:
    case LK_EXTENSION_status_request: /* "an empty "extension_data"" (RFC 6066 §8) */
    case LK_EXTENSION_extended_master_secret:
    case LK_EXTENSION_session_ticket:
        return data.p_len == 0;
    case LK_EXTENSION_renegotiation_info:
        return parse_vector(data, 1, 0, 255, &h->renegotiated_connection);
    case LK_EXTENSION_ec_point_formats:
        return parse_vector(data, 1, 1, 255, &h->point_formats);
    case LK_EXTENSION_application_layer_protocol_negotiation:
        return lk_parse_protocol(data, &h->protocol);
    case LK_EXTENSION_signed_certificate_timestamp:
        h->scts = data;
        return lk_parse_sct_list(data);
    case LK_EXTENSION_record_size_limit:
        return lk_read_u16(&r, &h->record_size_limit) && lk_reader_done(&r);
    case LK_EXTENSION_server_certificate_type:
        return lk_parse_certificate_type(data, &h->server_type);
    case LK_EXTENSION_client_certificate_type:
        return lk_parse_certificate_type(data, &h->client_type);
    default:
        return true;
    }
}

lockstep_status lk12_server_hello_parse(lk12_server_hello *out, lk_flaw *flaw, lk_slice body) {
    const lockstep_status decode = LOCKSTEP_PEER_DECODE_SERVER_HELLO;
    lk_reader r = lk_reader_of(body);
    memset(out, 0, sizeof *out);
    *flaw = (lk_flaw){0};
    if (!lk_read_u16(&r, &out->version) || !lk_read_bytes(&r, LK_RANDOM_LEN, &out->random) ||
        !lk_read_vector(&r, 1, 0, LK_SESSION_ID_MAX, &out->session_id) ||
        !lk_read_u16(&r, &out->cipher_suite) || !lk_read_u8(&r, &out->compression_method))
        return decode;
    /* "The presence of extensions can be detected by determining whether there are bytes following
     * the compression_method field" (RFC 5246 §7.4.1.3). */
    if (lk_reader_done(&r))
        return LOCKSTEP_OK;
    lockstep_status status =
        lk_parse_extensions(&out->ext, flaw, &r, LK_IN_SERVER_HELLO_12, decode);
    if (status != LOCKSTEP_OK)
        return status;
    return lk_parse_contents(out, flaw, &out->ext, parse_contents);
}

static void build_empty(lk_builder *b, bool wanted, enum lk_extension_index i) {
    if (wanted)
        lk_build_close(b, lk_extension_open(b, i));
}

static void build_extensions(lk_builder *b, const lk12_server_hello_out *h) {
    lk_length ext;
    build_empty(b, h->server_name, LK_EXTENSION_server_name);
    if (h->renegotiation_info) {
        ext = lk_extension_open(b, LK_EXTENSION_renegotiation_info);
        lk_build_u8(b, 0); /* "zero length" in an initial handshake (RFC 5746 §3.6) */
        lk_build_close(b, ext);
    }
    build_empty(b, h->extended_master_secret, LK_EXTENSION_extended_master_secret);
    if (h->point_formats) {
        ext = lk_extension_open(b, LK_EXTENSION_ec_point_formats);
        lk_build_vector(b, 1, lk_slice_of("", 1)); /* uncompressed (0) */
        lk_build_close(b, ext);
    }
    build_empty(b, h->session_ticket, LK_EXTENSION_session_ticket);
    build_empty(b, h->status, LK_EXTENSION_status_request);
    if (h->scts.p_len > 0) {
        ext = lk_extension_open(b, LK_EXTENSION_signed_certificate_timestamp);
        lk_build_bytes(b, h->scts);
        lk_build_close(b, ext);
    }
    lk_build_protocol(b, h->protocol);
    lk_build_record_size_limit(b, h->record_size_limit);
    if (h->has_client_type)
        lk_build_certificate_type(b, LK_EXTENSION_client_certificate_type, h->client_type);
    if (h->has_server_type)
        lk_build_certificate_type(b, LK_EXTENSION_server_certificate_type, h->server_type);
}

void lk12_server_hello_build(lk_builder *b, const lk12_server_hello_out *h) {
    lk_length message = lk_message_open(b, LK_SERVER_HELLO);
    lk_build_u16(b, LK_TLS12);
    lk_build_bytes(b, lk_slice_of(h->random, LK_RANDOM_LEN));
    lk_build_vector(b, 1, h->session_id);
    lk_build_u16(b, h->cipher_suite);
    lk_build_u8(b, 0); /* null compression */
    lk_length all = lk_build_open(b, 2);
    build_extensions(b, h);
    lk_build_close(b, all);
    lk_build_close(b, message);
}
