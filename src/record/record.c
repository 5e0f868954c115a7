#include "record/record.h"

#include "util/reader.h"
#include "util/secret.h"

lockstep_status lk_protect_with(lk_protection *p, const lk_crypto *crypto, lk_aead_kind kind,
                                const uint8_t *key, const uint8_t iv[LK_AEAD_NONCE_LEN],
                                bool seal) {
    lk_aead *aead = lk_aead_new(crypto, kind, key, seal);
    if (aead == NULL)
        return LOCKSTEP_ERR_CRYPTO;
    lk_protection_free(p);
    p->aead = aead;
    memcpy(p->iv, iv, LK_AEAD_NONCE_LEN);
    p->sequence = 0;
    return LOCKSTEP_OK;
}

void lk_protection_free(lk_protection *p) {
    lk_aead_free(p->aead);
    lk_wipe(p, sizeof *p);
}

uint64_t lk_record_key_limit(lk_aead_kind kind) {
    return kind == LK_AEAD_CHACHA20_POLY1305 ? UINT64_MAX : UINT64_C(1) << 24;
}

/* "The padded sequence number is XORed with either the static client_write_iv or server_write_iv"
 * (§5.3). */
static void make_nonce(uint8_t nonce[LK_AEAD_NONCE_LEN], const lk_protection *p) {
    memcpy(nonce, p->iv, LK_AEAD_NONCE_LEN);
    for (size_t i = 0; i < 8; i++)
        nonce[LK_AEAD_NONCE_LEN - 1 - i] ^= (uint8_t)(p->sequence >> (8 * i));
}

lockstep_status lk_record_seal(lk_protection *p, lk_buffer *out, lk_content_type type,
                               lk_slice content, uint16_t legacy_version) {
    size_t payload = p->aead == NULL ? content.p_len : content.p_len + 1 + LK_AEAD_TAG_LEN;
    uint8_t *record = lk_buffer_reserve(out, LK_RECORD_HEADER + payload);
    if (record == NULL)
        return LOCKSTEP_ERR_NO_MEMORY;
    record[0] = (uint8_t)(p->aead == NULL ? type : LK_APPLICATION_DATA);
    record[1] = (uint8_t)(legacy_version >> 8);
    record[2] = (uint8_t)legacy_version;
    record[3] = (uint8_t)(payload >> 8);
    record[4] = (uint8_t)payload;
    if (p->aead == NULL) {
        if (content.p_len > 0)
            memcpy(record + LK_RECORD_HEADER, content.p, content.p_len);
    } else {
        uint8_t nonce[LK_AEAD_NONCE_LEN], inner_type = (uint8_t)type;
        if (p->sequence == UINT64_MAX) /* "sequence numbers SHOULD NOT wrap" (§5.3): they cannot */
            return LOCKSTEP_ERR_KEY_EXHAUSTED;
        make_nonce(nonce, p);
        if (!lk_aead_seal(p->aead, record + LK_RECORD_HEADER, nonce,
                          lk_slice_of(record, LK_RECORD_HEADER), content,
                          lk_slice_of(&inner_type, 1)))
            return LOCKSTEP_ERR_CRYPTO;
        p->sequence++;
    }
    lk_buffer_commit(out, LK_RECORD_HEADER + payload);
    return LOCKSTEP_OK;
}

lockstep_status lk_record_frame(lk_record *out, size_t *needed, lk_slice in, bool protected_) {
    lk_reader r = lk_reader_of(in);
    uint16_t version, length;
    *needed = LK_RECORD_HEADER;
    memset(out, 0, sizeof *out);
    if (!lk_read_u8(&r, &out->type))
        return LOCKSTEP_OK;
    /* "If a TLS implementation receives an unexpected record type, it MUST terminate" (§5). */
    if (out->type < LK_CHANGE_CIPHER_SPEC || out->type > LK_APPLICATION_DATA)
        return LOCKSTEP_PEER_RECORD_TYPE;
    /* legacy_record_version "MUST be ignored for all purposes" (§5.1). */
    if (!lk_read_u16(&r, &version) || !lk_read_u16(&r, &length))
        return LOCKSTEP_OK;
    if (length >
        (protected_ && out->type == LK_APPLICATION_DATA ? LK_CIPHERTEXT_MAX : LK_PLAINTEXT_MAX))
        return LOCKSTEP_PEER_RECORD_OVERFLOW;
    *needed = LK_RECORD_HEADER + (size_t)length;
    out->header = lk_slice_of(in.p, LK_RECORD_HEADER);
    (void)lk_read_bytes(&r, length, &out->payload);
    return LOCKSTEP_OK;
}

lockstep_status lk_record_open(lk_protection *p, uint8_t *out, uint8_t *type, size_t *length,
                               const lk_record *record, size_t limit) {
    uint8_t nonce[LK_AEAD_NONCE_LEN];
    if (p->sequence == UINT64_MAX)
        return LOCKSTEP_ERR_KEY_EXHAUSTED;
    make_nonce(nonce, p);
    if (!lk_aead_open(p->aead, out, nonce, record->header, record->payload))
        return LOCKSTEP_PEER_BAD_RECORD_MAC;
    p->sequence++;
    size_t n = record->payload.p_len - LK_AEAD_TAG_LEN;
    if (n > limit)
        return LOCKSTEP_PEER_RECORD_OVERFLOW;
    /* The type is the last octet that is not zero; what follows is padding (§5.4). */
    while (n > 0 && out[n - 1] == 0)
        n--;
    if (n == 0)
        return LOCKSTEP_PEER_RECORD_NO_TYPE;
    *type = out[n - 1];
    *length = n - 1;
    if (*type != LK_ALERT && *type != LK_HANDSHAKE && *type != LK_APPLICATION_DATA)
        return LOCKSTEP_PEER_RECORD_TYPE;
    return LOCKSTEP_OK;
}
