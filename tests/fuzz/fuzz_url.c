/*
 * fuzz_url.c - URLs: the input is a base and, behind a NUL, a reference to join with it. What comes
 * out has bytes of a URL only, reads the same again, and nothing of it can start another header
 * line.
 */
#include <stdio.h>
#include <stdlib.h>

#include "http/url.h"

#define CHECK(condition)                                                                           \
    do {                                                                                           \
        if (!(condition))                                                                          \
            abort();                                                                               \
    } while (0)

static void check_text(const char *text, size_t size, const char *forbidden) {
    CHECK(memchr(text, '\0', size) != NULL);
    for (const char *p = text; *p != '\0'; p++)
        CHECK(*p > 0x20 && *p < 0x7f && strchr(forbidden, *p) == NULL);
}

static void check_url(const lk_url *u) {
    char text[5000];
    lk_url again;
    CHECK(strcmp(u->scheme, "https") == 0 || strcmp(u->scheme, "http") == 0);
    CHECK(u->port > 0 && u->host[0] != '\0' && u->target[0] == '/');
    check_text(u->host, sizeof u->host, "%/?#@\\\"<>^`{|}");
    check_text(u->authority, sizeof u->authority, "%/?#@\\\"<>^`{|}");
    check_text(u->target, sizeof u->target, "#\\\"<>^`{|}");
    /* The same in other words reads the same. */
    int n = snprintf(text, sizeof text, "%s://%s%s", u->scheme, u->authority, u->target);
    CHECK(n > 0 && (size_t)n < sizeof text && lk_url_parse(&again, text) == NULL);
    CHECK(strcmp(again.scheme, u->scheme) == 0 && strcmp(again.host, u->host) == 0);
    CHECK(again.port == u->port && strcmp(again.authority, u->authority) == 0);
    CHECK(strcmp(again.target, u->target) == 0);
}

static void check_paths(lk_slice text) {
    static char decoded[8192], encoded[3 * 8192], again[8192];
    if (!lk_percent_decode(decoded, sizeof decoded, text))
        return;
    CHECK(strlen(decoded) <= text.p_len);
    if (lk_percent_encode(encoded, sizeof encoded, decoded)) {
        check_text(encoded, sizeof encoded, "?#\\\"<>^`{|}&'");
        CHECK(lk_percent_decode(again, sizeof again, lk_slice_of_str(encoded)));
        CHECK(strcmp(again, decoded) == 0);
    }
    size_t before = strlen(decoded);
    if (!lk_path_normalize(decoded))
        return;
    CHECK(decoded[0] == '/' && strlen(decoded) <= before);
    CHECK(strstr(decoded, "//") == NULL && strstr(decoded, "/./") == NULL &&
          strstr(decoded, "/../") == NULL);
    size_t n = strlen(decoded);
    CHECK(n < 2 || strcmp(decoded + n - 2, "/.") != 0);
    CHECK(n < 3 || strcmp(decoded + n - 3, "/..") != 0);
    memcpy(again, decoded, n + 1);
    CHECK(lk_path_normalize(again) && strcmp(again, decoded) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    lk_url base, joined;
    char *text = malloc(size + 1);
    CHECK(text != NULL);
    memcpy(text, data, size);
    text[size] = '\0';
    size_t n = strlen(text);
    char *reference = n < size ? text + n + 1 : text;
    /* The reference has a block of its own, so that a read before it is one that the sanitizer
     * sees. */
    reference = strdup(reference);
    CHECK(reference != NULL);
    const char *bad = lk_url_parse(&base, text);
    if (bad == NULL)
        check_url(&base);
    else
        CHECK(bad[0] != '\0' && lk_url_parse(&base, "https://example.org:8443/a/b?c") == NULL);
    bad = lk_url_join(&joined, &base, reference);
    if (bad == NULL)
        check_url(&joined);
    check_paths(lk_slice_of_str(reference));
    check_paths(lk_slice_of(data, size));
    free(reference);
    free(text);
    return 0;
}
