/*
 * x509_trust_test.c - sets of trust anchors: what comes in, what stays out, and what it costs.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#include "support/forge.h"
#include "util/pem.h"
#include "x509/trust.h"

static lockstep_status add(lockstep_trust *trust, const char *pem, size_t *added, size_t *over) {
    return lockstep_trust_add(trust, added, over, (const uint8_t *)pem, strlen(pem));
}

static lockstep_trust *new_trust(void) {
    lockstep_trust *trust;
    assert_int_equal(lockstep_trust_new(&trust, NULL), LOCKSTEP_OK);
    return trust;
}

static const char *root_pem(const char *name, unsigned key) {
    forge_spec spec = {.subject = name,
                       .issuer = name,
                       .ca = true,
                       .path_length = -1,
                       .key = forge_p256(key),
                       .signer = forge_p256(key)};
    return forge_pem(forge(&spec));
}

static void adding(void **state) {
    (void)state;
    lockstep_trust *trust = new_trust();
    size_t added, over;
    const char *one = root_pem("one", 1);
    char both[8192];
    assert_int_equal(add(trust, one, &added, &over), LOCKSTEP_OK);
    assert_int_equal(added, 1);
    assert_int_equal(add(trust, one, &added, &over), LOCKSTEP_OK); /* there already */
    assert_int_equal(added, 0);
    snprintf(both, sizeof both, "text before\n%s# and between\n%s", root_pem("two", 2),
             "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
    assert_int_equal(add(trust, both, &added, &over), LOCKSTEP_OK);
    assert_int_equal(added, 1);
    assert_int_equal(over, 1);
    assert_int_equal(lk_trust_count(trust), 2);
    assert_int_equal(add(trust, "", &added, &over), LOCKSTEP_ERR_PEM);
    assert_int_equal(lockstep_trust_add(trust, NULL, NULL, NULL, 1), LOCKSTEP_ERR_USAGE);
    lockstep_trust *shared = lockstep_trust_share(trust);
    assert_int_equal(add(trust, one, &added, &over), LOCKSTEP_ERR_USAGE);
    lockstep_trust_free(shared);
    lockstep_trust_free(trust);
}

/* OpenSSL's TRUSTED CERTIFICATE blocks say what a certificate is trusted for, which may be e-mail
 * alone, or nothing: they are no anchors for TLS. Neither is anything else that is not said to be a
 * CERTIFICATE. */
static void partial_trust(void **state) {
    (void)state;
    static const char *const labels[] = {"TRUSTED CERTIFICATE", "X509 CERTIFICATE",
                                         "ATTRIBUTE CERTIFICATE", "CERTIFICATE REQUEST", "PKCS7"};
    for (size_t i = 0; i < sizeof labels / sizeof labels[0]; i++) {
        lockstep_trust *trust = new_trust();
        lk_buffer pem = lk_buffer_of(&lk_heap_default, 0);
        size_t added, over;
        forge_spec spec = {.subject = "root",
                           .issuer = "root",
                           .ca = true,
                           .path_length = -1,
                           .key = forge_p256(1),
                           .signer = forge_p256(1)};
        assert_true(lk_pem_write(&pem, labels[i], forge(&spec)) &&
                    lk_buffer_append(&pem, lk_slice_of("", 1)));
        assert_int_equal(add(trust, (const char *)lk_buffer_bytes(&pem), &added, &over),
                         LOCKSTEP_ERR_PEM);
        assert_int_equal(lk_trust_count(trust), 0);
        lk_buffer_free(&pem);
        lockstep_trust_free(trust);
    }
}

/* The digest that stands for a trust: of its anchors, not of where it lies. */
static void fingerprints(void **state) {
    (void)state;
    lockstep_trust *a = new_trust(), *b = new_trust();
    const char *one = root_pem("one", 1), *two = root_pem("two", 2);
    assert_memory_equal(lk_trust_fingerprint(a), lk_trust_fingerprint(b), LK_TRUST_FINGERPRINT);
    assert_int_equal(add(a, one, NULL, NULL), LOCKSTEP_OK);
    assert_memory_not_equal(lk_trust_fingerprint(a), lk_trust_fingerprint(b), LK_TRUST_FINGERPRINT);
    assert_int_equal(add(b, two, NULL, NULL), LOCKSTEP_OK);
    assert_memory_not_equal(lk_trust_fingerprint(a), lk_trust_fingerprint(b), LK_TRUST_FINGERPRINT);
    lockstep_trust_free(b);
    b = new_trust();
    assert_int_equal(add(b, one, NULL, NULL), LOCKSTEP_OK);
    assert_memory_equal(lk_trust_fingerprint(a), lk_trust_fingerprint(b), LK_TRUST_FINGERPRINT);
    lockstep_trust_free(a);
    lockstep_trust_free(b);
}

/* The system's store: every root parses, and loading them all costs less than 5 ms. */
static void system_store(void **state) {
    (void)state;
    FILE *f = fopen("/etc/ssl/certs/ca-certificates.crt", "r");
    assert_non_null(f); /* ./dev test installs it */
    static char pem[4 << 20];
    size_t n = fread(pem, 1, sizeof pem, f), added = 0, over = 0;
    fclose(f);
    double best = 1e9;
    for (int i = 0; i < 5; i++) {
        lockstep_trust *trust = new_trust();
        clock_t begin = clock();
        assert_int_equal(lockstep_trust_add(trust, &added, &over, (const uint8_t *)pem, n),
                         LOCKSTEP_OK);
        double ms = (double)(clock() - begin) * 1000 / CLOCKS_PER_SEC;
        best = ms < best ? ms : best;
        lockstep_trust_free(trust);
    }
    print_message("%zu roots loaded in %.2f ms\n", added, best);
    assert_true(added > 100);
    assert_int_equal(over, 0);
#if !defined(__SANITIZE_ADDRESS__)
    assert_true(best < 5);
#endif
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(adding),
        cmocka_unit_test(partial_trust),
        cmocka_unit_test(fingerprints),
        cmocka_unit_test(system_store),
    };
    return cmocka_run_group_tests(tests, NULL, forge_tear_down);
}
