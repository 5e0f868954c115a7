/*
 * tls12.h - the door between the two rooms: what TLS 1.2 (tls12/) does for a handshake that has
 * turned out to be one of TLS 1.2. Nothing of TLS 1.3 is in there, and nothing of TLS 1.2 out here.
 */
#ifndef LK_HANDSHAKE_TLS12_H
#define LK_HANDSHAKE_TLS12_H

#include "handshake/internal.h"

/* lk12_flight_of finds the row of a message in a state of TLS 1.2, or NULL. */
const lk_flight *lk12_flight_of(lk_state state, uint8_t type);

/* lk12_state_name returns what the state awaits. Static. */
const char *lk12_state_name(lk_state state);

/* lk12_encrypted says whether a message that is received in the state is under keys. */
bool lk12_encrypted(lk_state state);

/* lk12_knows says whether TLS 1.2 has a message of that type. */
bool lk12_knows(uint8_t type);

/* The server goes on with a ClientHello, read into hs->hello, that is answered with TLS 1.2; the
 * client with a ServerHello of TLS 1.2. */
lockstep_status lk12_on_client_hello(lk_handshake *hs, lk_slice message);
lockstep_status lk12_on_server_hello(lk_handshake *hs, lk_slice message);

/* lk12_keep_message keeps a message, as long as a CertificateVerify may have to sign it. */
lockstep_status lk12_keep_message(lk_handshake *hs, lk_slice message);

lockstep_status lk12_on_change_cipher_spec(lk_handshake *hs);

#endif
