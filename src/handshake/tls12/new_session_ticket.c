/*
 * new_session_ticket.c - NewSessionTicket of TLS 1.2 (RFC 5077 §3.3), which a server that announced
 * it sends before its change_cipher_spec.
 */
#include "handshake/tls12/inside.h"
#include "wire/tls12_ticket.h"

lockstep_status lk12_on_new_session_ticket(lk_handshake *hs, lk_slice message) {
    lk12_new_session_ticket ticket;
    lockstep_status status = lk12_new_session_ticket_parse(&ticket, lk_body(message));
    if (status != LOCKSTEP_OK)
        return lk_fail_at(hs, status, "RFC 5077 §3.3", "%zu bytes", message.p_len);
    LK_TRY(lk_hash_message(hs, message));
    hs->state = LK12_CLIENT_WAIT_CCS;
    return LOCKSTEP_OK;
}
