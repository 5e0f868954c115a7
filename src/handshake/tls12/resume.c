/*
 * resume.c - the abbreviated handshake of TLS 1.2 (RFC 5246 §7.3, RFC 5077): by a ticket, or at a
 * client by a session ID too. The chain of a session is judged anew, in the room above.
 *
 *     Client                                                Server
 *     ClientHello                  -------->
 *                                                      ServerHello
 *                                               [NewSessionTicket]
 *                                  <--------  ChangeCipherSpec, Finished
 *     ChangeCipherSpec, Finished   -------->
 */
#include "handshake/tls12/inside.h"
#include "wire/certificate_type.h"
#include "wire/tls12_ticket.h"

/* Sessions of which the server does not say how long they are good: "an upper limit of 24 hours is
 * suggested for session ID lifetimes" (RFC 5246 §F.1.4). */
#define LIFETIME_UNSAID_S 86400

/* ---- Both sides ------------------------------------------------------------------------------ */

lockstep_status lk12_resumed(lk_handshake *hs) {
    lk12_handshake *tls12 = hs->tls12;
    const lk_session *session = hs->resumes;
    tls12->resumed = true;
    tls12->master.hash = hs->suite->hash;
    memcpy(tls12->master.bytes, session->secret.p, LK12_MASTER_LEN);
    lk12_derive_key_block(hs);
    tls12->keeping = false;
    hs->agreed->resumed = true;
    hs->agreed->verified_ms = session->verified_ms;
    hs->agreed->peer_scheme = session->scheme;
    hs->agreed->group = session->group;
    hs->chain_proof = hs->resumes_chain;
    if (!hs->is_client)
        hs->own_type = session->shown_key.p_len > 0 ? LK_TYPE_RAW_KEY : LK_TYPE_X509;
    lk_note_choice(&hs->watch, false, "session", "RFC 5246 §7.3",
                   "the session of before is resumed");
    return lk_keep_resumed_chain(hs);
}

static bool suite_offered(const lk_handshake *hs, uint16_t id) {
    for (size_t i = 0; i < hs->settings->num_suites; i++)
        if (hs->settings->suites[i] == id)
            return true;
    return false;
}

/* ---- Server: take a ticket ------------------------------------------------------------------- */

/* not_good says why a session is worth nothing here, or NULL. */
static const char *not_good(const lk_handshake *hs, const lk_session *session) {
    const lockstep_env *env = &hs->settings->env;
    const lk_suite *suite = lk_suite_of(session->suite);
    if (session->version != LK_TLS12 || suite == NULL || suite->version != LK_TLS12 ||
        session->secret.p_len != LK12_MASTER_LEN)
        return "it is of another version";
    /* "the server MUST NOT resume [...] with a different cipher suite" than the session's, which
     * both must still want. */
    if (!suite_offered(hs, suite->id) || !lk_u16_has(hs->hello.cipher_suites, suite->id))
        return "it is of a cipher suite that one side does not want any more";
    /* "A server [...] MUST NOT accept the request to resume the session if the server_name
     * extension contains a different name." (RFC 6066 §3) */
    if (!lk_slice_equal(session->server_name, hs->hello.server_name))
        return "it is for another name";
    if (!lk_may_resume_name(hs, session))
        return "there is no certificate for its name here";
    if (!lk_may_resume_shown(hs, session))
        return "what it was shown is not here, or not taken by the client";
    if (!lk_session_alive(session, env->now_ms(env->arg)))
        return "it has expired";
    return NULL;
}

static lockstep_status chain_judged(lk_handshake *hs) {
    if (!hs->resumes_chain.made)
        hs->resumes = NULL; /* a full handshake, in which the client may show another */
    return hs->tls12->after_resume(hs);
}

lockstep_status lk12_look_for_session(lk_handshake *hs, lk_step then) {
    lk_slice ticket = hs->hello.ext.data[LK_EXTENSION_session_ticket];
    /* "If the server accepts the ticket and the Session ID is not empty, then it MUST respond with
     * the same Session ID" (RFC 5077 §3.4); with an empty one the client sees by the next message.
     */
    if (ticket.p_len == 0 || hs->settings->tickets == NULL)
        return then(hs);
    LK_TRY(lk_take_ticket(hs, ticket, not_good, "RFC 5077 §3.1"));
    if (hs->resumes == NULL)
        return then(hs);
    hs->tls12->after_resume = then;
    return lk_judge_resumed(hs, chain_judged);
}

/* ---- Server: give one ------------------------------------------------------------------------ */

bool lk12_gives_ticket(const lk_handshake *hs) {
    const lk_settings *s = hs->settings;
    return s->tickets != NULL && s->num_tickets > 0 && hs->hello.server_name.p_len <= 255 &&
           (hs->hello.ext.present & lk_extension_bit(session_ticket)) != 0;
}

/* An announced ticket must come; where there is none to give it is empty (RFC 5077 §3.3). */
static lockstep_status send_ticket(lk_handshake *hs, uint32_t lifetime_s, lk_slice ticket) {
    lk_builder b;
    size_t at = lk12_begin(hs, &b);
    lk12_new_session_ticket_build(&b, lifetime_s, ticket);
    return lk_send(hs, &b, at);
}

lockstep_status lk12_send_new_session_ticket(lk_handshake *hs) {
    const lk_settings *s = hs->settings;
    const lk_agreed *a = hs->agreed;
    uint8_t shown_key[LK_SHOWN_KEY_LEN], nonce[LK_TICKET_NONCE_LEN];
    lk_buffer peer = lk_buffer_of(&s->heap, 0), ticket = peer;
    lk_builder p = lk_builder_of(&peer);
    if (!s->env.random(s->env.arg, nonce, sizeof nonce))
        return lk_fail(hs, LOCKSTEP_ERR_NO_RANDOM, "for a ticket");
    int64_t now_ms = s->env.now_ms(s->env.arg);
    int64_t verified_ms = hs->tls12->resumed ? a->verified_ms : now_ms;
    lk_session_peer_build(&p, a->peer_chain, a->peer_ocsp, a->num_peer_chain, a->peer_scts);
    lk_session session = {
        .version = LK_TLS12,
        .suite = hs->suite->id,
        .group = a->group,
        .scheme = a->peer_scheme,
        .secret = lk12_master_slice(&hs->tls12->master),
        .server_name = hs->hello.server_name,
        .alpn = hs->protocol,
        .named = lk_has_shown_name(hs),
        .issued_ms = now_ms,
        .verified_ms = verified_ms,
        .lifetime_s = lk_ticket_lifetime_s(lk_tickets_lifetime_s(s->tickets), verified_ms, now_ms),
        .shown_key = lk_shown_key(hs, shown_key),
        .peer_raw_key = a->peer_raw_key,
        .peer = lk_buffer_slice(&peer),
    };
    lockstep_status status = lk_builder_ok(&p) ? LOCKSTEP_OK : LOCKSTEP_ERR_NO_MEMORY;
    if (status == LOCKSTEP_OK && session.lifetime_s > 0 &&
        lk_buffer_length(&peer) <= LK_PEER_IN_TICKET_MAX)
        status = lk_seal_session(hs, &ticket, &session, nonce);
    status = status == LOCKSTEP_OK ? send_ticket(hs, session.lifetime_s, lk_buffer_slice(&ticket))
                                   : lk_fail(hs, status, "sealing a ticket");
    lk_buffer_free(&peer);
    lk_buffer_free(&ticket);
    return status;
}

/* ---- Client ---------------------------------------------------------------------------------- */

bool lk12_offers(const lk_handshake *hs) {
    return hs->resumes != NULL && hs->resumes->version == LK_TLS12;
}

lockstep_status lk12_on_new_session_ticket(lk_handshake *hs, lk_slice message) {
    lk12_new_session_ticket ticket;
    lockstep_status status = lk12_new_session_ticket_parse(&ticket, lk_body(message));
    if (status != LOCKSTEP_OK)
        return lk_fail_at(hs, status, "RFC 5077 §3.3", "%zu bytes", message.p_len);
    if (!lk_arena_copy(&hs->arena, &hs->tls12->ticket, ticket.ticket))
        return lk_fail_memory(hs);
    hs->tls12->lifetime_hint = ticket.lifetime_hint;
    LK_TRY(lk_hash_message(hs, message));
    hs->state = LK12_CLIENT_WAIT_CCS;
    return LOCKSTEP_OK;
}

/* about fills in what the session is worth: the ticket that came, else what was resumed, else the
 * session ID. False: nothing. */
static bool about(const lk_handshake *hs, lk_session *session) {
    const lk12_handshake *tls12 = hs->tls12;
    uint32_t wanted = tls12->lifetime_hint;
    session->issued_ms = hs->settings->env.now_ms(hs->settings->env.arg);
    session->ticket = tls12->ticket;
    if (tls12->ticket.p_len == 0 && tls12->resumed) {
        session->issued_ms = hs->resumes->issued_ms;
        session->ticket = hs->resumes->ticket;
        session->session_id = hs->resumes->session_id;
        session->lifetime_s = hs->resumes->lifetime_s;
        return true;
    }
    if (tls12->ticket.p_len == 0)
        session->session_id = lk_slice_of(tls12->session_id, tls12->session_id_len);
    if (wanted == 0)
        wanted = LIFETIME_UNSAID_S;
    else if (wanted > LK_TICKET_LIFETIME_MAX)
        wanted = LK_TICKET_LIFETIME_MAX; /* what a hint says beyond that is nothing to us */
    session->lifetime_s = lk_ticket_lifetime_s(wanted, hs->agreed->verified_ms, session->issued_ms);
    return session->lifetime_s > 0 && session->ticket.p_len + session->session_id.p_len > 0;
}

lockstep_status lk12_keep_session(lk_handshake *hs) {
    const lk_settings *s = hs->settings;
    lk_session session = {.secret = lk12_master_slice(&hs->tls12->master)};
    if (!s->keep_sessions || !about(hs, &session))
        return LOCKSTEP_OK;
    lockstep_status status = lk_keep_session(&hs->agreed->session, s, hs->agreed, &session);
    return status == LOCKSTEP_OK ? status : lk_fail(hs, status, "keeping a session");
}
