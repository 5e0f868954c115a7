/*
 * http_request_test.c - heads of requests: one whole gives the same result however it is cut, and
 * what two programs could understand differently is refused.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "http/request.h"

static lk_request request;
static size_t used;

static int parse(const char *text) {
    return lk_request_parse(&request, &used, lk_slice_of_str(text));
}

static void assert_slice(lk_slice got, const char *expected) {
    if (!lk_slice_equal(got, lk_slice_of_str(expected)))
        fail_msg("expected \"%s\", got \"%.*s\"", expected, (int)got.p_len, (const char *)got.p);
}

/* ---- Good heads ------------------------------------------------------------------------------ */

static const struct sample {
    const char *head, *method, *target;
    unsigned minor;
    size_t num_fields;
    bool keep_alive, chunked;
    uint64_t length;
} samples[] = {
    {"GET / HTTP/1.1\r\nHost: a\r\n\r\n", "GET", "/", 1, 1, true, false, 0},
    {"GET / HTTP/1.0\r\n\r\n", "GET", "/", 0, 0, false, false, 0},
    {"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", "GET", "/", 0, 1, true, false, 0},
    {"GET / HTTP/1.0\r\nConnection: keep-alive, close\r\n\r\n", "GET", "/", 0, 1, false, false, 0},
    {"GET / HTTP/1.9\r\nHost: a\r\n\r\n", "GET", "/", 1, 1, true, false, 0},
    {"GET / HTTP/1.1\r\nHost: a\r\nConnection: CLOSE\r\n\r\n", "GET", "/", 1, 2, false, false, 0},
    {"GET / HTTP/1.1\r\nHost: a\r\nConnection: te ,\tClose\r\n\r\n", "GET", "/", 1, 2, false, false,
     0},
    {"GET / HTTP/1.1\r\nHost: a\r\nConnection: closed\r\n\r\n", "GET", "/", 1, 2, true, false, 0},
    {"POST /f?q=1#x HTTP/1.1\r\nHOST:a:8443\r\nContent-Length: 17\r\n\r\n", "POST", "/f?q=1#x", 1,
     2, true, false, 17},
    {"PUT /f HTTP/1.1\r\nhost:\t [::1]:1 \t\r\ntransfer-encoding: Chunked\r\n\r\n", "PUT", "/f", 1,
     2, true, true, 0},
    {"OPTIONS * HTTP/1.1\r\nHost:\r\n\r\n", "OPTIONS", "*", 1, 1, true, false, 0},
    {"GET https://a/b HTTP/1.1\r\nHost: a\r\nExpect: 100-Continue\r\n\r\n", "GET", "https://a/b", 1,
     2, true, false, 0},
    {"!#$%&'*+-.^_`|~09azAZ / HTTP/1.1\r\nHost: a\r\nX: \xc3\xa9\r\nY:\r\n\r\n",
     "!#$%&'*+-.^_`|~09azAZ", "/", 1, 3, true, false, 0},
    {"\r\n\r\nGET /lead HTTP/1.1\r\nHost: a\r\n\r\n", "GET", "/lead", 1, 1, true, false, 0},
};
#define NUM_SAMPLES (sizeof samples / sizeof samples[0])

static void check_sample(const struct sample *s) {
    assert_slice(request.method, s->method);
    assert_slice(request.target, s->target);
    assert_int_equal(request.minor, s->minor);
    assert_int_equal(request.num_fields, s->num_fields);
    assert_int_equal(request.keep_alive, s->keep_alive);
    assert_int_equal(request.chunked, s->chunked);
    assert_int_equal(request.content_length, s->length);
}

static void test_samples_at_every_length(void **state) {
    (void)state;
    for (size_t i = 0; i < NUM_SAMPLES; i++) {
        const struct sample *s = &samples[i];
        size_t whole = strlen(s->head);
        char text[1024];
        snprintf(text, sizeof text, "%sGET /next HTTP/1.1\r\nbroken \n", s->head);
        for (size_t n = 0; n <= strlen(text); n++) {
            /* A copy of its own, so that a read behind the end is one that the sanitizer sees. */
            char *copy = malloc(n + 1);
            assert_non_null(copy);
            memcpy(copy, text, n);
            int status = lk_request_parse(&request, &used, lk_slice_of(copy, n));
            assert_int_equal(status, 0);
            assert_int_equal(used, n < whole ? 0 : whole);
            if (n >= whole)
                check_sample(s);
            free(copy);
        }
    }
}

static void test_fields(void **state) {
    lk_slice value;
    (void)state;
    assert_int_equal(parse("GET / HTTP/1.1\r\nHost: a.test:1\r\nx-One:  a b \t\r\nX-ONE: two\r\n"
                           "X-Empty: \t \r\n\r\n"),
                     0);
    assert_true(lk_request_field(&request, "host", &value));
    assert_slice(value, "a.test:1");
    assert_true(lk_request_field(&request, "X-One", &value)); /* the first of them */
    assert_slice(value, "a b");
    assert_true(lk_request_field(&request, "x-empty", &value));
    assert_int_equal(value.p_len, 0);
    assert_false(lk_request_field(&request, "x-on", &value));
    assert_false(lk_request_field(&request, "x-one-more", &value));
    assert_slice(request.fields[2].name, "X-ONE");
    assert_slice(request.fields[2].value, "two");
}

/* "If the close connection option is present, the connection will not persist" (RFC 9112 §9.3), in
 * whichever of several fields it stands. */
static void test_close_in_several_fields(void **state) {
    (void)state;
    for (int minor = 0; minor < 2; minor++) {
        static const char *const fields[] = {"Connection: close\r\nConnection: keep-alive\r\n",
                                             "Connection: keep-alive\r\nConnection: close\r\n"};
        for (size_t i = 0; i < 2; i++) {
            char text[128];
            snprintf(text, sizeof text, "GET / HTTP/1.%d\r\nHost: a\r\n%s\r\n", minor, fields[i]);
            assert_int_equal(parse(text), 0);
            assert_false(request.keep_alive);
        }
    }
}

/* ---- Bad heads ------------------------------------------------------------------------------- */

#define LINE "GET / HTTP/1.1\r\n"
#define POST "POST / HTTP/1.1\r\nHost: a\r\n"

static const struct {
    int status;
    const char *head;
} tricks[] = {
    /* ends of lines that some take and some do not */
    {400, "GET / HTTP/1.1\nHost: a\r\n\r\n"},
    {400, LINE "Host: a\n\r\n"},
    {400, LINE "Host: a\r\n\n"},
    {400, LINE "Host: a\r\rX: b\r\n\r\n"},
    {400, LINE "Host: a\r\nX: b\rY: c\r\n\r\n"},
    {400, LINE "Host: a\r\nX: b\nContent-Length: 9\r\n\r\n"},
    {400, "\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"},
    {400, "\r\n\r\n\r\n\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"},
    /* request lines */
    {400, " GET / HTTP/1.1\r\nHost: a\r\n\r\n"},
    {400, "GET  / HTTP/1.1\r\nHost: a\r\n\r\n"},
    {400, "GET /  HTTP/1.1\r\nHost: a\r\n\r\n"},
    {400, "GET / HTTP/1.1 \r\nHost: a\r\n\r\n"},
    {400, "GET\t/\tHTTP/1.1\r\nHost: a\r\n\r\n"},
    {400, "GET / a HTTP/1.1\r\nHost: a\r\n\r\n"},
    {400, "GET /\r\n\r\n"},
    {400, "GET\r\n\r\n"},
    {400, "GET / \r\nHost: a\r\n\r\n"},
    {400, "G(T / HTTP/1.1\r\nHost: a\r\n\r\n"},
    {400, "GET: / HTTP/1.1\r\nHost: a\r\n\r\n"},
    {400, "G\xc3\xa9T / HTTP/1.1\r\nHost: a\r\n\r\n"},
    {400, "GET /\x01 HTTP/1.1\r\nHost: a\r\n\r\n"},
    {400, "GET /\t HTTP/1.1\r\nHost: a\r\n\r\n"},
    {400, "GET /\x7f HTTP/1.1\r\nHost: a\r\n\r\n"},
    {400, "GET /\xc3\xa9 HTTP/1.1\r\nHost: a\r\n\r\n"},
    {400, "GET / http/1.1\r\nHost: a\r\n\r\n"},
    {400, "GET / HTTP/1,1\r\nHost: a\r\n\r\n"},
    {400, "GET / HTTP/11\r\nHost: a\r\n\r\n"},
    {400, "GET / HTTP/1.10\r\nHost: a\r\n\r\n"},
    {400, "GET / HTTPS/1.1\r\nHost: a\r\n\r\n"},
    {505, "GET / HTTP/2.0\r\nHost: a\r\n\r\n"},
    {505, "GET / HTTP/0.9\r\nHost: a\r\n\r\n"},
    {505, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"},
    {400, "\x16\x03\x01\x02\r\n"},
    /* fields */
    {400, LINE " Host: a\r\n\r\n"},
    {400, LINE "Host : a\r\n\r\n"},
    {400, LINE "Host\t: a\r\n\r\n"},
    {400, LINE "Host: a\r\n folded\r\n\r\n"},
    {400, LINE "Host: a\r\nX: b\r\n\tfolded: c\r\n\r\n"},
    {400, LINE "Host: a\r\nno colon\r\n\r\n"},
    {400, LINE "Host: a\r\n: no name\r\n\r\n"},
    {400, LINE "Host: a\r\nX(1): b\r\n\r\n"},
    {400, LINE "Host: a\r\nX\xff: b\r\n\r\n"},
    {400, LINE "Host: a\r\nX: b\x0b\r\n\r\n"},
    {400, LINE "Host: a\r\nX: \x7f\r\n\r\n"},
    {400, LINE "Host: a\r\nX\x0b: b\r\n\r\n"},
    /* hosts */
    {400, LINE "\r\n"},
    {400, LINE "X: a\r\n\r\n"},
    {400, LINE "Host: a\r\nHost: a\r\n\r\n"},
    {400, LINE "Host: a\r\nhOST: b\r\n\r\n"},
    {400, LINE "Host: a b\r\n\r\n"},
    {400, LINE "Host: a/b\r\n\r\n"},
    {400, LINE "Host: u@a\r\n\r\n"},
    {400, LINE "Host: a\\b\r\n\r\n"},
    {400, LINE "Host: a?b\r\n\r\n"},
    {400, LINE "Host: a#b\r\n\r\n"},
    {400, LINE "Host: \xc3\xa9\r\n\r\n"},
    {400, "GET / HTTP/1.0\r\nHost: a\r\nHost: a\r\n\r\n"},
    /* lengths */
    {400, POST "Content-Length: 5\r\nContent-Length: 5\r\n\r\n"},
    {400, POST "Content-Length: 5\r\ncontent-length: 6\r\n\r\n"},
    {400, POST "Content-Length: 5, 5\r\n\r\n"},
    {400, POST "Content-Length: +5\r\n\r\n"},
    {400, POST "Content-Length: -5\r\n\r\n"},
    {400, POST "Content-Length: 0x5\r\n\r\n"},
    {400, POST "Content-Length: 5 5\r\n\r\n"},
    {400, POST "Content-Length: 5.0\r\n\r\n"},
    {400, POST "Content-Length:\r\n\r\n"},
    {400, POST "Content-Length: \"5\"\r\n\r\n"},
    {400, POST "Content-Length: 99999999999999999999\r\n\r\n"},
    {400, POST "Content-Length: 18446744073709551616\r\n\r\n"},
    /* codings */
    {400, POST "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n"},
    {400, POST "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n"},
    {400, POST "Transfer-Encoding: chunked\r\nContent-Length: 0\r\n\r\n"},
    {400, POST "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n"},
    {400, "POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"},
    {501, POST "Transfer-Encoding: gzip, chunked\r\n\r\n"},
    {501, POST "Transfer-Encoding: chunked, identity\r\n\r\n"},
    {501, POST "Transfer-Encoding: identity\r\n\r\n"},
    {501, POST "Transfer-Encoding: xchunked\r\n\r\n"},
    {501, POST "Transfer-Encoding: \"chunked\"\r\n\r\n"},
    {501, POST "Transfer-Encoding: chunked;q=1\r\n\r\n"},
    {501, POST "Transfer-Encoding:\r\n\r\n"},
    {400, POST "Transfer-Encoding : chunked\r\n\r\n"},
    {400, POST "Transfer-Encoding: \x0b"
               "chunked\r\n\r\n"},
    {400, POST "X: a\r\nTransfer-Encoding\r\n : chunked\r\n\r\n"},
    {417, POST "Expect: 200-ok\r\n\r\n"},
    {417, POST "Expect: 100-continue, x\r\n\r\n"},
};

static void test_tricks(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof tricks / sizeof tricks[0]; i++) {
        const char *head = tricks[i].head;
        size_t whole = strlen(head);
        int status = parse(head);
        if (status != tricks[i].status || used != 0)
            fail_msg("%zu: \"%s\": expected %d, got %d, used %zu", i, head, tricks[i].status,
                     status, used);
        /* Cut anywhere it is not accepted either, and what is refused once stays refused. */
        int before = 0;
        for (size_t n = 0; n < whole; n++) {
            status = lk_request_parse(&request, &used, lk_slice_of(head, n));
            assert_int_equal(used, 0);
            assert_true(status == 0 || status == tricks[i].status);
            assert_true(before == 0 || status == before);
            before = status;
        }
    }
}

static void test_nul(void **state) {
    static const char in_value[] = LINE "Host: a\r\nX: b\0c\r\n\r\n";
    static const char in_host[] = LINE "Host: a\0b\r\n\r\n";
    static const char in_name[] = LINE "Host: a\r\nX\0: b\r\n\r\n";
    static const char in_method[] = "GE\0T / HTTP/1.1\r\nHost: a\r\n\r\n";
    static const char in_target[] = "GET /\0 HTTP/1.1\r\nHost: a\r\n\r\n";
    (void)state;
#define REFUSED(text)                                                                              \
    assert_int_equal(lk_request_parse(&request, &used, lk_slice_of(text, sizeof text - 1)), 400)
    REFUSED(in_value);
    REFUSED(in_host);
    REFUSED(in_name);
    REFUSED(in_method);
    REFUSED(in_target);
#undef REFUSED
}

/* ---- Limits ---------------------------------------------------------------------------------- */

static void test_number_of_fields(void **state) {
    static char text[8192];
    (void)state;
    for (size_t extra = 0; extra < 2; extra++) {
        size_t n = (size_t)snprintf(text, sizeof text, LINE "Host: a\r\n");
        for (size_t i = 1; i < LK_REQUEST_FIELDS_MAX + extra; i++)
            n += (size_t)snprintf(text + n, sizeof text - n, "X-%zu: %zu\r\n", i, i);
        snprintf(text + n, sizeof text - n, "\r\n");
        assert_int_equal(parse(text), extra == 0 ? 0 : 431);
        assert_int_equal(used, extra == 0 ? n + 2 : 0);
    }
}

/* fill makes text of `length` bytes, all of them 'a' but for what it begins and ends with. */
static char *fill(const char *begin, const char *end, size_t length) {
    char *text = malloc(length + 1);
    assert_non_null(text);
    memset(text, 'a', length);
    memcpy(text, begin, strlen(begin));
    memcpy(text + length - strlen(end), end, strlen(end) + 1);
    return text;
}

static void test_size_of_the_head(void **state) {
    (void)state;
    for (size_t extra = 0; extra < 2; extra++) {
        size_t length = LK_REQUEST_HEAD_MAX + extra;
        char *text = fill(LINE "Host: a\r\nX: ", "\r\n\r\n", length);
        assert_int_equal(parse(text), extra == 0 ? 0 : 431);
        assert_int_equal(used, extra == 0 ? length : 0);
        /* One byte before the end of the longest head it may still come; at the limit no longer. */
        int status = lk_request_parse(&request, &used, lk_slice_of(text, length - 1));
        assert_int_equal(status, extra == 0 ? 0 : 431);
        assert_int_equal(used, 0);
        free(text);

        text = fill("GET /", "", length - 1);
        assert_int_equal(parse(text), extra == 0 ? 0 : 414);
        assert_int_equal(used, 0);
        free(text);
    }
    /* The limit is one on the head, not on what follows it. */
    char *text = fill(LINE "Host: a\r\n\r\n", "", 3 * LK_REQUEST_HEAD_MAX);
    assert_int_equal(parse(text), 0);
    assert_int_equal(used, strlen(LINE "Host: a\r\n\r\n"));
    free(text);
}

/* ---- Small parts ----------------------------------------------------------------------------- */

static void test_names_and_lists(void **state) {
    (void)state;
    assert_true(lk_name_is(lk_slice_of_str("Content-LENGTH"), "content-length"));
    assert_false(lk_name_is(lk_slice_of_str("content-lengt"), "content-length"));
    assert_false(lk_name_is(lk_slice_of_str("content-lengths"), "content-length"));
    assert_false(lk_name_is(lk_slice_of("a\0b", 3), "a"));
    assert_true(lk_name_is(lk_slice_of(NULL, 0), ""));
    assert_false(lk_name_is(lk_slice_of_str("@"), "`")); /* beside the letters */
    assert_true(lk_list_has(lk_slice_of_str("a, b ,\tClose\t"), "close"));
    assert_true(lk_list_has(lk_slice_of_str(",,close"), "close"));
    assert_false(lk_list_has(lk_slice_of_str("closed, xclose"), "close"));
    assert_false(lk_list_has(lk_slice_of_str("clo,se"), "close"));
    assert_false(lk_list_has(lk_slice_of_str(""), "close"));
    assert_true(lk_is_token(lk_slice_of_str("GET")));
    assert_false(lk_is_token(lk_slice_of_str("")));
    for (int c = 0; c < 256; c++) {
        uint8_t byte = (uint8_t)c;
        bool expected = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
                        (c >= 'A' && c <= 'Z') || (c != 0 && strchr("!#$%&'*+-.^_`|~", c) != NULL);
        assert_int_equal(lk_is_token(lk_slice_of(&byte, 1)), expected);
    }
}

static void test_decimal(void **state) {
    static const char *const bad[] = {"",
                                      " 1",
                                      "1 ",
                                      "+1",
                                      "-1",
                                      "0x1",
                                      "1a",
                                      "1,1",
                                      "18446744073709551616",
                                      "99999999999999999999999"};
    uint64_t v;
    (void)state;
    assert_true(lk_decimal(&v, lk_slice_of_str("0")));
    assert_int_equal(v, 0);
    assert_true(lk_decimal(&v, lk_slice_of_str("007")));
    assert_int_equal(v, 7);
    assert_true(lk_decimal(&v, lk_slice_of_str("999999999999999999")));
    assert_int_equal(v, 999999999999999999);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(lk_decimal(&v, lk_slice_of_str(bad[i])));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_samples_at_every_length),
        cmocka_unit_test(test_fields),
        cmocka_unit_test(test_close_in_several_fields),
        cmocka_unit_test(test_tricks),
        cmocka_unit_test(test_nul),
        cmocka_unit_test(test_number_of_fields),
        cmocka_unit_test(test_size_of_the_head),
        cmocka_unit_test(test_names_and_lists),
        cmocka_unit_test(test_decimal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
