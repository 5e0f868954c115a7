/*
 * certificate.c - Certificate and CertificateStatus of TLS 1.2 (RFC 5246 §7.4.2, §7.4.6, RFC 6066
 * §8). Chains are judged, and the proof of it made, in the room above.
 */
#include "handshake/tls12/inside.h"
#include "wire/certificate_type.h"
#include "wire/tls12_certificate.h"

/* ---- Ours ------------------------------------------------------------------------------------ */

lockstep_status lk12_send_certificate(lk_handshake *hs) {
    const lk_identity *identity = hs->identity;
    lk_builder b;
    size_t at = lk12_begin(hs, &b);
    if (identity != NULL && identity->raw)
        lk12_raw_key_build(&b, identity->chain[0]);
    else
        lk12_certificate_build(&b, identity == NULL ? NULL : identity->chain,
                               identity == NULL ? 0 : identity->num_chain);
    return lk_send(hs, &b, at);
}

lockstep_status lk12_send_certificate_status(lk_handshake *hs) {
    lk_builder b;
    size_t at = lk12_begin(hs, &b);
    lk12_certificate_status_build(&b, hs->identity->ocsp);
    return lk_send(hs, &b, at);
}

/* ---- The server's, at the client ------------------------------------------------------------- */

/* keep_copies lets the chain outlive its message, since CertificateStatus may belong to it. */
static lockstep_status keep_copies(lk_handshake *hs, const lk_certificate *certificate) {
    lk_certificate *to = hs->tls12->certificate;
    to->num_chain = certificate->num_chain;
    for (size_t i = 0; i < certificate->num_chain; i++)
        if (!lk_arena_copy(&hs->arena, &to->chain[i], certificate->chain[i]))
            return lk_fail_memory(hs);
    return LOCKSTEP_OK;
}

static lockstep_status on_server_certificate(lk_handshake *hs, const lk_certificate *certificate) {
    bool rsa = hs->suite->kex == LK_KEX_RSA;
    if (certificate->num_chain == 0)
        return lk_fail_at(hs, LOCKSTEP_PEER_CERTIFICATE_EMPTY, "RFC 5246 §7.4.2", "an empty list");
    LK_TRY(keep_copies(hs, certificate));
    if (hs->tls12->status_announced)
        hs->state = rsa ? LK12_CLIENT_WAIT_STATUS_RSA : LK12_CLIENT_WAIT_STATUS;
    else
        hs->state = rsa ? LK12_CLIENT_WAIT_CR : LK12_CLIENT_WAIT_SKE;
    return LOCKSTEP_OK;
}

lockstep_status lk12_on_certificate_status(lk_handshake *hs, lk_slice message) {
    lk_slice ocsp;
    lockstep_status status = lk12_certificate_status_parse(&ocsp, lk_body(message));
    if (status != LOCKSTEP_OK)
        return lk_fail(hs, status, "%zu bytes", message.p_len);
    if (!lk_arena_copy(&hs->arena, &hs->tls12->certificate->ocsp[0], ocsp))
        return lk_fail_memory(hs);
    LK_TRY(lk_hash_message(hs, message));
    hs->state =
        hs->state == LK12_CLIENT_WAIT_STATUS_RSA ? LK12_CLIENT_WAIT_CR : LK12_CLIENT_WAIT_SKE;
    return LOCKSTEP_OK;
}

lockstep_status lk12_judge_server(lk_handshake *hs, lk_step then) {
    return lk_judge_peer(hs, hs->tls12->certificate, then);
}

/* ---- The client's, at the server ------------------------------------------------------------- */

static lockstep_status wait_for_key_exchange(lk_handshake *hs) {
    hs->state = LK12_SERVER_WAIT_CKE;
    return LOCKSTEP_OK;
}

static lockstep_status on_client_certificate(lk_handshake *hs, const lk_certificate *certificate) {
    if (certificate->num_chain > 0)
        return lk_judge_peer(hs, certificate, wait_for_key_exchange);
    /* "if the client does not send any certificates, the server MAY at its discretion either
     * continue the handshake without client authentication, or respond with a fatal
     * handshake_failure alert" (§7.4.6) */
    if (hs->settings->client_auth == LOCKSTEP_CLIENT_AUTH_REQUIRE)
        return lk_fail(hs, LOCKSTEP_PEER_NO_CERTIFICATE, "this server lets nobody in without one");
    hs->tls12->keeping = false;
    LK_TRY(lk_no_client_certificate(hs));
    return wait_for_key_exchange(hs);
}

lockstep_status lk12_on_certificate(lk_handshake *hs, lk_slice message) {
    lk_certificate certificate;
    lockstep_status status = hs->peer_type == LK_TYPE_RAW_KEY
                                 ? lk12_raw_key_parse(&certificate, lk_body(message))
                                 : lk12_certificate_parse(&certificate, lk_body(message));
    if (status != LOCKSTEP_OK)
        return lk_fail(hs, status, "%zu bytes", message.p_len);
    LK_TRY(lk_hash_message(hs, message));
    return hs->is_client ? on_server_certificate(hs, &certificate)
                         : on_client_certificate(hs, &certificate);
}
