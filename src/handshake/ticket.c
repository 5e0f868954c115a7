/*
 * ticket.c - a server puts a session into a ticket, and takes one out, in both versions; tickets.c
 * has the keys. And a client keeps one.
 */
#include "handshake/internal.h"
#include "wire/certificate_type.h"

/* ---- Who may go on with a session ------------------------------------------------------------ */

bool lk_may_resume_name(const lk_handshake *hs, const lk_session *session) {
    return !session->named || (hs->settings->asks & LOCKSTEP_ASK_IDENTITY) != 0 ||
           lk_settings_know_name(hs->settings, session->server_name);
}

bool lk_has_shown_name(const lk_handshake *hs) {
    return hs->agreed->resumed ? hs->resumes->named
                               : hs->identities != NULL &&
                                     lk_settings_know_name(hs->identities, hs->hello.server_name);
}

/* ---- In -------------------------------------------------------------------------------------- */

/* A raw key is shown for any name, so a session by one is for those alone who have it. */
static void print_key(uint8_t out[LK_SHOWN_KEY_LEN], const lk_identity *identity) {
    lk_digest d;
    lk_digest_init(&d, LK_SHA256);
    lk_digest_update(&d, identity->chain[0]);
    lk_digest_peek(&d, out);
}

static bool has_key(const lk_settings *s, lk_slice print) {
    uint8_t own[LK_SHOWN_KEY_LEN];
    for (size_t i = 0; i < s->num_identities; i++) {
        if (!s->identities[i].raw)
            continue;
        print_key(own, &s->identities[i]);
        if (lk_slice_equal(print, lk_slice_of(own, sizeof own)))
            return true;
    }
    return false;
}

bool lk_may_resume_shown(const lk_handshake *hs, const lk_session *session) {
    const bool raw = session->shown_key.p_len > 0;
    return lk_client_takes_type(hs, raw ? LK_TYPE_RAW_KEY : LK_TYPE_X509) &&
           (!raw || (hs->settings->asks & LOCKSTEP_ASK_IDENTITY) != 0 ||
            has_key(hs->settings, session->shown_key));
}

lk_slice lk_shown_key(const lk_handshake *hs, uint8_t out[LK_SHOWN_KEY_LEN]) {
    if (hs->agreed->resumed)
        return hs->resumes->shown_key;
    if (hs->identity == NULL || !hs->identity->raw)
        return lk_slice_of(NULL, 0);
    print_key(out, hs->identity);
    return lk_slice_of(out, LK_SHOWN_KEY_LEN);
}

lockstep_status lk_seal_session(lk_handshake *hs, lk_buffer *ticket, const lk_session *session,
                                const uint8_t nonce[LK_TICKET_NONCE_LEN]) {
    lk_buffer plain = lk_buffer_of(&hs->settings->heap, 0);
    lk_builder b = lk_builder_of(&plain);
    lk_session_build(&b, session);
    lockstep_status status = lk_builder_ok(&b) ? lk_tickets_seal(hs->settings->tickets, ticket,
                                                                 lk_buffer_slice(&plain), nonce)
                                               : LOCKSTEP_ERR_NO_MEMORY;
    lk_buffer_free(&plain);
    return status;
}

/* ---- Out ------------------------------------------------------------------------------------- */

static bool open_ticket(const lk_settings *s, uint8_t *plain, size_t *plain_len, lk_slice ticket) {
    if (s->open_ticket != NULL)
        return s->open_ticket(s->open_ticket_arg, plain, plain_len, ticket);
    return s->tickets != NULL && lk_tickets_open(s->tickets, plain, plain_len, ticket);
}

lockstep_status lk_take_ticket(lk_handshake *hs, lk_slice ticket, lk_unfit unfit,
                               const char *rule) {
    size_t n = 0;
    lk_session session;
    uint8_t *plain = lk_arena_alloc(&hs->arena, ticket.p_len);
    if (plain == NULL)
        return lk_fail_memory(hs);
    if (!open_ticket(hs->settings, plain, &n, ticket) ||
        !lk_session_parse(&session, lk_slice_of(plain, n)))
        return LOCKSTEP_OK;
    const char *why = unfit(hs, &session);
    if (why != NULL) {
        lk_note_choice(&hs->watch, false, "session", rule, "not resumed: %s", why);
        return LOCKSTEP_OK;
    }
    hs->resumes_peer = lk_arena_alloc(&hs->arena, sizeof *hs->resumes_peer);
    lk_session *resumes = lk_arena_alloc(&hs->arena, sizeof *resumes);
    if (resumes == NULL || hs->resumes_peer == NULL)
        return lk_fail_memory(hs);
    *resumes = session;
    if (lk_session_peer(hs->resumes_peer, session.peer))
        hs->resumes = resumes;
    return LOCKSTEP_OK;
}

/* ---- Kept ------------------------------------------------------------------------------------ */

lockstep_status lk_keep_session(lockstep_session **out, const lk_settings *settings,
                                const lk_agreed *agreed, lk_session *session) {
    *out = NULL;
    /* A session without the peer's chain or raw key could not be judged. */
    if (!settings->keep_sessions || agreed->num_peer_chain == 0)
        return LOCKSTEP_OK;
    lk_buffer peer = lk_buffer_of(&settings->heap, 0), bytes = peer;
    lk_builder p = lk_builder_of(&peer), b = lk_builder_of(&bytes);
    lk_session_peer_build(&p, agreed->peer_chain, agreed->peer_ocsp, agreed->num_peer_chain,
                          agreed->peer_scts);
    session->version = agreed->version;
    session->suite = agreed->suite;
    session->group = agreed->group;
    session->scheme = agreed->peer_scheme;
    session->server_name = lk_slice_of_str(agreed->server_name);
    session->verified_ms = agreed->verified_ms;
    session->peer_raw_key = agreed->peer_raw_key;
    session->peer = lk_buffer_slice(&peer);
    if (agreed->alpn != NULL)
        session->alpn = lk_slice_of_str(agreed->alpn);
    lk_session_build(&b, session);
    lockstep_status status = lk_builder_ok(&p) && lk_builder_ok(&b)
                                 ? lk_session_new(out, &settings->heap, lk_buffer_slice(&bytes))
                                 : LOCKSTEP_ERR_NO_MEMORY;
    lk_buffer_free(&peer);
    lk_buffer_free(&bytes);
    return status;
}
