/*
 * fields.c - the list of fields, and the window that moves over the bytes and fills it.
 */
#include "walk/fields.h"

#include <stdarg.h>
#include <stdio.h>

#include "util/arena.h"
#include "walk/names.h"
#include "walk/parts.h"
#include "walk/texts.h"
#include "x509/dn.h"

#define FIRST_CAPACITY 64
#define NO_FIELD       SIZE_MAX

/* So many fields are kept back, for what is left over of parts that are open when the list is full:
 * one for each depth. */
#define KEPT_BACK (LK_FIELDS_MAX_DEPTH + 2)

/* Text from outside is shown up to so many bytes. */
#define SHOWN_MAX 100

struct lk_fields {
    lk_slice bytes;
    lk_arena strings;
    lk_field *list;
    size_t length, capacity;
    bool broken, full, no_memory;
};

/* ---- The list -------------------------------------------------------------------------------- */

static bool grow(lk_fields *f) {
    size_t capacity = f->capacity == 0 ? FIRST_CAPACITY : 2 * f->capacity;
    lk_field *list = lk_alloc(&lk_heap_default, capacity * sizeof *list);
    if (list == NULL)
        return false;
    if (f->length > 0)
        memcpy(list, f->list, f->length * sizeof *list);
    lk_release(&lk_heap_default, f->list, f->capacity * sizeof *list);
    f->list = list;
    f->capacity = capacity;
    return true;
}

/* push makes a field of the next `n` bytes of `p`, which are there. */
static bool push(lk_part *p, size_t n, const char *name, const char *text) {
    lk_fields *f = p->fields;
    lk_slice bytes;
    if (f == NULL || f->no_memory)
        return false;
    if (f->length == f->capacity && !grow(f)) {
        f->no_memory = true;
        return false;
    }
    size_t offset = f->bytes.p_len == 0 ? 0 : (size_t)(p->r.p - f->bytes.p);
    if (!lk_read_bytes(&p->r, n, &bytes))
        return false;
    if (text[0] == 0)
        text = lk_text_of(name);
    f->list[f->length++] = (lk_field){name, offset, n, p->depth, "", text};
    return true;
}

/* room says whether one more field may be made. If not, the rest of the part becomes the last. */
static bool room(lk_part *p) {
    lk_fields *f = p->fields;
    if (f == NULL || f->no_memory)
        return false;
    if (f->length < LK_FIELDS_MAX - KEPT_BACK && p->depth < LK_FIELDS_MAX_DEPTH)
        return true;
    f->full = true;
    if (p->r.left > 0 &&
        push(p, p->r.left, "more", "More of the same, too much to be listed here."))
        lk_last_value(p, "%zu bytes more", f->list[f->length - 1].length);
    return false;
}

lk_part lk_fields_new(lk_slice bytes) {
    lk_fields *f = lk_alloc(&lk_heap_default, sizeof *f);
    if (f == NULL)
        return (lk_part){NULL, {NULL, 0}, 0, NO_FIELD};
    f->bytes = bytes;
    f->strings = lk_arena_of(&lk_heap_default);
    return (lk_part){f, lk_reader_of(bytes), 0, NO_FIELD};
}

lk_fields *lk_fields_done(lk_part *all, bool complete) {
    lk_part_end(all, complete);
    lk_fields *f = all->fields;
    if (f != NULL && f->no_memory) {
        lk_fields_free(f);
        return NULL;
    }
    return f;
}

void lk_fields_free(lk_fields *f) {
    if (f == NULL)
        return;
    lk_arena_free(&f->strings);
    lk_release(&lk_heap_default, f->list, f->capacity * sizeof *f->list);
    lk_release(&lk_heap_default, f, sizeof *f);
}

size_t lk_fields_length(const lk_fields *f) {
    return f->length;
}

const lk_field *lk_fields_at(const lk_fields *f, size_t i) {
    return i < f->length ? &f->list[i] : NULL;
}

bool lk_fields_whole(const lk_fields *f) {
    return !f->broken;
}

/* ---- Values ---------------------------------------------------------------------------------- */

static void set_value(lk_fields *f, size_t i, const char *format, va_list args) {
    char text[256];
    lk_slice copy;
    if (f == NULL || i >= f->length)
        return;
    int n = vsnprintf(text, sizeof text, format, args);
    size_t length = n < 0 ? 0 : (size_t)n < sizeof text ? (size_t)n : sizeof text - 1;
    if (lk_arena_copy(&f->strings, &copy, lk_slice_of(text, length + 1)))
        f->list[i].value = (const char *)copy.p;
    else
        f->no_memory = true;
}

void lk_part_value(lk_part *p, const char *format, ...) {
    va_list args;
    va_start(args, format);
    set_value(p->fields, p->field, format, args);
    va_end(args);
}

void lk_last_value(lk_part *p, const char *format, ...) {
    va_list args;
    va_start(args, format);
    if (p->fields != NULL && p->fields->length > 0)
        set_value(p->fields, p->fields->length - 1, format, args);
    va_end(args);
}

void lk_part_text(lk_part *p, const char *text) {
    if (p->fields != NULL && p->field < p->fields->length)
        p->fields->list[p->field].text = text;
}

void lk_last_text(lk_part *p, const char *text) {
    if (p->fields != NULL && p->fields->length > 0)
        p->fields->list[p->fields->length - 1].text = text;
}

const char *lk_part_shown(lk_part *p, lk_slice text) {
    const char *shown = "";
    lk_slice copy;
    if (p->fields == NULL)
        return shown;
    bool cut = text.p_len > SHOWN_MAX;
    lk_buffer escaped = lk_buffer_of(&lk_heap_default, 0);
    if (lk_text_escaped(&escaped, lk_slice_of(text.p, cut ? SHOWN_MAX : text.p_len)) &&
        (!cut || lk_buffer_append(&escaped, lk_slice_of_str("…"))) &&
        lk_buffer_append(&escaped, lk_slice_of("", 1)) &&
        lk_arena_copy(&p->fields->strings, &copy, lk_buffer_slice(&escaped)))
        shown = (const char *)copy.p;
    else
        p->fields->no_memory = true;
    lk_buffer_free(&escaped);
    return shown;
}

void lk_summary_add(lk_summary *s, const char *what) {
    const char *comma = s->used == 0 ? "" : ", ";
    s->count++;
    if (s->full)
        return;
    size_t left = sizeof s->text - s->used;
    /* Room is kept for the sign that there is more. */
    if (strlen(comma) + strlen(what) + sizeof ", …" > left) {
        s->used += (size_t)snprintf(s->text + s->used, left, "%s…", comma);
        s->full = true;
    } else {
        s->used += (size_t)snprintf(s->text + s->used, left, "%s%s", comma, what);
    }
}

void lk_part_summary(lk_part *p, const lk_summary *s) {
    if (s->full)
        lk_part_value(p, "%zu: %s", s->count, s->text);
    else
        lk_part_value(p, "%s", s->text);
}

/* ---- The window ------------------------------------------------------------------------------ */

bool lk_part_leaf(lk_part *p, size_t n, const char *name, const char *text, lk_slice *out) {
    lk_slice bytes = {p->r.p, n};
    if (p->r.left < n || !room(p) || !push(p, n, name, text))
        return false;
    if (out != NULL)
        *out = bytes;
    return true;
}

static void hex_text(char *out, size_t out_len, lk_slice bytes) {
    size_t shown = bytes.p_len <= 8 ? bytes.p_len : 4;
    int n = snprintf(out, out_len, "%zu byte%s%s", bytes.p_len, bytes.p_len == 1 ? "" : "s",
                     bytes.p_len == 0 ? "" : ", ");
    for (size_t i = 0; i < shown; i++)
        n += snprintf(out + n, out_len - (size_t)n, "%02x", bytes.p[i]);
    if (shown < bytes.p_len)
        snprintf(out + n, out_len - (size_t)n, "…");
}

bool lk_part_bytes(lk_part *p, size_t n, const char *name, const char *text) {
    lk_slice bytes;
    char value[64];
    if (!lk_part_leaf(p, n, name, text, &bytes))
        return false;
    hex_text(value, sizeof value, bytes);
    lk_last_value(p, "%s", value);
    return true;
}

bool lk_part_rest(lk_part *p, const char *name, const char *text) {
    return lk_part_empty(p) || lk_part_bytes(p, p->r.left, name, text);
}

bool lk_part_uint(lk_part *p, size_t width, const char *name, const char *text, uint64_t *out) {
    lk_reader at = p->r;
    uint64_t v;
    if (!lk_read_uint(&at, width, &v) || !lk_part_leaf(p, width, name, text, NULL))
        return false;
    lk_last_value(p, "%llu", (unsigned long long)v);
    if (out != NULL)
        *out = v;
    return true;
}

bool lk_part_code(lk_part *p, size_t width, const char *name, const char *text,
                  const char *(*name_of)(uint16_t code), uint16_t *out) {
    uint64_t v;
    if (!lk_part_uint(p, width, name, text, &v))
        return false;
    lk_last_value(p, "%s (0x%0*llx)", name_of((uint16_t)v), (int)(2 * width),
                  (unsigned long long)v);
    const char *of_value = lk_text_of(name_of((uint16_t)v));
    if (of_value[0] != 0 && (text[0] == 0 || name_of((uint16_t)v) == lk_grease))
        lk_last_text(p, of_value);
    if (out != NULL)
        *out = (uint16_t)v;
    return true;
}

bool lk_part_open(lk_part *p, size_t n, const char *name, const char *text, lk_part *inside) {
    size_t there = n < p->r.left ? n : p->r.left;
    lk_slice bytes = {p->r.p, there};
    if (!room(p) || !push(p, there, name, text))
        return false;
    *inside = (lk_part){p->fields, lk_reader_of(bytes), p->depth + 1, p->fields->length - 1};
    if (there < n)
        lk_part_broken(p);
    return true;
}

bool lk_part_vector(lk_part *p, size_t width, const char *name, const char *text, lk_part *inside) {
    lk_reader at = p->r;
    uint64_t n, again;
    if (!lk_read_uint(&at, width, &n) ||
        !lk_part_open(p, n < at.left ? width + (size_t)n : p->r.left, name, text, inside) ||
        !lk_part_uint(inside, width, "length", "", &again))
        return false;
    if (n > at.left) {
        lk_last_value(inside, "%llu, but only %zu are there", (unsigned long long)n, at.left);
        lk_part_broken(p);
    }
    return true;
}

bool lk_part_opaque(lk_part *p, size_t width, const char *name, const char *text, lk_slice *out) {
    lk_part inside;
    char value[64];
    if (!lk_part_vector(p, width, name, text, &inside))
        return false;
    lk_slice bytes = lk_reader_rest(&inside.r);
    hex_text(value, sizeof value, bytes);
    lk_part_value(&inside, "%s", value);
    if (out != NULL)
        *out = bytes;
    lk_part_rest(&inside, "bytes", "");
    lk_part_end(&inside, true);
    return true;
}

bool lk_part_string(lk_part *p, size_t width, const char *name, const char *text) {
    lk_part inside;
    if (!lk_part_vector(p, width, name, text, &inside))
        return false;
    lk_slice bytes = lk_reader_rest(&inside.r);
    const char *shown = lk_part_shown(p, bytes);
    lk_part_value(&inside, "%s", shown);
    if (bytes.p_len > 0 && lk_part_leaf(&inside, bytes.p_len, "text", "", NULL))
        lk_last_value(&inside, "%s", shown);
    lk_part_end(&inside, true);
    return true;
}

/* So many code points of one list are shown one by one. */
#define CODES_MAX 256

bool lk_part_codes(lk_part *p, size_t width, const char *name, const char *text, size_t each,
                   const char *item, const char *(*name_of)(uint16_t code)) {
    lk_part inside;
    lk_summary summary = {0};
    uint16_t code;
    if (!lk_part_vector(p, width, name, text, &inside))
        return false;
    size_t n = 0;
    for (; n < CODES_MAX && lk_part_code(&inside, each, item, "", name_of, &code); n++)
        lk_summary_add(&summary, name_of(code));
    size_t left = inside.r.left / each;
    if (n < CODES_MAX)
        left = 0;
    if (left > 0 && lk_part_leaf(&inside, left * each, "more", "", NULL))
        lk_last_value(&inside, "%zu more", left);
    summary.count += left;
    lk_part_summary(&inside, &summary);
    lk_part_end(&inside, n > 0);
    return true;
}

void lk_part_broken(lk_part *p) {
    if (p->fields != NULL)
        p->fields->broken = true;
}

void lk_part_end(lk_part *p, bool complete) {
    lk_fields *f = p->fields;
    if (f == NULL || f->no_memory)
        return;
    if (p->r.left == 0) {
        f->broken = f->broken || (!complete && !f->full);
        return;
    }
    if (f->full) {
        room(p);
        return;
    }
    f->broken = true;
    size_t left = p->r.left;
    if (room(p) && push(p, left, "not understood",
                        "Bytes that do not belong here, or that break the form of what should."))
        lk_last_value(p, "%zu byte%s", left, left == 1 ? "" : "s");
}
