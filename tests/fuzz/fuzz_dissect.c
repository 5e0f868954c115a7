/*
 * fuzz_dissect.c - any bytes taken apart into fields: the fields cover them, nested without gaps,
 * with words that can be printed, and the same bytes give the same fields.
 *
 * The first byte says what the others are: in its low bits a message, a record, a sealed record, a
 * content, a certificate; above them what is known of the connection.
 */
#include <stdlib.h>

#include "support/tiling.h"

#define CHECK(condition)                                                                           \
    do {                                                                                           \
        if (!(condition))                                                                          \
            abort();                                                                               \
    } while (0)

static lk_fields *dissect(uint8_t how, lk_slice bytes) {
    static const uint16_t versions[] = {0, 0x0303, 0x0304, 0x0305};
    static const uint16_t suites[] = {0, 0x009c, 0xc02b, 0x009e};
    lk_dissect_context context = {.by_client = (how & 8) != 0,
                                  .version = versions[how >> 4 & 3],
                                  .suite = suites[how >> 6 & 3],
                                  .raw_key = (how & 8) != 0};
    switch (how & 7) {
    case 0:
        return lk_dissect_record(bytes, false);
    case 1:
        return lk_dissect_record(bytes, true);
    case 2:
        return lk_dissect_content((uint8_t)(20 + (how >> 4)), bytes);
    case 3:
        return lk_dissect_certificate(bytes);
    default:
        return lk_dissect_message(bytes, &context);
    }
}

static void check_same(const lk_fields *a, const lk_fields *b) {
    CHECK(lk_fields_length(a) == lk_fields_length(b) && lk_fields_whole(a) == lk_fields_whole(b));
    for (size_t i = 0; i < lk_fields_length(a); i++) {
        const lk_field *x = lk_fields_at(a, i), *y = lk_fields_at(b, i);
        CHECK(x->offset == y->offset && x->length == y->length && x->depth == y->depth);
        CHECK(strcmp(x->name, y->name) == 0 && strcmp(x->value, y->value) == 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size == 0)
        return 0;
    lk_slice bytes = lk_slice_of(data + 1, size - 1);
    lk_fields *fields = dissect(data[0], bytes), *again = dissect(data[0], bytes);
    CHECK(fields != NULL && again != NULL);
    CHECK(tiling_fault(fields, bytes.p_len) == NULL);
    CHECK(lk_fields_at(fields, lk_fields_length(fields)) == NULL);
    check_same(fields, again);
    lk_fields_free(fields);
    lk_fields_free(again);
    return 0;
}
