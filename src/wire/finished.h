/*
 * finished.h - Finished (RFC 8446 §4.4.4): a MAC as long as the hash, and nothing else.
 */
#ifndef LK_WIRE_FINISHED_H
#define LK_WIRE_FINISHED_H

#include "wire/fields.h"

static inline void lk_finished_build(lk_builder *b, lk_slice verify_data) {
    lk_length message = lk_message_open(b, LK_FINISHED);
    lk_build_bytes(b, verify_data);
    lk_build_close(b, message);
}

#endif
