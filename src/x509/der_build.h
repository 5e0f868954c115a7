/*
 * der_build.h - writing DER by a builder.
 *
 * A length is not known before its contents are, and DER wants it in as few bytes as it takes, so
 * lk_der_close moves the contents when one byte was too few. Failures make the builder bad, as
 * everywhere (util/builder.h).
 */
#ifndef LK_X509_DER_BUILD_H
#define LK_X509_DER_BUILD_H

#include "util/builder.h"

/* lk_der_begin writes `tag` and leaves room for a length; lk_der_end fills in how many bytes were
 * appended since. They nest. */
size_t lk_der_begin(lk_builder *b, uint8_t tag);
void lk_der_end(lk_builder *b, size_t at);

/* lk_der_put appends one element. */
void lk_der_put(lk_builder *b, uint8_t tag, lk_slice content);

void lk_der_put_boolean(lk_builder *b, bool v);
void lk_der_put_uint(lk_builder *b, uint64_t v);

/* lk_der_put_natural appends an INTEGER from a big-endian magnitude; leading zeros are dropped. */
void lk_der_put_natural(lk_builder *b, lk_slice magnitude);

/* lk_der_put_bit_octets appends a BIT STRING of whole bytes. */
void lk_der_put_bit_octets(lk_builder *b, lk_slice bytes);

/* lk_der_put_named_bits appends a BIT STRING as X.690 §11.2.2 wants a list of named bits: bit `n`
 * of the list is 1 << n of `bits`, trailing zero bits are left out. */
void lk_der_put_named_bits(lk_builder *b, uint16_t bits);

/* An Extension under way (RFC 5280 §4.1): its SEQUENCE and its OCTET STRING, both open. What is
 * appended before lk_der_end_extension is extnValue; `oid` is the contents of the identifier. */
typedef struct lk_der_extension {
    size_t sequence, value;
} lk_der_extension;

lk_der_extension lk_der_begin_extension(lk_builder *b, lk_slice oid, bool critical);
void lk_der_end_extension(lk_builder *b, lk_der_extension ext);

/* lk_der_put_time appends UTCTime up to 2049 and GeneralizedTime from then on (RFC 5280 §4.1.2.5).
 */
void lk_der_put_time(lk_builder *b, int64_t seconds);

#endif
