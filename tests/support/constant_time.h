/*
 * constant_time.h - what tests of constant time share: secrets are marked undefined for valgrind's
 * memcheck, which then reports every branch and every address that depends on one of them.
 *
 * A test's main calls constant_time_main, which starts the program again under valgrind, once with
 * `leak`, which must be reported, or the test proves nothing. Without valgrind, or in a sanitizer's
 * build, the test is skipped. What memcheck cannot see is an instruction whose own time varies.
 */
#ifndef LK_TESTS_CONSTANT_TIME_H
#define LK_TESTS_CONSTANT_TIME_H

#include <stdbool.h>
#include <stdint.h>
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
#else
#define VALGRIND_MAKE_MEM_UNDEFINED(p, n) ((void)(p), (n))
#define VALGRIND_MAKE_MEM_DEFINED(p, n)   ((void)(p), (n))
#define VALGRIND_GET_VBITS(p, bits, n)    ((void)(p), (void)(bits), 0)
#define VALGRIND_COUNT_ERRORS             0
#define RUNNING_ON_VALGRIND               0
#define NO_VALGRIND                       1
#endif

static inline void secret(void *p, size_t n) {
    (void)VALGRIND_MAKE_MEM_UNDEFINED(p, n);
}

static inline void public(void *p, size_t n) {
    (void)VALGRIND_MAKE_MEM_DEFINED(p, n);
}

/* is_secret says whether valgrind holds all of `n` bytes, 4096 at most, for undefined, at least in
 * part: that the mark has come through a computation. */
static inline bool is_secret(const void *p, size_t n) {
    uint8_t bits[4096];
    if (n > sizeof bits || VALGRIND_GET_VBITS(p, bits, n) != 1)
        return false;
    for (size_t i = 0; i < n; i++)
        if (bits[i] == 0)
            return false;
    return true;
}

static int failures;

static inline void expect(bool right, const char *what) {
    if (right)
        return;
    fprintf(stderr, "not so: %s\n", what);
    failures++;
}

/* under_valgrind runs `program` so with one argument and returns its exit status, or -1; REPORTED
 * if memcheck found an error. `option` is one more for valgrind. */
enum { REPORTED = 9 };
static inline int under_valgrind(const char *program, const char *option, const char *argument) {
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        execlp("valgrind", "valgrind", "--quiet", "--error-exitcode=9", option, program, argument,
               NULL);
        _exit(127);
    }
    int status;
    return child > 0 && waitpid(child, &status, 0) == child && WIFEXITED(status)
               ? WEXITSTATUS(status)
               : -1;
}

/* constant_time_main is main: `leak` breaks the rule on purpose, `run` must not. */
static inline int constant_time_main(int argc, char **argv, const char *option, void (*leak)(void),
                                     void (*run)(void)) {
#ifdef NO_VALGRIND
    (void)argc, (void)argv, (void)option, (void)leak, (void)run;
    puts("skipped: a sanitizer's build, or no valgrind/memcheck.h");
    return 0;
#else
    if (!RUNNING_ON_VALGRIND) {
        int found = under_valgrind(argv[0], option, "leak");
        if (found == 127) {
            puts("skipped: no valgrind");
            return 0;
        }
        expect(found == REPORTED, "valgrind can run this program and finds a leak made on purpose");
        expect(under_valgrind(argv[0], option, "run") == 0, "it finds none in what is tested");
        return failures != 0;
    }
    if (argc > 1 && strcmp(argv[1], "leak") == 0) {
        leak();
        return failures != 0;
    }
    run();
    expect(VALGRIND_COUNT_ERRORS == 0, "no branch or address depends on a secret");
    if (failures == 0)
        puts("no branch or address depends on a secret");
    return failures != 0;
#endif
}

#endif
