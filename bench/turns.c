#include "turns.h"

#include <stdlib.h>
#include <string.h>

#include "pair.h"

enum { ROUNDS_MAX = 5000, ROUNDS_MIN = 3, RUNS_MIN = 3, RUNS_MAX = 500 };
#define TURN_NS 4e6 /* short beside the time slice that another process would take */

static int by_value(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double value_of(double ns, double units, scale s) {
    return s == MICROSECONDS_PER_UNIT ? ns / units / 1000 : ns > 0 ? units / ns : 0;
}

/* The median run of a turn is not the one in which another process got the processor. */
static double median_run(double *ns, size_t runs) {
    qsort(ns, runs, sizeof *ns, by_value);
    return ns[(runs - 1) / 2];
}

static double mean_run(const double *ns, size_t runs) {
    double sum = 0;
    for (size_t i = 0; i < runs; i++)
        sum += ns[i];
    return sum / (double)runs;
}

static void take_turn(contestant *c, scale s, double length) {
    static double ns[MEASURES][RUNS_MAX];
    double run[MEASURES] = {0};
    size_t runs = 0;
    c->run(c->arg, run); /* what the others have driven out of the caches comes back */
    double until = now_ns() + length;
    do {
        memset(run, 0, sizeof run);
        c->run(c->arg, run);
        for (int m = 0; m < MEASURES; m++)
            ns[m][runs] = run[m];
        runs++;
    } while ((now_ns() < until && runs < RUNS_MAX) || (length > 0 && runs < RUNS_MIN));
    for (int m = 0; m < MEASURES; m++)
        c->values[m][c->rounds] =
            value_of(m == MEASURE_NOW_AND_THEN ? mean_run(ns[m], runs) : median_run(ns[m], runs),
                     c->units, s);
    c->rounds++;
}

void take_turns(contestant *all, size_t n, scale s, double seconds) {
    double until = now_ns() + seconds * 1e9;
    for (size_t i = 0; i < n; i++) {
        all[i].rounds = 0;
        for (int m = 0; m < MEASURES; m++)
            if ((all[i].values[m] = calloc(ROUNDS_MAX, sizeof(double))) == NULL)
                die("no memory", NULL);
    }
    for (size_t round = 0; round < ROUNDS_MAX; round++) {
        if (round >= ROUNDS_MIN && now_ns() >= until)
            return;
        for (size_t i = 0; i < n; i++)
            take_turn(&all[(round + i) % n], s, seconds > 0 ? TURN_NS : 0);
    }
}

void free_turns(contestant *all, size_t n) {
    for (size_t i = 0; i < n; i++)
        for (int m = 0; m < MEASURES; m++) {
            free(all[i].values[m]);
            all[i].values[m] = NULL;
        }
}

/* `v` is sorted in place. */
static spread spread_of(double *v, size_t n) {
    if (n == 0)
        return (spread){0, 0, 0, 0};
    qsort(v, n, sizeof *v, by_value);
    return (spread){v[0], v[n / 4], v[n / 2], v[n - 1 - n / 4]};
}

spread turns_spread(const contestant *c, int measure) {
    static double v[ROUNDS_MAX];
    memcpy(v, c->values[measure], c->rounds * sizeof *v);
    return spread_of(v, c->rounds);
}

spread turns_ratio(const contestant *a, const contestant *b, int measure) {
    static double v[ROUNDS_MAX];
    size_t n = a->rounds < b->rounds ? a->rounds : b->rounds, used = 0;
    for (size_t i = 0; i < n; i++)
        if (b->values[measure][i] > 0)
            v[used++] = a->values[measure][i] / b->values[measure][i];
    return spread_of(v, used);
}
