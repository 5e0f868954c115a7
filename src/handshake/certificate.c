/*
 * certificate.c - Certificate (RFC 8446 §4.4.2): send ours, take the peer's. peer_chain.c has it
 * judged.
 */
#include "handshake/internal.h"

/* ---- Ours ------------------------------------------------------------------------------------ */

lockstep_status lk_send_certificate(lk_handshake *hs) {
    const lk_identity *identity = hs->identity;
    size_t at = lk_buffer_length(&hs->outbox.bytes);
    lk_builder b = lk_builder_of(&hs->outbox.bytes);
    lk_slice none = lk_slice_of(NULL, 0);
    /* "extensions in the Certificate message from the server MUST correspond to ones from the
     * ClientHello message" */
    bool ocsp =
        identity != NULL && identity->ocsp.p_len > 0 && !hs->is_client && hs->hello.wants_ocsp;
    bool scts = identity != NULL && identity->scts.p_len > 0 && !hs->is_client &&
                (hs->hello.ext.present & lk_extension_bit(signed_certificate_timestamp)) != 0;
    lockstep_status status;
    unsigned form = (ocsp ? LK_FORM_OCSP : 0) | (scts ? LK_FORM_SCTS : 0);
    if (identity != NULL && lk_send_compressed_certificate(hs, form, &status))
        return status;
    lk_certificate_build(&b, none, identity == NULL ? NULL : identity->chain,
                         identity == NULL ? 0 : identity->num_chain, ocsp ? identity->ocsp : none,
                         scts ? identity->scts : none);
    return lk_send(hs, &b, at);
}

/* ---- The peer's ------------------------------------------------------------------------------ */

static lockstep_status wait_for_proof(lk_handshake *hs) {
    hs->state = hs->is_client ? LK_CLIENT_WAIT_CV : LK_SERVER_WAIT_CV;
    return lk_check_delegated(hs);
}

lockstep_status lk_on_certificate(lk_handshake *hs, lk_slice message) {
    return lk_take_certificate(hs, lk_body(message), message);
}

lockstep_status lk_take_certificate(lk_handshake *hs, lk_slice body, lk_slice message) {
    lk_certificate certificate;
    lk_flaw flaw;
    lockstep_status status = lk_certificate_parse(&certificate, &flaw, body);
    if (status != LOCKSTEP_OK)
        return lk_fail_flaw(hs, status, &flaw);
    if (certificate.context.p_len > 0)
        return lk_fail(hs, LOCKSTEP_PEER_CERTIFICATE_CONTEXT, "%zu bytes in a handshake",
                       certificate.context.p_len);
    /* Extensions of a Certificate answer those of the ClientHello or CertificateRequest (§4.4.2);
     * our CertificateRequest has none that may be answered here. */
    if (certificate.unknown_extension)
        return lk_fail(hs, LOCKSTEP_PEER_EXTENSION_UNSOLICITED, "extension %u",
                       certificate.unknown_id);
    for (int i = 0; i < LK_EXTENSION_COUNT; i++)
        if (((certificate.extensions & ~(hs->is_client ? hs->offered : 0)) >> i & 1) != 0)
            return lk_fail(hs, LOCKSTEP_PEER_EXTENSION_UNSOLICITED, "%s",
                           lk_extension_table[i].name);
    LK_TRY(lk_hash_message(hs, message));
    if (!lk_arena_copy(&hs->arena, &hs->delegated, certificate.delegated))
        return lk_fail_memory(hs);
    if (certificate.num_chain > 0)
        return lk_judge_peer(hs, &certificate, wait_for_proof);
    if (hs->is_client)
        return lk_fail(hs, LOCKSTEP_PEER_CERTIFICATE_EMPTY, "an empty list");
    hs->state = LK_SERVER_WAIT_FINISHED;
    return lk_no_client_certificate(hs);
}
