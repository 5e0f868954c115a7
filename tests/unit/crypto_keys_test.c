/*
 * crypto_keys_test.c - keys: making, writing, reading, signing, verifying, and what is refused.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "crypto/crypto.h"
#include "crypto/digest.h"
#include "crypto/keys.h"
#include "util/heap.h"
#include "x509/algorithm.h"

static const struct {
    lk_key_kind kind;
    unsigned rsa_bits, bits;
} kinds[] = {{LK_KEY_P256, 0, 256},
             {LK_KEY_P384, 0, 384},
             {LK_KEY_P521, 0, 521},
             {LK_KEY_ED25519, 0, 256},
             {LK_KEY_RSA, 2048, 2048}};

#define NUM_KINDS (sizeof kinds / sizeof kinds[0])

static bool suits(lk_key_kind kind, lk_signature_algorithm a) {
    if (kind == LK_KEY_RSA)
        return a <= LK_SIGN_RSA_PSS_SHA512;
    if (kind == LK_KEY_ED25519)
        return a == LK_SIGN_ED25519;
    return a >= LK_SIGN_ECDSA_SHA256 && a <= LK_SIGN_ECDSA_SHA512;
}

/* public_of takes the public half by the way that certificates take. */
static lk_public_key *public_of(const lk_private_key *key, const lk_crypto *crypto) {
    lk_buffer der = lk_buffer_of(&lk_heap_default, 0);
    lk_spki spki;
    lk_public_key *public = NULL;
    assert_int_equal(lk_private_key_spki(key, &der), LOCKSTEP_OK);
    assert_true(lk_private_key_matches(key, lk_buffer_slice(&der)));
    assert_true(lk_spki_parse(&spki, lk_buffer_slice(&der)));
    assert_int_equal(spki.kind == LK_KEY_RSA
                         ? lk_public_key_new_rsa(&public, crypto, spki.modulus, spki.exponent)
                         : lk_public_key_new(&public, crypto, spki.kind, spki.bits),
                     LOCKSTEP_OK);
    lk_buffer_free(&der);
    return public;
}

static void check_pair(const lk_private_key *key, const lk_public_key *public) {
    lk_slice message = lk_slice_of_str("a message"), other = lk_slice_of_str("a massage");
    for (int a = LK_SIGN_RSA_PKCS1_SHA256; a <= LK_SIGN_ED25519; a++) {
        uint8_t signature[LK_SIGNATURE_MAX];
        size_t n = 99;
        lk_signature_algorithm algorithm = (lk_signature_algorithm)a;
        lockstep_status status = lk_private_key_sign(key, algorithm, message, signature, &n);
        if (!suits(lk_private_key_kind(key), algorithm)) {
            assert_int_equal(status, LOCKSTEP_ERR_USAGE);
            assert_int_equal(n, 0);
            continue;
        }
        assert_int_equal(status, LOCKSTEP_OK);
        lk_slice s = lk_slice_of(signature, n);
        assert_true(n > 0 && n <= lk_private_key_signature_max(key));
        assert_true(lk_private_key_signature_max(key) <= LK_SIGNATURE_MAX);
        assert_true(lk_public_key_verify(public, algorithm, s, message));
        assert_false(lk_public_key_verify(public, algorithm, s, other));
        assert_false(
            lk_public_key_verify(public, algorithm, lk_slice_of(signature, n - 1), message));
        assert_false(lk_public_key_verify(public, algorithm, (lk_slice){NULL, 0}, message));
        for (int b = LK_SIGN_RSA_PKCS1_SHA256; b <= LK_SIGN_ED25519; b++)
            assert_int_equal(lk_public_key_verify(public, (lk_signature_algorithm)b, s, message),
                             a == b);
        signature[n / 2] ^= 1;
        assert_false(lk_public_key_verify(public, algorithm, s, message));
    }
    uint8_t signature[LK_SIGNATURE_MAX];
    size_t n;
    assert_int_equal(lk_private_key_sign(key, (lk_signature_algorithm)0, message, signature, &n),
                     LOCKSTEP_ERR_USAGE);
}

static void every_kind(void **state) {
    (void)state;
    lk_crypto *crypto = lk_crypto_new();
    assert_non_null(crypto);
    for (size_t i = 0; i < NUM_KINDS; i++) {
        lk_private_key *key, *again;
        const lk_crypto *with = i % 2 == 0 ? crypto : NULL;
        assert_int_equal(lk_private_key_generate(&key, with, kinds[i].kind, kinds[i].rsa_bits),
                         LOCKSTEP_OK);
        assert_int_equal(lk_private_key_kind(key), kinds[i].kind);
        assert_int_equal(lk_private_key_bits(key), kinds[i].bits);
        lk_public_key *public = public_of(key, with);
        assert_int_equal(lk_public_key_kind(public), kinds[i].kind);
        assert_int_equal(lk_public_key_bits(public), kinds[i].bits);
        check_pair(key, public);
        /* Through PEM it is the same key. */
        lk_buffer pem = lk_buffer_of(&lk_heap_default, 0), spki = pem;
        assert_int_equal(lk_private_key_to_pem(key, &pem), LOCKSTEP_OK);
        assert_memory_equal(lk_buffer_bytes(&pem), "-----BEGIN PRIVATE KEY-----", 27);
        assert_int_equal(lk_private_key_from_pem(&again, with, lk_buffer_slice(&pem)), LOCKSTEP_OK);
        assert_int_equal(lk_private_key_spki(again, &spki), LOCKSTEP_OK);
        assert_true(lk_private_key_matches(key, lk_buffer_slice(&spki)));
        check_pair(again, public);
        lk_buffer_free(&pem);
        lk_buffer_free(&spki);
        lk_public_key_free(public);
        lk_private_key_free(again);
        lk_private_key_free(key);
    }
    lk_private_key *none;
    assert_int_equal(lk_private_key_generate(&none, crypto, LK_KEY_RSA, 100),
                     LOCKSTEP_ERR_KEY_UNSUPPORTED);
    assert_int_equal(lk_private_key_generate(&none, crypto, (lk_key_kind)99, 0),
                     LOCKSTEP_ERR_KEY_UNSUPPORTED);
    assert_null(none);
    lk_public_key_free(NULL);
    lk_private_key_free(NULL);
    lk_crypto_free(crypto);
}

/* Keys as other tools write them. */
static void forms_of_pem(void **state) {
    (void)state;
    static const struct {
        const char *title, *command;
        lockstep_status status;
        lk_key_kind kind;
    } rows[] = {
        {"SEC 1 with parameters", "openssl ecparam -name prime256v1 -genkey", LOCKSTEP_OK,
         LK_KEY_P256},
        {"SEC 1", "openssl ecparam -name secp384r1 -genkey -noout", LOCKSTEP_OK, LK_KEY_P384},
        {"SEC 1, compressed point",
         "openssl ecparam -name prime256v1 -genkey -noout -conv_form compressed", LOCKSTEP_OK,
         LK_KEY_P256},
        {"PKCS #1", "openssl genrsa -traditional 2048", LOCKSTEP_OK, LK_KEY_RSA},
        {"PKCS #8", "openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048", LOCKSTEP_OK,
         LK_KEY_RSA},
        {"Ed25519", "openssl genpkey -algorithm ED25519", LOCKSTEP_OK, LK_KEY_ED25519},
        {"encrypted", "openssl genpkey -algorithm ED25519 -aes256 -pass pass:x", LOCKSTEP_ERR_PEM,
         0},
        {"encrypted, old form", "openssl genrsa -traditional -aes256 -passout pass:x 2048",
         LOCKSTEP_ERR_PEM, 0},
        {"another curve", "openssl ecparam -name secp256k1 -genkey -noout",
         LOCKSTEP_ERR_KEY_UNSUPPORTED, 0},
        {"an explicit curve", "openssl ecparam -name prime256v1 -genkey -noout -param_enc explicit",
         LOCKSTEP_ERR_KEY_UNSUPPORTED, 0},
        {"Ed448", "openssl genpkey -algorithm ED448", LOCKSTEP_ERR_KEY_UNSUPPORTED, 0},
        {"RSA for PSS only", "openssl genpkey -algorithm RSA-PSS -pkeyopt rsa_keygen_bits:2048",
         LOCKSTEP_ERR_KEY_UNSUPPORTED, 0},
        {"a public key", "openssl genpkey -algorithm ED25519 | openssl pkey -pubout",
         LOCKSTEP_ERR_PEM, 0},
    };
    if (system("openssl version > /dev/null 2>&1") != 0) {
        print_message("           no openssl command here: apt-get install openssl\n");
        skip();
    }
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char command[256], pem[8192];
        snprintf(command, sizeof command, "(%s) 2>/dev/null </dev/null", rows[i].command);
        FILE *pipe = popen(command, "r");
        assert_non_null(pipe);
        size_t n = fread(pem, 1, sizeof pem, pipe);
        pclose(pipe);
        assert_true(n > 50);
        lk_private_key *key;
        lockstep_status status = lk_private_key_from_pem(&key, NULL, lk_slice_of(pem, n));
        if (status != rows[i].status)
            fail_msg("%s: %s", rows[i].title, lockstep_status_name(status));
        if (status != LOCKSTEP_OK) {
            assert_null(key);
            continue;
        }
        assert_int_equal(lk_private_key_kind(key), rows[i].kind);
        lk_public_key *public = public_of(key, NULL);
        check_pair(key, public);
        lk_public_key_free(public);
        /* Cut off anywhere before its end, it is none. */
        lk_private_key_free(key);
        assert_int_equal(lk_private_key_from_pem(&key, NULL, lk_slice_of(pem, n - 40)),
                         LOCKSTEP_ERR_PEM);
    }
    lk_private_key *key;
    assert_int_equal(lk_private_key_from_pem(&key, NULL, (lk_slice){NULL, 0}), LOCKSTEP_ERR_PEM);
    assert_int_equal(lk_private_key_from_pem(&key, NULL, lk_slice_of_str("hello")),
                     LOCKSTEP_ERR_PEM);
}

static void bad_public_keys(void **state) {
    (void)state;
    lk_public_key *key;
    uint8_t zeros[200] = {0}, point[133] = {4}, even[256], odd[256];
    memset(even, 0xaa, sizeof even);
    memset(odd, 0xab, sizeof odd);
    memset(point + 1, 0x11, sizeof point - 1);
    static const struct {
        lk_key_kind kind;
        size_t n;
    } sizes[] = {{LK_KEY_P256, 65}, {LK_KEY_P384, 97}, {LK_KEY_P521, 133}};
    for (size_t i = 0; i < 3; i++) {
        lk_key_kind kind = sizes[i].kind;
        size_t n = sizes[i].n;
        assert_int_equal(lk_public_key_new(&key, NULL, kind, lk_slice_of(point, n)),
                         LOCKSTEP_CERT_WEAK_KEY); /* off the curve */
        assert_int_equal(lk_public_key_new(&key, NULL, kind, lk_slice_of(point, n - 1)),
                         LOCKSTEP_CERT_WEAK_KEY);
        assert_int_equal(lk_public_key_new(&key, NULL, kind, lk_slice_of(zeros, 1)),
                         LOCKSTEP_CERT_WEAK_KEY); /* infinity */
        assert_int_equal(lk_public_key_new(&key, NULL, kind, (lk_slice){NULL, 0}),
                         LOCKSTEP_CERT_WEAK_KEY);
        assert_null(key);
    }
    /* The compressed form of a good point. */
    lk_private_key *private;
    lk_buffer spki = lk_buffer_of(&lk_heap_default, 0);
    assert_int_equal(lk_private_key_generate(&private, NULL, LK_KEY_P256, 0), LOCKSTEP_OK);
    assert_int_equal(lk_private_key_spki(private, &spki), LOCKSTEP_OK);
    uint8_t compressed[33], hybrid[65];
    memcpy(hybrid, lk_buffer_bytes(&spki) + 26, 65);
    memcpy(compressed, hybrid, 33);
    compressed[0] = (uint8_t)(2 + (hybrid[64] & 1));
    hybrid[0] = (uint8_t)(6 + (hybrid[64] & 1));
    assert_int_equal(lk_public_key_new(&key, NULL, LK_KEY_P256, lk_slice_of(compressed, 33)),
                     LOCKSTEP_CERT_WEAK_KEY);
    assert_int_equal(lk_public_key_new(&key, NULL, LK_KEY_P256, lk_slice_of(hybrid, 65)),
                     LOCKSTEP_CERT_WEAK_KEY);
    lk_buffer_free(&spki);
    lk_private_key_free(private);
    assert_int_equal(lk_public_key_new(&key, NULL, LK_KEY_ED25519, lk_slice_of(zeros, 31)),
                     LOCKSTEP_CERT_WEAK_KEY);
    assert_int_equal(lk_public_key_new(&key, NULL, LK_KEY_RSA, lk_slice_of(odd, 256)),
                     LOCKSTEP_ERR_USAGE);
    /* RSA: modulus, exponent. */
    static const struct {
        size_t modulus_len;
        const char *exponent;
        size_t exponent_len;
        bool odd, good;
    } rows[] = {
        {256, "\1\0\1", 3, true, true},
        {256, "\3", 1, true, true},
        {256, "\1", 1, true, false},
        {256, "\2", 1, true, false},
        {256, "\4", 1, true, false},
        {256, "\0\3", 2, true, false}, /* a leading zero */
        {256, "\1\1\1\1\1\1\1\1\1", 9, true, false},
        {256, "", 0, true, false},
        {0, "\3", 1, true, false},
        {256, "\1\0\1", 3, false, false}, /* an even modulus */
        {63, "\1\0\1", 3, true, false},   /* below 512 bits */
        {64, "\1\0\1", 3, true, true},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        lockstep_status status = lk_public_key_new_rsa(
            &key, NULL, lk_slice_of(rows[i].odd ? odd : even, rows[i].modulus_len),
            lk_slice_of(rows[i].exponent, rows[i].exponent_len));
        if (status != (rows[i].good ? LOCKSTEP_OK : LOCKSTEP_CERT_WEAK_KEY))
            fail_msg("row %zu: %s", i, lockstep_status_name(status));
        lk_public_key_free(key);
    }
}

/* Every way in which an ECDSA signature can be BER and not DER, made from one that is right. */
static void ecdsa_is_der(void **state) {
    (void)state;
    lk_private_key *key;
    uint8_t s[LK_SIGNATURE_MAX], t[LK_SIGNATURE_MAX];
    size_t n;
    lk_slice message = lk_slice_of_str("a message");
    assert_int_equal(lk_private_key_generate(&key, NULL, LK_KEY_P256, 0), LOCKSTEP_OK);
    lk_public_key *public = public_of(key, NULL);
    assert_int_equal(lk_private_key_sign(key, LK_SIGN_ECDSA_SHA256, message, s, &n), LOCKSTEP_OK);
#define IS(bytes, length)                                                                          \
    lk_public_key_verify(public, LK_SIGN_ECDSA_SHA256, lk_slice_of(bytes, length), message)
    assert_true(IS(s, n));
    /* Something behind, inside the SEQUENCE and outside of it. */
    memcpy(t, s, n);
    t[n] = 0;
    assert_false(IS(t, n + 1));
    t[1]++;
    assert_false(IS(t, n + 1));
    /* The length in two bytes where one does. */
    t[0] = 0x30;
    t[1] = 0x81;
    memcpy(t + 2, s + 1, n - 1);
    assert_false(IS(t, n + 1));
    /* The indefinite form. */
    t[1] = 0x80;
    memcpy(t + 2, s + 2, n - 2);
    t[n] = t[n + 1] = 0;
    assert_false(IS(t, n + 2));
    /* A zero too many before r. */
    t[0] = 0x30;
    t[1] = (uint8_t)(s[1] + 1);
    t[2] = 0x02;
    t[3] = (uint8_t)(s[3] + 1);
    t[4] = 0;
    memcpy(t + 5, s + 4, n - 4);
    assert_false(IS(t, n + 1));
    /* r = 0 or s = 0. */
    static const uint8_t zeros[] = {0x30, 6, 0x02, 1, 0, 0x02, 1, 0};
    assert_false(IS(zeros, sizeof zeros));
    static const uint8_t empty[] = {0x30, 4, 0x02, 0, 0x02, 0};
    assert_false(IS(empty, sizeof empty));
    lk_public_key_free(public);
    lk_private_key_free(key);
}

/* A digest of the caller's own is signed as the message would be; by ECDSA keys only. */
static void digests(void **state) {
    (void)state;
    lk_crypto *crypto = lk_crypto_new();
    lk_slice message = lk_slice_of_str("a message");
    for (size_t i = 0; i < NUM_KINDS; i++) {
        lk_private_key *key;
        uint8_t digest[LK_HASH_MAX + 1] = {0}, signature[LK_SIGNATURE_MAX];
        size_t n = 99;
        assert_int_equal(lk_private_key_generate(&key, crypto, kinds[i].kind, kinds[i].rsa_bits),
                         LOCKSTEP_OK);
        lk_digest_of(LK_SHA256, digest, message);
        lockstep_status status =
            lk_private_key_sign_digest(key, lk_slice_of(digest, 32), signature, &n);
        if (suits(kinds[i].kind, LK_SIGN_ECDSA_SHA256)) {
            lk_public_key *public = public_of(key, crypto);
            assert_int_equal(status, LOCKSTEP_OK);
            assert_true(lk_public_key_verify(public, LK_SIGN_ECDSA_SHA256,
                                             lk_slice_of(signature, n), message));
            lk_public_key_free(public);
            status =
                lk_private_key_sign_digest(key, lk_slice_of(digest, sizeof digest), signature, &n);
        }
        assert_int_equal(status, LOCKSTEP_ERR_USAGE);
        assert_int_equal(n, 0);
        lk_private_key_free(key);
    }
    lk_crypto_free(crypto);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind),      cmocka_unit_test(forms_of_pem),
        cmocka_unit_test(bad_public_keys), cmocka_unit_test(ecdsa_is_der),
        cmocka_unit_test(digests),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
