#include "x509/der_build.h"

#include "util/civil.h"
#include "x509/der.h"

size_t lk_der_begin(lk_builder *b, uint8_t tag) {
    lk_build_u8(b, tag);
    size_t at = lk_buffer_length(b->out);
    lk_build_u8(b, 0);
    return at;
}

void lk_der_end(lk_builder *b, size_t at) {
    if (b->bad)
        return;
    size_t n = lk_buffer_length(b->out) - at - 1;
    if (n < 0x80) {
        lk_buffer_bytes(b->out)[at] = (uint8_t)n;
        return;
    }
    size_t width = 1;
    while (width < sizeof n && n >> (8 * width) != 0)
        width++;
    if (lk_build_room(b, width) == NULL)
        return;
    uint8_t *p = lk_buffer_bytes(b->out) + at;
    memmove(p + 1 + width, p + 1, n);
    p[0] = (uint8_t)(0x80 | width);
    for (size_t i = width; i > 0; i--, n >>= 8)
        p[i] = (uint8_t)n;
}

void lk_der_put(lk_builder *b, uint8_t tag, lk_slice content) {
    size_t at = lk_der_begin(b, tag);
    lk_build_bytes(b, content);
    lk_der_end(b, at);
}

void lk_der_put_boolean(lk_builder *b, bool v) {
    uint8_t byte = v ? 0xff : 0;
    lk_der_put(b, LK_DER_BOOLEAN, lk_slice_of(&byte, 1));
}

void lk_der_put_natural(lk_builder *b, lk_slice v) {
    while (v.p_len > 0 && v.p[0] == 0)
        v = (lk_slice){v.p + 1, v.p_len - 1};
    size_t at = lk_der_begin(b, LK_DER_INTEGER);
    if (v.p_len == 0 || v.p[0] >= 0x80)
        lk_build_u8(b, 0);
    lk_build_bytes(b, v);
    lk_der_end(b, at);
}

void lk_der_put_uint(lk_builder *b, uint64_t v) {
    uint8_t bytes[8];
    for (size_t i = 8; i > 0; i--, v >>= 8)
        bytes[i - 1] = (uint8_t)v;
    lk_der_put_natural(b, lk_slice_of(bytes, sizeof bytes));
}

void lk_der_put_bit_octets(lk_builder *b, lk_slice bytes) {
    size_t at = lk_der_begin(b, LK_DER_BIT_STRING);
    lk_build_u8(b, 0);
    lk_build_bytes(b, bytes);
    lk_der_end(b, at);
}

void lk_der_put_named_bits(lk_builder *b, uint16_t bits) {
    uint8_t bytes[2] = {0, 0};
    unsigned last = 0; /* bits in use */
    for (unsigned i = 0; i < 16; i++)
        if ((bits >> i & 1) != 0) {
            bytes[i / 8] |= (uint8_t)(0x80 >> i % 8);
            last = i + 1;
        }
    size_t n = (last + 7) / 8;
    size_t at = lk_der_begin(b, LK_DER_BIT_STRING);
    lk_build_u8(b, (uint8_t)(8 * n - last));
    lk_build_bytes(b, lk_slice_of(bytes, n));
    lk_der_end(b, at);
}

lk_der_extension lk_der_begin_extension(lk_builder *b, lk_slice oid, bool critical) {
    lk_der_extension ext = {.sequence = lk_der_begin(b, LK_DER_SEQUENCE)};
    lk_der_put(b, LK_DER_OID, oid);
    if (critical)
        lk_der_put_boolean(b, true);
    ext.value = lk_der_begin(b, LK_DER_OCTET_STRING);
    return ext;
}

void lk_der_end_extension(lk_builder *b, lk_der_extension ext) {
    lk_der_end(b, ext.value);
    lk_der_end(b, ext.sequence);
}

static void put_digits(lk_builder *b, int width, int v) {
    int divisor = 1;
    while (--width > 0)
        divisor *= 10;
    for (; divisor > 0; divisor /= 10)
        lk_build_u8(b, (uint8_t)('0' + v / divisor % 10));
}

void lk_der_put_time(lk_builder *b, int64_t seconds) {
    lk_civil c = lk_civil_from_unix(seconds);
    bool utc = c.year >= 1950 && c.year <= 2049;
    size_t at = lk_der_begin(b, utc ? LK_DER_UTC_TIME : LK_DER_GENERALIZED_TIME);
    put_digits(b, utc ? 2 : 4, c.year);
    put_digits(b, 2, c.month);
    put_digits(b, 2, c.day);
    put_digits(b, 2, c.hour);
    put_digits(b, 2, c.minute);
    put_digits(b, 2, c.second);
    lk_build_u8(b, 'Z');
    lk_der_end(b, at);
}
