#include "handshake/exporter.h"

#include "crypto/prf.h"
#include "util/secret.h"

/* TLS-Exporter(label, context_value, key_length) =
 *     HKDF-Expand-Label(Derive-Secret(Secret, label, ""), "exporter", Hash(context_value),
 *                       key_length) */
static lockstep_status export_13(const lk_agreed *agreed, uint8_t *out, size_t out_len,
                                 const char *label, lk_slice context) {
    const lk_secret *secret = &agreed->exporter;
    size_t n = lk_hash_length(secret->hash);
    uint8_t of_nothing[LK_HASH_MAX], of_context[LK_HASH_MAX], derived[LK_HASH_MAX];
    lk_hmac mac;
    lk_digest_of(secret->hash, of_nothing, lk_slice_of(NULL, 0));
    lk_digest_of(secret->hash, of_context, context);
    lk_hmac_key(&mac, secret->hash, lk_secret_slice(secret));
    lk_hkdf_expand_label(&mac, derived, n, label, lk_slice_of(of_nothing, n));
    lk_hmac_key(&mac, secret->hash, lk_slice_of(derived, n));
    lk_hkdf_expand_label(&mac, out, out_len, "exporter", lk_slice_of(of_context, n));
    lk_wipe(&mac, sizeof mac);
    lk_wipe(derived, sizeof derived);
    return LOCKSTEP_OK;
}

/* PRF(master_secret, label, client_random + server_random [+ context_value_length + context_value])
 * (RFC 5705 §4); the extended master secret makes it safe (RFC 7627 §5.4). */
static lockstep_status export_12(const lk_agreed *agreed, uint8_t *out, size_t out_len,
                                 const char *label, bool has_context, lk_slice context) {
    const lk_secret *secret = &agreed->exporter;
    uint8_t seed[sizeof agreed->exporter_seed + 2];
    size_t n = sizeof agreed->exporter_seed;
    if (context.p_len > UINT16_MAX)
        return LOCKSTEP_ERR_USAGE;
    memcpy(seed, agreed->exporter_seed, n);
    if (has_context) {
        seed[n++] = (uint8_t)(context.p_len >> 8);
        seed[n++] = (uint8_t)context.p_len;
    }
    lk_prf(secret->hash, out, out_len, lk_slice_of(secret->bytes, LK_SECRET_MAX), label,
           lk_slice_of(seed, n), has_context ? context : lk_slice_of(NULL, 0));
    return LOCKSTEP_OK;
}

lockstep_status lk_export(const lk_agreed *agreed, uint8_t *out, size_t out_len, const char *label,
                          bool has_context, lk_slice context) {
    if (agreed->version == LOCKSTEP_TLS12)
        return export_12(agreed, out, out_len, label, has_context, context);
    /* "if no context is provided, the context_value is zero length" */
    return export_13(agreed, out, out_len, label, context);
}
