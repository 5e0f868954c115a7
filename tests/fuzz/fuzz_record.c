/*
 * fuzz_record.c - records: what is framed lies in the input and does not depend on how much of it
 * has come; what is sealed opens to the same, and to nothing when a bit of it is changed.
 */
#include "crypto/crypto.h"
#include "record/record.h"
#include "support/fuzzing.h"

static void frame(lk_slice in, bool is_protected) {
    lk_record whole, part;
    size_t needed, needed_part;
    lockstep_status status = lk_record_frame(&whole, &needed, in, is_protected);
    NEED(status == LOCKSTEP_OK || status == LOCKSTEP_PEER_RECORD_TYPE ||
         status == LOCKSTEP_PEER_RECORD_OVERFLOW);
    NEED(needed >= LK_RECORD_HEADER && needed <= LK_RECORD_HEADER + LK_CIPHERTEXT_MAX);
    for (size_t n = 0; n <= in.p_len && n <= LK_RECORD_HEADER; n++) {
        lockstep_status early =
            lk_record_frame(&part, &needed_part, lk_slice_of(in.p, n), is_protected);
        NEED(early == LOCKSTEP_OK || early == status);
        NEED(n < LK_RECORD_HEADER || (early == status && needed_part == needed));
    }
    if (status == LOCKSTEP_OK && in.p_len >= needed) {
        NEED(inside(whole.payload, in.p, in.p_len) && inside(whole.header, in.p, in.p_len));
        NEED(whole.payload.p_len == needed - LK_RECORD_HEADER);
    }
}

static void round_trip(lk_aead_kind kind, lk_slice content, size_t flip) {
    static lk_crypto *crypto;
    static const uint8_t key[LK_AEAD_KEY_MAX] = "a key of the fuzzer, 32 bytes...";
    static const uint8_t iv[LK_AEAD_NONCE_LEN] = "its nonce ..";
    static const lk_content_type types[] = {LK_ALERT, LK_HANDSHAKE, LK_APPLICATION_DATA};
    lk_protection seal = {0}, open = {0};
    lk_buffer wire = lk_buffer_of(&lk_heap_default, 0);
    lk_record record;
    size_t needed, length;
    uint8_t *plain = malloc(LK_CIPHERTEXT_MAX), type;
    if (crypto == NULL)
        crypto = lk_crypto_new();
    NEED(plain != NULL && crypto != NULL);
    lk_protect_with(&seal, crypto, kind, key, iv, true);
    lk_protect_with(&open, crypto, kind, key, iv, false);
    for (int i = 0; i < 3; i++) {
        lk_buffer_cut(&wire, 0);
        NEED(lk_record_seal(&seal, &wire, types[i], content, 0x0303) == LOCKSTEP_OK);
        if (i == 2)
            lk_buffer_bytes(&wire)[flip % lk_buffer_length(&wire)] ^= 0x10;
        lockstep_status status = lk_record_frame(&record, &needed, lk_buffer_slice(&wire), true);
        if (i == 2 && (status != LOCKSTEP_OK || needed != lk_buffer_length(&wire)))
            break;
        NEED(status == LOCKSTEP_OK && needed == lk_buffer_length(&wire));
        status = lk_record_open(&open, plain, &type, &length, &record, LK_INNER_MAX);
        NEED(i == 2 ? status == LOCKSTEP_PEER_BAD_RECORD_MAC : status == LOCKSTEP_OK);
        NEED(i == 2 || (type == types[i] && lk_slice_equal(lk_slice_of(plain, length), content)));
    }
    lk_protection_free(&seal);
    lk_protection_free(&open);
    lk_buffer_free(&wire);
    free(plain);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size < 3)
        return 0;
    lk_slice rest = lk_slice_of(data + 3, size - 3);
    frame(rest, false);
    frame(rest, true);
    if (rest.p_len <= LK_PLAINTEXT_MAX)
        round_trip((lk_aead_kind)(LK_AEAD_AES_128_GCM + data[0] % 3), rest,
                   (size_t)data[1] << 8 | data[2]);
    return 0;
}
