/*
 * negotiate.h - what the files share that answer a ClientHello; for this room only.
 */
#ifndef LK_HANDSHAKE_NEGOTIATE_H
#define LK_HANDSHAKE_NEGOTIATE_H

#include "handshake/internal.h"

/* ---- client_hello_rules.c ---- */

/* lk_read_hello copies the message, since it is looked at again after jobs, parses the copy into
 * hs->hello, checks what holds whatever the version and sets hs->version. */
LK_CHECKED lockstep_status lk_read_hello(lk_handshake *hs, lk_slice message);

/* lk_check_tls13 has the rules of a ClientHello that is answered with TLS 1.3. */
LK_CHECKED lockstep_status lk_check_tls13(lk_handshake *hs);

/* lk_need_extension fails with LOCKSTEP_PEER_EXTENSION_MISSING where the hello is without it. */
LK_CHECKED lockstep_status lk_need_extension(lk_handshake *hs, enum lk_extension_index i);

/* ---- negotiate.c ---- */

/* lk_find_share sets `*key_exchange` to the client's share for `group`, if there is one. */
bool lk_find_share(const lk_handshake *hs, uint16_t group, lk_slice *key_exchange);

/* lk_answer_hello goes on when it is clear whether a PSK is used: then no certificate is needed. */
LK_CHECKED lockstep_status lk_answer_hello(lk_handshake *hs);

/* ---- second_hello.c ---- */

/* lk_retry asks for another ClientHello: for the share of a group, or only for the cookie back. */
LK_CHECKED lockstep_status lk_retry(lk_handshake *hs, bool has_share);

/* lk_take_second_hello goes on with the one in hs->hello, which answers our HelloRetryRequest. */
LK_CHECKED lockstep_status lk_take_second_hello(lk_handshake *hs, lk_slice message);

#endif
