/*
 * proof.h - "verified" as a value. lk_handshake_secure() takes three of these by value; each kind
 * is made in one file only, in TLS 1.2 in another one, by the function that did the checking, and a
 * zeroed one proves nothing.
 * So leaving a check out does not compile into a secure connection.
 */
#ifndef LK_HANDSHAKE_PROOF_H
#define LK_HANDSHAKE_PROOF_H

#include <stdbool.h>

/* The peer's chain was judged good, or nobody was to be authenticated. Made in peer_chain.c, for
 * both versions. */
typedef struct lk_chain_proof {
    bool made;
} lk_chain_proof;

/* The peer holds the key of its certificate, or has none. Made in certificate_verify.c, and for
 * TLS 1.2 in tls12/possession.c. */
typedef struct lk_possession_proof {
    bool made;
} lk_possession_proof;

/* Both sides saw the same handshake and hold the same keys. Made in finished.c, and for TLS 1.2 in
 * tls12/finished.c. */
typedef struct lk_finished_proof {
    bool made;
} lk_finished_proof;

#endif
