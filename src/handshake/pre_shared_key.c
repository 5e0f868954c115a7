/*
 * pre_shared_key.c - PSKs (RFC 8446 §4.2.11): the client offers them, the server chooses one, and
 * binders tie them to the ClientHello. The one place where having a key from before proves
 * possession.
 */
#include "handshake/internal.h"

#include "util/secret.h"
#include "wire/certificate_type.h"

/* What a ClientHello offers beyond these is not looked at: each costs an AEAD operation. */
#define PSKS_LOOKED_AT 8

/* A ticket has to fit into the extensions of a ClientHello, 65,535 bytes, with all the others. What
 * comes in a NewSessionTicket is shorter; what is read from a file may not be. */
#define TICKET_OFFERED_MAX 32768

/* ---- Both sides ------------------------------------------------------------------------------ */

static void make_binder(uint8_t *out, const lk_handshake *hs, const lk_psk *psk,
                        lk_slice truncated) {
    lk_traffic_secret key;
    uint8_t hash[LK_HASH_MAX];
    lk_schedule_binder(&key, &psk->early, psk->kind);
    lk_note_key(&hs->watch, true, "binder key", "RFC 8446 §7.1", lk_secret_slice(&key.s));
    lk_transcript_hash_with(&hs->transcript, psk->early.s.hash, truncated, hash);
    lk_finished_mac(out, &key, hash);
    lk_wipe(&key, sizeof key);
}

static void set_psk(const lk_watch *watch, lk_psk *psk, lk_psk_kind kind, lk_slice identity,
                    lk_hash hash, lk_slice key) {
    psk->kind = kind;
    psk->identity = identity;
    lk_schedule_early(&psk->early, hash, key);
    lk_note_key(watch, true, "PSK", "RFC 8446 §4.2.11", key);
    lk_note_key(watch, true, "early secret", "RFC 8446 §7.1", lk_secret_slice(&psk->early.s));
}

static const lk_session *session_of(const lk_handshake *hs) {
    return hs->psk != NULL && hs->psk->kind == LK_PSK_RESUMPTION ? hs->resumes : NULL;
}

lk_possession_proof lk_possession_by_psk(const lk_handshake *hs) {
    /* The peer's key was proven when the session began, and only who was there has the PSK; an
     * external one is itself what is proven. Finished proves that the peer has it. */
    return (lk_possession_proof){hs->psk != NULL};
}

lockstep_status lk_psk_chosen(lk_handshake *hs) {
    const lk_session *session = session_of(hs);
    hs->agreed->resumed = true;
    hs->chain_proof = session != NULL ? hs->resumes_chain : lk_chain_by_external_psk(hs);
    hs->possession_proof = lk_possession_by_psk(hs);
    lk_note_choice(&hs->watch, false, "pre-shared key", "RFC 8446 §4.2.11",
                   session != NULL ? "the session of before is resumed"
                                   : "an external key is used; no certificates");
    if (session == NULL)
        return LOCKSTEP_OK;
    hs->agreed->verified_ms = session->verified_ms;
    hs->agreed->peer_scheme = session->scheme;
    if (!hs->is_client)
        hs->own_type = session->shown_key.p_len > 0 ? LK_TYPE_RAW_KEY : LK_TYPE_X509;
    return lk_keep_resumed_chain(hs);
}

/* ---- Client ---------------------------------------------------------------------------------- */

static bool has_suite_with(const lk_handshake *hs, lk_hash hash) {
    for (size_t i = 0; i < hs->settings->num_suites; i++) {
        const lk_suite *suite = lk_suite_of(hs->settings->suites[i]);
        if (suite != NULL && suite->version == LK_TLS13 && suite->hash == hash)
            return true;
    }
    return false;
}

static bool has_suite(const lk_handshake *hs, const lk_suite *suite) {
    for (size_t i = 0; i < hs->settings->num_suites; i++)
        if (hs->settings->suites[i] == suite->id)
            return true;
    return false;
}

lockstep_status lk_handshake_offer(lk_handshake *hs, const lockstep_session *session) {
    lk_slice bytes;
    hs->resumes = lk_arena_alloc(&hs->arena, sizeof *hs->resumes);
    hs->resumes_peer = lk_arena_alloc(&hs->arena, sizeof *hs->resumes_peer);
    if (hs->resumes == NULL || hs->resumes_peer == NULL ||
        !lk_arena_copy(&hs->arena, &bytes, lk_slice_of(session->bytes, session->num_bytes)))
        return LOCKSTEP_ERR_NO_MEMORY;
    if (!lk_session_parse(hs->resumes, bytes) ||
        !lk_session_peer(hs->resumes_peer, hs->resumes->peer))
        return LOCKSTEP_ERR_SESSION;
    return LOCKSTEP_OK;
}

/* unfit says why the session cannot be offered, or NULL. */
static const char *unfit(const lk_handshake *hs) {
    const lk_settings *s = hs->settings;
    const lk_session *session = hs->resumes;
    const lk_suite *suite = lk_suite_of(session->suite);
    if (session->version < s->version_min || session->version > s->version_max)
        return "it is of a version that is not spoken";
    if (suite == NULL || suite->version != session->version ||
        (session->version == LK_TLS13 ? !has_suite_with(hs, suite->hash) : !has_suite(hs, suite)) ||
        session->secret.p_len !=
            (session->version == LK_TLS13 ? lk_hash_length(suite->hash) : LK_SESSION_SECRET_MAX))
        return "it is of a cipher suite that is not offered";
    if (!lk_slice_equal(session->server_name, lk_slice_of_str(hs->agreed->server_name)))
        return "it is for another name";
    if (!lk_session_alive(session, s->env.now_ms(s->env.arg)))
        return "it has expired";
    if (session->ticket.p_len == 0 &&
        (session->version == LK_TLS13 || session->session_id.p_len == 0 ||
         session->session_id.p_len > LK_SESSION_ID_MAX))
        return "it has no ticket";
    if (session->version < LK_TLS13 && s->ech != NULL)
        return "it is of TLS 1.2, and everybody would see it beside the encrypted ClientHello";
    /* With Encrypted Client Hello it is there twice: encrypted, and random bytes of its length. */
    if (session->ticket.p_len > TICKET_OFFERED_MAX / (s->ech != NULL ? 2 : 1))
        return "its ticket is too long for a ClientHello";
    return NULL;
}

static lockstep_status not_offered(lk_handshake *hs, const char *why) {
    lk_note_choice(&hs->watch, true, "session", "RFC 8446 §4.2.11", "not offered: %s", why);
    hs->resumes = NULL;
    return LOCKSTEP_OK;
}

/* "ticket_age_add [...] is added to the age modulo 2^32" (§4.2.11.1) */
static uint32_t obfuscated_age(const lk_handshake *hs, const lk_session *session) {
    const lockstep_env *env = &hs->settings->env;
    return (uint32_t)(env->now_ms(env->arg) - session->issued_ms) + session->age_add;
}

/* offer lists the PSKs: the session, then the external keys whose hash a suite has. */
static lockstep_status offer(lk_handshake *hs) {
    const lk_settings *s = hs->settings;
    if (hs->resumes != NULL && !hs->resumes_chain.made)
        (void)not_offered(hs, "the certificate chain in it is not good any more");
    size_t room = 1 + s->num_imported;
    hs->psks = lk_arena_alloc(&hs->arena, room * sizeof *hs->psks);
    if (hs->psks == NULL)
        return lk_fail_memory(hs);
    if (hs->resumes != NULL && hs->resumes->version == LK_TLS13) {
        lk_psk *psk = &hs->psks[hs->num_psks++];
        set_psk(&hs->watch, psk, LK_PSK_RESUMPTION, hs->resumes->ticket,
                lk_suite_of(hs->resumes->suite)->hash, hs->resumes->secret);
        psk->obfuscated_age = obfuscated_age(hs, hs->resumes);
    }
    for (size_t i = 0; s->version_max >= LK_TLS13 && i < s->num_imported; i++)
        if (has_suite_with(hs, s->imported[i].key.hash))
            set_psk(&hs->watch, &hs->psks[hs->num_psks++], LK_PSK_IMPORTED, s->imported[i].identity,
                    s->imported[i].key.hash, lk_secret_slice(&s->imported[i].key));
    return hs->after_psks(hs);
}

lockstep_status lk_client_psks(lk_handshake *hs, lk_step then) {
    const char *why = hs->resumes == NULL ? NULL : unfit(hs);
    if (why != NULL)
        LK_TRY(not_offered(hs, why));
    hs->after_psks = then;
    return hs->resumes == NULL ? offer(hs) : lk_judge_resumed(hs, offer);
}

void lk_fill_binders(lk_handshake *hs, uint8_t *message, size_t message_len) {
    size_t binders = 0;
    for (size_t i = 0; i < hs->num_psks; i++)
        binders += 1 + lk_hash_length(hs->psks[i].early.s.hash);
    uint8_t *p = message + message_len - binders;
    for (size_t i = 0; i < hs->num_psks; i++) {
        make_binder(p + 1, hs, &hs->psks[i],
                    lk_client_hello_truncated(lk_slice_of(message, message_len), binders));
        p += 1 + lk_hash_length(hs->psks[i].early.s.hash);
    }
}

void lk_drop_psks(lk_handshake *hs) {
    size_t kept = 0;
    for (size_t i = 0; i < hs->num_psks; i++)
        if (hs->psks[i].early.s.hash == hs->suite->hash)
            hs->psks[kept++] = hs->psks[i];
    hs->num_psks = kept;
    /* "recomputing the "obfuscated_ticket_age"" (§4.1.2) */
    if (kept > 0 && hs->psks[0].kind == LK_PSK_RESUMPTION)
        hs->psks[0].obfuscated_age = obfuscated_age(hs, hs->resumes);
}

/* ---- Server ---------------------------------------------------------------------------------- */

/* not_good_for says why a ticket is worth nothing here, or NULL. */
static const char *not_good_for(const lk_handshake *hs, const lk_session *session) {
    const lockstep_env *env = &hs->settings->env;
    const lk_suite *suite = lk_suite_of(session->suite);
    if (session->version != LK_TLS13 || suite == NULL || suite->hash != hs->suite->hash ||
        session->secret.p_len != lk_hash_length(suite->hash))
        return "it is of another version or hash";
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

static const lk_imported_psk *imported(const lk_handshake *hs, lk_slice identity) {
    const lk_settings *s = hs->settings;
    for (size_t i = 0; i < s->num_imported; i++)
        if (s->imported[i].key.hash == hs->suite->hash &&
            lk_slice_equal(s->imported[i].identity, identity))
            return &s->imported[i];
    return NULL;
}

/* choose takes the first PSK of the client that is one. */
static lockstep_status choose(lk_handshake *hs, lk_psk *psk, lk_slice *binder, bool *found) {
    lk_slice identities = hs->hello.psk_identities, binders = hs->hello.psk_binders, identity;
    uint32_t age;
    for (uint16_t i = 0; i < PSKS_LOOKED_AT && !*found; i++) {
        if (!lk_psk_identity_next(&identities, &identity, &age) ||
            !lk_psk_binder_next(&binders, binder))
            return LOCKSTEP_OK;
        const lk_imported_psk *external = imported(hs, identity);
        hs->psk_index = i;
        if (external != NULL) {
            set_psk(&hs->watch, psk, LK_PSK_IMPORTED, identity, external->key.hash,
                    lk_secret_slice(&external->key));
            *found = true;
            return LOCKSTEP_OK;
        }
        LK_TRY(lk_take_ticket(hs, identity, not_good_for, "RFC 8446 §4.2.11"));
        *found = hs->resumes != NULL;
        if (*found) {
            set_psk(&hs->watch, psk, LK_PSK_RESUMPTION, identity, hs->suite->hash,
                    hs->resumes->secret);
            psk->obfuscated_age = age;
        }
    }
    return LOCKSTEP_OK;
}

/* "the server MUST validate the corresponding binder value [...]. If this value is not present or
 * does not validate, the server MUST abort the handshake." (§4.2.11) */
static lockstep_status check_binder(lk_handshake *hs, const lk_psk *psk, lk_slice binder,
                                    lk_slice message) {
    uint8_t expected[LK_HASH_MAX];
    size_t n = lk_hash_length(psk->early.s.hash);
    make_binder(expected, hs, psk, lk_client_hello_truncated(message, hs->hello.psk_binders.p_len));
    bool same = binder.p_len == n && lk_ct_equal(binder.p, expected, n);
    lk_wipe(expected, sizeof expected);
    if (!same)
        return lk_fail(hs, LOCKSTEP_PEER_PSK_BINDER, "of PSK %u", hs->psk_index);
    lk_note_check(&hs->watch, "PSK binder", "RFC 8446 §4.2.11.2", LOCKSTEP_OK,
                  "the client has the key of PSK %u", hs->psk_index);
    return LOCKSTEP_OK;
}

/* chain_judged: the client's chain of a session was looked at again. */
static lockstep_status chain_judged(lk_handshake *hs) {
    if (!hs->resumes_chain.made) {
        lk_note_choice(&hs->watch, false, "session", "RFC 8446 §4.2.11",
                       "not resumed: the client has to show its certificate anew");
        hs->psk = NULL;
        hs->resumes = NULL;
    }
    return hs->after_psks(hs);
}

/* wants_psk: only with a fresh key exchange; "psk_ke" has no forward secrecy (§4.2.9). */
static bool wants_psk(const lk_handshake *hs) {
    const lk_client_hello *h = &hs->hello;
    bool offered = (h->ext.present & lk_extension_bit(pre_shared_key)) != 0;
    return offered && h->psk_modes.p_len > 0 &&
           memchr(h->psk_modes.p, LK_PSK_DHE_KE, h->psk_modes.p_len) != NULL;
}

lockstep_status lk_server_psk(lk_handshake *hs, lk_slice message, lk_step then) {
    lk_psk *psk = lk_arena_alloc(&hs->arena, sizeof *psk);
    lk_slice binder;
    bool found = false;
    if (psk == NULL)
        return lk_fail_memory(hs);
    hs->after_psks = then;
    if (wants_psk(hs))
        LK_TRY(choose(hs, psk, &binder, &found));
    if (found)
        LK_TRY(check_binder(hs, psk, binder, message));
    LK_TRY(lk_hash_message(hs, message));
    if (!found)
        return then(hs);
    hs->psk = psk;
    return psk->kind == LK_PSK_RESUMPTION ? lk_judge_resumed(hs, chain_judged) : then(hs);
}
