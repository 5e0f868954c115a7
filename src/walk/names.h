/*
 * names.h - the registered names of code points, also of those that the engine has no use for but
 * others send (IANA's registry "Transport Layer Security (TLS) Parameters").
 */
#ifndef LK_WALK_NAMES_H
#define LK_WALK_NAMES_H

#include <stdint.h>

/* "GREASE": the name of all values that RFC 8701 reserves. */
extern const char *const lk_grease;

/* All return static text; what is not known is "unknown". */
const char *lk_name_version(uint16_t version);
const char *lk_name_suite(uint16_t suite);
const char *lk_name_group(uint16_t group);
const char *lk_name_scheme(uint16_t scheme);
const char *lk_name_extension(uint16_t type);
const char *lk_name_compression(uint16_t algorithm);   /* of certificates, RFC 8879 */
const char *lk_name_psk_mode(uint16_t mode);           /* PskKeyExchangeMode */
const char *lk_name_point_format(uint16_t format);     /* ECPointFormat */
const char *lk_name_certificate_type(uint16_t type);   /* CertificateType */
const char *lk_name_client_certificate(uint16_t type); /* ClientCertificateType of TLS 1.2 */
const char *lk_name_kdf(uint16_t kdf);                 /* of HPKE, RFC 9180 §7.2 */
const char *lk_name_aead(uint16_t aead);               /* of HPKE, RFC 9180 §7.3 */
const char *lk_name_message(uint16_t type);            /* HandshakeType */
const char *lk_name_content(uint16_t type);            /* ContentType */

#endif
