/*
 * peer12.h - what peer.h does in TLS 1.2: its messages, its keys, step by step.
 */
#ifndef LK_TESTS_PEER12_H
#define LK_TESTS_PEER12_H

#include "support/peer.h"

/* The steps of TLS 1.2 (peer_setup.tls12); all of peer.h works on them. */
bool peer12_build(peer *p, peer_step step, lk_builder *b);
void peer12_on_message(peer *p, lk_slice message);
void peer12_on_ccs(peer *p);
void peer12_turn(peer *p, peer_step step);

#endif
