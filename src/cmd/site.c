#include "cmd/site.h"

#include <stdio.h>
#include <unistd.h>

#include "embed/welcome.h"
#include "http/files.h"
#include "http/semantics.h"
#include "http/url.h"

/* ---- Files ----------------------------------------------------------------------------------- */

/* What is asked about one file. */
typedef struct asked {
    lk_answer *a;
    const lk_site *site;
    const lk_request *r;
    const char *path; /* decoded */
    bool send;        /* the body too */
    lk_moment when;
} asked;

/* put_fields ends the head of an answer that is a file, or the part of it that is asked for. */
static void put_fields(lk_answer *a, const lk_file *file, int code, lk_range range) {
    char etag[64], date[32];
    unsigned long long size = (unsigned long long)file->stat.st_size;
    lk_file_etag(etag, &file->stat);
    lk_http_date(date, file->stat.st_mtim.tv_sec);
    lk_answer_field(a, "ETag: %s", etag);
    lk_answer_field(a, "Last-Modified: %s", date);
    lk_answer_field(a, "Accept-Ranges: bytes");
    /* ask again each time: the files of a developer change */
    lk_answer_field(a, "Cache-Control: no-cache");
    if (code == 416)
        lk_answer_field(a, "Content-Range: bytes */%llu", size);
    else if (code == 206)
        lk_answer_field(a, "Content-Range: bytes %llu-%llu/%llu", (unsigned long long)range.first,
                        (unsigned long long)(range.first + range.length - 1), size);
    if (code != 416 && code != 304)
        lk_answer_field(a, "Content-Type: %s", file->type);
    if (code != 304)
        lk_answer_field(a, "Content-Length: %llu", (unsigned long long)range.length);
    lk_answer_put(a, "\r\n");
}

/* put_part answers with what the conditions and the range of the request allow; it returns the part
 * of the file that is to be sent, which may be none, and where in the text the fields begin. */
static lk_range put_part(size_t *fields, const asked *q, const lk_file *file) {
    const lk_range none = {0, 0};
    char etag[64];
    int64_t modified = file->stat.st_mtim.tv_sec;
    uint64_t size = (uint64_t)file->stat.st_size;
    lk_range range = {0, size};
    *fields = 0;
    lk_file_etag(etag, &file->stat);
    int code = lk_condition(q->r, etag, modified);
    if (code == 0)
        code = q->send ? lk_range_of(&range, q->r, size, etag, modified) : 200;
    if (code == 412) {
        lk_answer_error(q->a, 412, q->send);
        return none;
    }
    if (code == 416)
        range = none;
    lk_answer_head(q->a, code);
    *fields = lk_buffer_length(&q->a->text);
    put_fields(q->a, file, code, range);
    return q->send && code != 304 ? range : none;
}

/* is_plain: the answer is the whole file, whatever it is. */
static bool is_plain(const lk_request *r) {
    for (size_t i = 0; i < r->num_fields; i++) {
        lk_slice name = r->fields[i].name;
        bool condition = name.p_len > 3 && lk_name_is(lk_slice_of(name.p, 3), "if-");
        if (condition || lk_name_is(name, "range"))
            return false;
    }
    return true;
}

static void send_cached(const asked *q, const lk_cached_file *cached) {
    if (is_plain(q->r)) {
        lk_answer_head(q->a, 200);
        (void)lk_buffer_append(&q->a->text, cached->fields);
        if (q->send)
            lk_answer_bytes(q->a, cached->body);
        return;
    }
    size_t fields;
    lk_range range = put_part(&fields, q, &cached->file);
    lk_answer_bytes(q->a, lk_slice_of(cached->body.p + range.first, (size_t)range.length));
}

/* send_small reads a small part at once and, where it is the whole file, keeps it. False: it is not
 * small, or there is less of it than its size has promised; it is read as it is sent. */
static bool send_small(const asked *q, const lk_file *file, lk_range range, size_t fields) {
    lk_buffer *text = &q->a->text;
    size_t n = (size_t)range.length, body = lk_buffer_length(text);
    uint8_t *p = range.length > LK_CACHE_FILE_MAX ? NULL : lk_buffer_reserve(text, n);
    if (p == NULL || pread(file->fd, p, n, (off_t)range.first) != (ssize_t)n)
        return false;
    lk_buffer_commit(text, n);
    q->a->body = n;
    if (q->site->cache != NULL && is_plain(q->r)) {
        const uint8_t *whole = lk_buffer_bytes(text);
        lk_file_cache_put(q->site->cache, q->path, file, lk_slice_of(whole + fields, body - fields),
                          lk_slice_of(whole + body, n), q->when);
    }
    return true;
}

static void send_file(const asked *q, const lk_file *file) {
    size_t fields;
    lk_range range = put_part(&fields, q, file);
    if (range.length == 0 || send_small(q, file, range, fields)) {
        close(file->fd);
        return;
    }
    q->a->fd = file->fd;
    q->a->offset = range.first;
    q->a->length = q->a->body = range.length;
}

/* ---- Other answers --------------------------------------------------------------------------- */

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

#define PAGE_POLICY "Content-Security-Policy: default-src 'none'; style-src 'unsafe-inline'"

static void send_welcome(const asked *q) {
    if (strcmp(q->path, "/") != 0 && strcmp(q->path, "/index.html") != 0) {
        lk_answer_error(q->a, 404, q->send);
        return;
    }
    lk_answer_head(q->a, 200);
    lk_answer_field(q->a, PAGE_POLICY);
    lk_answer_whole(q->a, "text/html; charset=utf-8",
                    lk_slice_of(embed_welcome, sizeof embed_welcome), q->send);
}

static void send_listing(const asked *q, const lk_file *folder) {
    lk_buffer page = lk_buffer_of(&lk_heap_default, 0);
    if (lk_file_listing(&page, q->site->root_fd, folder->fd, q->path)) {
        lk_answer_head(q->a, 200);
        lk_answer_field(q->a, PAGE_POLICY);
        lk_answer_field(q->a, "Cache-Control: no-cache");
        lk_answer_whole(q->a, folder->type, lk_buffer_slice(&page), q->send);
    } else {
        lk_answer_error(q->a, 500, q->send);
    }
    lk_buffer_free(&page);
    close(folder->fd);
}

static void send_found(const asked *q, lk_slice target) {
    lk_file file;
    const lk_cached_file *cached =
        q->site->cache == NULL ? NULL : lk_file_cache_get(q->site->cache, q->path, q->when);
    if (cached != NULL) {
        send_cached(q, cached);
        return;
    }
    int code = lk_file_open(&file, q->site->root_fd, q->path);
    if (code != 0)
        lk_answer_error(q->a, code, q->send);
    else if (file.kind == LK_FILE_REDIRECT)
        redirect(q->a, target, q->send);
    else if (file.kind == LK_FILE_LISTING)
        send_listing(q, &file);
    else
        send_file(q, &file);
}

static void get(asked *q) {
    char path[4096];
    lk_slice target = q->r->target;
    size_t n = 0;
    bool ours = origin_form(&target);
    while (ours && n < target.p_len && target.p[n] != '?')
        n++;
    if (n == 0 || target.p[0] != '/' ||
        !lk_percent_decode(path, sizeof path, lk_slice_of(target.p, n))) {
        lk_answer_error(q->a, 400, q->send);
        return;
    }
    if (!lk_path_normalize(path)) {
        lk_answer_error(q->a, 404, q->send);
        return;
    }
    q->path = path;
    if (q->site->root_fd < 0)
        send_welcome(q);
    else
        send_found(q, target);
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

void lk_site_answer(lk_answer *a, const lk_site *site, const lk_request *r, int status, bool early,
                    lk_moment when) {
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
        asked q = {.a = a, .site = site, .r = r, .send = is_get, .when = when};
        get(&q);
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
