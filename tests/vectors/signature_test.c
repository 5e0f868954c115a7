/*
 * signature_test.c - Project Wycheproof's vectors for verifying signatures, through the function
 * that checks certificates and CertificateVerify.
 *
 * "valid" must verify and "invalid" must not. The one case that is "acceptable" (an RSA signature
 * whose DigestInfo lacks the NULL of RFC 8017 §9.2) must not verify here: there is one right
 * encoding.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>
#include <jansson.h>

#include "crypto/keys.h"
#include "util/heap.h"
#include "x509/algorithm.h"

typedef struct bytes {
    uint8_t *p;
    size_t n;
} bytes;

static bytes from_hex(const json_t *value) {
    const char *text = json_string_value(value);
    assert_non_null(text);
    bytes out = {malloc(strlen(text) / 2 + 1), strlen(text) / 2};
    assert_non_null(out.p);
    for (size_t i = 0; i < out.n; i++) {
        unsigned v;
        assert_int_equal(sscanf(text + 2 * i, "%2x", &v), 1);
        out.p[i] = (uint8_t)v;
    }
    return out;
}

/* key_of makes the key of a test group: from its SubjectPublicKeyInfo, or from modulus and
 * exponent. */
static lk_public_key *key_of(const json_t *group) {
    lk_public_key *key = NULL;
    json_t *der = json_object_get(group, "publicKeyDer");
    json_t *parts = json_object_get(group, "publicKey");
    lockstep_status status;
    if (der != NULL) {
        bytes spki_der = from_hex(der);
        lk_spki spki;
        assert_true(lk_spki_parse(&spki, lk_slice_of(spki_der.p, spki_der.n)));
        status = spki.kind == LK_KEY_RSA
                     ? lk_public_key_new_rsa(&key, NULL, spki.modulus, spki.exponent)
                     : lk_public_key_new(&key, NULL, spki.kind, spki.bits);
        free(spki_der.p);
    } else {
        bytes n = from_hex(json_object_get(parts, "modulus"));
        bytes e = from_hex(json_object_get(parts, "publicExponent"));
        size_t skip_n = n.p[0] == 0, skip_e = e.p[0] == 0;
        status = lk_public_key_new_rsa(&key, NULL, lk_slice_of(n.p + skip_n, n.n - skip_n),
                                       lk_slice_of(e.p + skip_e, e.n - skip_e));
        free(n.p);
        free(e.p);
    }
    assert_int_equal(status, LOCKSTEP_OK);
    return key;
}

static void run(const char *file, lk_signature_algorithm algorithm, size_t valid, size_t invalid,
                size_t acceptable) {
    char path[512];
    json_error_t error;
    snprintf(path, sizeof path, "%s/wycheproof/%s_test.json", LK_VECTORS_DIR, file);
    json_t *root = json_load_file(path, 0, &error);
    if (root == NULL)
        fail_msg("%s: %s", path, error.text);
    size_t count[3] = {0, 0, 0}, i, k;
    json_t *group, *test;
    json_array_foreach(json_object_get(root, "testGroups"), i, group) {
        lk_public_key *key = key_of(group);
        json_array_foreach(json_object_get(group, "tests"), k, test) {
            const char *result = json_string_value(json_object_get(test, "result"));
            bytes message = from_hex(json_object_get(test, "msg"));
            bytes signature = from_hex(json_object_get(test, "sig"));
            bool good = lk_public_key_verify(key, algorithm, lk_slice_of(signature.p, signature.n),
                                             lk_slice_of(message.p, message.n));
            if (good != (strcmp(result, "valid") == 0))
                fail_msg("%s: case %lld (%s) is %s", file,
                         (long long)json_integer_value(json_object_get(test, "tcId")),
                         json_string_value(json_object_get(test, "comment")), result);
            count[strcmp(result, "valid") == 0 ? 0 : strcmp(result, "invalid") == 0 ? 1 : 2]++;
            free(message.p);
            free(signature.p);
        }
        lk_public_key_free(key);
    }
    json_decref(root);
    assert_int_equal(count[0], valid);
    assert_int_equal(count[1], invalid);
    assert_int_equal(count[2], acceptable);
}

static void ecdsa_p256(void **state) {
    (void)state;
    run("ecdsa_secp256r1_sha256", LK_SIGN_ECDSA_SHA256, 174, 310, 0);
}

static void ecdsa_p384(void **state) {
    (void)state;
    run("ecdsa_secp384r1_sha384", LK_SIGN_ECDSA_SHA384, 194, 310, 0);
}

static void ed25519(void **state) {
    (void)state;
    run("ed25519", LK_SIGN_ED25519, 88, 63, 0);
}

static void rsa_pss(void **state) {
    (void)state;
    run("rsa_pss_2048_sha256_mgf1_32", LK_SIGN_RSA_PSS_SHA256, 63, 45, 0);
}

static void rsa_pkcs1(void **state) {
    (void)state;
    run("rsa_signature_2048_sha256", LK_SIGN_RSA_PKCS1_SHA256, 9, 249, 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ecdsa_p256), cmocka_unit_test(ecdsa_p384), cmocka_unit_test(ed25519),
        cmocka_unit_test(rsa_pss),    cmocka_unit_test(rsa_pkcs1),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
