/*
 * compress_test.c - zlib and Brotli: what was compressed comes back, and nothing else does.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "compress/compress.h"
#include "support/pair.h"

static lk_buffer compressed(uint16_t algorithm, lk_slice in) {
    lk_buffer out = lk_buffer_of(&lk_heap_default, 0);
    assert_true(lk_compress(algorithm, &out, in));
    return out;
}

static bool opens(uint16_t algorithm, lk_slice in, uint8_t *out, size_t out_len) {
    bool no_memory;
    bool whole = lk_decompress(algorithm, out, out_len, in, &lk_heap_default, &no_memory);
    assert_false(no_memory);
    return whole;
}

static void test_there_and_back(void **state) {
    (void)state;
    static uint8_t data[131072], back[sizeof data + 1];
    static const size_t sizes[] = {0, 1, 2, 100, 2000, 65535, sizeof data};
    for (size_t i = 0; i < sizeof data; i++)
        data[i] = (uint8_t)(i % 7 == 0 ? rand() : (int)(i / 500));
    for (size_t a = 0; a < LK_NUM_COMPRESSIONS; a++)
        for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
            size_t n = sizes[i];
            lk_buffer c = compressed(lk_compressions[a], lk_slice_of(data, n));
            lk_slice in = lk_buffer_slice(&c);
            memset(back, 0xaa, sizeof back);
            assert_true(opens(lk_compressions[a], in, back, n));
            assert_memory_equal(back, data, n);
            assert_int_equal(back[n], 0xaa);
            /* one byte more or less is another message */
            assert_false(opens(lk_compressions[a], in, back, n + 1));
            assert_true(n == 0 || !opens(lk_compressions[a], in, back, n - 1));
            assert_false(opens(lk_compressions[a], lk_slice_of(in.p, in.p_len - 1), back, n));
            assert_false(opens(lk_compressions[1 - a], in, back, n));
            assert_true(lk_buffer_append(&c, lk_slice_of("", 1)));
            assert_false(opens(lk_compressions[a], lk_buffer_slice(&c), back, n));
            lk_buffer_free(&c);
        }
}

/* Known answers: streams of other makers. */
static void test_known(void **state) {
    (void)state;
    /* "hello hello hello hello\n" by Python's zlib.compress, level 9; RFC 7932 §9.1: WBITS 16,
     * ISLAST and ISLASTEMPTY, an empty stream */
    static const uint8_t z[] = {0x78, 0xda, 0xcb, 0x48, 0xcd, 0xc9, 0xc9, 0x57, 0xc8,
                                0x40, 0x27, 0xb9, 0x00, 0x70, 0xbe, 0x08, 0xbb};
    static const uint8_t empty[] = {0x06};
    uint8_t out[24];
    assert_true(opens(LK_COMPRESSION_ZLIB, lk_slice_of(z, sizeof z), out, 24));
    assert_memory_equal(out, "hello hello hello hello\n", 24);
    assert_true(opens(LK_COMPRESSION_BROTLI, lk_slice_of(empty, 1), out, 0));
    assert_false(opens(LK_COMPRESSION_BROTLI, lk_slice_of(empty, 0), out, 0));
}

static void test_unknown(void **state) {
    (void)state;
    lk_buffer out = lk_buffer_of(&lk_heap_default, 0);
    uint8_t byte;
    assert_false(lk_compress(3, &out, lk_slice_of("abc", 3)));
    assert_int_equal(lk_buffer_length(&out), 0);
    assert_false(opens(3, lk_slice_of("abc", 3), &byte, 1));
    assert_int_equal(lk_compression_index(3), -1);
    assert_string_equal(lk_compression_name(1), "zlib");
    assert_string_equal(lk_compression_name(2), "brotli");
    assert_string_equal(lk_compression_name(3), "unknown");
    lk_buffer_free(&out);
}

/* Every allocation of the libraries goes through the heap, fails once, and is given back wiped. */
static void test_memory(void **state) {
    (void)state;
    static uint8_t data[5000], back[5000];
    for (size_t i = 0; i < sizeof data; i++)
        data[i] = (uint8_t)(i * i / 300);
    for (size_t a = 0; a < LK_NUM_COMPRESSIONS; a++) {
        lk_buffer c = compressed(lk_compressions[a], lk_slice_of(data, sizeof data));
        for (long n = 1, failures = 0;; n++) {
            world w;
            bool no_memory;
            world_init(&w, 1);
            lk_heap heap = lk_heap_of(&w.env);
            w.fail_alloc_at = n;
            bool whole = lk_decompress(lk_compressions[a], back, sizeof back, lk_buffer_slice(&c),
                                       &heap, &no_memory);
            assert_int_equal(w.live, 0);
            assert_int_equal(no_memory, !whole);
            failures += !whole;
            if (whole) {
                assert_true(failures > 0 && w.allocs < n);
                break;
            }
        }
        for (long n = 1;; n++) {
            world w;
            world_init(&w, 1);
            lk_heap heap = lk_heap_of(&w.env);
            lk_buffer out = lk_buffer_of(&heap, 0);
            w.fail_alloc_at = n;
            bool done = lk_compress(lk_compressions[a], &out, lk_slice_of(data, sizeof data));
            assert_true(done || lk_buffer_length(&out) == 0);
            lk_buffer_free(&out);
            assert_int_equal(w.live, 0);
            if (done && w.allocs < n)
                break;
        }
        lk_buffer_free(&c);
    }
}

/* A heap that remembers how much was taken from it at once. */
typedef struct meter {
    size_t live, most;
} meter;

static void *metered_alloc(void *arg, size_t size) {
    meter *m = arg;
    m->live += size;
    m->most = m->live > m->most ? m->live : m->most;
    return malloc(size);
}

static void metered_release(void *arg, void *ptr, size_t size) {
    ((meter *)arg)->live -= size;
    free(ptr);
}

/* RFC 7932 §9.1, §9.2: WBITS 24, a meta-block of 2^24 bytes, not compressed: seven bytes that ask
 * for a window of 16 MB. */
static void test_memory_of_a_bomb(void **state) {
    (void)state;
    static const uint8_t bomb[] = {0xcf, 0xff, 0xff, 0xff, 'a', 'b', 'c'};
    static uint8_t out[131072];
    meter m = {0, 0};
    const lk_heap heap = {&m, metered_alloc, metered_release};
    bool no_memory;
    assert_false(lk_decompress(LK_COMPRESSION_BROTLI, out, sizeof out,
                               lk_slice_of(bomb, sizeof bomb), &heap, &no_memory));
    assert_false(no_memory); /* it is the peer's fault, not ours */
    assert_int_equal(m.live, 0);
    assert_in_range(m.most, 1, 1 << 20);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_there_and_back),   cmocka_unit_test(test_known),
        cmocka_unit_test(test_unknown),          cmocka_unit_test(test_memory),
        cmocka_unit_test(test_memory_of_a_bomb),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
