/*
 * key_update.h - KeyUpdate (RFC 8446 §4.6.3).
 */
#ifndef LK_WIRE_KEY_UPDATE_H
#define LK_WIRE_KEY_UPDATE_H

#include "wire/fields.h"

/* lk_key_update_parse says whether the peer wants our keys to change too. LOCKSTEP_PEER_KEY_UPDATE
 * for a value other than 0 and 1. */
static inline lockstep_status lk_key_update_parse(bool *requested, lk_slice body) {
    if (body.p_len != 1)
        return LOCKSTEP_PEER_DECODE_KEY_UPDATE;
    if (body.p[0] > 1)
        return LOCKSTEP_PEER_KEY_UPDATE;
    *requested = body.p[0] == 1;
    return LOCKSTEP_OK;
}

static inline void lk_key_update_build(lk_builder *b, bool request) {
    lk_length message = lk_message_open(b, LK_KEY_UPDATE);
    lk_build_u8(b, request);
    lk_build_close(b, message);
}

#endif
