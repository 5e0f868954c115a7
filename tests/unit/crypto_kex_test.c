/*
 * crypto_kex_test.c - key exchange through the crypto room: every group agrees with itself, and
 * where libcrypto has ML-KEM, our own agrees with it, both ways and bit for bit.
 */
#define OPENSSL_SUPPRESS_DEPRECATED
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "crypto/kex.h"
#include "crypto/kex_parts.h"

#include <lockstep/lockstep.h>

enum { ROUNDS = 20 };

/* `own` has libcrypto's ML-KEM hidden from it. */
static lk_crypto *crypto, *own;
static lockstep_env env;

typedef struct exchange {
    uint8_t share[LK_KEX_SHARE_MAX], answer[LK_KEX_SHARE_MAX];
    uint8_t sent[LK_KEX_SECRET_MAX], got[LK_KEX_SECRET_MAX];
    size_t sent_len, got_len;
} exchange;

/* run makes a share with one library and answers it with another, from random bytes that are given
 * for both sides. `broken`: a bit of the answer's ciphertext is flipped. */
static void run(exchange *x, const lk_kex_group *g, const lk_crypto *client,
                const lk_crypto *server, const uint8_t random[2][LK_KEX_RANDOM_MAX], bool broken) {
    lk_ephemeral *e;
    memset(x, 0, sizeof *x);
    assert_int_equal(lk_kex_generate(&e, x->share, client, g, random[0]), LOCKSTEP_OK);
    assert_int_equal(lk_kex_respond(x->answer, x->sent, &x->sent_len, server, g, random[1],
                                    lk_slice_of(x->share, g->client_share)),
                     LOCKSTEP_OK);
    x->answer[broken ? 200 : 0] ^= broken;
    assert_int_equal(lk_kex_derive(e, x->got, &x->got_len, lk_slice_of(x->answer, g->server_share)),
                     LOCKSTEP_OK);
    lk_ephemeral_free(e);
}

static void draw(uint8_t random[2][LK_KEX_RANDOM_MAX], const lk_kex_group *g) {
    memset(random, 0, (size_t)2 * LK_KEX_RANDOM_MAX);
    assert_true(lk_kex_draw(crypto, &env, g, random[0]));
    assert_true(lk_kex_draw(crypto, &env, g, random[1]));
}

static void test_every_group(void **state) {
    (void)state;
    for (size_t i = 0; i < LK_KEX_NUM_GROUPS; i++) {
        const lk_kex_group *g = &lk_kex_groups[i];
        uint8_t random[2][LK_KEX_RANDOM_MAX];
        exchange x;
        assert_ptr_equal(lk_kex_group_of(g->id), g);
        assert_true(g->client_share <= LK_KEX_SHARE_MAX && g->server_share <= LK_KEX_SHARE_MAX);
        for (int k = 0; k < ROUNDS; k++) {
            draw(random, g);
            run(&x, g, own, own, random, false);
            assert_true(x.sent_len > 0 && x.sent_len <= LK_KEX_SECRET_MAX);
            assert_int_equal(x.got_len, x.sent_len);
            assert_memory_equal(x.got, x.sent, x.sent_len);
        }
    }
}

static void test_wrong_lengths(void **state) {
    (void)state;
    for (size_t i = 0; i < LK_KEX_NUM_GROUPS; i++) {
        const lk_kex_group *g = &lk_kex_groups[i];
        uint8_t random[2][LK_KEX_RANDOM_MAX], share[LK_KEX_SHARE_MAX + 1] = {0};
        uint8_t secret[LK_KEX_SECRET_MAX];
        uint8_t answer[LK_KEX_SHARE_MAX];
        size_t secret_len;
        lk_ephemeral *e;
        draw(random, g);
        assert_int_equal(lk_kex_generate(&e, share, own, g, random[0]), LOCKSTEP_OK);
        for (int wrong = -1; wrong <= 1; wrong += 2) {
            assert_int_equal(lk_kex_respond(answer, secret, &secret_len, own, g, random[1],
                                            lk_slice_of(share, (size_t)(g->client_share + wrong))),
                             LOCKSTEP_PEER_KEY_SHARE);
            assert_int_equal(lk_kex_derive(e, secret, &secret_len,
                                           lk_slice_of(share, (size_t)(g->server_share + wrong))),
                             LOCKSTEP_PEER_KEY_SHARE);
        }
        lk_ephemeral_free(e);
    }
}

/* The top seven bits of a number of 521 in 66 bytes. */
static void test_p521_scalar(void **state) {
    (void)state;
    const lk_kex_group *g = lk_kex_group_of(LOCKSTEP_GROUP_SECP521R1);
    uint8_t random[2][LK_KEX_RANDOM_MAX];
    bool seen[2] = {false, false};
    for (int i = 0; i < 100; i++) {
        draw(random, g);
        assert_true(random[0][0] <= 1);
        seen[random[0][0]] = true;
    }
    assert_true(seen[0] && seen[1]);
}

static void test_own_agrees_with_libcrypto(void **state) {
    (void)state;
    if (!crypto->has_ml_kem || !crypto->has_ml_kem_1024)
        skip(); /* OpenSSL before 3.5 */
    for (size_t i = 0; i < LK_KEX_NUM_GROUPS; i++) {
        const lk_kex_group *g = &lk_kex_groups[i];
        uint8_t random[2][LK_KEX_RANDOM_MAX];
        exchange theirs, x;
        for (int k = 0; g->has_kem && k < ROUNDS; k++) {
            /* the last rounds by the implicit rejection, which must be the same too */
            bool broken = k >= ROUNDS / 2;
            draw(random, g);
            run(&theirs, g, crypto, crypto, random, broken);
            run(&x, g, own, crypto, random, broken);
            assert_memory_equal(&x, &theirs, sizeof x);
            run(&x, g, crypto, own, random, broken);
            assert_memory_equal(&x, &theirs, sizeof x);
            if (broken)
                assert_memory_not_equal(x.got, x.sent, x.sent_len);
        }
    }
}

static void *no_key(void *provider) {
    (void)provider;
    return NULL;
}

/* The peer is blamed for what it sent, and not for memory that we lack. */
static void test_whose_fault(void **state) {
    (void)state;
    static const uint8_t low_order[LK_X25519_LEN] = {1}; /* RFC 7748 §6.1 */
    lk_classic_key key = {.kind = LK_CLASSIC_X25519, .bytes = {7}};
    lk_x25519 x;
    lk_x25519_functions broken = crypto->x25519;
    uint8_t secret[LK_X25519_LEN];
    assert_int_equal(lk_classic_derive(&key, crypto, low_order, secret), LOCKSTEP_PEER_KEY_SHARE);
    broken.key_new = no_key;
    assert_true(lk_x25519_begin(&x, &crypto->x25519, key.bytes));
    assert_int_equal(lk_x25519_with(&x, low_order, secret), LOCKSTEP_PEER_KEY_SHARE);
    x.f = &broken;
    assert_int_equal(lk_x25519_with(&x, low_order, secret), LOCKSTEP_ERR_CRYPTO);
    assert_false(lk_x25519_public(&x, secret));
    lk_x25519_end(&x);
    assert_false(lk_x25519_begin(&x, &broken, key.bytes));
    lk_x25519_end(&x);
}

static int make(void **state) {
    (void)state;
    env = lk_env_complete(NULL);
    crypto = lk_crypto_new();
    own = lk_crypto_new();
    if (crypto == NULL || own == NULL)
        return 1;
    own->has_ml_kem = own->has_ml_kem_1024 = false;
    return 0;
}

static int drop(void **state) {
    (void)state;
    lk_crypto_free(crypto);
    lk_crypto_free(own);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_group), cmocka_unit_test(test_wrong_lengths),
        cmocka_unit_test(test_p521_scalar), cmocka_unit_test(test_own_agrees_with_libcrypto),
        cmocka_unit_test(test_whose_fault),
    };
    return cmocka_run_group_tests(tests, make, drop);
}
