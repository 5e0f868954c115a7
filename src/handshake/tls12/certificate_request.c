/*
 * certificate_request.c - CertificateRequest (RFC 5246 §7.4.4) and ServerHelloDone (§7.4.5), which
 * end the server's first flight.
 */
#include "handshake/ech.h"
#include "handshake/tls12/inside.h"
#include "wire/certificate_type.h"
#include "wire/tls12_certificate.h"

/* ---- Server ---------------------------------------------------------------------------------- */

static lockstep_status send_done(lk_handshake *hs) {
    lk_builder b;
    size_t at = lk12_begin(hs, &b);
    lk_build_close(&b, lk_message_open(&b, LK_SERVER_HELLO_DONE));
    return lk_send(hs, &b, at);
}

lockstep_status lk12_end_server_flight(lk_handshake *hs) {
    lk_builder b;
    if (hs->settings->client_auth == LOCKSTEP_CLIENT_AUTH_NONE) {
        hs->chain_proof = lk_chain_not_needed(hs);
        hs->possession_proof = lk_possession_not_needed(hs);
        hs->state = LK12_SERVER_WAIT_CKE;
        return send_done(hs);
    }
    size_t at = lk12_begin(hs, &b);
    lk12_certificate_request_build(&b, hs->settings->schemes, hs->settings->num_schemes,
                                   hs->settings->authorities);
    hs->certificate_requested = true;
    hs->state = LK12_SERVER_WAIT_CERT;
    LK_TRY(lk_send(hs, &b, at));
    return send_done(hs);
}

/* ---- Client ---------------------------------------------------------------------------------- */

#define KINDS_ECDSA                                                                                \
    (1u << LK_KEY_P256 | 1u << LK_KEY_P384 | 1u << LK_KEY_P521 | 1u << LK_KEY_ED25519)

/* kinds_of: ecdsa_sign stands for Ed25519 too (RFC 8422 §5.5). Types that we have no keys for leave
 * a set that no key is in. */
static unsigned kinds_of(lk_slice types) {
    unsigned kinds = 1u << 31;
    if (memchr(types.p, LK12_RSA_SIGN, types.p_len) != NULL)
        kinds |= 1u << LK_KEY_RSA;
    if (memchr(types.p, LK12_ECDSA_SIGN, types.p_len) != NULL)
        kinds |= KINDS_ECDSA;
    return kinds;
}

lockstep_status lk12_on_certificate_request(lk_handshake *hs, lk_slice message) {
    lk12_certificate_request request;
    lockstep_status status = lk12_certificate_request_parse(&request, lk_body(message));
    if (status != LOCKSTEP_OK)
        return lk_fail_at(hs, status, "RFC 5246 §7.4.4", "%zu bytes", message.p_len);
    if (!lk_arena_copy(&hs->arena, &hs->peer_schemes, request.schemes))
        return lk_fail_memory(hs);
    hs->certificate_requested = true;
    const lk_identity_wish wish = {.version = LK_TLS12,
                                   .kinds = kinds_of(request.types),
                                   .schemes = hs->peer_schemes,
                                   .raw = hs->own_type == LK_TYPE_RAW_KEY,
                                   .authorities = request.authorities};
    /* Who we are is for the server that was meant (RFC 9849 §6.1.7). */
    if (lk_ech_rejected(hs) ||
        lk_settings_identity(hs->settings, &hs->identity, &hs->scheme, &wish) != LOCKSTEP_OK)
        hs->identity = NULL; /* "a certificate message containing no certificates" (§7.4.6) */
    LK_TRY(lk_hash_message(hs, message));
    hs->state = LK12_CLIENT_WAIT_SHD;
    return LOCKSTEP_OK;
}

lockstep_status lk12_on_server_hello_done(lk_handshake *hs, lk_slice message) {
    if (lk_body(message).p_len > 0)
        return lk_fail(hs, LOCKSTEP_PEER_DECODE_SERVER_HELLO_DONE, "%zu bytes",
                       lk_body(message).p_len);
    if (hs->identity == NULL)
        hs->tls12->keeping = false; /* nothing to sign */
    LK_TRY(lk_hash_message(hs, message));
    return lk12_send_client_flight(hs);
}
