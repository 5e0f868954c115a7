/*
 * tickets.h - sealing a session into a ticket that only this server can open (RFC 5077 §4,
 * RFC 8446 §4.6.1). All that may be shared by threads is behind a lock that is held for a copy.
 */
#ifndef LK_HANDSHAKE_TICKETS_H
#define LK_HANDSHAKE_TICKETS_H

#include <lockstep/session.h>

#include "util/buffer.h"

#define LK_TICKET_KEYS_MAX 8

/* key_name || nonce || sealed bytes || tag */
#define LK_TICKET_NAME_LEN 16
#define LK_TICKET_OVERHEAD (LK_TICKET_NAME_LEN + 12 + 16)

/* lk_tickets_lifetime_s returns how long its tickets are good. */
uint32_t lk_tickets_lifetime_s(const lockstep_tickets *tickets);

/* lk_tickets_seal appends a ticket that holds `plain`, sealed with a nonce of LK_TICKET_NONCE_LEN
 * bytes that were just drawn: a random nonce is safe for 2^32 tickets under one key (NIST SP
 * 800-38D §8.3). LOCKSTEP_ERR_NO_MEMORY, LOCKSTEP_ERR_NO_RANDOM, LOCKSTEP_ERR_CRYPTO. */
#define LK_TICKET_NONCE_LEN 12
LK_CHECKED lockstep_status lk_tickets_seal(lockstep_tickets *tickets, lk_buffer *out,
                                           lk_slice plain,
                                           const uint8_t nonce[LK_TICKET_NONCE_LEN]);

/* lk_tickets_open writes what `ticket` holds to `plain`, which has room for ticket.p_len bytes, and
 * its length to `*plain_len`. False: not one of ours, or no longer. */
bool lk_tickets_open(lockstep_tickets *tickets, uint8_t *plain, size_t *plain_len, lk_slice ticket);

#endif
