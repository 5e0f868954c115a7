#include "cmd/site.h"

#include <stdio.h>
#include <unistd.h>

#include "embed/welcome.h"
#include "http/files.h"
#include "http/semantics.h"
#include "http/url.h"

static void send_file(lk_answer *a, const lk_request *r, lk_file *file, bool send) {
    char etag[64], date[32];
    int64_t modified = file->stat.st_mtim.tv_sec;
    uint64_t size = (uint64_t)file->stat.st_size;
    lk_range range = {0, size};
    lk_file_etag(etag, &file->stat);
    lk_http_date(date, modified);
    int code = lk_condition(r, etag, modified);
    if (code == 0)
        code = lk_name_is(r->method, "GET") ? lk_range_of(&range, r, size, etag, modified) : 200;
    if (code == 412) {
        close(file->fd);
        lk_answer_error(a, 412, send);
        return;
    }
    lk_answer_head(a, code);
    lk_answer_field(a, "ETag: %s", etag);
    lk_answer_field(a, "Last-Modified: %s", date);
    lk_answer_field(a, "Accept-Ranges: bytes");
    lk_answer_field(
        a, "Cache-Control: no-cache"); /* ask again each time: the files of a developer change */
    if (code == 304) {
        lk_answer_put(a, "\r\n");
        close(file->fd);
        return;
    }
    if (code == 416) {
        lk_answer_field(a, "Content-Range: bytes */%llu", (unsigned long long)size);
        range.length = 0;
    } else if (code == 206) {
        lk_answer_field(a, "Content-Range: bytes %llu-%llu/%llu", (unsigned long long)range.first,
                        (unsigned long long)(range.first + range.length - 1),
                        (unsigned long long)size);
    }
    if (code != 416)
        lk_answer_field(a, "Content-Type: %s", file->type);
    lk_answer_field(a, "Content-Length: %llu", (unsigned long long)range.length);
    lk_answer_put(a, "\r\n");
    if (!send || range.length == 0) {
        close(file->fd);
        return;
    }
    a->fd = file->fd;
    a->offset = range.first;
    a->length = a->body = range.length;
}

static void redirect(lk_answer *a, lk_slice target, bool send) {
    /* Relative, so that the host and port that the client used stay: "dir" goes to "dir/". */
    char location[4352];
    size_t path = 0;
    while (path < target.p_len && target.p[path] != '?')
        path++;
    size_t name = path;
    while (name > 0 && target.p[name - 1] != '/')
        name--;
    snprintf(location, sizeof location, "./%.*s/%.*s", (int)(path - name), target.p + name,
             (int)(target.p_len - path), target.p + path);
    lk_answer_head(a, 301);
    lk_answer_field(a, "Location: %s", location);
    lk_answer_whole(a, "text/html; charset=utf-8", lk_slice_of_str("moved\n"), send);
}

/* "a server MUST accept the absolute-form in requests" (RFC 9112 §3.2.2): the path of it counts. */
static bool origin_form(lk_slice *target) {
    static const char *const schemes[] = {"https://", "http://"};
    for (size_t i = 0; i < 2; i++) {
        size_t n = strlen(schemes[i]);
        if (target->p_len < n || !lk_name_is(lk_slice_of(target->p, n), schemes[i]))
            continue;
        size_t authority = n;
        while (authority < target->p_len && target->p[authority] != '/')
            authority++;
        if (authority == n)
            return false;
        *target = authority == target->p_len
                      ? lk_slice_of_str("/")
                      : lk_slice_of(target->p + authority, target->p_len - authority);
    }
    return true;
}

static void get(lk_answer *a, const lk_site *site, const lk_request *r, bool send) {
    char path[4096];
    lk_file file;
    lk_slice target = r->target;
    size_t n = 0;
    if (!origin_form(&target)) {
        lk_answer_error(a, 400, send);
        return;
    }
    while (n < target.p_len && target.p[n] != '?')
        n++;
    if (n == 0 || target.p[0] != '/' ||
        !lk_percent_decode(path, sizeof path, lk_slice_of(target.p, n))) {
        lk_answer_error(a, 400, send);
        return;
    }
    if (!lk_path_normalize(path)) {
        lk_answer_error(a, 404, send);
        return;
    }
    if (site->root_fd < 0) {
        if (strcmp(path, "/") != 0 && strcmp(path, "/index.html") != 0) {
            lk_answer_error(a, 404, send);
            return;
        }
        lk_answer_head(a, 200);
        lk_answer_field(a,
                        "Content-Security-Policy: default-src 'none'; style-src 'unsafe-inline'");
        lk_answer_whole(a, "text/html; charset=utf-8",
                        lk_slice_of(embed_welcome, sizeof embed_welcome), send);
        return;
    }
    int code = lk_file_open(&file, site->root_fd, path);
    if (code != 0) {
        lk_answer_error(a, code, send);
    } else if (file.kind == LK_FILE_REDIRECT) {
        redirect(a, target, send);
    } else if (file.kind == LK_FILE_LISTING) {
        lk_buffer page = lk_buffer_of(&lk_heap_default, 0);
        if (lk_file_listing(&page, site->root_fd, file.fd, path)) {
            lk_answer_head(a, 200);
            lk_answer_field(
                a, "Content-Security-Policy: default-src 'none'; style-src 'unsafe-inline'");
            lk_answer_field(a, "Cache-Control: no-cache");
            lk_answer_whole(a, file.type, lk_buffer_slice(&page), send);
        } else {
            lk_answer_error(a, 500, send);
        }
        lk_buffer_free(&page);
        close(file.fd);
    } else {
        send_file(a, r, &file, send);
    }
}

/* too_early: a request that may be a replay, as the connection or a proxy before us says, and whose
 * method may change something (RFC 8470 §5.1, §5.2; RFC 9110 §9.2.1). */
static bool too_early(const lk_request *r, bool early) {
    static const char *const safe[] = {"GET", "HEAD", "OPTIONS", "TRACE"};
    lk_slice
        value; /* "Multiple or invalid instances [...] MUST be treated as equivalent to [...] 1" */
    for (size_t i = 0; i < sizeof safe / sizeof *safe; i++)
        if (lk_slice_equal(r->method, lk_slice_of_str(safe[i])))
            return false;
    return early || lk_request_field(r, "early-data", &value);
}

void lk_site_answer(lk_answer *a, const lk_site *site, const lk_request *r, int status,
                    bool early) {
    lk_answer_start(a);
    if (status != 0) {
        lk_answer_error(a, status, true);
        return;
    }
    /* A body is not read here, so the connection cannot go on behind one. */
    a->keep_alive = r->keep_alive && r->content_length == 0 && !r->chunked;
    if (too_early(r, early)) {
        lk_answer_error(a, 425, true);
        return;
    }
    bool is_get = lk_slice_equal(r->method, lk_slice_of_str("GET"));
    bool is_head = lk_slice_equal(r->method, lk_slice_of_str("HEAD"));
    if (is_get || is_head) {
        get(a, site, r, is_get);
    } else if (lk_slice_equal(r->method, lk_slice_of_str("OPTIONS"))) {
        lk_answer_head(a, 204);
        lk_answer_field(a, "Allow: GET, HEAD, OPTIONS");
        lk_answer_put(a, "\r\n");
    } else {
        lk_answer_error(a, 405, true);
    }
}

void lk_site_plain_http(lk_buffer *out, const char *authority) {
    char body[512], text[1024];
    int n = snprintf(body, sizeof body,
                     "This port speaks HTTPS, and you spoke plain HTTP to it.\nTry https://%s/\n",
                     authority);
    int m = snprintf(text, sizeof text,
                     "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\n"
                     "Content-Length: %d\r\nConnection: close\r\n\r\n%s",
                     n, body);
    (void)lk_buffer_append(out, lk_slice_of(text, (size_t)m));
}
