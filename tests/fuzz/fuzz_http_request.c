/*
 * fuzz_http_request.c - heads of requests: everything found lies inside the input, a head that is
 * whole needs nothing behind it and does not change by it, and no part of it is taken for a whole
 * one.
 */
#include <stdlib.h>

#include "http/request.h"
#include "http/semantics.h"

#define CHECK(condition)                                                                           \
    do {                                                                                           \
        if (!(condition))                                                                          \
            abort();                                                                               \
    } while (0)

static lk_request first, again;

static void inside(lk_slice part, lk_slice whole) {
    CHECK(part.p >= whole.p && part.p + part.p_len <= whole.p + whole.p_len);
}

static void check_bytes(const lk_request *r) {
    CHECK(lk_is_token(r->method) && r->target.p_len > 0 && r->minor <= 1);
    for (size_t i = 0; i < r->target.p_len; i++)
        CHECK(r->target.p[i] > 0x20 && r->target.p[i] < 0x7f);
    for (size_t i = 0; i < r->num_fields; i++) {
        lk_slice value = r->fields[i].value;
        CHECK(lk_is_token(r->fields[i].name));
        for (size_t k = 0; k < value.p_len; k++)
            CHECK(value.p[k] == '\t' || (value.p[k] >= 0x20 && value.p[k] != 0x7f));
        CHECK(value.p_len == 0 || (value.p[0] != ' ' && value.p[value.p_len - 1] != ' '));
        CHECK(value.p_len == 0 || (value.p[0] != '\t' && value.p[value.p_len - 1] != '\t'));
    }
}

static void check_whole(lk_slice in, size_t used) {
    lk_slice head = lk_slice_of(in.p, used), value;
    lk_range range;
    size_t n;
    CHECK(used <= in.p_len && used <= LK_REQUEST_HEAD_MAX && used >= 16);
    CHECK(memcmp(in.p + used - 4, "\r\n\r\n", 4) == 0);
    CHECK(first.num_fields <= LK_REQUEST_FIELDS_MAX);
    inside(first.method, head);
    inside(first.target, head);
    for (size_t i = 0; i < first.num_fields; i++) {
        inside(first.fields[i].name, head);
        inside(first.fields[i].value, head);
    }
    check_bytes(&first);
    /* One way to end the body, at most. */
    CHECK(!(first.chunked && lk_request_field(&first, "content-length", &value)));
    CHECK(first.chunked == lk_request_field(&first, "transfer-encoding", &value));
    CHECK(first.minor == 0 || lk_request_field(&first, "host", &value));
    /* The head alone, in a copy: the same, but for where it is. */
    uint8_t *copy = malloc(used);
    CHECK(copy != NULL);
    memcpy(copy, in.p, used);
    CHECK(lk_request_parse(&again, &n, lk_slice_of(copy, used)) == 0 && n == used);
    CHECK(lk_slice_equal(first.method, again.method) && lk_slice_equal(first.target, again.target));
    CHECK(first.minor == again.minor && first.num_fields == again.num_fields);
    CHECK(first.content_length == again.content_length && first.chunked == again.chunked);
    CHECK(first.keep_alive == again.keep_alive);
    for (size_t i = 0; i < first.num_fields; i++) {
        CHECK(lk_slice_equal(first.fields[i].name, again.fields[i].name));
        CHECK(lk_slice_equal(first.fields[i].value, again.fields[i].value));
    }
    free(copy);
    /* What the fields mean. */
    int status = lk_condition(&first, "\"a\"", 784111777);
    CHECK(status == 0 || status == 304 || status == 412);
    status = lk_range_of(&range, &first, 1000, "\"a\"", 784111777);
    CHECK(status == 200 || status == 206 || status == 416);
    if (status != 416)
        CHECK(range.first <= 1000 && range.length <= 1000 - range.first);
    if (status == 206)
        CHECK(range.length > 0);
}

/* Every beginning of the input, or some of them if it is long: what is whole once stays so, and
 * likewise what is refused. */
static void check_beginnings(lk_slice in, int status, size_t used) {
    size_t step = 1 + in.p_len / 256, n;
    int before = 0;
    for (size_t length = 0; length < in.p_len; length += step) {
        int got = lk_request_parse(&again, &n, lk_slice_of(in.p, length));
        CHECK(before == 0 || got != 0);
        before = got;
        CHECK(got == 0 || n == 0);
        if (status == 0 && used > 0)
            CHECK(got == 0 && n == (length < used ? 0 : used));
        else if (status == 0)
            CHECK(got == 0 && n == 0);
        else
            CHECK(n == 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    lk_slice in = lk_slice_of(data, size);
    size_t used;
    int status = lk_request_parse(&first, &used, in);
    CHECK(status == 0 || status == 400 || status == 414 || status == 417 || status == 431 ||
          status == 501 || status == 505);
    CHECK(status == 0 || used == 0);
    CHECK(status != 0 || used > 0 || size < LK_REQUEST_HEAD_MAX); /* it never waits for ever */
    if (used > 0)
        check_whole(in, used);
    check_beginnings(in, status, used);
    return 0;
}
