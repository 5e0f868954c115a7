#include "util/pem.h"

#include <stdio.h>

#include "util/base64.h"

/* take_line cuts the next line off `*text`, without its end and trailing blanks. */
static bool take_line(lk_slice *text, lk_slice *line) {
    if (text->p_len == 0)
        return false;
    const uint8_t *end = memchr(text->p, '\n', text->p_len);
    size_t n = end == NULL ? text->p_len : (size_t)(end - text->p);
    *line = lk_slice_of(text->p, n);
    size_t used = end == NULL ? n : n + 1;
    text->p += used;
    text->p_len -= used;
    while (line->p_len > 0 && (line->p[line->p_len - 1] == '\r' || line->p[line->p_len - 1] == ' '))
        line->p_len--;
    return true;
}

static bool is_marker(lk_slice line, const char *edge, const char *label) {
    char want[96];
    int n = snprintf(want, sizeof want, "-----%s %s-----", edge, label);
    return n > 0 && (size_t)n < sizeof want && lk_slice_equal(line, lk_slice_of(want, (size_t)n));
}

int lk_pem_next(lk_slice *text, const char *label, lk_buffer *out) {
    lk_slice line;
    while (take_line(text, &line)) {
        if (!is_marker(line, "BEGIN", label))
            continue;
        lk_slice body = lk_slice_of(text->p, 0);
        while (take_line(text, &line)) {
            if (is_marker(line, "END", label)) {
                if (lk_buffer_reserve(out, body.p_len / 4 * 3 + 3) == NULL)
                    return LK_PEM_NO_MEMORY;
                return lk_base64_decode(out, body) ? 1 : LK_PEM_BROKEN;
            }
            body.p_len = (size_t)(text->p - body.p);
        }
        return LK_PEM_BROKEN;
    }
    return 0;
}

bool lk_pem_write(lk_buffer *out, const char *label, lk_slice der) {
    char edge[96];
    int n = snprintf(edge, sizeof edge, "-----BEGIN %s-----\n", label);
    if (!lk_buffer_append(out, lk_slice_of(edge, (size_t)n)) || !lk_base64_encode(out, der, 64))
        return false;
    n = snprintf(edge, sizeof edge, "-----END %s-----\n", label);
    return lk_buffer_append(out, lk_slice_of(edge, (size_t)n));
}
