#include "http/request.h"

void lk_request_init(lk_request *r, const lk_heap *heap) {
    *r = (lk_request){.state = LK_REQUEST_HEAD};
    lk_head_init(&r->head, heap, LK_REQUEST_MAX_LINE, LK_REQUEST_MAX_HEAD, LK_REQUEST_MAX_FIELDS, true);
}

void lk_request_clear(lk_request *r) {
    const lk_heap *heap = r->head.bytes.heap;
    lk_head_clear(&r->head);
    lk_request_init(r, heap);
}

static void refuse(lk_request *r, int status, const char *why) {
    r->state = LK_REQUEST_BAD;
    r->status = status;
    r->why = why;
    r->keep_alive = false;
}

/* ---- the request line (RFC 9112 §3) ------------------------------------------------------------ */

static bool is_host_byte(uint8_t c) { /* reg-name, IP-literal and port, RFC 3986 §3.2.2 */
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c != 0 && strchr("-._~!$&'()*+;=%:[]", c) != NULL);
}

static bool is_host(lk_slice s) {
    for (size_t i = 0; i < s.p_len; i++)
        if (!is_host_byte(s.p[i]))
            return false;
    return s.p_len > 0 && s.p[0] != ':';
}

static lk_place place(const lk_request *r, lk_slice s) {
    return (lk_place){(uint32_t)(s.p - lk_buffer_bytes(&r->head.bytes)), (uint32_t)s.p_len};
}

/* absolute-form, which a server MUST accept (RFC 9112 §3.2.2): cuts scheme and authority off. */
static bool cut_authority(lk_request *r, lk_slice *target) {
    size_t skip = 0;
    if (target->p_len > 8 && lk_is_name(lk_slice_of(target->p, 8), "https://"))
        skip = 8;
    else if (target->p_len > 7 && lk_is_name(lk_slice_of(target->p, 7), "http://"))
        skip = 7;
    else
        return false;
    size_t end = skip;
    while (end < target->p_len && target->p[end] != '/' && target->p[end] != '?')
        end++;
    lk_slice host = lk_slice_of(target->p + skip, end - skip);
    if (!is_host(host))
        return false;
    r->host = place(r, host);
    *target = lk_slice_of(target->p + end, target->p_len - end);
    return true;
}

static void set_target(lk_request *r, lk_slice target, bool options) {
    for (size_t i = 0; i < target.p_len; i++)
        if (target.p[i] <= 0x20 || target.p[i] >= 0x7f || target.p[i] == '#') {
            refuse(r, 400, "a byte that no request target may have (RFC 9112 §3.2)");
            return;
        }
    if (options && target.p_len == 1 && target.p[0] == '*') {
        r->path = place(r, target);
        return;
    }
    bool absolute = target.p_len > 0 && target.p[0] != '/';
    if (target.p_len == 0 || (absolute && !cut_authority(r, &target))) {
        refuse(r, 400, "a request target that is neither a path nor a URL (RFC 9112 §3.2)");
        return;
    }
    const uint8_t *mark = target.p_len > 0 ? memchr(target.p, '?', target.p_len) : NULL;
    size_t path = mark != NULL ? (size_t)(mark - target.p) : target.p_len;
    r->path = place(r, lk_slice_of(target.p, path));
    if (mark != NULL)
        r->query = place(r, lk_slice_of(mark + 1, target.p_len - path - 1));
}

static void request_line(lk_request *r, lk_place line) {
    lk_slice s = lk_head_at(&r->head, line);
    r->line = line;
    size_t method = 0;
    while (method < s.p_len && lk_is_token_byte(s.p[method]))
        method++;
    if (method == 0 || method > 32 || method == s.p_len || s.p[method] != ' ') {
        refuse(r, 400, "the first line is no request line: METHOD PATH HTTP/1.1 (RFC 9112 §3)");
        return;
    }
    size_t version = s.p_len;
    while (version > method && s.p[version - 1] != ' ')
        version--;
    lk_slice v = lk_slice_of(s.p + version, s.p_len - version);
    if (v.p_len != 8 || memcmp(v.p, "HTTP/", 5) != 0 || v.p[5] < '0' || v.p[5] > '9' || v.p[6] != '.' || v.p[7] < '0' ||
        v.p[7] > '9' || version <= method + 1) {
        refuse(r, 400, "the first line does not end in an HTTP version (RFC 9112 §2.3)");
        return;
    }
    if (v.p[5] != '1') {
        refuse(r, 505, "only HTTP/1.1 and HTTP/1.0 are spoken here (RFC 9110 §15.6.6)");
        return;
    }
    r->minor = v.p[7] == '0' ? 0 : 1;
    r->method = place(r, lk_slice_of(s.p, method));
    lk_slice m = lk_request_at(r, r->method);
    if (lk_is_name(m, "CONNECT")) { /* authority-form; no proxy here: 405 or 501 is the server's matter */
        r->path = place(r, lk_slice_of(s.p + method + 1, 0));
        return;
    }
    set_target(r, lk_slice_of(s.p + method + 1, version - method - 2), lk_slice_equal(m, lk_slice_of_str("OPTIONS")));
}

/* ---- what the fields mean, when all are there -------------------------------------------------- */

static void judge_host(lk_request *r) {
    size_t n = lk_head_count(&r->head, "host");
    lk_slice host = lk_head_find(&r->head, "host", 0);
    /* RFC 9112 §3.2: a server MUST respond with 400 to a request that lacks Host, has more than one or
     * an invalid one. */
    if (n > 1)
        refuse(r, 400, "more than one Host header (RFC 9112 §3.2)");
    else if (n == 0 && r->minor >= 1)
        refuse(r, 400, "no Host header (RFC 9112 §3.2)");
    else if (n == 1 && !is_host(host))
        refuse(r, 400, "a Host header that is no host (RFC 9112 §3.2)");
    else if (n == 1 && r->host.len == 0)
        r->host = place(r, host);
}

static void judge_framing(lk_request *r) {
    size_t lengths = lk_head_count(&r->head, "content-length");
    size_t codings = lk_head_count(&r->head, "transfer-encoding");
    if (codings > 0 && lengths > 0) {
        refuse(r, 400, "both Content-Length and Transfer-Encoding (RFC 9112 §6.1)");
    } else if (codings > 0 && r->minor == 0) {
        refuse(r, 400, "Transfer-Encoding in HTTP/1.0 (RFC 9112 §6.1)");
    } else if (codings > 1) {
        refuse(r, 400, "more than one Transfer-Encoding header (RFC 9112 §6.1)");
    } else if (codings == 1) {
        if (!lk_is_name(lk_head_find(&r->head, "transfer-encoding", 0), "chunked"))
            refuse(r, 501, "a transfer coding other than chunked (RFC 9112 §6.1)");
        r->chunked = true;
    } else if (lengths > 1) {
        refuse(r, 400, "more than one Content-Length header (RFC 9112 §6.3)");
    } else if (lengths == 1) {
        if (!lk_parse_decimal(&r->body_left, lk_head_find(&r->head, "content-length", 0)))
            refuse(r, 400, "a Content-Length that is no length (RFC 9112 §6.3)");
        else if (r->body_left > LK_REQUEST_MAX_BODY)
            refuse(r, 413, "a request body larger than this server reads");
    }
}

static void head_complete(lk_request *r) {
    judge_host(r);
    if (r->state != LK_REQUEST_BAD)
        judge_framing(r);
    if (r->state == LK_REQUEST_BAD)
        return;
    bool close = lk_head_has_token(&r->head, "connection", "close");
    r->keep_alive = !close && (r->minor >= 1 || lk_head_has_token(&r->head, "connection", "keep-alive"));
    lk_slice expect = lk_head_find(&r->head, "expect", 0);
    r->expects_continue = r->minor >= 1 && expect.p != NULL && lk_is_name(expect, "100-continue");
    r->state = r->chunked || r->body_left > 0 ? LK_REQUEST_BODY : LK_REQUEST_DONE;
}

static void header_line(lk_request *r, lk_place line) {
    if (line.len == 0) {
        head_complete(r);
        return;
    }
    if (lk_head_full(&r->head)) {
        refuse(r, 431, "more header lines than this server reads");
        return;
    }
    const char *wrong = lk_head_add(&r->head, line);
    if (wrong != NULL)
        refuse(r, 400, wrong);
}

/* ---- feeding ----------------------------------------------------------------------------------- */

static size_t feed_head(lk_request *r, lk_slice in) {
    lk_place line;
    size_t used;
    switch (lk_head_line(&r->head, &line, &used, in)) {
    case LK_LINE_MORE:
        break;
    case LK_LINE_LONG:
        if (r->line.len == 0)
            refuse(r, 414, "a request line longer than this server reads");
        else
            refuse(r, 431, "header lines longer than this server reads");
        break;
    case LK_LINE_BARE:
        refuse(r, 400, "CR or LF alone where a line ends in both (RFC 9112 §2.2)");
        break;
    case LK_LINE_MEMORY:
        refuse(r, 503, "no memory");
        break;
    case LK_LINE_READY:
        if (r->line.len > 0)
            header_line(r, line);
        else if (line.len > 0)
            request_line(r, line);
        else if (r->blank) /* RFC 9112 §2.2: at least one empty line is to be ignored; one it is */
            refuse(r, 400, "empty lines where a request must begin (RFC 9112 §2.2)");
        else
            r->blank = true;
        break;
    }
    return used;
}

static size_t feed_body(lk_request *r, lk_slice in) {
    lk_slice body = {NULL, 0};
    size_t used;
    if (r->chunked) {
        used = lk_chunked_feed(&r->chunks, &body, in);
        if (r->chunks.state == LK_CHUNK_BAD)
            refuse(r, 400, r->chunks.why);
        else if (r->chunks.state == LK_CHUNK_DONE)
            r->state = LK_REQUEST_DONE;
    } else {
        used = in.p_len < r->body_left ? in.p_len : (size_t)r->body_left;
        body = lk_slice_of(in.p, used);
        r->body_left -= used;
        if (r->body_left == 0)
            r->state = LK_REQUEST_DONE;
    }
    r->body_seen += body.p_len;
    if (r->body_seen > LK_REQUEST_MAX_BODY)
        refuse(r, 413, "a request body larger than this server reads");
    return used;
}

size_t lk_request_feed(lk_request *r, lk_slice in) {
    bool head = r->state == LK_REQUEST_HEAD;
    size_t at = 0;
    while (at < in.p_len && r->state == (head ? LK_REQUEST_HEAD : LK_REQUEST_BODY)) {
        lk_slice rest = lk_slice_of(in.p + at, in.p_len - at);
        at += head ? feed_head(r, rest) : feed_body(r, rest);
    }
    return at;
}
