/*
 * http_url_test.c - URLs as people type them and servers send them: taken apart, joined, and
 * refused where a character could change what is asked for or from whom.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "http/url.h"

static const struct {
    const char *text, *scheme, *host;
    unsigned port;
    const char *target, *authority;
} good[] = {
    {"https://example.org/", "https", "example.org", 443, "/", "example.org"},
    {"https://example.org", "https", "example.org", 443, "/", "example.org"},
    {"example.org", "https", "example.org", 443, "/", "example.org"},
    {"localhost:8443/a/b", "https", "localhost", 8443, "/a/b", "localhost:8443"},
    {"HTTPS://a/", "https", "a", 443, "/", "a"},
    {"Http://a/", "http", "a", 80, "/", "a"},
    {"http://a:443/", "http", "a", 443, "/", "a:443"},
    {"https://a:80/", "https", "a", 80, "/", "a:80"},
    /* ports */
    {"https://a:443/x", "https", "a", 443, "/x", "a"},
    {"https://a:0443/x", "https", "a", 443, "/x", "a"},
    {"https://a:/x", "https", "a", 443, "/x", "a"},
    {"https://a:", "https", "a", 443, "/", "a"},
    {"https://a:1", "https", "a", 1, "/", "a:1"},
    {"https://a:65535?q", "https", "a", 65535, "/?q", "a:65535"},
    /* addresses */
    {"https://127.0.0.1:1/", "https", "127.0.0.1", 1, "/", "127.0.0.1:1"},
    {"https://[::1]/", "https", "::1", 443, "/", "[::1]"},
    {"[::1]:8443", "https", "::1", 8443, "/", "[::1]:8443"},
    {"https://[2001:DB8::1]:443", "https", "2001:DB8::1", 443, "/", "[2001:DB8::1]"},
    {"https://[::ffff:192.0.2.1]:/x", "https", "::ffff:192.0.2.1", 443, "/x", "[::ffff:192.0.2.1]"},
    /* names */
    {"https://a_b.example/", "https", "a_b.example", 443, "/", "a_b.example"},
    {"https://example.org./", "https", "example.org.", 443, "/", "example.org."},
    {"https://xn--bcher-kva.example", "https", "xn--bcher-kva.example", 443, "/",
     "xn--bcher-kva.example"},
    {"https://b\xc3\xbc"
     "cher.example:1/",
     "https", "xn--bcher-kva.example", 1, "/", "xn--bcher-kva.example:1"},
    {"https://B\xc3\x9c"
     "CHER.example/",
     "https", "xn--bcher-kva.example", 443, "/", "xn--bcher-kva.example"},
    {"https://stra\xc3\x9f"
     "e.example/",
     "https", "xn--strae-oqa.example", 443, "/", "xn--strae-oqa.example"},
    {"https://\xe4\xbe\x8b\xe3\x81\x88\xe3\x80\x82\xe3\x83\x86\xe3\x82\xb9\xe3\x83\x88/", "https",
     "xn--r8jz45g.xn--zckzah", 443, "/", "xn--r8jz45g.xn--zckzah"},
    /* targets */
    {"https://a?q=1", "https", "a", 443, "/?q=1", "a"},
    {"https://a/?", "https", "a", 443, "/?", "a"},
    {"https://a#f", "https", "a", 443, "/", "a"},
    {"https://a/b?c#d?e/f g", "https", "a", 443, "/b?c", "a"},
    {"https://a/b#", "https", "a", 443, "/b", "a"},
    {"https://a/%20%C3%A9", "https", "a", 443, "/%20%C3%A9", "a"},
    {"https://a/\xc3\xa9?\xff", "https", "a", 443, "/%C3%A9?%FF", "a"},
    {"https://a/b:c@d!$&'()*+,;=-._~[]", "https", "a", 443, "/b:c@d!$&'()*+,;=-._~[]", "a"},
    {"https://a//b", "https", "a", 443, "//b", "a"},
    {"a/b://c", "https", "a", 443, "/b://c", "a"},
    {"a?u=ftp://c", "https", "a", 443, "/?u=ftp://c", "a"},
};

static void test_good(void **state) {
    lk_url u;
    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        const char *bad = lk_url_parse(&u, good[i].text);
        if (bad != NULL)
            fail_msg("%s: %s", good[i].text, bad);
        assert_string_equal(u.scheme, good[i].scheme);
        assert_string_equal(u.host, good[i].host);
        assert_int_equal(u.port, good[i].port);
        assert_string_equal(u.target, good[i].target);
        assert_string_equal(u.authority, good[i].authority);
    }
}

static const char *const bad_urls[] = {
    "", "/", "/path", "?q", "#f", "//a/b", "https://", "https:///a", "https://:443/", "https://#a",
    /* schemes */
    "ftp://a/", "file:///etc/passwd", "httpss://a/", "http+s://a/", "://a/", "ws://a",
    /* user information */
    "https://u@a/", "https://u:p@a/", "https://good.example@evil.example/", "https://@a/",
    "mailto:u@a",
    /* ports */
    "https://a:0/", "https://a:65536/", "https://a:99999999999999999999/", "https://a:-1/",
    "https://a:+1/", "https://a: 1/", "https://a:1a/", "https://a:80:80/", "https://a:0x50/",
    "https://::1/",
    /* addresses */
    "https://[::1/", "https://[]/", "https://[::1]a/", "https://[::1]443/", "https://[::g]/",
    "https://[::1%25lo]/", "https://[::1 ]/", "https://[::1]:x/", "https://[::1/]:1/",
    /* names */
    "https://a b/", "https:// a/", "https://a\tb/", "https://a\r\nHost: b/", "https://a\x7f/",
    "https://a\\b/", "https://a%2fb/", "https://a\"b/", "https://a<b>/", "https://a^b/",
    "https://a`b/", "https://a{b}/", "https://a|b/", "https://a\xff/", "https://\xc3/",
    /* targets */
    "https://a/b c", "https://a/\tb", "https://a/b\r\nX: y", "https://a/b\n", "https://a/\x01",
    "https://a/\x7f", "https://a/\"", "https://a/<b>", "https://a/\\b", "https://a/b^c",
    "https://a/`", "https://a/{b}", "https://a/b|c", "https://a?b c", " https://a/", "https://a/ "};

static void test_bad(void **state) {
    lk_url u;
    (void)state;
    for (size_t i = 0; i < sizeof bad_urls / sizeof bad_urls[0]; i++) {
        const char *bad = lk_url_parse(&u, bad_urls[i]);
        if (bad == NULL)
            fail_msg("\"%s\" was accepted: host %s, target %s", bad_urls[i], u.host, u.target);
        assert_true(strlen(bad) > 10);
    }
}

/* Compatibility characters that IDNA maps to ASCII must not bring back what no name can have: a
 * fullwidth slash would end the name early, and what was checked would be another host than what is
 * asked. */
static void test_mapped_to_delimiters(void **state) {
    static const char *const names[] = {
        "https://a\xef\xbc\x8f"
        "b.example/", /* U+FF0F '/' */
        "https://a\xef\xbc\xa0"
        "b.example/", /* U+FF20 '@' */
        "https://a\xef\xbc\x9a"
        "80.example/", /* U+FF1A ':' */
        "https://a\xef\xbc\x83"
        "b.example/", /* U+FF03 '#' */
        "https://a\xef\xbc\x9f"
        "b.example/", /* U+FF1F '?' */
        "https://a\xef\xbc\xbc"
        "b.example/", /* U+FF3C '\' */
        "https://a\xe3\x80\x80"
        "b.example/", /* U+3000 ' ' */
        "https://a\xc2\xa0"
        "b.example/", /* U+00A0 ' ' */
        "https://a\xe2\x84\x80"
        "b.example/",            /* U+2100 "a/c" */
        "https://\xe2\x80\x8b/", /* U+200B: nothing */
    };
    lk_url u;
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (lk_url_parse(&u, names[i]) == NULL)
            fail_msg("\"%s\" was accepted: host \"%s\"", names[i], u.host);
}

/* repeat makes `begin`, `n` times `c`, and `end`. */
static char *repeat(const char *begin, char c, size_t n, const char *end) {
    size_t b = strlen(begin);
    char *text = malloc(b + n + strlen(end) + 1);
    assert_non_null(text);
    memcpy(text, begin, b);
    memset(text + b, c, n);
    memcpy(text + b + n, end, strlen(end) + 1);
    return text;
}

static void test_lengths(void **state) {
    static const struct {
        const char *begin;
        char c;
        size_t n;
        const char *end;
        bool fits;
    } rows[] = {
        {"https://", 'a', 255, ":65535/", true},   {"https://", 'a', 256, "/", false},
        {"https://", 'a', 70000, "/", false},      {"https://[", ':', 300, "]/", false},
        {"https://a/", 'b', 4000, "?q#f", true},   {"https://a/", 'b', 4096, "", false},
        {"https://a/", '\xff', 1300, "", true},    {"https://a/", '\xff', 1366, "", false},
        {"https://a/", 'b', 100000, "", false},    {"https://a/#", 'b', 100000, "", true},
        {"https://\xc3\xbc", 'a', 70, "/", false}, {"https://a:", '0', 1000, "443/", true},
    };
    lk_url u;
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char *text = repeat(rows[i].begin, rows[i].c, rows[i].n, rows[i].end);
        if ((lk_url_parse(&u, text) == NULL) != rows[i].fits)
            fail_msg("row %zu: fits %d was expected", i, rows[i].fits);
        free(text);
    }
}

/* ---- References ------------------------------------------------------------------------------ */

static const struct {
    const char *base, *reference, *joined; /* NULL: refused */
} joins[] = {
#define BASE "https://h:8443/a/b?c=/d"
    {BASE, "https://h2/x", "https://h2/x"},
    {BASE, "https://h2", "https://h2/"},
    {BASE, "HTTPS://h2:443/x?y#z", "https://h2/x?y"},
    {BASE, "http://h/x", "http://h/x"}, /* whoever follows decides whether it may */
    {BASE, "//h2/x", "https://h2/x"},
    {BASE, "//h2:1", "https://h2:1/"},
    {BASE, "/x", "https://h:8443/x"},
    {BASE, "/x?u=https://q/#f", "https://h:8443/x?u=https://q/"},
    {BASE, "/", "https://h:8443/"},
    {BASE, "x", "https://h:8443/a/x"},
    {BASE, "x/y?z", "https://h:8443/a/x/y?z"},
    {BASE, "x?u=https://q/", "https://h:8443/a/x?u=https://q/"},
    {BASE, "?q", "https://h:8443/a/b?q"},
    {BASE, "?u=https://q/", "https://h:8443/a/b?u=https://q/"},
    {BASE, "\xc3\xa9", "https://h:8443/a/%C3%A9"},
    {"https://h/a/", "x", "https://h/a/x"},
    {"https://h", "x", "https://h/x"},
    {"https://h?q", "x", "https://h/x"},
    {"https://h/a?q/r", "x", "https://h/x"},
    {"https://[::1]:8443/a", "/x", "https://[::1]:8443/x"},
    {"https://[::1]/a", "//[::2]/x", "https://[::2]/x"},
    {"http://h/a", "/x", "http://h/x"},
    {"http://h/a", "//h2/x", "http://h2/x"},
    {BASE, "ftp://h2/x", NULL},
    {BASE, "//", NULL},
    {BASE, "///x", NULL},
    {BASE, "//u@h2/", NULL},
    {BASE, "https://u:p@h2/", NULL},
    {BASE, "/x y", NULL},
    {BASE, "/x\r\nY: z", NULL},
    {BASE, "\\\\h2/x", NULL},
    {BASE, "/\\h2/x", NULL},
    {BASE, "\thttps://h2/", NULL},
    {BASE, "//h2:0/", NULL},
};

static void test_join(void **state) {
    char text[5000];
    lk_url base, u;
    (void)state;
    for (size_t i = 0; i < sizeof joins / sizeof joins[0]; i++) {
        assert_null(lk_url_parse(&base, joins[i].base));
        const char *bad = lk_url_join(&u, &base, joins[i].reference);
        snprintf(text, sizeof text, "%s://%s%s", u.scheme, u.authority, u.target);
        if (joins[i].joined == NULL ? bad == NULL
                                    : bad != NULL || strcmp(text, joins[i].joined) != 0)
            fail_msg("%s + \"%s\": %s", joins[i].base, joins[i].reference,
                     bad != NULL ? bad : text);
    }
    char *reference = repeat("/", 'x', 9000, "");
    assert_null(lk_url_parse(&base, BASE));
    assert_non_null(lk_url_join(&u, &base, reference));
    reference[4000] = '\0';
    assert_null(lk_url_join(&u, &base, reference));
    free(reference);
}

/* ---- Percent signs --------------------------------------------------------------------------- */

static void test_decode(void **state) {
    static const struct {
        const char *text, *decoded; /* NULL: refused */
    } rows[] = {
        {"", ""},         {"/a/b", "/a/b"},       {"%41", "A"},        {"/%7ea%7E", "/~a~"},
        {"a+b", "a+b"},   {"%C3%A9", "\xc3\xa9"}, {"%ff", "\xff"},     {"%25", "%"},
        {"%2541", "%41"}, {"%2e%2E/", "../"},     {"%20x%09", " x\t"}, {"a%5Cb", "a\\b"},
        {"%", NULL},      {"a%", NULL},           {"%4", NULL},        {"a%4", NULL},
        {"%4g", NULL},    {"%g4", NULL},          {"% 1", NULL},       {"%-1", NULL},
        {"%%41", NULL},   {"%00", NULL},          {"a%00b", NULL},     {"a%2Fb", NULL},
        {"a%2fb", NULL},  {"/%2e%2e%2f", NULL},   {"%u0041", NULL},    {"%0", NULL},
    };
    char out[64];
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        bool ok = lk_percent_decode(out, sizeof out, lk_slice_of_str(rows[i].text));
        if (ok != (rows[i].decoded != NULL) || (ok && strcmp(out, rows[i].decoded) != 0))
            fail_msg("\"%s\": %d \"%s\"", rows[i].text, ok, out);
    }
    /* Room: for the bytes and the NUL. */
    assert_true(lk_percent_decode(out, 3, lk_slice_of_str("a%62")));
    assert_string_equal(out, "ab");
    assert_false(lk_percent_decode(out, 2, lk_slice_of_str("a%62")));
    assert_true(lk_percent_decode(out, 1, lk_slice_of_str("")));
    /* A slice ends where it ends, even in an escape. */
    assert_false(lk_percent_decode(out, sizeof out, lk_slice_of("%41", 2)));
}

static void test_encode(void **state) {
    char text[300], out[900], again[300];
    (void)state;
    assert_true(lk_percent_encode(out, sizeof out, "/a b/\"<\xc3\xa9>%?#"));
    assert_string_equal(out, "/a%20b/%22%3C%C3%A9%3E%25%3F%23");
    assert_true(lk_percent_encode(out, sizeof out, "-._~09azAZ"));
    assert_string_equal(out, "-._~09azAZ");
    /* Every byte comes back as it was. */
    for (int c = 1; c < 256; c++)
        text[c - 1] = (char)c;
    text[255] = '\0';
    assert_true(lk_percent_encode(out, sizeof out, text));
    for (const char *p = out; *p != '\0'; p++)
        assert_true(*p > 0x20 && *p < 0x7f && strchr("\"<>&'?#:\\", *p) == NULL);
    assert_true(lk_percent_decode(again, sizeof again, lk_slice_of_str(out)));
    assert_string_equal(again, text);
    assert_false(lk_percent_encode(out, 3, " "));
    assert_true(lk_percent_encode(out, 4, " "));
    assert_true(lk_percent_encode(out, 1, ""));
}

static void test_normalize(void **state) {
    static const struct {
        const char *path, *normal; /* NULL: refused */
    } rows[] = {
        {"/", "/"},
        {"//", "/"},
        {"/.", "/"},
        {"/./", "/"},
        {"/a", "/a"},
        {"/a/", "/a/"},
        {"//a//b", "/a/b"},
        {"/a///", "/a/"},
        {"/a/.", "/a/"},
        {"/a/./b", "/a/b"},
        {"/a/..", "/"},
        {"/a/../", "/"},
        {"/a/b/..", "/a/"},
        {"/a/../b", "/b"},
        {"/a/b/../../c", "/c"},
        {"/a//../b", "/b"},
        {"/...", "/..."},
        {"/..a", "/..a"},
        {"/a..", "/a.."},
        {"/.a/.", "/.a/"},
        {"/a/b/c/../..", "/a/"},
        {"/ab/../cd/ef", "/cd/ef"},
        {"/..", NULL},
        {"/../", NULL},
        {"/a/../..", NULL},
        {"/../a", NULL},
        {"//..", NULL},
        {"/./..", NULL},
        {"/a/../../a", NULL},
        {"", NULL},
        {"a", NULL},
        {"../a", NULL},
        {"*", NULL},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        /* A block of its own, so that a write behind the end is one that the sanitizer sees. */
        char *path = malloc(strlen(rows[i].path) + 1);
        assert_non_null(path);
        memcpy(path, rows[i].path, strlen(rows[i].path) + 1);
        bool ok = lk_path_normalize(path);
        if (ok != (rows[i].normal != NULL) || (ok && strcmp(path, rows[i].normal) != 0))
            fail_msg("\"%s\": %d \"%s\"", rows[i].path, ok, path);
        if (ok) { /* what is normal stays as it is */
            assert_true(lk_path_normalize(path));
            assert_string_equal(path, rows[i].normal);
        }
        free(path);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good),
        cmocka_unit_test(test_bad),
        cmocka_unit_test(test_mapped_to_delimiters),
        cmocka_unit_test(test_lengths),
        cmocka_unit_test(test_join),
        cmocka_unit_test(test_decode),
        cmocka_unit_test(test_encode),
        cmocka_unit_test(test_normalize),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
