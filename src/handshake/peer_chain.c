/*
 * peer_chain.c - the chain that the peer has shown, just now or in the session that is resumed:
 * keep it, have it judged, and say that it is good. The one place where a lk_chain_proof is made,
 * for both versions.
 */
#include "handshake/ech.h"
#include "handshake/internal.h"

static lk_chain_proof prove(void) {
    return (lk_chain_proof){true};
}

/* ---- Keeping --------------------------------------------------------------------------------- */

/* keep copies `bytes` to `*to` and moves it behind them. */
static lk_slice keep(uint8_t **to, lk_slice bytes) {
    lk_slice kept = lk_slice_of(*to, bytes.p_len);
    if (bytes.p_len > 0)
        memcpy(*to, bytes.p, bytes.p_len);
    *to += bytes.p_len;
    return kept;
}

/* keep_chain copies the chain into one block, since it outlives the message. */
static lockstep_status keep_chain(lk_handshake *hs, const lk_certificate *certificate) {
    lk_agreed *agreed = hs->agreed;
    size_t n = certificate->num_chain, size = 2 * n * sizeof(lk_slice) + certificate->scts.p_len;
    for (size_t i = 0; i < n; i++)
        size += certificate->chain[i].p_len + certificate->ocsp[i].p_len;
    lk_slice *chain = lk_alloc(&hs->settings->heap, size);
    if (chain == NULL)
        return lk_fail_memory(hs);
    uint8_t *p = (uint8_t *)(chain + 2 * n);
    for (size_t i = 0; i < n; i++) {
        chain[i] = keep(&p, certificate->chain[i]);
        chain[n + i] = keep(&p, certificate->ocsp[i]);
    }
    agreed->peer_chain = chain;
    agreed->peer_ocsp = chain + n;
    agreed->peer_scts = keep(&p, certificate->scts);
    agreed->peer_chain_size = size;
    agreed->num_peer_chain = certificate->num_chain;
    return LOCKSTEP_OK;
}

/* What is judged: the chain of a session, or the one that was just sent. */
typedef struct shown {
    const lk_slice *chain, *ocsp;
    size_t num_chain;
    lk_slice scts;
} shown;

static shown shown_by_peer(const lk_handshake *hs) {
    const lk_agreed *a = hs->agreed;
    const lk_certificate *of = hs->resumes_peer;
    return hs->judging_resumed
               ? (shown){of->chain, of->ocsp, of->num_chain, of->scts}
               : (shown){a->peer_chain, a->peer_ocsp, a->num_peer_chain, a->peer_scts};
}

/* refused: the chain is not good, which ends the handshake; only that of a session just means that
 * there is none to resume. */
static lockstep_status refused(lk_handshake *hs, lockstep_status status, const char *why) {
    if (!hs->judging_resumed || status < LOCKSTEP_CERT_MALFORMED)
        return lk_fail(hs, status, "%s", why);
    hs->judging_resumed = false;
    lockstep_report_free(hs->agreed->report);
    hs->agreed->report = NULL;
    lk_public_key_free(hs->peer_key);
    hs->peer_key = NULL;
    return hs->after_judging(hs);
}

/* make_key reads the leaf's key where no judge has: CertificateVerify is checked in any case. */
static lockstep_status make_key(lk_handshake *hs) {
    lk_cert leaf;
    lockstep_status status = lk_cert_parse(&leaf, shown_by_peer(hs).chain[0]);
    if (status == LOCKSTEP_OK)
        status = lk_cert_public_key(&hs->peer_key, hs->settings->crypto, &leaf);
    return status;
}

/* accepted: the chain is good; of a session it is remembered as such, should that be resumed. */
static lockstep_status accepted(lk_handshake *hs) {
    if (hs->judging_resumed) {
        hs->judging_resumed = false;
        hs->resumes_chain = prove();
        lk_public_key_free(hs->peer_key); /* a session has no CertificateVerify */
        hs->peer_key = NULL;
        return hs->after_judging(hs);
    }
    hs->chain_proof = prove();
    return hs->judged(hs);
}

/* ---- Judging --------------------------------------------------------------------------------- */

static lockstep_status judge(void *arg) {
    lk_handshake *hs = arg;
    lockstep_report **report = &hs->agreed->report;
    return lk_judge_chain(&hs->peer_key, report, &hs->judge);
}

static lockstep_status judged(lk_handshake *hs) {
    lockstep_status status = hs->jobs[0]->status;
    const lockstep_report *report = hs->agreed->report;
    for (size_t i = 0; report != NULL && i < lockstep_report_num_checks(report); i++) {
        const lockstep_check *check = lockstep_report_check(report, i);
        lk_note_check(&hs->watch, check->name, check->rule, check->status, "%s: %s", check->subject,
                      check->compared);
    }
    if (status != LOCKSTEP_OK)
        return refused(hs, status, report != NULL ? lockstep_report_sentence(report) : "");
    return accepted(hs);
}

static lockstep_status post_judge(lk_handshake *hs) {
    const lk_settings *s = hs->settings;
    const shown peer = shown_by_peer(hs);
    if (s->trust == NULL) /* a side that trusts raw keys alone */
        return refused(hs, LOCKSTEP_CERT_UNKNOWN_ISSUER, "no certificates are trusted here");
    lk_job *job = lk_post(hs, LK_JOB_JUDGE, judged);
    if (job == NULL)
        return lk_fail_memory(hs);
    lockstep_report_free(hs->agreed->report); /* that of a session that was not resumed */
    hs->agreed->report = NULL;
    hs->judge = (lk_judge_request){
        .crypto = s->crypto,
        .trust = s->trust,
        .policy = hs->policy != NULL ? hs->policy : s->policy,
        .chain = peer.chain,
        .num_chain = peer.num_chain,
        .ocsp = peer.ocsp,
        .scts = peer.scts,
        .in_handshake = hs->is_client,
        .explain = s->keep_reports || lk_watched(&hs->watch),
        .host = hs->is_client ? &hs->name : NULL,
        .now_ms = s->env.now_ms(s->env.arg),
        .purpose = hs->is_client ? LOCKSTEP_PURPOSE_SERVER : LOCKSTEP_PURPOSE_CLIENT,
    };
    job->u.judge.judge = judge;
    job->u.judge.arg = hs;
    return LOCKSTEP_OK;
}

static lockstep_status answered(lk_handshake *hs) {
    if (hs->verdict != LOCKSTEP_OK)
        return refused(hs, hs->verdict, "by the application's verdict");
    lockstep_status status = make_key(hs);
    return status == LOCKSTEP_OK ? accepted(hs) : refused(hs, status, "the peer's own certificate");
}

lockstep_status lk_handshake_answer_verdict(lk_handshake *hs, lockstep_status verdict) {
    bool known = verdict == LOCKSTEP_OK ||
                 (verdict >= LOCKSTEP_CERT_MALFORMED && verdict <= LOCKSTEP_CERT_PIN);
    if (!hs->asking || hs->ask.kind != LOCKSTEP_ASK_VERDICT || !known)
        return LOCKSTEP_ERR_USAGE;
    hs->asking = false;
    hs->verdict = verdict;
    return LOCKSTEP_OK;
}

/* An answer of NULL leaves the policy of the config. */
lockstep_status lk_handshake_answer_policy(lk_handshake *hs, lockstep_policy *policy) {
    if (!hs->asking || hs->ask.kind != LOCKSTEP_ASK_POLICY)
        return LOCKSTEP_ERR_USAGE;
    hs->asking = false;
    lockstep_policy_free(hs->policy);
    hs->policy = lockstep_policy_share(policy);
    return LOCKSTEP_OK;
}

static lockstep_status ask_about_chain(lk_handshake *hs, enum lockstep_ask_kind kind,
                                       lk_step then) {
    hs->ask.server_name = hs->is_client ? lk_ech_judged_name(hs) : NULL;
    hs->ask.chain = shown_by_peer(hs).chain;
    hs->ask.num_chain = shown_by_peer(hs).num_chain;
    lk_ask_question(hs, kind, then);
    return LOCKSTEP_OK;
}

/* skip takes the chain unseen, but for the pins: whoever pins a key wants that key in any case. */
static lockstep_status skip(lk_handshake *hs) {
    const lockstep_policy *policy = hs->settings->policy;
    lk_cert leaf;
    lk_note_check(&hs->watch, "certificate chain", "RFC 5280 §6", LOCKSTEP_OK,
                  "NOT CHECKED, as the configuration demands: anybody could be on the other end");
    lockstep_status status = make_key(hs);
    if (status != LOCKSTEP_OK)
        return refused(hs, status, "the peer's own certificate");
    if (policy != NULL && policy->num_pins > 0 &&
        (lk_cert_parse(&leaf, shown_by_peer(hs).chain[0]) != LOCKSTEP_OK ||
         !lk_policy_pinned(policy, &leaf)))
        return refused(hs, LOCKSTEP_CERT_PIN, "the leaf's key is not among those pinned");
    return accepted(hs);
}

static lockstep_status decide(lk_handshake *hs) {
    if ((hs->settings->asks & LOCKSTEP_ASK_VERDICT) != 0)
        return ask_about_chain(hs, LOCKSTEP_ASK_VERDICT, answered);
    if (hs->is_client && hs->settings->danger_skip_verification)
        return skip(hs);
    if ((hs->settings->asks & LOCKSTEP_ASK_POLICY) != 0)
        return ask_about_chain(hs, LOCKSTEP_ASK_POLICY, post_judge);
    return post_judge(hs);
}

/* A raw public key stands for nothing but itself (RFC 7250 §4.2): the one that was given to us is
 * good, and no judge is asked. */
static lockstep_status raw_key(lk_handshake *hs) {
    LK_TRY(lk_check_raw_key(hs));
    return accepted(hs);
}

lockstep_status lk_judge_peer(lk_handshake *hs, const lk_certificate *certificate, lk_step then) {
    LK_TRY(keep_chain(hs, certificate));
    hs->judged = then;
    return hs->agreed->peer_raw_key ? raw_key(hs) : decide(hs);
}

/* ---- Of a session ---------------------------------------------------------------------------- */

lockstep_status lk_judge_resumed(lk_handshake *hs, lk_step then) {
    lk_certificate *peer = hs->resumes_peer;
    enum lockstep_client_auth wanted = hs->settings->client_auth;
    if (!hs->is_client && wanted == LOCKSTEP_CLIENT_AUTH_NONE)
        peer->num_chain = 0; /* who it was is nothing to this server */
    hs->after_judging = then;
    if (peer->num_chain == 0) {
        hs->resumes_chain =
            (lk_chain_proof){!hs->is_client && wanted != LOCKSTEP_CLIENT_AUTH_REQUIRE};
        return then(hs);
    }
    hs->judging_resumed = true;
    return decide(hs);
}

lockstep_status lk_keep_resumed_chain(lk_handshake *hs) {
    return hs->resumes_peer->num_chain == 0 ? LOCKSTEP_OK : keep_chain(hs, hs->resumes_peer);
}

/* ---- No chain -------------------------------------------------------------------------------- */

/* A client without a certificate is let in unless one is required (§4.4.2.4). */
lockstep_status lk_no_client_certificate(lk_handshake *hs) {
    if (hs->settings->client_auth == LOCKSTEP_CLIENT_AUTH_REQUIRE)
        return lk_fail(hs, LOCKSTEP_CERT_REQUIRED, "this server lets nobody in without one");
    hs->chain_proof = prove();
    hs->possession_proof = lk_possession_not_needed(hs);
    return LOCKSTEP_OK;
}

lk_chain_proof lk_chain_not_needed(const lk_handshake *hs) {
    return (lk_chain_proof){!hs->is_client &&
                            hs->settings->client_auth == LOCKSTEP_CLIENT_AUTH_NONE};
}

lk_chain_proof lk_chain_by_external_psk(const lk_handshake *hs) {
    return (lk_chain_proof){hs->psk != NULL && hs->psk->kind != LK_PSK_RESUMPTION};
}
