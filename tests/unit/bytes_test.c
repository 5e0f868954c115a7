/*
 * bytes_test.c - reader, builder and buffer: the ways in which bytes are read, written and kept.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "support/pair.h"
#include "util/builder.h"
#include "util/reader.h"

/* ---- Reader -----------------------------------------------------------------------------------
 */

static void test_reader_takes_all_or_nothing(void **state) {
    (void)state;
    static const uint8_t bytes[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10};
    uint8_t u8;
    uint16_t u16;
    uint32_t u32;
    uint64_t u64;
    lk_slice s;
    lk_reader r = lk_reader_of(lk_slice_of(bytes, sizeof bytes));
    assert_true(lk_read_u8(&r, &u8) && u8 == 1);
    assert_true(lk_read_u16(&r, &u16) && u16 == 0x0203);
    assert_true(lk_read_u24(&r, &u32) && u32 == 0x040506);
    assert_false(lk_read_uint(&r, 8, &u64));
    assert_int_equal(r.left, 4); /* nothing was taken */
    assert_true(lk_read_u32(&r, &u32) && u32 == 0x0708090a);
    assert_true(lk_reader_done(&r));
    assert_false(lk_read_u8(&r, &u8));
    assert_true(lk_read_bytes(&r, 0, &s) && s.p_len == 0);
    r = lk_reader_of(lk_slice_of(bytes, 8));
    assert_true(lk_read_uint(&r, 8, &u64) && u64 == UINT64_C(0x0102030405060708));
    r = lk_reader_of(lk_slice_of(NULL, 0));
    assert_false(lk_read_u8(&r, &u8));
    assert_true(lk_read_bytes(&r, 0, &s));
}

static void test_reader_vectors(void **state) {
    (void)state;
    static const uint8_t bytes[] = {0, 3, 'a', 'b', 'c', 0};
    lk_slice s;
    lk_reader r = lk_reader_of(lk_slice_of(bytes, sizeof bytes));
    assert_false(lk_read_vector(&r, 2, 4, 10, &s));   /* below the least */
    assert_false(lk_read_vector(&r, 2, 0, 2, &s));    /* above the most */
    assert_false(lk_read_vector(&r, 3, 0, 1000, &s)); /* longer than what there is */
    assert_int_equal(r.left, sizeof bytes);
    assert_true(lk_read_vector(&r, 2, 3, 3, &s) && s.p == bytes + 2 && s.p_len == 3);
    assert_true(lk_read_vector(&r, 1, 0, 255, &s) && s.p_len == 0);
    assert_true(lk_reader_done(&r));
    /* A length that would wrap around is no length. */
    static const uint8_t huge[] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0};
    r = lk_reader_of(lk_slice_of(huge, sizeof huge));
    assert_false(lk_read_vector(&r, 8, 0, SIZE_MAX, &s));
    assert_int_equal(r.left, sizeof huge);
}

/* ---- Builder ----------------------------------------------------------------------------------
 */

static void test_builder_nests(void **state) {
    (void)state;
    static const uint8_t want[] = {9, 0, 0, 8, 0, 5, 3, 'a', 'b', 'c', 7, 1};
    lk_buffer out = lk_buffer_of(&lk_heap_default, 0);
    lk_builder b = lk_builder_of(&out);
    lk_build_u8(&b, 9);
    lk_length outer = lk_build_open(&b, 3), inner = lk_build_open(&b, 2);
    lk_build_vector(&b, 1, lk_slice_of("abc", 3));
    lk_build_u8(&b, 7);
    lk_build_close(&b, inner);
    lk_build_u8(&b, 1);
    lk_build_close(&b, outer);
    assert_true(lk_builder_ok(&b));
    assert_int_equal(lk_buffer_length(&out), sizeof want);
    assert_memory_equal(lk_buffer_bytes(&out), want, sizeof want);
    lk_buffer_free(&out);
}

/* What does not fit its field makes the builder bad, and a bad builder stays bad. */
static void test_builder_refuses(void **state) {
    (void)state;
    lk_buffer out = lk_buffer_of(&lk_heap_default, 0);
    lk_builder b = lk_builder_of(&out);
    lk_build_uint(&b, 1, 255);
    lk_build_uint(&b, 8, UINT64_MAX);
    assert_true(lk_builder_ok(&b));
    lk_build_uint(&b, 1, 256);
    assert_false(lk_builder_ok(&b));
    size_t n = lk_buffer_length(&out);
    lk_build_u32(&b, 1);
    lk_build_bytes(&b, lk_slice_of("abc", 3));
    assert_null(lk_build_room(&b, 1));
    assert_int_equal(lk_buffer_length(&out), n);
    static const uint8_t many[256];
    b = lk_builder_of(&out);
    lk_build_vector(&b, 1, lk_slice_of(many, 255));
    assert_true(lk_builder_ok(&b));
    lk_build_vector(&b, 1, lk_slice_of(many, 256));
    assert_false(lk_builder_ok(&b));
    lk_buffer_free(&out);
}

/* ---- Buffer -----------------------------------------------------------------------------------
 */

static void test_buffer_in_any_order(void **state) {
    (void)state;
    uint8_t next_in = 0, next_out = 0, chunk[256];
    world w;
    world_init(&w, 5);
    const lk_heap heap = {&w, w.env.alloc, w.env.release};
    lk_buffer b = lk_buffer_of(&heap, 0);
    size_t held = 0;
    for (int i = 0; i < 20000; i++) {
        uint8_t draw[2];
        assert_true(w.env.random(&w, draw, 2));
        size_t n = draw[1];
        if (draw[0] % 2 == 0) {
            for (size_t k = 0; k < n; k++)
                chunk[k] = next_in++;
            assert_true(lk_buffer_append(&b, lk_slice_of(chunk, n)));
            held += n;
        } else {
            n = n < held ? n : held;
            for (size_t k = 0; k < n; k++)
                assert_int_equal(lk_buffer_bytes(&b)[k], next_out++);
            lk_buffer_take(&b, n);
            held -= n;
        }
        assert_int_equal(lk_buffer_length(&b), held);
    }
    lk_buffer_cut(&b, held / 2);
    assert_int_equal(lk_buffer_length(&b), held / 2);
    lk_buffer_cut(&b, held); /* does not grow */
    assert_int_equal(lk_buffer_length(&b), held / 2);
    lk_buffer_take(&b, held / 2);
    lk_buffer_drop_if_empty(&b);
    assert_int_equal(w.live, 0); /* an empty buffer holds no memory */
    assert_true(lk_buffer_append(&b, lk_slice_of("again", 5)));
    lk_buffer_free(&b);
    assert_int_equal(w.live, 0);
}

static void test_buffer_limits(void **state) {
    (void)state;
    world w;
    world_init(&w, 5);
    const lk_heap heap = {&w, w.env.alloc, w.env.release};
    lk_buffer b = lk_buffer_of(&heap, 10);
    assert_true(lk_buffer_append(&b, lk_slice_of("0123456789", 10)));
    assert_false(lk_buffer_append(&b, lk_slice_of("x", 1)));
    assert_null(lk_buffer_reserve(&b, SIZE_MAX));
    assert_int_equal(lk_buffer_length(&b), 10);
    lk_buffer_take(&b, 4);
    assert_true(lk_buffer_append(&b, lk_slice_of("abcd", 4)));
    assert_memory_equal(lk_buffer_bytes(&b), "456789abcd", 10);
    b.limit = 0;
    w.fail_alloc_at = w.allocs + 1;
    assert_false(lk_buffer_append(&b, lk_slice_of("0123456789", 10)));
    assert_memory_equal(lk_buffer_bytes(&b), "456789abcd", 10); /* as before */
    lk_buffer_free(&b);
    assert_int_equal(w.live, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reader_takes_all_or_nothing),
        cmocka_unit_test(test_reader_vectors),
        cmocka_unit_test(test_builder_nests),
        cmocka_unit_test(test_builder_refuses),
        cmocka_unit_test(test_buffer_in_any_order),
        cmocka_unit_test(test_buffer_limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
