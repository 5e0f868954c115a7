/*
 * fuzz_der.c - the DER reader: elements tile their container, and what is accepted has one encoding
 * only, so that writing it again gives the same bytes.
 */
#include <stdlib.h>

#include "util/heap.h"
#include "x509/der.h"
#include "x509/der_build.h"
#include "x509/dn.h"

#define CHECK(condition)                                                                           \
    do {                                                                                           \
        if (!(condition))                                                                          \
            abort();                                                                               \
    } while (0)

/* The reader of each type and the writer agree: read, written again, it is the same. */
static void round_trip(const lk_der *e, lk_buffer *out) {
    lk_reader r = lk_reader_of(e->whole);
    lk_builder b = lk_builder_of(out);
    lk_slice s;
    uint64_t v;
    bool flag, odd = false;
    int64_t t;
    lk_buffer_cut(out, 0);
    if (lk_der_boolean(&r, &flag))
        lk_der_put_boolean(&b, flag);
    else if (lk_der_uint(&r, &v))
        lk_der_put_uint(&b, v);
    else if (lk_der_natural(&r, &s))
        lk_der_put_natural(&b, s);
    else if (lk_der_bit_octets(&r, &s))
        lk_der_put_bit_octets(&b, s);
    else if (lk_der_time(&r, &t, &odd) && !odd)
        lk_der_put_time(&b, t);
    else
        lk_der_put(&b, e->tag, e->content);
    CHECK(lk_builder_ok(&b));
    CHECK(lk_slice_equal(lk_buffer_slice(out), e->whole));
}

/* A typed read either takes the whole element or nothing. */
static void all_or_nothing(const lk_der *e) {
    lk_reader r;
    lk_slice s;
    uint64_t v;
    bool flag, odd = false;
    unsigned unused;
    int64_t t;
#define TRY(call)                                                                                  \
    do {                                                                                           \
        r = lk_reader_of(e->whole);                                                                \
        bool taken = (call);                                                                       \
        CHECK(taken ? r.left == 0 : r.left == e->whole.p_len && r.p == e->whole.p);                \
    } while (0)
    TRY(lk_der_boolean(&r, &flag));
    TRY(lk_der_integer(&r, &s));
    TRY(lk_der_natural(&r, &s));
    TRY(lk_der_uint(&r, &v));
    TRY(lk_der_bits(&r, &s, &unused));
    TRY(lk_der_bit_octets(&r, &s));
    TRY(lk_der_oid(&r, &s));
    TRY(lk_der_null(&r));
    TRY(lk_der_time(&r, &t, &odd));
    TRY(lk_der_read(&r, LK_DER_SEQUENCE, &s));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    lk_buffer out = lk_buffer_of(&lk_heap_default, 0);
    /* Containers still to be read; a stack of our own, of bounded size. */
    lk_slice todo[64];
    size_t n = 0;
    todo[n++] = lk_slice_of(data, size);
    while (n > 0) {
        lk_slice container = todo[--n];
        lk_reader r = lk_reader_of(container);
        lk_der e;
        while (lk_der_any(&r, &e)) {
            CHECK(e.whole.p + e.whole.p_len == r.p || r.left == 0);
            CHECK(e.content.p_len < e.whole.p_len);
            CHECK(e.content.p_len == 0 ||
                  (e.content.p > e.whole.p &&
                   e.content.p + e.content.p_len == e.whole.p + e.whole.p_len));
            all_or_nothing(&e);
            round_trip(&e, &out);
            if ((e.tag & 0x20) != 0 && n < sizeof todo / sizeof todo[0])
                todo[n++] = e.content;
        }
    }
    lk_buffer_cut(&out, 0);
    lk_slice whole = lk_slice_of(data, size);
    if (size < 4096 && lk_dn_valid(whole)) {
        /* A name is within itself, and its text is printable whatever it holds. */
        CHECK(lk_dn_within(whole, whole) == LK_DN_YES);
        CHECK(lk_dn_text(&out, whole) && lk_dn_title(&out, whole));
        for (size_t i = 0; i < lk_buffer_length(&out); i++)
            CHECK(lk_buffer_bytes(&out)[i] >= 0x20 && lk_buffer_bytes(&out)[i] != 0x7f);
    }
    lk_buffer_free(&out);
    return 0;
}
