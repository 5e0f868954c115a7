/*
 * pair.h - connections between a client and a server of one peer, each side on its own watch and
 * its own account of memory.
 */
#ifndef BENCH_PAIR_H
#define BENCH_PAIR_H

#include "peer.h"

enum { CLIENT, SERVER, NUM_SIDES };
#define PAIRS_MAX 8

typedef struct pair {
    void *conns[NUM_SIDES];
} pair;

/* pair_ns is the time that client and server have spent since it was last cleared. */
extern double pair_ns[NUM_SIDES];

double now_ns(void);
_Noreturn void die(const char *what, const char *more);

/* pair_connect makes `n` whole handshakes (at most PAIRS_MAX), the connections by turns; what
 * cannot be made ends the program. The pipes are empty before and after, but for tickets. */
void pair_connect(const peer *p, pair *pairs, size_t n);
void pair_close(const peer *p, pair *pairs, size_t n);

/* pair_send carries `n` bytes from one side to the other; they must all arrive. */
void pair_send(const peer *p, pair *pairs, bool from_server, const uint8_t *in, size_t n);

/* pair_begin is peer.begin, and what comes before the first measured connection: one handshake that
 * agrees on what it should, and the session that is resumed. false: this peer cannot do it. */
bool pair_begin(const peer *p, const setup *s);

/* heap.c counts what malloc gives while `heap_counting` is set, on the account of the moment. */
typedef struct heap_count {
    long live, peak, allocations;
} heap_count;
extern bool heap_counting;
extern heap_count *heap_counter;
extern heap_count pair_heap[NUM_SIDES];

#endif
