/*
 * record.h - the record protocol (RFC 8446 §5, and in TLS 1.2 RFC 5246 §6.2): frame, protect,
 * unprotect. It has keys and attaches no meaning to what they protect.
 */
#ifndef LK_RECORD_RECORD_H
#define LK_RECORD_RECORD_H

#include <lockstep/status.h>

#include "crypto/aead.h"
#include "util/buffer.h"

/* ContentType (§5.1) */
typedef enum lk_content_type {
    LK_CHANGE_CIPHER_SPEC = 20,
    LK_ALERT = 21,
    LK_HANDSHAKE = 22,
    LK_APPLICATION_DATA = 23
} lk_content_type;

#define LK_RECORD_HEADER   5
#define LK_PLAINTEXT_MAX   16384                  /* "length MUST NOT exceed 2^14 bytes" (§5.1) */
#define LK_INNER_MAX       (LK_PLAINTEXT_MAX + 1) /* with the content type (§5.4) */
#define LK_CIPHERTEXT_MAX  (LK_PLAINTEXT_MAX + 256) /* (§5.2) */
#define LK_RECORD_OVERHEAD (LK_RECORD_HEADER + 1 + LK_AEAD_TAG_LEN)

/* How a record is made up under keys. TLS 1.3 hides the content type and takes the header as
 * additional data; TLS 1.2 does neither, and with AES-GCM sends a part of the nonce (RFC 5288 §3),
 * with ChaCha20-Poly1305 not (RFC 7905 §2). */
typedef enum lk_record_form {
    LK_FORM_TLS13,
    LK_FORM_TLS12_GCM,
    LK_FORM_TLS12_CHACHA
} lk_record_form;

#define LK_EXPLICIT_NONCE 8 /* nonce_explicit of RFC 5288 §3 */

/* Protection of one direction; zeroed: records are not protected (yet). */
typedef struct lk_protection {
    lk_aead aead;
    uint64_t sequence;             /* of the next record; starts at 0 with every key (§5.3) */
    uint8_t iv[LK_AEAD_NONCE_LEN]; /* of RFC 5288: the salt, then zeros */
    lk_record_form form;
} lk_protection;

/* lk_protected: records of this direction are sealed. */
static inline bool lk_protected(const lk_protection *p) {
    return lk_aead_is_set(&p->aead);
}

/* lk_protect_with replaces the keys of a direction: `seal` to send. */
void lk_protect_with(lk_protection *p, const lk_crypto *crypto, lk_aead_kind kind,
                     const uint8_t *key, const uint8_t iv[LK_AEAD_NONCE_LEN], bool seal);

/* lk_protect_with_tls12 does so for TLS 1.2. `iv` is what the key block has,
 * lk_aead_tls12_iv_length(kind) bytes. */
void lk_protect_with_tls12(lk_protection *p, const lk_crypto *crypto, lk_aead_kind kind,
                           const uint8_t *key, const uint8_t *iv, bool seal);
void lk_protection_free(lk_protection *p);

/* lk_record_key_limit returns how many records one key may protect (§5.5): 2^24 for AES-GCM, below
 * the 2^24.5 of the RFC; for ChaCha20-Poly1305 the sequence number ends first. */
uint64_t lk_record_key_limit(lk_aead_kind kind);

/*
 * lk_record_seal appends one record of `content` (at most LK_PLAINTEXT_MAX bytes) to `out`,
 * protected if there are keys. LOCKSTEP_ERR_NO_MEMORY, LOCKSTEP_ERR_CRYPTO,
 * LOCKSTEP_ERR_KEY_EXHAUSTED.
 */
LK_CHECKED lockstep_status lk_record_seal(lk_protection *p, lk_buffer *out, lk_content_type type,
                                          lk_slice content, uint16_t legacy_version);

/* A record found at the start of some bytes. */
typedef struct lk_record {
    uint8_t type; /* as on the wire: application_data for every protected record of TLS 1.3 */
    lk_slice header, payload;
} lk_record;

/* Which records may have the length of a ciphertext? */
typedef enum lk_framing {
    LK_FRAME_PLAIN, /* none */
    LK_FRAME_TLS13, /* those of type application_data */
    LK_FRAME_TLS12  /* all */
} lk_framing;

/*
 * lk_record_frame looks for one whole record at the start of `in`. It sets `*needed` to how many
 * bytes the record has, as far as is known (at least LK_RECORD_HEADER), and returns LOCKSTEP_OK;
 * `out->payload` is valid if in.p_len >= *needed. An unknown content type or a length over the
 * limit is refused as soon as it can be seen: LOCKSTEP_PEER_RECORD_TYPE,
 * LOCKSTEP_PEER_RECORD_OVERFLOW.
 */
LK_CHECKED lockstep_status lk_record_frame(lk_record *out, size_t *needed, lk_slice in,
                                           lk_framing framing);

/*
 * lk_record_open unprotects `record` into `out`, which has room for the payload, and sets `*type`
 * and `*length` to the real type and the length of the content without padding. `limit` is the
 * longest plaintext that this side accepts, in TLS 1.3 type and padding included (RFC 8449 §4).
 * LOCKSTEP_PEER_BAD_RECORD_MAC, LOCKSTEP_PEER_RECORD_OVERFLOW, LOCKSTEP_PEER_RECORD_NO_TYPE.
 */
LK_CHECKED lockstep_status lk_record_open(lk_protection *p, uint8_t *out, uint8_t *type,
                                          size_t *length, const lk_record *record, size_t limit);

/* lk_record_place returns where a record in memory that may be written to can be opened: then
 * nothing is copied. */
uint8_t *lk_record_place(const lk_protection *p, const lk_record *record);

#endif
