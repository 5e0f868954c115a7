#include "http/response.h"

void lk_response_start(lk_response *r, bool to_head) {
    memset(r, 0, sizeof *r);
    r->to_head = to_head;
    r->head = lk_buffer_of(&lk_heap_default, LK_RESPONSE_HEAD_MAX);
}

void lk_response_free(lk_response *r) {
    lk_buffer_free(&r->head);
}

static void broken(lk_response *r, const char *why) {
    r->state = LK_RESPONSE_BROKEN;
    r->why = why;
}

static bool next_field(lk_slice *rest, lk_slice *name, lk_slice *value) {
    const uint8_t *end = memchr(rest->p, '\n', rest->p_len);
    if (end == NULL)
        return false;
    size_t n = (size_t)(end - rest->p);
    lk_slice line = lk_slice_of(rest->p, n > 0 && rest->p[n - 1] == '\r' ? n - 1 : n);
    *rest = lk_slice_of(end + 1, rest->p_len - n - 1);
    const uint8_t *colon = memchr(line.p, ':', line.p_len);
    if (colon == NULL) { /* no field: an empty name, which no field has */
        *name = *value = lk_slice_of(NULL, 0);
        return line.p_len > 0;
    }
    *name = lk_slice_of(line.p, (size_t)(colon - line.p));
    *value = lk_slice_of(colon + 1, line.p_len - name->p_len - 1);
    while (value->p_len > 0 && (value->p[0] == ' ' || value->p[0] == '\t'))
        *value = lk_slice_of(value->p + 1, value->p_len - 1);
    while (value->p_len > 0 &&
           (value->p[value->p_len - 1] == ' ' || value->p[value->p_len - 1] == '\t'))
        value->p_len--;
    return true;
}

static lk_slice fields_of(const lk_response *r) {
    lk_slice head = lk_buffer_slice(&r->head);
    const uint8_t *end = head.p_len == 0 ? NULL : memchr(head.p, '\n', head.p_len);
    if (end == NULL)
        return lk_slice_of(NULL, 0);
    return lk_slice_of(end + 1, head.p_len - (size_t)(end + 1 - head.p));
}

bool lk_response_field(const lk_response *r, const char *name, lk_slice *value) {
    lk_slice rest = fields_of(r), found;
    while (rest.p_len > 0 && next_field(&rest, &found, value))
        if (lk_name_is(found, name))
            return true;
    return false;
}

static bool is_field_value(lk_slice value) {
    for (size_t i = 0; i < value.p_len; i++)
        if ((value.p[i] < 0x20 && value.p[i] != '\t') || value.p[i] == 0x7f)
            return false;
    return true;
}

/* The length of the body (RFC 9112 §6.3). */
static void begin_body(lk_response *r) {
    lk_slice rest = fields_of(r), name, value;
    bool has_length = false, has_coding = false;
    while (rest.p_len > 0 && next_field(&rest, &name, &value)) {
        uint64_t n;
        if (!lk_is_token(name) || !is_field_value(value)) {
            broken(r, "a header line is not a header line");
            return;
        }
        if (lk_name_is(name, "transfer-encoding")) {
            r->chunked = lk_name_is(value, "chunked");
            if (!r->chunked || has_coding || r->minor == 0) { /* §6.1: faulty in HTTP/1.0 */
                broken(r, "a transfer coding other than chunked");
                return;
            }
            has_coding = true;
        } else if (lk_name_is(name, "content-length")) {
            if (!lk_decimal(&n, value) || (has_length && n != r->left)) {
                broken(r, "Content-Length is not one number");
                return;
            }
            has_length = true;
            r->left = n;
        }
    }
    r->state = LK_RESPONSE_BODY;
    if (r->to_head || r->code == 204 || r->code == 304) {
        r->state = LK_RESPONSE_DONE;
    } else if (r->chunked) {
        r->left = 0;
    } else if (!has_length) {
        r->until_close = true;
    } else if (r->left == 0) {
        r->state = LK_RESPONSE_DONE;
    }
}

static void end_head(lk_response *r) {
    lk_slice head = lk_buffer_slice(&r->head);
    const uint8_t *p = head.p;
    if (head.p_len < 13 || memcmp(p, "HTTP/1.", 7) != 0 || (p[7] != '0' && p[7] != '1') ||
        p[8] != ' ' || p[9] < '1' || p[9] > '5' || p[10] < '0' || p[10] > '9' || p[11] < '0' ||
        p[11] > '9' || (p[12] != ' ' && p[12] != '\r' && p[12] != '\n')) {
        broken(r, "the answer does not begin with an HTTP/1.1 status line");
        return;
    }
    r->minor = (unsigned)(p[7] - '0');
    r->code = (unsigned)(p[9] - '0') * 100 + (unsigned)(p[10] - '0') * 10 + (unsigned)(p[11] - '0');
    if (r->code < 200 && r->code != 101) { /* interim: the real one follows */
        lk_buffer_cut(&r->head, 0);
        return;
    }
    begin_body(r);
}

static bool head_is_whole(const lk_buffer *head) {
    size_t n = lk_buffer_length(head);
    const uint8_t *p = lk_buffer_bytes(head);
    return (n >= 4 && memcmp(p + n - 4, "\r\n\r\n", 4) == 0) ||
           (n >= 2 && memcmp(p + n - 2, "\n\n", 2) == 0);
}

static size_t read_head(lk_response *r, lk_slice in) {
    size_t i = 0;
    while (i < in.p_len && r->state == LK_RESPONSE_HEAD) {
        /* Up to the next end of a line, where the head may end. */
        const uint8_t *end = memchr(in.p + i, '\n', in.p_len - i);
        size_t n = end == NULL ? in.p_len - i : (size_t)(end + 1 - in.p) - i;
        if (!lk_buffer_append(&r->head, lk_slice_of(in.p + i, n))) {
            broken(r, "the head of the answer is larger than 64 KiB");
            return i;
        }
        i += n;
        size_t have = lk_buffer_length(&r->head);
        if (have >= 5 && memcmp(lk_buffer_bytes(&r->head), "HTTP/", 5) != 0)
            broken(r, "the answer does not begin with an HTTP/1.1 status line");
        else if (head_is_whole(&r->head))
            end_head(r);
    }
    return i;
}

enum { CHUNK_SIZE, CHUNK_DATA, CHUNK_END, CHUNK_TRAILER };

/* One line of a chunked body: true when it is whole, without its end. */
static bool chunk_line(lk_response *r, uint8_t c) {
    if (c == '\n') {
        if (r->size_line_len > 0 && r->size_line[r->size_line_len - 1] == '\r')
            r->size_line_len--;
        r->size_line[r->size_line_len] = '\0';
        return true;
    }
    if ((c < 0x20 && c != '\t' && c != '\r') || c == 0x7f)
        broken(r, "a line of the chunked body has control characters");
    if (r->size_line_len < sizeof r->size_line - 1)
        r->size_line[r->size_line_len++] = (char)c;
    if (++r->trailer > LK_RESPONSE_HEAD_MAX)
        broken(r, "lines of the chunked body are too long");
    return false;
}

static void chunk_size(lk_response *r) {
    uint64_t n = 0;
    const char *p = r->size_line;
    for (; lk_hex_digit((uint8_t)*p) >= 0 && p - r->size_line < 15; p++)
        n = n * 16 + (uint64_t)lk_hex_digit((uint8_t)*p);
    bool digits = p > r->size_line;
    p += strspn(p, " \t"); /* before an extension (RFC 9112 §7.1.1) */
    if (!digits || (*p != '\0' && *p != ';')) {
        broken(r, "a chunk size is not a number");
        return;
    }
    r->left = n;
    r->chunk_phase = n == 0 ? CHUNK_TRAILER : CHUNK_DATA;
}

static size_t read_chunked(lk_response *r, lk_slice in, lk_slice *body) {
    size_t i = 0;
    while (i < in.p_len && r->state == LK_RESPONSE_BODY) {
        if (r->chunk_phase == CHUNK_DATA) {
            size_t n = in.p_len - i < r->left ? in.p_len - i : (size_t)r->left;
            *body = lk_slice_of(in.p + i, n);
            r->left -= n;
            if (r->left == 0) {
                r->chunk_phase = CHUNK_END;
                r->size_line_len = 0;
            }
            return i + n;
        }
        if (!chunk_line(r, in.p[i++]))
            continue;
        if (r->chunk_phase == CHUNK_SIZE) {
            chunk_size(r);
        } else if (r->chunk_phase == CHUNK_END) {
            if (r->size_line_len > 0)
                broken(r, "a chunk is longer than it said");
            r->chunk_phase = CHUNK_SIZE;
            r->trailer = 0;
        } else if (r->size_line_len == 0) {
            r->state = LK_RESPONSE_DONE;
        }
        r->size_line_len = 0;
    }
    return i;
}

size_t lk_response_read(lk_response *r, lk_slice in, lk_slice *body) {
    *body = lk_slice_of(NULL, 0);
    if (r->state == LK_RESPONSE_HEAD)
        return read_head(r, in);
    if (r->state != LK_RESPONSE_BODY || in.p_len == 0)
        return 0;
    if (r->chunked)
        return read_chunked(r, in, body);
    size_t n = in.p_len;
    if (!r->until_close) {
        n = n < r->left ? n : (size_t)r->left;
        r->left -= n;
        if (r->left == 0)
            r->state = LK_RESPONSE_DONE;
    }
    *body = lk_slice_of(in.p, n);
    return n;
}

void lk_response_eof(lk_response *r) {
    if (r->state == LK_RESPONSE_BODY && r->until_close)
        r->state = LK_RESPONSE_DONE;
    else if (r->state == LK_RESPONSE_HEAD)
        broken(r, lk_buffer_length(&r->head) == 0 ? "the server closed without an answer"
                                                  : "the answer ends in its head");
    else if (r->state == LK_RESPONSE_BODY)
        broken(r, "the answer ends before its body is complete");
}
