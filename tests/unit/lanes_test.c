/*
 * lanes_test.c - jobs in lanes: any number and mixture of them comes out as if each had run alone,
 * and one that fails fails alone.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "crypto/jobs.h"
#include "crypto/lanes.h"

#include "x509/algorithm.h"
#include <lockstep/lockstep.h>

enum { MOST = 150 };

static lk_crypto *crypto, *other_crypto;
static lockstep_env env;
static lk_private_key *keys[4]; /* two of P-256, two of RSA */
static lk_public_key *publics[4];

static lk_slice text = {(const uint8_t *)"what is signed", 14};

/* A job with all that it points to. */
typedef struct work {
    lk_job job;
    lockstep_status expected;
    uint8_t share[LK_KEX_SHARE_MAX], peer[LK_KEX_SHARE_MAX];
    uint8_t signature[LK_SIGNATURE_MAX];
    lk_ephemeral *peers, *own;         /* the other side's; DERIVE: this one's */
    uint8_t secret[LK_KEX_SECRET_MAX]; /* DERIVE: that must come out */
} work;

static void draw(lk_kex_seed *seed, const lk_kex_group *g) {
    assert_true(lk_kex_seed_draw(seed, crypto, &env, NULL, g));
}

static lk_ephemeral *make_share(uint8_t *share, const lk_kex_group *g) {
    uint8_t random[LK_KEX_RANDOM_MAX];
    lk_ephemeral *e;
    assert_true(lk_kex_draw(crypto, &env, g, random));
    assert_int_equal(lk_kex_generate(&e, share, crypto, g, random), LOCKSTEP_OK);
    return e;
}

/* spoil makes what the peer sent something that no group takes: zeros, or a byte too few. */
static void spoil(work *w, bool shorter) {
    if (shorter)
        w->job.u.kex.peer.p_len--;
    else
        memset(w->peer, 0, sizeof w->peer);
    w->expected = LOCKSTEP_PEER_KEY_SHARE;
}

static void make_kex(work *w, lk_job_kind kind, const lk_kex_group *g, bool bad, bool shorter) {
    lk_kex_task *t = &w->job.u.kex;
    uint8_t random[LK_KEX_RANDOM_MAX];
    size_t n;
    t->group = g;
    t->share = w->share;
    if (kind != LK_JOB_DERIVE)
        draw(&t->seed, g);
    if (kind == LK_JOB_RESPOND) {
        w->peers = make_share(w->peer, g);
        t->peer = lk_slice_of(w->peer, g->client_share);
    } else if (kind == LK_JOB_DERIVE) {
        w->own = make_share(w->share, g);
        t->own = w->own;
        assert_true(lk_kex_draw(crypto, &env, g, random));
        assert_int_equal(lk_kex_respond(w->peer, w->secret, &n, crypto, g, random,
                                        lk_slice_of(w->share, g->client_share)),
                         LOCKSTEP_OK);
        t->peer = lk_slice_of(w->peer, g->server_share);
    }
    /* Of a ciphertext of ML-KEM only the length can be wrong. */
    if (bad && kind != LK_JOB_SHARE)
        spoil(w, shorter || g->id == LOCKSTEP_GROUP_MLKEM1024);
}

static void make_sign(work *w, size_t key, bool bad) {
    static const lk_signature_algorithm algorithms[] = {LK_SIGN_ECDSA_SHA256,
                                                        LK_SIGN_RSA_PSS_SHA256};
    w->job.u.sign.signature = w->signature;
    w->job.u.sign.key = keys[key];
    w->job.u.sign.algorithm = algorithms[bad ? key < 2 : key >= 2];
    w->job.u.sign.message = text;
    w->job.u.sign.signature = w->signature;
    if (bad)
        w->expected = LOCKSTEP_ERR_USAGE;
}

static void make_verify(work *w, size_t key, bool bad) {
    size_t n;
    w->job.u.verify.key = publics[key];
    w->job.u.verify.algorithm = key < 2 ? LK_SIGN_ECDSA_SHA256 : LK_SIGN_RSA_PSS_SHA256;
    w->job.u.verify.message = text;
    assert_int_equal(
        lk_private_key_sign(keys[key], w->job.u.verify.algorithm, text, w->signature, &n),
        LOCKSTEP_OK);
    w->signature[n / 2] ^= bad;
    w->job.u.verify.signature = lk_slice_of(w->signature, n);
    if (bad)
        w->expected = LOCKSTEP_PEER_BAD_SIGNATURE;
}

static int judged;
static lockstep_status judge(void *arg) {
    judged++;
    return arg == NULL ? LOCKSTEP_OK : LOCKSTEP_CERT_EXPIRED;
}

static void make(work *w, lk_job_kind kind, size_t which, bool bad) {
    memset(w, 0, sizeof *w);
    w->job.kind = kind;
    w->job.crypto = crypto;
    switch (kind) {
    case LK_JOB_SHARE:
    case LK_JOB_RESPOND:
    case LK_JOB_DERIVE:
        make_kex(w, kind, &lk_kex_groups[which % LK_KEX_NUM_GROUPS], bad, which % 2 == 0);
        break;
    case LK_JOB_SIGN:
        make_sign(w, which % 4, bad);
        break;
    case LK_JOB_VERIFY:
        make_verify(w, which % 4, bad);
        break;
    default:
        w->job.kind = LK_JOB_JUDGE;
        w->job.u.judge.judge = judge;
        w->job.u.judge.arg = bad ? w : NULL;
        w->expected = bad ? LOCKSTEP_CERT_EXPIRED : LOCKSTEP_OK;
    }
}

static bool is_zero(const void *p, size_t n) {
    const uint8_t *bytes = p;
    for (size_t i = 0; i < n; i++)
        if (bytes[i] != 0)
            return false;
    return true;
}

/* check_kex plays the other side. */
static void check_kex(work *w) {
    lk_kex_task *t = &w->job.u.kex;
    uint8_t answer[LK_KEX_SHARE_MAX], random[LK_KEX_RANDOM_MAX];
    uint8_t sent[LK_KEX_SECRET_MAX], got[LK_KEX_SECRET_MAX];
    size_t n, m;
    assert_true(is_zero(&t->seed, sizeof t->seed)); /* used up, also by a failure */
    if (w->expected != LOCKSTEP_OK)
        return;
    if (w->job.kind == LK_JOB_SHARE) {
        assert_true(lk_kex_draw(crypto, &env, t->group, random));
        assert_int_equal(lk_kex_respond(answer, sent, &n, crypto, t->group, random,
                                        lk_slice_of(w->share, t->group->client_share)),
                         LOCKSTEP_OK);
        assert_int_equal(
            lk_kex_derive(t->made, got, &m, lk_slice_of(answer, t->group->server_share)),
            LOCKSTEP_OK);
        assert_int_equal(m, n);
        assert_memory_equal(got, sent, n);
    } else if (w->job.kind == LK_JOB_RESPOND) {
        assert_int_equal(
            lk_kex_derive(w->peers, got, &m, lk_slice_of(w->share, t->group->server_share)),
            LOCKSTEP_OK);
        assert_int_equal(m, t->secret_len);
        assert_memory_equal(got, t->secret, m);
    } else {
        assert_memory_equal(w->secret, t->secret, t->secret_len);
    }
}

static void check(work *w) {
    assert_true(w->job.done);
    assert_int_equal(w->job.status, w->expected);
    if (w->job.kind <= LK_JOB_DERIVE)
        check_kex(w);
    if (w->job.kind == LK_JOB_SIGN && w->expected == LOCKSTEP_OK)
        for (size_t i = 0; i < 4; i++)
            assert_int_equal(lk_public_key_verify(
                                 publics[i], w->job.u.sign.algorithm,
                                 lk_slice_of(w->job.u.sign.signature, w->job.u.sign.signature_len),
                                 text),
                             keys[i] == w->job.u.sign.key);
}

static void give_back(work *w) {
    lk_ephemeral_free(w->peers);
    lk_ephemeral_free(w->own);
    if (w->job.kind == LK_JOB_SHARE) {
        assert_true((w->job.u.kex.made != NULL) == (w->expected == LOCKSTEP_OK));
        lk_ephemeral_free(w->job.u.kex.made);
    }
}

static work works[MOST];

/* run_all runs jobs that are made, in a shuffled order, and looks at all. */
static void run_all(size_t n) {
    lk_job *jobs[MOST];
    for (size_t i = 0; i < n; i++)
        jobs[i] = &works[i].job;
    for (size_t i = n; i > 1; i--) {
        size_t k = (size_t)rand() % i;
        lk_job *job = jobs[i - 1];
        jobs[i - 1] = jobs[k];
        jobs[k] = job;
    }
    lk_jobs_run(jobs, n);
    for (size_t i = 0; i < n; i++) {
        check(&works[i]);
        give_back(&works[i]);
    }
}

/* Every count from 1 to 9, so that lanes are full, and one more; one bad in each place in turn. */
static void test_counts(void **state) {
    (void)state;
    static const lk_job_kind kinds[] = {LK_JOB_SHARE, LK_JOB_RESPOND, LK_JOB_DERIVE, LK_JOB_SIGN,
                                        LK_JOB_VERIFY};
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++)
        for (size_t which = 0; which < (kinds[k] < LK_JOB_SIGN ? LK_KEX_NUM_GROUPS : 4); which++)
            for (size_t n = 1; n <= LK_LANES + 1; n++) {
                for (size_t i = 0; i < n; i++)
                    make(&works[i], kinds[k], which, i == (n + which) % (n + 1));
                run_all(n);
            }
}

static void test_mixed(void **state) {
    (void)state;
    srand(1);
    for (int round = 0; round < 4; round++) {
        size_t n = round == 3 ? MOST : 65;
        for (size_t i = 0; i < n; i++)
            make(&works[i], (lk_job_kind)(rand() % 6), (size_t)rand(), rand() % 5 == 0);
        run_all(n);
    }
    assert_true(judged > 10);
    lk_jobs_run(NULL, 0);
}

/* What is done already is left alone. */
static void test_done(void **state) {
    (void)state;
    make(&works[0], LK_JOB_SIGN, 0, false);
    make(&works[1], LK_JOB_SIGN, 0, false);
    lk_job *jobs[] = {&works[0].job, &works[1].job};
    works[0].job.done = true;
    works[0].job.status = LOCKSTEP_ERR_LIMIT;
    lk_jobs_run(jobs, 2);
    assert_int_equal(works[0].job.status, LOCKSTEP_ERR_LIMIT);
    assert_int_equal(works[0].job.u.sign.signature_len, 0);
    assert_int_equal(works[1].job.status, LOCKSTEP_OK);
}

static void test_alike(void **state) {
    (void)state;
    make(&works[0], LK_JOB_SIGN, 0, false);
    make(&works[1], LK_JOB_SIGN, 1, false);
    assert_true(lk_jobs_alike(&works[0].job, &works[1].job)); /* two keys of P-256 */
    make(&works[0], LK_JOB_SIGN, 2, false);
    assert_false(lk_jobs_alike(&works[0].job, &works[1].job));
    make(&works[1], LK_JOB_SIGN, 3, false);
    assert_false(lk_jobs_alike(&works[0].job, &works[1].job)); /* two of RSA */
    make(&works[1], LK_JOB_VERIFY, 2, false);
    assert_false(lk_jobs_alike(&works[0].job, &works[1].job));
    make(&works[0], LK_JOB_SHARE, 0, false);
    make(&works[1], LK_JOB_SHARE, 0, false);
    assert_true(lk_jobs_alike(&works[0].job, &works[1].job));
    works[1].job.crypto = other_crypto;
    assert_false(lk_jobs_alike(&works[0].job, &works[1].job));
    make(&works[2], LK_JOB_SHARE, 1, false);
    assert_false(lk_jobs_alike(&works[0].job, &works[2].job));
    make(&works[0], LK_JOB_JUDGE, 0, false);
    assert_false(lk_jobs_alike(&works[0].job, &works[0].job)); /* a chain is alone */
}

static int set_up(void **state) {
    static const lk_key_kind kinds[] = {LK_KEY_P256, LK_KEY_P256, LK_KEY_RSA, LK_KEY_RSA};
    (void)state;
    crypto = lk_crypto_new();
    other_crypto = lk_crypto_new();
    env = lk_env_complete(NULL);
    for (size_t i = 0; i < 4; i++) {
        lk_buffer der = lk_buffer_of(&lk_heap_default, 0);
        lk_spki spki;
        assert_int_equal(lk_private_key_generate(&keys[i], crypto, kinds[i], 2048), LOCKSTEP_OK);
        assert_int_equal(lk_private_key_spki(keys[i], &der), LOCKSTEP_OK);
        assert_true(lk_spki_parse(&spki, lk_buffer_slice(&der)));
        assert_int_equal(lk_spki_public_key(&publics[i], crypto, &spki), LOCKSTEP_OK);
        lk_buffer_free(&der);
    }
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    for (size_t i = 0; i < 4; i++) {
        lk_private_key_free(keys[i]);
        lk_public_key_free(publics[i]);
    }
    lk_crypto_free(crypto);
    lk_crypto_free(other_crypto);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_counts),
        cmocka_unit_test(test_mixed),
        cmocka_unit_test(test_done),
        cmocka_unit_test(test_alike),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
