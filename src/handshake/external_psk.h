/*
 * external_psk.h - keys from elsewhere, imported for TLS 1.3 (RFC 9258).
 */
#ifndef LK_HANDSHAKE_EXTERNAL_PSK_H
#define LK_HANDSHAKE_EXTERNAL_PSK_H

#include "handshake/settings.h"

/* lk_import_psk makes the key that an external one is worth with suites of hash `target` (§5.1).
 * `out->identity` is the caller's to release, with a byte more than its length.
 * LOCKSTEP_ERR_NO_MEMORY. */
LK_CHECKED lockstep_status lk_import_psk(lk_imported_psk *out, const lk_heap *heap, lk_hash target,
                                         lk_slice identity, lk_slice key, lk_slice context);

#endif
