#include "x509/oid.h"

#include <stdio.h>

static const struct {
    lk_slice bytes;
    const char *text;
} oids[LK_OID_COUNT] = {{{NULL, 0}, ""},
#define LK_X(name, contents, text) {{(const uint8_t *)(contents), sizeof(contents) - 1}, text},
                        LK_OID_MAP(LK_X)
#undef LK_X
};

lk_oid lk_oid_of(lk_slice contents) {
    for (size_t i = 1; i < LK_OID_COUNT; i++)
        if (lk_slice_equal(oids[i].bytes, contents))
            return (lk_oid)i;
    return LK_OID_NONE;
}

lk_slice lk_oid_bytes(lk_oid oid) {
    return oids[oid].bytes;
}

bool lk_oid_is(lk_slice contents, lk_oid oid) {
    return lk_slice_equal(oids[oid].bytes, contents);
}

bool lk_oid_text(lk_buffer *out, lk_slice contents) {
    lk_oid known = lk_oid_of(contents);
    if (known != LK_OID_NONE)
        return lk_buffer_append(out, lk_slice_of_str(oids[known].text));
    uint64_t v = 0;
    bool first = true;
    char text[48];
    for (size_t i = 0; i < contents.p_len; i++) {
        if (v >> 56 != 0) /* such a number means nothing to anybody */
            return lk_buffer_append(out, lk_slice_of_str("..."));
        v = v << 7 | (contents.p[i] & 0x7f);
        if (contents.p[i] >= 0x80)
            continue;
        /* X.690 §8.19.4: the first component holds two numbers, 40 * x + y. */
        unsigned x = v < 40 ? 0 : v < 80 ? 1 : 2;
        int n = first ? snprintf(text, sizeof text, "%u.%llu", x, (unsigned long long)(v - 40 * x))
                      : snprintf(text, sizeof text, ".%llu", (unsigned long long)v);
        if (!lk_buffer_append(out, lk_slice_of(text, (size_t)n)))
            return false;
        first = false;
        v = 0;
    }
    return true;
}
