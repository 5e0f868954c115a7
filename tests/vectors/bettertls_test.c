/*
 * bettertls_test.c - Netflix's BetterTLS (vectors/bettertls): building paths among chains that
 * branch, and name constraints.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>
#include <jansson.h>

#include "util/base64.h"
#include "util/heap.h"
#include "util/pem.h"
#include "x509/judge.h"

#define NOW_MS    INT64_C(1795348800000) /* 2026-11-22T12:00:00Z, a day after they were made */
#define MAX_CERTS 4096

static lk_buffer certs[MAX_CERTS];

static lk_buffer decode(const json_t *base64) {
    lk_buffer der = lk_buffer_of(&lk_heap_default, 0);
    assert_true(lk_base64_decode(&der, lk_slice_of_str(json_string_value(base64))));
    return der;
}

static void every_case(void **state) {
    (void)state;
    json_error_t error;
    json_t *all = json_load_file(LK_VECTORS_DIR "/bettertls/bettertls-part.json", 0, &error), *json;
    if (all == NULL)
        fail_msg("%s", error.text);
    size_t i, num_certs = json_array_size(json_object_get(all, "certificates"));
    unsigned accepted = 0, refused = 0, wrong = 0;
    lockstep_trust *trust;
    assert_in_range(num_certs, 1, MAX_CERTS);
    json_array_foreach(json_object_get(all, "certificates"), i, json) certs[i] = decode(json);
    lk_buffer root = decode(json_object_get(all, "root")), pem = lk_buffer_of(&lk_heap_default, 0);
    assert_true(lk_pem_write(&pem, "CERTIFICATE", lk_buffer_slice(&root)));
    assert_int_equal(lockstep_trust_new(&trust, NULL), LOCKSTEP_OK);
    assert_int_equal(
        lockstep_trust_add(trust, NULL, NULL, lk_buffer_bytes(&pem), lk_buffer_length(&pem)),
        LOCKSTEP_OK);
    json_array_foreach(json_object_get(all, "cases"), i, json) {
        lk_slice chain[LK_SEARCH_MAX_CERTS];
        size_t k, n = 0;
        json_t *index;
        json_array_foreach(json_object_get(json, "chain"), k, index) {
            assert_in_range(n, 0, LK_SEARCH_MAX_CERTS - 1);
            assert_in_range(json_integer_value(index), 0, num_certs - 1);
            chain[n++] = lk_buffer_slice(&certs[json_integer_value(index)]);
        }
        lockstep_report *report;
        lockstep_case what = {.trust = trust,
                              .chain = chain,
                              .num_chain = n,
                              .name = json_string_value(json_object_get(json, "hostname")),
                              .now_ms = NOW_MS,
                              .purpose = LOCKSTEP_PURPOSE_SERVER};
        lockstep_status status = lockstep_judge(&report, &what);
        assert_non_null(report);
        bool accept = json_is_true(json_object_get(json, "accept"));
        if ((status == LOCKSTEP_OK) != accept) {
            wrong++;
            print_error("%s: %s, must be %s: %s\n", json_string_value(json_object_get(json, "id")),
                        lockstep_status_name(status), accept ? "accepted" : "refused",
                        lockstep_report_sentence(report));
        }
        accepted += status == LOCKSTEP_OK;
        refused += status != LOCKSTEP_OK;
        lockstep_report_free(report);
    }
    print_message("BetterTLS: %u accepted, %u refused, %u wrong\n", accepted, refused, wrong);
    assert_int_equal(wrong, 0);
    assert_int_equal(accepted, 167);
    assert_int_equal(refused, 230);
    for (i = 0; i < num_certs; i++)
        lk_buffer_free(&certs[i]);
    lk_buffer_free(&root);
    lk_buffer_free(&pem);
    lockstep_trust_free(trust);
    json_decref(all);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_case)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
