/*
 * turns.h - taking turns. Machines are noisy, and the noise of one moment hits all: so whatever is
 * compared is measured in many short turns, one after the other, and what is quoted are medians and
 * the ratios of medians.
 */
#ifndef BENCH_TURNS_H
#define BENCH_TURNS_H

#include <stddef.h>

/* Measures of one contestant, such as client and server, or send and receive. What counts of a turn
 * is its median run, but for the last measure, whose work need not be done in each run: its mean.
 */
enum { MEASURES = 3, MEASURE_NOW_AND_THEN = 2 };

typedef struct contestant {
    const char *who;
    /* run does the work once and adds the time of each measure, in ns; a measure that it never adds
     * to does not exist */
    void (*run)(void *arg, double ns[MEASURES]);
    void *arg;
    double units;             /* a run is so many handshakes, or bytes */
    double *values[MEASURES]; /* of each round, by take_turns */
    size_t rounds;
} contestant;

/* How the time of a run becomes a figure. */
typedef enum scale { MICROSECONDS_PER_UNIT, UNITS_PER_NANOSECOND } scale;

/* take_turns measures all `n` for `seconds` in all; 0: as short as can be. Who begins a round
 * changes. free_turns gives the values back. */
void take_turns(contestant *all, size_t n, scale scale, double seconds);
void free_turns(contestant *all, size_t n);

typedef struct spread {
    double least, low, median, high; /* low, high: the quartiles */
} spread;

/* turns_spread is that of the values of one measure; turns_ratio that of `a` to `b`, round by
 * round. */
spread turns_spread(const contestant *c, int measure);
spread turns_ratio(const contestant *a, const contestant *b, int measure);

#endif
