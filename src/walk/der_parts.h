/*
 * der_parts.h - going through DER as parts.h goes through bytes. An element with others inside is a
 * field that begins with one for its tag and length; any other is one field, tag and length
 * included.
 */
#ifndef LK_WALK_DER_PARTS_H
#define LK_WALK_DER_PARTS_H

#include "walk/parts.h"
#include "x509/der.h"

/* lk_der_part opens the next element if it bears `tag`; one that is longer than what is there gets
 * what there is. */
bool lk_der_part(lk_part *p, uint8_t tag, const char *name, const char *text, lk_part *inside);

/* lk_der_leaf names the next element if it bears `tag`; `content` may be NULL. */
bool lk_der_leaf(lk_part *p, uint8_t tag, const char *name, const char *text, lk_slice *content);

/* These read an element of the type that they are named after, strictly, and give it a value. `out`
 * may be NULL. */
bool lk_der_oid_leaf(lk_part *p, const char *name, const char *text, lk_slice *out);
bool lk_der_integer_leaf(lk_part *p, const char *name, const char *text);
bool lk_der_boolean_leaf(lk_part *p, const char *name, const char *text, bool *out);
bool lk_der_time_leaf(lk_part *p, const char *name, const char *text);
bool lk_der_octets_leaf(lk_part *p, uint8_t tag, const char *name, const char *text);

/* lk_der_bits_part opens a BIT STRING of whole bytes. */
bool lk_der_bits_part(lk_part *p, const char *name, const char *text, lk_part *inside);

/* lk_der_anything reads whatever stands in the part, each element by its type. */
bool lk_der_anything(lk_part *p);

/* lk_der_number_value gives the field made last the value of a small number, or hexadecimal. */
void lk_der_number_value(lk_part *p, lk_slice integer);

/* lk_oid_value gives the field made last "CN (2.5.4.3)". lk_oid_show writes only the name, or else
 * the numbers; lk_oid_numbers only the numbers ("2.5.4.3"; of a relative one all as they stand). */
void lk_oid_value(lk_part *p, lk_slice oid);
void lk_oid_show(char *out, size_t out_len, lk_slice oid);
void lk_oid_numbers(char *out, size_t out_len, lk_slice oid, bool relative);

#endif
