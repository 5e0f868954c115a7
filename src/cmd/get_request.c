/*
 * get_request.c - the request of `lockstep get`, as bytes (RFC 9112 §3).
 */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "cmd/get.h"

static bool has_header(const lk_get *r, const char *name) {
    for (size_t i = 0; i < r->num_headers; i++)
        if (strncasecmp(r->headers[i], name, strlen(name)) == 0 &&
            r->headers[i][strlen(name)] == ':')
            return true;
    return false;
}

bool lk_get_build(lk_buffer *out, const lk_get *r, const lk_url *url, bool with_data) {
    char line[8192];
    const char *method = r->method != NULL ? r->method
                         : r->head         ? "HEAD"
                         : with_data       ? "POST"
                                           : "GET";
    int n = snprintf(line, sizeof line, "%s %s HTTP/1.1\r\n", method, url->target);
    bool ok =
        n > 0 && (size_t)n < sizeof line && lk_buffer_append(out, lk_slice_of(line, (size_t)n));
    const char *const usual[][2] = {
        {"Accept-Encoding", r->compressed ? "gzip, deflate" : NULL},
        {"Host", url->authority},
        {"User-Agent", r->agent != NULL ? r->agent : "lockstep/" LOCKSTEP_VERSION},
        {"Accept", "*/*"},
        {"Connection", "close"}};
    for (size_t i = 0; i < sizeof usual / sizeof usual[0]; i++) {
        if (usual[i][1] == NULL || has_header(r, usual[i][0]))
            continue;
        n = snprintf(line, sizeof line, "%s: %s\r\n", usual[i][0], usual[i][1]);
        ok = ok && n > 0 && (size_t)n < sizeof line &&
             lk_buffer_append(out, lk_slice_of(line, (size_t)n));
    }
    if (with_data) {
        n = snprintf(line, sizeof line, "%sContent-Length: %zu\r\n",
                     has_header(r, "Content-Type")
                         ? ""
                         : "Content-Type: application/x-www-form-urlencoded\r\n",
                     lk_buffer_length(&r->data));
        ok = ok && lk_buffer_append(out, lk_slice_of(line, (size_t)n));
    }
    for (size_t i = 0; i < r->num_headers; i++) {
        const char *colon = strchr(r->headers[i], ':');
        if (colon[1 + strspn(colon + 1, " \t")] == '\0')
            continue; /* "Name:" takes a header out, as in curl */
        ok = ok && lk_buffer_append(out, lk_slice_of_str(r->headers[i])) &&
             lk_buffer_append(out, lk_slice_of_str("\r\n"));
    }
    ok = ok && lk_buffer_append(out, lk_slice_of_str("\r\n"));
    return ok && (!with_data || lk_buffer_append(out, lk_buffer_slice(&r->data)));
}
