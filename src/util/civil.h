/*
 * civil.h - civil dates and seconds since 1970, in UTC and without the C library's clock.
 */
#ifndef LK_UTIL_CIVIL_H
#define LK_UTIL_CIVIL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct lk_civil {
    int year, month, day, hour, minute, second; /* month and day from 1 */
} lk_civil;

/* lk_civil_to_unix returns seconds since 1970-01-01T00:00:00Z; false unless it is a real date of
 * the years 0 to 9999. A leap second (60) is no date here, as in RFC 5280. */
bool lk_civil_to_unix(int64_t *out, lk_civil civil);

/* lk_civil_from_unix is the reverse, for seconds in the years 0 to 9999; others are clamped. */
lk_civil lk_civil_from_unix(int64_t seconds);

/* lk_civil_parse reads an RFC 3339 date and time, "2026-11-21T12:00:00.5+01:00", as milliseconds
 * since 1970; what is finer is cut off. False if it is none. */
bool lk_civil_parse(int64_t *ms, const char *text);

/* lk_civil_text writes "18 November 2026" (with `clock`: "18 November 2026, 09:30:00 UTC"). */
void lk_civil_text(char *out, size_t out_len, int64_t seconds, bool clock);

/* lk_civil_month returns the English name of month 1 to 12; its first three letters are the short
 * one. Static. */
const char *lk_civil_month(int month);

/* lk_civil_weekday returns 0 for Sunday. */
int lk_civil_weekday(int64_t seconds);

#endif
