/*
 * der.h - reading DER (X.690 §10), strictly.
 *
 * Every lk_der_* either takes one whole element of the expected type and returns true, or takes
 * nothing and returns false. Nothing here recurses: a caller opens a constructed element as another
 * reader and ends it with lk_reader_done(). Refused, wherever they stand: indefinite and
 * non-minimal lengths, lengths above 2^32 - 1, tag numbers above 30, integers and object
 * identifiers with padding, booleans other than 00 and FF, bit strings whose unused bits are not
 * zero. Slices are borrowed from the reader's bytes.
 */
#ifndef LK_X509_DER_H
#define LK_X509_DER_H

#include "util/reader.h"

enum {
    LK_DER_BOOLEAN = 0x01,
    LK_DER_INTEGER = 0x02,
    LK_DER_BIT_STRING = 0x03,
    LK_DER_OCTET_STRING = 0x04,
    LK_DER_NULL = 0x05,
    LK_DER_OID = 0x06,
    LK_DER_ENUMERATED = 0x0a,
    LK_DER_UTF8_STRING = 0x0c,
    LK_DER_PRINTABLE_STRING = 0x13,
    LK_DER_TELETEX_STRING = 0x14,
    LK_DER_IA5_STRING = 0x16,
    LK_DER_UTC_TIME = 0x17,
    LK_DER_GENERALIZED_TIME = 0x18,
    LK_DER_UNIVERSAL_STRING = 0x1c,
    LK_DER_BMP_STRING = 0x1e,
    LK_DER_SEQUENCE = 0x30,
    LK_DER_SET = 0x31
};

/* Context-specific tags: [n] primitive and [n] constructed. */
#define LK_DER_CONTEXT(n)             ((uint8_t)(0x80 | (n)))
#define LK_DER_CONTEXT_CONSTRUCTED(n) ((uint8_t)(0xa0 | (n)))

/* One element: its identifier octet, its contents, and all of it with tag and length. */
typedef struct lk_der {
    uint8_t tag;
    lk_slice content;
    lk_slice whole;
} lk_der;

/* lk_der_any reads an element of any tag. */
bool lk_der_any(lk_reader *r, lk_der *out);

/* lk_der_next_is says whether the next element bears `tag`, and takes nothing. */
static inline bool lk_der_next_is(const lk_reader *r, uint8_t tag) {
    return r->left > 0 && r->p[0] == tag;
}

/* lk_der_read reads an element of `tag` and sets `*content`; lk_der_whole sets `*whole` to all of
 * it; lk_der_open sets `*inside` to read its contents. */
bool lk_der_read(lk_reader *r, uint8_t tag, lk_slice *content);
bool lk_der_whole(lk_reader *r, uint8_t tag, lk_slice *whole);
bool lk_der_open(lk_reader *r, uint8_t tag, lk_reader *inside);

bool lk_der_boolean(lk_reader *r, bool *out);

/* lk_der_integer reads an INTEGER of any sign: two's complement, minimal (X.690 §8.3.2). */
bool lk_der_integer(lk_reader *r, lk_slice *out);

/* lk_der_natural reads an INTEGER of zero or more and sets `*out` to its big-endian magnitude
 * without leading zeros (of zero: no bytes). */
bool lk_der_natural(lk_reader *r, lk_slice *out);

/* lk_der_uint reads an INTEGER from 0 to 2^63 - 1. */
bool lk_der_uint(lk_reader *r, uint64_t *out);

/* lk_der_bits reads a BIT STRING and sets `*unused` to how many bits of the last byte are none. */
bool lk_der_bits(lk_reader *r, lk_slice *out, unsigned *unused);

/* lk_der_bit_octets reads a BIT STRING of whole bytes, as signatures and keys are. */
bool lk_der_bit_octets(lk_reader *r, lk_slice *out);

/* lk_der_oid reads an OBJECT IDENTIFIER and sets `*out` to its contents. */
bool lk_der_oid(lk_reader *r, lk_slice *out);

bool lk_der_null(lk_reader *r);

/* lk_der_time reads a Time (RFC 5280 §4.1.2.5): UTCTime YYMMDDHHMMSSZ for the years 1950 to 2049,
 * GeneralizedTime YYYYMMDDHHMMSSZ for all others. Seconds since 1970. A GeneralizedTime of a year
 * that belongs to the other form is read too and sets `*odd` (otherwise left alone): a root of the
 * public stores has it. */
bool lk_der_time(lk_reader *r, int64_t *seconds, bool *odd);

/* lk_der_oid_valid checks contents: no padding of a component, the last one complete. */
bool lk_der_oid_valid(lk_slice oid);

#endif
