/*
 * trust.h - trust anchors: the certificates in which a chain may end.
 *
 * An anchor is kept as the certificate that it came in. The public key is made when it is first
 * needed, since making 150 keys takes longer than all the rest of loading a system's store.
 */
#ifndef LK_X509_TRUST_H
#define LK_X509_TRUST_H

#include <stdatomic.h>

#include <lockstep/x509.h>

#include "x509/cert.h"

typedef _Atomic(lk_public_key *) lk_key_slot;

typedef struct lk_anchor {
    lk_cert cert; /* its DER is owned */
    lk_key_slot key;
    uint32_t next; /* index + 1 of the next anchor whose subject has the same hash; 0: none */
} lk_anchor;

/* Steps through the anchors whose subject is one name. */
typedef struct lk_anchor_iter {
    const lockstep_trust *trust;
    lk_slice subject;
    uint32_t next;
} lk_anchor_iter;

/* lk_trust_find starts at the anchors whose subject equals `name` (Name whole, byte for byte:
 * RFC 5280 §4.1.2.6 obliges a CA to write it the same way each time). lk_anchor_next returns them
 * one after the other, then NULL. */
lk_anchor_iter lk_trust_find(const lockstep_trust *trust, lk_slice name);
const lk_anchor *lk_anchor_next(lk_anchor_iter *iter);

/* lk_trust_has returns the anchor that is `cert` byte for byte, or NULL. */
const lk_anchor *lk_trust_has(const lockstep_trust *trust, const lk_cert *cert);

/* lk_anchor_key returns the anchor's public key (lent by the trust), or NULL if it has none that
 * can be used. Safe from several threads at once. */
const lk_public_key *lk_anchor_key(const lk_anchor *anchor, const lk_crypto *crypto);

/* lk_trust_fingerprint returns a digest of all the anchors in the order in which they were added.
 */
#define LK_TRUST_FINGERPRINT 32
const uint8_t *lk_trust_fingerprint(const lockstep_trust *trust);

size_t lk_trust_count(const lockstep_trust *trust);
const lk_anchor *lk_trust_at(const lockstep_trust *trust, size_t i);

/* lk_trust_crypto returns the algorithms that a trust keeps for callers without any of their own.
 */
const lk_crypto *lk_trust_crypto(const lockstep_trust *trust);

/* lk_trust_heap returns where the trust's memory comes from. */
const lk_heap *lk_trust_heap(const lockstep_trust *trust);

#endif
