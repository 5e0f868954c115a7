#include "http/head.h"

void lk_head_init(lk_head *h, const lk_heap *heap, size_t max_line, size_t max_bytes, size_t max_fields, bool strict) {
    *h = (lk_head){lk_buffer_of(heap, 0), lk_buffer_of(heap, 0), 0, max_line, max_bytes, max_fields, strict};
}

void lk_head_clear(lk_head *h) {
    lk_buffer_free(&h->bytes);
    lk_buffer_free(&h->fields);
    h->line = 0;
}

lk_line lk_head_line(lk_head *h, lk_place *line, size_t *used, lk_slice in) {
    *used = 0;
    const uint8_t *lf = in.p_len > 0 ? memchr(in.p, '\n', in.p_len) : NULL;
    size_t n = lf != NULL ? (size_t)(lf - in.p) + 1 : in.p_len;
    size_t have = lk_buffer_length(&h->bytes);
    size_t most = h->line + h->max_line < h->max_bytes ? h->line + h->max_line : h->max_bytes;
    size_t room = most - have;
    size_t take = n < room ? n : room;
    if (!lk_buffer_append(&h->bytes, lk_slice_of(in.p, take)))
        return LK_LINE_MEMORY;
    *used = take;
    if (take < n || (lf == NULL && take == room && n > 0))
        return LK_LINE_LONG;
    if (lf == NULL)
        return LK_LINE_MORE;
    const uint8_t *text = lk_buffer_bytes(&h->bytes) + h->line;
    size_t len = have + take - h->line - 1;
    bool cr = len > 0 && text[len - 1] == '\r';
    len -= cr;
    if ((h->strict && !cr) || (len > 0 && memchr(text, '\r', len) != NULL))
        return LK_LINE_BARE;
    *line = (lk_place){(uint32_t)h->line, (uint32_t)len};
    h->line = have + take;
    return LK_LINE_READY;
}

bool lk_is_token_byte(uint8_t c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c != 0 && strchr("!#$%&'*+-.^_`|~", c) != NULL);
}

static bool is_space(uint8_t c) {
    return c == ' ' || c == '\t';
}

lk_slice lk_trim(lk_slice s) {
    while (s.p_len > 0 && is_space(s.p[0])) {
        s.p++;
        s.p_len--;
    }
    while (s.p_len > 0 && is_space(s.p[s.p_len - 1]))
        s.p_len--;
    return s;
}

const char *lk_head_add(lk_head *h, lk_place line) {
    const uint8_t *base = lk_buffer_bytes(&h->bytes);
    lk_slice text = lk_head_at(h, line);
    if (text.p_len > 0 && is_space(text.p[0]))
        return "a header line begins with white space (RFC 9112 §5.2)";
    size_t name = 0;
    while (name < text.p_len && lk_is_token_byte(text.p[name]))
        name++;
    if (name == text.p_len || text.p[name] != ':')
        return name < text.p_len && is_space(text.p[name]) ? "white space before the colon of a header line (RFC 9112 §5.1)"
                                                           : "a header line without a valid name (RFC 9110 §5.1)";
    if (name == 0)
        return "a header line without a name (RFC 9110 §5.1)";
    lk_slice value = lk_trim(lk_slice_of(text.p + name + 1, text.p_len - name - 1));
    for (size_t i = 0; i < value.p_len; i++)
        if ((value.p[i] < 0x20 && value.p[i] != '\t') || value.p[i] == 0x7f)
            return "a control byte in a header value (RFC 9110 §5.5)";
    lk_field field = {{line.at, (uint32_t)name}, {(uint32_t)(value.p - base), (uint32_t)value.p_len}};
    return lk_buffer_append(&h->fields, lk_slice_of(&field, sizeof field)) ? NULL : "no memory";
}

static size_t num_fields(const lk_head *h) {
    return lk_buffer_length(&h->fields) / sizeof(lk_field);
}

static lk_field field_at(const lk_head *h, size_t i) {
    lk_field f;
    memcpy(&f, lk_buffer_bytes(&h->fields) + i * sizeof f, sizeof f);
    return f;
}

bool lk_head_fold(lk_head *h, lk_place line) {
    size_t n = num_fields(h);
    if (n == 0)
        return false;
    lk_field f = field_at(h, n - 1);
    uint8_t *base = lk_buffer_bytes(&h->bytes);
    lk_slice more = lk_trim(lk_head_at(h, line));
    for (size_t i = 0; i < more.p_len; i++)
        if ((more.p[i] < 0x20 && more.p[i] != '\t') || more.p[i] == 0x7f)
            return false;
    if (more.p_len == 0)
        return true;
    size_t end = (size_t)(more.p - base);
    for (size_t i = f.value.at + f.value.len; i < end; i++)
        base[i] = ' ';
    f.value.len = (uint32_t)(end + more.p_len - f.value.at);
    memcpy(lk_buffer_bytes(&h->fields) + (n - 1) * sizeof f, &f, sizeof f);
    return true;
}

bool lk_head_full(const lk_head *h) {
    return num_fields(h) >= h->max_fields;
}

static uint8_t lower(uint8_t c) {
    return c >= 'A' && c <= 'Z' ? (uint8_t)(c + 32) : c;
}

bool lk_is_name(lk_slice s, const char *name) {
    size_t n = strlen(name);
    if (s.p_len != n)
        return false;
    for (size_t i = 0; i < n; i++)
        if (lower(s.p[i]) != lower((uint8_t)name[i]))
            return false;
    return true;
}

lk_slice lk_head_find(const lk_head *h, const char *name, size_t nth) {
    for (size_t i = 0, n = num_fields(h); i < n; i++) {
        lk_field f = field_at(h, i);
        if (lk_is_name(lk_head_at(h, f.name), name) && nth-- == 0)
            return lk_head_at(h, f.value);
    }
    return (lk_slice){NULL, 0};
}

size_t lk_head_count(const lk_head *h, const char *name) {
    size_t count = 0;
    for (size_t i = 0, n = num_fields(h); i < n; i++)
        count += lk_is_name(lk_head_at(h, field_at(h, i).name), name);
    return count;
}

bool lk_next_item(lk_slice *item, lk_slice *list) {
    while (list->p_len > 0) {
        size_t n = 0;
        for (bool quoted = false; n < list->p_len && (quoted || list->p[n] != ','); n++)
            quoted ^= list->p[n] == '"';
        *item = lk_trim(lk_slice_of(list->p, n));
        n += n < list->p_len;
        list->p += n;
        list->p_len -= n;
        if (item->p_len > 0)
            return true;
    }
    return false;
}

bool lk_head_has_token(const lk_head *h, const char *name, const char *token) {
    lk_slice list, item;
    for (size_t i = 0; (list = lk_head_find(h, name, i)).p != NULL; i++)
        while (lk_next_item(&item, &list))
            if (lk_is_name(item, token))
                return true;
    return false;
}

bool lk_parse_decimal(uint64_t *out, lk_slice digits) {
    uint64_t v = 0;
    if (digits.p_len == 0)
        return false;
    for (size_t i = 0; i < digits.p_len; i++) {
        if (digits.p[i] < '0' || digits.p[i] > '9')
            return false;
        unsigned d = digits.p[i] - '0';
        if (v > (INT64_MAX - d) / 10)
            return false;
        v = v * 10 + d;
    }
    *out = v;
    return true;
}
