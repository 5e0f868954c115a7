/*
 * certificate_type.h - client_certificate_type and server_certificate_type (RFC 7250 §3).
 */
#ifndef LK_WIRE_CERTIFICATE_TYPE_H
#define LK_WIRE_CERTIFICATE_TYPE_H

#include "wire/fields.h"

/* CertificateType, as far as it is used. */
enum { LK_TYPE_X509 = 0, LK_TYPE_RAW_KEY = 2 };

/* In a ClientHello the extension is a list of a byte each, best first; in the answer one byte. */
bool lk_parse_certificate_types(lk_slice data, lk_slice *out);
bool lk_parse_certificate_type(lk_slice data, uint8_t *out);

/* lk_build_certificate_types writes extension `i` with a list; an empty one: nothing. */
void lk_build_certificate_types(lk_builder *b, enum lk_extension_index i, lk_slice types);
void lk_build_certificate_type(lk_builder *b, enum lk_extension_index i, uint8_t type);

/* lk_certificate_type_name returns "X.509", "raw public key" or "unknown". Static. */
const char *lk_certificate_type_name(uint8_t type);

#endif
