/*
 * certificate_verify.c - CertificateVerify (RFC 8446 §4.4.3): proof that a side holds the private
 * key of its certificate. The one place where a lk_possession_proof is made.
 */
#include "wire/certificate_verify.h"

#include "handshake/internal.h"

static lk_possession_proof prove(void) {
    return (lk_possession_proof){true};
}

/* make_to_sign writes what is signed: 64 spaces, a context string, a zero byte and the transcript
 * hash. */
static lockstep_status make_to_sign(lk_handshake *hs, bool by_client, lk_slice *out) {
    static const char server[] = "TLS 1.3, server CertificateVerify";
    static const char client[] = "TLS 1.3, client CertificateVerify";
    _Static_assert(sizeof server == sizeof client, "one length, the zero byte included");
    size_t hash = lk_hash_length(hs->suite->hash);
    uint8_t *p = lk_arena_alloc(&hs->arena, 64 + sizeof server + LK_HASH_MAX);
    if (p == NULL)
        return lk_fail_memory(hs);
    memset(p, 0x20, 64);
    memcpy(p + 64, by_client ? client : server, sizeof server);
    lk_transcript_hash(&hs->transcript, p + 64 + sizeof server);
    *out = lk_slice_of(p, 64 + sizeof server + hash);
    return LOCKSTEP_OK;
}

/* ---- Ours ------------------------------------------------------------------------------------ */

static lockstep_status send_signature(lk_handshake *hs) {
    size_t at = lk_buffer_length(&hs->outbox.bytes);
    lk_builder b = lk_builder_of(&hs->outbox.bytes);
    lk_certificate_verify_build(&b, hs->scheme->id, hs->signature);
    LK_TRY(lk_send(hs, &b, at));
    return lk_send_finished(hs);
}

static lockstep_status go_on(lk_handshake *hs) {
    hs->agreed->own_scheme = hs->scheme->id;
    return hs->signed_(hs);
}

/* The signature stays where the job has it, in the arena. */
static lockstep_status job_done(lk_handshake *hs) {
    lk_job *job = hs->jobs[0];
    if (job->status != LOCKSTEP_OK)
        return lk_fail(hs, job->status, "signing with %s", hs->scheme->name);
    hs->signature = lk_slice_of(job->u.sign.signature, job->u.sign.signature_len);
    return go_on(hs);
}

lockstep_status lk_handshake_answer_signature(lk_handshake *hs, uint16_t scheme,
                                              lk_slice signature) {
    if (!hs->asking || hs->ask.kind != LOCKSTEP_ASK_SIGNATURE || lk_scheme_of(scheme) == NULL)
        return LOCKSTEP_ERR_USAGE;
    bool asked = false;
    for (size_t i = 0; i < hs->ask.num_schemes; i++)
        asked = asked || hs->ask.schemes[i] == scheme;
    if (!asked || signature.p_len == 0 || signature.p_len > LK_SIGNATURE_MAX)
        return LOCKSTEP_ERR_USAGE;
    if (!lk_arena_copy(&hs->arena, &hs->signature, signature))
        return lk_fail_memory(hs);
    hs->scheme = lk_scheme_of(scheme);
    hs->asking = false;
    return LOCKSTEP_OK;
}

static lockstep_status ask_signature(lk_handshake *hs) {
    const lk_scheme *can[LK_NUM_SCHEMES];
    uint16_t *schemes = lk_arena_alloc(&hs->arena, LK_NUM_SCHEMES * sizeof *schemes);
    if (schemes == NULL)
        return lk_fail_memory(hs);
    hs->ask.num_schemes = lk_identity_schemes(can, hs->identity, hs->version, hs->peer_schemes);
    for (size_t i = 0; i < hs->ask.num_schemes; i++)
        schemes[i] = can[i]->id;
    hs->ask.schemes = schemes;
    hs->ask.to_sign = hs->to_sign;
    lk_ask_question(hs, LOCKSTEP_ASK_SIGNATURE, go_on);
    return LOCKSTEP_OK;
}

lockstep_status lk_sign(lk_handshake *hs, lk_slice to_sign, lk_step then) {
    hs->to_sign = to_sign;
    hs->signed_ = then;
    if ((hs->settings->asks & LOCKSTEP_ASK_SIGNATURE) != 0)
        return ask_signature(hs);
    uint8_t *signature =
        lk_arena_alloc(&hs->arena, lk_private_key_signature_max(hs->identity->key));
    lk_job *job = signature == NULL ? NULL : lk_post(hs, LK_JOB_SIGN, job_done);
    if (job == NULL)
        return lk_fail_memory(hs);
    job->u.sign.signature = signature;
    job->u.sign.key = hs->identity->key;
    job->u.sign.algorithm = hs->scheme->algorithm;
    job->u.sign.message = hs->to_sign;
    return LOCKSTEP_OK;
}

lockstep_status lk_send_certificate_verify(lk_handshake *hs) {
    lk_slice to_sign;
    LK_TRY(make_to_sign(hs, hs->is_client, &to_sign));
    return lk_sign(hs, to_sign, send_signature);
}

/* ---- The peer's ------------------------------------------------------------------------------ */

lk_possession_proof lk_possession_not_needed(const lk_handshake *hs) {
    /* Only a client may stay without a certificate, and only where none is required. */
    return (lk_possession_proof){!hs->is_client && hs->agreed->num_peer_chain == 0 &&
                                 hs->settings->client_auth != LOCKSTEP_CLIENT_AUTH_REQUIRE};
}

static lockstep_status verified(lk_handshake *hs) {
    lockstep_status status = hs->jobs[0]->status;
    const lk_scheme *scheme = lk_scheme_of(hs->agreed->peer_scheme);
    if (status != LOCKSTEP_OK)
        return lk_fail(hs, status, "%s over the handshake so far", scheme->name);
    lk_note_check(&hs->watch, "CertificateVerify", "RFC 8446 §4.4.3", LOCKSTEP_OK,
                  "%s: the peer holds the private key of its certificate", scheme->name);
    hs->possession_proof = prove();
    hs->state = hs->is_client ? LK_CLIENT_WAIT_FINISHED : LK_SERVER_WAIT_FINISHED;
    return LOCKSTEP_OK;
}

lockstep_status lk_on_certificate_verify(lk_handshake *hs, lk_slice message) {
    lk_certificate_verify cv;
    lk_slice to_verify, signature;
    lockstep_status status = lk_certificate_verify_parse(&cv, lk_body(message));
    if (status != LOCKSTEP_OK)
        return lk_fail(hs, status, "%zu bytes", message.p_len);
    /* It "MUST be one offered" by us, defined for handshakes, and of the certificate's kind of key.
     */
    const lk_scheme *scheme = lk_scheme_accepted(hs->settings, cv.scheme);
    if (scheme == NULL || !lk_scheme_suits(scheme, LK_TLS13, lk_public_key_kind(hs->peer_key)))
        return lk_fail(hs, LOCKSTEP_PEER_SIGNATURE_SCHEME, "scheme 0x%04x (%s)", cv.scheme,
                       lockstep_scheme_name(cv.scheme));
    if (hs->delegated_scheme != 0 && cv.scheme != hs->delegated_scheme)
        return lk_fail(hs, LOCKSTEP_PEER_DELEGATED_CREDENTIAL, "it is for %s, signed was with %s",
                       lockstep_scheme_name(hs->delegated_scheme), scheme->name);
    hs->agreed->peer_scheme = cv.scheme;
    LK_TRY(make_to_sign(hs, !hs->is_client, &to_verify));
    LK_TRY(lk_hash_message(hs, message));
    lk_job *job = lk_arena_copy(&hs->arena, &signature, cv.signature)
                      ? lk_post(hs, LK_JOB_VERIFY, verified)
                      : NULL;
    if (job == NULL)
        return lk_fail_memory(hs);
    job->u.verify.key = hs->peer_key;
    job->u.verify.algorithm = scheme->algorithm;
    job->u.verify.message = to_verify;
    job->u.verify.signature = signature;
    return LOCKSTEP_OK;
}
