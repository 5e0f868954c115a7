/*
 * strikes.h - which tickets were used for 0-RTT (RFC 8446 §8.1, §8.2): bounded in memory, and what
 * it cannot be sure of it refuses.
 */
#ifndef LK_HANDSHAKE_STRIKES_H
#define LK_HANDSHAKE_STRIKES_H

#include <lockstep/session.h>

#include "util/bytes.h"

#define LK_STRIKE_LEN 32 /* bytes by which a ticket is remembered: a SHA-256 of it */

/* lk_strikes_window_ms returns by how much a ticket's age may differ from what is expected. */
int64_t lk_strikes_window_ms(const lockstep_strikes *strikes);

/* Why a ticket is not taken. */
typedef enum lk_strike {
    LK_STRIKE_FRESH, /* never seen: it is now */
    LK_STRIKE_USED,
    LK_STRIKE_FULL,
    LK_STRIKE_TOO_YOUNG /* the register was not there when it may have been used */
} lk_strike;

/* lk_strikes_take looks for `key`, of a ticket that was issued at `issued_ms`, and remembers it, in
 * one step, so that of two connections with one ticket one is refused. */
lk_strike lk_strikes_take(lockstep_strikes *strikes, const uint8_t key[LK_STRIKE_LEN],
                          int64_t issued_ms, int64_t now_ms);

#endif
