/*
 * pkits_test.c - NIST's Public Key Interoperability Test Suite: path validation by RFC 5280 §6.1
 * with revocation lists, under its default settings (any policy will do, none is demanded).
 *
 * The rules of the web are switched off here, since these certificates are for no host. Which test
 * is valid stands in its name; the exceptions, and what is given up, stand in two tables below.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "util/heap.h"
#include "util/pem.h"
#include "x509/judge.h"

#define MAX_CERTS 512
#define NOW_MS    INT64_C(1795262400000) /* 2026-11-21T12:00:00Z; the certificates end in 2030 */

/* ---- Expectations ---------------------------------------------------------------------------- */

/* Tests whose names do not tell (PKITS §4.8, §4.12): under the default settings. */
static const struct {
    const char *name;
    bool valid;
} exceptions[] = {
    {"AllCertificatesNoPoliciesTest2EE", true},
    {"AllCertificatesSamePoliciesTest10EE", true},
    {"AllCertificatesSamePoliciesTest13EE", true},
    {"AllCertificatesanyPolicyTest11EE", true},
    {"AnyPolicyTest14EE", true},
    {"CPSPointerQualifierTest20EE", true},
    {"DifferentPoliciesTest3EE", true},
    {"DifferentPoliciesTest4EE", false},
    {"DifferentPoliciesTest5EE", false},
    {"DifferentPoliciesTest7EE", false},
    {"DifferentPoliciesTest8EE", false},
    {"DifferentPoliciesTest9EE", false},
    {"DifferentPoliciesTest12EE", false},
    {"OverlappingPoliciesTest6EE", true},
    {"UserNoticeQualifierTest15EE", true},
    {"UserNoticeQualifierTest16EE", true},
    {"UserNoticeQualifierTest17EE", true},
    {"UserNoticeQualifierTest18EE", true},
    {"UserNoticeQualifierTest19EE", true},
    {"inhibitAnyPolicyTest3EE", true},
};

/* Given up, with the reason. Each of them does end otherwise than expected, or the test fails: a
 * reason that is none any more must go. All but one are strictness; that one is told in docs. */
#define DSA      "DSA is not accepted (CA/B BR §6.1.5)"
#define BYTES    "names are compared byte for byte, as all of the web does (RFC 5280 §4.1.2.6)"
#define CRL_KEY  "a list is signed by the issuer's key, or by another of its keys on the same path"
#define RELATIVE "points named relative to the issuer are not understood; nobody uses them"
#define REASONS  "lists of some reasons say nothing that could be relied on"
#define INDIRECT "indirect lists are not processed: nobody on the web has them"
#define DELTA    "delta lists are not processed: what stands in one alone is not known"
static const struct {
    const char *name, *why;
} given_up[] = {
    {"ValidDSASignaturesTest4EE", DSA},
    {"ValidDSAParameterInheritanceTest5EE", DSA},
    {"ValidNameChainingWhitespaceTest3EE", BYTES},
    {"ValidNameChainingWhitespaceTest4EE", BYTES},
    {"ValidNameChainingCapitalizationTest5EE", BYTES},
    {"ValidRolloverfromPrintableStringtoUTF8StringTest10EE", BYTES},
    {"ValidUTF8StringCaseInsensitiveMatchTest11EE", BYTES},
    {"ValidBasicSelfIssuedNewWithOldTest4EE", CRL_KEY},
    {"ValidBasicSelfIssuedCRLSigningKeyTest6EE", CRL_KEY},
    {"ValidSeparateCertificateandCRLKeysTest19EE", CRL_KEY},
    {"ValiddistributionPointTest4EE", RELATIVE},
    {"ValiddistributionPointTest5EE", RELATIVE},
    {"ValiddistributionPointTest7EE", RELATIVE},
    {"ValidonlySomeReasonsTest18EE", REASONS},
    {"ValidonlySomeReasonsTest19EE", REASONS},
    {"ValidIDPwithindirectCRLTest22EE", INDIRECT},
    {"ValidIDPwithindirectCRLTest24EE", INDIRECT},
    {"ValidIDPwithindirectCRLTest25EE", INDIRECT},
    {"ValidcRLIssuerTest28EE", INDIRECT},
    {"ValidcRLIssuerTest29EE", INDIRECT},
    {"ValidcRLIssuerTest30EE", INDIRECT},
    {"ValidcRLIssuerTest33EE", INDIRECT},
    {"InvaliddeltaCRLTest4EE", DELTA},
    {"ValiddeltaCRLTest5EE", DELTA},
};

/* ---- The suite ------------------------------------------------------------------------------- */

typedef struct entry {
    char name[96];
    lk_buffer der;
    lk_cert cert;
    bool parses;
} entry;

static entry certs[MAX_CERTS];
static size_t num_certs;
static lockstep_trust *trust;
static lockstep_policy *policy;
static unsigned num_lists;

/* read_suite takes the blocks of the file apart; the name of each stands in the line before it. */
static void read_suite(void) {
    static const char cert_begin[] = "-----BEGIN CERTIFICATE-----";
    FILE *f = fopen(LK_VECTORS_DIR "/pkits/pkits.pem", "r");
    assert_non_null(f);
    static char line[1 << 17], block[1 << 17];
    char name[96] = "";
    while (fgets(line, sizeof line, f) != NULL) {
        if (strncmp(line, "-----BEGIN ", 11) != 0) {
            snprintf(name, sizeof name, "%.*s", (int)strcspn(line, "\n"), line);
            continue;
        }
        bool is_cert = strncmp(line, cert_begin, strlen(cert_begin)) == 0;
        size_t n = (size_t)snprintf(block, sizeof block, "%s", line);
        while (strstr(block, "-----END") == NULL && fgets(line, sizeof line, f) != NULL)
            n += (size_t)snprintf(block + n, sizeof block - n, "%s", line);
        if (!is_cert) {
            const char *why;
            /* Those that cannot be used (delta, indirect, malformed) stay out, as they must. */
            lockstep_status status =
                lockstep_policy_add_crl(policy, &why, (const uint8_t *)block, n);
            assert_true(status == LOCKSTEP_OK || status == LOCKSTEP_CERT_MALFORMED);
            num_lists += status == LOCKSTEP_OK;
            continue;
        }
        entry *e = &certs[num_certs++];
        lk_slice text = lk_slice_of(block, n);
        snprintf(e->name, sizeof e->name, "%s", name);
        e->der = lk_buffer_of(&lk_heap_default, 0);
        assert_int_equal(lk_pem_next(&text, "CERTIFICATE", &e->der), 1);
        e->parses = lk_cert_parse(&e->cert, lk_buffer_slice(&e->der)) == LOCKSTEP_OK;
        if (strcmp(name, "TrustAnchorRootCertificate") == 0)
            assert_int_equal(lockstep_trust_add(trust, NULL, NULL, (const uint8_t *)block, n),
                             LOCKSTEP_OK);
    }
    fclose(f);
}

static bool is_test(const entry *e) {
    size_t n = strlen(e->name);
    return n > 2 && strcmp(e->name + n - 2, "EE") == 0;
}

/* gather collects every certificate that names alone could put above the leaf. */
static size_t gather(lk_slice chain[LK_SEARCH_MAX_CERTS], const entry *leaf) {
    const entry *in[LK_SEARCH_MAX_CERTS] = {leaf};
    size_t n = 1;
    chain[0] = lk_buffer_slice(&leaf->der);
    for (size_t at = 0; at < n; at++)
        for (size_t i = 0; i < num_certs && in[at]->parses; i++) {
            bool there = !certs[i].parses || is_test(&certs[i]) ||
                         !lk_slice_equal(certs[i].cert.subject, in[at]->cert.issuer);
            for (size_t k = 0; k < n; k++)
                there = there || in[k] == &certs[i];
            if (there || n == LK_SEARCH_MAX_CERTS)
                continue;
            in[n] = &certs[i];
            chain[n++] = lk_buffer_slice(&certs[i].der);
        }
    return n;
}

static bool expected(const char *name) {
    for (size_t i = 0; i < sizeof exceptions / sizeof exceptions[0]; i++)
        if (strcmp(name, exceptions[i].name) == 0)
            return exceptions[i].valid;
    assert_true(strncmp(name, "Valid", 5) == 0 || strncmp(name, "Invalid", 7) == 0);
    return name[0] == 'V';
}

static const char *reason(const char *name) {
    for (size_t i = 0; i < sizeof given_up / sizeof given_up[0]; i++)
        if (strcmp(name, given_up[i].name) == 0)
            return given_up[i].why;
    return NULL;
}

static void whole_suite(void **state) {
    (void)state;
    unsigned right = 0, given = 0, wrong = 0;
    assert_int_equal(lockstep_trust_new(&trust, NULL), LOCKSTEP_OK);
    assert_int_equal(lockstep_policy_new(&policy, NULL), LOCKSTEP_OK);
    read_suite();
    assert_int_equal(lockstep_policy_set_revocation(policy, LOCKSTEP_REVOCATION_CHAIN),
                     LOCKSTEP_OK);
    for (size_t i = 0; i < num_certs; i++) {
        if (!is_test(&certs[i]))
            continue;
        lk_slice chain[LK_SEARCH_MAX_CERTS];
        lockstep_report *report = NULL;
        lk_judge_request r = {.trust = trust,
                              .policy = policy,
                              .chain = chain,
                              .num_chain = gather(chain, &certs[i]),
                              .without_name = true,
                              .now_ms = NOW_MS,
                              .purpose = LOCKSTEP_PURPOSE_SERVER,
                              .profile = LK_PROFILE_RFC5280,
                              .explain = true};
        lockstep_status status = lk_judge_chain(NULL, &report, &r);
        const char *why = reason(certs[i].name);
        bool as_expected = (status == LOCKSTEP_OK) == expected(certs[i].name);
        if (as_expected && why == NULL)
            right++;
        else if (!as_expected && why != NULL)
            given++;
        else {
            wrong++;
            print_error("%s: %s%s\n  %s\n", certs[i].name, lockstep_status_name(status),
                        why != NULL ? ", although it was given up" : "",
                        lockstep_report_sentence(report));
        }
        lockstep_report_free(report);
    }
    print_message("PKITS: %u as expected, %u given up, %u wrong; %u revocation lists\n", right,
                  given, wrong, num_lists);
    assert_int_equal(wrong, 0);
    assert_int_equal(right, 199);
    assert_int_equal(given, sizeof given_up / sizeof given_up[0]);
    assert_int_equal(num_lists, 152);
    for (size_t i = 0; i < num_certs; i++)
        lk_buffer_free(&certs[i].der);
    lockstep_policy_free(policy);
    lockstep_trust_free(trust);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(whole_suite)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
