/*
 * server_hello.c - ServerHello of TLS 1.2 (RFC 5246 §7.4.1.3), both directions.
 */
#include "handshake/tls12/inside.h"
#include "wire/tls12_server_hello.h"

/* ---- Server ---------------------------------------------------------------------------------- */

/* The limit of RFC 8449 counts the content type in TLS 1.3 only; 2^14 is the protocol's own. */
static uint16_t own_limit(const lk_handshake *hs) {
    uint16_t limit = hs->settings->record_size_limit;
    return hs->peer_limit == 0 ? 0 : limit < 16384 ? limit : 16384;
}

static bool hello_has(const lk_handshake *hs, enum lk_extension_index i) {
    return (hs->hello.ext.present >> i & 1) != 0;
}

/* TLS_EMPTY_RENEGOTIATION_INFO_SCSV (RFC 5746 §3.3) */
#define EMPTY_RENEGOTIATION_INFO 0x00ff

lockstep_status lk12_send_server_hello(lk_handshake *hs) {
    lk_builder b;
    bool resumed = hs->tls12->resumed, ecdhe = !resumed && hs->suite->kex == LK_KEX_ECDHE;
    if (ecdhe)
        LK_TRY(lk_take_shares(hs));
    hs->tls12->ticket_announced = lk12_gives_ticket(hs);
    hs->tls12->status_announced = !resumed && hs->hello.wants_ocsp && hs->identity->ocsp.p_len > 0;
    lk12_server_hello_out hello = {
        .random = hs->random_2,
        .session_id = resumed ? hs->hello.session_id : lk_slice_of(NULL, 0),
        .session_ticket = hs->tls12->ticket_announced,
        .cipher_suite = hs->suite->id,
        .server_name = lk_acknowledges_name(hs),
        .status = hs->tls12->status_announced,
        .renegotiation_info = hello_has(hs, LK_EXTENSION_renegotiation_info) ||
                              lk_u16_has(hs->hello.cipher_suites, EMPTY_RENEGOTIATION_INFO),
        .point_formats = ecdhe && hello_has(hs, LK_EXTENSION_ec_point_formats),
        .extended_master_secret = true,
        .protocol = hs->protocol,
        .scts = !resumed && hello_has(hs, LK_EXTENSION_signed_certificate_timestamp)
                    ? hs->identity->scts
                    : lk_slice_of(NULL, 0),
        .record_size_limit = own_limit(hs),
        .has_server_type = hello_has(hs, LK_EXTENSION_server_certificate_type),
        /* of the client's only where one is requested (RFC 7250 §4.2) */
        .has_client_type = !resumed && hs->settings->client_auth != LOCKSTEP_CLIENT_AUTH_NONE &&
                           hello_has(hs, LK_EXTENSION_client_certificate_type),
        .server_type = hs->own_type,
        .client_type = hs->peer_type,
    };
    size_t at = lk12_begin(hs, &b);
    lk12_server_hello_build(&b, &hello);
    LK_TRY(lk_send(hs, &b, at));
    if (resumed) {
        hs->state = LK12_SERVER_WAIT_CCS;
        return lk12_server_end(hs);
    }
    LK_TRY(lk12_send_certificate(hs));
    if (hs->tls12->status_announced)
        LK_TRY(lk12_send_certificate_status(hs));
    return ecdhe ? lk12_send_server_key_exchange(hs) : lk12_end_server_flight(hs);
}

/* ---- Client ---------------------------------------------------------------------------------- */

static bool has(const lk12_server_hello *h, enum lk_extension_index i) {
    return (h->ext.present >> i & 1) != 0;
}

static lockstep_status check_extensions(lk_handshake *hs, const lk12_server_hello *h) {
    if (h->ext.num_unknown > 0)
        return lk_fail(hs, LOCKSTEP_PEER_EXTENSION_UNSOLICITED, "extension %u",
                       h->ext.first_unknown);
    for (int i = 0; i < LK_EXTENSION_COUNT; i++)
        if (((h->ext.present & ~hs->offered) >> i & 1) != 0)
            return lk_fail(hs, LOCKSTEP_PEER_EXTENSION_UNSOLICITED, "%s",
                           lk_extension_table[i].name);
    /* "if a client receives a ServerHello without the extension, it SHOULD abort the handshake if
     * it does not wish to interoperate with legacy servers" (RFC 7627 §5.2) */
    if (!has(h, LK_EXTENSION_extended_master_secret))
        return lk_fail(hs, LOCKSTEP_PEER_EXTENDED_MASTER_SECRET, "ServerHello without it");
    /* Without it "the server does not support secure renegotiation", and what somebody else sent
     * before us could be taken for ours (RFC 5746 §3.4, §1). */
    if (!has(h, LK_EXTENSION_renegotiation_info) || h->renegotiated_connection.p_len > 0)
        return lk_fail(hs, LOCKSTEP_PEER_RENEGOTIATION_INFO,
                       has(h, LK_EXTENSION_renegotiation_info) ? "%zu bytes in a first handshake"
                                                               : "ServerHello without it (%zu)",
                       h->renegotiated_connection.p_len);
    if (has(h, LK_EXTENSION_ec_point_formats) &&
        memchr(h->point_formats.p, 0, h->point_formats.p_len) == NULL)
        return lk_fail(hs, LOCKSTEP_PEER_POINT_FORMATS, "%zu forms", h->point_formats.p_len);
    return LOCKSTEP_OK;
}

static bool means_resumed(const lk_handshake *hs, const lk12_server_hello *h) {
    return h->session_id.p_len > 0 &&
           lk_slice_equal(h->session_id, lk_slice_of(hs->session_id, hs->session_id_len));
}

static lockstep_status check_fields(lk_handshake *hs, const lk12_server_hello *h) {
    if (h->compression_method != 0)
        return lk_fail(hs, LOCKSTEP_PEER_COMPRESSION, "the server chose method %u",
                       h->compression_method);
    /* An equal one means "resumed". Else ours is there for middleboxes only (RFC 8446 §D.4). */
    if (means_resumed(hs, h) && !lk12_offers(hs))
        return lk_fail(hs, LOCKSTEP_PEER_SESSION_ID, "it sends our legacy_session_id back");
    for (size_t i = 0; i < hs->settings->num_suites; i++)
        if (hs->settings->suites[i] == h->cipher_suite)
            hs->suite = lk_suite_of(h->cipher_suite);
    if (hs->suite == NULL || hs->suite->version != LK_TLS12)
        return lk_fail(hs, LOCKSTEP_PEER_SUITE_NOT_OFFERED, "suite 0x%04x in TLS 1.2",
                       h->cipher_suite);
    if (means_resumed(hs, h) && hs->resumes->suite != hs->suite->id)
        return lk_fail(hs, LOCKSTEP_PEER_RESUMED_OTHERWISE, "%s, before it was %s", hs->suite->name,
                       lockstep_suite_name(hs->resumes->suite));
    return LOCKSTEP_OK;
}

/* take keeps what the extensions bring. */
static lockstep_status take(lk_handshake *hs, const lk12_server_hello *h) {
    lk12_handshake *tls12 = hs->tls12;
    tls12->certificate = lk_arena_alloc(&hs->arena, sizeof *tls12->certificate);
    if (tls12->certificate == NULL ||
        !lk_arena_copy(&hs->arena, &tls12->certificate->scts, h->scts))
        return lk_fail_memory(hs);
    tls12->status_announced = has(h, LK_EXTENSION_status_request);
    tls12->ticket_announced = has(h, LK_EXTENSION_session_ticket);
    if (h->protocol.p_len > 0)
        LK_TRY(lk_take_protocol(hs, h->protocol));
    if (!has(h, LK_EXTENSION_record_size_limit))
        return LOCKSTEP_OK;
    /* "A client MAY abort the handshake [...] if the record_size_limit extension includes a value
     * greater than the maximum record size permitted by the negotiated protocol version" (RFC 8449
     * §4) */
    if (h->record_size_limit < 64 || h->record_size_limit > 16384)
        return lk_fail(hs, LOCKSTEP_PEER_RECORD_SIZE_LIMIT, "%u, allowed are 64 to 16384",
                       h->record_size_limit);
    hs->peer_limit = h->record_size_limit;
    return LOCKSTEP_OK;
}

lockstep_status lk12_on_server_hello(lk_handshake *hs, lk_slice message) {
    lk12_server_hello h;
    lk_flaw flaw;
    LK_TRY(lk12_enter(hs, true));
    lockstep_status status = lk12_server_hello_parse(&h, &flaw, lk_body(message));
    if (status != LOCKSTEP_OK)
        return lk_fail_flaw(hs, status, &flaw);
    LK_TRY(check_fields(hs, &h));
    LK_TRY(check_extensions(hs, &h));
    LK_TRY(take(hs, &h));
    LK_TRY(
        lk_take_certificate_types(hs, &h.ext, h.server_type, h.client_type, means_resumed(hs, &h)));
    memcpy(hs->random_2, h.random.p, LK_RANDOM_LEN);
    lk_note_choice(&hs->watch, false, "version", "RFC 5246 §7.4.1.3", "TLS 1.2");
    lk_note_choice(&hs->watch, false, "cipher suite", "RFC 5246 §7.4.1.3", "%s", hs->suite->name);
    lk_transcript_start(&hs->transcript, hs->suite->hash);
    LK_TRY(lk_hash_message(hs, message));
    hs->agreed->version = LK_TLS12;
    hs->agreed->suite = hs->suite->id;
    hs->agreed->aead = hs->suite->aead;
    hs->tls12->session_id_len = h.session_id.p_len;
    if (h.session_id.p_len > 0)
        memcpy(hs->tls12->session_id, h.session_id.p, h.session_id.p_len);
    hs->state = LK12_CLIENT_WAIT_CERT;
    if (!means_resumed(hs, &h))
        return LOCKSTEP_OK;
    LK_TRY(lk12_resumed(hs));
    return lk12_client_wait(hs);
}
