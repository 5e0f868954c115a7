/*
 * x509_der_test.c - the DER reader: what it takes, every form that it must not take, and that what
 * der_build writes it reads back.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "util/civil.h"
#include "x509/der.h"
#include "x509/der_build.h"
#include "x509/dn.h"
#include "x509/oid.h"

#define BYTES(...)                                                                                 \
    lk_slice_of((const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__}))

static bool any(lk_slice s) {
    lk_reader r = lk_reader_of(s);
    lk_der e;
    return lk_der_any(&r, &e);
}

static void lengths(void **state) {
    (void)state;
    assert_true(any(BYTES(0x04, 0x00)));
    assert_true(any(BYTES(0x04, 0x01, 0xaa)));
    assert_false(any(BYTES(0x04)));
    assert_false(any(BYTES(0x04, 0x01)));             /* cut off */
    assert_false(any(BYTES(0x04, 0x80, 0x00, 0x00))); /* indefinite */
    assert_false(any(BYTES(0x04, 0x81, 0x01, 0xaa))); /* 81 for what fits in one byte */
    assert_false(any(BYTES(0x04, 0x81, 0x7f)));
    assert_false(any(BYTES(0x04, 0x82, 0x00, 0x80)));
    assert_false(any(BYTES(0x04, 0x85, 0x01, 0, 0, 0, 0))); /* more than 2^32 - 1 */
    assert_false(any(BYTES(0x04, 0xff, 0x01)));
    assert_false(any(BYTES(0x04, 0x84, 0xff, 0xff, 0xff, 0xff, 0x00)));
    assert_false(any(BYTES(0x1f, 0x81, 0x01, 0x00))); /* tag number in further bytes */
    assert_false(any(BYTES(0x00, 0x00)));             /* end of contents */
    uint8_t long_one[3 + 200] = {0x04, 0x81, 200};
    uint8_t longer[4 + 300] = {0x04, 0x82, 300 >> 8, 300 & 0xff};
    assert_true(any(lk_slice_of(long_one, sizeof long_one)));
    assert_true(any(lk_slice_of(longer, sizeof longer)));
    for (size_t n = 0; n < sizeof longer; n++)
        assert_false(any(lk_slice_of(longer, n)));
    longer[1] = 0x83; /* 00012c... would need 3 bytes of length with a leading zero */
    longer[2] = 0;
    assert_false(any(lk_slice_of(longer, sizeof longer)));
}

/* A failed read takes nothing. */
static void failure_takes_nothing(void **state) {
    (void)state;
    lk_slice s = BYTES(0x02, 0x02, 0x00, 0x01); /* INTEGER with padding */
    lk_reader r = lk_reader_of(s), inside;
    lk_slice out;
    uint64_t v;
    bool b, odd = false;
    unsigned unused;
    int64_t seconds;
    assert_false(lk_der_integer(&r, &out));
    assert_false(lk_der_natural(&r, &out));
    assert_false(lk_der_uint(&r, &v));
    assert_false(lk_der_boolean(&r, &b));
    assert_false(lk_der_bits(&r, &out, &unused));
    assert_false(lk_der_bit_octets(&r, &out));
    assert_false(lk_der_oid(&r, &out));
    assert_false(lk_der_null(&r));
    assert_false(lk_der_time(&r, &seconds, &odd));
    assert_false(lk_der_read(&r, LK_DER_SEQUENCE, &out));
    assert_false(lk_der_whole(&r, LK_DER_SEQUENCE, &out));
    assert_false(lk_der_open(&r, LK_DER_SEQUENCE, &inside));
    assert_ptr_equal(r.p, s.p);
    assert_int_equal(r.left, s.p_len);
    assert_true(lk_der_whole(&r, LK_DER_INTEGER, &out));
    assert_true(lk_slice_equal(out, s));
    assert_true(lk_reader_done(&r));
}

static void integers(void **state) {
    (void)state;
    static const struct {
        uint8_t bytes[12];
        bool integer, natural, fits;
        uint64_t value;
    } rows[] = {
        {{0x02, 1, 0x00}, true, true, true, 0},
        {{0x02, 1, 0x7f}, true, true, true, 127},
        {{0x02, 2, 0x00, 0x80}, true, true, true, 128},
        {{0x02, 2, 0x01, 0x00}, true, true, true, 256},
        {{0x02, 1, 0x80}, true, false, false, 0},              /* -128 */
        {{0x02, 1, 0xff}, true, false, false, 0},              /* -1 */
        {{0x02, 2, 0xff, 0x7f}, true, false, false, 0},        /* -129 */
        {{0x02, 0}, false, false, false, 0},                   /* no contents */
        {{0x02, 2, 0x00, 0x7f}, false, false, false, 0},       /* padded */
        {{0x02, 2, 0xff, 0x80}, false, false, false, 0},       /* padded */
        {{0x02, 3, 0x00, 0x00, 0x80}, false, false, false, 0}, /* padded twice */
        {{0x02, 8, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, true, true, true, INT64_MAX},
        {{0x02, 9, 0x00, 0x80, 0, 0, 0, 0, 0, 0, 0}, true, true, false, 0},
        {{0x22, 1, 0x00}, false, false, false, 0}, /* constructed */
        {{0x0a, 1, 0x00}, false, false, false, 0}, /* ENUMERATED */
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        lk_reader r = lk_reader_of(lk_slice_of(rows[i].bytes, 2u + rows[i].bytes[1])), at;
        lk_slice out;
        uint64_t v = 0;
        assert_int_equal((at = r, lk_der_integer(&at, &out)), rows[i].integer);
        assert_int_equal((at = r, lk_der_natural(&at, &out)), rows[i].natural);
        assert_int_equal((at = r, lk_der_uint(&at, &v)), rows[i].fits);
        assert_int_equal(v, rows[i].value);
    }
}

static void booleans_and_null(void **state) {
    (void)state;
    for (unsigned v = 0; v < 256; v++) {
        uint8_t bytes[] = {0x01, 0x01, (uint8_t)v};
        lk_reader r = lk_reader_of(lk_slice_of(bytes, sizeof bytes));
        bool b = false;
        assert_int_equal(lk_der_boolean(&r, &b), v == 0 || v == 0xff);
        assert_int_equal(b, v == 0xff);
    }
    lk_reader r = lk_reader_of(BYTES(0x01, 0x00));
    bool b;
    assert_false(lk_der_boolean(&r, &b));
    r = lk_reader_of(BYTES(0x01, 0x02, 0xff, 0xff));
    assert_false(lk_der_boolean(&r, &b));
    r = lk_reader_of(BYTES(0x05, 0x00));
    assert_true(lk_der_null(&r));
    r = lk_reader_of(BYTES(0x05, 0x01, 0x00));
    assert_false(lk_der_null(&r));
}

static void bit_strings(void **state) {
    (void)state;
    lk_slice out;
    unsigned unused;
#define BITS(...) (r = lk_reader_of(BYTES(__VA_ARGS__)), lk_der_bits(&r, &out, &unused))
    lk_reader r;
    assert_true(BITS(0x03, 1, 0));
    assert_int_equal(out.p_len, 0);
    assert_true(BITS(0x03, 2, 7, 0x80));
    assert_int_equal(unused, 7);
    assert_true(BITS(0x03, 3, 0, 0xab, 0xcd));
    assert_false(BITS(0x03, 0));          /* not even the count */
    assert_false(BITS(0x03, 1, 1));       /* unused bits of nothing */
    assert_false(BITS(0x03, 2, 8, 0x00)); /* 8 unused bits */
    assert_false(BITS(0x03, 2, 7, 0x81)); /* an unused bit is set */
    assert_false(BITS(0x23, 2, 0, 0x00)); /* constructed */
    r = lk_reader_of(BYTES(0x03, 2, 7, 0x80));
    assert_false(lk_der_bit_octets(&r, &out));
}

static void oids(void **state) {
    (void)state;
    assert_true(lk_der_oid_valid(BYTES(0x2a)));
    assert_true(lk_der_oid_valid(BYTES(0x2a, 0x86, 0x48)));
    assert_false(lk_der_oid_valid(BYTES(0x2a, 0x86)));            /* last component cut off */
    assert_false(lk_der_oid_valid(BYTES(0x2a, 0x80, 0x01)));      /* padded */
    assert_false(lk_der_oid_valid(BYTES(0x80, 0x01)));            /* padded */
    assert_true(lk_der_oid_valid(BYTES(0x2a, 0x81, 0x80, 0x01))); /* 80 inside a component */
    assert_false(lk_der_oid_valid((lk_slice){NULL, 0}));
    for (int i = 1; i < LK_OID_COUNT; i++) {
        lk_slice bytes = lk_oid_bytes((lk_oid)i);
        assert_true(lk_der_oid_valid(bytes));
        assert_int_equal(lk_oid_of(bytes), i); /* so no two rows are the same */
    }
    static const struct {
        lk_slice oid;
        const char *text;
    } rows[] = {{{(const uint8_t *)"\x55\x04\x03", 3}, "CN"},
                {{(const uint8_t *)"\x2a\x03\x04", 3}, "1.2.3.4"},
                {{(const uint8_t *)"\x88\x37\x03", 3}, "2.999.3"},
                {{(const uint8_t *)"\x00", 1}, "0.0"}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        lk_buffer out = lk_buffer_of(&lk_heap_default, 0);
        assert_true(lk_oid_text(&out, rows[i].oid));
        assert_true(lk_slice_equal(lk_buffer_slice(&out), lk_slice_of_str(rows[i].text)));
        lk_buffer_free(&out);
    }
}

static void times(void **state) {
    (void)state;
    static const struct {
        uint8_t tag;
        const char *text;
        bool good, odd;
        lk_civil civil;
    } rows[] = {
        {0x17, "261121120000Z", true, false, {2026, 11, 21, 12, 0, 0}},
        {0x17, "500101000000Z", true, false, {1950, 1, 1, 0, 0, 0}},
        {0x17, "491231235959Z", true, false, {2049, 12, 31, 23, 59, 59}},
        {0x17, "2611211200Z", false, false, {0, 0, 0, 0, 0, 0}},       /* no seconds */
        {0x17, "261121120000", false, false, {0, 0, 0, 0, 0, 0}},      /* no zone */
        {0x17, "261121120000+0000", false, false, {0, 0, 0, 0, 0, 0}}, /* zone other than Z */
        {0x17, "261121120060Z", false, false, {0, 0, 0, 0, 0, 0}},     /* leap second */
        {0x17, "260229120000Z", false, false, {0, 0, 0, 0, 0, 0}},     /* no such day */
        {0x17, "261321120000Z", false, false, {0, 0, 0, 0, 0, 0}},
        {0x17, "26112112000 Z", false, false, {0, 0, 0, 0, 0, 0}},
        {0x17, "261121240000Z", false, false, {0, 0, 0, 0, 0, 0}},
        {0x17, "20261121120000Z", false, false, {0, 0, 0, 0, 0, 0}},
        {0x17, "", false, false, {0, 0, 0, 0, 0, 0}},
        {0x18, "20500101000000Z", true, false, {2050, 1, 1, 0, 0, 0}},
        {0x18, "99991231235959Z", true, false, {9999, 12, 31, 23, 59, 59}},
        {0x18, "19491231235959Z", true, false, {1949, 12, 31, 23, 59, 59}},
        {0x18, "20261121120000Z", true, true, {2026, 11, 21, 12, 0, 0}},
        {0x18, "20500101000000.5Z", false, false, {0, 0, 0, 0, 0, 0}}, /* fraction */
        {0x18, "20500101000000", false, false, {0, 0, 0, 0, 0, 0}},
        {0x18, "500101000000Z", false, false, {0, 0, 0, 0, 0, 0}},
        {0x16, "261121120000Z", false, false, {0, 0, 0, 0, 0, 0}}, /* another type */
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint8_t bytes[64] = {rows[i].tag, (uint8_t)strlen(rows[i].text)};
        memcpy(bytes + 2, rows[i].text, strlen(rows[i].text));
        lk_reader r = lk_reader_of(lk_slice_of(bytes, 2u + bytes[1]));
        int64_t seconds = 0, want = 0;
        bool odd = false;
        assert_int_equal(lk_der_time(&r, &seconds, &odd), rows[i].good);
        assert_int_equal(odd, rows[i].odd);
        if (rows[i].good) {
            assert_true(lk_civil_to_unix(&want, rows[i].civil));
            assert_int_equal(seconds, want);
        }
    }
}

static void built_is_read(void **state) {
    (void)state;
    lk_buffer out = lk_buffer_of(&lk_heap_default, 0);
    static const size_t sizes[] = {0, 1, 127, 128, 255, 256, 65535, 65536};
    static uint8_t zeros[65536];
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        lk_builder b = lk_builder_of(&out);
        size_t outer = lk_der_begin(&b, LK_DER_SEQUENCE);
        lk_der_put(&b, LK_DER_OCTET_STRING, lk_slice_of(zeros, sizes[i]));
        lk_der_put_uint(&b, sizes[i]);
        lk_der_put_uint(&b, INT64_MAX);
        lk_der_put_boolean(&b, true);
        lk_der_put_bit_octets(&b, lk_slice_of(zeros, 3));
        lk_der_put_named_bits(&b, 1 << 5 | 1 << 6);
        lk_der_put_named_bits(&b, 1 << 8);
        lk_der_put_named_bits(&b, 0);
        lk_der_put_time(&b, 1795262400);
        lk_der_put_time(&b, 2524608000); /* 2050 */
        lk_der_end(&b, outer);
        assert_true(lk_builder_ok(&b));
        lk_reader whole = lk_reader_of(lk_buffer_slice(&out)), r;
        lk_slice s;
        uint64_t v;
        bool flag, odd = false;
        unsigned unused;
        int64_t t;
        assert_true(lk_der_open(&whole, LK_DER_SEQUENCE, &r) && lk_reader_done(&whole));
        assert_true(lk_der_read(&r, LK_DER_OCTET_STRING, &s) && s.p_len == sizes[i]);
        assert_true(lk_der_uint(&r, &v) && v == sizes[i]);
        assert_true(lk_der_uint(&r, &v) && v == INT64_MAX);
        assert_true(lk_der_boolean(&r, &flag) && flag);
        assert_true(lk_der_bit_octets(&r, &s) && s.p_len == 3);
        assert_true(lk_der_bits(&r, &s, &unused) && unused == 1 && s.p_len == 1 && s.p[0] == 6);
        assert_true(lk_der_bits(&r, &s, &unused) && unused == 7 && s.p_len == 2 && s.p[1] == 0x80);
        assert_true(lk_der_bits(&r, &s, &unused) && unused == 0 && s.p_len == 0);
        assert_true(lk_der_time(&r, &t, &odd) && t == 1795262400);
        assert_true(lk_der_time(&r, &t, &odd) && t == 2524608000 && !odd);
        assert_true(lk_reader_done(&r));
        lk_buffer_cut(&out, 0);
    }
    lk_buffer_free(&out);
}

/* ---- Names, which are the deepest DER in a certificate --------------------------------------- */

static lk_slice dn(lk_buffer *out, uint8_t tag, const char *o, const char *cn) {
    lk_builder b = lk_builder_of(out);
    size_t at = lk_buffer_length(out), name = lk_der_begin(&b, LK_DER_SEQUENCE);
    const char *values[] = {o, cn};
    lk_oid types[] = {LK_OID_ORGANIZATION, LK_OID_COMMON_NAME};
    for (int i = 0; i < 2; i++) {
        if (values[i] == NULL)
            continue;
        size_t set = lk_der_begin(&b, LK_DER_SET), pair = lk_der_begin(&b, LK_DER_SEQUENCE);
        lk_der_put(&b, LK_DER_OID, lk_oid_bytes(types[i]));
        lk_der_put(&b, tag, lk_slice_of_str(values[i]));
        lk_der_end(&b, pair);
        lk_der_end(&b, set);
    }
    lk_der_end(&b, name);
    assert_true(lk_builder_ok(&b));
    return lk_slice_of(lk_buffer_bytes(out) + at, lk_buffer_length(out) - at);
}

static void subtrees_of_names(void **state) {
    (void)state;
    static const struct {
        uint8_t tag;
        const char *o, *cn;
        uint8_t base_tag;
        const char *base_o, *base_cn;
        lk_dn_match match;
    } rows[] = {
        {0x0c, "Example", "a", 0x0c, "Example", NULL, LK_DN_YES},
        {0x0c, "Example", "a", 0x0c, "Example", "a", LK_DN_YES},
        {0x0c, "Example", "a", 0x0c, NULL, NULL, LK_DN_YES}, /* the empty name is above all */
        {0x0c, "Example", "a", 0x0c, "Example", "b", LK_DN_NO},
        {0x0c, "Example", NULL, 0x0c, "Example", "a", LK_DN_NO}, /* shorter than the base */
        {0x0c, NULL, "a", 0x0c, "a", NULL, LK_DN_NO},            /* another attribute */
        {0x13, "EXAMPLE", "a", 0x0c, "example", NULL, LK_DN_YES},
        {0x13, "  Example   Ltd ", "a", 0x0c, "example ltd", NULL, LK_DN_YES},
        {0x13, "ExampleLtd", "a", 0x0c, "example ltd", NULL, LK_DN_NO},
        {0x14, "Example", "a", 0x0c, "Example", NULL, LK_DN_UNDECIDED}, /* TeletexString */
        {0x14, "Example", "a", 0x14, "Example", NULL, LK_DN_YES},
        {0x0c, "\xc3\x84hnlich", "a", 0x0c, "\xc3\xa4hnlich", NULL, LK_DN_UNDECIDED},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        lk_buffer out = lk_buffer_of(&lk_heap_default, 0), base = out;
        lk_slice a = dn(&out, rows[i].tag, rows[i].o, rows[i].cn);
        lk_slice b = dn(&base, rows[i].base_tag, rows[i].base_o, rows[i].base_cn);
        assert_true(lk_dn_valid(a) && lk_dn_valid(b));
        assert_int_equal(lk_dn_within(a, b), rows[i].match);
        lk_buffer_free(&out);
        lk_buffer_free(&base);
    }
}

static void text_of_names(void **state) {
    (void)state;
    static const struct {
        const char *o, *cn, *text, *title;
    } rows[] = {
        {"Example", "a.test", "CN=a.test, O=Example", "a.test"},
        {"Example", NULL, "O=Example", "Example"},
        {NULL, NULL, "(no name)", "(no name)"},
        {NULL, "a\x1b[31mred\n", "CN=a\\x1B[31mred\\x0A", "a\\x1B[31mred\\x0A"},
        {NULL, "back\\slash", "CN=back\\\\slash", "back\\\\slash"},
        {NULL, "Gr\xc3\xbc\xc3\x9f", "CN=Gr\xc3\xbc\xc3\x9f", "Gr\xc3\xbc\xc3\x9f"},
        {NULL, "\xe2\x80\xaegnp.exe", "CN=\\xE2\\x80\\xAEgnp.exe", "\\xE2\\x80\\xAEgnp.exe"},
        {NULL, "\xc3(", "CN=\\xC3(", "\\xC3("},
        {NULL, "\xed\xa0\x80", "CN=\\xED\\xA0\\x80", "\\xED\\xA0\\x80"}, /* a surrogate */
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        lk_buffer name = lk_buffer_of(&lk_heap_default, 0), out = name;
        lk_slice n = dn(&name, LK_DER_UTF8_STRING, rows[i].o, rows[i].cn);
        assert_true(lk_dn_text(&out, n) && lk_buffer_append(&out, lk_slice_of("", 1)));
        assert_string_equal((const char *)lk_buffer_bytes(&out), rows[i].text);
        lk_buffer_cut(&out, 0);
        assert_true(lk_dn_title(&out, n) && lk_buffer_append(&out, lk_slice_of("", 1)));
        assert_string_equal((const char *)lk_buffer_bytes(&out), rows[i].title);
        lk_buffer_free(&out);
        lk_buffer_free(&name);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lengths),
        cmocka_unit_test(failure_takes_nothing),
        cmocka_unit_test(integers),
        cmocka_unit_test(booleans_and_null),
        cmocka_unit_test(bit_strings),
        cmocka_unit_test(oids),
        cmocka_unit_test(times),
        cmocka_unit_test(built_is_read),
        cmocka_unit_test(subtrees_of_names),
        cmocka_unit_test(text_of_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
