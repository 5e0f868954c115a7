/*
 * peers.h - what OpenSSL and GnuTLS say to a chain.
 */
#ifndef LK_TESTS_PEERS_H
#define LK_TESTS_PEERS_H

#include "crypto/keys.h"

typedef enum peer {
    PEER_OPENSSL,        /* as applications use it, with partial chains allowed */
    PEER_OPENSSL_STRICT, /* with X509_V_FLAG_X509_STRICT */
    PEER_GNUTLS,
    NUM_PEERS
} peer;

#define PEER_BIT(peer) (1u << (peer))

typedef struct peer_question {
    const lk_slice *anchors, *chain; /* DER; chain: the leaf first */
    size_t num_anchors, num_chain;
    const char *name; /* DNS name or IP address; NULL: the client's purpose, no name */
    int64_t now;      /* seconds since 1970 */
} peer_question;

typedef struct peer_answer {
    bool accepts;
    char why[160];
} peer_answer;

const char *peer_name(peer which);
void peer_ask(peer_answer *out, peer which, const peer_question *question);

/* peer_sign_sha1 signs the certificate anew by `signer` with SHA-1, which the engine cannot, and
 * returns its length in `out`; 0 if that cannot be (a key of Ed25519, bytes that OpenSSL does not
 * read). */
size_t peer_sign_sha1(uint8_t *out, size_t out_len, lk_slice certificate,
                      const lk_private_key *signer);

#endif
