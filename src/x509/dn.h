/*
 * dn.h - distinguished names (RFC 5280 §4.1.2.4): check, compare, write for people.
 */
#ifndef LK_X509_DN_H
#define LK_X509_DN_H

#include "util/buffer.h"
#include "x509/oid.h"

/* No name of more attributes or bytes than these is read. */
#define LK_DN_MAX_ATTRIBUTES 64   /* real ones have below 15 */
#define LK_DN_MAX_BYTES      4096 /* real ones stay below 500 */

/* lk_dn_valid checks the structure of a whole Name (SEQUENCE OF SET SIZE(1..) OF type and value).
 */
bool lk_dn_valid(lk_slice name);

/* lk_dn_empty: the SEQUENCE without contents, as the subject of many server certificates. */
bool lk_dn_empty(lk_slice name);

typedef enum lk_dn_match { LK_DN_NO, LK_DN_YES, LK_DN_UNDECIDED } lk_dn_match;

/*
 * lk_dn_within says whether `name` begins with all the RDNs of `base` (RFC 5280 §7.1: a subtree).
 * Values are compared without regard to ASCII case and runs of white space when both are
 * PrintableString or UTF8String, else byte for byte; LK_DN_UNDECIDED if they differ only in a way
 * that this comparison cannot see through (another string type), so that a caller can fail closed.
 */
lk_dn_match lk_dn_within(lk_slice name, lk_slice base);

/* lk_dn_find sets `*value` to the contents of the last attribute of `type`; false if none. */
bool lk_dn_find(lk_slice name, lk_oid type, lk_slice *value);

/* lk_dn_next_email steps through the emailAddress attributes of `name`; start with `*from` 0. */
bool lk_dn_next_email(lk_slice name, size_t *from, lk_slice *value);

/* lk_dn_text appends "CN=Example CA, O=Example", most telling first, escaped for a terminal;
 * lk_dn_title appends only the common name, or else the organization, or else all of it. False: no
 * memory. */
bool lk_dn_text(lk_buffer *out, lk_slice name);
bool lk_dn_title(lk_buffer *out, lk_slice name);

/* lk_text_escaped appends `text` with everything that is not printable ASCII or well-formed,
 * printable UTF-8 as \xNN, and the backslash doubled. */
bool lk_text_escaped(lk_buffer *out, lk_slice text);

#endif
