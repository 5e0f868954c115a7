#include "lab/hand.h"

#include <string.h>

#include "util/builder.h"
#include "util/reader.h"
#include "util/secret.h"

#define HEADER 4 /* of a handshake message (RFC 8446 §4) */

void lk_hand_note(lk_hand *h, const lockstep_note *note) {
    if (h->type == 0 || note->kind != LOCKSTEP_NOTE_KEY)
        return;
    if (strcmp(note->title, "server handshake key") == 0 && note->bytes.p_len <= sizeof h->key) {
        memcpy(h->key, note->bytes.p, note->bytes.p_len);
        h->key_len = note->bytes.p_len;
    } else if (strcmp(note->title, "server handshake iv") == 0 &&
               note->bytes.p_len == sizeof h->iv) {
        memcpy(h->iv, note->bytes.p, sizeof h->iv);
    }
}

void lk_hand_free(lk_hand *h) {
    lk_protection_free(&h->in);
    lk_protection_free(&h->out);
    lk_wipe(h, sizeof *h);
}

static bool set_up(lk_hand *h, const lk_crypto *crypto, uint16_t suite) {
    lk_aead_kind kind = suite == LOCKSTEP_SUITE_CHACHA20_POLY1305_SHA256 ? LK_AEAD_CHACHA20_POLY1305
                        : suite == LOCKSTEP_SUITE_AES_256_GCM_SHA384     ? LK_AEAD_AES_256_GCM
                                                                         : LK_AEAD_AES_128_GCM;
    if (lk_protected(&h->in))
        return true;
    if (h->key_len != lk_aead_key_length(kind))
        return false;
    lk_protect_with(&h->in, crypto, kind, h->key, h->iv, false);
    lk_protect_with(&h->out, crypto, kind, h->key, h->iv, true);
    return true;
}

/* rewrite_content copies the messages of a record and changes the one that is meant. */
static bool rewrite_content(lk_hand *h, lk_slice content, lk_buffer *out) {
    lk_reader r = lk_reader_of(content);
    lk_slice head, body;
    while (lk_read_bytes(&r, 1, &head) && lk_read_vector(&r, 3, 0, 0xffffff, &body)) {
        lk_buffer message = lk_buffer_of(&lk_heap_default, 0);
        bool good = lk_buffer_append(&message, lk_slice_of(head.p, HEADER + body.p_len));
        if (good && head.p[0] == h->type && !h->done) {
            h->done = true;
            good = h->rewrite(&message);
        }
        good = good && lk_buffer_append(out, lk_buffer_slice(&message));
        lk_buffer_free(&message);
        if (!good)
            return false;
    }
    return lk_reader_done(&r);
}

/* reseal opens a record of the handshake and seals it again; false: it is none, or none of ours. */
static bool reseal(lk_hand *h, const lk_record *record, lk_buffer *out) {
    uint8_t type;
    size_t length;
    lk_buffer plain = lk_buffer_of(&lk_heap_default, 0), changed = plain;
    uint8_t *room = lk_buffer_reserve(&plain, record->payload.p_len + 1);
    bool good = room != NULL &&
                lk_record_open(&h->in, room, &type, &length, record, LK_INNER_MAX) == LOCKSTEP_OK;
    if (good && type == LK_HANDSHAKE)
        good = rewrite_content(h, lk_slice_of(room, length), &changed);
    else if (good)
        good = lk_buffer_append(&changed, lk_slice_of(room, length));
    if (good)
        lk_buffer_commit(&plain, length); /* so that it is wiped */
    good = good && lk_buffer_length(&changed) <= LK_PLAINTEXT_MAX &&
           lk_record_seal(&h->out, out, (lk_content_type)type, lk_buffer_slice(&changed), 0x0303) ==
               LOCKSTEP_OK;
    lk_buffer_free(&plain);
    lk_buffer_free(&changed);
    return good;
}

bool lk_hand_pass(lk_hand *h, const lk_crypto *crypto, uint16_t suite, lk_slice record,
                  lk_buffer *out) {
    lk_record framed;
    size_t needed;
    bool before = h->done;
    if (h->type != 0 && h->key_len > 0 && record.p[0] == LK_APPLICATION_DATA &&
        set_up(h, crypto, suite) &&
        lk_record_frame(&framed, &needed, record, LK_FRAME_TLS13) == LOCKSTEP_OK &&
        needed <= record.p_len && reseal(h, &framed, out))
        return h->done && !before;
    (void)lk_buffer_append(out, record);
    return false;
}
