/*
 * ML-KEM-768 takes a time that does not depend on secrets: run by valgrind with the seeds, the
 * private key and m undefined, memcheck reports every branch and every address that depends on one
 * of them. It starts itself again under valgrind; without one, or in a sanitizer's build, it is
 * skipped.
 *
 * `mlkem_ct_test leak` breaks the rule on purpose and must be reported, or the test proves nothing.
 *
 * What memcheck cannot see is an instruction whose own time varies; the code divides no secret.
 */
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZED 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED 1
#endif

#if __has_include(<valgrind/memcheck.h>) && !defined(SANITIZED)

#include <valgrind/memcheck.h>

/* mlkem.c once more, with its declassification of rho, under names of its own beside the library's.
 */
#ifndef LK_CONSTANT_TIME_TEST
#define LK_CONSTANT_TIME_TEST
#endif
#define lk_mlkem768_keygen test_keygen
#define lk_mlkem768_encaps test_encaps
#define lk_mlkem768_decaps test_decaps
#include "crypto/mlkem.c"

static void secret(void *p, size_t n) {
    (void)VALGRIND_MAKE_MEM_UNDEFINED(p, n);
}

static void public(void *p, size_t n) {
    (void)VALGRIND_MAKE_MEM_DEFINED(p, n);
}

/* is_secret says whether valgrind holds all of `n` bytes for undefined, at least in part: that the
 * mark has come through the computation. */
static bool is_secret(const uint8_t *p, size_t n) {
    uint8_t bits[LK_MLKEM768_PRIVATE];
    if (VALGRIND_GET_VBITS(p, bits, n) != 1)
        return false;
    for (size_t i = 0; i < n; i++)
        if (bits[i] == 0)
            return false;
    return true;
}

static int failures;

static void expect(bool right, const char *what) {
    if (right)
        return;
    fprintf(stderr, "not so: %s\n", what);
    failures++;
}

static void run(uint8_t start) {
    uint8_t seed[LK_MLKEM768_SEED], m[LK_MLKEM768_MESSAGE];
    uint8_t ek[LK_MLKEM768_PUBLIC], dk[LK_MLKEM768_PRIVATE], ct[LK_MLKEM768_CIPHERTEXT];
    uint8_t sent[LK_MLKEM768_SHARED], got[LK_MLKEM768_SHARED];
    memset(seed, start, sizeof seed);
    memset(m, start + 1, sizeof m);
    secret(seed, sizeof seed);
    secret(m, sizeof m);

    test_keygen(ek, dk, seed);
    expect(is_secret(ek, T_LEN), "t depends on the seed");
    expect(is_secret(dk, T_LEN), "s depends on the seed");
    public(ek, sizeof ek);
    public(dk + DK_EK, DK_Z - DK_EK); /* ek and its hash */

    expect(test_encaps(ct, sent, ek, sizeof ek, m), "encapsulation succeeds");
    expect(is_secret(ct, sizeof ct), "the ciphertext depends on m");
    expect(is_secret(sent, sizeof sent), "the secret depends on m");
    public(ct, sizeof ct);

    expect(test_decaps(got, dk, ct, sizeof ct), "decapsulation succeeds");
    expect(is_secret(got, sizeof got), "the secret depends on the private key");
    public(got, sizeof got);
    public(sent, sizeof sent);
    expect(memcmp(got, sent, sizeof got) == 0, "both have the same secret");

    ct[start] ^= 1;
    expect(test_decaps(got, dk, ct, sizeof ct), "decapsulation of a bad ciphertext succeeds");
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

/* under_valgrind runs `program` so with one argument and returns its exit status, or -1; REPORTED
 * if memcheck found an error. */
enum { REPORTED = 9 };
static int under_valgrind(const char *program, const char *argument) {
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        execlp("valgrind", "valgrind", "--quiet", "--error-exitcode=9", program, argument, NULL);
        _exit(127);
    }
    int status;
    return child > 0 && waitpid(child, &status, 0) == child && WIFEXITED(status)
               ? WEXITSTATUS(status)
               : -1;
}

int main(int argc, char **argv) {
    if (!RUNNING_ON_VALGRIND) {
        int found = under_valgrind(argv[0], "leak");
        if (found == 127) {
            puts("skipped: no valgrind");
            return 0;
        }
        expect(found == REPORTED, "valgrind can run this program and finds a leak made on purpose");
        expect(under_valgrind(argv[0], "run") == 0, "it finds none in ML-KEM");
        return failures != 0;
    }
    if (argc > 1 && strcmp(argv[1], "leak") == 0) {
        leak();
        return failures != 0;
    }
    for (uint8_t i = 0; i < 4; i++)
        run(i);
    expect(VALGRIND_COUNT_ERRORS == 0, "no branch or address depends on a secret");
    if (failures == 0)
        puts("no branch or address depends on a secret");
    return failures != 0;
}

#else

int main(void) {
    puts("skipped: a sanitizer's build, or no valgrind/memcheck.h");
    return 0;
}

#endif
