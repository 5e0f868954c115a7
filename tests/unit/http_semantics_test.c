/*
 * http_semantics_test.c - dates, conditional requests and ranges, against the rules of RFC 9110 row
 * by row.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "http/semantics.h"

/* head makes a request of field lines, each with its CRLF. */
static void head(lk_request *r, const char *fields) {
    static char text[1024]; /* the request points into it */
    size_t used;
    int n = snprintf(text, sizeof text, "GET / HTTP/1.1\r\nHost: a\r\n%s\r\n", fields);
    assert_true(n > 0 && (size_t)n < sizeof text);
    assert_int_equal(lk_request_parse(r, &used, lk_slice_of(text, (size_t)n)), 0);
    assert_int_equal(used, n);
}

/* ---- Dates ----------------------------------------------------------------------------------- */

static const struct {
    int64_t seconds;
    const char *imf, *rfc850, *asctime;
} dates[] = {
    {784111777, "Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT",
     "Sun Nov  6 08:49:37 1994"},
    {0, "Thu, 01 Jan 1970 00:00:00 GMT", "Thursday, 01-Jan-70 00:00:00 GMT",
     "Thu Jan  1 00:00:00 1970"},
    {1795253400, "Sat, 21 Nov 2026 09:30:00 GMT", "Saturday, 21-Nov-26 09:30:00 GMT",
     "Sat Nov 21 09:30:00 2026"},
    {951827696, "Tue, 29 Feb 2000 12:34:56 GMT", "Tuesday, 29-Feb-00 12:34:56 GMT",
     "Tue Feb 29 12:34:56 2000"},
    {946684799, "Fri, 31 Dec 1999 23:59:59 GMT", "Friday, 31-Dec-99 23:59:59 GMT",
     "Fri Dec 31 23:59:59 1999"},
    {4102444800, "Fri, 01 Jan 2100 00:00:00 GMT", NULL, "Fri Jan  1 00:00:00 2100"},
    {253402300799, "Fri, 31 Dec 9999 23:59:59 GMT", NULL, "Fri Dec 31 23:59:59 9999"},
};

static void check_date(const char *text, int64_t expected) {
    int64_t got = -1;
    if (text != NULL && (!lk_http_date_parse(&got, lk_slice_of_str(text)) || got != expected))
        fail_msg("%s: %lld, got %lld", text, (long long)expected, (long long)got);
}

static void test_dates(void **state) {
    char text[32];
    (void)state;
    for (size_t i = 0; i < sizeof dates / sizeof dates[0]; i++) {
        lk_http_date(text, dates[i].seconds);
        assert_string_equal(text, dates[i].imf);
        check_date(dates[i].imf, dates[i].seconds);
        check_date(dates[i].rfc850, dates[i].seconds);
        check_date(dates[i].asctime, dates[i].seconds);
    }
    for (int64_t s = 1; s < 253402300799; s = s * 3 / 2 + 12345) { /* there and back again */
        lk_http_date(text, s);
        assert_int_equal(strlen(text), 29);
        check_date(text, s);
    }
}

static void test_no_dates(void **state) {
    static const char *const bad[] = {
        "",
        "0",
        "784111777",
        "Sun",
        "now",
        "Sun, 06 Nov 1994 08:49:37",
        "Sun, 06 Nov 1994 08:49:37 UTC",
        "Sun, 06 Nov 1994 08:49:37 gmt",
        "Sun, 06 Nov 1994 08:49:37 +0000",
        "Sun, 06 Nov 1994 08:49:37 GMT+1",
        "Sun, 06 Nov 1994 08:49:37 GMT ",
        " Sun, 06 Nov 1994 08:49:37 GMT",
        "Sun, 06 Nov 1994 08:49 GMT",
        "Sun, 06 Nov 1994 24:00:00 GMT",
        "Sun, 06 Nov 1994 08:60:00 GMT",
        "Sun, 06 Nov 1994 08:49:61 GMT",
        "Sun, 00 Nov 1994 08:49:37 GMT",
        "Sun, 31 Nov 1994 08:49:37 GMT",
        "Sun, 29 Feb 1995 08:49:37 GMT",
        "Sun, 29 Feb 1900 08:49:37 GMT",
        "Sun, 06 Nox 1994 08:49:37 GMT",
        "Sun, 06 NOV 1994 08:49:37 GMT",
        "Sun, 06 November 1994 08:49:37 GMT",
        "Sun, -6 Nov 1994 08:49:37 GMT",
        "Sun, 06 11 1994 08:49:37 GMT",
        "1994-11-06T08:49:37Z",
        "Sun Nov  6 08:49:37 1994 GMT",
        "Sunday, 06-Nov-94 08:49:37",
        "Sunday, 06-Nov-1994 08:49:37 GMT",
        "Sun, 06 Nov 1994 08:49:37 GMT, Sun, 06 Nov 1994 08:49:37 GMT, and so on and on",
    };
    int64_t v;
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        if (lk_http_date_parse(&v, lk_slice_of_str(bad[i])))
            fail_msg("\"%s\" was read as %lld", bad[i], (long long)v);
    static const char nul[] = "Sun, 06 Nov 1994 08:49:37 GMT\0x";
    assert_false(lk_http_date_parse(&v, lk_slice_of(nul, sizeof nul - 1)));
    assert_false(lk_http_date_parse(&v, lk_slice_of(nul, 28))); /* a slice ends where it ends */
    assert_false(lk_http_date_parse(&v, lk_slice_of("", 0)));
}

/* ---- Conditions ------------------------------------------------------------------------------ */

#define ETAG     "\"v1\""
#define MODIFIED 784111777
#define BEFORE   "Sun, 06 Nov 1994 08:49:36 GMT"
#define SAME     "Sun, 06 Nov 1994 08:49:37 GMT"
#define AFTER    "Sun, 06 Nov 1994 08:49:38 GMT"

static const struct {
    int status;
    const char *fields;
} conditions[] = {
    {0, ""},
    /* If-None-Match: weak comparison */
    {304, "If-None-Match: \"v1\"\r\n"},
    {304, "If-None-Match: W/\"v1\"\r\n"},
    {304, "If-None-Match: *\r\n"},
    {304, "If-None-Match: \"v0\", \"v1\"\r\n"},
    {304, "If-None-Match: \"v0\",\"v1\",\"v2\"\r\n"},
    {304, "if-none-match: \"v0\" , W/\"v1\"\r\n"},
    {0, "If-None-Match: \"v0\"\r\n"},
    {0, "If-None-Match: v1\r\n"},
    {0, "If-None-Match: \"v1\r\n"},
    {0, "If-None-Match: \"V1\"\r\n"},
    {0, "If-None-Match: \"v11\"\r\n"},
    {0, "If-None-Match: \"xv1\"\r\n"},
    {0, "If-None-Match: w/\"v1\"\r\n"},
    {0, "If-None-Match: **\r\n"},
    {0, "If-None-Match:\r\n"},
    /* If-Modified-Since */
    {304, "If-Modified-Since: " SAME "\r\n"},
    {304, "If-Modified-Since: " AFTER "\r\n"},
    {304, "If-Modified-Since: Sunday, 06-Nov-94 08:49:37 GMT\r\n"},
    {304, "If-Modified-Since: Sun Nov  6 08:49:37 1994\r\n"},
    {0, "If-Modified-Since: " BEFORE "\r\n"},
    {0, "If-Modified-Since: yesterday\r\n"},
    {0, "If-Modified-Since:\r\n"},
    /* "A recipient MUST ignore If-Modified-Since if the request contains an If-None-Match"
       (§13.1.3) */
    {0, "If-None-Match: \"v0\"\r\nIf-Modified-Since: " AFTER "\r\n"},
    {304, "If-Modified-Since: " BEFORE "\r\nIf-None-Match: \"v1\"\r\n"},
    /* If-Match: strong comparison */
    {0, "If-Match: \"v1\"\r\n"},
    {0, "If-Match: *\r\n"},
    {0, "If-Match: \"v0\", \"v1\"\r\n"},
    {412, "If-Match: \"v0\"\r\n"},
    {412, "If-Match: W/\"v1\"\r\n"},
    {412, "If-Match: \"v0\", W/\"v1\"\r\n"},
    {412, "If-Match:\r\n"},
    /* If-Unmodified-Since */
    {0, "If-Unmodified-Since: " SAME "\r\n"},
    {0, "If-Unmodified-Since: " AFTER "\r\n"},
    {412, "If-Unmodified-Since: " BEFORE "\r\n"},
    {0, "If-Unmodified-Since: yesterday\r\n"},
    /* "A recipient MUST ignore If-Unmodified-Since if the request contains an If-Match" (§13.1.4)
     */
    {0, "If-Match: \"v1\"\r\nIf-Unmodified-Since: " BEFORE "\r\n"},
    {412, "If-Unmodified-Since: " AFTER "\r\nIf-Match: \"v0\"\r\n"},
    /* the order of §13.2.2 */
    {412, "If-None-Match: \"v1\"\r\nIf-Match: \"v0\"\r\n"},
    {304, "If-None-Match: \"v1\"\r\nIf-Match: \"v1\"\r\n"},
    {412, "If-Modified-Since: " SAME "\r\nIf-Unmodified-Since: " BEFORE "\r\n"},
    {304, "If-Modified-Since: " SAME "\r\nIf-Unmodified-Since: " SAME "\r\n"},
};

static void test_conditions(void **state) {
    lk_request r;
    (void)state;
    for (size_t i = 0; i < sizeof conditions / sizeof conditions[0]; i++) {
        head(&r, conditions[i].fields);
        int got = lk_condition(&r, ETAG, MODIFIED);
        if (got != conditions[i].status)
            fail_msg("%s: expected %d, got %d", conditions[i].fields, conditions[i].status, got);
    }
}

/* ---- Ranges ---------------------------------------------------------------------------------- */

static const struct {
    const char *range;
    uint64_t size;
    int status;
    uint64_t first, length;
} ranges[] = {
    {"bytes=0-0", 100, 206, 0, 1},
    {"bytes=0-99", 100, 206, 0, 100},
    {"bytes=0-100", 100, 206, 0, 100},
    {"bytes=10-19", 100, 206, 10, 10},
    {"bytes=10-", 100, 206, 10, 90},
    {"bytes=99-", 100, 206, 99, 1},
    {"bytes=99-999999", 100, 206, 99, 1},
    {"bytes=0-", 1, 206, 0, 1},
    {"BYTES=0-1", 100, 206, 0, 2},
    {"bytes=00-01", 100, 206, 0, 2},
    {"bytes=-1", 100, 206, 99, 1},
    {"bytes=-100", 100, 206, 0, 100},
    {"bytes=-101", 100, 206, 0, 100},
    {"bytes=-999999999", 1, 206, 0, 1},
    {"bytes=0-999999999999999999", 100, 206, 0, 100},
    {"bytes=5000000000-5000000009", 6000000000, 206, 5000000000, 10},
    {"bytes=-10", 6000000000, 206, 5999999990, 10},
    /* none of it is there */
    {"bytes=100-", 100, 416, 0, 0},
    {"bytes=100-200", 100, 416, 0, 0},
    {"bytes=999999999999999999-", 100, 416, 0, 0},
    {"bytes=-0", 100, 416, 0, 0},
    {"bytes=0-", 0, 416, 0, 0},
    {"bytes=0-0", 0, 416, 0, 0},
    {"bytes=-1", 0, 416, 0, 0},
    /* several, and what is no range: the whole */
    {"bytes=0-0,2-3", 100, 200, 0, 100},
    {"bytes=0-0,", 100, 200, 0, 100},
    {"bytes=-1,0-0", 100, 200, 0, 100},
    {"bytes=2-1", 100, 200, 0, 100},
    {"bytes=200-100", 100, 200, 0, 100},
    {"bytes=-", 100, 200, 0, 100},
    {"bytes=", 100, 200, 0, 100},
    {"bytes", 100, 200, 0, 100},
    {"bytes=1", 100, 200, 0, 100},
    {"bytes=a-b", 100, 200, 0, 100},
    {"bytes=0x1-2", 100, 200, 0, 100},
    {"bytes=--1", 100, 200, 0, 100},
    {"bytes=1--1", 100, 200, 0, 100},
    {"bytes=+1-2", 100, 200, 0, 100},
    {"bytes=1-2-3", 100, 200, 0, 100},
    {"bytes=1 - 2", 100, 200, 0, 100},
    {"bytes 0-1", 100, 200, 0, 100},
    {"lines=0-1", 100, 200, 0, 100},
    {"0-1", 100, 200, 0, 100},
    {"", 100, 200, 0, 100},
};

static void test_ranges(void **state) {
    char fields[256];
    lk_request r;
    lk_range range;
    (void)state;
    for (size_t i = 0; i < sizeof ranges / sizeof ranges[0]; i++) {
        snprintf(fields, sizeof fields, "Range: %s\r\n", ranges[i].range);
        head(&r, fields);
        int got = lk_range_of(&range, &r, ranges[i].size, ETAG, MODIFIED);
        if (got != ranges[i].status)
            fail_msg("%s of %llu: expected %d, got %d", ranges[i].range,
                     (unsigned long long)ranges[i].size, ranges[i].status, got);
        if (got != 416) {
            assert_int_equal(range.first, ranges[i].first);
            assert_int_equal(range.length, ranges[i].length);
        }
    }
    head(&r, "");
    assert_int_equal(lk_range_of(&range, &r, 100, ETAG, MODIFIED), 200);
    assert_int_equal(range.first, 0);
    assert_int_equal(range.length, 100);
}

static void test_if_range(void **state) {
    static const struct {
        int status;
        const char *value;
    } rows[] = {
        {206, "\"v1\""}, {200, "\"v0\""},  {200, "W/\"v1\""}, {200, "v1"},
        {200, "*"},      {206, SAME},      {200, BEFORE},     {200, AFTER},
        {200, "never"},  {200, "\"v1\"x"}, {200, ""},         {200, "\"v0\", \"v1\""},
    };
    char fields[256];
    lk_request r;
    lk_range range;
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        snprintf(fields, sizeof fields, "If-Range: %s\r\nRange: bytes=1-2\r\n", rows[i].value);
        head(&r, fields);
        int got = lk_range_of(&range, &r, 100, ETAG, MODIFIED);
        if (got != rows[i].status)
            fail_msg("If-Range: %s: expected %d, got %d", rows[i].value, rows[i].status, got);
        assert_int_equal(range.first, got == 206 ? 1 : 0);
        assert_int_equal(range.length, got == 206 ? 2 : 100);
        /* It says nothing without a Range, and another version is never "no part of it". */
        snprintf(fields, sizeof fields, "If-Range: %s\r\n", rows[i].value);
        head(&r, fields);
        assert_int_equal(lk_range_of(&range, &r, 100, ETAG, MODIFIED), 200);
        snprintf(fields, sizeof fields, "If-Range: %s\r\nRange: bytes=100-\r\n", rows[i].value);
        head(&r, fields);
        got = lk_range_of(&range, &r, 100, ETAG, MODIFIED);
        assert_int_equal(got, rows[i].status == 206 ? 416 : 200);
    }
}

/* Every status that the other rooms answer with has its phrase. */
static void test_reasons(void **state) {
    static const int codes[] = {200, 204, 206, 301, 304, 400, 403, 404, 405, 408,
                                412, 414, 416, 417, 431, 500, 501, 503, 505};
    (void)state;
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
        assert_string_not_equal(lk_reason(codes[i]), "Unknown");
        for (const char *p = lk_reason(codes[i]); *p != '\0'; p++)
            assert_true(*p >= 0x20 && *p < 0x7f);
        for (size_t k = 0; k < i; k++)
            assert_string_not_equal(lk_reason(codes[k]), lk_reason(codes[i]));
    }
    assert_string_equal(lk_reason(299), "Unknown");
    assert_string_equal(lk_reason(-1), "Unknown");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_dates),      cmocka_unit_test(test_no_dates),
        cmocka_unit_test(test_conditions), cmocka_unit_test(test_ranges),
        cmocka_unit_test(test_if_range),   cmocka_unit_test(test_reasons),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
