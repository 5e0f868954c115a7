/*
 * new_session_ticket.c - NewSessionTicket (RFC 8446 §4.6.1): the server seals what it will want to
 * know again, the client keeps what it will need.
 */
#include "wire/new_session_ticket.h"

#include "handshake/internal.h"
#include "util/secret.h"

/* ---- Server ---------------------------------------------------------------------------------- */

/* peer_bytes: the client's chain, by which a resumed session knows it again. */
static void peer_bytes(const lk_handshake *hs, lk_builder *b) {
    const lk_agreed *a = hs->agreed;
    lk_session_peer_build(b, a->peer_chain, a->peer_ocsp, a->num_peer_chain, a->peer_scts);
}

/* What is random in a ticket. */
typedef struct drawn {
    uint8_t age_add[4], nonce[LK_TICKET_NONCE_LEN];
} drawn;

static lockstep_status send_one(lk_handshake *hs, const lk_secret *resumption, lk_slice peer,
                                uint8_t number, const drawn *random) {
    const lk_settings *s = hs->settings;
    lk_buffer ticket = lk_buffer_of(&s->heap, 0);
    uint8_t secret[LK_HASH_MAX], shown_key[LK_SHOWN_KEY_LEN];
    int64_t now_ms = s->env.now_ms(s->env.arg);
    lk_slice nonce = lk_slice_of(&number, 1); /* "unique across all tickets" of a connection */
    lk_resumption_psk(secret, resumption, nonce);
    lk_session session = {
        .version = LK_TLS13,
        .suite = hs->suite->id,
        .group = hs->group->id,
        .scheme = hs->agreed->peer_scheme,
        .secret = lk_slice_of(secret, lk_hash_length(resumption->hash)),
        .server_name = hs->hello.server_name,
        .alpn = hs->protocol,
        .issued_ms = now_ms,
        .verified_ms = hs->agreed->verified_ms,
        .lifetime_s = lk_ticket_lifetime_s(lk_tickets_lifetime_s(s->tickets),
                                           hs->agreed->verified_ms, now_ms),
        .max_early_data = s->strikes != NULL ? s->max_early_data : 0,
        .named = lk_has_shown_name(hs),
        .shown_key = lk_shown_key(hs, shown_key),
        .peer_raw_key = hs->agreed->peer_raw_key,
        .peer = peer,
    };
    lk_reader r = lk_reader_of(lk_slice_of(random->age_add, sizeof random->age_add));
    (void)lk_read_u32(&r, &session.age_add);
    if (session.lifetime_s == 0)
        return LOCKSTEP_OK;
    lockstep_status status = lk_seal_session(hs, &ticket, &session, random->nonce);
    if (status == LOCKSTEP_OK) {
        lk_new_session_ticket nst = {.lifetime = session.lifetime_s,
                                     .age_add = session.age_add,
                                     .nonce = nonce,
                                     .ticket = lk_buffer_slice(&ticket),
                                     .max_early_data = session.max_early_data};
        size_t at = lk_buffer_length(&hs->outbox.bytes);
        lk_builder b = lk_builder_of(&hs->outbox.bytes);
        lk_new_session_ticket_build(&b, &nst);
        status = lk_send(hs, &b, at);
    } else {
        status = lk_fail(hs, status, "sealing a ticket");
    }
    lk_wipe(secret, sizeof secret);
    lk_buffer_free(&ticket);
    return status;
}

static bool wanted(const lk_handshake *hs) {
    const lk_client_hello *h = &hs->hello;
    bool nameable = h->server_name.p_len <= 255; /* no host name is longer */
    /* "Servers MUST NOT select a key exchange mode that is not listed by the client", so a ticket
     * would be of no use (§4.2.9). */
    return nameable && hs->settings->tickets != NULL && h->psk_modes.p_len > 0 &&
           memchr(h->psk_modes.p, LK_PSK_DHE_KE, h->psk_modes.p_len) != NULL &&
           (hs->psk == NULL || hs->psk->kind == LK_PSK_RESUMPTION);
}

lockstep_status lk_send_new_session_tickets(lk_handshake *hs) {
    uint8_t transcript[LK_HASH_MAX];
    lk_secret resumption;
    drawn random[LK_TICKETS_MAX];
    lk_buffer peer = lk_buffer_of(&hs->settings->heap, 0);
    lk_builder b = lk_builder_of(&peer);
    size_t n = hs->settings->num_tickets;
    if (hs->psk != NULL && n > 1)
        n = 1; /* for the one that was used */
    if (n == 0 || !wanted(hs))
        return LOCKSTEP_OK;
    /* all at once, for a draw costs more than its bytes */
    if (!hs->settings->env.random(hs->settings->env.arg, (uint8_t *)random, n * sizeof *random))
        return lk_fail(hs, LOCKSTEP_ERR_NO_RANDOM, "for tickets");
    peer_bytes(hs, &b);
    lockstep_status status = LOCKSTEP_OK;
    lk_transcript_hash(&hs->transcript, transcript); /* ends with the client's Finished */
    lk_schedule_resumption(&resumption, &hs->master, transcript);
    lk_note_key(&hs->watch, hs->is_client, "res master", "RFC 8446 §4.6.1",
                lk_secret_slice(&resumption));
    if (!lk_builder_ok(&b))
        status = lk_fail_memory(hs);
    else if (lk_buffer_length(&peer) <= LK_PEER_IN_TICKET_MAX)
        for (size_t i = 0; i < n && status == LOCKSTEP_OK; i++)
            status = send_one(hs, &resumption, lk_buffer_slice(&peer), (uint8_t)i, &random[i]);
    lk_wipe(&resumption, sizeof resumption);
    lk_buffer_free(&peer);
    return status;
}

/* ---- Client ---------------------------------------------------------------------------------- */

static lockstep_status keep(lockstep_session **out, const lk_settings *settings,
                            const lk_agreed *agreed, const lk_new_session_ticket *ticket) {
    uint8_t secret[LK_HASH_MAX];
    int64_t now_ms = settings->env.now_ms(settings->env.arg);
    lk_resumption_psk(secret, &agreed->resumption, ticket->nonce);
    lk_session session = {
        .secret = lk_slice_of(secret, lk_hash_length(agreed->resumption.hash)),
        .ticket = ticket->ticket,
        .issued_ms = now_ms,
        .lifetime_s = lk_ticket_lifetime_s(ticket->lifetime, agreed->verified_ms, now_ms),
        .age_add = ticket->age_add,
        .max_early_data = ticket->max_early_data,
    };
    lockstep_status status = lk_keep_session(out, settings, agreed, &session);
    lk_wipe(secret, sizeof secret);
    return status;
}

lockstep_status lk_on_new_session_ticket(lockstep_session **out, lockstep_failure *failure,
                                         const lk_settings *settings, const lk_agreed *agreed,
                                         lk_slice message) {
    lk_new_session_ticket ticket;
    lk_flaw flaw;
    lockstep_status status = lk_new_session_ticket_parse(&ticket, &flaw, lk_body(message));
    *out = NULL;
    if (status != LOCKSTEP_OK)
        return lk_failure_set(failure, status, "%s",
                              flaw.has_extension ? lk_extension_name(flaw.extension) : "");
    /* "Servers MUST NOT use any value greater than 604800 seconds (7 days)." (§4.6.1) */
    if (ticket.lifetime > LK_TICKET_LIFETIME_MAX)
        return lk_failure_set(failure, LOCKSTEP_PEER_TICKET_LIFETIME, "%u seconds",
                              ticket.lifetime);
    /* "The value of zero indicates that the ticket should be discarded immediately." */
    if (!settings->keep_sessions || ticket.lifetime == 0)
        return LOCKSTEP_OK;
    status = keep(out, settings, agreed, &ticket);
    return status == LOCKSTEP_OK ? status : lk_failure_set(failure, status, "keeping a session");
}
