/*
 * hpke_test.c - the test vectors of RFC 9180, base mode, in both directions, for every algorithm
 * that Encrypted Client Hello may choose; and what must be refused. hpke/rfc9180.json says of each
 * vector where it is from.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>
#include <jansson.h>

#include "crypto/hpke.h"

typedef struct bytes {
    uint8_t p[256];
    size_t n;
} bytes;

static void from_hex(bytes *out, const json_t *object, const char *name) {
    const char *text = json_string_value(json_object_get(object, name));
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

static uint16_t number(const json_t *object, const char *name) {
    return (uint16_t)json_integer_value(json_object_get(object, name));
}

static json_t *load(void) {
    json_error_t error;
    json_t *root = json_load_file(LK_VECTORS_DIR "/hpke/rfc9180.json", 0, &error);
    if (root == NULL)
        fail_msg("%s", error.text);
    return root;
}

/* What one vector needs, read out. */
typedef struct setup {
    lk_crypto *crypto;
    lk_hpke_suite suite;
    bytes info, ephemeral, public_key, private_key, enc;
    lk_hpke_key key;
    lk_hpke sender, receiver;
} setup;

static void set_up(setup *s, const json_t *vector) {
    uint8_t random[LK_KEX_RANDOM_MAX] = {0}, enc[LK_HPKE_ENC_MAX];
    memset(s, 0, sizeof *s);
    s->crypto = lk_crypto_new();
    assert_non_null(s->crypto);
    s->suite =
        (lk_hpke_suite){number(vector, "kem"), number(vector, "kdf"), number(vector, "aead")};
    assert_true(lk_hpke_supports(s->suite));
    from_hex(&s->info, vector, "info");
    from_hex(&s->ephemeral, vector, "skEm");
    from_hex(&s->public_key, vector, "pkRm");
    from_hex(&s->private_key, vector, "skRm");
    from_hex(&s->enc, vector, "enc");
    memcpy(random, s->ephemeral.p, s->ephemeral.n);
    assert_int_equal(lk_hpke_key_make(&s->key, s->crypto, s->suite.kem, slice(&s->private_key)),
                     LOCKSTEP_OK);
    assert_int_equal(s->key.public_key_len, s->public_key.n);
    assert_memory_equal(s->key.public_key, s->public_key.p, s->public_key.n);
    assert_int_equal(lk_hpke_setup_sender(&s->sender, enc, s->crypto, s->suite,
                                          slice(&s->public_key), slice(&s->info), random),
                     LOCKSTEP_OK);
    assert_int_equal(lk_hpke_group(s->suite.kem)->client_share, s->enc.n);
    assert_memory_equal(enc, s->enc.p, s->enc.n);
    assert_int_equal(lk_hpke_setup_receiver(&s->receiver, s->crypto, s->suite, &s->key,
                                            slice(&s->enc), slice(&s->info)),
                     LOCKSTEP_OK);
    assert_memory_equal(s->sender.shared_secret, s->receiver.shared_secret, LK_HPKE_SECRET_LEN);
}

static void tear_down(setup *s) {
    lk_hpke_free(&s->sender);
    lk_hpke_free(&s->receiver);
    lk_hpke_key_free(&s->key);
    lk_crypto_free(s->crypto);
}

static void check_message(setup *s, const json_t *message) {
    bytes aad, plain, cipher;
    uint8_t out[256];
    uint64_t sequence = number(message, "sequence");
    from_hex(&aad, message, "aad");
    from_hex(&plain, message, "pt");
    from_hex(&cipher, message, "ct");
    s->sender.sequence = s->receiver.sequence = sequence;
    assert_true(lk_hpke_seal(&s->sender, out, slice(&aad), slice(&plain)));
    assert_memory_equal(out, cipher.p, cipher.n);
    assert_true(lk_hpke_open(&s->receiver, out, slice(&aad), slice(&cipher)));
    assert_memory_equal(out, plain.p, plain.n);
    assert_int_equal(s->sender.sequence, sequence + 1);
    assert_int_equal(s->receiver.sequence, sequence + 1);
    /* Once more it is out of order, and changed it is not authentic; neither moves the sequence. */
    assert_false(lk_hpke_open(&s->receiver, out, slice(&aad), slice(&cipher)));
    s->receiver.sequence = sequence;
    cipher.p[3] ^= 0x10;
    assert_false(lk_hpke_open(&s->receiver, out, slice(&aad), slice(&cipher)));
    cipher.p[3] ^= 0x10;
    assert_false(lk_hpke_open(&s->receiver, out, slice(&plain), slice(&cipher)));
    assert_int_equal(s->receiver.sequence, sequence);
    assert_true(lk_hpke_open(&s->receiver, out, slice(&aad), slice(&cipher)));
}

static void test_vectors(void **state) {
    (void)state;
    json_t *root = load(), *vector, *message;
    size_t i, k, num_messages = 0;
    json_array_foreach(root, i, vector) {
        setup s;
        set_up(&s, vector);
        json_array_foreach(json_object_get(vector, "encryptions"), k, message) {
            check_message(&s, message);
            num_messages++;
        }
        tear_down(&s);
    }
    assert_int_equal(i, 9);
    assert_int_equal(num_messages, 45);
    json_decref(root);
}

/* Each bit of the encapsulated key, of the info and of the receiver's key matters. */
static void test_other_inputs(void **state) {
    (void)state;
    json_t *root = load(), *vector;
    size_t i;
    json_array_foreach(root, i, vector) {
        setup s;
        uint8_t sealed[4 + LK_AEAD_TAG_LEN], out[4];
        const lk_slice none = lk_slice_of(NULL, 0);
        set_up(&s, vector);
        assert_true(lk_hpke_seal(&s.sender, sealed, none, lk_slice_of("ping", 4)));
        for (size_t at = 0; at < s.enc.n; at += 3) {
            lk_hpke other;
            bytes enc = s.enc;
            enc.p[at] ^= 0x20;
            lockstep_status status = lk_hpke_setup_receiver(&other, s.crypto, s.suite, &s.key,
                                                            slice(&enc), slice(&s.info));
            if (status == LOCKSTEP_OK)
                assert_false(lk_hpke_open(&other, out, none, lk_slice_of(sealed, sizeof sealed)));
            else
                assert_int_equal(status, LOCKSTEP_PEER_KEY_SHARE);
            lk_hpke_free(&other);
        }
        lk_hpke other;
        s.info.p[0] ^= 1;
        assert_int_equal(lk_hpke_setup_receiver(&other, s.crypto, s.suite, &s.key, slice(&s.enc),
                                                slice(&s.info)),
                         LOCKSTEP_OK);
        assert_false(lk_hpke_open(&other, out, none, lk_slice_of(sealed, sizeof sealed)));
        lk_hpke_free(&other);
        assert_true(lk_hpke_open(&s.receiver, out, none, lk_slice_of(sealed, sizeof sealed)));
        assert_memory_equal(out, "ping", 4);
        tear_down(&s);
    }
    json_decref(root);
}

static void test_refused(void **state) {
    (void)state;
    static const lk_hpke_suite others[] = {
        {0x0011, 1, 1}, {0x0012, 3, 2}, {0x0021, 1, 1}, {0x0030, 1, 1}, {0, 0, 0},
        {0x0020, 3, 1}, {0x0020, 0, 1}, {0x0020, 1, 0}, {0x0020, 1, 4}, {0x0020, 1, 0xffff}};
    uint8_t private_key[33] = {1}, enc[LK_HPKE_ENC_MAX], random[LK_KEX_RANDOM_MAX] = {7};
    uint8_t public_key[LK_HPKE_ENC_MAX] = {0};
    lk_crypto *crypto = lk_crypto_new();
    lk_hpke_key key;
    lk_hpke hpke;
    const lk_slice none = lk_slice_of(NULL, 0);
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        assert_false(lk_hpke_supports(others[i]));
        assert_int_equal(lk_hpke_setup_sender(&hpke, enc, crypto, others[i],
                                              lk_slice_of(public_key, 32), none, random),
                         LOCKSTEP_ERR_USAGE);
    }
    for (size_t n = 0; n <= 33; n++) {
        lockstep_status status =
            lk_hpke_key_make(&key, crypto, LK_HPKE_KEM_X25519, lk_slice_of(private_key, n));
        assert_int_equal(status, n == 32 ? LOCKSTEP_OK : LOCKSTEP_ERR_KEY_UNSUPPORTED);
        lk_hpke_key_free(&key);
    }
    /* For P-256 neither zero nor the order or more is a private key. */
    memset(private_key, 0, sizeof private_key);
    assert_int_equal(lk_hpke_key_make(&key, crypto, LK_HPKE_KEM_P256, lk_slice_of(private_key, 32)),
                     LOCKSTEP_ERR_KEY_UNSUPPORTED);
    memset(private_key, 0xff, sizeof private_key);
    assert_int_equal(lk_hpke_key_make(&key, crypto, LK_HPKE_KEM_P256, lk_slice_of(private_key, 32)),
                     LOCKSTEP_ERR_KEY_UNSUPPORTED);
    assert_int_equal(lk_hpke_key_make(&key, crypto, 0x0012, lk_slice_of(private_key, 32)),
                     LOCKSTEP_ERR_KEY_UNSUPPORTED);
    /* Public keys of small order, off the curve, of another length. */
    const lk_hpke_suite x25519 = {LK_HPKE_KEM_X25519, 1, 1}, p256 = {LK_HPKE_KEM_P256, 1, 1};
    assert_int_equal(
        lk_hpke_setup_sender(&hpke, enc, crypto, x25519, lk_slice_of(public_key, 32), none, random),
        LOCKSTEP_PEER_KEY_SHARE);
    assert_int_equal(
        lk_hpke_setup_sender(&hpke, enc, crypto, x25519, lk_slice_of(public_key, 31), none, random),
        LOCKSTEP_PEER_KEY_SHARE);
    public_key[0] = 4;
    assert_int_equal(
        lk_hpke_setup_sender(&hpke, enc, crypto, p256, lk_slice_of(public_key, 65), none, random),
        LOCKSTEP_PEER_KEY_SHARE);
    lk_crypto_free(crypto);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_vectors),
        cmocka_unit_test(test_other_inputs),
        cmocka_unit_test(test_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
