/*
 * memory.c - heap of a server: while a handshake lasts, and of a connection that is idle after it.
 */
#include <string.h>

#include <lockstep/lockstep.h>

#include "bench.h"
#include "certificates.h"
#include "report.h"

enum { MANY = 1000, FEW = 400, TRAFFIC = 1000 };

static void start_counting(void) {
    memset(pair_heap, 0, sizeof pair_heap);
    heap_counting = true;
}

/* own is what the library has asked for by itself, or -1. */
static long own(const peer *p) {
    return p->own_allocations == NULL ? -1 : p->own_allocations();
}

/* What one handshake needs: the figures of a server alone; `own` counts both sides, so the client
 * must have been made with another env. */
static void one_handshake(const peer *p) {
    pair a;
    long before = own(p);
    start_counting();
    pair_connect(p, &a, 1);
    heap_counting = false;
    report_number("allocations", pair_heap[SERVER].allocations);
    if (before >= 0)
        report_number("own_allocations", own(p) - before);
    report_number("peak", pair_heap[SERVER].peak);
    pair_close(p, &a, 1);
}

static void connect_some(const peer *p, pair *all, int from, int to) {
    for (int k = from; k < to; k++)
        pair_connect(p, &all[k], 1);
}

/* A connection costs what each further one takes; what the first ones take beyond that is shared by
 * all, such as contexts that are lent to whoever needs one. */
static void idle(const peer *p, int many) {
    static const uint8_t traffic[TRAFFIC];
    static pair all[MANY];
    int first = many / 5;
    start_counting();
    connect_some(p, all, 0, first);
    long before = pair_heap[SERVER].live;
    connect_some(p, all, first, many);
    long each = (pair_heap[SERVER].live - before) / (many - first);
    report_number("idle", each);
    long shared = pair_heap[SERVER].live - many * each;
    report_number("shared", shared > 0 ? shared : 0); /* `each` is rounded */
    for (int k = 0; k < many; k++) {
        pair_send(p, &all[k], false, traffic, TRAFFIC);
        pair_send(p, &all[k], true, traffic, TRAFFIC);
        if (k == first - 1)
            before = pair_heap[SERVER].live - (many - first) * each;
    }
    report_number("idle_after_traffic", (pair_heap[SERVER].live - before) / (many - first));
    heap_counting = false;
    for (int k = 0; k < many; k++)
        pair_close(p, &all[k], 1);
}

void bench_memory(const company *who) {
    pair a;
    setup s = {.version = LOCKSTEP_TLS13,
               .suite = LOCKSTEP_SUITE_AES_128_GCM_SHA256,
               .group = LOCKSTEP_GROUP_X25519,
               .count_own = true};
    fill_certificates(&s, false);
    report_row("memory", "memory", "X25519, ECDSA P-256: heap of a server", "bytes");
    for (size_t i = 0; i < who->num_peers; i++) {
        const peer *p = who->peers[i];
        if (!pair_begin(p, &s))
            continue;
        for (int k = 0; k < 10; k++) { /* what libraries allocate once is not a connection's */
            pair_connect(p, &a, 1);
            pair_close(p, &a, 1);
        }
        report_who(p->name);
        one_handshake(p);
        idle(p, who->seconds > 0 ? MANY : FEW);
        report_who_end();
        p->end();
    }
    report_row_end();
}
