/*
 * text_test.c - base64 (RFC 4648), PEM (RFC 7468), civil time and text that is cut.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "util/base64.h"
#include "util/civil.h"
#include "util/format.h"
#include "util/pem.h"

static lk_buffer empty(void) {
    return lk_buffer_of(&lk_heap_default, 0);
}

/* ---- base64 -----------------------------------------------------------------------------------
 */

static void test_base64_vectors(void **state) {
    (void)state;
    /* RFC 4648 §10 */
    static const char *const pairs[][2] = {{"", ""},
                                           {"f", "Zg=="},
                                           {"fo", "Zm8="},
                                           {"foo", "Zm9v"},
                                           {"foob", "Zm9vYg=="},
                                           {"fooba", "Zm9vYmE="},
                                           {"foobar", "Zm9vYmFy"}};
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        lk_buffer out = empty();
        assert_true(lk_base64_encode(&out, lk_slice_of_str(pairs[i][0]), 0));
        assert_true(lk_slice_equal(lk_buffer_slice(&out), lk_slice_of_str(pairs[i][1])));
        lk_buffer_cut(&out, 0);
        assert_true(lk_base64_decode(&out, lk_slice_of_str(pairs[i][1])));
        assert_true(lk_slice_equal(lk_buffer_slice(&out), lk_slice_of_str(pairs[i][0])));
        lk_buffer_free(&out);
    }
}

static void test_base64_strict(void **state) {
    (void)state;
    static const char *const bad[] = {"Z",     "Zg",    "Zg=",      "Zm9vY",    "Zh==",  "Zm9=",
                                      "Z===",  "====",  "Zg==Zg==", "Zg=a",     "Zm9v*", "Zm-_",
                                      "=Zm9v", "Zm=9v", "Zm9vZg=",  "\x80Zm9v", "Zg==="};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        lk_buffer out = empty();
        assert_true(lk_buffer_append(&out, lk_slice_of("before", 6)));
        if (lk_base64_decode(&out, lk_slice_of_str(bad[i])))
            fail_msg("\"%s\" was taken", bad[i]);
        assert_int_equal(lk_buffer_length(&out), 6); /* as before */
        lk_buffer_free(&out);
    }
    lk_buffer out = empty();
    assert_true(lk_base64_decode(&out, lk_slice_of_str(" Zm\r\n9v\tYg = =\n")));
    assert_true(lk_slice_equal(lk_buffer_slice(&out), lk_slice_of_str("foob")));
    lk_buffer_free(&out);
}

static void test_base64_round_trip(void **state) {
    (void)state;
    uint8_t bytes[300];
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)(i * 167 + i / 3);
    for (size_t n = 0; n <= sizeof bytes; n++) {
        lk_buffer text = empty(), back = empty();
        assert_true(lk_base64_encode(&text, lk_slice_of(bytes, n), 64));
        assert_true(lk_base64_decode(&back, lk_buffer_slice(&text)));
        assert_true(lk_slice_equal(lk_buffer_slice(&back), lk_slice_of(bytes, n)));
        lk_buffer_free(&text);
        lk_buffer_free(&back);
    }
}

/* ---- PEM --------------------------------------------------------------------------------------
 */

#define BEGIN(label) "-----BEGIN " label "-----\n"
#define END(label)   "-----END " label "-----\n"

static void test_pem(void **state) {
    (void)state;
    lk_buffer out = empty();
    lk_slice text = lk_slice_of_str("some words\n" BEGIN("X") "Zm9v\n" END("X") BEGIN(
        "Y") "YmFy\r\n" END("Y") "between\n" BEGIN("X") "Zg\n==\n" END("X"));
    assert_int_equal(lk_pem_next(&text, "X", &out), 1);
    assert_int_equal(lk_pem_next(&text, "X", &out), 1);
    assert_int_equal(lk_pem_next(&text, "X", &out), 0);
    assert_true(lk_slice_equal(lk_buffer_slice(&out), lk_slice_of_str("foof")));
    lk_buffer_free(&out);
    static const char *const broken[] = {
        BEGIN("X") "Zm9v\n",                                    /* no end */
        BEGIN("X") "Zm9v\n" END("Y"),                           /* another's end */
        BEGIN("X") "Zm9\n" END("X"),                            /* no base64 */
        BEGIN("X") "Proc-Type: 4,ENCRYPTED\n\nZm9v\n" END("X"), /* headers of RFC 1421 */
        BEGIN("X") BEGIN("X") "Zm9v\n" END("X"),                /* one in another */
    };
    for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) {
        text = lk_slice_of_str(broken[i]);
        assert_int_equal(lk_pem_next(&text, "X", &out), LK_PEM_BROKEN);
        assert_int_equal(lk_buffer_length(&out), 0);
        lk_buffer_free(&out);
    }
    text = lk_slice_of_str("----BEGIN X----\nZm9v\n" END("X"));
    assert_int_equal(lk_pem_next(&text, "X", &out), 0);
}

static void test_pem_round_trip(void **state) {
    (void)state;
    uint8_t der[200];
    lk_buffer text = empty(), back = empty();
    for (size_t i = 0; i < sizeof der; i++)
        der[i] = (uint8_t)i;
    for (size_t n = 1; n <= sizeof der; n++) {
        assert_true(lk_pem_write(&text, "CERTIFICATE", lk_slice_of(der, n)));
        lk_slice rest = lk_buffer_slice(&text);
        assert_int_equal(lk_pem_next(&rest, "CERTIFICATE", &back), 1);
        assert_true(lk_slice_equal(lk_buffer_slice(&back), lk_slice_of(der, n)));
        lk_buffer_cut(&text, 0);
        lk_buffer_cut(&back, 0);
    }
    lk_buffer_free(&text);
    lk_buffer_free(&back);
}

/* ---- Civil time -------------------------------------------------------------------------------
 */

static void test_civil_known(void **state) {
    (void)state;
    static const struct {
        lk_civil civil;
        int64_t unix_time;
        int weekday;
    } known[] = {{{1970, 1, 1, 0, 0, 0}, 0, 4},
                 {{1969, 12, 31, 23, 59, 59}, -1, 3},
                 {{2000, 2, 29, 12, 0, 0}, 951825600, 2},
                 {{2026, 11, 21, 12, 0, 0}, 1795262400, 6},
                 {{2038, 1, 19, 3, 14, 8}, INT64_C(2147483648), 2},
                 {{9999, 12, 31, 23, 59, 59}, INT64_C(253402300799), 5},
                 {{0, 1, 1, 0, 0, 0}, INT64_C(-62167219200), 6}};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        int64_t t;
        assert_true(lk_civil_to_unix(&t, known[i].civil));
        assert_int_equal(t, known[i].unix_time);
        lk_civil back = lk_civil_from_unix(t);
        assert_memory_equal(&back, &known[i].civil, sizeof back);
        assert_int_equal(lk_civil_weekday(t), known[i].weekday);
    }
}

static void test_civil_refused(void **state) {
    (void)state;
    static const lk_civil bad[] = {
        {2025, 2, 29, 0, 0, 0}, {1900, 2, 29, 0, 0, 0}, {2026, 4, 31, 0, 0, 0},
        {2026, 13, 1, 0, 0, 0}, {2026, 0, 1, 0, 0, 0},  {2026, 1, 0, 0, 0, 0},
        {2026, 1, 1, 24, 0, 0}, {2026, 1, 1, 0, 60, 0}, {2026, 6, 30, 23, 59, 60},
        {-1, 1, 1, 0, 0, 0},    {10000, 1, 1, 0, 0, 0}, {2026, 1, 1, -1, 0, 0}};
    int64_t t;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(lk_civil_to_unix(&t, bad[i]));
}

/* Every day of ten thousand years follows the one before. */
static void test_civil_every_day(void **state) {
    (void)state;
    int64_t t, start;
    assert_true(lk_civil_to_unix(&start, (lk_civil){0, 1, 1, 0, 0, 0}));
    lk_civil before = lk_civil_from_unix(start);
    for (t = start + 86400; t <= INT64_C(253402300799); t += 86400) {
        lk_civil day = lk_civil_from_unix(t);
        int64_t back;
        bool next = day.day == before.day + 1
                        ? day.month == before.month
                        : day.day == 1 && (day.month == before.month + 1 ||
                                           (day.month == 1 && before.month == 12));
        assert_true(next && lk_civil_to_unix(&back, day) && back == t);
        before = day;
    }
}

/* ---- Text that is cut ------------------------------------------------------------------------ */

__attribute__((format(printf, 3, 4))) static size_t cut(char *out, size_t out_len,
                                                        const char *format, ...) {
    va_list args;
    va_start(args, format);
    size_t n = lk_format_cut(out, out_len, format, args);
    va_end(args);
    return n;
}

/* Whatever room there is, what is left is whole characters, and as many as fit. */
static void test_cut_between_characters(void **state) {
    (void)state;
    static const char text[] = "a\xc3\xa9\xe2\x82\xac\xf0\x9f\x94\x92z\xe2\x82\xac\xc3\xa9";
    for (size_t room = 1; room <= sizeof text + 1; room++) {
        char out[sizeof text + 1];
        memset(out, 'x', sizeof out);
        size_t n = cut(out, room, "%s%s", text, ""), next = n + 1;
        assert_int_equal(strlen(out), n);
        assert_true(n < room && memcmp(out, text, n) == 0);
        assert_true(((unsigned char)text[n] & 0xc0) != 0x80);
        while (n < strlen(text) && ((unsigned char)text[next] & 0xc0) == 0x80)
            next++;
        assert_true(n == strlen(text) || next >= room);
    }
    /* What is no UTF-8 is cut too, and nothing before it is read. */
    char out[3];
    assert_int_equal(cut(out, sizeof out, "%s", "\x80\x80\x80"), 2);
    assert_int_equal(cut(out, 1, "%s", "\xe2\x82\xac"), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cut_between_characters),
        cmocka_unit_test(test_base64_vectors),
        cmocka_unit_test(test_base64_strict),
        cmocka_unit_test(test_base64_round_trip),
        cmocka_unit_test(test_pem),
        cmocka_unit_test(test_pem_round_trip),
        cmocka_unit_test(test_civil_known),
        cmocka_unit_test(test_civil_refused),
        cmocka_unit_test(test_civil_every_day),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
