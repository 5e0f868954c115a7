/*
 * parts.c - numbers, code points, vectors and lists, made of the leaves and parts of fields.c.
 */
#include "walk/parts.h"

#include <stdio.h>

#include "walk/names.h"
#include "walk/texts.h"

/* So many code points of one list are shown one by one. */
#define CODES_MAX 256

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
