/*
 * x509_issue_constraints_test.c - CAs that lockstep_issue constrains: what they and the CAs below
 * them may certify, before our judge and before lockstep_issue itself.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "support/forge.h"
#include "util/pem.h"

#define NOW_MS (FORGE_NOW * 1000)
#define DAY_MS (FORGE_DAY * 1000)

typedef struct made {
    lockstep_blob cert, key;
} made;

static void done(made *m) {
    lockstep_blob_free(&m->cert);
    lockstep_blob_free(&m->key);
}

static lockstep_issue_request ca_request(unsigned path_length) {
    return (lockstep_issue_request){.key_kind = LOCKSTEP_KEY_ECDSA_P256,
                                    .common_name = path_length > 0 ? "Root" : "Intermediate",
                                    .is_ca = true,
                                    .path_length = path_length,
                                    .not_before_ms = NOW_MS - DAY_MS,
                                    .not_after_ms = NOW_MS + 3650 * DAY_MS};
}

static made issue(const lockstep_issue_request *r, const made *issuer) {
    made m;
    assert_int_equal(lockstep_issue(&m.cert, &m.key, NULL, r,
                                    issuer == NULL ? NULL : (const char *)issuer->cert.p,
                                    issuer == NULL ? NULL : (const char *)issuer->key.p),
                     LOCKSTEP_OK);
    return m;
}

static lk_slice der_of(const made *m, lk_buffer *der) {
    *der = lk_buffer_of(&lk_heap_default, 0);
    lk_slice text = lk_slice_of(m->cert.p, m->cert.p_len);
    assert_int_equal(lk_pem_next(&text, "CERTIFICATE", der), 1);
    return lk_buffer_slice(der);
}

static lockstep_cert *read_cert(const made *m) {
    lk_buffer der;
    lockstep_cert *cert;
    lk_slice bytes = der_of(m, &der);
    assert_int_equal(lockstep_cert_read(&cert, NULL, bytes.p, bytes.p_len), LOCKSTEP_OK);
    lk_buffer_free(&der);
    return cert;
}

/* stolen judges a leaf that a thief has made with the key of `ca`, for the names of `spec`, below a
 * root (the same, or the one above). */
static lockstep_status stolen(const made *root, const made *ca, const char *name,
                              const char *alt_name) {
    lk_buffer root_der, ca_der;
    lk_private_key *key;
    lk_cert parsed;
    lk_slice anchor = der_of(root, &root_der), above = der_of(ca, &ca_der);
    assert_int_equal(lk_cert_parse(&parsed, above), LOCKSTEP_OK);
    assert_int_equal(lk_private_key_from_pem(&key, NULL, lk_slice_of(ca->key.p, ca->key.p_len)),
                     LOCKSTEP_OK);
    forge_spec spec = {.subject = "thief",
                       .issuer = parsed.path_length > 0 ? "Root" : "Intermediate",
                       .key = forge_p256(0),
                       .signer = key,
                       .purposes = "sc",
                       .names = {alt_name}};
    lk_slice chain[] = {forge(&spec), above};
    lockstep_trust *trust = forge_trust(&anchor, 1);
    lockstep_status status = forge_judge(NULL, trust, chain, 2, name);
    lockstep_trust_free(trust);
    lk_private_key_free(key);
    lk_buffer_free(&root_der);
    lk_buffer_free(&ca_der);
    return status;
}

static const char *const development[] = {"localhost", "test", "10.0.0.0/8", "127.0.0.1",
                                          "fc00::/7"};

static const struct {
    const char *name;
    lockstep_status want;
} asked[] = {{"localhost", LOCKSTEP_OK},
             {"a.localhost", LOCKSTEP_OK},
             {"A.B.Test", LOCKSTEP_OK},
             {"*.a.test", LOCKSTEP_OK},
             {"10.255.0.1", LOCKSTEP_OK},
             {"127.0.0.1", LOCKSTEP_OK},
             {"fd12::1", LOCKSTEP_OK},
             {"atest", LOCKSTEP_CERT_NAME_CONSTRAINTS},
             {"test.example", LOCKSTEP_CERT_NAME_CONSTRAINTS},
             {"*.example.com", LOCKSTEP_CERT_NAME_CONSTRAINTS},
             {"invalid", LOCKSTEP_CERT_NAME_CONSTRAINTS},
             {"11.0.0.1", LOCKSTEP_CERT_NAME_CONSTRAINTS},
             {"127.0.0.2", LOCKSTEP_CERT_NAME_CONSTRAINTS},
             {"fe00::1", LOCKSTEP_CERT_NAME_CONSTRAINTS},
             {"::1", LOCKSTEP_CERT_NAME_CONSTRAINTS},
             {"*.test", LOCKSTEP_ERR_NAME},
             {"a b", LOCKSTEP_ERR_NAME},
             {"", LOCKSTEP_ERR_NAME},
             {NULL, LOCKSTEP_ERR_NAME}};

static void allows_and_issues_alike(void **state) {
    (void)state;
    lockstep_issue_request r = ca_request(1), m = ca_request(0);
    r.permitted = development;
    r.num_permitted = sizeof development / sizeof development[0];
    made root = issue(&r, NULL), middle = issue(&m, &root);
    const made *const cas[] = {&root, &middle}; /* the second inherits */
    for (size_t c = 0; c < 2; c++) {
        lockstep_cert *cert = read_cert(cas[c]);
        assert_string_equal(lockstep_cert_permitted(cert),
                            "localhost, test, 10.0.0.0/8, 127.0.0.1/32, fc00::/7");
        for (size_t i = 0; i < sizeof asked / sizeof asked[0]; i++) {
            lockstep_status status = lockstep_cert_allows(cert, asked[i].name);
            if (status != asked[i].want)
                fail_msg("%s: %s", asked[i].name, lockstep_status_name(status));
            lockstep_issue_request l = {.key_kind = LOCKSTEP_KEY_ECDSA_P256,
                                        .names = &asked[i].name,
                                        .num_names = 1,
                                        .not_before_ms = NOW_MS - DAY_MS,
                                        .not_after_ms = NOW_MS + DAY_MS,
                                        .purpose = LOCKSTEP_PURPOSE_SERVER};
            lockstep_blob a, b;
            assert_int_equal(lockstep_issue(&a, &b, NULL, &l, (const char *)cas[c]->cert.p,
                                            (const char *)cas[c]->key.p),
                             asked[i].want == LOCKSTEP_OK ? LOCKSTEP_OK : LOCKSTEP_ERR_NAME);
            lockstep_blob_free(&a);
            lockstep_blob_free(&b);
        }
        lockstep_cert_free(cert);
    }
    /* The key of either, in the hands of a thief. */
    for (size_t c = 0; c < 2; c++) {
        static const char *const names[][2] = {{"www.bank.example", "DNS:www.bank.example"},
                                               {"8.8.8.8", "IP:8.8.8.8"},
                                               {NULL, "EMAIL:info@bank.example"},
                                               {NULL, "URI:https://bank.example/"}};
        for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
            assert_int_equal(stolen(&root, cas[c], names[i][0], names[i][1]),
                             LOCKSTEP_CERT_NAME_CONSTRAINTS);
        /* A verifier may take an anchor's constraints for nothing, and the intermediate's still
         * bind: here it is the anchor itself. */
        assert_int_equal(stolen(cas[c], cas[c], "bank.example", "DNS:bank.example"),
                         LOCKSTEP_CERT_NAME_CONSTRAINTS);
        assert_int_equal(stolen(&root, cas[c], "a.test", "DNS:a.test"), LOCKSTEP_OK);
    }
    done(&middle);
    done(&root);
}

/* Kinds of which nothing is permitted are closed, each by itself. */
static void closes_what_is_not_listed(void **state) {
    (void)state;
    static const char *const dns[] = {"test"}, *const v4[] = {"10.0.0.0/8"},
                             *const v6[] = {"fc00::/7"},
                             *const names[] = {"a.test", "10.0.0.1", "fd00::1"};
    const char *const *const lists[] = {dns, v4, v6};
    for (size_t i = 0; i < 3; i++) {
        lockstep_issue_request r = ca_request(0);
        r.permitted = lists[i];
        r.num_permitted = 1;
        made ca = issue(&r, NULL);
        lockstep_cert *cert = read_cert(&ca);
        for (size_t k = 0; k < 3; k++)
            assert_int_equal(lockstep_cert_allows(cert, names[k]),
                             i == k ? LOCKSTEP_OK : LOCKSTEP_CERT_NAME_CONSTRAINTS);
        lockstep_cert_free(cert);
        done(&ca);
    }
}

static void excludes(void **state) {
    (void)state;
    static const char *const permitted[] = {"test"}, *const excluded[] = {"a.test", "10.0.0.0/8"};
    lockstep_issue_request r = ca_request(0);
    r.excluded = excluded;
    r.num_excluded = 2;
    made ca = issue(&r, NULL);
    lockstep_cert *cert = read_cert(&ca);
    assert_string_equal(lockstep_cert_permitted(cert), "");
    assert_int_equal(lockstep_cert_allows(cert, "x.a.test"), LOCKSTEP_CERT_NAME_CONSTRAINTS);
    assert_int_equal(lockstep_cert_allows(cert, "10.0.0.1"), LOCKSTEP_CERT_NAME_CONSTRAINTS);
    assert_int_equal(lockstep_cert_allows(cert, "example.com"), LOCKSTEP_OK);
    assert_int_equal(lockstep_cert_allows(cert, "11.0.0.1"), LOCKSTEP_OK);
    lockstep_cert_free(cert);
    done(&ca);
    r.permitted = permitted;
    r.num_permitted = 1;
    ca = issue(&r, NULL);
    cert = read_cert(&ca);
    assert_int_equal(lockstep_cert_allows(cert, "a.test"), LOCKSTEP_CERT_NAME_CONSTRAINTS);
    assert_int_equal(lockstep_cert_allows(cert, "b.test"), LOCKSTEP_OK);
    assert_int_equal(lockstep_cert_allows(cert, "11.0.0.1"), LOCKSTEP_CERT_NAME_CONSTRAINTS);
    lockstep_cert_free(cert);
    done(&ca);
}

static void refuse(const lockstep_issue_request *r, lockstep_status want, const char *title) {
    lockstep_blob a, b;
    lockstep_status status = lockstep_issue(&a, &b, NULL, r, NULL, NULL);
    if (status != want)
        fail_msg("%s: %s", title, lockstep_status_name(status));
    assert_null(a.p);
    assert_null(b.p);
}

static void refused(void **state) {
    (void)state;
    static const char *const bad[] = {
        "",           ".test",         "test.",       "*.test",   "a b",
        "10.0.0.1/8", "10.0.0.0/",     "10.0.0.0/33", "10.0.0/8", "10.0.0.0/-1",
        "::/129",     "fe80::1%lo/10", "10.0.0.0/8x", "a@b.test", "b\xc3\xbc.test",
        "::1/127"};
    static const char *const good[] = {"test", "a_b.test", "0.0.0.0/0",
                                       "::/0", "10.1.2.3", "::1/128"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        const char *const list[] = {"test", bad[i]};
        lockstep_issue_request r = ca_request(0);
        r.permitted = list;
        r.num_permitted = 2;
        refuse(&r, LOCKSTEP_ERR_NAME, bad[i]);
        r.excluded = list;
        r.num_excluded = 2;
        r.num_permitted = 0;
        refuse(&r, LOCKSTEP_ERR_NAME, bad[i]);
        assert_false(lockstep_constraint_valid(bad[i]));
    }
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        assert_true(lockstep_constraint_valid(good[i]));
    assert_false(lockstep_constraint_valid(NULL));
    lockstep_issue_request r = ca_request(0);
    r.num_permitted = 1;
    refuse(&r, LOCKSTEP_ERR_USAGE, "a number without list");
    static const char *const names[] = {"a.test"};
    lockstep_issue_request l = {.key_kind = LOCKSTEP_KEY_ECDSA_P256,
                                .names = names,
                                .num_names = 1,
                                .not_after_ms = DAY_MS,
                                .purpose = LOCKSTEP_PURPOSE_SERVER,
                                .permitted = names,
                                .num_permitted = 1};
    refuse(&l, LOCKSTEP_ERR_USAGE, "constraints of a leaf");
}

static void issuers(void **state) {
    (void)state;
    lockstep_issue_request r = ca_request(1), m = ca_request(0);
    made root = issue(&r, NULL), middle = issue(&m, &root);
    const char *cert = (const char *)middle.cert.p, *key = (const char *)middle.key.p;
    assert_int_equal(
        lockstep_issuer_check(NULL, (const char *)root.cert.p, (const char *)root.key.p, true),
        LOCKSTEP_OK);
    assert_int_equal(lockstep_issuer_check(NULL, cert, key, false), LOCKSTEP_OK);
    assert_int_equal(lockstep_issuer_check(NULL, cert, key, true), LOCKSTEP_ERR_USAGE);
    assert_int_equal(lockstep_issuer_check(NULL, cert, (const char *)root.key.p, false),
                     LOCKSTEP_ERR_KEY_MISMATCH);
    assert_int_equal(lockstep_issuer_check(NULL, key, cert, false), LOCKSTEP_ERR_PEM);
    assert_int_equal(lockstep_issuer_check(NULL, cert, NULL, false), LOCKSTEP_ERR_USAGE);
    done(&middle);
    done(&root);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(allows_and_issues_alike),
        cmocka_unit_test(closes_what_is_not_listed),
        cmocka_unit_test(excludes),
        cmocka_unit_test(refused),
        cmocka_unit_test(issuers),
    };
    return cmocka_run_group_tests(tests, NULL, forge_tear_down);
}
