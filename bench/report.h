/*
 * report.h - the figures of a run as one JSON object, row by row; README.md says what is in it.
 */
#ifndef BENCH_REPORT_H
#define BENCH_REPORT_H

#include <stdbool.h>
#include <stdio.h>

#include "turns.h"

void report_begin(FILE *out, double seconds);
void report_end(void);

/* The libraries in this program: their names and versions. */
void report_library(const char *name, const char *version);

/* Between report_row and report_row_end stand the results of one row. */
void report_row(const char *kind, const char *name, const char *title, const char *unit);
void report_row_end(void);

/* report_turns writes what the contestants have done, each also as a ratio to the first one; `keys`
 * names the measures, NULL for one that there is not. */
void report_turns(const contestant *all, size_t n, const char *const keys[MEASURES]);

/* One result of numbers: report_who, then report_number for each. */
void report_who(const char *who);
void report_number(const char *key, long value);
void report_who_end(void);

#endif
