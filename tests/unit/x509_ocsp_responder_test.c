/*
 * x509_ocsp_responder_test.c - who may sign OCSP responses: the issuer, and whom it delegated.
 */
#include "support/ocsp_kit.h"

#define NOT_ISSUERS "the signature of the OCSP response is not the issuer's"
#define NOBODY      "the OCSP response has no certificate of its responder"
#define NOT_FOR     "the responder's certificate is not for OCSPSigning"

/* ecdsa-with-SHA1 */
static const lk_slice sha1 = {(const uint8_t *)"\x30\x09\x06\x07\x2a\x86\x48\xce\x3d\x04\x01", 11};

/* by asks about a response of that responder, signed with `signer`. */
static lk_revocation by(const forge_spec *responder, const lk_private_key *signer, bool by_key) {
    return ask(
        &(forge_ocsp_spec){.responder = forge(responder), .signer = signer, .by_key = by_key});
}

static void direct(void **state) {
    (void)state;
    EXPECT(BAD, NOT_ISSUERS, .bad_signature = true);
    EXPECT(BAD, NOT_ISSUERS, .bad_signature = true, .status = 'r');
    EXPECT(BAD, NOT_ISSUERS, .signer = forge_p256(2));
    EXPECT(BAD, NOT_ISSUERS, .signer = forge_p256(2), .by_key = true, .more_certs = {ca_der});
    EXPECT(BAD, NOT_ISSUERS, .signer = forge_key(LK_KEY_ED25519, 0, 1));
    /* Signed by the holder of the certificate itself. */
    EXPECT(BAD, NOT_ISSUERS, .signer = forge_p256(0));
    EXPECT(BAD, "a certificate cannot answer for itself", .signer = forge_p256(0),
           .responder = leaf_der);
    /* SHA-1 proves nothing. */
    EXPECT(BAD, "the OCSP response is signed in a way that is not accepted", .algorithm = sha1);
}

static void delegated(void **state) {
    (void)state;
    const lk_private_key *key = forge_p256(2);
    const char *expired = "the responder's certificate has expired";
    forge_spec spec = delegate();
    static const uint8_t null[] = {5, 0};
    for (int by_key = 0; by_key < 2; by_key++)
        check(by(&spec, key, by_key), LK_STANDING_GOOD, NULL, __LINE__);
    spec.purposes = "so";
    check(by(&spec, key, false), LK_STANDING_GOOD, NULL, __LINE__);
    spec.extra = LK_OID_OCSP_NO_CHECK;
    spec.extra_value = lk_slice_of(null, 2);
    spec.key_usage = FORGE_NONE;
    check(by(&spec, key, false), LK_STANDING_GOOD, NULL, __LINE__);
    spec = delegate();
    spec.key = forge_key(LK_KEY_RSA, 2048, 0);
    check(by(&spec, spec.key, false), LK_STANDING_GOOD, NULL, __LINE__);
    spec.key = forge_key(LK_KEY_ED25519, 0, 0);
    check(by(&spec, spec.key, true), LK_STANDING_GOOD, NULL, __LINE__);
    /* What is wrong with the certificate. */
    static const char *const purposes[] = {"-", "s", "a", "sac", "x"};
    for (size_t i = 0; i < LEN(purposes); i++) {
        spec = delegate();
        spec.purposes = purposes[i];
        check(by(&spec, key, false), LK_STANDING_BAD, NOT_FOR, __LINE__);
    }
    spec = delegate();
    spec.not_before = FORGE_NOW - 10;
    spec.not_after = FORGE_NOW;
    check(by(&spec, key, false), LK_STANDING_GOOD, NULL, __LINE__);
    spec.not_after--;
    check(by(&spec, key, false), LK_STANDING_BAD, expired, __LINE__);
    EXPECT(BAD, expired, .status = 'r', .responder = forge(&spec), .signer = key);
    spec = delegate();
    spec.not_before = FORGE_NOW;
    spec.not_after = FORGE_NOW + 10;
    check(by(&spec, key, false), LK_STANDING_GOOD, NULL, __LINE__);
    spec.not_before++;
    check(by(&spec, key, false), LK_STANDING_BAD, "the responder's certificate is not yet valid",
          __LINE__);
    spec = delegate();
    spec.issuer = "another ca";
    check(by(&spec, key, false), LK_STANDING_BAD,
          "the responder's certificate is of another issuer", __LINE__);
    spec = delegate();
    spec.signer = forge_p256(3);
    check(by(&spec, key, false), LK_STANDING_BAD,
          "the issuer did not sign the responder's certificate", __LINE__);
    spec = delegate();
    spec.bad_signature = true;
    check(by(&spec, key, true), LK_STANDING_BAD,
          "the issuer did not sign the responder's certificate", __LINE__);
    spec = delegate();
    spec.inner = sha1;
    check(by(&spec, key, false), LK_STANDING_BAD,
          "the issuer did not sign the responder's certificate", __LINE__);
    spec = delegate();
    spec.key_usage = LK_KU_KEY_ENCIPHERMENT;
    check(by(&spec, key, false), LK_STANDING_BAD,
          "the responder's certificate lacks digitalSignature", __LINE__);
    spec = delegate();
    spec.ca = true;
    spec.key_usage = LK_KU_CERT_SIGN | LK_KU_DIGITAL_SIGNATURE;
    check(by(&spec, key, false), LK_STANDING_BAD, "the responder's certificate is that of a CA",
          __LINE__);
    static const lk_oid extras[] = {LK_OID_USER_ID, LK_OID_CT_POISON, LK_OID_POLICY_CONSTRAINTS};
    for (size_t i = 0; i < LEN(extras); i++) {
        spec = delegate();
        spec.extra = extras[i];
        if (extras[i] == LK_OID_POLICY_CONSTRAINTS) /* which is read, and so must be one */
            spec.extra_value = lk_slice_of("\x30\x03\x80\x01\x00", 5);
        spec.extra_critical = true;
        check(by(&spec, key, false), LK_STANDING_BAD,
              "the responder's certificate has a critical extension that is not known", __LINE__);
    }
    spec = delegate();
    spec.key = forge_key(LK_KEY_RSA, 1024, 0);
    check(by(&spec, spec.key, false), LK_STANDING_BAD,
          "the responder's key is not of an accepted kind and size", __LINE__);
}

/* The certificates of a response: which one is looked at, and how many. */
static void companions(void **state) {
    (void)state;
    const lk_private_key *key = forge_p256(2);
    forge_spec spec = delegate(), stranger = delegate(), unusable = delegate();
    lk_slice good_der = forge(&spec);
    stranger.key = forge_p256(3);
    unusable.purposes = "s";
    lk_slice stranger_der = forge(&stranger), unusable_der = forge(&unusable);
    EXPECT(BAD, "the signature of the OCSP response is not the responder's", .responder = good_der,
           .signer = forge_p256(3));
    EXPECT(BAD, "the signature of the OCSP response is not the responder's", .responder = good_der,
           .signer = key, .bad_signature = true);
    EXPECT(BAD, NOBODY, .responder = good_der, .signer = key, .mistake = "responder-absent",
           .more_certs = {leaf_der, ca_der});
    /* Of its name are a stranger, one that may not, and then the right one. */
    EXPECT(GOOD, NULL, .responder = good_der, .signer = key,
           .more_certs = {stranger_der, unusable_der, leaf_der});
    /* It comes too late. */
    EXPECT(BAD, NOBODY, .responder = good_der, .signer = key,
           .more_certs = {leaf_der, leaf_der, leaf_der, leaf_der});
    /* What is no certificate is passed over. */
    static const uint8_t empty[] = {0x30, 0};
    EXPECT(GOOD, NULL, .responder = good_der, .signer = key, .more_certs = {lk_slice_of(empty, 2)});
    /* A responder that bears the issuer's name. */
    spec.subject = "ca";
    EXPECT(GOOD, NULL, .responder = forge(&spec), .signer = key, .more_certs = {ca_der});
}

/* A key that is no point of its curve. */
static void invalid_key(void **state) {
    (void)state;
    forge_spec spec = delegate();
    lk_cert cert;
    parse(&cert, forge(&spec));
    uint8_t spki[128];
    assert_true(cert.spki_der.p_len <= sizeof spki);
    memcpy(spki, cert.spki_der.p, cert.spki_der.p_len);
    spki[cert.spki_der.p_len - 1] ^= 1;
    spec.spki = lk_slice_of(spki, cert.spki_der.p_len);
    check(by(&spec, forge_p256(2), false), LK_STANDING_BAD,
          "the responder's key is not a valid key of its kind", __LINE__);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(direct),
        cmocka_unit_test(delegated),
        cmocka_unit_test(companions),
        cmocka_unit_test(invalid_key),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
