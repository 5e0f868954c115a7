/*
 * compressed_certificate.h - own chains, compressed once (RFC 8879).
 */
#ifndef LK_HANDSHAKE_COMPRESSED_CERTIFICATE_H
#define LK_HANDSHAKE_COMPRESSED_CERTIFICATE_H

#include "handshake/settings.h"

/* lk_identity_compress makes the compressed forms of the identity's Certificate message, by each
 * algorithm of the settings and with each of the staples that a peer may ask for. The owner of the
 * identity calls lk_identity_free_compressed. LOCKSTEP_ERR_NO_MEMORY. */
LK_CHECKED lockstep_status lk_identity_compress(lk_identity *identity, const lk_settings *s);
void lk_identity_free_compressed(lk_identity *identity, const lk_heap *heap);

#endif
