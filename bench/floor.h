/*
 * floor.h - what a handshake costs when nothing is called but the primitives that it cannot do
 * without, each in the cheapest way that libcrypto offers: no parsing, no state, no memory of its
 * own. It takes its turn among the peers.
 */
#ifndef BENCH_FLOOR_H
#define BENCH_FLOOR_H

/* The side that is named is the one that the floor is for; most have both. */
typedef enum floor_kind {
    FLOOR_NONE,
    FLOOR_FULL,   /* X25519, ECDSA P-256; the client verifies three signatures */
    FLOOR_CACHED, /* the client verifies one */
    FLOOR_P256,   /* key share on P-256 */
    FLOOR_RSA,    /* the server signs with RSA-2048 */
    FLOOR_PSK,    /* no certificate: psk_dhe_ke */
    FLOOR_TLS12,
    FLOOR_CLIENT_AUTH, /* both sign, both verify three */
    FLOOR_POOL,        /* the server's share is there already */
    FLOOR_POOL_NONCE,  /* and the nonce of its signature */
    /* the same where a share of X25519 is derived from the base point, which takes less than
     * libcrypto's own way to make a key: what the engine does */
    FLOOR_FULL_DERIVED,
    FLOOR_CACHED_DERIVED,
    FLOOR_RSA_DERIVED,
    FLOOR_PSK_DERIVED,
    FLOOR_TLS12_DERIVED,
    FLOOR_CLIENT_AUTH_DERIVED,
    NUM_FLOORS
} floor_kind;

const char *floor_name(floor_kind kind);

/* floor_begin gets ready what is kept from one handshake to the next, for all kinds. */
void floor_begin(void);

/* floor_run does the work of one handshake and adds the time of each side; `ahead_ns` is that of
 * what was made ahead. */
void floor_run(floor_kind kind, double *client_ns, double *server_ns, double *ahead_ns);

#endif
