/*
 * hand.h - an end that misbehaves: the engine, and a hand that has its keys (from its notes) and
 * rewrites one message of it on the way out. The record is opened, changed and sealed again, so the
 * other end sees a peer that did this itself. TLS 1.3, the server's handshake.
 */
#ifndef LK_LAB_HAND_H
#define LK_LAB_HAND_H

#include <lockstep/note.h>

#include "record/record.h"
#include "util/buffer.h"

/* Changes a whole message, header included; false: no memory. */
typedef bool (*lk_hand_rewrite)(lk_buffer *message);

typedef struct lk_hand {
    uint8_t type; /* the HandshakeType that is rewritten; 0: none */
    lk_hand_rewrite rewrite;
    bool done;
    uint8_t key[LK_AEAD_KEY_MAX], iv[LK_AEAD_NONCE_LEN];
    size_t key_len;
    lk_protection in, out;
} lk_hand;

/* lk_hand_note learns the keys of the server's handshake from a note of the server. */
void lk_hand_note(lk_hand *hand, const lockstep_note *note);

/* lk_hand_pass appends to `out` the record as it leaves with `suite`; true if it was changed. */
bool lk_hand_pass(lk_hand *hand, const lk_crypto *crypto, uint16_t suite, lk_slice record,
                  lk_buffer *out);

void lk_hand_free(lk_hand *hand);

#endif
