/*
 * primitives_test.c - Project Wycheproof's vectors for AES-GCM, ChaCha20-Poly1305, HKDF, X25519 and
 * ECDH, through the functions that the engine uses. The number of cases that ran, and of those that
 * do not apply to this project's narrower functions, is asserted, so that none goes missing.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>
#include <jansson.h>

#include "crypto/aead.h"
#include "crypto/hkdf.h"
#include "crypto/kex.h"

#include <lockstep/lockstep.h>

typedef struct bytes {
    uint8_t p[70000];
    size_t n;
} bytes;

static void from_hex(bytes *out, const json_t *test, const char *name) {
    const char *text = json_string_value(json_object_get(test, name));
    assert_non_null(text);
    out->n = strlen(text) / 2;
    assert_true(out->n <= sizeof out->p);
    for (size_t i = 0; i < out->n; i++) {
        unsigned v;
        assert_int_equal(sscanf(text + 2 * i, "%2x", &v), 1);
        out->p[i] = (uint8_t)v;
    }
}

static lk_slice slice(const bytes *b) {
    return lk_slice_of(b->p, b->n);
}

static bool has_flag(const json_t *test, const char *flag) {
    size_t i;
    json_t *value;
    json_array_foreach(json_object_get(test, "flags"), i,
                       value) if (strcmp(json_string_value(value), flag) == 0) return true;
    return false;
}

typedef enum verdict { NOT_APPLICABLE, RIGHT, REFUSED } verdict;

typedef verdict (*checker)(const json_t *group, const json_t *test, bool valid);

/* run counts what became of the cases of a file and compares. */
static void run(const char *file, checker check, size_t right, size_t refused,
                size_t not_applicable) {
    char path[512];
    json_error_t error;
    size_t counts[3] = {0, 0, 0}, i, k;
    json_t *group, *test;
    snprintf(path, sizeof path, "%s/wycheproof/%s_test.json", LK_VECTORS_DIR, file);
    json_t *root = json_load_file(path, 0, &error);
    if (root == NULL)
        fail_msg("%s: %s", path, error.text);
    json_array_foreach(json_object_get(root, "testGroups"), i, group)
        json_array_foreach(json_object_get(group, "tests"), k, test) {
        const char *result = json_string_value(json_object_get(test, "result"));
        verdict v = check(group, test, strcmp(result, "invalid") != 0);
        if ((strcmp(result, "valid") == 0 && v == REFUSED) ||
            (strcmp(result, "invalid") == 0 && v == RIGHT))
            fail_msg("%s: case %lld is %s", file,
                     (long long)json_integer_value(json_object_get(test, "tcId")), result);
        counts[v]++;
    }
    json_decref(root);
    print_message("%s: %zu right, %zu refused, %zu do not apply\n", file, counts[RIGHT],
                  counts[REFUSED], counts[NOT_APPLICABLE]);
    assert_int_equal(counts[RIGHT], right);
    assert_int_equal(counts[REFUSED], refused);
    assert_int_equal(counts[NOT_APPLICABLE], not_applicable);
}

/* ---- AEAD --------------------------------------------------------------------------------------
 */

static lk_crypto *crypto;
static bytes key, iv, aad, msg, ct, tag, out;

static verdict check_aead(lk_aead_kind kind, const json_t *group, const json_t *test, bool valid) {
    bool whole;
    from_hex(&key, test, "key");
    from_hex(&iv, test, "iv");
    from_hex(&aad, test, "aad");
    from_hex(&msg, test, "msg");
    from_hex(&ct, test, "ct");
    from_hex(&tag, test, "tag");
    /* TLS has keys of 128 and 256 bits and nonces of 96 only. */
    if (key.n != lk_aead_key_length(kind) || iv.n != LK_AEAD_NONCE_LEN ||
        json_integer_value(json_object_get(group, "tagSize")) != 8 * LK_AEAD_TAG_LEN)
        return NOT_APPLICABLE;
    lk_aead aead = {0};
    lk_aead_set(&aead, crypto, kind, key.p, false);
    memcpy(ct.p + ct.n, tag.p, tag.n);
    ct.n += tag.n;
    whole = lk_aead_open(&aead, out.p, iv.p, slice(&aad), slice(&ct)) == LOCKSTEP_OK;
    if (!whole) {
        lk_aead_clear(&aead);
        return REFUSED;
    }
    assert_memory_equal(out.p, msg.p, msg.n);
    if (!valid) {
        lk_aead_clear(&aead);
        return RIGHT;
    }
    /* The other way, with the last byte as a piece of its own. */
    lk_aead_set(&aead, crypto, kind, key.p, true);
    size_t tail = msg.n > 0 ? 1 : 0;
    assert_true(lk_aead_seal(&aead, out.p, iv.p, slice(&aad), lk_slice_of(msg.p, msg.n - tail),
                             lk_slice_of(msg.p + msg.n - tail, tail)));
    lk_aead_clear(&aead);
    assert_memory_equal(out.p, ct.p, ct.n);
    return RIGHT;
}

static verdict check_aes_gcm(const json_t *group, const json_t *test, bool valid) {
    bool small = json_integer_value(json_object_get(group, "keySize")) == 128;
    return check_aead(small ? LK_AEAD_AES_128_GCM : LK_AEAD_AES_256_GCM, group, test, valid);
}

static verdict check_chacha(const json_t *group, const json_t *test, bool valid) {
    return check_aead(LK_AEAD_CHACHA20_POLY1305, group, test, valid);
}

static void test_aead(void **state) {
    (void)state;
    run("aes_gcm", check_aes_gcm, 79, 54, 183);
    run("chacha20_poly1305", check_chacha, 256, 60, 9);
}

/* ---- HKDF --------------------------------------------------------------------------------------
 */

static verdict check_hkdf(const json_t *group, const json_t *test, bool valid) {
    uint8_t prk[LK_HASH_MAX];
    lk_hmac mac;
    size_t size = (size_t)json_integer_value(json_object_get(test, "size"));
    (void)group;
    if (!valid)
        return NOT_APPLICABLE; /* longer than 255 hashes, which nobody may ask for */
    from_hex(&key, test, "ikm");
    from_hex(&iv, test, "salt");
    from_hex(&aad, test, "info");
    from_hex(&msg, test, "okm");
    lk_hkdf_extract(LK_SHA256, prk, slice(&iv), slice(&key));
    lk_hmac_key(&mac, LK_SHA256, lk_slice_of(prk, 32));
    lk_hkdf_expand(&mac, out.p, size, slice(&aad));
    return msg.n == size && memcmp(out.p, msg.p, size) == 0 ? RIGHT : REFUSED;
}

static void test_hkdf(void **state) {
    (void)state;
    run("hkdf_sha256", check_hkdf, 83, 0, 3);
}

/* ---- Key exchange -------------------------------------------------------------------------------
 */

/* derive uses a private key as the random bytes that a key is made of. */
static verdict derive(uint16_t group, const uint8_t *private_key, lk_slice peer) {
    lk_ephemeral *e;
    uint8_t share[LK_KEX_SHARE_MAX], secret[LK_KEX_SECRET_MAX];
    size_t secret_len = 0;
    const lk_kex_group *g = lk_kex_group_of(group);
    assert_int_equal(lk_kex_generate(&e, share, crypto, g, private_key), LOCKSTEP_OK);
    lockstep_status status = lk_kex_derive(e, secret, &secret_len, peer);
    lk_ephemeral_free(e);
    if (status == LOCKSTEP_PEER_KEY_SHARE)
        return REFUSED;
    assert_int_equal(status, LOCKSTEP_OK);
    assert_int_equal(secret_len, msg.n);
    assert_memory_equal(secret, msg.p, msg.n);
    return RIGHT;
}

static verdict check_x25519(const json_t *group, const json_t *test, bool valid) {
    (void)group;
    (void)valid;
    from_hex(&key, test, "private");
    from_hex(&ct, test, "public");
    from_hex(&msg, test, "shared");
    assert_int_equal(key.n, 32);
    verdict v = derive(LOCKSTEP_GROUP_X25519, key.p, slice(&ct));
    /* A shared secret of zero "MUST" be refused (RFC 8446 §7.4.2), and nothing else is. */
    assert_int_equal(v, has_flag(test, "ZeroSharedSecret") ? REFUSED : RIGHT);
    return v;
}

/* How SubjectPublicKeyInfo goes on behind its first tag and length: ecPublicKey on a named curve.
 */
typedef struct curve {
    uint16_t group;
    size_t secret;
    uint8_t head[24];
    size_t num_head;
} curve;
static const curve p256 = {LOCKSTEP_GROUP_SECP256R1,
                           32,
                           {0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01,
                            0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03},
                           22};
static const curve p521 = {LOCKSTEP_GROUP_SECP521R1,
                           66,
                           {0x30, 0x10, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06,
                            0x05, 0x2b, 0x81, 0x04, 0x00, 0x23, 0x03},
                           19};

/* length_at reads a definite length of DER and moves on; what lies behind must be that long. */
static bool length_at(size_t *at) {
    size_t n;
    if (*at + 1 >= ct.n)
        return false;
    n = ct.p[(*at)++];
    if (n == 0x81) {
        n = ct.p[(*at)++];
        if (n < 0x80)
            return false;
    }
    return n == ct.n - *at;
}

/* point_of finds the point in the key; what TLS carries is that alone, so cases about other ASN.1
 * around it do not apply. */
static bool point_of(lk_slice *point, const curve *c) {
    size_t at = 1;
    if (ct.n < 26 || ct.p[0] != 0x30 || !length_at(&at) ||
        memcmp(ct.p + at, c->head, c->num_head) != 0)
        return false;
    at += c->num_head;
    if (!length_at(&at) || ct.p[at] != 0)
        return false;
    *point = lk_slice_of(ct.p + at + 1, ct.n - at - 1);
    return true;
}

static verdict check_curve(const curve *c, const json_t *test) {
    uint8_t scalar[66] = {0};
    lk_slice point;
    from_hex(&key, test, "private");
    from_hex(&ct, test, "public");
    from_hex(&msg, test, "shared");
    if (!point_of(&point, c))
        return NOT_APPLICABLE;
    /* The private key is a number, in any length. */
    size_t skip = key.n > c->secret ? key.n - c->secret : 0;
    memcpy(scalar + c->secret - (key.n - skip), key.p + skip, key.n - skip);
    return derive(c->group, scalar, point);
}

static verdict check_p256(const json_t *group, const json_t *test, bool valid) {
    (void)group;
    (void)valid;
    return check_curve(&p256, test);
}

static verdict check_p521(const json_t *group, const json_t *test, bool valid) {
    (void)group;
    (void)valid;
    return check_curve(&p521, test);
}

static void test_key_exchange(void **state) {
    (void)state;
    run("x25519", check_x25519, 487, 31, 0);
    run("ecdh_secp256r1", check_p256, 330, 32, 250);
    run("ecdh_secp521r1", check_p521, 632, 35, 249);
}

static int make(void **state) {
    (void)state;
    crypto = lk_crypto_new();
    return crypto == NULL;
}

static int drop(void **state) {
    (void)state;
    lk_crypto_free(crypto);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_aead),
        cmocka_unit_test(test_hkdf),
        cmocka_unit_test(test_key_exchange),
    };
    return cmocka_run_group_tests(tests, make, drop);
}
