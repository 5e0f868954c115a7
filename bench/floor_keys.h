/*
 * floor_keys.h - the part of the floor that is no public-key work: transcript, key schedule and the
 * records of one side. Client and server do the same but for the direction.
 */
#ifndef BENCH_FLOOR_KEYS_H
#define BENCH_FLOOR_KEYS_H

#include <stdint.h>

void floor_keys_begin(void);

/* floor_keys_tls13 goes from the shared secret (32 bytes) to the application keys (RFC 8446 §7.1);
 * floor_keys_tls12 from the premaster secret to both Finished (RFC 5246 §6.3, RFC 7627). */
void floor_keys_tls13(const uint8_t *shared);
void floor_keys_tls12(const uint8_t *premaster);

#endif
