/*
 * tls12_ticket.h - NewSessionTicket of TLS 1.2 (RFC 5077 §3.3).
 */
#ifndef LK_WIRE_TLS12_TICKET_H
#define LK_WIRE_TLS12_TICKET_H

#include "wire/fields.h"

typedef struct lk12_new_session_ticket {
    uint32_t lifetime_hint; /* seconds; 0: not said */
    lk_slice ticket;        /* empty: the server has changed its mind */
} lk12_new_session_ticket;

/* LOCKSTEP_PEER_DECODE_NEW_SESSION_TICKET. */
static inline lockstep_status lk12_new_session_ticket_parse(lk12_new_session_ticket *out,
                                                            lk_slice body) {
    lk_reader r = lk_reader_of(body);
    if (!lk_read_u32(&r, &out->lifetime_hint) ||
        !lk_read_vector(&r, 2, 0, UINT16_MAX, &out->ticket) || !lk_reader_done(&r))
        return LOCKSTEP_PEER_DECODE_NEW_SESSION_TICKET;
    return LOCKSTEP_OK;
}

static inline void lk12_new_session_ticket_build(lk_builder *b, uint32_t lifetime_hint,
                                                 lk_slice ticket) {
    lk_length message = lk_message_open(b, LK_NEW_SESSION_TICKET);
    lk_build_u32(b, lifetime_hint);
    lk_build_vector(b, 2, ticket);
    lk_build_close(b, message);
}

#endif
