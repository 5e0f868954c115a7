/*
 * ct_test.c - certificates of the web and the keys of the logs that have timed them
 * (tests/vectors/ct): the log list is read, every SCT verifies, the certificates have enough; and
 * nothing of that holds when a bit is another.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "crypto/digest.h"
#include "store/log_list.h"
#include "util/buffer.h"
#include "util/pem.h"
#include "x509/sct.h"

#define NOW_MS INT64_C(1773600000000) /* 2026-03-15T18:40:00Z */

static lk_buffer load(const char *name) {
    char path[512];
    lk_buffer out = lk_buffer_of(&lk_heap_default, 0);
    snprintf(path, sizeof path, "%s/ct/%s", LK_VECTORS_DIR, name);
    FILE *f = fopen(path, "rb");
    assert_non_null(f);
    uint8_t *room = lk_buffer_reserve(&out, 65536);
    assert_non_null(room);
    lk_buffer_commit(&out, fread(room, 1, 65536, f));
    fclose(f);
    return out;
}

static bool add(void *arg, const lk_log_list_entry *e) {
    uint8_t id[LK_HASH_MAX];
    lk_digest_of(LK_SHA256, id, e->spki);
    assert_true(lk_slice_equal(e->log_id, lk_slice_of(id, 32)));
    return lk_log_set_add(arg, NULL, e->spki, e->operator_name, e->description,
                          (enum lockstep_log_state)e->state, e->since_ms, e->expiry_from_ms,
                          e->expiry_to_ms) == LOCKSTEP_OK;
}

static lk_log_set *real_logs(void) {
    size_t n;
    lk_log_set *set = lk_log_set_new(&lk_heap_default);
    lk_buffer json = load("logs.json");
    assert_null(lk_log_list_read(lk_buffer_slice(&json), add, set, &n));
    assert_int_equal(n, 7);
    assert_int_equal(lk_log_set_count(set), 7);
    lk_buffer_free(&json);
    return set;
}

static bool all_verify(const lk_log_set *logs, const lk_cert *cert, const lk_cert *issuer) {
    lk_slice list;
    lk_sct scts[LK_SCT_MAX];
    size_t n;
    assert_true(lk_sct_embedded(&list, cert) && lk_sct_list_parse(scts, &n, list) && n > 0);
    bool all = true;
    for (size_t i = 0; i < n; i++) {
        const lk_log *log = lk_log_set_find(logs, scts[i].log_id);
        assert_non_null(log);
        all = all && lk_sct_verify(&scts[i], log, LK_SCT_EMBEDDED, cert, issuer, &lk_heap_default);
    }
    return all;
}

static void real_certificates(void **state) {
    (void)state;
    static const struct {
        const char *name;
        unsigned scts, operators, wanted;
    } rows[] = {
        {"apple.com.pem", 4, 4, 2}, {"google.com.pem", 2, 2, 2}, {"docs.python.org.pem", 3, 3, 3}};
    lk_log_set *logs = real_logs();
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        lk_buffer pem = load(rows[i].name), leaf_der = lk_buffer_of(&lk_heap_default, 0),
                  issuer_der = lk_buffer_of(&lk_heap_default, 0);
        lk_slice text = lk_buffer_slice(&pem);
        lk_cert leaf, issuer;
        lk_ct_result r;
        assert_int_equal(lk_pem_next(&text, "CERTIFICATE", &leaf_der), 1);
        assert_int_equal(lk_pem_next(&text, "CERTIFICATE", &issuer_der), 1);
        assert_int_equal(lk_cert_parse(&leaf, lk_buffer_slice(&leaf_der)), LOCKSTEP_OK);
        assert_int_equal(lk_cert_parse(&issuer, lk_buffer_slice(&issuer_der)), LOCKSTEP_OK);
        assert_true(all_verify(logs, &leaf, &issuer));
        assert_false(all_verify(logs, &leaf, &leaf));
        lk_ct_input in = {.logs = logs,
                          .cert = &leaf,
                          .issuer = &issuer,
                          .now_ms = NOW_MS,
                          .heap = &lk_heap_default};
        lk_ct_judge(&r, &in);
        assert_true(r.enough);
        assert_int_equal(r.found, rows[i].scts);
        assert_int_equal(r.valid, rows[i].scts);
        assert_int_equal(r.operators, rows[i].operators);
        assert_int_equal(r.wanted, rows[i].wanted);
        in.now_ms = leaf.not_before * 1000 - 1;
        lk_ct_judge(&r, &in);
        assert_false(r.enough);
        assert_string_equal(r.why, "a timestamp is from the future");
        /* One bit of the serial, which is somewhere in the middle of what was signed. */
        uint8_t *byte = lk_buffer_bytes(&leaf_der) + (leaf.serial.p - leaf.der.p) + 3;
        *byte ^= 1;
        assert_int_equal(lk_cert_parse(&leaf, lk_buffer_slice(&leaf_der)), LOCKSTEP_OK);
        assert_false(all_verify(logs, &leaf, &issuer));
        lk_buffer_free(&pem);
        lk_buffer_free(&leaf_der);
        lk_buffer_free(&issuer_der);
    }
    lk_log_set_free(logs);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(real_certificates)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
