#include "record/record.h"

#include "util/reader.h"
#include "util/secret.h"

static void protect(lk_protection *p, const lk_crypto *crypto, lk_aead_kind kind,
                    const uint8_t *key, bool seal) {
    lk_aead_set(&p->aead, crypto, kind, key, seal);
    p->sequence = 0;
    memset(p->iv, 0, sizeof p->iv);
}

void lk_protect_with(lk_protection *p, const lk_crypto *crypto, lk_aead_kind kind,
                     const uint8_t *key, const uint8_t iv[LK_AEAD_NONCE_LEN], bool seal) {
    protect(p, crypto, kind, key, seal);
    p->form = LK_FORM_TLS13;
    memcpy(p->iv, iv, LK_AEAD_NONCE_LEN);
}

void lk_protect_with_tls12(lk_protection *p, const lk_crypto *crypto, lk_aead_kind kind,
                           const uint8_t *key, const uint8_t *iv, bool seal) {
    protect(p, crypto, kind, key, seal);
    p->form = kind == LK_AEAD_CHACHA20_POLY1305 ? LK_FORM_TLS12_CHACHA : LK_FORM_TLS12_GCM;
    memcpy(p->iv, iv, lk_aead_tls12_iv_length(kind));
}

void lk_protection_free(lk_protection *p) {
    lk_aead_clear(&p->aead);
    lk_wipe(p, sizeof *p);
}

uint64_t lk_record_key_limit(lk_aead_kind kind) {
    return kind == LK_AEAD_CHACHA20_POLY1305 ? UINT64_MAX : UINT64_C(1) << 24;
}

/* "The padded sequence number is XORed with either the static client_write_iv or server_write_iv"
 * (§5.3). RFC 7905 §2 does the same; and RFC 5288 §3 puts an explicit nonce behind the salt, for
 * which "the nonce_explicit MAY be the 64-bit sequence number": behind zeros XOR writes just that.
 */
static void make_nonce(uint8_t nonce[LK_AEAD_NONCE_LEN], const lk_protection *p) {
    memcpy(nonce, p->iv, LK_AEAD_NONCE_LEN);
    for (size_t i = 0; i < 8; i++)
        nonce[LK_AEAD_NONCE_LEN - 1 - i] ^= (uint8_t)(p->sequence >> (8 * i));
}

/* Additional data of TLS 1.2: "seq_num + TLSCompressed.type + TLSCompressed.version +
 * TLSCompressed.length" (RFC 5246 §6.2.3.3). */
#define AD12_LEN 13

static lk_slice make_ad12(uint8_t ad[AD12_LEN], const lk_protection *p, const uint8_t *header,
                          size_t length) {
    for (size_t i = 0; i < 8; i++)
        ad[7 - i] = (uint8_t)(p->sequence >> (8 * i));
    memcpy(ad + 8, header, 3);
    ad[11] = (uint8_t)(length >> 8);
    ad[12] = (uint8_t)length;
    return lk_slice_of(ad, AD12_LEN);
}

static size_t explicit_nonce(const lk_protection *p) {
    return p->form == LK_FORM_TLS12_GCM ? LK_EXPLICIT_NONCE : 0;
}

/* payload_length is how many bytes follow the header of a record that holds `n` of content. */
static size_t payload_length(const lk_protection *p, size_t n) {
    if (!lk_protected(p))
        return n;
    return n + LK_AEAD_TAG_LEN + (p->form == LK_FORM_TLS13 ? 1 : explicit_nonce(p));
}

static bool seal_payload(lk_protection *p, uint8_t *record, lk_content_type type,
                         lk_slice content) {
    uint8_t nonce[LK_AEAD_NONCE_LEN], ad[AD12_LEN], *payload = record + LK_RECORD_HEADER;
    const uint8_t inner_type = (uint8_t)type;
    size_t skip = explicit_nonce(p);
    make_nonce(nonce, p);
    if (p->form == LK_FORM_TLS13)
        return lk_aead_seal(&p->aead, payload, nonce, lk_slice_of(record, LK_RECORD_HEADER),
                            content, lk_slice_of(&inner_type, 1));
    if (skip > 0)
        memcpy(payload, nonce + LK_AEAD_NONCE_LEN - skip, skip);
    return lk_aead_seal(&p->aead, payload + skip, nonce, make_ad12(ad, p, record, content.p_len),
                        content, lk_slice_of(NULL, 0));
}

lockstep_status lk_record_seal(lk_protection *p, lk_buffer *out, lk_content_type type,
                               lk_slice content, uint16_t legacy_version) {
    size_t payload = payload_length(p, content.p_len);
    bool hidden = lk_protected(p) && p->form == LK_FORM_TLS13;
    uint8_t *record = lk_buffer_reserve(out, LK_RECORD_HEADER + payload);
    if (record == NULL)
        return LOCKSTEP_ERR_NO_MEMORY;
    record[0] = (uint8_t)(hidden ? LK_APPLICATION_DATA : type);
    record[1] = (uint8_t)(legacy_version >> 8);
    record[2] = (uint8_t)legacy_version;
    record[3] = (uint8_t)(payload >> 8);
    record[4] = (uint8_t)payload;
    if (!lk_protected(p)) {
        if (content.p_len > 0)
            memcpy(record + LK_RECORD_HEADER, content.p, content.p_len);
    } else {
        if (p->sequence == UINT64_MAX) /* "sequence numbers SHOULD NOT wrap" (§5.3): they cannot */
            return LOCKSTEP_ERR_KEY_EXHAUSTED;
        if (!seal_payload(p, record, type, content))
            return LOCKSTEP_ERR_CRYPTO;
        p->sequence++;
    }
    lk_buffer_commit(out, LK_RECORD_HEADER + payload);
    return LOCKSTEP_OK;
}

lockstep_status lk_record_frame(lk_record *out, size_t *needed, lk_slice in, lk_framing framing) {
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
    bool ciphertext = framing == LK_FRAME_TLS12 ||
                      (framing == LK_FRAME_TLS13 && out->type == LK_APPLICATION_DATA);
    /* TLS 1.2 allows 2^14 + 2048 bytes of ciphertext (RFC 5246 §6.2.3), of which its AEADs can use
     * 24 beyond the plaintext's 2^14: what is longer than TLS 1.3 allows holds too much anyway. */
    if (length > (ciphertext ? LK_CIPHERTEXT_MAX : LK_PLAINTEXT_MAX))
        return LOCKSTEP_PEER_RECORD_OVERFLOW;
    *needed = LK_RECORD_HEADER + (size_t)length;
    out->header = lk_slice_of(in.p, LK_RECORD_HEADER);
    (void)lk_read_bytes(&r, length, &out->payload);
    return LOCKSTEP_OK;
}

uint8_t *lk_record_place(const lk_protection *p, const lk_record *record) {
    size_t skip = explicit_nonce(p);
    uint8_t *payload = (uint8_t *)(uintptr_t)record->payload.p;
    return payload + (record->payload.p_len < skip ? 0 : skip);
}

/* open_tls12 opens a record whose type the header shows. A nonce that the peer chose is taken as it
 * is: "each value of the nonce_explicit MUST be distinct" binds the one who seals (RFC 5288 §3). */
static lockstep_status open_tls12(lk_protection *p, uint8_t *out, uint8_t *type, size_t *length,
                                  const lk_record *record, size_t limit) {
    uint8_t nonce[LK_AEAD_NONCE_LEN], ad[AD12_LEN];
    size_t skip = explicit_nonce(p);
    lk_slice sealed = record->payload;
    if (sealed.p_len < skip + LK_AEAD_TAG_LEN)
        return LOCKSTEP_PEER_BAD_RECORD_MAC;
    make_nonce(nonce, p);
    if (skip > 0)
        memcpy(nonce + LK_AEAD_NONCE_LEN - skip, sealed.p, skip);
    sealed = lk_slice_of(sealed.p + skip, sealed.p_len - skip);
    size_t n = sealed.p_len - LK_AEAD_TAG_LEN;
    lockstep_status status =
        lk_aead_open(&p->aead, out, nonce, make_ad12(ad, p, record->header.p, n), sealed);
    if (status != LOCKSTEP_OK)
        return status;
    p->sequence++;
    *type = record->type;
    *length = n;
    return n > limit || n > LK_PLAINTEXT_MAX ? LOCKSTEP_PEER_RECORD_OVERFLOW : LOCKSTEP_OK;
}

static lockstep_status open_tls13(lk_protection *p, uint8_t *out, uint8_t *type, size_t *length,
                                  const lk_record *record, size_t limit) {
    uint8_t nonce[LK_AEAD_NONCE_LEN];
    make_nonce(nonce, p);
    lockstep_status status = lk_aead_open(&p->aead, out, nonce, record->header, record->payload);
    if (status != LOCKSTEP_OK)
        return status;
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

lockstep_status lk_record_open(lk_protection *p, uint8_t *out, uint8_t *type, size_t *length,
                               const lk_record *record, size_t limit) {
    if (p->sequence == UINT64_MAX)
        return LOCKSTEP_ERR_KEY_EXHAUSTED;
    return p->form == LK_FORM_TLS13 ? open_tls13(p, out, type, length, record, limit)
                                    : open_tls12(p, out, type, length, record, limit);
}
