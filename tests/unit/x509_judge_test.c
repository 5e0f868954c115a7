/*
 * x509_judge_test.c - the judgement: each way in which a chain can be bad has its status and its
 * alert, and the report says so in order.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "support/forge.h"

#define SHA1_WITH_ECDSA                                                                            \
    lk_slice_of("\x30\x09\x06\x07\x2a\x86\x48\xce\x3d\x04\x01", 11) /* RFC 3279 §2.2.3 */
#define SHA1_WITH_RSA                                                                              \
    lk_slice_of("\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x05\x05\x00", 15)
#define SHA256_WITH_RSA_NO_NULL /* RFC 4055 §5: NULL must be there */                             \
    lk_slice_of("\x30\x0b\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0b", 13)

/* judge_three judges leaf and middle against the root and checks status, alert and report. */
static void judge_three(const forge_spec *leaf, const forge_spec *middle, const forge_spec *root,
                        const char *name, lockstep_status want, int alert) {
    lk_slice anchor = forge(root), chain[2] = {forge(leaf), forge(middle)};
    lockstep_trust *trust = forge_trust(&anchor, 1);
    lockstep_report *report = NULL;
    lockstep_status status = forge_judge(&report, trust, chain, 2, name);
    assert_non_null(report);
    if (status != want)
        fail_msg("want %s, got %s: %s", lockstep_status_name(want), lockstep_status_name(status),
                 lockstep_report_sentence(report));
    if (want != LOCKSTEP_OK)
        assert_int_equal(lockstep_status_alert(status), alert);
    /* The report agrees, ends with what decided, and nothing before that failed. */
    assert_int_equal(lockstep_report_status(report), status);
    size_t n = lockstep_report_num_checks(report);
    assert_true(n > 0);
    for (size_t i = 0; i < n; i++) {
        const lockstep_check *check = lockstep_report_check(report, i);
        assert_int_equal(check->status, i + 1 < n ? LOCKSTEP_OK : want);
        assert_true(check->name[0] != 0 && check->rule[0] != 0);
    }
    assert_null(lockstep_report_check(report, n));
    size_t length = strlen(lockstep_report_sentence(report));
    assert_true(length > 20 && lockstep_report_sentence(report)[length - 1] == '.');
    lockstep_report_free(report);
    /* Without a report the verdict is the same. */
    assert_int_equal(forge_judge(NULL, trust, chain, 2, name), want);
    lockstep_trust_free(trust);
}

static void good(void **state) {
    (void)state;
    forge_spec r = forge_root(), m = forge_middle(), l = forge_leaf();
    judge_three(&l, &m, &r, "a.test", LOCKSTEP_OK, 0);
    judge_three(&l, &m, &r, "A.TEST.", LOCKSTEP_OK, 0);
    judge_three(&l, &m, &r, "127.0.0.1", LOCKSTEP_OK, 0);
    l.purposes = "c";
    judge_three(&l, &m, &r, NULL, LOCKSTEP_OK, 0);
}

static void every_kind_of_key(void **state) {
    (void)state;
    static const struct {
        lk_key_kind kind;
        unsigned bits;
    } kinds[] = {{LK_KEY_RSA, 2048},
                 {LK_KEY_RSA, 3072},
                 {LK_KEY_P384, 0},
                 {LK_KEY_P521, 0},
                 {LK_KEY_ED25519, 0}};
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        forge_spec r = forge_root(), m = forge_middle(), l = forge_leaf();
        r.key = r.signer = m.signer = forge_key(kinds[i].kind, kinds[i].bits, 0);
        m.key = l.signer = forge_key(kinds[i].kind, kinds[i].bits, 1);
        l.key = forge_key(kinds[i].kind, kinds[i].bits, 2);
        judge_three(&l, &m, &r, "a.test", LOCKSTEP_OK, 0);
        l.bad_signature = true;
        judge_three(&l, &m, &r, "a.test", LOCKSTEP_CERT_BAD_SIGNATURE, 42);
    }
}

static void validity(void **state) {
    (void)state;
    static const struct {
        int64_t not_before, not_after; /* from now */
        lockstep_status status;
    } rows[] = {
        {-10, 0, LOCKSTEP_OK}, /* inclusive */
        {0, 10, LOCKSTEP_OK},
        {-10, -1, LOCKSTEP_CERT_EXPIRED},
        {1, 10, LOCKSTEP_CERT_NOT_YET_VALID},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        for (int which = 0; which < 3; which++) {
            forge_spec s[3] = {forge_leaf(), forge_middle(), forge_root()};
            s[which].not_before = FORGE_NOW + rows[i].not_before;
            s[which].not_after = FORGE_NOW + rows[i].not_after;
            judge_three(&s[0], &s[1], &s[2], "a.test", rows[i].status, 45);
        }
}

/* Time is judged by the second, as certificates are written. */
static void fractions_of_seconds(void **state) {
    (void)state;
    forge_spec r = forge_root(), m = forge_middle(), l = forge_leaf();
    l.not_before = l.not_after = FORGE_NOW;
    lk_slice anchor = forge(&r), chain[2] = {forge(&l), forge(&m)};
    lockstep_trust *trust = forge_trust(&anchor, 1);
    static const struct {
        int64_t ms;
        lockstep_status status;
    } rows[] = {{-1, LOCKSTEP_CERT_NOT_YET_VALID},
                {0, LOCKSTEP_OK},
                {999, LOCKSTEP_OK},
                {1000, LOCKSTEP_CERT_EXPIRED}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        lockstep_case what = forge_case(trust, chain, 2, "a.test");
        what.now_ms += rows[i].ms;
        assert_int_equal(lockstep_judge(NULL, &what), rows[i].status);
    }
    lockstep_trust_free(trust);
}

/* One change to one certificate of a good chain: 0 the leaf, 1 the middle, 2 the root. */
typedef struct change {
    const char *title;
    int which;
    void (*make)(forge_spec *spec);
    lockstep_status status;
    int alert;
} change;

static void wrong_name(forge_spec *s) {
    s->names[0] = "DNS:b.test";
}
static void no_names(forge_spec *s) {
    s->names[0] = NULL;
}
static void flip(forge_spec *s) {
    s->bad_signature = true;
}
static void other_signer(forge_spec *s) {
    s->signer = forge_p256(7);
}
static void other_issuer(forge_spec *s) {
    s->issuer = "nobody";
}
static void no_ca(forge_spec *s) {
    s->ca = false;
    s->purposes = "-";
    s->key_usage = LK_KU_DIGITAL_SIGNATURE;
}
static void no_basic(forge_spec *s) {
    s->no_basic = true;
}
static void basic_not_critical(forge_spec *s) {
    s->basic_not_critical = true;
}
static void as_ca(forge_spec *s) {
    s->ca = true;
    s->path_length = -1;
    s->key_usage = LK_KU_DIGITAL_SIGNATURE;
    s->purposes = "s";
}
static void ku_without_cert_sign(forge_spec *s) {
    s->key_usage = LK_KU_DIGITAL_SIGNATURE | LK_KU_CRL_SIGN;
}
static void ku_without_signature(forge_spec *s) {
    s->key_usage = LK_KU_KEY_ENCIPHERMENT;
}
static void ku_cert_sign(forge_spec *s) {
    s->key_usage = LK_KU_DIGITAL_SIGNATURE | LK_KU_CERT_SIGN;
}
static void ku_absent(forge_spec *s) {
    s->key_usage = FORGE_NONE;
}
static void eku_client(forge_spec *s) {
    s->purposes = "c";
}
static void eku_other(forge_spec *s) {
    s->purposes = "x";
}
static void eku_any(forge_spec *s) {
    s->purposes = "a";
}
static void eku_both(forge_spec *s) {
    s->purposes = "cs";
}
static void eku_any_too(forge_spec *s) {
    s->purposes = "sa";
}
static void eku_absent(forge_spec *s) {
    s->purposes = "-";
}
static void eku_empty(forge_spec *s) {
    s->purposes = "";
}
static void unknown_critical(forge_spec *s) {
    s->extra_oid = lk_slice_of("\x2a\x03\x04", 3);
    s->extra_critical = true;
}
static void unknown_extension(forge_spec *s) {
    s->extra_oid = lk_slice_of("\x2a\x03\x04", 3);
}
static void poison(forge_spec *s) {
    s->extra = LK_OID_CT_POISON;
    s->extra_critical = true;
}
static void policy_constraints(forge_spec *s) {
    s->extra = LK_OID_POLICY_CONSTRAINTS;
    s->extra_critical = true;
    s->extra_value = lk_slice_of("\x30\x03\x80\x01\x00", 5);
}
static void twice(forge_spec *s) {
    unknown_extension(s);
    s->extra_twice = true;
}
static void twice_known(forge_spec *s) {
    s->extra = LK_OID_KEY_USAGE;
    s->extra_value = lk_slice_of("\x03\x02\x07\x80", 4);
}
static void rsa_1024(forge_spec *s) {
    s->key = forge_key(LK_KEY_RSA, 1024, 0);
}
static void rsa_2047(forge_spec *s) {
    s->key = forge_key(LK_KEY_RSA, 2047, 0);
}
static void rsa_2060(forge_spec *s) {
    s->key = forge_key(LK_KEY_RSA, 2060, 0);
}
static void off_curve(forge_spec *s) {
    static uint8_t spki[91] = "\x30\x59\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x08\x2a\x86"
                              "\x48\xce\x3d\x03\x01\x07\x03\x42\x00\x04";
    memset(spki + 27, 0x11, 64);
    s->spki = lk_slice_of(spki, sizeof spki);
}
static void secp256k1(forge_spec *s) {
    static uint8_t spki[88] = "\x30\x56\x30\x10\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x05\x2b\x81"
                              "\x04\x00\x0a\x03\x42\x00\x04";
    memset(spki + 24, 0x11, 64);
    s->spki = lk_slice_of(spki, sizeof spki);
}
static void sha1_ecdsa(forge_spec *s) {
    s->inner = SHA1_WITH_ECDSA;
}
static void sha1_rsa(forge_spec *s) {
    s->inner = SHA1_WITH_RSA;
}
static void rsa_without_null(forge_spec *s) {
    s->inner = SHA256_WITH_RSA_NO_NULL;
}
static void algorithms_differ(forge_spec *s) {
    s->outer = SHA1_WITH_ECDSA;
}
static void algorithm_of_other_key(forge_spec *s) {
    s->inner = lk_signature_algorithm_der(LK_SIGN_ED25519);
}
static void version_1(forge_spec *s) {
    s->version = 1;
}
static void version_2(forge_spec *s) {
    s->version = 2;
}
static void version_4(forge_spec *s) {
    s->version = 4;
}
static void serial_zero(forge_spec *s) {
    s->serial = lk_slice_of("\0", 1);
}
static void serial_negative(forge_spec *s) {
    s->serial = lk_slice_of("\x80", 1);
}
static void serial_long(forge_spec *s) {
    s->serial = lk_slice_of("\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1", 21);
}
static void serial_20(forge_spec *s) {
    s->serial = lk_slice_of("\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1", 20);
}
static void odd_time(forge_spec *s) {
    s->odd_time = true;
}
static void no_akid(forge_spec *s) {
    s->no_akid = true;
}
static void other_akid(forge_spec *s) {
    s->other_akid = true;
}
static void akid_critical(forge_spec *s) {
    s->akid_critical = true;
}
static void no_skid(forge_spec *s) {
    s->no_skid = true;
}
/* Roots of before 15 September 2023 need not obey rules that are younger. */
static void of_old(forge_spec *s) {
    s->not_before = 1694735999; /* 2023-09-14T23:59:59Z */
    s->not_after = FORGE_NOW + FORGE_DAY;
}
static void old_no_skid(forge_spec *s) {
    of_old(s);
    no_skid(s);
}
static void too_old_no_skid(forge_spec *s) {
    old_no_skid(s);
    s->not_before = 0;
}
static void old_basic(forge_spec *s) {
    of_old(s);
    s->basic_not_critical = true;
}
static void loose_policy_constraints(forge_spec *s) {
    policy_constraints(s);
    s->extra_critical = false;
}
static void aia_critical(forge_spec *s) {
    s->extra = LK_OID_AUTHORITY_INFO;
    s->extra_critical = true;
    s->extra_value = lk_slice_of("\x30\x00", 2);
}
static void san_critical(forge_spec *s) {
    s->names_critical = true;
}
static void empty_subject(forge_spec *s) {
    s->subject = "";
}
static void empty_subject_critical(forge_spec *s) {
    s->subject = "";
    s->names_critical = true;
}
static void common_name_host(forge_spec *s) {
    s->subject = "www.example.com";
    s->names[2] = "DNS:example.org";
}
static void common_name_own(forge_spec *s) {
    s->subject = "127.0.0.1";
}
static void common_name_case(forge_spec *s) {
    s->subject = "Example.org";
    s->names[2] = "DNS:example.org";
}
static void common_name_domain(forge_spec *s) {
    s->subject = "example.org";
    s->names[2] = "DNS:www.example.org";
}
static void common_name_of_a_laboratory(forge_spec *s) {
    s->subject = "b.test"; /* not of the public DNS, so the BR do not speak of it */
}
static void common_name_misspelt(forge_spec *s) {
    s->subject = "127.000.000.001";
}
static void common_name_title(forge_spec *s) {
    s->subject = "My server, version 1.2";
}
static void constraints_in_leaf(forge_spec *s) {
    s->permitted[0] = "DNS:a.test";
    s->constraints_not_critical = true;
}
static void permits_other(forge_spec *s) {
    s->permitted[0] = "DNS:b.test";
}
static void permits_own(forge_spec *s) {
    s->permitted[0] = "DNS:a.test";
    s->permitted[1] = "IP:127.0.0.0/8";
}
static void permits_dns_only(forge_spec *s) {
    s->permitted[0] = "DNS:test"; /* nothing is said of addresses */
}
static void excludes_own(forge_spec *s) {
    s->excluded[0] = "DNS:a.test";
}
static void excludes_address(forge_spec *s) {
    s->excluded[0] = "IP:127.0.0.0/8";
}
static void excludes_everything(forge_spec *s) {
    s->excluded[0] = "DNS:";
}
static void excludes_subject(forge_spec *s) {
    s->excluded[0] = "DIR:LEAF";
}
static void path_length_0(forge_spec *s) {
    s->path_length = 0;
}
static void path_length_1(forge_spec *s) {
    s->path_length = 1;
}

static void changes(void **state) {
    (void)state;
    static const change rows[] = {
        {"wrong name", 0, wrong_name, LOCKSTEP_CERT_NAME_MISMATCH, 42},
        {"no names", 0, no_names, LOCKSTEP_CERT_NAME_MISMATCH, 42},
        {"flipped signature", 0, flip, LOCKSTEP_CERT_BAD_SIGNATURE, 42},
        {"flipped signature", 1, flip, LOCKSTEP_CERT_BAD_SIGNATURE, 42},
        {"flipped self-signature", 2, flip, LOCKSTEP_OK, 0},
        {"signed by another key", 0, other_signer, LOCKSTEP_CERT_BAD_SIGNATURE, 42},
        {"signed by another key", 1, other_signer, LOCKSTEP_CERT_BAD_SIGNATURE, 42},
        {"issuer not there", 0, other_issuer, LOCKSTEP_CERT_UNKNOWN_ISSUER, 48},
        {"issuer not there", 1, other_issuer, LOCKSTEP_CERT_UNKNOWN_ISSUER, 48},
        {"not a CA", 1, no_ca, LOCKSTEP_CERT_NOT_A_CA, 48},
        {"not a CA", 2, no_ca, LOCKSTEP_CERT_NOT_A_CA, 48},
        {"no basic constraints", 1, no_basic, LOCKSTEP_CERT_NOT_A_CA, 48},
        {"no basic constraints", 2, no_basic, LOCKSTEP_CERT_NOT_A_CA, 48},
        {"no basic constraints", 0, no_basic, LOCKSTEP_OK, 0},
        {"basic constraints not critical", 1, basic_not_critical, LOCKSTEP_CERT_PROFILE, 42},
        {"basic constraints not critical", 2, basic_not_critical, LOCKSTEP_CERT_PROFILE, 42},
        {"a CA as leaf", 0, as_ca, LOCKSTEP_CERT_PROFILE, 42},
        {"path length 0 at the root", 2, path_length_0, LOCKSTEP_CERT_PATH_LENGTH, 42},
        {"path length 1 at the root", 2, path_length_1, LOCKSTEP_OK, 0},
        {"key usage of a CA", 1, ku_without_cert_sign, LOCKSTEP_CERT_KEY_USAGE, 43},
        {"key usage of a root", 2, ku_without_cert_sign, LOCKSTEP_CERT_KEY_USAGE, 43},
        {"key usage of a leaf", 0, ku_without_signature, LOCKSTEP_CERT_KEY_USAGE, 43},
        {"keyCertSign in a leaf", 0, ku_cert_sign, LOCKSTEP_CERT_KEY_USAGE, 43},
        {"no key usage", 0, ku_absent, LOCKSTEP_OK, 0},
        {"no key usage", 1, ku_absent, LOCKSTEP_OK, 0},
        {"for clients", 0, eku_client, LOCKSTEP_CERT_EXTENDED_KEY_USAGE, 43},
        {"for code", 0, eku_other, LOCKSTEP_CERT_EXTENDED_KEY_USAGE, 43},
        {"for anything", 0, eku_any, LOCKSTEP_CERT_EXTENDED_KEY_USAGE, 43},
        {"for anything besides", 0, eku_any_too, LOCKSTEP_CERT_EXTENDED_KEY_USAGE, 43},
        {"for nothing said", 0, eku_absent, LOCKSTEP_CERT_EXTENDED_KEY_USAGE, 43},
        {"an empty list", 0, eku_empty, LOCKSTEP_CERT_MALFORMED, 42},
        {"for both", 0, eku_both, LOCKSTEP_OK, 0},
        {"a CA for clients", 1, eku_client, LOCKSTEP_CERT_EXTENDED_KEY_USAGE, 43},
        {"a CA for anything", 1, eku_any, LOCKSTEP_OK, 0},
        {"a CA for both", 1, eku_both, LOCKSTEP_OK, 0},
        {"a root with purposes", 2, eku_both, LOCKSTEP_CERT_PROFILE, 42},
        {"a root for clients", 2, eku_client, LOCKSTEP_CERT_EXTENDED_KEY_USAGE, 43},
        {"unknown critical", 0, unknown_critical, LOCKSTEP_CERT_CRITICAL_EXTENSION, 43},
        {"unknown critical", 1, unknown_critical, LOCKSTEP_CERT_CRITICAL_EXTENSION, 43},
        {"unknown critical", 2, unknown_critical, LOCKSTEP_CERT_CRITICAL_EXTENSION, 43},
        {"unknown extension", 0, unknown_extension, LOCKSTEP_OK, 0},
        {"precertificate", 0, poison, LOCKSTEP_CERT_CRITICAL_EXTENSION, 43},
        {"policies demanded", 1, policy_constraints, LOCKSTEP_CERT_POLICY, 42},
        {"an extension twice", 0, twice, LOCKSTEP_CERT_MALFORMED, 42},
        {"an extension twice", 1, twice, LOCKSTEP_CERT_MALFORMED, 42},
        {"key usage twice", 0, twice_known, LOCKSTEP_CERT_MALFORMED, 42},
        {"RSA-1024", 0, rsa_1024, LOCKSTEP_CERT_WEAK_KEY, 42},
        {"RSA-2047", 0, rsa_2047, LOCKSTEP_CERT_WEAK_KEY, 42},
        {"RSA-2060", 0, rsa_2060, LOCKSTEP_CERT_WEAK_KEY, 42},
        {"RSA-1024", 1, rsa_1024, LOCKSTEP_CERT_WEAK_KEY, 42},
        {"RSA-1024", 2, rsa_1024, LOCKSTEP_CERT_WEAK_KEY, 42},
        {"a point off the curve", 0, off_curve, LOCKSTEP_CERT_WEAK_KEY, 42},
        {"a point off the curve", 1, off_curve, LOCKSTEP_CERT_WEAK_KEY, 42},
        {"a point off the curve", 2, off_curve, LOCKSTEP_CERT_WEAK_KEY, 42},
        {"another curve", 0, secp256k1, LOCKSTEP_CERT_WEAK_KEY, 42},
        {"another curve", 1, secp256k1, LOCKSTEP_CERT_WEAK_KEY, 42},
        {"SHA-1", 0, sha1_ecdsa, LOCKSTEP_CERT_WEAK_SIGNATURE, 42},
        {"SHA-1", 1, sha1_ecdsa, LOCKSTEP_CERT_WEAK_SIGNATURE, 42},
        {"SHA-1 at the root", 2, sha1_ecdsa, LOCKSTEP_OK, 0},
        {"SHA-1 with RSA", 0, sha1_rsa, LOCKSTEP_CERT_WEAK_SIGNATURE, 42},
        {"RSA without NULL", 0, rsa_without_null, LOCKSTEP_CERT_WEAK_SIGNATURE, 42},
        {"algorithms differ", 0, algorithms_differ, LOCKSTEP_CERT_MALFORMED, 42},
        {"algorithm of another key", 0, algorithm_of_other_key, LOCKSTEP_CERT_BAD_SIGNATURE, 42},
        {"version 1", 0, version_1, LOCKSTEP_CERT_EXTENDED_KEY_USAGE, 43},
        {"version 1", 1, version_1, LOCKSTEP_CERT_NOT_A_CA, 48},
        {"version 2", 1, version_2, LOCKSTEP_CERT_NOT_A_CA, 48},
        {"version 4", 0, version_4, LOCKSTEP_CERT_MALFORMED, 42},
        {"serial 0", 0, serial_zero, LOCKSTEP_CERT_PROFILE, 42},
        {"serial below 0", 0, serial_negative, LOCKSTEP_CERT_PROFILE, 42},
        {"serial of 21 octets", 1, serial_long, LOCKSTEP_CERT_PROFILE, 42},
        {"serial of 20 octets", 1, serial_20, LOCKSTEP_OK, 0},
        {"serial 0 of a root", 2, serial_zero, LOCKSTEP_OK, 0},
        {"dates in the wrong form", 0, odd_time, LOCKSTEP_CERT_PROFILE, 42},
        {"dates in the wrong form", 2, odd_time, LOCKSTEP_OK, 0},
        {"no authority key id", 0, no_akid, LOCKSTEP_CERT_PROFILE, 42},
        {"no authority key id", 1, no_akid, LOCKSTEP_CERT_PROFILE, 42},
        {"no authority key id", 2, no_akid, LOCKSTEP_OK, 0},
        {"another authority key id", 0, other_akid, LOCKSTEP_OK, 0}, /* a hint, no proof */
        {"critical authority key id", 0, akid_critical, LOCKSTEP_CERT_PROFILE, 42},
        {"no subject key id", 1, no_skid, LOCKSTEP_CERT_PROFILE, 42},
        {"no subject key id", 0, no_skid, LOCKSTEP_OK, 0},
        {"no subject key id", 2, no_skid, LOCKSTEP_CERT_PROFILE, 42},
        {"no subject key id, of old", 2, old_no_skid, LOCKSTEP_OK, 0},
        {"no subject key id, from before version 3", 2, too_old_no_skid, LOCKSTEP_CERT_PROFILE, 42},
        {"basic constraints not critical, of old", 2, old_basic, LOCKSTEP_OK, 0},
        {"the authority key id of another", 2, other_akid, LOCKSTEP_CERT_PROFILE, 42},
        {"policy constraints not critical", 1, loose_policy_constraints, LOCKSTEP_CERT_PROFILE, 42},
        {"critical authority information", 0, aia_critical, LOCKSTEP_CERT_PROFILE, 42},
        {"critical names", 0, san_critical, LOCKSTEP_CERT_PROFILE, 42},
        {"empty subject", 0, empty_subject, LOCKSTEP_CERT_PROFILE, 42},
        {"empty subject, critical names", 0, empty_subject_critical, LOCKSTEP_OK, 0},
        {"common name of another host", 0, common_name_host, LOCKSTEP_CERT_PROFILE, 42},
        {"common name in other letters", 0, common_name_case, LOCKSTEP_CERT_PROFILE, 42},
        {"common name of its own", 0, common_name_own, LOCKSTEP_OK, 0},
        {"common name of its domain", 0, common_name_domain, LOCKSTEP_OK, 0},
        {"common name of a laboratory", 0, common_name_of_a_laboratory, LOCKSTEP_OK, 0},
        {"common name that is no address", 0, common_name_misspelt, LOCKSTEP_CERT_PROFILE, 42},
        {"common name for people", 0, common_name_title, LOCKSTEP_OK, 0},
        {"constraints in a leaf", 0, constraints_in_leaf, LOCKSTEP_CERT_PROFILE, 42},
        {"permits another name", 1, permits_other, LOCKSTEP_CERT_NAME_CONSTRAINTS, 42},
        {"permits another name", 2, permits_other, LOCKSTEP_CERT_NAME_CONSTRAINTS, 42},
        {"permits the names", 1, permits_own, LOCKSTEP_OK, 0},
        {"permits the names", 2, permits_own, LOCKSTEP_OK, 0},
        {"permits DNS names", 2, permits_dns_only, LOCKSTEP_OK, 0},
        {"excludes the name", 1, excludes_own, LOCKSTEP_CERT_NAME_CONSTRAINTS, 42},
        {"excludes the address", 2, excludes_address, LOCKSTEP_CERT_NAME_CONSTRAINTS, 42},
        {"excludes everything", 2, excludes_everything, LOCKSTEP_CERT_NAME_CONSTRAINTS, 42},
        {"excludes the subject", 2, excludes_subject, LOCKSTEP_CERT_NAME_CONSTRAINTS, 42},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        forge_spec s[3] = {forge_leaf(), forge_middle(), forge_root()};
        rows[i].make(&s[rows[i].which]);
        print_message("           %s (%s)\n", rows[i].title,
                      rows[i].which == 0   ? "leaf"
                      : rows[i].which == 1 ? "middle"
                                           : "root");
        judge_three(&s[0], &s[1], &s[2], "a.test", rows[i].status, rows[i].alert);
    }
}

/* ---- Requests -------------------------------------------------------------------------------- */

static void nothing_is_left_out(void **state) {
    (void)state;
    forge_spec r = forge_root(), m = forge_middle(), l = forge_leaf();
    lk_slice anchor = forge(&r), chain[2] = {forge(&l), forge(&m)};
    lockstep_trust *trust = forge_trust(&anchor, 1), *empty;
    lockstep_report *report = NULL;
    lockstep_case all = forge_case(trust, chain, 2, "a.test"), what;
    /* A server without a name, no chain, no trust, no purpose: no verdict. */
    what = all;
    what.name = NULL;
    assert_int_equal(lockstep_judge(&report, &what), LOCKSTEP_ERR_USAGE);
    what.without_name = true; /* unless that is said */
    assert_int_equal(lockstep_judge(NULL, &what), LOCKSTEP_OK);
    what = all;
    what.num_chain = 0;
    assert_int_equal(lockstep_judge(&report, &what), LOCKSTEP_ERR_USAGE);
    what = all;
    what.trust = NULL;
    assert_int_equal(lockstep_judge(&report, &what), LOCKSTEP_ERR_USAGE);
    what = all;
    what.purpose = (enum lockstep_purpose)0;
    assert_int_equal(lockstep_judge(&report, &what), LOCKSTEP_ERR_USAGE);
    what = all;
    what.name = "a b";
    assert_int_equal(lockstep_judge(&report, &what), LOCKSTEP_ERR_NAME);
    assert_int_equal(lockstep_judge(&report, NULL), LOCKSTEP_ERR_USAGE);
    assert_null(report);
    /* An empty trust trusts nobody. */
    assert_int_equal(lockstep_trust_new(&empty, NULL), LOCKSTEP_OK);
    assert_int_equal(forge_judge(NULL, empty, chain, 2, "a.test"), LOCKSTEP_CERT_UNKNOWN_ISSUER);
    lockstep_trust_free(empty);
    /* A client's chain does not do for a server and the reverse. */
    assert_int_equal(forge_judge(NULL, trust, chain, 2, NULL), LOCKSTEP_CERT_EXTENDED_KEY_USAGE);
    lockstep_trust_free(trust);
}

static void engine_form(void **state) {
    (void)state;
    forge_spec r = forge_root(), m = forge_middle(), l = forge_leaf();
    lk_slice anchor = forge(&r), chain[2] = {forge(&l), forge(&m)};
    lockstep_trust *trust = forge_trust(&anchor, 1);
    lk_host host;
    assert_true(lk_host_parse(&host, lk_slice_of_str("a.test")));
    lk_judge_request request = {.trust = trust,
                                .chain = chain,
                                .num_chain = 2,
                                .host = &host,
                                .now_ms = FORGE_NOW * 1000,
                                .purpose = LOCKSTEP_PURPOSE_SERVER};
    lk_public_key *key = NULL;
    assert_int_equal(lk_judge_chain(&key, NULL, &request), LOCKSTEP_OK);
    assert_non_null(key);
    assert_int_equal(lk_public_key_kind(key), LK_KEY_P256);
    uint8_t signature[LK_SIGNATURE_MAX];
    size_t signature_len;
    lk_slice message = lk_slice_of_str("CertificateVerify");
    assert_int_equal(lk_private_key_sign(forge_p256(0), LK_SIGN_ECDSA_SHA256, message, signature,
                                         &signature_len),
                     LOCKSTEP_OK);
    assert_true(lk_public_key_verify(key, LK_SIGN_ECDSA_SHA256,
                                     lk_slice_of(signature, signature_len), message));
    lk_public_key_free(key);
    /* No key unless the chain is good. */
    request.now_ms += 1000 * FORGE_DAY * 1000;
    key = (lk_public_key *)&request;
    assert_int_equal(lk_judge_chain(&key, NULL, &request), LOCKSTEP_CERT_EXPIRED);
    assert_null(key);
    /* The name is left out only by saying so, and a longest path may be set. */
    request.now_ms = FORGE_NOW * 1000;
    request.host = NULL;
    assert_int_equal(lk_judge_chain(NULL, NULL, &request), LOCKSTEP_ERR_USAGE);
    request.without_name = true;
    assert_int_equal(lk_judge_chain(NULL, NULL, &request), LOCKSTEP_OK);
    lockstep_policy *policy;
    assert_int_equal(lockstep_policy_new(&policy, NULL), LOCKSTEP_OK);
    request.policy = policy;
    assert_int_equal(lockstep_policy_set_max_depth(policy, 0), LOCKSTEP_OK);
    assert_int_equal(lk_judge_chain(NULL, NULL, &request), LOCKSTEP_CERT_CHAIN_TOO_LONG);
    assert_int_equal(lockstep_policy_set_max_depth(policy, 1), LOCKSTEP_OK);
    assert_int_equal(lk_judge_chain(NULL, NULL, &request), LOCKSTEP_OK);
    lockstep_policy_free(policy);
    lockstep_trust_free(trust);
}

/* ---- Other shapes of chain ------------------------------------------------------------------- */

static void leaf_that_is_trusted(void **state) {
    (void)state;
    forge_spec l = forge_leaf();
    l.issuer = "leaf";
    l.signer = l.key;
    l.purposes = "-";
    l.no_akid = true;
    lk_slice leaf = forge(&l);
    lockstep_trust *trust = forge_trust(&leaf, 1), *empty;
    assert_int_equal(forge_judge(NULL, trust, &leaf, 1, "a.test"), LOCKSTEP_OK);
    assert_int_equal(forge_judge(NULL, trust, &leaf, 1, "b.test"), LOCKSTEP_CERT_NAME_MISMATCH);
    lockstep_trust_free(trust);
    assert_int_equal(lockstep_trust_new(&empty, NULL), LOCKSTEP_OK);
    lockstep_report *report;
    assert_int_equal(forge_judge(&report, empty, &leaf, 1, "a.test"), LOCKSTEP_CERT_UNKNOWN_ISSUER);
    assert_non_null(strstr(lockstep_report_sentence(report), "self-signed"));
    lockstep_report_free(report);
    lockstep_trust_free(empty);
    /* Trusted and expired is expired. */
    l.not_after = FORGE_NOW - 1;
    l.not_before = FORGE_NOW - 2;
    leaf = forge(&l);
    trust = forge_trust(&leaf, 1);
    assert_int_equal(forge_judge(NULL, trust, &leaf, 1, "a.test"), LOCKSTEP_CERT_EXPIRED);
    lockstep_trust_free(trust);
}

static void intermediate_that_is_trusted(void **state) {
    (void)state;
    forge_spec m = forge_middle(), l = forge_leaf();
    lk_slice anchor = forge(&m), leaf = forge(&l);
    lockstep_trust *trust = forge_trust(&anchor, 1);
    assert_int_equal(forge_judge(NULL, trust, &leaf, 1, "a.test"), LOCKSTEP_OK);
    lockstep_trust_free(trust);
}

static void certificates_that_do_not_parse(void **state) {
    (void)state;
    forge_spec r = forge_root(), m = forge_middle(), l = forge_leaf();
    lk_slice anchor = forge(&r), junk = lk_slice_of_str("no certificate");
    lk_slice good_chain[3] = {forge(&l), junk, forge(&m)};
    lk_slice no_leaf[2] = {junk, good_chain[2]};
    lk_slice no_middle[2] = {good_chain[0], junk};
    lockstep_trust *trust = forge_trust(&anchor, 1);
    lockstep_report *report;
    assert_int_equal(forge_judge(NULL, trust, good_chain, 3, "a.test"), LOCKSTEP_OK);
    assert_int_equal(forge_judge(&report, trust, no_leaf, 2, "a.test"), LOCKSTEP_CERT_MALFORMED);
    lockstep_report_free(report);
    assert_int_equal(forge_judge(&report, trust, no_middle, 2, "a.test"), LOCKSTEP_CERT_MALFORMED);
    assert_non_null(strstr(lockstep_report_sentence(report), "Certificate 2 of those"));
    lockstep_report_free(report);
    lockstep_trust_free(trust);
}

/* make_ladder writes leaf, n - 1 intermediates and the root at the end. */
static void make_ladder(lk_slice *out, size_t n) {
    char names[16][16];
    for (size_t i = 0; i <= n; i++)
        snprintf(names[i], sizeof names[i], "step %zu", i);
    for (size_t i = 0; i <= n; i++) {
        forge_spec s = {.subject = names[i],
                        .issuer = names[i < n ? i + 1 : i],
                        .key = forge_p256((unsigned)i),
                        .signer = forge_p256((unsigned)(i < n ? i + 1 : i)),
                        .ca = i > 0,
                        .path_length = -1,
                        .names = {i == 0 ? "DNS:a.test" : NULL}};
        out[i] = forge(&s);
    }
}

static void length_of_paths(void **state) {
    (void)state;
    lk_slice chain[16];
    for (size_t n = 1; n <= 11; n++) {
        make_ladder(chain, n);
        lockstep_trust *trust = forge_trust(&chain[n], 1);
        lockstep_report *report;
        assert_int_equal(forge_judge(&report, trust, chain, n, "a.test"),
                         n + 1 <= LK_PATH_MAX ? LOCKSTEP_OK : LOCKSTEP_CERT_CHAIN_TOO_LONG);
        lockstep_report_free(report);
        lockstep_trust_free(trust);
    }
    lk_slice many[LK_SEARCH_MAX_CERTS + 1];
    make_ladder(chain, 2);
    lockstep_trust *trust = forge_trust(&chain[2], 1);
    for (size_t i = 0; i < LK_SEARCH_MAX_CERTS + 1; i++)
        many[i] = chain[i < 2 ? i : 1];
    assert_int_equal(forge_judge(NULL, trust, many, LK_SEARCH_MAX_CERTS, "a.test"), LOCKSTEP_OK);
    assert_int_equal(forge_judge(NULL, trust, many, LK_SEARCH_MAX_CERTS + 1, "a.test"),
                     LOCKSTEP_CERT_CHAIN_TOO_LONG);
    lockstep_trust_free(trust);
}

/* Which of the presented certificates made up the path, in whatever order they came. */
static void paths_of_reports(void **state) {
    (void)state;
    forge_spec r = forge_root(), m = forge_middle(), l = forge_leaf(), other = forge_leaf();
    other.key = forge_p256(9);
    lk_slice anchor = forge(&r);
    lk_slice chain[5] = {forge(&l), forge(&other), lk_slice_of("junk", 4), forge(&m), anchor};
    lockstep_trust *trust = forge_trust(&anchor, 1);
    lockstep_report *report;
    size_t path[2] = {99, 99};
    assert_int_equal(forge_judge(&report, trust, chain, 5, "a.test"), LOCKSTEP_OK);
    assert_int_equal(lockstep_report_path(report, path, 2), 2);
    assert_int_equal(path[0], 0);
    assert_int_equal(path[1], 3);
    path[1] = 99;
    assert_int_equal(lockstep_report_path(report, path, 1), 2); /* no more than there is room */
    assert_int_equal(path[1], 99);
    lockstep_report_free(report);
    assert_int_equal(forge_judge(&report, trust, chain, 5, "b.test"), LOCKSTEP_CERT_NAME_MISMATCH);
    assert_int_equal(lockstep_report_path(report, path, 2), 0);
    lockstep_report_free(report);
    assert_int_equal(lockstep_report_path(NULL, path, 2), 0);
    lockstep_trust_free(trust);
    trust = forge_trust(chain, 1); /* a leaf that is trusted by itself */
    assert_int_equal(forge_judge(&report, trust, chain, 1, "a.test"), LOCKSTEP_OK);
    assert_int_equal(lockstep_report_path(report, path, 2), 1);
    lockstep_report_free(report);
    lockstep_trust_free(trust);
}

/* Three intermediates of one name and key, and many anchors of another: each pair of them costs a
 * signature check, and after 100 there are no more. */
static void signature_budget(void **state) {
    (void)state;
    static const struct {
        unsigned anchors, right; /* the anchor that did sign the last intermediate; 0: none */
        lockstep_status status;
    } rows[] = {{30, 0, LOCKSTEP_CERT_BAD_SIGNATURE}, /* 3 * 30 + 3 checks */
                {30, 1, LOCKSTEP_OK},
                {40, 0, LOCKSTEP_CERT_BUDGET},
                {40, 1, LOCKSTEP_CERT_BUDGET}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        lk_slice chain[4], anchors[40];
        forge_spec l = forge_leaf();
        chain[0] = forge(&l);
        for (unsigned n = 1; n <= 3; n++) {
            forge_spec m = forge_middle();
            m.signer = forge_p256(n == 3 && rows[i].right > 0 ? 3 + rows[i].right : 1);
            chain[n] = forge(&m);
        }
        for (unsigned n = 1; n <= rows[i].anchors; n++) {
            forge_spec r = forge_root();
            r.key = r.signer = forge_p256(3 + n);
            old_no_skid(&r); /* else the right one would be found at once */
            anchors[n - 1] = forge(&r);
        }
        lockstep_trust *trust = forge_trust(anchors, rows[i].anchors);
        lockstep_report *report;
        lockstep_status status = forge_judge(&report, trust, chain, 4, "a.test");
        if (status != rows[i].status)
            fail_msg("row %zu: %s", i, lockstep_status_name(status));
        lockstep_report_free(report);
        lockstep_trust_free(trust);
    }
}

/* 30 CAs that certify each other under the same pair of names and never reach an anchor: only the
 * limit of steps ends that. */
static void step_budget(void **state) {
    (void)state;
    lk_slice chain[31];
    forge_spec r = forge_root(), l = forge_leaf();
    l.issuer = "loop";
    l.signer = forge_p256(3);
    chain[0] = forge(&l);
    for (unsigned i = 0; i < 30; i++) {
        forge_spec m = {.subject = "loop",
                        .issuer = "loop",
                        .ca = true,
                        .path_length = -1,
                        .key = forge_p256(3 + i),
                        .signer = forge_p256(3 + i),
                        .no_skid = true};
        chain[1 + i] = forge(&m);
    }
    lk_slice anchor = forge(&r);
    lockstep_trust *trust = forge_trust(&anchor, 1);
    lockstep_report *report;
    assert_int_equal(forge_judge(&report, trust, chain, 31, "a.test"), LOCKSTEP_CERT_BUDGET);
    assert_int_equal(lockstep_status_alert(LOCKSTEP_CERT_BUDGET), 46);
    lockstep_report_free(report);
    lockstep_trust_free(trust);
}

/* ---- Words ----------------------------------------------------------------------------------- */

static void sentences(void **state) {
    (void)state;
    static const struct {
        int64_t not_before, not_after;
        const char *issuer, *name, *sentence;
    } rows[] = {
        {-90 * FORGE_DAY, -3 * FORGE_DAY, NULL, "a.test",
         "The certificate expired 3 days ago, on 18 November 2026; ask the owner of a.test to "
         "renew "
         "it."},
        {-90 * FORGE_DAY, -3600, NULL, "127.0.0.1",
         "The certificate expired 1 hour ago, on 21 November 2026; ask the owner of 127.0.0.1 to "
         "renew it."},
        {2 * FORGE_DAY, 3 * FORGE_DAY, NULL, "a.test",
         "The certificate is not valid before 23 November 2026, which is 2 days from now; check "
         "that "
         "this computer's date, 21 November 2026, is right."},
        {0, 0, NULL, "b.test",
         "The certificate is for a.test, 127.0.0.1, not for b.test; use one of those names, or ask "
         "the owner for a certificate that has this one."},
        {0, 0, "nobody\x1b", "a.test",
         "The certificate was issued by \"nobody\\x1B\", who is not trusted here and whose own "
         "certificate was not sent; if that is a local CA, have its certificate trusted or "
         "run `lockstep ca trust` where it was made, and otherwise ask the "
         "owner of a.test to send "
         "the whole chain."},
        {0, 0, NULL, "a.test",
         "The certificate is good for a.test, vouched for by \"root\", until 1 December 2026."},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        forge_spec r = forge_root(), m = forge_middle(), l = forge_leaf();
        if (rows[i].not_before != 0) {
            l.not_before = FORGE_NOW + rows[i].not_before;
            l.not_after = FORGE_NOW + rows[i].not_after;
        }
        if (rows[i].issuer != NULL)
            l.issuer = rows[i].issuer;
        lk_slice anchor = forge(&r), chain[2] = {forge(&l), forge(&m)};
        lockstep_trust *trust = forge_trust(&anchor, 1);
        lockstep_report *report;
        (void)!forge_judge(&report, trust, chain, 2, rows[i].name);
        assert_string_equal(lockstep_report_sentence(report), rows[i].sentence);
        lockstep_report_free(report);
        lockstep_trust_free(trust);
    }
}

static void spans(void **state) {
    (void)state;
    static const struct {
        int64_t seconds;
        const char *text;
    } rows[] = {{-5, "0 seconds"},
                {0, "0 seconds"},
                {1, "1 second"},
                {59, "59 seconds"},
                {60, "1 minute"},
                {3599, "59 minutes"},
                {3600, "1 hour"},
                {86399, "23 hours"},
                {86400, "1 day"},
                {60 * 86400, "60 days"},
                {61 * 86400, "2 months"},
                {700 * FORGE_DAY, "22 months"},
                {731 * FORGE_DAY, "2 years"},
                {INT64_C(253402300799), "8029 years"}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char text[32];
        lk_span_text(text, sizeof text, rows[i].seconds);
        assert_string_equal(text, rows[i].text);
    }
}

/* ---- Memory ---------------------------------------------------------------------------------- */

typedef struct counter {
    long allocs, live, fail_at;
} counter;

static void *count_alloc(void *arg, size_t size) {
    counter *c = arg;
    if (++c->allocs == c->fail_at)
        return NULL;
    c->live++;
    return malloc(size);
}

static void count_release(void *arg, void *p, size_t size) {
    counter *c = arg;
    (void)size;
    c->live--;
    free(p);
}

/* Whichever allocation fails, nothing is lost and the verdict is no memory, never "good" without
 * one. */
static void allocations_fail(void **state) {
    (void)state;
    forge_spec r = forge_root(), m = forge_middle(), l = forge_leaf();
    const char *root = forge_pem(forge(&r));
    lk_slice chain[2] = {forge(&l), forge(&m)};
    bool done = false;
    for (long n = 1; !done && n < 100; n++) {
        counter c = {0, 0, n};
        lockstep_env env = {.arg = &c, .alloc = count_alloc, .release = count_release};
        lockstep_trust *trust = NULL;
        lockstep_report *report = NULL;
        lockstep_status status = lockstep_trust_new(&trust, &env);
        size_t added = 0;
        if (status == LOCKSTEP_OK)
            status = lockstep_trust_add(trust, &added, NULL, (const uint8_t *)root, strlen(root));
        if (status == LOCKSTEP_OK)
            status = forge_judge(&report, trust, chain, 2, "a.test");
        done = c.allocs < n; /* no allocation failed any more */
        if (done)
            assert_int_equal(status, LOCKSTEP_OK);
        else
            assert_true(status == LOCKSTEP_ERR_NO_MEMORY || status == LOCKSTEP_ERR_PEM);
        lockstep_report_free(report);
        lockstep_trust_free(trust);
        assert_int_equal(c.live, 0);
    }
    assert_true(done);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good),
        cmocka_unit_test(every_kind_of_key),
        cmocka_unit_test(validity),
        cmocka_unit_test(fractions_of_seconds),
        cmocka_unit_test(changes),
        cmocka_unit_test(nothing_is_left_out),
        cmocka_unit_test(engine_form),
        cmocka_unit_test(leaf_that_is_trusted),
        cmocka_unit_test(intermediate_that_is_trusted),
        cmocka_unit_test(certificates_that_do_not_parse),
        cmocka_unit_test(length_of_paths),
        cmocka_unit_test(paths_of_reports),
        cmocka_unit_test(signature_budget),
        cmocka_unit_test(step_budget),
        cmocka_unit_test(sentences),
        cmocka_unit_test(spans),
        cmocka_unit_test(allocations_fail),
    };
    return cmocka_run_group_tests(tests, NULL, forge_tear_down);
}
