/*
 * status_test.c - the list of failures is sound: numbers and names are unique, every alert is one
 * of RFC 8446 §6, every text is a text; and docs/errors.md is what the list says.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <lockstep/status.h>

struct row {
    int number, alert;
    const char *name, *rule, *text;
};

static const struct row rows[] = {
#define LOCKSTEP_X(name, value, alert, rule, text)                                                 \
    {value, LOCKSTEP_ALERT_##alert, #name, rule, text},
    LOCKSTEP_STATUS_MAP(LOCKSTEP_X)
#undef LOCKSTEP_X
};
#define NUM_ROWS (sizeof rows / sizeof rows[0])

static void test_rows(void **state) {
    (void)state;
    for (size_t i = 0; i < NUM_ROWS; i++) {
        lockstep_status s = (lockstep_status)rows[i].number;
        assert_true(rows[i].number < LOCKSTEP_ALERT_FROM_PEER);
        assert_string_equal(lockstep_status_name(s), rows[i].name);
        assert_string_equal(lockstep_status_text(s), rows[i].text);
        assert_string_equal(lockstep_status_rule(s), rows[i].rule);
        assert_int_equal(lockstep_status_alert(s), rows[i].alert);
        assert_true(strlen(rows[i].text) > 5);
        if (rows[i].alert != LOCKSTEP_ALERT_NONE) {
            assert_string_not_equal(lockstep_alert_name(rows[i].alert), "unknown_alert");
            assert_true(strlen(rows[i].rule) > 0);
        }
        for (size_t k = i + 1; k < NUM_ROWS; k++) {
            assert_true(rows[k].number > rows[i].number);
            assert_string_not_equal(rows[k].name, rows[i].name);
            assert_string_not_equal(rows[k].text, rows[i].text);
        }
    }
}

static void test_values_that_are_no_rows(void **state) {
    (void)state;
    assert_string_equal(lockstep_status_name((lockstep_status)99), "UNKNOWN");
    assert_string_equal(lockstep_status_text((lockstep_status)-1), "unknown status");
    assert_int_equal(lockstep_status_alert((lockstep_status)511), LOCKSTEP_ALERT_NONE);
    assert_string_equal(lockstep_status_name((lockstep_status)(LOCKSTEP_ALERT_FROM_PEER + 48)),
                        "ALERT_FROM_PEER");
    assert_int_equal(lockstep_status_alert((lockstep_status)(LOCKSTEP_ALERT_FROM_PEER + 48)),
                     LOCKSTEP_ALERT_NONE);
    assert_string_equal(lockstep_alert_name(48), "unknown_ca");
    assert_string_equal(lockstep_alert_name(255), "unknown_alert");
}

/* docs/errors.md is made from the list: UPDATE_DOCS=1 writes it, without that it is compared. */
static void test_document(void **state) {
    (void)state;
    static char made[65536], found[65536];
    size_t n = 0;
    n += (size_t)snprintf(
        made + n, sizeof made - n,
        "# Every way to fail\n\n"
        "Made from include/lockstep/status.h by `UPDATE_DOCS=1 build/status_test`. A "
        "status of 512 + n means that\nthe peer sent the fatal alert n.\n\n"
        "| number | LOCKSTEP_ | what happened | alert sent | rule |\n"
        "|---|---|---|---|---|\n");
    for (size_t i = 0; i < NUM_ROWS; i++)
        n += (size_t)snprintf(
            made + n, sizeof made - n, "| %d | %s | %s | %s | %s |\n", rows[i].number, rows[i].name,
            rows[i].text,
            rows[i].alert == LOCKSTEP_ALERT_NONE ? "none" : lockstep_alert_name(rows[i].alert),
            rows[i].rule);
    assert_true(n < sizeof made);
    if (getenv("UPDATE_DOCS") != NULL) {
        FILE *f = fopen("docs/errors.md", "w");
        assert_non_null(f);
        assert_int_equal(fwrite(made, 1, n, f), n);
        assert_int_equal(fclose(f), 0);
    }
    FILE *f = fopen("docs/errors.md", "r");
    assert_non_null(f);
    size_t got = fread(found, 1, sizeof found - 1, f);
    fclose(f);
    assert_int_equal(got, n);
    assert_memory_equal(found, made, n);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_values_that_are_no_rows),
        cmocka_unit_test(test_document),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
