/*
 * new_session_ticket.h - NewSessionTicket (RFC 8446 §4.6.1).
 */
#ifndef LK_WIRE_NEW_SESSION_TICKET_H
#define LK_WIRE_NEW_SESSION_TICKET_H

#include "wire/fields.h"

typedef struct lk_new_session_ticket {
    uint32_t lifetime; /* seconds */
    uint32_t age_add;
    lk_slice nonce, ticket;
    lk_extensions ext;
    uint32_t max_early_data; /* bytes; 0 where the extension is absent */
} lk_new_session_ticket;

LK_CHECKED lockstep_status lk_new_session_ticket_parse(lk_new_session_ticket *out, lk_flaw *flaw,
                                                       lk_slice body);

/* lk_new_session_ticket_build appends the message; max_early_data 0: no extension. */
void lk_new_session_ticket_build(lk_builder *b, const lk_new_session_ticket *ticket);

#endif
