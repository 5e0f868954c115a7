/*
 * ML-KEM takes a time that does not depend on secrets: run by valgrind with the seeds, the
 * private key and m undefined, memcheck reports every branch and every address that depends on one
 * of them (support/constant_time.h). `mlkem_ct_test leak` breaks the rule on purpose.
 *
 * What memcheck cannot see is an instruction whose own time varies; the code divides no secret.
 */
#include "support/constant_time.h"

/* mlkem.c once more, with its declassification of rho, under names of its own beside the library's.
 */
#ifndef LK_CONSTANT_TIME_TEST
#define LK_CONSTANT_TIME_TEST
#endif
#define lk_mlkem_keygen test_keygen
#define lk_mlkem_encaps test_encaps
#define lk_mlkem_decaps test_decaps
#define lk_mlkem_768    test_768
#define lk_mlkem_1024   test_1024
#include "crypto/mlkem.c"

static void run(const lk_mlkem_set *set, uint8_t start) {
    uint8_t seed[LK_MLKEM_SEED], m[LK_MLKEM_MESSAGE];
    uint8_t ek[LK_MLKEM1024_PUBLIC], dk[LK_MLKEM1024_PRIVATE], ct[LK_MLKEM1024_CIPHERTEXT];
    uint8_t sent[LK_MLKEM_SHARED], got[LK_MLKEM_SHARED];
    memset(seed, start, sizeof seed);
    memset(m, start + 1, sizeof m);
    secret(seed, sizeof seed);
    secret(m, sizeof m);

    test_keygen(set, ek, dk, seed);
    expect(is_secret(ek, t_len(set)), "t depends on the seed");
    expect(is_secret(dk, t_len(set)), "s depends on the seed");
    public(ek, set->public);
    public(dk + t_len(set), dk_z(set) - t_len(set)); /* ek and its hash */

    expect(test_encaps(set, ct, sent, ek, set->public, m), "encapsulation succeeds");
    expect(is_secret(ct, set->ciphertext), "the ciphertext depends on m");
    expect(is_secret(sent, sizeof sent), "the secret depends on m");
    public(ct, set->ciphertext);

    expect(test_decaps(set, got, dk, ct, set->ciphertext), "decapsulation succeeds");
    expect(is_secret(got, sizeof got), "the secret depends on the private key");
    public(got, sizeof got);
    public(sent, sizeof sent);
    expect(memcmp(got, sent, sizeof got) == 0, "both have the same secret");

    ct[start] ^= 1;
    expect(test_decaps(set, got, dk, ct, set->ciphertext),
           "decapsulation of a bad ciphertext succeeds");
    expect(is_secret(got, sizeof got), "the other secret depends on the private key");
    public(got, sizeof got);
    expect(memcmp(got, sent, sizeof got) != 0, "a bad ciphertext carries another secret");
}

/* An index and a branch of the kind that must not be. */
static void leak(void) {
    static const volatile uint8_t table[256] = {1};
    volatile uint8_t key = 0;
    secret((void *)(uintptr_t)&key, 1);
    if (table[key] != 0)
        puts("found by an index");
    if (key == 0)
        puts("found by a branch");
    expect(VALGRIND_COUNT_ERRORS == 2, "valgrind finds both leaks");
}

static void run_all(void) {
    for (uint8_t i = 0; i < 4; i++)
        run(i % 2 == 0 ? &test_768 : &test_1024, i);
}

int main(int argc, char **argv) {
    return constant_time_main(argc, argv, "--leak-check=no", leak, run_all);
}
