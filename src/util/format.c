#include "util/format.h"

#include <stdio.h>

/* whole_length returns how long a text is without the character at its end that is not whole. */
static size_t whole_length(const char *text, size_t n) {
    size_t start = n;
    while (start > 0 && n - start < 3 && ((unsigned char)text[start - 1] & 0xc0) == 0x80)
        start--;
    if (start == 0)
        return n;
    unsigned char first = (unsigned char)text[start - 1];
    size_t wants = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : first >= 0xc0 ? 2 : 1;
    return n - (start - 1) < wants ? start - 1 : n;
}

size_t lk_format_cut(char *out, size_t out_len, const char *format, va_list args) {
    int n = vsnprintf(out, out_len, format, args);
    if (n < 0)
        n = 0;
    size_t length = (size_t)n < out_len ? (size_t)n : whole_length(out, out_len - 1);
    out[length] = '\0';
    return length;
}
