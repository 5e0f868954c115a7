/*
 * x509_ocsp_form_test.c - OCSP responses of wrong form and with damage of every kind; the SCTs in
 * them.
 */
#include "crypto/digest.h"
#include "support/ocsp_kit.h"

#define CRITICAL "the OCSP response has a critical extension that is not known"

static void form(void **state) {
    (void)state;
    /* clang-format off */
    static const char *const mistakes[] = {
        "utc", "hash-parameters", "name-short", "name-long", "key-short", "key-long",
        "status-explicit", "status-3", "status-filled", "responder-3", "no-name", "version-2",
        "no-extensions", "no-response-extensions", "whole-more", "tagged-more", "bytes-more",
        "string-more", "basic-more", "certs-more", "certs-null", "data-more", "version-more",
        "responder-more", "list-more", "response-extensions-more", "single-more", "id-more",
        "hash-more", "next-more", "extensions-more"};
    /* clang-format on */
    static const lk_slice list = {(const uint8_t *)"ab", 2};
    for (size_t i = 0; i < LEN(mistakes); i++)
        for (int sha256 = 0; sha256 < 2; sha256++) {
            lk_oid extra = strncmp(mistakes[i], "no-", 3) == 0 ? LK_OID_NONE : LK_OID_USER_ID;
            lk_revocation said = ask(&(forge_ocsp_spec){.mistake = mistakes[i],
                                                        .sha256 = sha256,
                                                        .extra = extra,
                                                        .extra_single = extra,
                                                        .next_update = FORGE_NOW + 1});
            if (said.standing != LK_STANDING_BAD || strcmp(said.why, MALFORMED) != 0)
                fail_msg("%s: %d, %s", mistakes[i], said.standing, said.why);
        }
    EXPECT(BAD, MALFORMED, .by_key = true, .mistake = "by-key-long");
    EXPECT(BAD, MALFORMED, .by_key = true, .mistake = "responder-more");
    EXPECT(BAD, MALFORMED, .more_certs = {ca_der}, .mistake = "basic-more");
    EXPECT(BAD, MALFORMED, .status = 'r', .reason = 1, .mistake = "reason-integer");
    EXPECT(BAD, MALFORMED, .status = 'r', .reason = 1, .mistake = "revoked-more");
    EXPECT(BAD, MALFORMED, .status = 'r', .reason = 1, .mistake = "reason-more");
    EXPECT(BAD, MALFORMED, .status = 'r', .mistake = "revoked-more");
    EXPECT(BAD, MALFORMED, .status = 'u', .mistake = "status-filled");
    EXPECT(BAD, MALFORMED, .sct_list = list, .mistake = "sct-twice");
    EXPECT(BAD, "the OCSP response is not of the basic type", .mistake = "other-type");
    EXPECT(BAD, CRITICAL, .extra = LK_OID_USER_ID, .extra_critical = true);
    EXPECT(BAD, CRITICAL, .extra_single = LK_OID_USER_ID, .extra_critical = true);
    EXPECT(BAD, CRITICAL, .extra_single = LK_OID_OCSP_NONCE, .extra_critical = true);
    EXPECT(BAD, CRITICAL, .status = 'r', .extra = LK_OID_USER_ID, .extra_critical = true);
    uint8_t *big = calloc(1, LK_OCSP_MAX_BYTES + 1);
    assert_non_null(big);
    memcpy(big, "\x30\x83\x00\xff\xfd", 5);
    check(ask_at(lk_slice_of(big, LK_OCSP_MAX_BYTES + 1), FORGE_NOW), LK_STANDING_BAD,
          "the OCSP response is too large", __LINE__);
    free(big);
    check(ask_at((lk_slice){NULL, 0}, FORGE_NOW), LK_STANDING_BAD, MALFORMED, __LINE__);
}

/* damaged makes a response of each status and form, of which nothing damaged may be believed. */
static lk_slice damaged(int way) {
    forge_spec spec = delegate();
    return forge_ocsp(&(forge_ocsp_spec){.cert = leaf_der,
                                         .issuer = ca_der,
                                         .status = way & 1 ? 'r' : 'g',
                                         .reason = 4,
                                         .by_key = way & 2,
                                         .sha256 = way & 2,
                                         .responder = way & 2 ? forge(&spec) : (lk_slice){0},
                                         .signer = forge_p256(way & 2 ? 2 : 1),
                                         .sct_list = lk_slice_of_str("list"),
                                         .extra = LK_OID_OCSP_NONCE,
                                         .next_update = FORGE_NOW + HOUR});
}

static void truncations(void **state) {
    (void)state;
    for (int way = 0; way < 4; way++) {
        lk_slice whole = damaged(way), list;
        for (size_t n = 0; n < whole.p_len; n++) {
            uint8_t *copy = malloc(n + 1); /* its own block, so that a read beyond is seen */
            assert_non_null(copy);
            memcpy(copy, whole.p, n);
            check(ask_at(lk_slice_of(copy, n), FORGE_NOW), LK_STANDING_BAD, MALFORMED, __LINE__);
            assert_false(lk_ocsp_sct_list(&list, lk_slice_of(copy, n), &leaf, &ca));
            free(copy);
        }
        uint8_t *more = calloc(1, whole.p_len + 1);
        assert_non_null(more);
        memcpy(more, whole.p, whole.p_len);
        check(ask_at(lk_slice_of(more, whole.p_len + 1), FORGE_NOW), LK_STANDING_BAD, MALFORMED,
              __LINE__);
        free(more);
    }
}

/* Each bit flipped, and each byte 00 and FF. What is not signed (certificates that are not looked
 * at, the response's status) may change nothing, or make it an error; nothing may turn it over. */
static void flips(void **state) {
    (void)state;
    for (int way = 0; way < 4; way++) {
        lk_slice whole = damaged(way);
        lk_standing right = ask_at(whole, FORGE_NOW).standing;
        assert_int_equal(right, way & 1 ? LK_STANDING_REVOKED : LK_STANDING_GOOD);
        unsigned counts[4] = {0};
        uint8_t *copy = malloc(whole.p_len);
        assert_non_null(copy);
        memcpy(copy, whole.p, whole.p_len);
        for (size_t i = 0; i < whole.p_len; i++) {
            for (int k = 0; k < 10; k++) {
                copy[i] = (uint8_t)(k < 8 ? copy[i] ^ 1 << k : k == 8 ? 0 : 0xff);
                if (copy[i] != whole.p[i]) {
                    lk_revocation said = ask_at(lk_slice_of(copy, whole.p_len), FORGE_NOW);
                    counts[said.standing]++;
                }
                copy[i] = whole.p[i];
            }
        }
        print_message("           %u bad, %u unknown, %u good, %u revoked\n",
                      counts[LK_STANDING_BAD], counts[LK_STANDING_UNKNOWN],
                      counts[LK_STANDING_GOOD], counts[LK_STANDING_REVOKED]);
        assert_int_equal(counts[LK_STANDING_GOOD] + counts[LK_STANDING_REVOKED] +
                             counts[LK_STANDING_UNKNOWN],
                         0);
        free(copy);
    }
}

/* ---- What else it holds ---------------------------------------------------------------------- */

static void sct_list(void **state) {
    (void)state;
    lk_slice list, text = lk_slice_of_str("a list of timestamps");
    forge_ocsp_spec also = {.cert = leaf_der, .issuer = ca_der};
    forge_ocsp_spec spec = {
        .cert = leaf_der, .issuer = ca_der, .sct_list = text, .extra_single = LK_OID_USER_ID};
    lk_slice response = forge_ocsp(&spec);
    assert_true(lk_ocsp_sct_list(&list, response, &leaf, &ca));
    assert_true(lk_slice_equal(list, text));
    assert_true(list.p > response.p && list.p + list.p_len < response.p + response.p_len);
    check(ask_at(response, FORGE_NOW), LK_STANDING_GOOD, NULL, __LINE__);
    lk_cert other;
    parse(&other, other_der);
    assert_false(lk_ocsp_sct_list(&list, response, &other, &ca));
    assert_false(lk_ocsp_sct_list(&list, response, &leaf, &other));
    spec.also = &also; /* the second answer has it */
    assert_true(lk_ocsp_sct_list(&list, forge_ocsp(&spec), &leaf, &ca));
    spec.mistake = "sct-tag";
    assert_false(lk_ocsp_sct_list(&list, forge_ocsp(&spec), &leaf, &ca));
    spec.mistake = "sct-more";
    assert_false(lk_ocsp_sct_list(&list, forge_ocsp(&spec), &leaf, &ca));
    assert_false(lk_ocsp_sct_list(&list, forge_ocsp(&also), &leaf, &ca));
    spec.response_status = 3;
    spec.mistake = NULL;
    assert_false(lk_ocsp_sct_list(&list, forge_ocsp(&spec), &leaf, &ca));
}

/* FIPS 180-4's example, and nothing. */
static void sha1_identifier(void **state) {
    (void)state;
    uint8_t out[20];
    lk_sha1_identifier(out, lk_slice_of_str("abc"));
    assert_memory_equal(out,
                        "\xa9\x99\x3e\x36\x47\x06\x81\x6a\xba\x3e\x25\x71\x78\x50\xc2\x6c\x9c\xd0"
                        "\xd8\x9d",
                        20);
    lk_sha1_identifier(out, (lk_slice){NULL, 0});
    assert_memory_equal(out,
                        "\xda\x39\xa3\xee\x5e\x6b\x4b\x0d\x32\x55\xbf\xef\x95\x60\x18\x90\xaf\xd8"
                        "\x07\x09",
                        20);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(form),     cmocka_unit_test(truncations),     cmocka_unit_test(flips),
        cmocka_unit_test(sct_list), cmocka_unit_test(sha1_identifier),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
