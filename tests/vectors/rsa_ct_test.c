/*
 * RSA key transport tells nobody what a decryption yielded: run by valgrind with the decrypted
 * block undefined, memcheck reports every branch and every address that depends on it, from the
 * padding through the master secret to the keys of records (RFC 5246 §7.4.7.1). It starts itself
 * again under valgrind; without one, or in a sanitizer's build, only the results are checked.
 *
 * `rsa_ct_test leak` looks at the padding as one must not, and must be reported.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "crypto/rsa_transport.h"
#include "handshake/tls12/keys.h"

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
#define VALGRIND_MAKE_MEM_UNDEFINED(p, n) 0
#define VALGRIND_MAKE_MEM_DEFINED(p, n)   0
#define VALGRIND_COUNT_ERRORS             0
#define RUNNING_ON_VALGRIND               0
#define NO_VALGRIND                       1
#endif

#define BLOCK 256

static int failures;

static void expect(bool right, const char *what) {
    if (right)
        return;
    fprintf(stderr, "not so: %s\n", what);
    failures++;
}

static void secret(void *p, size_t n) {
    (void)VALGRIND_MAKE_MEM_UNDEFINED(p, n);
}

static void public(void *p, size_t n) {
    (void)VALGRIND_MAKE_MEM_DEFINED(p, n);
}

/* A block as it must be, with one byte changed; a place beyond its end changes none. */
static void make_block(uint8_t block[BLOCK], size_t place, uint8_t value) {
    memset(block, 0x55, BLOCK);
    block[0] = 0;
    block[1] = 2;
    block[BLOCK - LK_PREMASTER_LEN - 1] = 0;
    block[BLOCK - LK_PREMASTER_LEN] = 3;
    block[BLOCK - LK_PREMASTER_LEN + 1] = 3;
    if (place < BLOCK)
        block[place] = value;
}

/* unpad does what a server does with a block, all of it secret, and says whether it was good. */
static bool unpad(size_t place, uint8_t value, uint16_t version) {
    uint8_t block[BLOCK], random[LK_PREMASTER_LEN], premaster[LK_PREMASTER_LEN];
    uint8_t hash[LK_HASH_MAX] = {1}, client_random[LK_RANDOM_LEN] = {2},
            server_random[LK_RANDOM_LEN] = {3};
    lk12_master_secret master;
    lk_write_keys client, server;
    memset(random, 0xaa, sizeof random);
    make_block(block, place, value);
    secret(block, sizeof block);
    secret(random, sizeof random);
    lk_rsa_unpad(premaster, block, sizeof block, version, random);
    lk12_master(&master, LK_SHA256, lk_slice_of(premaster, sizeof premaster), hash);
    lk12_key_block(&client, &server, &master, LK_AEAD_AES_128_GCM, client_random, server_random);
    public(premaster, sizeof premaster);
    public(block, sizeof block);
    public(random, sizeof random);
    bool good = memcmp(premaster, block + BLOCK - LK_PREMASTER_LEN, LK_PREMASTER_LEN) == 0;
    expect(good || memcmp(premaster, random, LK_PREMASTER_LEN) == 0, "one of the two comes out");
    return good;
}

static void run(void) {
    expect(unpad(BLOCK, 0, 0x0303), "an honest block is taken");
    expect(!unpad(0, 1, 0x0303), "the first byte must be zero");
    expect(!unpad(1, 1, 0x0303), "the second byte must be two");
    for (size_t i = 2; i < BLOCK - LK_PREMASTER_LEN - 1; i += 7)
        expect(!unpad(i, 0, 0x0303), "there is no zero in the padding");
    expect(!unpad(BLOCK - LK_PREMASTER_LEN - 1, 7, 0x0303), "there is a zero before the secret");
    expect(!unpad(BLOCK - LK_PREMASTER_LEN, 2, 0x0303), "the version must be the client's");
    expect(!unpad(BLOCK - LK_PREMASTER_LEN + 1, 4, 0x0303), "the version must be the client's");
    expect(unpad(BLOCK - 1, 0, 0x0303), "the rest of the secret may be anything");
    expect(!unpad(BLOCK, 0, 0x0302), "the version must be the client's");
}

/* The padding looked at as libraries once did. */
static void leak(void) {
    volatile uint8_t first = 2;
    secret((void *)(uintptr_t)&first, 1);
    if (first != 0)
        puts("found by a branch");
    expect(VALGRIND_COUNT_ERRORS == 1, "valgrind finds the leak");
}

#if !defined(NO_VALGRIND)
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

static void start_again(const char *program) {
    int found = under_valgrind(program, "leak");
    if (found == 127) {
        puts("skipped: no valgrind");
        return;
    }
    expect(found == REPORTED, "valgrind can run this program and finds a leak made on purpose");
    expect(under_valgrind(program, "run") == 0, "it finds none in RSA key transport");
}
#endif

int main(int argc, char **argv) {
    if (argc > 1 && strcmp(argv[1], "leak") == 0)
        leak();
    else
        run();
#if !defined(NO_VALGRIND)
    if (!RUNNING_ON_VALGRIND)
        start_again(argv[0]);
#else
    puts("without valgrind: a sanitizer's build, or no valgrind/memcheck.h");
#endif
    if (RUNNING_ON_VALGRIND && argc > 1 && strcmp(argv[1], "run") == 0)
        expect(VALGRIND_COUNT_ERRORS == 0, "no branch or address depends on the block");
    return failures != 0;
}
