/*
 * possession.c - the peer's signatures in TLS 1.2: ServerKeyExchange of a server, CertificateVerify
 * of a client; and RSA key transport, where decrypting shows it. The one place where TLS 1.2 makes
 * a lk_possession_proof.
 */
#include "handshake/tls12/inside.h"

static lk_possession_proof prove(void) {
    return (lk_possession_proof){true};
}

lockstep_status lk12_peer_scheme(lk_handshake *hs, const lk_scheme **out, uint16_t id) {
    /* "the hash and signature algorithms used [...] MUST be
     * consistent" with what we offered and "MUST be compatible with the key in the [...]
     * certificate" (RFC 5246 §7.4.3, §7.4.8). */
    const lk_scheme *scheme = lk_scheme_accepted(hs->settings, id);
    if (scheme == NULL || !lk_scheme_suits(scheme, LK_TLS12, lk_public_key_kind(hs->peer_key)))
        return lk_fail_at(hs, LOCKSTEP_PEER_SIGNATURE_SCHEME, "RFC 5246 §7.4.3, §7.4.8",
                          "scheme 0x%04x (%s)", id, lockstep_scheme_name(id));
    *out = scheme;
    return LOCKSTEP_OK;
}

lk_possession_proof lk12_possession_by_session(const lk_handshake *hs, lk_finished_proof finished) {
    return (lk_possession_proof){hs->tls12->resumed && finished.made};
}

lk_possession_proof lk12_possession_by_finished(const lk_handshake *hs,
                                                lk_finished_proof finished) {
    return (lk_possession_proof){hs->suite->kex == LK_KEX_RSA && finished.made};
}

static const char *signed_message(const lk_handshake *hs) {
    return hs->is_client ? "ServerKeyExchange" : "CertificateVerify";
}

static lockstep_status verified(lk_handshake *hs) {
    lockstep_status status = hs->jobs[0]->status;
    const char *rule = hs->is_client ? "RFC 8422 §5.4" : "RFC 5246 §7.4.8";
    const char *scheme = lockstep_scheme_name(hs->agreed->peer_scheme);
    if (status != LOCKSTEP_OK)
        return lk_fail_at(hs, status, rule, "%s of %s", scheme, signed_message(hs));
    lk_note_check(&hs->watch, signed_message(hs), rule, LOCKSTEP_OK,
                  "%s: the peer holds the private key of its certificate", scheme);
    hs->possession_proof = prove();
    return hs->tls12->after_verify(hs);
}

lockstep_status lk12_verify(lk_handshake *hs, const lk_scheme *scheme, lk_slice message,
                            lk_slice signature, lk_step then) {
    lk_job *job = lk_post(hs, LK_JOB_VERIFY, verified);
    if (job == NULL)
        return lk_fail_memory(hs);
    hs->tls12->after_verify = then;
    job->u.verify.key = hs->peer_key;
    job->u.verify.algorithm = scheme->algorithm;
    job->u.verify.message = message;
    job->u.verify.signature = signature;
    return LOCKSTEP_OK;
}
