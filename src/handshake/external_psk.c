/*
 * external_psk.c - keys from elsewhere, imported for TLS 1.3 (RFC 9258).
 */
#include "handshake/external_psk.h"

#include "util/secret.h"
#include "wire/types.h"

/* ImportedIdentity (§5.1); the identifiers of the key derivation functions are those of §10. */
static bool build_identity(lk_buffer *out, lk_slice identity, lk_slice context, lk_hash target) {
    lk_builder b = lk_builder_of(out);
    lk_build_vector(&b, 2, identity);
    lk_build_vector(&b, 2, context);
    lk_build_u16(&b, LK_TLS13);
    lk_build_u16(&b, target == LK_SHA256 ? 1 : 2);
    return lk_builder_ok(&b);
}

lockstep_status lk_import_psk(lk_imported_psk *out, const lk_heap *heap, lk_hash target,
                              lk_slice identity, lk_slice key, lk_slice context) {
    lk_buffer bytes = lk_buffer_of(heap, 0);
    uint8_t extracted[LK_HASH_MAX], digest[LK_HASH_MAX];
    const lk_hash hash = LK_SHA256; /* "If the EPSK does not have such an associated hash function,
                                     * SHA-256 [...] SHOULD be used." (§5.1) */
    lk_hmac mac;
    if (!build_identity(&bytes, identity, context, target)) {
        lk_buffer_free(&bytes);
        return LOCKSTEP_ERR_NO_MEMORY;
    }
    lk_digest_of(hash, digest, lk_buffer_slice(&bytes));
    lk_hkdf_extract(hash, extracted, lk_slice_of(NULL, 0), key);
    lk_hmac_key(&mac, hash, lk_slice_of(extracted, lk_hash_length(hash)));
    out->key.hash = target;
    lk_hkdf_expand_label(&mac, out->key.bytes, lk_hash_length(target), "derived psk",
                         lk_slice_of(digest, lk_hash_length(hash)));
    lk_wipe(&mac, sizeof mac);
    lk_wipe(extracted, sizeof extracted);
    lk_slice built = lk_buffer_slice(&bytes);
    uint8_t *copy = lk_copy_of(heap, built.p, built.p_len);
    out->identity = lk_slice_of(copy, copy == NULL ? 0 : built.p_len);
    lk_buffer_free(&bytes);
    return copy == NULL ? LOCKSTEP_ERR_NO_MEMORY : LOCKSTEP_OK;
}
