/*
 * peer_chain.c - the chain that the peer has shown, just now or in the session that is resumed:
 * keep it, have it judged, and say that it is good. The one place where a lk_chain_proof is made,
 * for both versions.
 */
#include "handshake/ech.h"
#include "handshake/internal.h"
#include "wire/certificate_type.h"

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
    agreed->peer_chain_size = (uint32_t)size;
    agreed->num_peer_chain = (uint32_t)certificate->num_chain;
    return LOCKSTEP_OK;
}

/* What is judged: the chain of a session, or the one that was just sent. */
typedef struct shown {
    const lk_slice *chain, *ocsp;
    size_t num_chain;
    lk_slice scts;
    bool raw_key; /* the chain is one SubjectPublicKeyInfo */
} shown;

static shown shown_by_peer(const lk_handshake *hs) {
    const lk_agreed *a = hs->agreed;
    const lk_certificate *of = hs->resumes_peer;
    return hs->judging_resumed
               ? (shown){of->chain, of->ocsp, of->num_chain, of->scts, hs->resumes->peer_raw_key}
               : (shown){a->peer_chain, a->peer_ocsp, a->num_peer_chain, a->peer_scts,
                         a->peer_raw_key};
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
        .host = hs->name,
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
    lockstep_status status = LOCKSTEP_OK;
    if (!shown_by_peer(hs).raw_key) /* of a raw key it was made before the question */
        status = make_key(hs);
    return status == LOCKSTEP_OK ? accepted(hs) : refused(hs, status, "the peer's own certificate");
}

lockstep_status lk_handshake_answer_verdict(lk_handshake *hs, lockstep_status verdict) {
    bool known = verdict == LOCKSTEP_OK ||
                 (verdict >= LOCKSTEP_CERT_MALFORMED && verdict <= LOCKSTEP_CERT_RAW_KEY);
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
    const shown peer = shown_by_peer(hs);
    /* A key alone is no chain: who looks for a chain only must find none. */
    hs->ask.chain = peer.raw_key ? NULL : peer.chain;
    hs->ask.num_chain = peer.raw_key ? 0 : peer.num_chain;
    hs->ask.raw_key = peer.raw_key ? peer.chain[0] : lk_slice_of(NULL, 0);
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

/* A raw public key stands for nothing but itself (RFC 7250 §4.2): no judge could say more of it
 * than whether it was given to us. Who knows it otherwise is asked. */
static lockstep_status decide_raw_key(lk_handshake *hs) {
    const char *why;
    lockstep_status status = lk_check_raw_key(hs, shown_by_peer(hs).chain[0], &why);
    if (status != LOCKSTEP_OK)
        return refused(hs, status, why);
    if ((hs->settings->asks & LOCKSTEP_ASK_VERDICT) != 0)
        return ask_about_chain(hs, LOCKSTEP_ASK_VERDICT, answered);
    return accepted(hs);
}

static lockstep_status decide(lk_handshake *hs) {
    if (shown_by_peer(hs).raw_key)
        return decide_raw_key(hs);
    if ((hs->settings->asks & LOCKSTEP_ASK_VERDICT) != 0)
        return ask_about_chain(hs, LOCKSTEP_ASK_VERDICT, answered);
    if (hs->is_client && hs->settings->danger_skip_verification)
        return skip(hs);
    if ((hs->settings->asks & LOCKSTEP_ASK_POLICY) != 0)
        return ask_about_chain(hs, LOCKSTEP_ASK_POLICY, post_judge);
    return post_judge(hs);
}

lockstep_status lk_judge_peer(lk_handshake *hs, const lk_certificate *certificate, lk_step then) {
    /* A raw key is "no more than one CertificateEntry" (RFC 8446 §4.4.2). */
    if (hs->agreed->peer_raw_key && certificate->num_chain != 1)
        return lk_fail(hs, LOCKSTEP_PEER_CERTIFICATE_TYPE, "%zu entries, a raw key is one",
                       certificate->num_chain);
    LK_TRY(keep_chain(hs, certificate));
    hs->judged = then;
    return decide(hs);
}

/* ---- Of a session ---------------------------------------------------------------------------- */

/* fits: a raw key is one entry, and what the peer showed is still taken at all. */
static bool fits(const lk_handshake *hs) {
    bool raw = hs->resumes->peer_raw_key;
    return (!raw || hs->resumes_peer->num_chain == 1) &&
           lk_accepts_type(hs->settings, hs->is_client, raw ? LK_TYPE_RAW_KEY : LK_TYPE_X509);
}

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
    if (!fits(hs))
        return then(hs); /* without a proof */
    hs->judging_resumed = true;
    return decide(hs);
}

lockstep_status lk_keep_resumed_chain(lk_handshake *hs) {
    hs->agreed->peer_raw_key = hs->resumes_peer->num_chain > 0 && hs->resumes->peer_raw_key;
    return hs->resumes_peer->num_chain == 0 ? LOCKSTEP_OK : keep_chain(hs, hs->resumes_peer);
}

/* ---- No chain -------------------------------------------------------------------------------- */

/* A client without a certificate is let in unless one is required (§4.4.2.4). */
lockstep_status lk_no_client_certificate(lk_handshake *hs) {
    if (hs->settings->client_auth == LOCKSTEP_CLIENT_AUTH_REQUIRE)
        return lk_fail(hs, LOCKSTEP_CERT_REQUIRED, "this server lets nobody in without one");
    hs->agreed->peer_raw_key = false;
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
