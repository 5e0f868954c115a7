/*
 * crypto_aead_test.c - keys that borrow their contexts: each seals and opens as if it had one of
 * its own, however many there are, in whatever order and on whatever threads they are used.
 */
#include <malloc.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "crypto/aead.h"
#include "crypto/provider.h"
#include "util/secret.h"

#define KEYS (3 * LK_CIPHERS)

static lk_crypto *crypto;
static const uint8_t nonce[LK_AEAD_NONCE_LEN] = {1};

static lk_aead_kind kind_of(size_t i) {
    return (lk_aead_kind)(LK_AEAD_AES_128_GCM + i % 3);
}

static void key_of(uint8_t key[LK_AEAD_KEY_MAX], size_t i) {
    memset(key, 0, LK_AEAD_KEY_MAX);
    key[0] = (uint8_t)i;
    key[1] = (uint8_t)(i >> 8);
}

static void set(lk_aead *aead, size_t i, bool seal) {
    uint8_t key[LK_AEAD_KEY_MAX];
    key_of(key, i);
    lk_aead_set(aead, crypto, kind_of(i), key, seal);
}

/* What key `i` makes of a message, by a context that nothing else has used. */
static void alone(uint8_t out[48], size_t i) {
    uint8_t key[LK_AEAD_KEY_MAX], message[32];
    lk_crypto *fresh = lk_crypto_new();
    lk_aead aead = {0};
    key_of(key, i);
    memset(message, (int)i, sizeof message);
    lk_aead_set(&aead, fresh, kind_of(i), key, true);
    assert_true(lk_aead_seal(&aead, out, nonce, lk_slice_of(key, 2),
                             lk_slice_of(message, sizeof message), lk_slice_of(NULL, 0)));
    lk_aead_clear(&aead);
    lk_crypto_free(fresh);
}

static bool right(lk_aead *seal, lk_aead *open, size_t i, const uint8_t want[48]) {
    uint8_t key[LK_AEAD_KEY_MAX], message[32], out[48], back[32];
    key_of(key, i);
    memset(message, (int)i, sizeof message);
    lk_slice ad = lk_slice_of(key, 2);
    return lk_aead_seal(seal, out, nonce, ad, lk_slice_of(message, 32), lk_slice_of(NULL, 0)) &&
           memcmp(out, want, 48) == 0 &&
           lk_aead_open(open, back, nonce, ad, lk_slice_of(out, 48)) == LOCKSTEP_OK &&
           memcmp(back, message, 32) == 0;
}

typedef struct keys {
    size_t first, num;
    lk_aead seal[KEYS], open[KEYS];
    uint8_t want[KEYS][48];
    bool good;
} keys;

static keys *make_keys(size_t first, size_t num) {
    keys *k = calloc(1, sizeof *k);
    assert_non_null(k);
    k->first = first;
    k->num = num;
    for (size_t i = 0; i < num; i++)
        alone(k->want[i], first + i);
    return k;
}

/* use_keys uses them by turns and out of order, changes some and clears some. */
static void *use_keys(void *arg) {
    keys *k = arg;
    k->good = true;
    for (size_t i = 0; i < k->num; i++) {
        set(&k->seal[i], k->first + i, true);
        set(&k->open[i], k->first + i, false);
    }
    for (size_t turn = 0; turn < 40 * k->num; turn++) {
        size_t i = turn * 7 % k->num;
        if (turn % 5 == 0) /* another key of the same owner, and then the first again */
            set(&k->seal[i], k->first + (i + 1) % k->num, true);
        if (turn % 11 == 0)
            lk_aead_clear(&k->open[i]);
        if (turn % 5 == 0)
            set(&k->seal[i], k->first + i, true);
        if (turn % 11 == 0)
            set(&k->open[i], k->first + i, false);
        k->good = k->good && right(&k->seal[i], &k->open[i], k->first + i, k->want[i]);
        k->good = k->good && right(&k->seal[i], &k->open[i], k->first + i, k->want[i]);
    }
    for (size_t i = 0; i < k->num; i++) {
        lk_aead_clear(&k->seal[i]);
        lk_aead_clear(&k->open[i]);
    }
    return NULL;
}

static void test_few(void **state) {
    (void)state;
    keys *k = make_keys(0, 3);
    use_keys(k);
    assert_true(k->good);
    free(k);
}

static void test_more_than_contexts(void **state) {
    (void)state;
    keys *k = make_keys(100, KEYS);
    use_keys(k);
    assert_true(k->good);
    free(k);
}

static void test_threads(void **state) {
    (void)state;
    enum { THREADS = 4 };
    pthread_t threads[THREADS];
    keys *k[THREADS];
    for (size_t i = 0; i < THREADS; i++)
        k[i] = make_keys(1000 * i, LK_CIPHERS);
    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, use_keys, k[i]), 0);
    for (size_t i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        assert_true(k[i]->good);
        free(k[i]);
    }
}

/* What is not authentic is refused by a context that has just opened what was. */
static void test_refused(void **state) {
    (void)state;
    uint8_t sealed[48], out[32];
    for (size_t i = 0; i < 3; i++) {
        lk_aead open = {0};
        uint8_t key[LK_AEAD_KEY_MAX];
        key_of(key, i);
        alone(sealed, i);
        set(&open, i, false);
        lk_slice ad = lk_slice_of(key, 2), in = lk_slice_of(sealed, sizeof sealed);
        assert_int_equal(lk_aead_open(&open, out, nonce, ad, in), LOCKSTEP_OK);
        sealed[3] ^= 1;
        memset(out, 7, sizeof out);
        assert_int_equal(lk_aead_open(&open, out, nonce, ad, in), LOCKSTEP_PEER_BAD_RECORD_MAC);
        for (size_t b = 0; b < sizeof out; b++)
            assert_int_equal(out[b], 0);
        sealed[3] ^= 1;
        assert_int_equal(lk_aead_open(&open, out, nonce, ad, in), LOCKSTEP_OK);
        in.p_len = LK_AEAD_TAG_LEN - 1;
        assert_int_equal(lk_aead_open(&open, out, nonce, ad, in), LOCKSTEP_PEER_BAD_RECORD_MAC);
        lk_aead_clear(&open);
    }
}

static void test_cleared(void **state) {
    (void)state;
    static const lk_aead none;
    lk_aead aead = {0};
    lk_aead_clear(&aead); /* nothing to clear */
    set(&aead, 1, true);
    assert_true(lk_aead_is_set(&aead));
    lk_aead_clear(&aead);
    assert_false(lk_aead_is_set(&aead));
    assert_memory_equal(&aead, &none, sizeof none);
}

/* ---- What is left -----------------------------------------------------------------------------
 */

enum { CROWD = 4, CROWD_KEYS = LK_CIPHERS, ROUNDS = 500 };

/* Bytes that are nowhere else in memory; `inverted` keeps them from standing in the program too. */
static const uint8_t inverted[12] = {0x91, 0x3e, 0xd7, 0x08, 0x6a, 0xc5,
                                     0x52, 0xbb, 0x1f, 0xe4, 0x77, 0x29};

static void set_marked(lk_aead *aead, size_t i) {
    uint8_t key[LK_AEAD_KEY_MAX];
    for (size_t b = 0; b < sizeof key; b++)
        key[b] = (uint8_t)~inverted[b % sizeof inverted];
    key[15] = (uint8_t)i;
    lk_aead_set(aead, crypto, kind_of(i), key, true);
    lk_wipe(key, sizeof key);
}

/* come_and_go: there are always more keys than contexts, and some are cleared and come again. */
static void *come_and_go(void *arg) {
    lk_aead *aead = arg;
    uint8_t out[48] = {0};
    for (size_t turn = 0; turn < 8 * CROWD_KEYS; turn++) {
        lk_aead *a = &aead[turn * 7 % CROWD_KEYS];
        if (!lk_aead_is_set(a))
            set_marked(a, turn * 7 % CROWD_KEYS);
        (void)lk_aead_seal(a, out, nonce, lk_slice_of(NULL, 0), lk_slice_of(out, 32),
                           lk_slice_of(NULL, 0));
        if (turn % 5 == 0)
            lk_aead_clear(a);
    }
    for (size_t i = 0; i < CROWD_KEYS; i++)
        lk_aead_clear(&aead[i]);
    return NULL;
}

/* How often the mark stands on the heap. */
static size_t count_marks(void) {
    uint8_t mark[12];
    char line[256];
    size_t found = 0;
    FILE *maps = fopen("/proc/self/maps", "r");
    assert_non_null(maps);
    for (size_t b = 0; b < sizeof mark; b++)
        mark[b] = (uint8_t)~inverted[b];
    while (fgets(line, sizeof line, maps) != NULL) {
        unsigned long from, to;
        if (strstr(line, "[heap]") == NULL || sscanf(line, "%lx-%lx", &from, &to) != 2)
            continue;
        for (const uint8_t *p = (const uint8_t *)from;
             (p = memmem(p, to - (size_t)p, mark, sizeof mark)) != NULL; p++)
            found++;
    }
    fclose(maps);
    return found;
}

/* A key that was cleared is nowhere, whatever other threads did at that moment; and every context
 * is there for others again. */
static void test_nothing_left(void **state) {
    (void)state;
    static lk_aead aead[CROWD][CROWD_KEYS];
    pthread_t threads[CROWD];
    lk_crypto *kept = crypto;
    for (size_t round = 0; round < ROUNDS; round++) {
        crypto = lk_crypto_new();
        assert_non_null(crypto);
        for (size_t i = 0; i < CROWD; i++)
            assert_int_equal(pthread_create(&threads[i], NULL, come_and_go, aead[i]), 0);
        for (size_t i = 0; i < CROWD; i++)
            pthread_join(threads[i], NULL);
        assert_int_equal(count_marks(), 0);
        for (size_t i = 0; i < LK_CIPHERS; i++)
            assert_true(atomic_load(&crypto->kept->ciphers[i].cipher) == NULL ||
                        (atomic_load(&crypto->kept->unclaimed) >> i & 1) != 0);
        lk_crypto_free(crypto);
    }
    crypto = kept;
}

static int setup(void **state) {
    (void)state;
    crypto = lk_crypto_new();
    return crypto == NULL;
}

static int teardown(void **state) {
    (void)state;
    lk_crypto_free(crypto);
    return 0;
}

int main(void) {
    mallopt(M_ARENA_MAX, 1); /* one heap for all threads, to be looked through */
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_few),     cmocka_unit_test(test_more_than_contexts),
        cmocka_unit_test(test_threads), cmocka_unit_test(test_refused),
        cmocka_unit_test(test_cleared), cmocka_unit_test(test_nothing_left),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
