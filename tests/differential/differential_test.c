/*
 * differential_test.c - random chains, judged by us, by OpenSSL and by GnuTLS.
 *
 * Plan number n (plan.h) is made from n alone, so LOCKSTEP_DIFFERENTIAL_FROM=n and
 * LOCKSTEP_DIFFERENTIAL_COUNT=1 repeat one; COUNT also makes a longer run, _SHOW tells more of what
 * is unexplained. Three things are proven: a chain with no mutation or one gets the verdict that
 * the mutation's row promises; where a peer decides otherwise, a rule (classes.c) explains why; and
 * docs/differences.md tells of each class.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "differential/classes.h"
#include "support/forge.h"

#define COUNT 4000
#define SHOWN 25 /* unexplained disputes that are printed */

#define MAX_CLASSES 128

static unsigned counts[MAX_CLASSES], unexplained, surprises, agreed_good, agreed_bad;

static uint64_t setting(const char *name, uint64_t otherwise) {
    const char *text = getenv(name);
    return text == NULL ? otherwise : strtoull(text, NULL, 10);
}

/* trust_of is forge_trust for anchors that may be no certificates. */
static lockstep_trust *trust_of(const plan *p) {
    lockstep_trust *trust;
    assert_int_equal(lockstep_trust_new(&trust, NULL), LOCKSTEP_OK);
    for (size_t i = 0; i < p->num_anchors; i++) {
        const char *pem = forge_pem(p->anchors[i]);
        lockstep_status status =
            lockstep_trust_add(trust, NULL, NULL, (const uint8_t *)pem, strlen(pem));
        assert_true(status == LOCKSTEP_OK || status == LOCKSTEP_ERR_PEM);
    }
    return trust;
}

static const char *words_of(const lockstep_report *report) {
    size_t n = lockstep_report_num_checks(report);
    return n == 0 ? "" : lockstep_report_check(report, n - 1)->compared;
}

static void tell(const char *what, uint64_t number, const dispute *d) {
    printf("%s: plan %llu\n", what, (unsigned long long)number);
    plan_print(d->plan);
    printf("    Lockstep: %s, %s\n", lockstep_status_name(d->status), d->ours);
    if (d->theirs != NULL)
        printf("    %s: %s, %s\n", peer_name(d->peer), d->we_accept ? "refuses" : "accepts",
               d->theirs);
}

/* count counts the dispute for the first rule of its class. */
static void count(const char *name) {
    size_t i = 0;
    while (class_name(i) != NULL && strcmp(class_name(i), name) != 0)
        i++;
    assert_in_range(i, 0, MAX_CLASSES - 1);
    counts[i]++;
}

static void compare(uint64_t number, const peer_question *q, dispute *d) {
    for (peer which = 0; which < NUM_PEERS; which++) {
        peer_answer answer;
        peer_ask(&answer, which, q);
        if (answer.accepts == d->we_accept) {
            *(d->we_accept ? &agreed_good : &agreed_bad) += 1;
            continue;
        }
        d->peer = which;
        d->theirs = answer.why;
        const char *name = class_of(d);
        if (name != NULL)
            count(name);
        else if (unexplained++ < setting("LOCKSTEP_DIFFERENTIAL_SHOW", SHOWN))
            tell("unexplained", number, d);
    }
    d->theirs = NULL;
}

static void run(uint64_t number) {
    plan p;
    lk_host host;
    lockstep_report *report;
    plan_make(&p, number);
    plan_forge(&p);
    lockstep_trust *trust = trust_of(&p);
    assert_true(p.name == NULL || lk_host_parse(&host, lk_slice_of_str(p.name)));
    lk_judge_request request = {.trust = trust,
                                .explain = true,
                                .chain = p.chain,
                                .num_chain = p.num_chain,
                                .host = p.name == NULL ? NULL : &host,
                                .now_ms = FORGE_NOW * 1000,
                                .purpose = p.name == NULL ? LOCKSTEP_PURPOSE_CLIENT
                                                          : LOCKSTEP_PURPOSE_SERVER};
    lockstep_status status = lk_judge_chain(NULL, &report, &request);
    assert_non_null(report);
    peer_question q = {p.anchors, p.chain, p.num_anchors, p.num_chain, p.name, FORGE_NOW};
    dispute d = {
        .plan = &p, .we_accept = status == LOCKSTEP_OK, .status = status, .ours = words_of(report)};
    truth promised = plan_truth(&p);
    if (promised != OPEN && (promised == GOOD) != d.we_accept) {
        surprises++;
        tell("surprise", number, &d);
    }
    compare(number, &q, &d);
    lockstep_report_free(report);
    lockstep_trust_free(trust);
}

static void print_classes(void) {
    printf("%u agreements to accept, %u to refuse\n", agreed_good, agreed_bad);
    for (size_t i = 0; class_name(i) != NULL && i < MAX_CLASSES; i++)
        if (counts[i] > 0)
            printf("%6u  %s\n", counts[i], class_name(i));
    printf("%6u  unexplained\n", unexplained);
}

static void plans(void **state) {
    (void)state;
    uint64_t from = setting("LOCKSTEP_DIFFERENTIAL_FROM", 0);
    uint64_t count = setting("LOCKSTEP_DIFFERENTIAL_COUNT", COUNT);
    for (uint64_t i = 0; i < count; i++)
        run(from + i);
    forge_free_all();
    print_classes();
    assert_int_equal(surprises, 0);
    assert_int_equal(unexplained, 0);
}

/* docs/differences.md has a line that begins with "| `name` |" for each class. */
static void documented(void **state) {
    (void)state;
    static char text[65536];
    char row[80];
    FILE *file = fopen("docs/differences.md", "r");
    assert_non_null(file);
    text[fread(text, 1, sizeof text - 1, file)] = 0;
    fclose(file);
    for (size_t i = 0; class_name(i) != NULL; i++) {
        snprintf(row, sizeof row, "\n| `%s` |", class_name(i));
        if (strstr(text, row) == NULL)
            fail_msg("docs/differences.md does not explain %s", class_name(i));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(documented), cmocka_unit_test(plans)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
