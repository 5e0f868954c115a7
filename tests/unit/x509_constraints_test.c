/*
 * x509_constraints_test.c - name constraints (RFC 5280 §4.2.1.10), one name against one subtree at
 * a time, and their structure.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "support/forge.h"
#include "x509/constraints.h"

static lockstep_status allow(const forge_spec *issuer, const forge_spec *subject,
                             uint32_t *budget) {
    lk_cert above, below;
    lk_general_name offender;
    assert_int_equal(lk_cert_parse(&above, forge(issuer)), LOCKSTEP_OK);
    assert_int_equal(lk_cert_parse(&below, forge(subject)), LOCKSTEP_OK);
    return lk_constraints_allow(&above, &below, budget, &offender);
}

static void one_name_one_subtree(void **state) {
    (void)state;
    static const struct {
        const char *name, *base;
        bool permitted; /* by that subtree alone */
        bool excluded;  /* by that subtree */
    } rows[] = {
        {"DNS:a.test", "DNS:a.test", true, true},
        {"DNS:a.test", "DNS:test", true, true},
        {"DNS:A.TEST", "DNS:a.test", true, true},
        {"DNS:x.a.test", "DNS:a.test", true, true},
        {"DNS:xa.test", "DNS:a.test", false, false}, /* labels, not characters */
        {"DNS:test", "DNS:a.test", false, false},
        {"DNS:a.test", "DNS:", true, true},
        {"DNS:a.test", "DNS:.a.test", false, true}, /* a dot in front is for URIs: undecided */
        {"DNS:x.a.test", "DNS:.a.test", false, true},
        {"DNS:*.a.test", "DNS:a.test", true, true},
        {"DNS:*.a.test", "DNS:.a.test", false, true},
        {"DNS:*.a.test", "DNS:x.a.test", false, true},    /* one of the names it stands for */
        {"DNS:*.a.test", "DNS:y.x.a.test", false, false}, /* is none of them */
        {"DNS:*.a.test", "DNS:b.test", false, false},
        {"DNS:a_b.test", "DNS:test", true, true},
        {"DNS:not a name", "DNS:test", false, true}, /* what cannot be judged: fail closed */
        {"DNS:a.test.", "DNS:b.test", false, true},
        {"DNS:a.test", "DNS:not a name", false, true},
        {"IP:10.1.2.3", "IP:10.0.0.0/8", true, true},
        {"IP:11.1.2.3", "IP:10.0.0.0/8", false, false},
        {"IP:10.1.2.3", "IP:10.1.2.3/32", true, true},
        {"IP:10.1.2.3", "IP:0.0.0.0/0", true, true},
        {"IP:2001:db8::1", "IP:2001:db8::/32", true, true},
        {"IP:2001:db9::1", "IP:2001:db8::/32", false, false},
        {"IP:::1", "IP:0.0.0.0/0", false, false}, /* the other version */
        {"EMAIL:a@b.test", "EMAIL:a@b.test", true, true},
        {"EMAIL:a@B.TEST", "EMAIL:a@b.test", true, true},
        {"EMAIL:A@b.test", "EMAIL:a@b.test", false, false}, /* the local part has case */
        {"EMAIL:a@b.test", "EMAIL:b.test", true, true},
        {"EMAIL:a@x.b.test", "EMAIL:b.test", false, false}, /* a host, not a domain */
        {"EMAIL:a@x.b.test", "EMAIL:.b.test", true, true},
        {"EMAIL:a@b.test", "EMAIL:.b.test", false, false},
        {"EMAIL:nonsense", "EMAIL:b.test", false, true},
        {"EMAIL:\"a@b\"@c.test", "EMAIL:c.test", false, true},
        {"EMAIL:a@b@c.test", "EMAIL:c.test", false, true},
        {"URI:https://a.test/x", "URI:a.test", true, true},
        {"URI:https://u@a.test:443/x", "URI:a.test", true, true},
        {"URI:https://x.a.test/x", "URI:a.test", false, false},
        {"URI:https://x.a.test/x", "URI:.a.test", true, true},
        {"URI:https://127.0.0.1/", "URI:a.test", false, true}, /* needs a host name */
        {"URI:mailto:a@b.test", "URI:b.test", false, true},
        {"URI:https:///x", "URI:a.test", false, true},
        {"DIR:Example", "DIR:Example", true, true},
        {"DIR:example", "DIR:EXAMPLE", true, true},
        {"DIR:Example", "DIR:Other", false, false},
        {"OTHER:", "OTHER:", false, true}, /* a kind that is not understood */
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint32_t budget = 100;
        forge_spec subject = {.subject = "", .names = {rows[i].name}, .names_critical = true};
        forge_spec permits = {.ca = true, .permitted = {rows[i].base}};
        forge_spec excludes = {.ca = true, .excluded = {rows[i].base}};
        if ((allow(&permits, &subject, &budget) == LOCKSTEP_OK) != rows[i].permitted)
            fail_msg("%s permitted by %s", rows[i].name, rows[i].base);
        if ((allow(&excludes, &subject, &budget) == LOCKSTEP_OK) == rows[i].excluded)
            fail_msg("%s excluded by %s", rows[i].name, rows[i].base);
        /* A subtree of another kind of name says nothing about this one. */
        forge_spec other = {
            .ca = true,
            .permitted = {strncmp(rows[i].name, "IP:", 3) == 0 ? "DNS:z" : "IP:9.9.9.9/32"}};
        assert_int_equal(allow(&other, &subject, &budget), LOCKSTEP_OK);
    }
}

static void together(void **state) {
    (void)state;
    static const struct {
        forge_spec issuer, subject;
        lockstep_status status;
    } rows[] = {
        /* Every name must be allowed, by any one of the permitted subtrees. */
        {{.ca = true, .permitted = {"DNS:a.test", "DNS:b.test"}},
         {.names = {"DNS:a.test", "DNS:x.b.test"}},
         LOCKSTEP_OK},
        {{.ca = true, .permitted = {"DNS:a.test", "DNS:b.test"}},
         {.names = {"DNS:a.test", "DNS:c.test"}},
         LOCKSTEP_CERT_NAME_CONSTRAINTS},
        /* Excluding wins over permitting. */
        {{.ca = true, .permitted = {"DNS:a.test"}, .excluded = {"DNS:x.a.test"}},
         {.names = {"DNS:x.a.test"}},
         LOCKSTEP_CERT_NAME_CONSTRAINTS},
        {{.ca = true, .permitted = {"DNS:a.test"}, .excluded = {"DNS:x.a.test"}},
         {.names = {"DNS:y.a.test"}},
         LOCKSTEP_OK},
        /* The subject counts as a directory name, unless it is empty. */
        {{.ca = true, .permitted = {"DIR:Example"}},
         {.subject = "Example", .names = {"DNS:a.test"}},
         LOCKSTEP_OK},
        {{.ca = true, .permitted = {"DIR:Example"}},
         {.subject = "Other", .names = {"DNS:a.test", "DIR:Example"}},
         LOCKSTEP_CERT_NAME_CONSTRAINTS},
        {{.ca = true, .permitted = {"DIR:Example"}},
         {.subject = "", .names = {"DNS:a.test"}},
         LOCKSTEP_OK},
        /* No name, nothing to refuse. */
        {{.ca = true, .permitted = {"DNS:a.test"}}, {.subject = "x"}, LOCKSTEP_OK},
        /* IPv4 only: then no IPv6. */
        {{.ca = true, .permitted = {"IP:10.0.0.0/8"}},
         {.names = {"IP:::1"}},
         LOCKSTEP_CERT_NAME_CONSTRAINTS},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint32_t budget = 100;
        if (allow(&rows[i].issuer, &rows[i].subject, &budget) != rows[i].status)
            fail_msg("row %zu", i);
    }
}

static void comparisons_are_counted(void **state) {
    (void)state;
    forge_spec issuer = {.ca = true, .permitted = {"DNS:a.test", "DNS:b.test"}};
    forge_spec subject = {.subject = "", .names = {"DNS:a.test", "DNS:b.test"}};
    for (uint32_t budget = 0; budget < 6; budget++) {
        uint32_t left = budget;
        assert_int_equal(allow(&issuer, &subject, &left),
                         budget < 4 ? LOCKSTEP_CERT_BUDGET : LOCKSTEP_OK);
        assert_int_equal(left, budget < 4 ? 0 : budget - 4);
    }
}

static void structure(void **state) {
    (void)state;
    static const struct {
        const char *title;
        uint8_t bytes[40];
        bool valid;
    } rows[] = {
        {"one permitted", {0x30, 7, 0xa0, 5, 0x30, 3, 0x82, 1, 'a'}, true},
        {"one excluded", {0x30, 7, 0xa1, 5, 0x30, 3, 0x82, 1, 'a'}, true},
        {"both", {0x30, 14, 0xa0, 5, 0x30, 3, 0x82, 1, 'a', 0xa1, 5, 0x30, 3, 0x82, 1, 'b'}, true},
        {"wrong order",
         {0x30, 14, 0xa1, 5, 0x30, 3, 0x82, 1, 'a', 0xa0, 5, 0x30, 3, 0x82, 1, 'b'},
         false},
        {"nothing", {0x30, 0}, false},
        {"an empty list", {0x30, 2, 0xa0, 0}, false},
        {"both lists empty", {0x30, 4, 0xa0, 0, 0xa1, 0}, false},
        {"an empty subtree", {0x30, 4, 0xa0, 2, 0x30, 0}, false},
        {"minimum 0 written", {0x30, 10, 0xa0, 8, 0x30, 6, 0x82, 1, 'a', 0x80, 1, 0}, false},
        {"minimum 1", {0x30, 10, 0xa0, 8, 0x30, 6, 0x82, 1, 'a', 0x80, 1, 1}, false},
        {"maximum", {0x30, 10, 0xa0, 8, 0x30, 6, 0x82, 1, 'a', 0x81, 1, 1}, false},
        {"an address without mask", {0x30, 10, 0xa0, 8, 0x30, 6, 0x87, 4, 1, 2, 3, 4}, false},
        {"an address with mask",
         {0x30, 14, 0xa0, 12, 0x30, 10, 0x87, 8, 1, 2, 3, 0, 255, 255, 255, 0},
         true},
        {"a mask with a hole",
         {0x30, 14, 0xa0, 12, 0x30, 10, 0x87, 8, 1, 2, 3, 0, 255, 0, 255, 0},
         false},
        {"a mask with a hole in a byte",
         {0x30, 14, 0xa0, 12, 0x30, 10, 0x87, 8, 1, 2, 3, 0, 255, 255, 0xfd, 0},
         false},
        {"something behind", {0x30, 9, 0xa0, 5, 0x30, 3, 0x82, 1, 'a', 5, 0}, false},
        {"another list", {0x30, 7, 0xa2, 5, 0x30, 3, 0x82, 1, 'a'}, false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        lk_slice permitted = {NULL, 0}, excluded = {NULL, 0};
        lk_slice whole = lk_slice_of(rows[i].bytes, 2u + rows[i].bytes[1]);
        if (lk_constraints_valid(whole, &permitted, &excluded) != rows[i].valid)
            fail_msg("%s", rows[i].title);
        for (size_t n = 0; n < whole.p_len; n++)
            assert_false(lk_constraints_valid(lk_slice_of(whole.p, n), &permitted, &excluded));
    }
}

/* §6.1.3 (b): of self-issued certificates only the last is held to the constraints. */
static void self_issued(void **state) {
    (void)state;
    forge_spec root = {.subject = "root",
                       .issuer = "root",
                       .ca = true,
                       .path_length = -1,
                       .key = forge_p256(1),
                       .signer = forge_p256(1),
                       .excluded = {"DIR:root"}};
    forge_spec rolled = {.subject = "root", /* the same CA with a new key */
                         .issuer = "root",
                         .ca = true,
                         .path_length = -1,
                         .key = forge_p256(2),
                         .signer = forge_p256(1)};
    forge_spec leaf = {
        .issuer = "root", .key = forge_p256(3), .signer = forge_p256(2), .names = {"DNS:a.test"}};
    lk_slice anchor = forge(&root), chain[2] = {forge(&leaf), forge(&rolled)};
    lockstep_trust *trust = forge_trust(&anchor, 1);
    assert_int_equal(forge_judge(NULL, trust, chain, 2, "a.test"), LOCKSTEP_OK);
    leaf.subject = "root";
    chain[0] = forge(&leaf);
    assert_int_equal(forge_judge(NULL, trust, chain, 2, "a.test"), LOCKSTEP_CERT_NAME_CONSTRAINTS);
    lockstep_trust_free(trust);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_name_one_subtree),
        cmocka_unit_test(together),
        cmocka_unit_test(comparisons_are_counted),
        cmocka_unit_test(structure),
        cmocka_unit_test(self_issued),
    };
    return cmocka_run_group_tests(tests, NULL, forge_tear_down);
}
