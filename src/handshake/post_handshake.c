/*
 * post_handshake.c - messages after the handshake (RFC 8446 §4.6): KeyUpdate and NewSessionTicket.
 * The handshake object is gone by then.
 */
#include "handshake/handshake.h"
#include "handshake/internal.h"
#include "wire/key_update.h"
#include "wire/new_session_ticket.h"

static lockstep_status on_key_update(lk_post_message *out, lockstep_failure *failure,
                                     lk_slice message, bool ends_record) {
    lockstep_status status = lk_key_update_parse(&out->answer, lk_body(message));
    if (status != LOCKSTEP_OK)
        return lk_failure_set(failure, status, "%zu bytes", message.p_len);
    if (!ends_record)
        return lk_failure_set(failure, LOCKSTEP_PEER_KEY_BOUNDARY,
                              "bytes follow KeyUpdate in its record");
    out->keys_changed = true;
    return LOCKSTEP_OK;
}

static lockstep_status on_ticket(lockstep_failure *failure, lk_slice message) {
    lk_new_session_ticket ticket;
    lk_flaw flaw;
    lockstep_status status = lk_new_session_ticket_parse(&ticket, &flaw, lk_body(message));
    if (status != LOCKSTEP_OK)
        return lk_failure_set(failure, status, "%s",
                              flaw.has_extension ? lk_extension_name(flaw.extension) : "");
    /* "Servers MUST NOT use any value greater than 604800 seconds (7 days)." (§4.6.1) */
    if (ticket.lifetime > 604800)
        return lk_failure_set(failure, LOCKSTEP_PEER_TICKET_LIFETIME, "%u seconds",
                              ticket.lifetime);
    return LOCKSTEP_OK;
}

lockstep_status lk_post_handshake_receive(lk_post_message *out, lockstep_failure *failure,
                                          bool is_client, lk_slice message, bool ends_record) {
    uint8_t type = message.p[0];
    *out = (lk_post_message){false, false};
    if (type == LK_KEY_UPDATE)
        return on_key_update(out, failure, message, ends_record);
    if (type == LK_NEW_SESSION_TICKET && is_client)
        return on_ticket(failure, message);
    return lk_failure_set(failure, LOCKSTEP_PEER_UNEXPECTED_MESSAGE,
                          "%s (%u) came in state CONNECTED", lk_handshake_name(type), type);
}
