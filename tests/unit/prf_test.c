/*
 * prf_test.c - the PRF of TLS 1.2 against the vectors that were posted to the IETF's tls list
 * ("TLS 1.2 PRF test vectors", mailarchive.ietf.org/arch/msg/tls/fzVCzk-z3FShgGJ6DOXqM1ydxms).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "crypto/prf.h"
#include "misbehave/misbehave.h"

typedef struct vector {
    lk_hash hash;
    const char *secret, *seed, *out;
} vector;

static const vector vectors[] = {
    {LK_SHA256, "9bbe436ba940f017b17652849a71db35", "a0ba9f936cda311827a6f796ffd5198c",
     "e3f229ba727be17b8d122620557cd453c2aab21d07c3d495329b52d4e61edb5a6b301791e90d35c9c9a46b4e14baf"
     "9af"
     "0fa022f7077def17abfd3797c0564bab4fbc91666e9def9b97fce34f796789baa48082d122ee42c5a72e5a5110fff"
     "701"
     "87347b66"},
    {LK_SHA384, "b80b733d6ceefcdc71566ea48e5567df", "cd665cf6a8447dd6ff8b27555edb7465",
     "7b0c18e9ced410ed1804f2cfa34a336a1c14dffb4900bb5fd7942107e81c83cde9ca0faa60be9fe34f82b1233c914"
     "6a0"
     "e534cb400fed2700884f9dc236f80edd8bfa961144c9e8d792eca722a7b32fc3d416d473ebc2c5fd4abfdad05d918"
     "425"
     "9b5bf8cd4d90fa0d31e2dec479e4f1a26066f2eea9a69236a3e52655c9e9aee691c8f3a26854308d5eaa3be85e099"
     "070"
     "3d73e56f"},
};

static void test_vectors(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++) {
        lk_buffer secret = lk_buffer_of(&lk_heap_default, 0), seed = secret, want = secret;
        uint8_t out[160];
        bytes_of_hex(&secret, vectors[i].secret);
        bytes_of_hex(&seed, vectors[i].seed);
        bytes_of_hex(&want, vectors[i].out);
        lk_slice whole = lk_buffer_slice(&seed);
        size_t n = lk_buffer_length(&want);
        /* the seed in one piece, and in any two; and every length is a beginning of the longest */
        for (size_t cut = 0; cut <= whole.p_len; cut++) {
            memset(out, 0, sizeof out);
            lk_prf(vectors[i].hash, out, n, lk_buffer_slice(&secret), "test label",
                   lk_slice_of(whole.p, cut), lk_slice_of(whole.p + cut, whole.p_len - cut));
            assert_memory_equal(out, lk_buffer_bytes(&want), n);
        }
        for (size_t length = 0; length < n; length++) {
            memset(out, 0xaa, sizeof out);
            lk_prf(vectors[i].hash, out, length, lk_buffer_slice(&secret), "test label", whole,
                   lk_slice_of(NULL, 0));
            assert_memory_equal(out, lk_buffer_bytes(&want), length);
            assert_int_equal(out[length], 0xaa);
        }
        lk_buffer_free(&secret);
        lk_buffer_free(&seed);
        lk_buffer_free(&want);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_vectors)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
