/*
 * notes.c - the engine as it is beside the engine with LOCKSTEP_NO_NOTES (handshake/watch.h). Both
 * are in this program, each as a shared library of its own, and take turns in short batches; what
 * counts is the median of the ratios of neighbours, in processor time, for that is what a busy
 * machine disturbs least.
 */
#include "notes.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "pair.h"

enum { PAIRS = 1001, BATCH = 10 };

static double cpu_us(void) {
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

/* Not inline, so that a profiler can count inside it alone. */
__attribute__((noinline)) void bench_make(const peer *p, int n);
void bench_make(const peer *p, int n) {
    pair a;
    for (int i = 0; i < n; i++) {
        pair_connect(p, &a, 1);
        pair_close(p, &a, 1);
    }
}

static double timed(const peer *p) {
    double began = cpu_us();
    bench_make(p, BATCH);
    return (cpu_us() - began) / BATCH;
}

static int by_value(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double quantile(double *v, double q) {
    qsort(v, PAIRS, sizeof *v, by_value);
    return v[(size_t)(q * (PAIRS - 1))];
}

int bench_notes(const setup *s) {
    static double with[PAIRS], without[PAIRS], ratio[PAIRS];
    if (!peer_with_notes.begin(s) || !peer_without_notes.begin(s))
        return 2;
    bench_make(&peer_with_notes, BATCH);
    bench_make(&peer_without_notes, BATCH);
    for (int i = 0; i < PAIRS; i++) {
        /* who goes first changes, for the second finds the caches warm */
        if (i % 2 == 0)
            with[i] = timed(&peer_with_notes);
        without[i] = timed(&peer_without_notes);
        if (i % 2 == 1)
            with[i] = timed(&peer_with_notes);
        ratio[i] = with[i] / without[i];
    }
    peer_with_notes.end();
    peer_without_notes.end();
    double more = (quantile(ratio, 0.5) - 1) * 100;
    printf("A handshake, client and server, X25519 and ECDSA P-256, nobody watching; %d pairs of "
           "%d\n\n",
           PAIRS, BATCH);
    printf("| processor time, us    | least   | median  |\n|---|---|---|\n");
    printf("| with the note code    | %7.1f | %7.1f |\n", quantile(with, 0), quantile(with, 0.5));
    printf("| without               | %7.1f | %7.1f |\n\n", quantile(without, 0),
           quantile(without, 0.5));
    printf("median of the ratios: %+.2f %% (half of them from %+.2f to %+.2f)\n", more,
           (quantile(ratio, 0.25) - 1) * 100, (quantile(ratio, 0.75) - 1) * 100);
    return more >= 1;
}

int bench_handshakes(const setup *s, bool with, int n) {
    const peer *p = with ? &peer_with_notes : &peer_without_notes;
    if (!p->begin(s))
        return 2;
    bench_make(p, n);
    p->end();
    return 0;
}
