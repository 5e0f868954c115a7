/*
 * http_response_test.c - answers as a client reads them: where a body ends, what is broken, and
 * that no cut of the bytes changes anything.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "http/response.h"

/* What came of reading one answer. */
struct result {
    lk_response response;
    char body[1024];
    size_t body_len, used;
};

/* feed gives one piece of input, in a copy that has its exact size; it returns how much was used.
 */
static void feed(struct result *r, const char *p, size_t n) {
    uint8_t *copy = malloc(n + 1);
    assert_non_null(copy);
    memcpy(copy, p, n);
    for (size_t at = 0;;) {
        lk_slice body;
        size_t got = lk_response_read(&r->response, lk_slice_of(copy + at, n - at), &body);
        assert_true(got <= n - at);
        if (body.p_len > 0) {
            assert_true(body.p >= copy + at && body.p + body.p_len <= copy + at + got);
            assert_true(r->body_len + body.p_len <= sizeof r->body);
            memcpy(r->body + r->body_len, body.p, body.p_len);
            r->body_len += body.p_len;
        }
        at += got;
        r->used += got;
        if (got == 0 || r->response.state == LK_RESPONSE_DONE)
            break;
    }
    free(copy);
}

enum { NO_EOF, WITH_EOF };

static const struct sample {
    const char *text;
    bool to_head;
    int eof;
    lk_response_state state;
    unsigned code;
    const char *body, *rest; /* what belongs to the next answer */
} samples[] = {
#define DONE    LK_RESPONSE_DONE
#define BAD     LK_RESPONSE_BROKEN
#define OK      "HTTP/1.1 200 OK\r\n"
#define CHUNKED OK "Transfer-Encoding: chunked\r\n\r\n"
    /* a length */
    {OK "Content-Length: 5\r\n\r\nhelloHTTP", false, NO_EOF, DONE, 200, "hello", "HTTP"},
    {OK "content-LENGTH:\t 5 \r\n\r\nhello", false, NO_EOF, DONE, 200, "hello", ""},
    {OK "Content-Length: 0\r\n\r\nnext", false, NO_EOF, DONE, 200, "", "next"},
    {OK "Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello!", false, NO_EOF, DONE, 200, "hello",
     "!"},
    {"HTTP/1.0 404 Not Found\r\nContent-Length: 2\r\n\r\nno", false, NO_EOF, DONE, 404, "no", ""},
    {"HTTP/1.1 200 \r\nContent-Length: 1\r\n\r\nx", false, NO_EOF, DONE, 200, "x", ""},
    {"HTTP/1.1 200\r\nContent-Length: 1\r\n\r\nx", false, NO_EOF, DONE, 200, "x", ""},
    {"HTTP/1.1 200 OK\nContent-Length: 2\n\nhi", false, NO_EOF, DONE, 200, "hi", ""},
    {OK "Content-Length: 5\r\n\r\nhell", false, NO_EOF, LK_RESPONSE_BODY, 200, "hell", ""},
    {OK "Content-Length: 5\r\n\r\nhell", false, WITH_EOF, BAD, 200, "hell", ""},
    /* chunks */
    {CHUNKED "5\r\nhello\r\n0\r\n\r\nnext", false, NO_EOF, DONE, 200, "hello", "next"},
    {CHUNKED "5;a=b;c=\"d\"\r\nhello\r\nA \r\n0123456789\r\n000\r\n\r\n", false, NO_EOF, DONE, 200,
     "hello0123456789", ""},
    {CHUNKED "1\r\n\r\r\n1\r\n\n\r\n0\r\nX: y\r\nDigest: 0123456789012345678901234567890\r\n\r\n!",
     false, NO_EOF, DONE, 200, "\r\n", "!"},
    {CHUNKED "3;extension=0123456789012345678901234567890123456789\r\nabc\r\n0\r\n\r\n", false,
     NO_EOF, DONE, 200, "abc", ""},
    {CHUNKED "0\r\n\r\n", false, NO_EOF, DONE, 200, "", ""},
    {CHUNKED "5\r\nhello\r\n0\r\n", false, WITH_EOF, BAD, 200, "hello", ""},
    {CHUNKED "5\r\nhel", false, WITH_EOF, BAD, 200, "hel", ""},
    {CHUNKED, false, WITH_EOF, BAD, 200, "", ""},
    /* both: the coding counts (RFC 9112 §6.3) */
    {OK "Content-Length: 99\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n", false,
     NO_EOF, DONE, 200, "ok", ""},
    {OK "Transfer-Encoding: Chunked\r\nContent-Length: 99\r\n\r\n2\r\nok\r\n0\r\n\r\n", false,
     NO_EOF, DONE, 200, "ok", ""},
    /* until the connection ends */
    {"HTTP/1.0 200 OK\r\n\r\nall of it", false, NO_EOF, LK_RESPONSE_BODY, 200, "all of it", ""},
    {"HTTP/1.0 200 OK\r\n\r\nall of it", false, WITH_EOF, DONE, 200, "all of it", ""},
    {OK "\r\n", false, WITH_EOF, DONE, 200, "", ""},
    /* no body, whatever the fields say */
    {OK "Content-Length: 5\r\n\r\nnext", true, NO_EOF, DONE, 200, "", "next"},
    {CHUNKED "next", true, NO_EOF, DONE, 200, "", "next"},
    {OK "\r\n", true, NO_EOF, DONE, 200, "", ""},
    {"HTTP/1.1 204 No Content\r\n\r\nnext", false, NO_EOF, DONE, 204, "", "next"},
    {"HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n", false, NO_EOF, DONE, 204, "", ""},
    {"HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\nnext", false, NO_EOF, DONE, 304, "",
     "next"},
    {"HTTP/1.1 304 Not Modified\r\nTransfer-Encoding: chunked\r\n\r\n", false, NO_EOF, DONE, 304,
     "", ""},
    /* interim answers are passed over */
    {"HTTP/1.1 100 Continue\r\n\r\n" OK "Content-Length: 2\r\n\r\nhi", false, NO_EOF, DONE, 200,
     "hi", ""},
    {"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\nContent-Length: 9\r\n\r\n"
     "HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 404 No\r\nContent-Length: 1\r\n\r\nx",
     false, NO_EOF, DONE, 404, "x", ""},
    {"HTTP/1.1 100 Continue\r\n\r\n", false, NO_EOF, LK_RESPONSE_HEAD, 100, "", ""},
    {"HTTP/1.1 100 Continue\r\n\r\n", false, WITH_EOF, BAD, 100, "", ""},
    {"HTTP/1.1 100 Continue\r\n\r\nnonsense\r\n\r\n", false, WITH_EOF, BAD, 100, "", NULL},
    /* not HTTP */
    {"", false, WITH_EOF, BAD, 0, "", ""},
    {"HTTP/1.1 200 OK\r\nConte", false, WITH_EOF, BAD, 0, "", ""},
    {"SSH-2.0-OpenSSH_9.2\r\n", false, NO_EOF, BAD, 0, "", NULL},
    {"<html>no head at all</html>", false, NO_EOF, BAD, 0, "", NULL},
    {"HTTP/2 200 \r\n\r\n", false, NO_EOF, BAD, 0, "", NULL},
    {"HTTP/1.2 200 OK\r\n\r\n", false, NO_EOF, BAD, 0, "", NULL},
    {"HTTP/1.1  200 OK\r\n\r\n", false, NO_EOF, BAD, 0, "", NULL},
    {"HTTP/1.1 2x0 OK\r\n\r\n", false, NO_EOF, BAD, 0, "", NULL},
    {"HTTP/1.1 20 OK\r\n\r\n", false, NO_EOF, BAD, 0, "", NULL},
    {"HTTP/1.1 099 OK\r\n\r\n", false, NO_EOF, BAD, 0, "", NULL},
    {"HTTP/1.1 600 OK\r\n\r\n", false, NO_EOF, BAD, 0, "", NULL},
    {"HTTP/1.1\r\n\r\n", false, NO_EOF, BAD, 0, "", NULL},
    {"\r\n\r\n", false, NO_EOF, BAD, 0, "", NULL},
    /* fields */
    {OK "Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello", false, NO_EOF, BAD, 200, "", NULL},
    {OK "Content-Length: five\r\n\r\nhello", false, NO_EOF, BAD, 200, "", NULL},
    {OK "Content-Length: -5\r\n\r\nhello", false, NO_EOF, BAD, 200, "", NULL},
    {OK "Content-Length: 5;\r\n\r\nhello", false, NO_EOF, BAD, 200, "", NULL},
    {OK "Content-Length:\r\n\r\nhello", false, NO_EOF, BAD, 200, "", NULL},
    {OK "Content-Length: 99999999999999999999\r\n\r\nhello", false, NO_EOF, BAD, 200, "", NULL},
    {OK "Content-Length : 5\r\n\r\nhello", false, NO_EOF, BAD, 200, "", NULL},
    {OK "X: y\r\n folded: z\r\n\r\nhello", false, NO_EOF, BAD, 200, "", NULL},
    {OK ": y\r\n\r\nhello", false, NO_EOF, BAD, 200, "", NULL},
    {OK "Transfer-Encoding: gzip\r\n\r\nhello", false, NO_EOF, BAD, 200, "", NULL},
    {OK "Transfer-Encoding: gzip, chunked\r\n\r\nhello", false, NO_EOF, BAD, 200, "", NULL},
    {OK "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n", false, NO_EOF, BAD, 200,
     "", NULL},
    /* chunks that are none */
    {CHUNKED "\r\nhello", false, NO_EOF, BAD, 200, "", NULL},
    {CHUNKED "g\r\nhello", false, NO_EOF, BAD, 200, "", NULL},
    {CHUNKED "-1\r\nhello", false, NO_EOF, BAD, 200, "", NULL},
    {CHUNKED "0x5\r\nhello", false, NO_EOF, BAD, 200, "", NULL},
    {CHUNKED " 5\r\nhello", false, NO_EOF, BAD, 200, "", NULL},
    {CHUNKED ";5\r\nhello", false, NO_EOF, BAD, 200, "", NULL},
    {CHUNKED "5\r\r\nhello", false, NO_EOF, BAD, 200, "", NULL},
    {CHUNKED "1000000000000000\r\nhello", false, NO_EOF, BAD, 200, "", NULL},
    {CHUNKED "10000000000000005\r\nhello", false, NO_EOF, BAD, 200, "", NULL},
    {CHUNKED "00000000000000000000000000000005\r\nhello", false, NO_EOF, BAD, 200, "", NULL},
    {CHUNKED "2\r\nhello\r\n", false, NO_EOF, BAD, 200, "he", NULL},
    {CHUNKED "5\r\nhello0\r\n\r\n", false, NO_EOF, BAD, 200, "hello", NULL},
#undef DONE
#undef BAD
};

static void check(const struct sample *s, struct result *r) {
    if (s->eof == WITH_EOF)
        lk_response_eof(&r->response);
    size_t rest = s->rest == NULL ? 0 : strlen(s->rest);
    if (r->response.state != s->state || r->response.code != s->code ||
        r->body_len != strlen(s->body) || memcmp(r->body, s->body, r->body_len) != 0 ||
        (s->rest != NULL && r->used != strlen(s->text) - rest))
        fail_msg("\"%s\": state %d, code %u, %zu bytes used, body \"%.*s\"", s->text,
                 r->response.state, r->response.code, r->used, (int)r->body_len, r->body);
    assert_int_equal(r->response.why != NULL, s->state == LK_RESPONSE_BROKEN);
    if (s->state == LK_RESPONSE_BROKEN || s->state == LK_RESPONSE_DONE) {
        /* It is over: neither more bytes nor the end change anything. */
        lk_slice body;
        const char *why = r->response.why;
        assert_int_equal(lk_response_read(&r->response, lk_slice_of("0\r\n", 3), &body), 0);
        assert_int_equal(body.p_len, 0);
        lk_response_eof(&r->response);
        assert_int_equal(r->response.state, s->state);
        assert_ptr_equal(r->response.why, why);
    }
    lk_response_free(&r->response);
}

static void test_every_cut(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof samples / sizeof samples[0]; i++) {
        const struct sample *s = &samples[i];
        size_t whole = strlen(s->text);
        /* in two pieces (and in one: the cut at 0), in three, byte by byte */
        for (size_t a = 0; a <= whole; a++) {
            for (size_t b = a; b <= whole; b += 1 + whole / 7) {
                struct result r = {.used = 0};
                lk_response_start(&r.response, s->to_head);
                feed(&r, s->text, a);
                feed(&r, s->text + a, b - a);
                feed(&r, s->text + b, whole - b);
                check(s, &r);
            }
        }
        struct result r = {.used = 0};
        lk_response_start(&r.response, s->to_head);
        for (size_t a = 0; a < whole; a++)
            feed(&r, s->text + a, 1);
        check(s, &r);
    }
}

/* Lines that look right at first sight, and are not. */
static void test_lines_that_are_none(void **state) {
#define ROW(text)                                                                                  \
    { text, sizeof text - 1 }
    static const struct {
        const char *text;
        size_t length;
    } rows[] = {
        ROW("HTTP/1.1 2000 OK\r\nContent-Length: 1\r\n\r\nx"),
        ROW("HTTP/1.1 200OK\r\nContent-Length: 1\r\n\r\nx"),
        ROW(OK "no-colon\r\nContent-Length: 1\r\n\r\nx"),
        ROW(OK "Content-Length\r\nContent-Length: 1\r\n\r\nx"),
        ROW(OK "X: a\0b\r\nContent-Length: 1\r\n\r\nx"),
        ROW(CHUNKED "1\0g\r\nx\r\n0\r\n\r\n"),
        ROW(CHUNKED "1 g\r\nx\r\n0\r\n\r\n"),
    };
#undef ROW
    size_t accepted = 0;
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct result r = {.used = 0};
        lk_response_start(&r.response, false);
        feed(&r, rows[i].text, rows[i].length);
        if (r.response.state != LK_RESPONSE_BROKEN) {
            print_error("row %zu was accepted: %s\n", i, rows[i].text);
            accepted++;
        }
        lk_response_free(&r.response);
    }
    assert_int_equal(accepted, 0);
}

static void assert_field(const lk_response *r, const char *name, const char *expected) {
    lk_slice value;
    if (!lk_response_field(r, name, &value))
        fail_msg("there is no %s", name);
    assert_true(lk_slice_equal(value, lk_slice_of_str(expected)));
}

static void test_fields(void **state) {
    static const char text[] =
        "HTTP/1.1 100 Continue\r\nX-Interim: 1\r\n\r\n"
        "HTTP/1.1 301 Location: /no\r\nlocation:  /there \t\r\nX-Empty:\r\n"
        "Set-Cookie: a\r\nSet-Cookie: b\r\nContent-Length: 3\r\n\r\nX-Body: 1";
    struct result r = {.used = 0};
    lk_slice value;
    (void)state;
    lk_response_start(&r.response, false);
    assert_false(lk_response_field(&r.response, "location", &value));
    feed(&r, text, sizeof text - 1);
    assert_int_equal(r.response.state, LK_RESPONSE_DONE);
    assert_int_equal(r.response.code, 301);
    assert_int_equal(r.response.minor, 1);
    assert_field(&r.response, "Location", "/there");
    assert_field(&r.response, "x-empty", "");
    assert_field(&r.response, "set-cookie", "a");
    assert_false(lk_response_field(&r.response, "x-interim", &value)); /* of the interim answer */
    assert_false(lk_response_field(&r.response, "x-body", &value));
    assert_false(lk_response_field(&r.response, "HTTP/1.1 301 Location", &value));
    assert_false(lk_response_field(&r.response, "", &value));
    /* The head is kept as it came, for --include. */
    lk_slice head = lk_buffer_slice(&r.response.head);
    assert_memory_equal(head.p, "HTTP/1.1 301 ", 13);
    assert_memory_equal(head.p + head.p_len - 4, "\r\n\r\n", 4);
    lk_response_free(&r.response);
}

/* Both limits hold, however the bytes come: a server must not fill our memory. */
static void test_limits(void **state) {
    static const size_t pieces[] = {1, 100, 4096, 70000};
    static char line[70000];
    (void)state;
    memset(line, 'a', sizeof line);
    for (size_t i = 0; i < sizeof pieces / sizeof pieces[0]; i++) {
        for (int chunked = 0; chunked < 2; chunked++) {
            static const char *const begins[] = {OK "X: ", CHUNKED "0\r\nX: "};
            struct result r = {.used = 0};
            lk_response_start(&r.response, false);
            feed(&r, begins[chunked], strlen(begins[chunked]));
            assert_true(r.response.state == LK_RESPONSE_HEAD ||
                        r.response.state == LK_RESPONSE_BODY);
            size_t sent = 0;
            while (r.response.state != LK_RESPONSE_BROKEN && sent < 2 * sizeof line) {
                feed(&r, line, pieces[i]);
                sent += pieces[i];
            }
            assert_int_equal(r.response.state, LK_RESPONSE_BROKEN);
            assert_true(sent <= LK_RESPONSE_HEAD_MAX + pieces[i]);
            assert_true(lk_buffer_length(&r.response.head) <= LK_RESPONSE_HEAD_MAX);
            lk_response_free(&r.response);
        }
    }
    /* The head may have just as many bytes as the limit says. */
    for (size_t extra = 0; extra < 2; extra++) {
        struct result r = {.used = 0};
        lk_response_start(&r.response, true);
        feed(&r, OK "X: ", strlen(OK "X: "));
        feed(&r, line, LK_RESPONSE_HEAD_MAX - strlen(OK "X: \r\n\r\n") + extra);
        assert_int_equal(r.response.state, LK_RESPONSE_HEAD);
        feed(&r, "\r\n\r\n", 4);
        assert_int_equal(r.response.state, extra == 0 ? LK_RESPONSE_DONE : LK_RESPONSE_BROKEN);
        lk_response_free(&r.response);
    }
}

/* A chunked body of any length goes on, for its lines are counted for one chunk at a time. */
static void test_many_chunks(void **state) {
    struct result r = {.used = 0};
    (void)state;
    lk_response_start(&r.response, false);
    feed(&r, CHUNKED, strlen(CHUNKED));
    for (size_t i = 0; i < 20000; i++) {
        feed(&r, "1;extension\r\nx\r\n", 16);
        assert_int_equal(r.body_len, 1);
        r.body_len = 0;
    }
    feed(&r, "0\r\n\r\n", 5);
    assert_int_equal(r.response.state, LK_RESPONSE_DONE);
    lk_response_free(&r.response);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_cut),   cmocka_unit_test(test_lines_that_are_none),
        cmocka_unit_test(test_fields),      cmocka_unit_test(test_limits),
        cmocka_unit_test(test_many_chunks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
