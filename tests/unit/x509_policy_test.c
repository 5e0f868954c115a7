/*
 * x509_policy_test.c - what is asked of a chain beyond the rules that always hold: pins,
 * transparency, certificate policies, and the memory of chains that were good.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "crypto/digest.h"
#include "support/forge.h"
#include "support/forge_crl.h"
#include "support/forge_ocsp.h"
#include "support/forge_sct.h"
#include "util/base64.h"
#include "x509/judge.h"

typedef struct bench {
    lockstep_trust *trust;
    lockstep_policy *policy;
    lk_slice root, chain[2];
    lockstep_case what;
} bench;

static void set_up_with(bench *b, const forge_spec *leaf, const forge_spec *middle) {
    forge_spec root = forge_root();
    b->root = forge(&root);
    b->chain[0] = forge(leaf);
    b->chain[1] = forge(middle);
    b->trust = forge_trust(&b->root, 1);
    assert_int_equal(lockstep_policy_new(&b->policy, NULL), LOCKSTEP_OK);
    b->what = forge_case(b->trust, b->chain, 2, "a.test");
    b->what.policy = b->policy;
}

static void set_up(bench *b) {
    forge_spec leaf = forge_leaf(), middle = forge_middle();
    set_up_with(b, &leaf, &middle);
}

static void tear_down(bench *b) {
    lockstep_policy_free(b->policy);
    lockstep_trust_free(b->trust);
}

/* judged checks the verdict, and what the last check of the report was. */
static void judged(const bench *b, lockstep_status want, const char *last, const char *says) {
    lockstep_report *report;
    lockstep_status status = lockstep_judge(&report, &b->what);
    assert_non_null(report);
    const lockstep_check *check =
        lockstep_report_check(report, lockstep_report_num_checks(report) - 1);
    if (status != want || strcmp(check->name, last) != 0 || strstr(check->compared, says) == NULL)
        fail_msg("want %s by %s (%s), got %s by %s: %s", lockstep_status_name(want), last, says,
                 lockstep_status_name(status), check->name, check->compared);
    assert_int_equal(check->status, want);
    lockstep_report_free(report);
}

/* ---- Revocation ------------------------------------------------------------------------------ */

/* list_of adds the list of `issuer` (1: the intermediate's, of leaves; 2: the root's) with or
 * without the certificate below it. */
static void list_of(bench *b, int issuer, bool revoked, int64_t age_days) {
    lk_cert ca, below;
    const char *why;
    assert_int_equal(lk_cert_parse(&ca, issuer == 1 ? b->chain[1] : b->root), LOCKSTEP_OK);
    assert_int_equal(lk_cert_parse(&below, b->chain[issuer - 1]), LOCKSTEP_OK);
    forge_crl_entry entry = {.serial = below.serial, .reason = 1};
    forge_crl_spec spec = {.issuer = &ca,
                           .signer = forge_p256(issuer == 1 ? 2 : 1),
                           .this_update = FORGE_NOW - (age_days + 1) * FORGE_DAY,
                           .next_update = FORGE_NOW - (age_days - 1) * FORGE_DAY,
                           .entries = &entry,
                           .num_entries = revoked};
    lk_slice crl = forge_crl(&spec);
    assert_int_equal(lockstep_policy_add_crl(b->policy, &why, crl.p, crl.p_len), LOCKSTEP_OK);
}

static void mode(bench *b, enum lockstep_revocation mode) {
    assert_int_equal(lockstep_policy_set_revocation(b->policy, mode), LOCKSTEP_OK);
}

static void revocation_lists(void **state) {
    (void)state;
    bench b;
    set_up(&b);
    mode(&b, LOCKSTEP_REVOCATION_LEAF);
    judged(&b, LOCKSTEP_CERT_REVOCATION_UNKNOWN, "revocation", "no list was given");
    list_of(&b, 1, false, 5);
    judged(&b, LOCKSTEP_CERT_REVOCATION_UNKNOWN, "revocation", "out of date");
    mode(&b, LOCKSTEP_REVOCATION_SOFT);
    judged(&b, LOCKSTEP_OK, "host name", "a.test");
    mode(&b, LOCKSTEP_REVOCATION_LEAF);
    list_of(&b, 1, false, 0);
    judged(&b, LOCKSTEP_OK, "host name", "a.test");
    mode(&b, LOCKSTEP_REVOCATION_CHAIN);
    judged(&b, LOCKSTEP_CERT_REVOCATION_UNKNOWN, "revocation", "no CRL is of its issuer");
    list_of(&b, 2, false, 0);
    judged(&b, LOCKSTEP_OK, "host name", "a.test");
    /* Whatever the mode, and even by a list of last month. */
    list_of(&b, 2, true, 30);
    for (int m = LOCKSTEP_REVOCATION_SOFT; m <= LOCKSTEP_REVOCATION_CHAIN; m++) {
        mode(&b, (enum lockstep_revocation)m);
        judged(&b, LOCKSTEP_CERT_REVOKED, "revocation", "reason keyCompromise");
    }
    tear_down(&b);
    set_up(&b);
    list_of(&b, 1, true, 0);
    judged(&b, LOCKSTEP_CERT_REVOKED, "revocation", "revoked 2026-11-19");
    tear_down(&b);
}

/* A CA may have several certificates for one key, and whoever shows a revoked certificate chooses
 * which of them to send: with another identifier, without cRLSign, or both, one after the other. */
static void revoked_by_any_path(void **state) {
    (void)state;
    for (int which = 0; which < 3; which++) {
        bench b;
        set_up(&b);
        forge_spec twin = forge_middle();
        twin.key_usage = LK_KU_CERT_SIGN;
        lk_slice chain[3] = {b.chain[0], forge(&twin), b.chain[1]};
        list_of(&b, 1, true, 0);
        b.what.chain = which == 2 ? chain + 0 : chain;
        b.what.num_chain = which == 0 ? 2 : 3;
        if (which == 2) { /* the right one first */
            chain[1] = b.chain[1];
            chain[2] = forge(&twin);
        }
        judged(&b, LOCKSTEP_CERT_REVOKED, "revocation", "keyCompromise");
        tear_down(&b);
    }
}

/* While a CA changes its key, both of its keys sign lists: the newer list counts, a revocation
 * always. */
static void two_keys_of_one_ca(void **state) {
    (void)state;
    forge_spec old = forge_middle(), roll = forge_middle(), leaf = forge_leaf();
    old.path_length = -1;
    old.key = forge_p256(5); /* old key, certified by the root; it certifies the new one */
    roll.issuer = "middle";
    roll.signer = forge_p256(5);
    bench b;
    set_up_with(&b, &leaf, &roll);
    lk_slice chain[3] = {b.chain[0], b.chain[1], forge(&old)};
    b.what.chain = chain;
    b.what.num_chain = 3;
    judged(&b, LOCKSTEP_OK, "host name", "a.test");
    lk_cert new_ca, old_ca, below;
    const char *why;
    assert_int_equal(lk_cert_parse(&new_ca, chain[1]), LOCKSTEP_OK);
    assert_int_equal(lk_cert_parse(&old_ca, chain[2]), LOCKSTEP_OK);
    assert_int_equal(lk_cert_parse(&below, chain[0]), LOCKSTEP_OK);
    forge_crl_entry entry = {.serial = below.serial, .reason = 1};
    lk_slice clean = forge_crl(&(forge_crl_spec){.issuer = &new_ca, .signer = forge_p256(2)});
    lk_slice listed = forge_crl(&(forge_crl_spec){
        .issuer = &old_ca, .signer = forge_p256(5), .entries = &entry, .num_entries = 1});
    assert_int_equal(lockstep_policy_add_crl(b.policy, &why, clean.p, clean.p_len), LOCKSTEP_OK);
    mode(&b, LOCKSTEP_REVOCATION_LEAF);
    judged(&b, LOCKSTEP_OK, "host name", "a.test");
    assert_int_equal(lockstep_policy_add_crl(b.policy, &why, listed.p, listed.p_len), LOCKSTEP_OK);
    judged(&b, LOCKSTEP_CERT_REVOKED, "revocation", "keyCompromise");
    tear_down(&b);
}

/* Lists of the issuer's name that it did not sign cost a signature each; behind a hundred of them
 * the one that matters might hide, so that is no verdict. */
static void lists_beyond_the_limit(void **state) {
    (void)state;
    bench b;
    set_up(&b);
    lk_cert ca;
    const char *why;
    assert_int_equal(lk_cert_parse(&ca, b.chain[1]), LOCKSTEP_OK);
    for (unsigned i = 0; i < 150; i++) {
        lk_slice crl = forge_crl(&(forge_crl_spec){.issuer = &ca,
                                                   .signer = forge_p256(9),
                                                   .this_update = FORGE_NOW - 1 - i,
                                                   .next_update = FORGE_NOW + FORGE_DAY});
        assert_int_equal(lockstep_policy_add_crl(b.policy, &why, crl.p, crl.p_len), LOCKSTEP_OK);
    }
    list_of(&b, 1, true, 0);
    judged(&b, LOCKSTEP_CERT_BUDGET, "limits", "too many");
    tear_down(&b);
}

/* RFC 5280 and the BRs ask nothing of certificates that live for seven days: 604,800 seconds with
 * both ends. */
static void short_lives(void **state) {
    (void)state;
    for (int more = 0; more < 2; more++) {
        forge_spec leaf = forge_leaf(), middle = forge_middle();
        leaf.not_before = FORGE_NOW - FORGE_DAY;
        leaf.not_after = leaf.not_before + 7 * FORGE_DAY - 1 + more;
        bench b;
        set_up_with(&b, &leaf, &middle);
        mode(&b, LOCKSTEP_REVOCATION_LEAF);
        if (more > 0)
            judged(&b, LOCKSTEP_CERT_REVOCATION_UNKNOWN, "revocation", "not known");
        else
            judged(&b, LOCKSTEP_OK, "host name", "a.test");
        list_of(&b, 1, true, 0); /* but what is revoked stays out */
        judged(&b, LOCKSTEP_CERT_REVOKED, "revocation", "revoked");
        tear_down(&b);
    }
}

static void lists_that_are_none(void **state) {
    (void)state;
    const char *why;
    bench b;
    set_up(&b);
    static const char *const none[] = {"", "x",
                                       "-----BEGIN CERTIFICATE-----\nAAAA\n-----END "
                                       "CERTIFICATE-----\n"};
    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++)
        assert_int_equal(
            lockstep_policy_add_crl(b.policy, &why, (const uint8_t *)none[i], strlen(none[i])),
            LOCKSTEP_ERR_PEM);
    assert_int_equal(
        lockstep_policy_add_crl(b.policy, &why, (const uint8_t *)"\x30\x03\x02\x01\x01", 5),
        LOCKSTEP_CERT_MALFORMED);
    assert_non_null(why);
    assert_int_equal(lockstep_policy_add_crl(b.policy, NULL, NULL, 0), LOCKSTEP_ERR_USAGE);
    /* Nothing that could be relied on came of it. */
    mode(&b, LOCKSTEP_REVOCATION_LEAF);
    judged(&b, LOCKSTEP_CERT_REVOCATION_UNKNOWN, "revocation", "not known");
    tear_down(&b);
}

static void must_staple(forge_spec *leaf) {
    leaf->extra = LK_OID_TLS_FEATURE;
    leaf->extra_value = lk_slice_of("\x30\x03\x02\x01\x05", 5);
}

static void responses(void **state) {
    (void)state;
    bench b;
    set_up(&b);
    forge_ocsp_spec spec = {.cert = b.chain[0],
                            .issuer = b.chain[1],
                            .signer = forge_p256(2),
                            .next_update = FORGE_NOW + FORGE_DAY};
    b.what.ocsp = forge_ocsp(&spec);
    mode(&b, LOCKSTEP_REVOCATION_LEAF); /* which it satisfies */
    judged(&b, LOCKSTEP_OK, "host name", "a.test");
    assert_int_equal(lockstep_policy_require_staple(b.policy), LOCKSTEP_OK);
    judged(&b, LOCKSTEP_OK, "host name", "a.test");
    spec.next_update = FORGE_NOW - 60;
    b.what.ocsp = forge_ocsp(&spec);
    judged(&b, LOCKSTEP_CERT_STATUS_RESPONSE, "OCSP response", "not known");
    b.what.ocsp = lk_slice_of(NULL, 0);
    judged(&b, LOCKSTEP_CERT_STATUS_RESPONSE, "OCSP response", "the policy demands one");
    tear_down(&b);
    set_up(&b);
    spec.cert = b.chain[0];
    spec.issuer = b.chain[1];
    b.what.ocsp = forge_ocsp(&spec); /* out of date says nothing, which is accepted */
    judged(&b, LOCKSTEP_OK, "host name", "a.test");
    spec.next_update = FORGE_NOW + FORGE_DAY;
    spec.signer = forge_p256(3);
    b.what.ocsp = forge_ocsp(&spec); /* and a forged one is not */
    judged(&b, LOCKSTEP_CERT_STATUS_RESPONSE, "OCSP response", "wrong");
    spec.signer = forge_p256(2);
    spec.status = 'r';
    spec.reason = 4;
    b.what.ocsp = forge_ocsp(&spec);
    judged(&b, LOCKSTEP_CERT_REVOKED, "OCSP response", "superseded");
    tear_down(&b);
}

/* RFC 7633: the certificate itself demands a response, where there is a handshake to staple it. */
static void must_be_stapled(void **state) {
    (void)state;
    forge_spec leaf = forge_leaf(), middle = forge_middle();
    must_staple(&leaf);
    bench b;
    set_up_with(&b, &leaf, &middle);
    judged(&b, LOCKSTEP_OK, "host name", "a.test");
    lk_host host;
    assert_true(lk_host_parse(&host, lk_slice_of_str("a.test")));
    lk_judge_request r = {.trust = b.trust,
                          .policy = b.policy,
                          .chain = b.chain,
                          .num_chain = 2,
                          .host = &host,
                          .now_ms = FORGE_NOW * 1000,
                          .in_handshake = true,
                          .purpose = LOCKSTEP_PURPOSE_SERVER};
    assert_int_equal(lk_judge_chain(NULL, NULL, &r), LOCKSTEP_CERT_STATUS_RESPONSE);
    forge_ocsp_spec spec = {.cert = b.chain[0],
                            .issuer = b.chain[1],
                            .signer = forge_p256(2),
                            .next_update = FORGE_NOW + FORGE_DAY};
    lk_slice staples[2] = {forge_ocsp(&spec), {NULL, 0}};
    r.ocsp = staples;
    assert_int_equal(lk_judge_chain(NULL, NULL, &r), LOCKSTEP_OK);
    /* Kept no longer than the response holds. */
    r.now_ms += 50 * 60 * 1000;
    assert_int_equal(lk_judge_chain(NULL, NULL, &r), LOCKSTEP_OK);
    assert_int_equal(lk_chain_cache_hits(b.policy->cache), 1);
    spec.next_update = FORGE_NOW + 60;
    staples[0] = forge_ocsp(&spec);
    r.now_ms = FORGE_NOW * 1000;
    assert_int_equal(lk_judge_chain(NULL, NULL, &r), LOCKSTEP_OK);
    r.now_ms += 60999;
    assert_int_equal(lk_judge_chain(NULL, NULL, &r), LOCKSTEP_OK);
    assert_int_equal(lk_chain_cache_hits(b.policy->cache), 2);
    r.now_ms += 1;
    assert_int_equal(lk_judge_chain(NULL, NULL, &r), LOCKSTEP_CERT_STATUS_RESPONSE);
    tear_down(&b);
}

/* ---- Pins ------------------------------------------------------------------------------------ */

/* pin_of writes the pin of a key as curl has it. */
static void pin_of(char out[64], const lk_private_key *key) {
    uint8_t digest[LK_HASH_MAX];
    lk_buffer spki = lk_buffer_of(&lk_heap_default, 0), text = lk_buffer_of(&lk_heap_default, 0);
    assert_int_equal(lk_private_key_spki(key, &spki), LOCKSTEP_OK);
    lk_digest_of(LK_SHA256, digest, lk_buffer_slice(&spki));
    assert_true(lk_base64_encode(&text, lk_slice_of(digest, 32), 0));
    snprintf(out, 64, "sha256//%.*s", (int)lk_buffer_length(&text), lk_buffer_bytes(&text));
    lk_buffer_free(&text);
    lk_buffer_free(&spki);
}

static void pins(void **state) {
    (void)state;
    char pin[64], other[64], both[160];
    pin_of(other, forge_p256(40));
    for (unsigned key = 0; key < 3; key++) { /* leaf, root, intermediate */
        bench b;
        set_up(&b);
        assert_int_equal(lockstep_policy_add_pins(b.policy, other), LOCKSTEP_OK);
        judged(&b, LOCKSTEP_CERT_PIN, "pins", "no key of the path");
        pin_of(pin, forge_p256(key));
        snprintf(both, sizeof both, "%s;%s", other, pin);
        assert_int_equal(lockstep_policy_add_pins(b.policy, both), LOCKSTEP_OK);
        judged(&b, LOCKSTEP_OK, "pins", "is pinned");
        tear_down(&b);
    }
}

static void pins_that_are_none(void **state) {
    (void)state;
    static const char *const texts[] = {
        "",
        ";",
        "sha256//",
        "sha256//AAAA",
        "sha1//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
        "sha256//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",  /* no padding */
        "sha256//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAB=", /* bits that mean nothing */
        "sha256// AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
        "sha256//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=;",
        "sha256//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=;sha256//x"};
    bench b;
    set_up(&b);
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        if (lockstep_policy_add_pins(b.policy, texts[i]) != LOCKSTEP_ERR_USAGE)
            fail_msg("taken for a pin: %s", texts[i]);
    /* Of a list with one that is none, none was taken. */
    judged(&b, LOCKSTEP_OK, "host name", "a.test");
    assert_int_equal(lockstep_policy_add_pins(NULL, "x"), LOCKSTEP_ERR_USAGE);
    assert_int_equal(lockstep_policy_add_pins(b.policy, NULL), LOCKSTEP_ERR_USAGE);
    const char *good = "sha256//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
    for (int i = 0; i < LK_PINS_MAX; i++)
        assert_int_equal(lockstep_policy_add_pins(b.policy, good), LOCKSTEP_OK);
    assert_int_equal(lockstep_policy_add_pins(b.policy, good), LOCKSTEP_ERR_USAGE);
    tear_down(&b);
}

static void pinned_keys(void **state) {
    (void)state;
    bench b;
    set_up(&b);
    const char *pem = forge_pem(b.root);
    assert_int_equal(lockstep_policy_add_pinned_key(b.policy, (const uint8_t *)pem, strlen(pem)),
                     LOCKSTEP_OK);
    judged(&b, LOCKSTEP_OK, "pins", "is pinned");
    assert_int_equal(lockstep_policy_add_pinned_key(b.policy, b.root.p, b.root.p_len),
                     LOCKSTEP_ERR_PEM); /* a certificate in DER is no key */
    assert_int_equal(lockstep_policy_add_pinned_key(b.policy, (const uint8_t *)"x", 1),
                     LOCKSTEP_ERR_PEM);
    tear_down(&b);
    set_up(&b);
    lk_cert other;
    forge_spec spec = forge_leaf();
    spec.key = forge_p256(41);
    assert_int_equal(lk_cert_parse(&other, forge(&spec)), LOCKSTEP_OK);
    assert_int_equal(
        lockstep_policy_add_pinned_key(b.policy, other.spki_der.p, other.spki_der.p_len),
        LOCKSTEP_OK);
    judged(&b, LOCKSTEP_CERT_PIN, "pins", "no key");
    tear_down(&b);
}

/* ---- Transparency ---------------------------------------------------------------------------- */

static void add_log(lockstep_policy *policy, unsigned n, const char *operator_name) {
    lk_buffer spki = lk_buffer_of(&lk_heap_default, 0);
    assert_int_equal(lk_private_key_spki(forge_log(n), &spki), LOCKSTEP_OK);
    lockstep_log log = {.key = lk_buffer_slice(&spki),
                        .operator_name = operator_name,
                        .state = LOCKSTEP_LOG_USABLE};
    assert_int_equal(lockstep_policy_add_log(policy, &log), LOCKSTEP_OK);
    lk_buffer_free(&spki);
}

static void transparency(void **state) {
    (void)state;
    forge_spec leaf = forge_leaf(), middle = forge_middle();
    const forge_sct scts[2] = {{.log = forge_log(0)}, {.log = forge_log(1)}};
    bench b;
    set_up_with(&b, &leaf, &middle);
    /* Without a list of logs nothing can be enough. */
    assert_int_equal(lockstep_policy_set_transparency(b.policy, LOCKSTEP_TRANSPARENCY_REQUIRE),
                     LOCKSTEP_OK);
    judged(&b, LOCKSTEP_CERT_TRANSPARENCY, "certificate transparency", "no list of logs");
    add_log(b.policy, 0, "one");
    add_log(b.policy, 1, "two");
    judged(&b, LOCKSTEP_CERT_TRANSPARENCY, "certificate transparency", "0 SCTs");
    assert_int_equal(lockstep_policy_set_transparency(b.policy, LOCKSTEP_TRANSPARENCY_REPORT),
                     LOCKSTEP_OK);
    judged(&b, LOCKSTEP_OK, "certificate transparency", "not needed");
    assert_int_equal(lockstep_policy_set_transparency(b.policy, LOCKSTEP_TRANSPARENCY_REQUIRE),
                     LOCKSTEP_OK);
    /* Embedded ones, and ones that TLS carried. */
    b.chain[0] = forge_with_scts(&leaf, scts, 2);
    judged(&b, LOCKSTEP_OK, "certificate transparency", "2 valid of 2 operators");
    b.chain[0] = forge_with_scts(&leaf, scts, 1);
    judged(&b, LOCKSTEP_CERT_TRANSPARENCY, "certificate transparency", "1 valid of 1 operator");
    b.chain[0] = forge(&leaf);
    lk_buffer list = lk_buffer_of(&lk_heap_default, 0);
    forge_sct_list(&list, scts, 2, &(forge_entry){.cert = b.chain[0]});
    b.what.scts = lk_buffer_slice(&list);
    judged(&b, LOCKSTEP_OK, "certificate transparency", "2 valid of 2 operators");
    lk_buffer_free(&list);
    tear_down(&b);
}

/* ---- Certificate policies -------------------------------------------------------------------- */

#define POLICY_1      "\x30\x05\x06\x03\x2a\x03\x04" /* 1.2.3.4 */
#define POLICY_2      "\x30\x05\x06\x03\x2a\x03\x05"
#define ANY_POLICY    "\x30\x06\x06\x04\x55\x1d\x20\x00"
#define LIST(p)       lk_slice_of("\x30" p, sizeof("\x30" p) - 1)
#define EXPLICIT_NOW  lk_slice_of("\x30\x03\x80\x01\x00", 5)
#define EXPLICIT_IN_1 lk_slice_of("\x30\x03\x80\x01\x01", 5)

/* One extension for each certificate is what a forge_spec can have: the constraint stands in the
 * root, the policies in leaf and intermediate. */
static void policies(void **state) {
    (void)state;
    const struct {
        lk_slice constraint, middle, leaf;
        lockstep_status want;
    } rows[] = {
        {EXPLICIT_NOW, LIST("\x07" POLICY_1), LIST("\x07" POLICY_1), LOCKSTEP_OK},
        {EXPLICIT_NOW, LIST("\x0e" POLICY_1 POLICY_2), LIST("\x07" POLICY_2), LOCKSTEP_OK},
        {EXPLICIT_NOW, LIST("\x08" ANY_POLICY), LIST("\x07" POLICY_2), LOCKSTEP_OK},
        {EXPLICIT_NOW, LIST("\x07" POLICY_1), LIST("\x08" ANY_POLICY), LOCKSTEP_OK},
        {EXPLICIT_NOW, LIST("\x07" POLICY_1), LIST("\x07" POLICY_2), LOCKSTEP_CERT_POLICY},
        {EXPLICIT_NOW, LIST("\x07" POLICY_1), {NULL, 0}, LOCKSTEP_CERT_POLICY},
        {EXPLICIT_NOW, {NULL, 0}, LIST("\x07" POLICY_1), LOCKSTEP_CERT_POLICY},
        {EXPLICIT_IN_1, {NULL, 0}, LIST("\x07" POLICY_1), LOCKSTEP_CERT_POLICY},
        {{NULL, 0}, LIST("\x07" POLICY_1), LIST("\x07" POLICY_2), LOCKSTEP_OK},
        {{NULL, 0}, {NULL, 0}, {NULL, 0}, LOCKSTEP_OK},
        /* malformed ones make no certificate */
        {{NULL, 0}, {NULL, 0}, LIST("\x0e" POLICY_1 POLICY_1), LOCKSTEP_CERT_MALFORMED},
        {{NULL, 0}, {NULL, 0}, LIST("\x00"), LOCKSTEP_CERT_MALFORMED},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        forge_spec root = forge_root(), middle = forge_middle(), leaf = forge_leaf();
        lk_oid policy = LK_OID_POLICIES;
        if (rows[i].constraint.p != NULL) {
            root.extra = LK_OID_POLICY_CONSTRAINTS;
            root.extra_critical = true;
            root.extra_value = rows[i].constraint;
        }
        if (rows[i].middle.p != NULL) {
            middle.extra = policy;
            middle.extra_value = rows[i].middle;
        }
        if (rows[i].leaf.p != NULL) {
            leaf.extra = policy;
            leaf.extra_value = rows[i].leaf;
        }
        lk_slice anchor = forge(&root), chain[2] = {forge(&leaf), forge(&middle)};
        lockstep_trust *trust = forge_trust(&anchor, 1);
        lockstep_status status = forge_judge(NULL, trust, chain, 2, "a.test");
        if (status != rows[i].want)
            fail_msg("row %zu: %s", i, lockstep_status_name(status));
        lockstep_trust_free(trust);
    }
}

/* ---- Memory ---------------------------------------------------------------------------------- */

/* known judges what is good, and says whether the verdict was taken from memory. */
static bool known(bench *b, const lk_judge_request *request) {
    uint64_t before = lk_chain_cache_hits(b->policy->cache);
    assert_int_equal(lk_judge_chain(NULL, NULL, request), LOCKSTEP_OK);
    return lk_chain_cache_hits(b->policy->cache) > before;
}

static void memory(void **state) {
    (void)state;
    bench b;
    set_up(&b);
    lk_host host, other_host;
    assert_true(lk_host_parse(&host, lk_slice_of_str("a.test")));
    assert_true(lk_host_parse(&other_host, lk_slice_of_str("b.test")));
    lk_judge_request all = {.trust = b.trust,
                            .policy = b.policy,
                            .chain = b.chain,
                            .num_chain = 2,
                            .host = &host,
                            .now_ms = FORGE_NOW * 1000,
                            .purpose = LOCKSTEP_PURPOSE_SERVER},
                     r = all;
    assert_false(known(&b, &r));
    assert_true(known(&b, &r));
    /* The key that it gives is the leaf's. */
    lk_public_key *key;
    assert_int_equal(lk_judge_chain(&key, NULL, &r), LOCKSTEP_OK);
    assert_non_null(key);
    assert_int_equal(lk_public_key_kind(key), LK_KEY_P256);
    lk_public_key_free(key);
    /* Whatever is decided on makes another case. */
    r.host = &other_host;
    assert_int_equal(lk_judge_chain(NULL, NULL, &r), LOCKSTEP_CERT_NAME_MISMATCH);
    r = all;
    r.purpose = LOCKSTEP_PURPOSE_CLIENT;
    assert_int_equal(lk_judge_chain(NULL, NULL, &r), LOCKSTEP_CERT_EXTENDED_KEY_USAGE);
    r = all;
    r.num_chain = 1;
    assert_int_equal(lk_judge_chain(NULL, NULL, &r), LOCKSTEP_CERT_UNKNOWN_ISSUER);
    r = all;
    r.scts = lk_slice_of("\x00\x01\x00", 3);
    assert_false(known(&b, &r));
    r = all;
    r.in_handshake = true;
    assert_false(known(&b, &r));
    r = all;
    lk_slice staples[2] = {{NULL, 0}, {NULL, 0}};
    r.ocsp = staples;
    assert_false(known(&b, &r));
    staples[0] = lk_slice_of("x", 1);
    assert_int_equal(lk_judge_chain(NULL, NULL, &r), LOCKSTEP_CERT_STATUS_RESPONSE);
    /* Another trust, even one that was made where the old one lay. */
    lockstep_trust *empty;
    assert_int_equal(lockstep_trust_new(&empty, NULL), LOCKSTEP_OK);
    r = all;
    r.trust = empty;
    assert_int_equal(lk_judge_chain(NULL, NULL, &r), LOCKSTEP_CERT_UNKNOWN_ISSUER);
    lockstep_trust_free(empty);
    /* Time: neither before it was judged, nor after an hour, nor beyond a certificate's end. */
    r = all;
    r.now_ms += LK_CHAIN_MAX_AGE_MS;
    assert_true(known(&b, &r));
    r = all;
    r.now_ms -= 1;
    assert_false(known(&b, &r));
    r = all;
    r.now_ms += LK_CHAIN_MAX_AGE_MS + 1;
    assert_false(known(&b, &r));
    r.now_ms = (FORGE_NOW + 10 * FORGE_DAY) * 1000 - 1000;
    assert_false(known(&b, &r));
    r.now_ms += 1999;
    assert_true(known(&b, &r)); /* the last second of notAfter counts whole */
    r.now_ms += 1;
    assert_int_equal(lk_judge_chain(NULL, NULL, &r), LOCKSTEP_CERT_EXPIRED);
    /* A report is never from memory. */
    r = all;
    r.explain = true;
    lockstep_report *report;
    assert_int_equal(lk_judge_chain(NULL, &report, &r), LOCKSTEP_OK);
    assert_non_null(report);
    lockstep_report_free(report);
    /* Forgotten by a change of the policy, and when asked to. */
    assert_true(known(&b, &all)); /* as judged for the report */
    lockstep_policy_forget(b.policy);
    assert_false(known(&b, &all));
    assert_int_equal(lockstep_policy_set_max_depth(b.policy, 0), LOCKSTEP_OK);
    assert_int_equal(lk_judge_chain(NULL, NULL, &all), LOCKSTEP_CERT_CHAIN_TOO_LONG);
    tear_down(&b);
}

/* More chains than there is room for push each other out and are judged again. */
static void memory_is_bounded(void **state) {
    (void)state;
    uint8_t key[LK_CHAIN_KEY] = {0};
    lk_chain_cache *cache = lk_chain_cache_new(&lk_heap_default);
    lk_public_key *found, *leaf;
    forge_spec spec = forge_leaf();
    lk_cert cert;
    assert_int_equal(lk_cert_parse(&cert, forge(&spec)), LOCKSTEP_OK);
    assert_int_equal(lk_cert_public_key(&leaf, NULL, &cert), LOCKSTEP_OK);
    assert_non_null(cache);
    for (unsigned i = 0; i < 10000; i++) {
        memcpy(key, &i, sizeof i);
        lk_chain_cache_keep(cache, key, 0, 1000 + i, leaf);
        assert_true(lk_chain_cache_find(cache, key, 500, &found));
        assert_ptr_equal(found, leaf);
        lk_public_key_free(found);
    }
    unsigned held = 0;
    for (unsigned i = 0; i < 10000; i++) {
        memcpy(key, &i, sizeof i);
        held += lk_chain_cache_find(cache, key, 500, NULL);
    }
    assert_in_range(held, 1, 64);
    lk_chain_cache_keep(cache, key, 10, 5, leaf); /* a window that is none */
    lk_chain_cache_free(cache);
    lk_public_key_free(leaf);
}

/* ---- Usage ----------------------------------------------------------------------------------- */

static void shared_ones_do_not_change(void **state) {
    (void)state;
    bench b;
    set_up(&b);
    const uint8_t junk[] = {1};
    lockstep_policy *other = lockstep_policy_share(b.policy);
    assert_int_equal(lockstep_policy_set_max_depth(b.policy, 0), LOCKSTEP_ERR_USAGE);
    assert_int_equal(lockstep_policy_set_revocation(b.policy, LOCKSTEP_REVOCATION_LEAF),
                     LOCKSTEP_ERR_USAGE);
    assert_int_equal(lockstep_policy_set_transparency(b.policy, LOCKSTEP_TRANSPARENCY_OFF),
                     LOCKSTEP_ERR_USAGE);
    assert_int_equal(lockstep_policy_require_staple(b.policy), LOCKSTEP_ERR_USAGE);
    assert_int_equal(lockstep_policy_add_crl(b.policy, NULL, junk, 1), LOCKSTEP_ERR_USAGE);
    assert_int_equal(lockstep_policy_add_pinned_key(b.policy, junk, 1), LOCKSTEP_ERR_USAGE);
    lockstep_policy_free(other);
    assert_int_equal(lockstep_policy_set_max_depth(b.policy, 5), LOCKSTEP_OK);
    assert_int_equal(lockstep_policy_set_revocation(b.policy, (enum lockstep_revocation)9),
                     LOCKSTEP_ERR_USAGE);
    assert_int_equal(lockstep_policy_set_transparency(b.policy, (enum lockstep_transparency)9),
                     LOCKSTEP_ERR_USAGE);
    assert_int_equal(lockstep_policy_new(NULL, NULL), LOCKSTEP_ERR_USAGE);
    lockstep_policy_free(NULL);
    tear_down(&b);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(revocation_lists),
        cmocka_unit_test(revoked_by_any_path),
        cmocka_unit_test(two_keys_of_one_ca),
        cmocka_unit_test(lists_beyond_the_limit),
        cmocka_unit_test(short_lives),
        cmocka_unit_test(lists_that_are_none),
        cmocka_unit_test(responses),
        cmocka_unit_test(must_be_stapled),
        cmocka_unit_test(pins),
        cmocka_unit_test(pins_that_are_none),
        cmocka_unit_test(pinned_keys),
        cmocka_unit_test(transparency),
        cmocka_unit_test(policies),
        cmocka_unit_test(memory),
        cmocka_unit_test(memory_is_bounded),
        cmocka_unit_test(shared_ones_do_not_change),
    };
    return cmocka_run_group_tests(tests, NULL, forge_tear_down);
}
