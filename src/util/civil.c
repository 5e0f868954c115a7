#include "util/civil.h"

#include <stdio.h>

#define SECONDS_PER_DAY 86400

/* Days from 1 March of the year 0 (proleptic Gregorian) to 1 January 1970. Years that begin in
 * March put the leap day at their end, so day-of-year needs no table. */
#define EPOCH_FROM_MARCH_0 719468

static bool is_leap(int year) {
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static int days_in_month(int year, int month) {
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    return month == 2 && is_leap(year) ? 29 : days[month - 1];
}

static int64_t floor_div(int64_t a, int64_t b) {
    return a / b - (a % b < 0);
}

bool lk_civil_to_unix(int64_t *out, lk_civil c) {
    if (c.year < 0 || c.year > 9999 || c.month < 1 || c.month > 12 || c.day < 1 ||
        c.day > days_in_month(c.year, c.month) || c.hour < 0 || c.hour > 23 || c.minute < 0 ||
        c.minute > 59 || c.second < 0 || c.second > 59)
        return false;
    int64_t year = c.month <= 2 ? c.year - 1 : c.year;
    int64_t month = (c.month + 9) % 12; /* March is 0 */
    int64_t day = 365 * year + floor_div(year, 4) - floor_div(year, 100) + floor_div(year, 400) +
                  (153 * month + 2) / 5 + c.day - 1 - EPOCH_FROM_MARCH_0;
    *out = day * SECONDS_PER_DAY + c.hour * 3600 + c.minute * 60 + c.second;
    return true;
}

lk_civil lk_civil_from_unix(int64_t seconds) {
    const int64_t first = -62167219200, last = 253402300799; /* years 0 and 9999 */
    seconds = seconds < first ? first : seconds > last ? last : seconds;
    int64_t days = floor_div(seconds, SECONDS_PER_DAY);
    int64_t rest = seconds - days * SECONDS_PER_DAY;
    days += EPOCH_FROM_MARCH_0;
    int64_t era = floor_div(days, 146097); /* 400 years */
    int64_t in_era = days - era * 146097;
    int64_t year = (in_era - in_era / 1460 + in_era / 36524 - in_era / 146096) / 365;
    int64_t in_year = in_era - (365 * year + year / 4 - year / 100);
    int64_t month = (5 * in_year + 2) / 153;
    lk_civil c;
    c.day = (int)(in_year - (153 * month + 2) / 5 + 1);
    c.month = (int)(month < 10 ? month + 3 : month - 9);
    c.year = (int)(year + era * 400 + (c.month <= 2));
    c.hour = (int)(rest / 3600);
    c.minute = (int)(rest / 60 % 60);
    c.second = (int)(rest % 60);
    return c;
}

/* digits reads `n` of them. */
static bool digits(const char **p, int n, int *out) {
    *out = 0;
    for (; n > 0; n--, (*p)++) {
        if (**p < '0' || **p > '9')
            return false;
        *out = *out * 10 + (**p - '0');
    }
    return true;
}

static bool skip_char(const char **p, char a, char b) {
    if (**p != a && **p != b)
        return false;
    (*p)++;
    return true;
}

/* parse_fraction reads "" or ".5" as milliseconds. */
static bool parse_fraction(const char **p, int64_t *ms) {
    int unit = 100;
    *ms = 0;
    if (**p != '.')
        return true;
    (*p)++;
    if (**p < '0' || **p > '9')
        return false;
    for (; **p >= '0' && **p <= '9'; (*p)++, unit /= 10)
        *ms += (int64_t)unit * (**p - '0');
    return true;
}

/* parse_offset reads "Z" or "+01:00" as seconds east of UTC. */
static bool parse_offset(const char **p, int64_t *seconds) {
    int hours, minutes;
    *seconds = 0;
    if (skip_char(p, 'Z', 'z'))
        return true;
    int sign = **p == '-' ? -1 : 1;
    if (!skip_char(p, '+', '-') || !digits(p, 2, &hours) || !skip_char(p, ':', ':') ||
        !digits(p, 2, &minutes) || hours > 23 || minutes > 59)
        return false;
    *seconds = sign * (hours * 3600 + minutes * 60);
    return true;
}

bool lk_civil_parse(int64_t *ms, const char *text) {
    int64_t seconds, fraction, offset;
    lk_civil c;
    const char *p = text;
    if (!digits(&p, 4, &c.year) || !skip_char(&p, '-', '-') || !digits(&p, 2, &c.month) ||
        !skip_char(&p, '-', '-') || !digits(&p, 2, &c.day) ||
        (!skip_char(&p, 'T', 't') && !skip_char(&p, ' ', ' ')) || !digits(&p, 2, &c.hour) ||
        !skip_char(&p, ':', ':') || !digits(&p, 2, &c.minute) || !skip_char(&p, ':', ':') ||
        !digits(&p, 2, &c.second) || !parse_fraction(&p, &fraction) || !parse_offset(&p, &offset) ||
        *p != '\0' || !lk_civil_to_unix(&seconds, c))
        return false;
    *ms = (seconds - offset) * 1000 + fraction;
    return true;
}

const char *lk_civil_month(int month) {
    static const char *const months[] = {"January",   "February", "March",    "April",
                                         "May",       "June",     "July",     "August",
                                         "September", "October",  "November", "December"};
    return months[month - 1];
}

void lk_civil_text(char *out, size_t out_len, int64_t seconds, bool clock) {
    lk_civil c = lk_civil_from_unix(seconds);
    int n = snprintf(out, out_len, "%d %s %d", c.day, lk_civil_month(c.month), c.year);
    if (clock && n > 0 && (size_t)n < out_len)
        snprintf(out + n, out_len - (size_t)n, ", %02d:%02d:%02d UTC", c.hour, c.minute, c.second);
}

int lk_civil_weekday(int64_t seconds) {
    int64_t day = floor_div(seconds, SECONDS_PER_DAY) + 4; /* 1 January 1970 was a Thursday */
    return (int)(day - floor_div(day, 7) * 7);
}
