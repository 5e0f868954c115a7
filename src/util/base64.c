#include "util/base64.h"

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* value_of maps a character to its six bits without a table lookup, so that decoding a private key
 * leaves no trace in the cache; -1: not of the alphabet. */
static int value_of(uint8_t c) {
    int upper = c - 'A', lower = c - 'a', digit = c - '0';
    if (upper >= 0 && upper < 26)
        return upper;
    if (lower >= 0 && lower < 26)
        return 26 + lower;
    if (digit >= 0 && digit < 10)
        return 52 + digit;
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

static bool is_space(uint8_t c) {
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

bool lk_base64_decode(lk_buffer *out, lk_slice text) {
    size_t before = lk_buffer_length(out), padding = 0, digits = 0;
    uint32_t group = 0;
    for (size_t i = 0; i < text.p_len; i++) {
        uint8_t c = text.p[i];
        int v = value_of(c);
        if (is_space(c))
            continue;
        if (c == '=') {
            if (++padding > 2 || digits % 4 < 2)
                goto bad;
            v = 0;
        } else if (v < 0 || padding > 0) {
            goto bad;
        }
        group = group << 6 | (uint32_t)v;
        if (++digits % 4 == 0) {
            uint8_t bytes[3] = {(uint8_t)(group >> 16), (uint8_t)(group >> 8), (uint8_t)group};
            for (size_t k = 3 - padding; k < 3; k++)
                if (bytes[k] != 0)
                    goto bad;
            if (!lk_buffer_append(out, lk_slice_of(bytes, 3 - padding)))
                goto bad;
            group = 0;
        }
    }
    if (digits % 4 == 0)
        return true;
bad:
    lk_buffer_cut(out, before);
    return false;
}

bool lk_base64_encode(lk_buffer *out, lk_slice bytes, size_t line) {
    size_t in_line = 0;
    for (size_t i = 0; i < bytes.p_len; i += 3) {
        size_t n = bytes.p_len - i < 3 ? bytes.p_len - i : 3;
        uint32_t v = (uint32_t)bytes.p[i] << 16;
        v |= n > 1 ? (uint32_t)bytes.p[i + 1] << 8 : 0;
        v |= n > 2 ? bytes.p[i + 2] : 0;
        uint8_t text[4] = {(uint8_t)alphabet[v >> 18], (uint8_t)alphabet[v >> 12 & 63],
                           (uint8_t)(n > 1 ? alphabet[v >> 6 & 63] : '='),
                           (uint8_t)(n > 2 ? alphabet[v & 63] : '=')};
        if (!lk_buffer_append(out, lk_slice_of(text, 4)))
            return false;
        in_line += 4;
        if (line != 0 && (in_line >= line || i + 3 >= bytes.p_len)) {
            if (!lk_buffer_append(out, lk_slice_of("\n", 1)))
                return false;
            in_line = 0;
        }
    }
    return true;
}
