/*
 * x509_search_test.c - the search: which paths it proposes and in which order, without any
 * judgement.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "support/forge.h"
#include "x509/dn.h"
#include "x509/search.h"

#define MAX_CERTS 16

typedef struct field {
    lk_cert certs[MAX_CERTS];
    size_t n;
    lk_slice anchors[MAX_CERTS];
    size_t num_anchors;
    lockstep_trust *trust;
} field;

/* Every certificate here could be a CA; keys go by number. */
static forge_spec spec_of(const char *subject, const char *issuer, unsigned key, unsigned signer) {
    return (forge_spec){.subject = subject,
                        .issuer = issuer,
                        .key = forge_p256(key),
                        .signer = forge_p256(signer),
                        .ca = true,
                        .path_length = -1};
}

static void present(field *f, const char *subject, const char *issuer, unsigned key,
                    unsigned signer) {
    forge_spec s = spec_of(subject, issuer, key, signer);
    assert_int_equal(lk_cert_parse(&f->certs[f->n++], forge(&s)), LOCKSTEP_OK);
}

static void trusted(field *f, const char *subject, const char *issuer, unsigned key,
                    unsigned signer) {
    forge_spec s = spec_of(subject, issuer, key, signer);
    f->anchors[f->num_anchors++] = forge(&s);
}

/* paths_of writes all the paths that are proposed as "leaf>a>root leaf>b>root". */
static void paths_of(field *f, size_t max_path, char *out, size_t out_len, lk_found *last) {
    lk_search search;
    lk_path path;
    size_t used = 0;
    out[0] = 0;
    f->trust = forge_trust(f->anchors, f->num_anchors);
    lk_search_start(&search, f->trust, f->certs, f->n, max_path == 0 ? LK_ANY_DEPTH : max_path - 2);
    while ((*last = lk_search_next(&search, &path)) == LK_FOUND_PATH && used + 100 < out_len) {
        for (size_t i = 0; i < path.n; i++) {
            lk_slice cn = {NULL, 0};
            (void)lk_dn_find(path.certs[i]->subject, LK_OID_COMMON_NAME, &cn);
            used += (size_t)snprintf(out + used, out_len - used, "%s%.*s",
                                     i > 0      ? ">"
                                     : used > 0 ? " "
                                                : "",
                                     (int)cn.p_len, (const char *)cn.p);
        }
        assert_ptr_equal(path.certs[path.n - 1], path.n == 1 ? &f->certs[0] : &path.anchor->cert);
    }
    lockstep_trust_free(f->trust);
}

#define PATHS(f, want)                                                                             \
    do {                                                                                           \
        char text_[4000];                                                                          \
        lk_found last_;                                                                            \
        paths_of(f, 0, text_, sizeof text_, &last_);                                               \
        assert_string_equal(text_, want);                                                          \
        assert_int_equal(last_, LK_FOUND_NONE);                                                    \
    } while (0)

static void straight(void **state) {
    (void)state;
    field f = {.n = 0};
    present(&f, "leaf", "a", 1, 2);
    present(&f, "a", "b", 2, 3);
    present(&f, "b", "root", 3, 4);
    trusted(&f, "root", "root", 4, 4);
    PATHS(&f, "leaf>a>b>root");
}

static void out_of_order_and_superfluous(void **state) {
    (void)state;
    field f = {.n = 0};
    present(&f, "leaf", "a", 1, 2);
    present(&f, "x", "y", 8, 9);
    present(&f, "root", "root", 4, 4); /* sent along: reached as an anchor only */
    present(&f, "b", "root", 3, 4);
    present(&f, "leaf", "a", 1, 2); /* once more */
    present(&f, "a", "b", 2, 3);
    trusted(&f, "root", "root", 4, 4);
    trusted(&f, "other", "other", 5, 5);
    PATHS(&f, "leaf>a>b>root");
}

static void anchors_first(void **state) {
    (void)state;
    field f = {.n = 0};
    present(&f, "leaf", "a", 1, 2);
    present(&f, "a", "root", 2, 4);
    trusted(&f, "root", "root", 4, 4);
    trusted(&f, "a", "root", 2, 4);
    PATHS(&f, "leaf>a leaf>a>root");
}

static void key_identifiers_first(void **state) {
    (void)state;
    field f = {.n = 0};
    present(&f, "leaf", "a", 1, 2);
    present(&f, "a", "wrong", 7, 8); /* the same name and another key */
    present(&f, "a", "root", 2, 4);
    trusted(&f, "wrong", "wrong", 8, 8);
    trusted(&f, "root", "root", 4, 4);
    PATHS(&f, "leaf>a>root leaf>a>wrong"); /* differing ones are tried, but last */
}

static void cross_signed(void **state) {
    (void)state;
    field f = {.n = 0};
    present(&f, "leaf", "a", 1, 2);
    present(&f, "a", "new", 2, 3);
    present(&f, "new", "old", 3, 4);
    trusted(&f, "new", "new", 3, 3);
    trusted(&f, "old", "old", 4, 4);
    PATHS(&f, "leaf>a>new leaf>a>new>old");
    f.anchors[0] = f.anchors[1];
    f.num_anchors = 1;
    PATHS(&f, "leaf>a>new>old");
}

static void cycles(void **state) {
    (void)state;
    field f = {.n = 0};
    present(&f, "leaf", "a", 1, 2);
    present(&f, "a", "b", 2, 3);
    present(&f, "b", "a", 3, 2);
    present(&f, "a", "a", 2, 2); /* self-signed: the same name and key */
    trusted(&f, "root", "root", 4, 4);
    PATHS(&f, "");
    present(&f, "b", "root", 3, 4);
    PATHS(&f, "leaf>a>b>root"); /* and not through the self-signed a */
}

static void trusted_leaf(void **state) {
    (void)state;
    field f = {.n = 0};
    present(&f, "leaf", "a", 1, 2);
    f.anchors[f.num_anchors++] = f.certs[0].der;
    PATHS(&f, "leaf");
    trusted(&f, "a", "a", 2, 2);
    PATHS(&f, "leaf leaf>a");
}

static void no_issuer(void **state) {
    (void)state;
    field f = {.n = 0};
    lk_search search;
    lk_path path;
    present(&f, "leaf", "a", 1, 2);
    present(&f, "a", "b", 2, 3);
    trusted(&f, "root", "root", 4, 4);
    PATHS(&f, "");
    f.trust = forge_trust(f.anchors, f.num_anchors);
    lk_search_start(&search, f.trust, f.certs, f.n, LK_ANY_DEPTH);
    assert_int_equal(lk_search_next(&search, &path), LK_FOUND_NONE);
    assert_int_equal(search.num_deepest, 2);
    assert_ptr_equal(search.deepest[1], &f.certs[1]); /* from where on nothing was known */
    assert_false(search.cut);
    assert_int_equal(lk_search_next(&search, &path), LK_FOUND_NONE);
    lockstep_trust_free(f.trust);
}

static void longest_path(void **state) {
    (void)state;
    field f = {.n = 0};
    char text[200];
    lk_found last;
    present(&f, "leaf", "a", 1, 2);
    present(&f, "a", "b", 2, 3);
    present(&f, "b", "root", 3, 4);
    trusted(&f, "root", "root", 4, 4);
    paths_of(&f, 4, text, sizeof text, &last);
    assert_string_equal(text, "leaf>a>b>root");
    paths_of(&f, 3, text, sizeof text, &last);
    assert_string_equal(text, "");
    assert_int_equal(last, LK_FOUND_NONE);
}

/* prune(n) leaves out what begins with the same n certificates, and nothing else. */
static void pruning(void **state) {
    (void)state;
    static const struct {
        size_t n;
        unsigned more;
    } rows[] = {{4, 7}, {3, 6}, {2, 4}, {1, 0}, {0, 0}};
    field f = {.n = 0};
    present(&f, "leaf", "a", 1, 2);
    for (unsigned i = 0; i < 2; i++) {
        present(&f, "a", "b", i == 0 ? 2 : 5, 3);
        present(&f, "b", "root", i == 0 ? 3 : 6, 4);
    }
    trusted(&f, "root", "root", 4, 4);
    trusted(&f, "root", "root", 7, 7);
    f.trust = forge_trust(f.anchors, f.num_anchors);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        lk_search search;
        lk_path path;
        unsigned more = 0;
        lk_search_start(&search, f.trust, f.certs, f.n, LK_ANY_DEPTH);
        assert_int_equal(lk_search_next(&search, &path), LK_FOUND_PATH);
        assert_int_equal(path.n, 4);
        lk_search_prune(&search, rows[i].n);
        while (lk_search_next(&search, &path) == LK_FOUND_PATH)
            more++;
        assert_int_equal(more, rows[i].more); /* of 2 * 2 * 2 in all */
    }
    lockstep_trust_free(f.trust);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(straight),      cmocka_unit_test(out_of_order_and_superfluous),
        cmocka_unit_test(anchors_first), cmocka_unit_test(key_identifiers_first),
        cmocka_unit_test(cross_signed),  cmocka_unit_test(cycles),
        cmocka_unit_test(trusted_leaf),  cmocka_unit_test(no_issuer),
        cmocka_unit_test(longest_path),  cmocka_unit_test(pruning),
    };
    return cmocka_run_group_tests(tests, NULL, forge_tear_down);
}
