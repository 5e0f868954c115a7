/*
 * certificate_request.c - CertificateRequest (RFC 8446 §4.3.2).
 */
#include "wire/certificate_request.h"

#include "handshake/internal.h"

lockstep_status lk_send_certificate_request(lk_handshake *hs) {
    size_t at = lk_buffer_length(&hs->outbox.bytes);
    lk_builder b = lk_builder_of(&hs->outbox.bytes);
    lk_certificate_request_build(
        &b, &(lk_certificate_request_out){.schemes = hs->settings->schemes,
                                          .num_schemes = hs->settings->num_schemes,
                                          .compressions = hs->settings->compressions,
                                          .num_compressions = hs->settings->num_compressions,
                                          .authorities = hs->settings->authorities});
    hs->certificate_requested = true;
    return lk_send(hs, &b, at);
}

lockstep_status lk_on_certificate_request(lk_handshake *hs, lk_slice message) {
    lk_certificate_request request;
    lk_flaw flaw;
    lockstep_status status = lk_certificate_request_parse(&request, &flaw, lk_body(message));
    if (status != LOCKSTEP_OK)
        return lk_fail_flaw(hs, status, &flaw);
    /* "This field SHALL be zero length unless used for the post-handshake authentication" */
    if (request.context.p_len > 0)
        return lk_fail(hs, LOCKSTEP_PEER_CERTIFICATE_CONTEXT, "%zu bytes in a handshake",
                       request.context.p_len);
    if (!lk_arena_copy(&hs->arena, &hs->peer_schemes, request.schemes) ||
        !lk_arena_copy(&hs->arena, &hs->peer_compressions, request.compressions) ||
        !lk_arena_copy(&hs->arena, &hs->request.schemes_cert, request.schemes_cert) ||
        !lk_arena_copy(&hs->arena, &hs->request.authorities, request.authorities))
        return lk_fail_memory(hs);
    hs->request.schemes = hs->peer_schemes;
    hs->request.version = LK_TLS13;
    hs->certificate_requested = true;
    LK_TRY(lk_hash_message(hs, message));
    hs->state = LK_CLIENT_WAIT_CERT;
    return LOCKSTEP_OK;
}
