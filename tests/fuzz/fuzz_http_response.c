/*
 * fuzz_http_response.c - answers of servers: byte by byte, in pieces and at once they read the
 * same, and no byte is used twice or made up. The first byte says how: to a HEAD request, and the
 * size of the pieces.
 */
#include <stdlib.h>

#include "http/response.h"

#define CHECK(condition)                                                                           \
    do {                                                                                           \
        if (!(condition))                                                                          \
            abort();                                                                               \
    } while (0)

typedef struct result {
    lk_response response;
    lk_buffer body;
    size_t used;
} result;

static void read_all(result *r, lk_slice in, size_t piece, bool to_head) {
    lk_response_start(&r->response, to_head);
    r->body = lk_buffer_of(&lk_heap_default, 0);
    r->used = 0;
    for (size_t at = 0; at < in.p_len;) {
        size_t n = in.p_len - at < piece ? in.p_len - at : piece;
        for (lk_slice rest = lk_slice_of(in.p + at, n), body;;) {
            size_t got = lk_response_read(&r->response, rest, &body);
            CHECK(got <= rest.p_len && body.p_len <= got);
            CHECK(body.p_len == 0 ||
                  (body.p >= rest.p && body.p + body.p_len <= rest.p + rest.p_len));
            CHECK(lk_buffer_append(&r->body, body));
            r->used += got;
            rest = lk_slice_of(rest.p + got, rest.p_len - got);
            if (got == 0)
                break;
        }
        at += n;
    }
    lk_response_state state = r->response.state;
    lk_response_eof(&r->response);
    CHECK(r->response.state == LK_RESPONSE_DONE || r->response.state == LK_RESPONSE_BROKEN);
    CHECK(state < LK_RESPONSE_DONE || r->response.state == state);
    CHECK((r->response.state == LK_RESPONSE_BROKEN) == (r->response.why != NULL));
    CHECK(lk_buffer_length(&r->response.head) <= LK_RESPONSE_HEAD_MAX);
    CHECK(lk_buffer_length(&r->response.head) + lk_buffer_length(&r->body) <= in.p_len);
}

static void check_same(const result *a, const result *b) {
    CHECK(a->response.state == b->response.state && a->response.code == b->response.code);
    CHECK(a->response.minor == b->response.minor && a->response.chunked == b->response.chunked);
    CHECK(a->response.why == b->response.why);
    CHECK(lk_slice_equal(lk_buffer_slice(&a->body), lk_buffer_slice(&b->body)));
    if (a->response.state == LK_RESPONSE_DONE) {
        CHECK(a->used == b->used);
        CHECK(
            lk_slice_equal(lk_buffer_slice(&a->response.head), lk_buffer_slice(&b->response.head)));
    }
}

static void free_all(result *r) {
    lk_response_free(&r->response);
    lk_buffer_free(&r->body);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size == 0)
        return 0;
    bool to_head = (data[0] & 1) != 0;
    size_t piece = 2 + (data[0] >> 1);
    lk_slice in = lk_slice_of(data + 1, size - 1), value;
    result whole, pieces, bytes;
    read_all(&whole, in, size, to_head);
    read_all(&pieces, in, piece, to_head);
    read_all(&bytes, in, 1, to_head);
    check_same(&whole, &pieces);
    check_same(&whole, &bytes);
    if (whole.response.state == LK_RESPONSE_DONE) {
        CHECK(whole.response.code >= 101 && whole.response.code <= 599);
        CHECK(!to_head || lk_buffer_length(&whole.body) == 0);
        lk_slice head = lk_buffer_slice(&whole.response.head);
        if (lk_response_field(&whole.response, "location", &value) && value.p_len > 0)
            CHECK(value.p >= head.p && value.p + value.p_len <= head.p + head.p_len);
    }
    free_all(&whole);
    free_all(&pieces);
    free_all(&bytes);
    return 0;
}
