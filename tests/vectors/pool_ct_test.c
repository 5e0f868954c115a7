/*
 * Key shares that were made ahead take a time that does not depend on them: run by valgrind with
 * the private keys undefined, from the random source through filling, taking and lanes of jobs to
 * the shared secret, for every count of lanes, with pairs from the pool and without.
 *
 * One thing becomes public, as it must: whether a shared secret is zero (RFC 8446 §7.4.2), which is
 * asked once here and once within libcrypto, whose inside is its own to prove (libcrypto.supp).
 */
#include "support/constant_time.h"

#include "crypto/jobs.h"
#include "crypto/lanes.h"
#include "util/secret.h"

#include <lockstep/lockstep.h>

static unsigned num_compared;

/* lk_ct_equal of all that is linked here: CMakeLists.txt says so. */
bool __real_lk_ct_equal(const void *a, const void *b, size_t n);
bool __wrap_lk_ct_equal(const void *a, const void *b, size_t n);

bool __wrap_lk_ct_equal(const void *a, const void *b, size_t n) {
    bool same = __real_lk_ct_equal(a, b, n);
    if (n != LK_X25519_LEN)
        return same; /* ciphertexts of ML-KEM, for which mlkem_ct_test is there */
    expect(is_secret(a, n) || is_secret(b, n), "what is compared depends on a secret");
    public(&same, sizeof same);
    num_compared++;
    return same;
}

static bool secret_random(void *arg, uint8_t *out, size_t out_len) {
    if (!lk_crypto_random(arg, out, out_len))
        return false;
    secret(out, out_len);
    return true;
}

enum { MOST = LK_LANES + 1 };

static lk_crypto *crypto;
static lockstep_env env;

typedef struct side {
    lk_job job;
    uint8_t share[LK_KEX_SHARE_MAX];
} side;

/* run_jobs runs jobs together; their statuses are public in themselves. */
static void run_jobs(side *sides, size_t n) {
    lk_job *jobs[MOST];
    for (size_t i = 0; i < n; i++)
        jobs[i] = &sides[i].job;
    lk_jobs_run(jobs, n);
    for (size_t i = 0; i < n; i++)
        expect(jobs[i]->done && jobs[i]->status == LOCKSTEP_OK, "a job is done");
}

static void set_up(side *s, lk_job_kind kind, const lk_kex_group *g, lockstep_shares *shares) {
    *s = (side){0};
    s->job.kind = kind;
    s->job.crypto = crypto;
    s->job.u.kex.group = g;
    s->job.u.kex.share = s->share;
    if (kind != LK_JOB_DERIVE)
        expect(lk_kex_seed_draw(&s->job.u.kex.seed, crypto, &env, shares, g), "random bytes");
}

/* exchange has `n` clients and servers do all that they do. */
static void exchange(const lk_kex_group *g, size_t n, lockstep_shares *shares) {
    static side clients[MOST], servers[MOST], ends[MOST];
    bool ahead = shares != NULL;
    for (size_t i = 0; i < n; i++) {
        set_up(&clients[i], LK_JOB_SHARE, g, shares);
        expect(clients[i].job.u.kex.seed.ahead == ahead, "it comes from the pool");
    }
    run_jobs(clients, n);
    for (size_t i = 0; i < n; i++) {
        expect(!ahead || is_secret(clients[i].share + g->client_share - LK_X25519_LEN, 32),
               "a share depends on the private key");
        public(clients[i].share, sizeof clients[i].share);
        set_up(&servers[i], LK_JOB_RESPOND, g, shares);
        servers[i].job.u.kex.peer = lk_slice_of(clients[i].share, g->client_share);
    }
    run_jobs(servers, n);
    for (size_t i = 0; i < n; i++) {
        public(servers[i].share, sizeof servers[i].share);
        set_up(&ends[i], LK_JOB_DERIVE, g, NULL);
        ends[i].job.u.kex.own = clients[i].job.u.kex.made;
        ends[i].job.u.kex.peer = lk_slice_of(servers[i].share, g->server_share);
    }
    run_jobs(ends, n);
    for (size_t i = 0; i < n; i++) {
        lk_kex_task *s = &servers[i].job.u.kex, *e = &ends[i].job.u.kex;
        expect(!ahead || is_secret(s->secret + s->secret_len - 32, 32), "and so does the secret");
        public(s->secret, sizeof s->secret);
        public(e->secret, sizeof e->secret);
        expect(s->secret_len == e->secret_len && memcmp(s->secret, e->secret, s->secret_len) == 0,
               "both have the same secret");
        lk_ephemeral_free(clients[i].job.u.kex.made);
    }
}

static void take_and_answer(void) {
    static const uint16_t groups[] = {LOCKSTEP_GROUP_X25519, LOCKSTEP_GROUP_X25519MLKEM768};
    lockstep_env secrets = {.random = secret_random};
    lockstep_shares *shares;
    size_t made;
    lk_key_pair pair;
    expect(lockstep_shares_new(&shares, &secrets, 2 * MOST) == LOCKSTEP_OK, "a pool");
    for (size_t g = 0; g < 2; g++)
        for (size_t n = 1; n <= MOST; n += n == 1 ? 1 : 7) {
            expect(lockstep_shares_fill(shares, &made, 2 * n) == LOCKSTEP_OK && made == 2 * n,
                   "it is filled");
            unsigned before = num_compared;
            exchange(lk_kex_group_of(groups[g]), n, shares);
            expect(num_compared == before + 2 * n, "every secret is held against zero");
            expect(lockstep_shares_waiting(shares) == 0, "all are taken");
        }
    expect(lockstep_shares_fill(shares, NULL, 2) == LOCKSTEP_OK, "it is filled again");
    expect(lk_shares_take(shares, &pair), "a pair");
    expect(is_secret(&pair, sizeof pair), "what is taken is secret");
    lockstep_shares_clear(shares);
    lockstep_shares_free(shares);
    /* and keys that were not made ahead */
    env.random = secret_random;
    exchange(lk_kex_group_of(LOCKSTEP_GROUP_X25519), MOST, NULL);
}

static void run(void) {
    crypto = lk_crypto_new();
    env = lk_env_complete(NULL);
    take_and_answer();
    lk_crypto_free(crypto);
}

/* A pool that looks for a key that it likes. */
static void leak(void) {
    lockstep_env secrets = {.random = secret_random};
    lockstep_shares *shares;
    lk_key_pair pair;
    volatile unsigned odd = 0;
    expect(lockstep_shares_new(&shares, &secrets, 1) == LOCKSTEP_OK &&
               lockstep_shares_fill(shares, NULL, 1) == LOCKSTEP_OK &&
               lk_shares_take(shares, &pair),
           "a pair");
    if (pair.private_key[0] % 2 == 1)
        odd++;
    expect(VALGRIND_COUNT_ERRORS > 0, "valgrind finds the leak");
    lockstep_shares_free(shares);
}

int main(int argc, char **argv) {
    return constant_time_main(argc, argv, "--suppressions=" LK_VECTORS_DIR "/libcrypto.supp", leak,
                              run);
}
