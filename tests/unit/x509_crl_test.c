/*
 * x509_crl_test.c - reading CRLs: fields, what is refused and why, damage; distribution points.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "support/forge_crl.h"

#define SERIAL(text)                                                                               \
    { (const uint8_t *)(text), sizeof(text) - 1 }
#define VALUE(text) ((lk_slice)SERIAL(text))

static lk_cert ca;

static int set_up(void **state) {
    (void)state;
    forge_spec spec = {.subject = "root", .issuer = "root", .ca = true, .key = forge_p256(1)};
    return lk_cert_parse(&ca, forge(&spec)) == LOCKSTEP_OK ? 0 : -1;
}

static const forge_crl_entry three[] = {
    {.serial = SERIAL("\x07"), .reason = 1},
    {.serial = SERIAL("\x00\x80"), .revoked_at = FORGE_NOW - 5},
    {.serial = SERIAL("\x01\x02\x03"),
     .reason = FORGE_REASON_ZERO,
     .extra = LK_OID_INVALIDITY_DATE},
};

static forge_crl_spec good_spec(void) {
    return (forge_crl_spec){.issuer = &ca, .entries = three, .num_entries = 3};
}

static void fields(void **state) {
    (void)state;
    forge_crl_spec spec = good_spec();
    spec.scope = forge_scope("http://a.test/1 ldap://a.test", "u");
    lk_slice der = forge_crl(&spec);
    lk_crl crl;
    lk_crl_entry entry;
    const char *why = "";
    assert_int_equal(lk_crl_parse(&crl, &why, der), LOCKSTEP_OK);
    assert_null(why);
    assert_true(lk_slice_equal(crl.der, der));
    assert_true(lk_slice_equal(crl.issuer, ca.subject));
    assert_true(lk_slice_equal(crl.authority_key_id, ca.subject_key_id));
    assert_int_equal(crl.algorithm, LK_SIGN_ECDSA_SHA256);
    assert_int_equal(crl.this_update, FORGE_NOW - FORGE_DAY);
    assert_int_equal(crl.next_update, FORGE_NOW + FORGE_DAY);
    assert_true(crl.has_scope && crl.only_user_certs && !crl.only_ca_certs);
    assert_int_equal(crl.num_entries, 3);
    lk_reader r = lk_reader_of(crl.entries);
    for (size_t i = 0; i < 3; i++) {
        assert_true(lk_crl_entry_next(&r, &entry, &why));
        assert_true(lk_slice_equal(entry.serial, three[i].serial));
        assert_int_equal(entry.reason, i == 0 ? 1 : i == 1 ? LK_REASON_NONE : 0);
        assert_int_equal(entry.revoked_at, FORGE_NOW - (i == 1 ? 5 : 2 * FORGE_DAY));
    }
    assert_true(lk_reader_done(&r));
    const lk_slice parts[] = {crl.tbs,     crl.issuer, crl.signature, crl.authority_key_id,
                              crl.entries, crl.points};
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
        assert_true(parts[i].p_len > 0 && parts[i].p >= der.p &&
                    parts[i].p + parts[i].p_len <= der.p + der.p_len);
}

/* good checks that the list is read; bad that it is refused, with `why` somewhere in the reason. */
static void good(const forge_crl_spec *spec) {
    lk_crl crl;
    const char *why;
    lockstep_status status = lk_crl_parse(&crl, &why, forge_crl(spec));
    if (status != LOCKSTEP_OK)
        fail_msg("refused: %s", why);
}

static void bad(const forge_crl_spec *spec, const char *expected) {
    lk_crl crl;
    const char *why = NULL;
    assert_int_equal(lk_crl_parse(&crl, &why, forge_crl(spec)), LOCKSTEP_CERT_MALFORMED);
    assert_non_null(why);
    if (strstr(why, expected) == NULL)
        fail_msg("\"%s\" is not \"%s\"", why, expected);
}

#define GOOD(...)                                                                                  \
    do {                                                                                           \
        forge_crl_spec s_ = {.issuer = &ca, __VA_ARGS__};                                          \
        good(&s_);                                                                                 \
    } while (0)
#define BAD(why, ...)                                                                              \
    do {                                                                                           \
        forge_crl_spec s_ = {.issuer = &ca, __VA_ARGS__};                                          \
        bad(&s_, why);                                                                             \
    } while (0)

static void whole_lists(void **state) {
    (void)state;
    static const char long_name[] = "\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f"
                                    "\x10\x11\x12\x13\x14\x15";
    const lk_slice rsa = lk_signature_algorithm_der(LK_SIGN_RSA_PKCS1_SHA256);
    GOOD(.num_entries = 0);
    GOOD(.no_akid = true);
    GOOD(.number = VALUE("\x00"));
    GOOD(.number = lk_slice_of(long_name, 20));
    GOOD(.extra = LK_OID_FRESHEST_CRL);
    GOOD(.inner = rsa); /* the wrong one, which the signature shows */
    BAD("version 2", .version_1 = true);
    BAD("version 2", .version_3 = true);
    BAD("two signature algorithms", .inner = rsa,
        .outer = lk_signature_algorithm_der(LK_SIGN_ECDSA_SHA256));
    BAD("two signature algorithms", .outer = rsa);
    BAD("issuer", .name = VALUE("\x30\x00"));
    BAD("issuer", .name = VALUE("\x30\x02\x05\x00"));
    BAD("nextUpdate is missing", .no_next_update = true);
    BAD("form", .odd_time = true);
    BAD("there and empty", .empty_entries = true);
    BAD("CRLNumber is missing", .no_number = true);
    BAD("CRLNumber is missing", .no_extensions = true);
    BAD("does not parse", .empty_extensions = true);
    BAD("CRLNumber is critical", .number_critical = true);
    BAD("twice", .number_twice = true);
    BAD("CRLNumber does not parse", .number = VALUE("\xff"));
    BAD("CRLNumber does not parse", .number = VALUE("\x00\x01"));
    BAD("too long", .number = lk_slice_of(long_name, 21));
    BAD("delta", .extra = LK_OID_DELTA_CRL, .extra_critical = true,
        .extra_value = VALUE("\x02\x01\x06"));
    BAD("delta", .extra = LK_OID_DELTA_CRL);
    BAD("critical extension", .extra = LK_OID_USER_ID, .extra_critical = true);
    BAD("critical extension", .extra = LK_OID_FRESHEST_CRL, .extra_critical = true);
    BAD("authorityKeyIdentifier", .no_akid = true, .extra = LK_OID_AUTHORITY_KEY_ID);
    BAD("twice", .extra = LK_OID_AUTHORITY_KEY_ID, .extra_value = VALUE("\x30\x00"));
}

static void scopes(void **state) {
    (void)state;
    static char many[2 * LK_CRL_MAX_POINTS + 8];
    for (size_t i = 0; i <= LK_CRL_MAX_POINTS; i++)
        memcpy(many + 2 * i, "x ", 3);
    GOOD(.scope = forge_scope("", "u"));
    GOOD(.scope = forge_scope("", "c"));
    GOOD(.scope = forge_scope("http://a", ""), .scope_not_critical = true);
    BAD("at once", .scope = forge_scope("", "uc"));
    BAD("some reasons", .scope = forge_scope("http://a", "r"));
    BAD("indirect", .scope = forge_scope("http://a", "i"));
    BAD("attribute", .scope = forge_scope("", "a"));
    BAD("does not parse", .scope = forge_scope("", ""));
    BAD("does not parse", .scope = VALUE("\x30\x03\x81\x01\x00"));
    BAD("does not parse", .scope = VALUE("\x30\x06\x82\x01\xff\x81\x01\xff"));
    BAD("does not parse", .scope = VALUE("\x30\x05\x81\x01\xff\x05\x00"));
    BAD("does not parse", .scope = VALUE("\x30\x03\x81\x01\xff\x05\x00"));
    BAD("does not parse", .scope = VALUE("\x30\x02\xa0\x00"));
    BAD("does not parse", .scope = VALUE("\x30\x04\xa0\x02\xa0\x00"));
    BAD("relative", .scope = VALUE("\x30\x04\xa0\x02\xa1\x00"));
    BAD("wrong one", .scope = VALUE("\x30\x06\xa0\x04\xa0\x02\x89\x00"));
    many[2 * LK_CRL_MAX_POINTS - 1] = 0;
    GOOD(.scope = forge_scope(many, ""));
    many[2 * LK_CRL_MAX_POINTS - 1] = ' ';
    many[2 * LK_CRL_MAX_POINTS + 1] = 0;
    BAD("too many", .scope = forge_scope(many, ""));
}

#define ENTRY(...)                                                                                 \
    .entries = (const forge_crl_entry[]){three[0], {.serial = VALUE("\x05"), __VA_ARGS__}},        \
    .num_entries = 2

static void entries(void **state) {
    (void)state;
    for (int reason = 1; reason < 16; reason++) {
        if (reason == 8)
            BAD("no delta", ENTRY(.reason = reason));
        else if (reason == 7 || reason > 10)
            BAD("none of CRLReason", ENTRY(.reason = reason));
        else
            GOOD(ENTRY(.reason = reason));
    }
    GOOD(ENTRY(.extra = LK_OID_USER_ID));
    GOOD(ENTRY(.extra = LK_OID_CRL_REASON, .extra_value = VALUE("\x0a\x01\x01")));
    BAD("none of CRLReason",
        ENTRY(.extra = LK_OID_CRL_REASON, .extra_value = VALUE("\x0a\x02\x00\x01")));
    BAD("none of CRLReason",
        ENTRY(.extra = LK_OID_CRL_REASON, .extra_value = VALUE("\x02\x01\x01")));
    BAD("none of CRLReason",
        ENTRY(.extra = LK_OID_CRL_REASON, .extra_value = VALUE("\x0a\x01\x01\x00")));
    BAD("another issuer", ENTRY(.extra = LK_OID_CERTIFICATE_ISSUER, .extra_critical = true));
    BAD("another issuer", ENTRY(.extra = LK_OID_CERTIFICATE_ISSUER));
    BAD("critical extension", ENTRY(.extra = LK_OID_USER_ID, .extra_critical = true));
    BAD("twice", ENTRY(.extra = LK_OID_USER_ID, .extra_twice = true));
    BAD("twice",
        ENTRY(.reason = 1, .extra = LK_OID_CRL_REASON, .extra_value = VALUE("\x0a\x01\x01")));
    BAD("entry does not parse", .entries = (const forge_crl_entry[]){{.serial = VALUE("\x00\x01")}},
        .num_entries = 1);
}

static void truncations(void **state) {
    (void)state;
    forge_crl_spec spec = good_spec();
    spec.scope = forge_scope("http://a.test/1", "u");
    lk_slice der = forge_crl(&spec);
    lk_crl crl;
    const char *why;
    for (size_t n = 0; n <= der.p_len + 1; n++) {
        uint8_t *copy = malloc(n + 1); /* its own block, so that a read beyond is seen */
        assert_non_null(copy);
        memcpy(copy, der.p, n < der.p_len ? n : der.p_len);
        if (n > der.p_len)
            copy[der.p_len] = 0;
        why = NULL;
        assert_int_equal(lk_crl_parse(&crl, &why, lk_slice_of(copy, n)),
                         n == der.p_len ? LOCKSTEP_OK : LOCKSTEP_CERT_MALFORMED);
        assert_true((why == NULL) == (n == der.p_len));
        free(copy);
    }
}

/* leaf_at returns a certificate whose cRLDistributionPoints are `value`, if any. */
static lk_cert leaf_at(lk_slice value, bool is_ca) {
    forge_spec spec = {.issuer = "root", .ca = is_ca, .extra_value = value};
    lk_cert cert;
    spec.extra = value.p_len > 0 ? LK_OID_CRL_POINTS : LK_OID_NONE;
    assert_int_equal(lk_cert_parse(&cert, forge(&spec)), LOCKSTEP_OK);
    return cert;
}

static void walk(lk_slice value, const char *expected) {
    lk_cert cert = leaf_at(value, false);
    char text[256] = "";
    size_t from = 0, used = 0;
    lk_slice uri;
    while (lk_crl_point_next(&cert, &from, &uri))
        used += (size_t)snprintf(text + used, sizeof text - used, "%.*s;", (int)uri.p_len, uri.p);
    assert_string_equal(text, expected);
    assert_false(lk_crl_point_next(&cert, &from, &uri));
}

static void points(void **state) {
    (void)state;
    walk(VALUE(""), "");
    walk(forge_points("http://a"), "http://a;");
    walk(forge_points("http://a ldap://b|http://c"), "http://a;ldap://b;http://c;");
    walk(forge_points("http://a !r|http://b|http://c !i|http://d http://e|!i"),
         "http://b;http://d;http://e;");
    walk(forge_points("|http://b|"), "http://b;");
    walk(forge_points("!r"), "");
    /* a DNS name between two URIs; a name relative to the issuer */
    walk(VALUE("\x30\x0f\x30\x0d\xa0\x0b\xa0\x09\x86\x01x\x82\x01y\x86\x01z"), "x;z;");
    walk(VALUE("\x30\x10\x30\x04\xa0\x02\xa1\x00\x30\x08\xa0\x06\xa0\x04\x86\x02xy"), "xy;");
    /* what does not parse ends it */
    walk(VALUE("\x04\x00"), "");
    walk(VALUE("\x30\x02\x05\x00"), "");
    walk(VALUE("\x30\x0b\x30\x07\xa0\x05\xa0\x03\x86\x01x\x05\x00"), "x;");
    walk(VALUE("\x30\x0b\x30\x09\xa0\x07\xa0\x05\x86\x01x\x99\x00"), "x;");
    walk(VALUE("\x30\x09\x30\x07\xa0\x05\xa0\x03\x86\x09x"), "");
}

static bool covers(lk_slice scope, lk_slice cert_points, bool is_ca) {
    forge_crl_spec spec = {.issuer = &ca, .scope = scope};
    lk_cert cert = leaf_at(cert_points, is_ca);
    lk_crl crl;
    const char *why;
    assert_int_equal(lk_crl_parse(&crl, &why, forge_crl(&spec)), LOCKSTEP_OK);
    return lk_crl_covers(&crl, &cert);
}

static void coverage(void **state) {
    (void)state;
    const lk_slice none = VALUE(""), two = forge_scope("http://1 http://2", "");
    assert_true(covers(none, none, false));
    assert_true(covers(none, forge_points("http://1"), false));
    assert_true(covers(forge_scope("", "u"), none, false));
    assert_false(covers(forge_scope("", "u"), none, true));
    assert_true(covers(forge_scope("", "c"), none, true));
    assert_false(covers(forge_scope("", "c"), none, false));
    assert_true(covers(two, forge_points("http://1"), false));
    assert_true(covers(two, forge_points("http://3 http://2"), false));
    assert_true(covers(two, forge_points("http://3|http://2"), false));
    assert_false(covers(two, forge_points("http://3"), false));
    assert_false(covers(two, forge_points("http://11"), false));
    assert_false(covers(two, forge_points("http://1 !r"), false));
    assert_false(covers(two, forge_points("http://1 !i"), false));
    assert_false(covers(two, none, false));
    assert_false(covers(forge_scope("http://1", "c"), forge_points("http://1"), false));
    /* the same bytes as another kind of name */
    assert_false(
        covers(forge_scope("x", ""), VALUE("\x30\x09\x30\x07\xa0\x05\xa0\x03\x82\x01x"), false));
}

static void reason_names(void **state) {
    (void)state;
    assert_string_equal(lk_reason_name(1), "keyCompromise");
    assert_string_equal(lk_reason_name(6), "certificateHold");
    assert_string_equal(lk_reason_name(10), "aACompromise");
    assert_string_equal(lk_reason_name(0), "unspecified");
    assert_string_equal(lk_reason_name(LK_REASON_NONE), "unspecified");
    assert_string_equal(lk_reason_name(7), "unspecified");
    assert_string_equal(lk_reason_name(11), "unspecified");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fields),   cmocka_unit_test(whole_lists),  cmocka_unit_test(scopes),
        cmocka_unit_test(entries),  cmocka_unit_test(truncations),  cmocka_unit_test(points),
        cmocka_unit_test(coverage), cmocka_unit_test(reason_names),
    };
    return cmocka_run_group_tests(tests, set_up, forge_tear_down);
}
