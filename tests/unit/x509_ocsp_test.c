/*
 * x509_ocsp_test.c - OCSP responses: what is GOOD, REVOKED and UNKNOWN, and about whom it is.
 */
#include "support/ocsp_kit.h"

#define NOT_ABOUT "the OCSP response is not about this certificate"
#define FUTURE    "the OCSP response is of the future"
#define NOT_KNOWN "the OCSP responder does not know the certificate"

/* ---- Good and revoked ------------------------------------------------------------------------ */

static void good(void **state) {
    (void)state;
    lk_revocation said = ask(&(forge_ocsp_spec){.next_update = FORGE_NOW + HOUR});
    check(said, LK_STANDING_GOOD, NULL, __LINE__);
    assert_int_equal(said.this_update, FORGE_NOW - HOUR);
    assert_int_equal(said.next_update, FORGE_NOW + HOUR);
    /* Each way to name the responder and the certificate. */
    for (int way = 0; way < 8; way++) {
        bool by_key = way & 1, sha256 = way & 2;
        forge_spec spec = delegate();
        if (way & 4)
            EXPECT(GOOD, NULL, .by_key = by_key, .sha256 = sha256, .responder = forge(&spec),
                   .signer = forge_p256(2));
        else
            EXPECT(GOOD, NULL, .by_key = by_key, .sha256 = sha256);
    }
    /* What is harmless. */
    EXPECT(GOOD, NULL, .mistake = "hash-without-null");
    EXPECT(GOOD, NULL, .mistake = "hash-without-null", .sha256 = true);
    EXPECT(GOOD, NULL, .mistake = "version-1");
    EXPECT(GOOD, NULL, .mistake = "no-certs");
    EXPECT(GOOD, NULL, .extra = LK_OID_OCSP_NONCE);
    EXPECT(GOOD, NULL, .extra = LK_OID_OCSP_NONCE, .extra_critical = true);
    EXPECT(GOOD, NULL, .extra = LK_OID_USER_ID, .extra_single = LK_OID_USER_ID);
    EXPECT(GOOD, NULL, .more_certs = {ca_der});
    EXPECT(GOOD, NULL, .more_certs = {leaf_der, other_der, leaf_der, other_der, leaf_der});
}

static void revoked(void **state) {
    (void)state;
    lk_revocation said = ask(&(forge_ocsp_spec){.status = 'r',
                                                .reason = 1,
                                                .revoked_at = FORGE_NOW - 7 * HOUR,
                                                .next_update = FORGE_NOW + HOUR});
    check(said, LK_STANDING_REVOKED, NULL, __LINE__);
    assert_int_equal(said.reason, 1);
    assert_int_equal(said.revoked_at, FORGE_NOW - 7 * HOUR);
    assert_int_equal(said.this_update, FORGE_NOW - HOUR);
    assert_int_equal(said.next_update, FORGE_NOW + HOUR);
    said = ask(&(forge_ocsp_spec){.status = 'r'});
    check(said, LK_STANDING_REVOKED, NULL, __LINE__);
    assert_int_equal(said.reason, LK_REASON_NONE);
    assert_int_equal(said.next_update, 0);
    for (int reason = -1; reason < 14; reason++) {
        if (reason == 0)
            continue;
        said = ask(&(forge_ocsp_spec){.status = 'r', .reason = reason});
        bool is_one = reason <= 10 && reason != 7;
        assert_int_equal(said.standing, is_one ? LK_STANDING_REVOKED : LK_STANDING_BAD);
        assert_int_equal(said.reason, !is_one ? LK_REASON_NONE : reason < 0 ? 0 : reason);
    }
    /* Whenever it was said. */
    EXPECT(REVOKED, NULL, .status = 'r', .this_update = FORGE_NOW - 400 * FORGE_DAY,
           .next_update = FORGE_NOW - 390 * FORGE_DAY);
    EXPECT(REVOKED, NULL, .status = 'r', .this_update = FORGE_NOW - 400 * FORGE_DAY);
    EXPECT(REVOKED, NULL, .status = 'r', .this_update = FORGE_NOW + HOUR,
           .produced_at = FORGE_NOW + HOUR);
}

static void times(void **state) {
    (void)state;
    const char *out_of_date = "the OCSP response is out of date";
    const char *old =
        "the OCSP response is more than a day old and does not say how long it counts";
    int64_t now = FORGE_NOW;
    EXPECT(GOOD, NULL, .this_update = now, .next_update = now);
    EXPECT(UNKNOWN, out_of_date, .this_update = now - 2, .next_update = now - 1);
    EXPECT(GOOD, NULL, .this_update = now - 9 * FORGE_DAY, .next_update = now);
    EXPECT(UNKNOWN, FUTURE, .this_update = now + 1, .next_update = now + FORGE_DAY);
    EXPECT(UNKNOWN, FUTURE, .this_update = now + 1);
    EXPECT(GOOD, NULL, .produced_at = now + 300);
    EXPECT(UNKNOWN, FUTURE, .produced_at = now + 301);
    EXPECT(GOOD, NULL, .this_update = now - FORGE_DAY);
    EXPECT(UNKNOWN, old, .this_update = now - FORGE_DAY - 1);
    EXPECT(BAD, MALFORMED, .this_update = now, .next_update = now - 1);
    lk_revocation said = ask(&(forge_ocsp_spec){.this_update = now - HOUR});
    assert_int_equal(said.next_update, now - HOUR + FORGE_DAY);
    /* Times that no clock has. */
    lk_slice response = forge_ocsp(&(forge_ocsp_spec){.cert = leaf_der, .issuer = ca_der});
    check(ask_at(response, INT64_MAX), LK_STANDING_UNKNOWN, old, __LINE__);
    check(ask_at(response, INT64_MIN), LK_STANDING_UNKNOWN, FUTURE, __LINE__);
}

/* ---- Unknown --------------------------------------------------------------------------------- */

static void errors(void **state) {
    (void)state;
    static const struct {
        unsigned status;
        const char *why;
    } rows[] = {{1, "the OCSP responder answers malformedRequest"},
                {2, "the OCSP responder answers internalError"},
                {3, "the OCSP responder answers tryLater"},
                {5, "the OCSP responder answers sigRequired"},
                {6, "the OCSP responder answers unauthorized"}};
    for (size_t i = 0; i < LEN(rows); i++) {
        EXPECT(UNKNOWN, rows[i].why, .response_status = rows[i].status);
        EXPECT(BAD, MALFORMED, .response_status = rows[i].status, .mistake = "error-with-bytes");
    }
    EXPECT(BAD, MALFORMED, .response_status = 4);
    EXPECT(BAD, MALFORMED, .response_status = 7);
    EXPECT(BAD, MALFORMED, .response_status = 0x80);
    EXPECT(BAD, MALFORMED, .mistake = "no-bytes");
    EXPECT(UNKNOWN, NOT_KNOWN, .status = 'u');
    EXPECT(UNKNOWN, NOT_KNOWN, .status = 'u', .next_update = FORGE_NOW + HOUR);
}

/* ---- About whom ------------------------------------------------------------------------------ */

static void about(void **state) {
    (void)state;
    forge_spec twin = {.subject = "ca", .ca = true, .key = forge_p256(3)};
    forge_spec namesake = {.subject = "another ca", .ca = true, .key = forge_p256(1)};
    static const uint8_t serial[] = {0x00, 0x81};
    EXPECT(BAD, NOT_ABOUT, .cert = other_der);
    EXPECT(BAD, NOT_ABOUT, .status = 'r', .cert = other_der);
    EXPECT(BAD, NOT_ABOUT, .serial = lk_slice_of(serial, 2));
    EXPECT(BAD, NOT_ABOUT, .mistake = "no-answer");
    EXPECT(BAD, NOT_ABOUT, .mistake = "sha384");
    for (int sha256 = 0; sha256 < 2; sha256++) {
        /* An issuer of the same name with another key, and with the same key by another name. */
        EXPECT(BAD, NOT_ABOUT, .issuer = forge(&twin), .sha256 = sha256, .signer = forge_p256(3));
        EXPECT(BAD, NOT_ABOUT, .issuer = forge(&twin), .sha256 = sha256);
        EXPECT(BAD, NOT_ABOUT, .issuer = forge(&namesake), .sha256 = sha256);
    }
    /* Of several answers the one that counts, of two about it the worse one. */
    static const char order[] = "gur"; /* the worse the later */
    static const lk_standing standings[] = {LK_STANDING_GOOD, LK_STANDING_UNKNOWN,
                                            LK_STANDING_REVOKED};
    for (int i = 0; i < 3; i++)
        for (int k = 0; k < 3; k++) {
            forge_ocsp_spec also = {.cert = leaf_der, .issuer = ca_der, .status = order[k]};
            forge_ocsp_spec spec = {.also = &also, .status = order[i], .sha256 = true};
            check(ask(&spec), standings[i > k ? i : k], NULL, __LINE__);
            also.cert = other_der;
            check(ask(&spec), standings[i], NULL, __LINE__);
        }
    forge_ocsp_spec old = {.cert = leaf_der, .issuer = ca_der, .this_update = 1, .next_update = 2};
    EXPECT(UNKNOWN, "the OCSP response is out of date", .also = &old);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good),   cmocka_unit_test(revoked), cmocka_unit_test(times),
        cmocka_unit_test(errors), cmocka_unit_test(about),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
