/*
 * compressed_certificate.h - CompressedCertificate (RFC 8879 §4).
 */
#ifndef LK_WIRE_COMPRESSED_CERTIFICATE_H
#define LK_WIRE_COMPRESSED_CERTIFICATE_H

#include "wire/fields.h"

typedef struct lk_compressed_certificate {
    uint16_t algorithm;           /* CertificateCompressionAlgorithm */
    uint32_t uncompressed_length; /* of the Certificate's body, in bytes */
    lk_slice compressed;
} lk_compressed_certificate;

/* LOCKSTEP_PEER_DECODE_CERTIFICATE. */
LK_CHECKED lockstep_status lk_compressed_certificate_parse(lk_compressed_certificate *out,
                                                           lk_slice body);
void lk_compressed_certificate_build(lk_builder *b, const lk_compressed_certificate *c);

/* The extension compress_certificate (§3): CertificateCompressionAlgorithm algorithms<2..2^8-2>. */
bool lk_parse_compressions(lk_slice data, lk_u16_list *out);
void lk_build_compressions(lk_builder *b, const uint16_t *algorithms, size_t num_algorithms);

#endif
