/*
 * shares_test.c - the pool of key shares: every pair is given out once, in one process, before it
 * is old, and nothing of it stays behind.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <pthread.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "crypto/kex_parts.h"
#include "crypto/share_pool.h"
#include "support/pair.h"

#define CHECK(expression) assert_int_equal(expression, LOCKSTEP_OK)

static lockstep_shares *pool_of(const lockstep_env *env, size_t capacity, size_t fill) {
    lockstep_shares *shares;
    size_t made;
    CHECK(lockstep_shares_new(&shares, env, capacity));
    assert_int_equal(lockstep_shares_waiting(shares), 0);
    CHECK(lockstep_shares_fill(shares, &made, fill));
    assert_int_equal(made, fill < capacity ? fill : capacity);
    return shares;
}

/* holds: is that anywhere in the pages? */
static bool holds(const lockstep_shares *shares, const void *bytes, size_t n) {
    lk_slice memory = lk_shares_memory(shares);
    return memmem(memory.p, memory.p_len, bytes, n) != NULL;
}

static bool is_pair(const lk_key_pair *kp) {
    static lk_crypto *crypto;
    lk_classic_key key;
    uint8_t share[LK_X25519_LEN];
    if (crypto == NULL)
        crypto = lk_crypto_new();
    return lk_classic_generate(&key, crypto, LK_CLASSIC_X25519, kp->private_key, share) &&
           memcmp(share, kp->public_key, sizeof share) == 0;
}

static void test_usage(void **state) {
    (void)state;
    lockstep_shares *shares = (lockstep_shares *)&shares;
    lk_key_pair got;
    assert_int_equal(lockstep_shares_new(NULL, NULL, 1), LOCKSTEP_ERR_USAGE);
    assert_int_equal(lockstep_shares_new(&shares, NULL, 0), LOCKSTEP_ERR_USAGE);
    assert_null(shares);
    assert_int_equal(lockstep_shares_new(&shares, NULL, LOCKSTEP_SHARES_MAX + 1),
                     LOCKSTEP_ERR_USAGE);
    assert_int_equal(lockstep_shares_fill(NULL, NULL, 1), LOCKSTEP_ERR_USAGE);
    assert_int_equal(lockstep_shares_waiting(NULL), 0);
    assert_false(lk_shares_take(NULL, &got));
    assert_null(lockstep_shares_share(NULL));
    lockstep_shares_clear(NULL);
    lockstep_shares_free(NULL);
    CHECK(lockstep_shares_new(&shares, NULL, LOCKSTEP_SHARES_MAX));
    assert_ptr_equal(lockstep_shares_share(shares), shares);
    lockstep_shares_free(shares);
    CHECK(lockstep_shares_fill(shares, NULL, 0));
    lockstep_shares_free(shares);
    /* configs */
    lockstep_config *cfg;
    CHECK(lockstep_config_new(&cfg, NULL));
    assert_int_equal(lockstep_config_set_shares(NULL, NULL), LOCKSTEP_ERR_USAGE);
    assert_int_equal(lockstep_config_set_shares(cfg, NULL), LOCKSTEP_ERR_USAGE);
    lockstep_config_free(cfg);
}

/* Around the ring more than once; what was taken is not there any more. */
static void test_taken_once(void **state) {
    (void)state;
    world w;
    lk_key_pair pairs[90];
    size_t made;
    world_init(&w, 1);
    lockstep_shares *shares = pool_of(&w.env, 30, 20);
    for (size_t i = 0; i < 90; i++) {
        assert_true(lk_shares_take(shares, &pairs[i]));
        assert_true(is_pair(&pairs[i]));
        assert_false(holds(shares, pairs[i].private_key, 8));
        assert_false(holds(shares, pairs[i].public_key, 8));
        for (size_t k = 0; k < i; k++)
            assert_memory_not_equal(&pairs[i], &pairs[k], sizeof pairs[k]);
        CHECK(lockstep_shares_fill(shares, &made, 1));
        assert_int_equal(made, 1);
    }
    /* full, then empty */
    CHECK(lockstep_shares_fill(shares, &made, 1000));
    assert_int_equal(made, 10);
    CHECK(lockstep_shares_fill(shares, &made, 1000));
    assert_int_equal(made, 0);
    assert_int_equal(lockstep_shares_waiting(shares), 30);
    for (size_t i = 0; i < 30; i++)
        assert_true(lk_shares_take(shares, &pairs[i]));
    assert_false(lk_shares_take(shares, &pairs[0]));
    assert_false(lk_shares_take(shares, &pairs[0]));
    CHECK(lockstep_shares_fill(shares, &made, 1));
    assert_true(lk_shares_take(shares, &pairs[0]));
    lockstep_shares_free(shares);
    assert_int_equal(w.live, 0);
}

static void test_cleared(void **state) {
    (void)state;
    world w;
    lk_key_pair got;
    world_init(&w, 1);
    lockstep_shares *shares = pool_of(&w.env, 10, 10);
    lk_slice memory = lk_shares_memory(shares);
    lockstep_shares_clear(shares);
    assert_int_equal(lockstep_shares_waiting(shares), 0);
    assert_false(lk_shares_take(shares, &got));
    /* the last 10 places are where the pairs were */
    for (size_t i = 0; i < 10 * sizeof got; i++)
        assert_int_equal(memory.p[memory.p_len - 1 - i], 0);
    CHECK(lockstep_shares_fill(shares, NULL, 3));
    assert_int_equal(lockstep_shares_waiting(shares), 3);
    lockstep_shares_free(shares);
}

static void test_age(void **state) {
    (void)state;
    world w;
    lk_key_pair first, got;
    world_init(&w, 1);
    lockstep_shares *shares = pool_of(&w.env, 10, 2);
    w.later_ms = LOCKSTEP_SHARES_AGE_MS;
    assert_true(lk_shares_take(shares, &first)); /* old enough to be the last of its kind */
    CHECK(lockstep_shares_fill(shares, NULL, 1));
    w.later_ms++;
    assert_true(lk_shares_take(shares, &got)); /* the second was too old; this is the third */
    assert_int_equal(lockstep_shares_waiting(shares), 0);
    /* filling looks too, and with 0 only looks */
    CHECK(lockstep_shares_fill(shares, NULL, 10));
    w.later_ms += LOCKSTEP_SHARES_AGE_MS + 1;
    assert_int_equal(lockstep_shares_waiting(shares), 10);
    CHECK(lockstep_shares_fill(shares, NULL, 0));
    assert_int_equal(lockstep_shares_waiting(shares), 0);
    /* A clock that goes back was wrong before, or this is not the machine it was. */
    CHECK(lockstep_shares_fill(shares, NULL, 10));
    w.later_ms--;
    assert_false(lk_shares_take(shares, &got));
    assert_int_equal(lockstep_shares_waiting(shares), 0);
    lockstep_shares_free(shares);
}

static long draws_left;
static bool (*real_random)(void *arg, uint8_t *out, size_t out_len);

static bool failing_random(void *arg, uint8_t *out, size_t out_len) {
    return draws_left-- > 0 && real_random(arg, out, out_len);
}

/* Whatever draw fails: no pair is there of which not both halves are. */
static void test_no_random(void **state) {
    (void)state;
    world w;
    world_init(&w, 1);
    real_random = w.env.random;
    w.env.random = failing_random;
    for (long n = 0; n < 20; n++) {
        lockstep_shares *shares;
        lk_key_pair got;
        size_t made = 99, taken = 0;
        CHECK(lockstep_shares_new(&shares, &w.env, 20));
        draws_left = n;
        assert_int_equal(lockstep_shares_fill(shares, &made, 20), LOCKSTEP_ERR_NO_RANDOM);
        assert_true(made <= (size_t)n && made + 8 > (size_t)n);
        while (lk_shares_take(shares, &got)) {
            assert_true(is_pair(&got));
            taken++;
        }
        assert_int_equal(taken, made);
        lockstep_shares_free(shares);
    }
}

static void test_no_memory(void **state) {
    (void)state;
    world w;
    lockstep_shares *shares;
    world_init(&w, 1);
    w.fail_alloc_at = 1;
    assert_int_equal(lockstep_shares_new(&shares, &w.env, 20), LOCKSTEP_ERR_NO_MEMORY);
    assert_null(shares);
    shares = pool_of(&w.env, 20, 20);
    assert_int_equal(w.allocs, 2); /* no other that could fail */
    lockstep_shares_free(shares);
    assert_int_equal(w.live, 0);
}

/* ---- Threads --------------------------------------------------------------------------------- */

enum { TAKERS = 4, EACH = 400, FILLERS = 2 };

static atomic_bool all_taken;
static lk_key_pair taken[TAKERS][EACH];
static lockstep_shares *contested;

static void *take_some(void *arg) {
    lk_key_pair *to = arg;
    for (size_t n = 0; n < EACH;)
        if (lk_shares_take(contested, &to[n]))
            n++;
    return NULL;
}

static void *fill_all(void *arg) {
    while (!all_taken)
        if (lockstep_shares_fill(contested, NULL, 16) != LOCKSTEP_OK)
            return arg;
    return NULL;
}

static int compare(const void *a, const void *b) {
    return memcmp(a, b, sizeof(lk_key_pair));
}

static void test_threads(void **state) {
    (void)state;
    pthread_t takers[TAKERS], fillers[FILLERS];
    void *failed;
    contested = pool_of(NULL, 64, 64);
    for (size_t i = 0; i < FILLERS; i++)
        assert_int_equal(pthread_create(&fillers[i], NULL, fill_all, contested), 0);
    for (size_t i = 0; i < TAKERS; i++)
        assert_int_equal(pthread_create(&takers[i], NULL, take_some, taken[i]), 0);
    for (size_t i = 0; i < TAKERS; i++)
        pthread_join(takers[i], NULL);
    all_taken = true;
    for (size_t i = 0; i < FILLERS; i++) {
        pthread_join(fillers[i], &failed);
        assert_null(failed);
    }
    qsort(taken, (size_t)TAKERS * EACH, sizeof(lk_key_pair), compare);
    const lk_key_pair *sorted = &taken[0][0];
    for (size_t i = 1; i < (size_t)TAKERS * EACH; i++)
        assert_memory_not_equal(&sorted[i - 1], &sorted[i], sizeof *sorted);
    assert_true(is_pair(&sorted[0]));
    lockstep_shares_free(contested);
}

/* Somebody who stays: who takes does not wait for him. */
static void test_locked(void **state) {
    (void)state;
    lk_key_pair got;
    lockstep_shares *shares = pool_of(NULL, 4, 4);
    atomic_bool *busy = (atomic_bool *)(uintptr_t)lk_shares_memory(shares).p;
    *busy = true;
    assert_false(lk_shares_take(shares, &got));
    *busy = false;
    assert_true(lk_shares_take(shares, &got));
    lockstep_shares_free(shares);
}

/* ---- Processes ------------------------------------------------------------------------------- */

/* in_child runs `work` in a child, which writes what it took to `out`, and returns how many pairs;
 * every one that the child has is in `out`. */
enum { MOST = 64 };

static size_t take_all(lockstep_shares *shares, lk_key_pair out[MOST]) {
    size_t n = 0;
    while (n < MOST && lk_shares_take(shares, &out[n]))
        n++;
    return n;
}

static size_t in_child(lockstep_shares *shares, lk_key_pair out[MOST],
                       size_t (*work)(lockstep_shares *shares, lk_key_pair out[MOST])) {
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        lk_key_pair mine[MOST];
        size_t size = work(shares, mine) * sizeof *mine;
        _exit(write(ends[1], mine, size) == (ssize_t)size ? 0 : 1);
    }
    close(ends[1]);
    size_t got = 0;
    for (ssize_t n; (n = read(ends[0], (uint8_t *)out + got, MOST * sizeof *out - got)) > 0;)
        got += (size_t)n;
    close(ends[0]);
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    assert_int_equal(got % sizeof *out, 0);
    return got / sizeof *out;
}

static size_t fill_and_take(lockstep_shares *shares, lk_key_pair out[MOST]) {
    if (lockstep_shares_waiting(shares) != 0 || take_all(shares, out) != 0 ||
        lockstep_shares_fill(shares, NULL, 5) != LOCKSTEP_OK)
        _exit(2);
    return take_all(shares, out);
}

static size_t in_grandchild(lockstep_shares *shares, lk_key_pair out[MOST]) {
    if (lockstep_shares_fill(shares, NULL, 5) != LOCKSTEP_OK)
        _exit(2);
    return in_child(shares, out, fill_and_take);
}

static void assert_disjoint(const lk_key_pair *a, size_t num_a, const lk_key_pair *b,
                            size_t num_b) {
    for (size_t i = 0; i < num_a; i++)
        for (size_t k = 0; k < num_b; k++)
            assert_memory_not_equal(&a[i], &b[k], sizeof *a);
}

static void test_fork(void **state) {
    (void)state;
    lk_key_pair mine[MOST], child[MOST], grandchild[MOST];
    lockstep_shares *shares = pool_of(NULL, 10, 10);
    assert_int_equal(in_child(shares, child, take_all), 0);
    assert_int_equal(in_child(shares, child, fill_and_take), 5);
    assert_int_equal(in_child(shares, grandchild, in_grandchild), 5);
    assert_int_equal(take_all(shares, mine), 10); /* the parent still has all of its own */
    assert_disjoint(mine, 10, child, 5);
    assert_disjoint(mine, 10, grandchild, 5);
    assert_disjoint(child, 5, grandchild, 5);
    lockstep_shares_free(shares);
}

/* The process forks while one of its threads has the lock: nobody would open it in the child. */
static void test_fork_locked(void **state) {
    (void)state;
    lk_key_pair child[MOST];
    lockstep_shares *shares = pool_of(NULL, 10, 10);
    atomic_bool *busy = (atomic_bool *)(uintptr_t)lk_shares_memory(shares).p;
    *busy = true;
    assert_int_equal(in_child(shares, child, fill_and_take), 5);
    *busy = false;
    lockstep_shares_free(shares);
}

/* Pages that are copied for all that: the number of the process differs. */
static void test_fork_copied(void **state) {
    (void)state;
    lk_key_pair mine[MOST], child[MOST];
    lockstep_shares *shares = pool_of(NULL, 10, 10);
    lk_slice memory = lk_shares_memory(shares);
    assert_int_equal(madvise((void *)(uintptr_t)memory.p, memory.p_len, 19 /* MADV_KEEPONFORK */),
                     0);
    assert_int_equal(in_child(shares, child, fill_and_take), 5);
    assert_int_equal(take_all(shares, mine), 10);
    assert_disjoint(mine, 10, child, 5);
    lockstep_shares_free(shares);
}

/* The random source forks, so that parent and child both go on with one fill. */
static bool forks, is_child;
static pid_t forked;

static bool forking_random(void *arg, uint8_t *out, size_t out_len) {
    if (forks && --draws_left == 0) {
        forked = fork();
        is_child = forked == 0;
    }
    return real_random(arg, out, out_len);
}

static void test_fork_while_filling(void **state) {
    (void)state;
    world w;
    world_init(&w, 1);
    real_random = w.env.random; /* which goes on alike in both */
    w.env.random = forking_random;
    for (int fresh = 0; fresh < 2; fresh++) {
        lockstep_shares *shares = pool_of(&w.env, 20, fresh ? 0 : 3);
        size_t made = 99;
        int status;
        forks = true;
        draws_left = 4;
        CHECK(lockstep_shares_fill(shares, &made, 6));
        forks = false;
        if (is_child)
            _exit(made == 0 && lockstep_shares_waiting(shares) == 0 ? 0 : 1);
        assert_int_equal(made, 6);
        assert_int_equal(waitpid(forked, &status, 0), forked);
        assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
        lockstep_shares_free(shares);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_usage),       cmocka_unit_test(test_taken_once),
        cmocka_unit_test(test_cleared),     cmocka_unit_test(test_age),
        cmocka_unit_test(test_no_random),   cmocka_unit_test(test_no_memory),
        cmocka_unit_test(test_threads),     cmocka_unit_test(test_locked),
        cmocka_unit_test(test_fork),        cmocka_unit_test(test_fork_locked),
        cmocka_unit_test(test_fork_copied), cmocka_unit_test(test_fork_while_filling),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
