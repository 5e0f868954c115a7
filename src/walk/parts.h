/*
 * parts.h - how a dissector goes through bytes: whatever it passes becomes a field.
 *
 * A part is a window over the bytes, with the fields that are made within it one deeper. A function
 * that reads takes what it was asked for, makes its field and returns true, or takes nothing and
 * returns false (not enough bytes; or there are as many fields already as there may be). So one
 * chains them with && and gives the result to lk_part_end, which names what is left over. In this
 * way the leaves cover all bytes, whatever they are.
 */
#ifndef LK_WALK_PARTS_H
#define LK_WALK_PARTS_H

#include "util/reader.h"
#include "walk/fields.h"

typedef struct lk_part {
    lk_fields *fields;
    lk_reader r;    /* what has not been named yet */
    unsigned depth; /* of the fields within */
    size_t field;   /* the field that the part is; of all bytes: none */
} lk_part;

/* Names and texts are static everywhere here; values are copied. An empty text is looked up by the
 * name (walk/texts.h), or by the name of the value. */

/* lk_fields_new begins with all of `bytes` as one part; lk_fields_done ends that part and returns
 * the fields. NULL if there was no memory. */
lk_part lk_fields_new(lk_slice bytes);
lk_fields *lk_fields_done(lk_part *all, bool complete);

static inline bool lk_part_empty(const lk_part *p) {
    return p->r.left == 0;
}

/* lk_part_leaf names the next `n` bytes; `out` may be NULL. */
bool lk_part_leaf(lk_part *p, size_t n, const char *name, const char *text, lk_slice *out);

/* lk_part_bytes is a leaf whose value is "32 bytes, 0a0b0c0d…", or all of a few bytes;
 * lk_part_rest makes one of all that is left, unless that is nothing. */
bool lk_part_bytes(lk_part *p, size_t n, const char *name, const char *text);
bool lk_part_rest(lk_part *p, const char *name, const char *text);

/* lk_part_uint reads an unsigned integer of `width` bytes; its value is the number. */
bool lk_part_uint(lk_part *p, size_t width, const char *name, const char *text, uint64_t *out);

/* lk_part_code reads a code point of `width` bytes; its value is "NAME (0x1301)". */
bool lk_part_code(lk_part *p, size_t width, const char *name, const char *text,
                  const char *(*name_of)(uint16_t code), uint16_t *out);

/* lk_part_open makes a part of the next `n` bytes; of fewer, if there are not as many, and then
 * they are not whole. */
bool lk_part_open(lk_part *p, size_t n, const char *name, const char *text, lk_part *inside);

/* lk_part_vector opens a TLS vector (RFC 8446 §3.4): a field that begins with a field "length" of
 * `width` bytes. A length that says more than is there gets what there is. */
bool lk_part_vector(lk_part *p, size_t width, const char *name, const char *text, lk_part *inside);

/* lk_part_opaque is a vector of bytes that mean nothing to anybody else; its value is as of
 * lk_part_bytes. `out` may be NULL. */
bool lk_part_opaque(lk_part *p, size_t width, const char *name, const char *text, lk_slice *out);

/* lk_part_string is a vector of text; its value is the text, escaped and shortened. */
bool lk_part_string(lk_part *p, size_t width, const char *name, const char *text);

/* lk_part_codes is a vector of code points of `each` bytes, each a field `item`; the value of the
 * whole are the first few names. */
bool lk_part_codes(lk_part *p, size_t width, const char *name, const char *text, size_t each,
                   const char *item, const char *(*name_of)(uint16_t code));

/* lk_part_end ends a part: what is left over is a field "not understood". `complete` says that
 * nothing was missing. */
void lk_part_end(lk_part *p, bool complete);

/* lk_part_broken says that something was wrong, with whatever words the value has. */
void lk_part_broken(lk_part *p);

/* lk_part_value gives the part itself a value; lk_last_value gives one to the field made last. What
 * comes from outside must have been through lk_part_shown. */
void lk_part_value(lk_part *p, const char *format, ...) __attribute__((format(printf, 2, 3)));
void lk_last_value(lk_part *p, const char *format, ...) __attribute__((format(printf, 2, 3)));
void lk_part_text(lk_part *p, const char *text);
void lk_last_text(lk_part *p, const char *text);

/* lk_part_shown returns text from outside escaped and shortened, for a value; lk_part_kept only
 * shortens what has been escaped. "" without memory. */
const char *lk_part_shown(lk_part *p, lk_slice text);
const char *lk_part_kept(lk_part *p, lk_slice printable);

/* A value that is put together of several things: "TLS 1.3, TLS 1.2, …". */
typedef struct lk_summary {
    char text[160];
    size_t used, count;
    bool full;
} lk_summary;
void lk_summary_add(lk_summary *s, const char *what);

/* lk_part_summary makes it the value of a part: "16: …" with the number, if not all are named. */
void lk_part_summary(lk_part *p, const lk_summary *s);

#endif
