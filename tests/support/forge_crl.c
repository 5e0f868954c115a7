#include "support/forge_crl.h"

#include <stdio.h>
#include <stdlib.h>

#include "x509/der.h"
#include "x509/der_build.h"

static void die(const char *what) {
    fprintf(stderr, "forge_crl: %s\n", what);
    abort();
}

static lk_slice built(const lk_builder *b) {
    if (!lk_builder_ok(b))
        die("no memory");
    return lk_buffer_slice(b->out);
}

lk_slice forge_crl(const forge_crl_spec *spec) {
    forge_crl_spec s = *spec;
    lk_buffer *out = forge_keep();
    s.now = FORGE_NOW;
    if (s.signer == NULL)
        s.signer = forge_p256(1);
    if (lk_forge_crl(out, &s) != LOCKSTEP_OK)
        die("no list");
    return lk_buffer_slice(out);
}

/* put_uris writes `len` bytes of URIs as a fullName, if there are any before a "!". */
static void put_uris(lk_builder *b, const char *uris, size_t len) {
    if (len == 0 || uris[0] == '!')
        return;
    size_t point = lk_der_begin(b, LK_DER_CONTEXT_CONSTRUCTED(0));
    size_t full = lk_der_begin(b, LK_DER_CONTEXT_CONSTRUCTED(0));
    for (size_t i = 0; i < len && uris[i] != '!';) {
        size_t n = strcspn(uris + i, " |");
        n = n > len - i ? len - i : n;
        lk_der_put(b, LK_DER_CONTEXT(6), lk_slice_of(uris + i, n));
        i += n + 1;
    }
    lk_der_end(b, full);
    lk_der_end(b, point);
}

lk_slice forge_scope(const char *uris, const char *only) {
    static const uint8_t yes = 0xff, reasons[] = {1, 0x40};
    lk_builder b = lk_builder_of(forge_keep());
    size_t sequence = lk_der_begin(&b, LK_DER_SEQUENCE);
    put_uris(&b, uris, strlen(uris));
    for (unsigned i = 0; i < 5; i++)
        if (strchr(only, "ucria"[i]) != NULL)
            lk_der_put(&b, LK_DER_CONTEXT(i + 1),
                       i == 2 ? lk_slice_of(reasons, 2) : lk_slice_of(&yes, 1));
    lk_der_end(&b, sequence);
    return built(&b);
}

lk_slice forge_points(const char *points) {
    static const uint8_t reasons[] = {1, 0x40};
    lk_builder b = lk_builder_of(forge_keep());
    size_t sequence = lk_der_begin(&b, LK_DER_SEQUENCE);
    while (*points != 0) {
        size_t n = strcspn(points, "|"), point = lk_der_begin(&b, LK_DER_SEQUENCE);
        put_uris(&b, points, n);
        if (memmem(points, n, "!r", 2) != NULL)
            lk_der_put(&b, LK_DER_CONTEXT(1), lk_slice_of(reasons, 2));
        if (memmem(points, n, "!i", 2) != NULL) {
            size_t names = lk_der_begin(&b, LK_DER_CONTEXT_CONSTRUCTED(2));
            lk_der_put(&b, LK_DER_CONTEXT(2), lk_slice_of_str("other"));
            lk_der_end(&b, names);
        }
        lk_der_end(&b, point);
        points += n + (points[n] == '|');
    }
    lk_der_end(&b, sequence);
    return built(&b);
}
