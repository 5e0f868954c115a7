#include "http/request.h"

#include <stddef.h>

static int lower(int c) {
    return c >= 'A' && c <= 'Z' ? c + 32 : c;
}

bool lk_name_is(lk_slice name, const char *text) {
    for (size_t i = 0; i < name.p_len; i++)
        if (text[i] == '\0' || lower(name.p[i]) != lower((unsigned char)text[i]))
            return false;
    return text[name.p_len] == '\0';
}

bool lk_is_token(lk_slice s) {
    for (size_t i = 0; i < s.p_len; i++) {
        int c = s.p[i];
        bool alnum = (c >= '0' && c <= '9') || (lower(c) >= 'a' && lower(c) <= 'z');
        if (!alnum && c != '-' && (c == 0 || strchr("!#$%&'*+-.^_`|~", c) == NULL))
            return false;
    }
    return s.p_len > 0;
}

int lk_hex_digit(uint8_t c) {
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

bool lk_decimal(uint64_t *out, lk_slice s) {
    uint64_t v = 0;
    if (s.p_len == 0 || s.p_len > 18)
        return false;
    for (size_t i = 0; i < s.p_len; i++) {
        if (s.p[i] < '0' || s.p[i] > '9')
            return false;
        v = v * 10 + (uint64_t)(s.p[i] - '0');
    }
    *out = v;
    return true;
}

static lk_slice trim(lk_slice s) {
    while (s.p_len > 0 && (s.p[0] == ' ' || s.p[0] == '\t')) {
        s.p++;
        s.p_len--;
    }
    while (s.p_len > 0 && (s.p[s.p_len - 1] == ' ' || s.p[s.p_len - 1] == '\t'))
        s.p_len--;
    return s;
}

bool lk_list_has(lk_slice list, const char *token) {
    while (list.p_len > 0) {
        const uint8_t *comma = memchr(list.p, ',', list.p_len);
        size_t n = comma == NULL ? list.p_len : (size_t)(comma - list.p);
        if (lk_name_is(trim(lk_slice_of(list.p, n)), token))
            return true;
        n += comma != NULL;
        list = lk_slice_of(list.p + n, list.p_len - n);
    }
    return false;
}

bool lk_request_field(const lk_request *r, const char *name, lk_slice *value) {
    for (size_t i = 0; i < r->num_fields; i++)
        if (lk_name_is(r->fields[i].name, name)) {
            *value = r->fields[i].value;
            return true;
        }
    return false;
}

/* next_line takes a line that ends in CRLF: -1 a bare CR or LF, 0 not whole yet, 1. "A recipient
 * MAY recognize a single LF as a line terminator" (RFC 9112 §2.2); this one does not. */
static int next_line(lk_slice *in, lk_slice *line) {
    for (size_t i = 0; i < in->p_len; i++) {
        if (in->p[i] == '\n')
            return -1;
        if (in->p[i] != '\r')
            continue;
        if (i + 1 == in->p_len)
            return 0;
        if (in->p[i + 1] != '\n')
            return -1;
        *line = lk_slice_of(in->p, i);
        *in = lk_slice_of(in->p + i + 2, in->p_len - i - 2);
        return 1;
    }
    return 0;
}

static int parse_line(lk_request *r, lk_slice line) {
    const uint8_t *first = memchr(line.p, ' ', line.p_len);
    if (first == NULL)
        return 400;
    r->method = lk_slice_of(line.p, (size_t)(first - line.p));
    lk_slice rest = lk_slice_of(first + 1, line.p_len - r->method.p_len - 1);
    const uint8_t *second = memchr(rest.p, ' ', rest.p_len);
    if (second == NULL)
        return 400;
    r->target = lk_slice_of(rest.p, (size_t)(second - rest.p));
    lk_slice version = lk_slice_of(second + 1, rest.p_len - r->target.p_len - 1);
    if (!lk_is_token(r->method) || r->target.p_len == 0)
        return 400;
    for (size_t i = 0; i < r->target.p_len; i++)
        if (r->target.p[i] <= 0x20 || r->target.p[i] >= 0x7f)
            return 400;
    if (version.p_len != 8 || memcmp(version.p, "HTTP/", 5) != 0 || version.p[6] != '.')
        return 400;
    if (version.p[5] != '1' || version.p[7] < '0' || version.p[7] > '9')
        return 505;
    r->minor = version.p[7] == '0' ? 0 : 1;
    return 0;
}

static int parse_field(lk_request *r, lk_slice line) {
    const uint8_t *colon = memchr(line.p, ':', line.p_len);
    /* A line that begins with white space continues the last one: obs-fold, refused (§5.2). White
     * space before the colon is refused too (§5.1); both fail as a token. */
    if (colon == NULL)
        return 400;
    lk_http_field f;
    f.name = lk_slice_of(line.p, (size_t)(colon - line.p));
    f.value = trim(lk_slice_of(colon + 1, line.p_len - f.name.p_len - 1));
    if (!lk_is_token(f.name))
        return 400;
    for (size_t i = 0; i < f.value.p_len; i++)
        if ((f.value.p[i] < 0x20 && f.value.p[i] != '\t') || f.value.p[i] == 0x7f)
            return 400;
    if (r->num_fields == LK_REQUEST_FIELDS_MAX)
        return 431;
    r->fields[r->num_fields++] = f;
    return 0;
}

/* What concerns the whole: the length of the body, the host, whether the connection goes on. */
static int check_fields(lk_request *r) {
    size_t hosts = 0, lengths = 0, codings = 0;
    bool close = false;
    r->keep_alive = r->minor == 1;
    for (size_t i = 0; i < r->num_fields; i++) {
        lk_slice name = r->fields[i].name, value = r->fields[i].value;
        if (lk_name_is(name, "host")) {
            hosts++;
            /* "and to any request message that contains [...] a Host header field with an invalid
             * field value" (§3.2) */
            for (size_t k = 0; k < value.p_len; k++)
                if (value.p[k] <= 0x20 || value.p[k] >= 0x7f ||
                    strchr("/?#@\\<>\"^`{|}", value.p[k]))
                    return 400;
        } else if (lk_name_is(name, "content-length")) {
            lengths++;
            if (!lk_decimal(&r->content_length, value))
                return 400;
        } else if (lk_name_is(name, "transfer-encoding")) {
            codings++;
            if (!lk_name_is(value, "chunked"))
                return 501;
            r->chunked = true;
        } else if (lk_name_is(name, "connection")) {
            close = close || lk_list_has(value, "close");
            if (r->minor == 0 && lk_list_has(value, "keep-alive"))
                r->keep_alive = true;
        } else if (lk_name_is(name, "expect") && !lk_name_is(value, "100-continue")) {
            return 417;
        }
    }
    if (close) /* wins over everything else (§9.3) */
        r->keep_alive = false;
    /* "A server MUST respond with a 400 (Bad Request) status code to any HTTP/1.1 request message
     * that lacks a Host header field and to any request message that contains more than one" (§3.2)
     */
    if (hosts > 1 || (hosts == 0 && r->minor == 1))
        return 400;
    /* Two ways to end the body are one too many (§6.3). */
    if (lengths > 1 || codings > 1 || (lengths > 0 && codings > 0) ||
        (codings > 0 && r->minor == 0))
        return 400;
    return 0;
}

int lk_request_parse(lk_request *out, size_t *used, lk_slice in) {
    lk_slice rest = in, line;
    int status, got;
    *used = 0;
    /* not the fields: there may be a hundred, and only those that are counted are looked at */
    memset(out, 0, offsetof(lk_request, fields));
    out->num_fields = 0;
    out->content_length = 0;
    out->chunked = out->keep_alive = false;
    /* "a server that is expecting to receive and parse a request-line SHOULD ignore at least one
     * empty line (CRLF) received prior to the request-line" (§2.2) */
    while (rest.p_len >= 2 && rest.p[0] == '\r' && rest.p[1] == '\n' && in.p_len - rest.p_len < 8)
        rest = lk_slice_of(rest.p + 2, rest.p_len - 2);
    got = next_line(&rest, &line);
    if (got <= 0)
        return got < 0 ? 400 : in.p_len >= LK_REQUEST_HEAD_MAX ? 414 : 0;
    if ((status = parse_line(out, line)) != 0)
        return status;
    while ((got = next_line(&rest, &line)) == 1) {
        if (line.p_len == 0) {
            if (in.p_len - rest.p_len > LK_REQUEST_HEAD_MAX)
                return 431;
            status = check_fields(out);
            *used = status == 0 ? in.p_len - rest.p_len : 0;
            return status;
        }
        if ((status = parse_field(out, line)) != 0)
            return status;
    }
    return got < 0 ? 400 : in.p_len >= LK_REQUEST_HEAD_MAX ? 431 : 0;
}
