/*
 * fuzzing.h - what the fuzz targets share.
 */
#ifndef LK_TESTS_FUZZING_H
#define LK_TESTS_FUZZING_H

#include "support/peer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* inside says whether a slice lies in the input, which every slice of a parser must. */
static inline bool inside(lk_slice s, const uint8_t *data, size_t size) {
    return s.p_len == 0 ||
           (s.p >= data && s.p_len <= size && s.p - data <= (ptrdiff_t)(size - s.p_len));
}

/* check_extensions checks the slices of an extension block and that absent ones are empty. */
static inline void check_extensions(const lk_extensions *e, const uint8_t *data, size_t size) {
    for (int i = 0; i < LK_EXTENSION_COUNT; i++) {
        NEED(inside(e->data[i], data, size));
        NEED((e->present >> i & 1) != 0 || e->data[i].p_len == 0);
    }
}

/* check_flaw checks that a parser failed with a status of the peer's. */
static inline void check_flaw(lockstep_status status, const lk_flaw *flaw) {
    NEED(status >= 100 && status < 300);
    NEED(!flaw->has_extension || lk_extension_name(flaw->extension) != NULL);
}

/* u16_list copies a list of the wire into numbers, at most `max`, and returns how many. */
static inline size_t u16_list(uint16_t *out, size_t max, lk_u16_list list) {
    size_t n = lk_u16_count(list) < max ? lk_u16_count(list) : max;
    for (size_t i = 0; i < n; i++)
        out[i] = lk_u16_at(list, i);
    return n;
}

/* body_of returns what a builder wrote behind the message's header. */
static inline lk_slice body_of(const lk_buffer *message) {
    lk_slice m = lk_buffer_slice(message);
    NEED(m.p_len >= LK_HANDSHAKE_HEADER);
    return lk_slice_of(m.p + LK_HANDSHAKE_HEADER, m.p_len - LK_HANDSHAKE_HEADER);
}

/*
 * fuzz_connection plays the input against a connection: raw bytes, or a script for a peer that
 * protects what it is given correctly, so that the deep states are reached (fuzzing.c has the
 * format). Then it gives the same bytes to a second connection one at a time, of which the same
 * must come.
 */
void fuzz_connection(bool server, const uint8_t *data, size_t size);

/* fuzz_connection_tls12 does it in TLS 1.2. */
void fuzz_connection_tls12(bool server, const uint8_t *data, size_t size);

#endif
