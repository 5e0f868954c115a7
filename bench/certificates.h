/*
 * certificates.h - what the peers show each other, made by the engine for this run: a root and an
 * intermediate with ECDSA P-256 keys, and leaves.
 */
#ifndef BENCH_CERTIFICATES_H
#define BENCH_CERTIFICATES_H

#include "peer.h"

enum leaf { LEAF_ECDSA, LEAF_RSA, LEAF_CLIENT, NUM_LEAVES };

/* fill_certificates sets root, chain and key (and with `client_auth` the client's) of `s`; what is
 * there already is not made again. */
void fill_certificates(setup *s, bool client_auth);

#endif
