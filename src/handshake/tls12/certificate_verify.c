/*
 * certificate_verify.c - CertificateVerify of TLS 1.2 (RFC 5246 §7.4.8): the client signs the
 * messages themselves.
 */
#include "wire/certificate_verify.h"

#include "handshake/tls12/inside.h"

/* ---- Client ---------------------------------------------------------------------------------- */

static lockstep_status send_signed(lk_handshake *hs) {
    lk_builder b;
    size_t at = lk12_begin(hs, &b);
    lk_certificate_verify_build(&b, hs->scheme->id, hs->signature);
    LK_TRY(lk_send(hs, &b, at));
    return lk12_end_client_flight(hs);
}

lockstep_status lk12_send_certificate_verify(lk_handshake *hs) {
    lk_slice to_sign;
    LK_TRY(lk12_kept_messages(hs, &to_sign));
    return lk_sign(hs, to_sign, send_signed);
}

/* ---- Server ---------------------------------------------------------------------------------- */

static lockstep_status verified(lk_handshake *hs) {
    hs->state = LK12_SERVER_WAIT_CCS;
    return LOCKSTEP_OK;
}

lockstep_status lk12_on_certificate_verify(lk_handshake *hs, lk_slice message) {
    lk_certificate_verify cv;
    lk_slice to_verify, signature;
    const lk_scheme *scheme;
    lockstep_status status = lk_certificate_verify_parse(&cv, lk_body(message));
    if (status != LOCKSTEP_OK)
        return lk_fail_at(hs, status, "RFC 5246 §7.4.8", "from the client");
    LK_TRY(lk12_peer_scheme(hs, &scheme, cv.scheme));
    hs->agreed->peer_scheme = cv.scheme;
    LK_TRY(lk12_kept_messages(hs, &to_verify));
    LK_TRY(lk_hash_message(hs, message));
    if (!lk_arena_copy(&hs->arena, &signature, cv.signature))
        return lk_fail_memory(hs);
    return lk12_verify(hs, scheme, to_verify, signature, verified);
}
