/*
 * tiling.h - what must hold of any list of fields, whatever the bytes were: they cover all bytes,
 * each once, nested without gaps; their words can be printed.
 */
#ifndef LK_TESTS_TILING_H
#define LK_TESTS_TILING_H

#include "walk/fields.h"

/* tiling_printable: UTF-8 without control characters, as JSON wants it. */
static inline bool tiling_printable(const char *text) {
    for (const unsigned char *c = (const unsigned char *)text; *c != 0; c++) {
        int more = *c < 0x80   ? 0
                   : *c < 0xc2 ? -1
                   : *c < 0xe0 ? 1
                   : *c < 0xf0 ? 2
                   : *c < 0xf5 ? 3
                               : -1;
        if (*c < 0x20 || *c == 0x7f || more < 0)
            return false;
        for (; more > 0; more--)
            if ((*++c & 0xc0) != 0x80)
                return false;
    }
    return true;
}

/* tiling_words returns what is wrong with the words of a field, or NULL. */
static inline const char *tiling_words(const lk_field *f) {
    if (f->name == NULL || f->name[0] == 0)
        return "a field has no name";
    if (f->value == NULL || f->text == NULL)
        return "a value or text is NULL";
    if (!tiling_printable(f->name) || !tiling_printable(f->value) || !tiling_printable(f->text))
        return "a word is not printable";
    if (strlen(f->value) > 255)
        return "a value is long";
    return NULL;
}

/* tiling_fault returns what is wrong with the fields of `n` bytes, or NULL. */
static inline const char *tiling_fault(const lk_fields *fields, size_t n) {
    size_t end[LK_FIELDS_MAX_DEPTH + 2]; /* where the field of each depth ends */
    size_t at = 0, count = lk_fields_length(fields);
    unsigned depth = 0; /* of the last field; all below are open */
    if (count > LK_FIELDS_MAX)
        return "there are too many fields";
    for (size_t i = 0; i < count; i++) {
        const lk_field *f = lk_fields_at(fields, i);
        const char *fault = tiling_words(f);
        if (fault != NULL)
            return fault;
        if (f->depth > LK_FIELDS_MAX_DEPTH || (i == 0 ? f->depth != 0 : f->depth > depth + 1))
            return "the depth jumps";
        if (i > 0 && f->depth <= depth) {
            at = end[depth]; /* the last was a leaf */
            for (unsigned d = f->depth; d < depth; d++)
                if (end[d] != at)
                    return "a field is not covered by what is in it";
        }
        if (f->offset != at || f->length > n - at)
            return "there is a gap, or an overlap";
        end[f->depth] = at + f->length;
        if (f->depth > 0 && end[f->depth] > end[f->depth - 1])
            return "a field reaches out of the one around it";
        depth = f->depth;
        if (lk_fields_whole(fields) && strcmp(f->name, "not understood") == 0)
            return "bytes that are not understood in what is whole";
    }
    for (unsigned d = 0; count > 0 && d <= depth; d++)
        if (end[d] != n)
            return "the last field does not end at the end";
    if (count == 0 && n > 0)
        return "nothing was named";
    return NULL;
}

#endif
