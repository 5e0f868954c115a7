/*
 * head.h - the lines of an HTTP/1.1 head (RFC 9112 §2.1), for requests and responses alike.
 *
 * A head collects bytes as they come and hands out each line when it is complete, so that any split
 * of the input has the same effect. Fields are kept as places in the one buffer. Comparisons of
 * names ignore case (RFC 9110 §5.1).
 */
#ifndef LK_HTTP_HEAD_H
#define LK_HTTP_HEAD_H

#include "util/buffer.h"

/* A run of bytes in the head, by place, since the buffer moves while it grows. */
typedef struct lk_place {
    uint32_t at, len;
} lk_place;

typedef struct lk_field {
    lk_place name, value; /* value without white space around it */
} lk_field;

typedef struct lk_head {
    lk_buffer bytes;  /* all lines so far, with their ends */
    lk_buffer fields; /* lk_field after lk_field */
    size_t line;      /* where the line begins that is not complete yet */
    size_t max_line, max_bytes, max_fields;
    bool strict;      /* a line ends in CR LF, never in LF alone */
} lk_head;

typedef enum lk_line {
    LK_LINE_MORE,   /* all input taken, the line goes on */
    LK_LINE_READY,  /* a whole line */
    LK_LINE_LONG,   /* longer than max_line, or the head longer than max_bytes */
    LK_LINE_BARE,   /* CR without LF, or strict and LF without CR (RFC 9112 §2.2) */
    LK_LINE_MEMORY
} lk_line;

/* A head holds no memory until the first byte comes. */
void lk_head_init(lk_head *h, const lk_heap *heap, size_t max_line, size_t max_bytes, size_t max_fields, bool strict);

/* lk_head_clear forgets everything and releases the memory. */
void lk_head_clear(lk_head *h);

/* lk_head_line takes input (`*used` bytes of it) up to the end of one line, and sets `*line` to that
 * line without its end. */
lk_line lk_head_line(lk_head *h, lk_place *line, size_t *used, lk_slice in);

/* lk_head_add parses a line as a field and keeps it. Returns NULL, or what is wrong with it (static). */
const char *lk_head_add(lk_head *h, lk_place line);

/* lk_head_fold joins a line that begins with white space (obs-fold, RFC 9112 §5.2) to the field
 * before it: the line end becomes spaces. False if there is none before it. */
bool lk_head_fold(lk_head *h, lk_place line);

/* True if another field would be one too many. */
bool lk_head_full(const lk_head *h);

static inline lk_slice lk_head_at(const lk_head *h, lk_place p) {
    return lk_slice_of(lk_buffer_bytes(&h->bytes) + p.at, p.len);
}

/* lk_head_count returns how many fields have the name. */
size_t lk_head_count(const lk_head *h, const char *name);

/* lk_head_find returns the value of the `nth` field (from 0) of that name; p is NULL if there is
 * none (an empty value has a p). Lent until the head is fed or cleared. */
lk_slice lk_head_find(const lk_head *h, const char *name, size_t nth);

/* lk_head_has_token says whether a list field such as Connection has `token` (RFC 9110 §5.6.1). */
bool lk_head_has_token(const lk_head *h, const char *name, const char *token);

/* lk_next_item takes the next item of a comma-separated list off `*list` into `*item`, without white
 * space around it and never empty; commas inside quoted strings do not count. False: no more. */
bool lk_next_item(lk_slice *item, lk_slice *list);

/* ASCII helpers of this room. */
bool lk_is_token_byte(uint8_t c);                       /* tchar, RFC 9110 §5.6.2 */
bool lk_is_name(lk_slice s, const char *name);          /* equal but for ASCII case */
lk_slice lk_trim(lk_slice s);                           /* without SP and HTAB around */
bool lk_parse_decimal(uint64_t *out, lk_slice digits);  /* only digits; false: none, or above 2^63-1 */

#endif
