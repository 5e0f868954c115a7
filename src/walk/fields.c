/*
 * fields.c - the list of fields, and the window that moves over the bytes and fills it (parts.h).
 */
#include "walk/fields.h"

#include <stdarg.h>

#include "util/arena.h"
#include "util/format.h"
#include "walk/parts.h"
#include "walk/texts.h"
#include "x509/dn.h"

#define FIRST_CAPACITY 64
#define NO_FIELD       SIZE_MAX

/* So many fields are kept back, for what is left over of parts that are open when the list is full:
 * one for each depth. */
#define KEPT_BACK (LK_FIELDS_MAX_DEPTH + 2)

/* Text from outside is shown up to so many bytes: with what stands before it, a value has room. */
#define SHOWN_MAX 110

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
    size_t length = lk_format_cut(text, sizeof text, format, args);
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

/* cut_length returns how much of `text`, which is UTF-8, to keep: whole characters only. */
static size_t cut_length(lk_slice text, size_t max) {
    if (text.p_len <= max)
        return text.p_len;
    while (max > 0 && (text.p[max] & 0xc0) == 0x80)
        max--;
    return max;
}

const char *lk_part_kept(lk_part *p, lk_slice printable) {
    size_t n = cut_length(printable, SHOWN_MAX);
    const char *more = n < printable.p_len ? "…" : "";
    if (p->fields == NULL)
        return "";
    char *copy = lk_arena_alloc(&p->fields->strings, n + strlen(more) + 1);
    if (copy == NULL) {
        p->fields->no_memory = true;
        return "";
    }
    if (n > 0)
        memcpy(copy, printable.p, n);
    memcpy(copy + n, more, strlen(more) + 1);
    return copy;
}

const char *lk_part_shown(lk_part *p, lk_slice text) {
    const char *shown = "";
    lk_buffer escaped = lk_buffer_of(&lk_heap_default, 0);
    /* What is escaped is not shorter than before, so no more than this can be needed. */
    size_t n = text.p_len <= 2 * SHOWN_MAX ? text.p_len : 2 * SHOWN_MAX;
    if (lk_text_escaped(&escaped, lk_slice_of(text.p, n)))
        shown = lk_part_kept(p, lk_buffer_slice(&escaped));
    else if (p->fields != NULL)
        p->fields->no_memory = true;
    lk_buffer_free(&escaped);
    return shown;
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
