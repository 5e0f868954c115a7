/*
 * chain.h - the cost of a verdict on a chain of certificates.
 */
#ifndef BENCH_CHAIN_H
#define BENCH_CHAIN_H

#include "peer.h"

/* bench_chain prints the rows of a table; `s` has root and chain. */
void bench_chain(const setup *s, double seconds);

#endif
