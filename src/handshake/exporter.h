/*
 * exporter.h - keying material for the application (RFC 8446 §7.5, RFC 5705).
 */
#ifndef LK_HANDSHAKE_EXPORTER_H
#define LK_HANDSHAKE_EXPORTER_H

#include "handshake/handshake.h"

/* RFC 8446 §7.1: label<7..255> holds "tls13 " and the label. */
#define LK_EXPORT_LABEL_MAX 249
/* HKDF-Expand ends at 255 hashes (RFC 5869 §2.3); the shortest hash is that of SHA-256. */
#define LK_EXPORT_MAX (255 * 32)

/* lk_export derives `out_len` bytes, at most LK_EXPORT_MAX, of what a finished handshake agreed on.
 * `has_context` matters to TLS 1.2 alone, which tells an empty context from none (RFC 5705 §4).
 * LOCKSTEP_ERR_USAGE where there is nothing to derive from. */
LK_CHECKED lockstep_status lk_export(const lk_agreed *agreed, uint8_t *out, size_t out_len,
                                     const char *label, bool has_context, lk_slice context);

#endif
