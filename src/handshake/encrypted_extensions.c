/*
 * encrypted_extensions.c - EncryptedExtensions (RFC 8446 §4.3.1): what the server agrees to, now
 * that nobody else can read it.
 */
#include "wire/encrypted_extensions.h"

#include "handshake/ech.h"
#include "handshake/internal.h"

static bool client_has(const lk_handshake *hs, enum lk_extension_index i) {
    return (hs->hello.ext.present >> i & 1) != 0;
}

/* "A server that receives a client hello containing the "server_name" extension MAY use the
 * information [...] In this event, the server SHALL include" it in its answer (RFC 6066 §3). */
bool lk_acknowledges_name(const lk_handshake *hs) {
    lk_host host;
    lk_slice name = hs->hello.server_name;
    return name.p_len > 0 && lk_host_parse(&host, name) && hs->identity != NULL &&
           !hs->identity->raw && lk_cert_is_for(&hs->identity->leaf, &host);
}

lockstep_status lk_send_encrypted_extensions(lk_handshake *hs) {
    lk_encrypted_extensions_out ee = {
        .server_name = lk_acknowledges_name(hs),
        .protocol = hs->protocol,
        /* "MUST NOT send [...] unless" the client did (RFC 8449 §4) */
        .record_size_limit = hs->peer_limit != 0 ? hs->settings->record_size_limit : 0,
        /* Resumed: how we have shown ourselves then. Who wants raw keys alone may take silence for
         * X.509 (RFC 7250 §4.2). */
        .has_server_type = (hs->psk == NULL || hs->psk->kind == LK_PSK_RESUMPTION) &&
                           client_has(hs, LK_EXTENSION_server_certificate_type),
        .has_client_type = hs->psk == NULL &&
                           client_has(hs, LK_EXTENSION_client_certificate_type) &&
                           hs->settings->client_auth != LOCKSTEP_CLIENT_AUTH_NONE,
        .server_type = hs->own_type,
        .client_type = hs->peer_type,
        .early_data = hs->agreed->early_data == LOCKSTEP_EARLY_ACCEPTED,
        .ech_retry_configs = lk_ech_retry_configs(hs),
    };
    size_t at = lk_buffer_length(&hs->outbox.bytes);
    lk_builder b = lk_builder_of(&hs->outbox.bytes);
    lk_encrypted_extensions_build(&b, &ee);
    return lk_send(hs, &b, at);
}

lockstep_status lk_take_protocol(lk_handshake *hs, lk_slice protocol) {
    lk_slice offered = hs->settings->protocols, name;
    while (lk_protocol_list_next(&offered, &name))
        if (lk_slice_equal(name, protocol)) {
            hs->agreed->alpn = lk_copy_of(&hs->settings->heap, name.p, name.p_len);
            if (hs->agreed->alpn == NULL)
                return lk_fail_memory(hs);
            lk_note_choice(&hs->watch, false, "application protocol", "RFC 7301 §3.1", "%s",
                           hs->agreed->alpn);
            return LOCKSTEP_OK;
        }
    return lk_fail(hs, LOCKSTEP_PEER_ALPN, "a name of %zu bytes", protocol.p_len);
}

lockstep_status lk_on_encrypted_extensions(lk_handshake *hs, lk_slice message) {
    lk_encrypted_extensions ee;
    lk_flaw flaw;
    lockstep_status status = lk_encrypted_extensions_parse(&ee, &flaw, lk_body(message));
    if (status != LOCKSTEP_OK)
        return lk_fail_flaw(hs, status, &flaw);
    /* "Implementations MUST NOT send extension responses if the remote endpoint did not send the
     * corresponding extension requests" (§4.2); supported_groups is information, not a response. */
    uint32_t unsolicited = ee.ext.present & ~(hs->offered | lk_extension_bit(supported_groups));
    for (int i = 0; i < LK_EXTENSION_COUNT; i++)
        if ((unsolicited >> i & 1) != 0)
            return lk_fail(hs, LOCKSTEP_PEER_EXTENSION_UNSOLICITED, "%s",
                           lk_extension_table[i].name);
    if (ee.ext.num_unknown > 0)
        return lk_fail(hs, LOCKSTEP_PEER_EXTENSION_UNSOLICITED, "extension %u",
                       ee.ext.first_unknown);
    LK_TRY(lk_ech_on_encrypted_extensions(hs, &ee));
    LK_TRY(lk_take_certificate_types(hs, &ee.ext, ee.server_type, ee.client_type, hs->psk != NULL));
    if (ee.protocol.p_len > 0)
        LK_TRY(lk_take_protocol(hs, ee.protocol));
    if ((ee.ext.present & lk_extension_bit(record_size_limit)) != 0) {
        /* A client "MUST" also refuse what exceeds the protocol's own maximum (RFC 8449 §4). */
        if (ee.record_size_limit < 64 || ee.record_size_limit > 16385)
            return lk_fail(hs, LOCKSTEP_PEER_RECORD_SIZE_LIMIT, "%u, allowed are 64 to 16385",
                           ee.record_size_limit);
        LK_TRY(lk_out(hs, LK_OUT_PEER_LIMIT, ee.record_size_limit));
    }
    LK_TRY(lk_early_answered(hs, (ee.ext.present & lk_extension_bit(early_data)) != 0));
    LK_TRY(lk_hash_message(hs, message));
    hs->state = hs->psk != NULL ? LK_CLIENT_WAIT_FINISHED : LK_CLIENT_WAIT_CERT_CR;
    return LOCKSTEP_OK;
}
