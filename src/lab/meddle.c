#include "lab/meddle.h"

#include <stdlib.h>
#include <zlib.h>

#include "util/builder.h"

#define BOMB_MAX  ((size_t)8 * 1024 * 1024) /* what it is when it has gone off */
#define BOMB_SAYS 2000                      /* what it says it is */

/* protected_of: is this the first protected record of that end since its application spoke, and has
 * nobody done anything yet? */
static bool protected_of(const lk_stage *s, const lk_carried *record, bool client) {
    bool spoke = client ? s->asked : s->answered;
    return spoke && record->by_client == client && record->bytes.p[0] == LK_APPLICATION_DATA;
}

void lk_meddle_flip(void *arg, const lk_carried *record, lk_buffer *arrives) {
    lk_stage *s = arg;
    size_t before = lk_buffer_length(arrives);
    if (!lk_buffer_append(arrives, record->bytes) || !protected_of(s, record, false) ||
        s->meddled++ > 0)
        return;
    lk_buffer_bytes(arrives)[before + record->bytes.p_len - LK_AEAD_TAG_LEN - 8] ^= 1;
    lk_wire_say(&s->wire, LK_WIRE_BETWEEN, record->by_client, "Somebody changes one bit",
                "It is one of the server's answer, on its way to the client.",
                lk_slice_from(lk_buffer_slice(arrives), before));
}

void lk_meddle_repeat(void *arg, const lk_carried *record, lk_buffer *arrives) {
    lk_stage *s = arg;
    if (!lk_buffer_append(arrives, record->bytes) || !protected_of(s, record, true) ||
        s->meddled++ > 0)
        return;
    lk_wire_say(&s->wire, LK_WIRE_BETWEEN, record->by_client, "Somebody repeats a record",
                "The client's request arrives a second time, just as it was.", record->bytes);
    (void)lk_buffer_append(arrives, record->bytes);
}

void lk_meddle_reorder(void *arg, const lk_carried *record, lk_buffer *arrives) {
    lk_stage *s = arg;
    if (!protected_of(s, record, true) || s->meddled > 1) {
        (void)lk_buffer_append(arrives, record->bytes);
    } else if (s->meddled++ == 0) {
        lk_wire_say(&s->wire, LK_WIRE_BETWEEN, record->by_client, "Somebody keeps a record back",
                    "The client's first request has to wait.", (lk_slice){0});
        (void)lk_buffer_append(&s->kept, record->bytes);
    } else {
        lk_wire_say(&s->wire, LK_WIRE_BETWEEN, record->by_client, "Somebody changes the order",
                    "The client's second request arrives before its first.", record->bytes);
        (void)(lk_buffer_append(arrives, record->bytes) &&
               lk_buffer_append(arrives, lk_buffer_slice(&s->kept)));
    }
}

/* The first record of the answer arrives, and then nothing more: as if the server had said it all.
 */
void lk_meddle_truncate(void *arg, const lk_carried *record, lk_buffer *arrives) {
    lk_stage *s = arg;
    if (s->answered && !record->by_client && s->meddled++ > 0) {
        if (s->meddled == 2)
            lk_wire_say(&s->wire, LK_WIRE_BETWEEN, record->by_client,
                        "Somebody cuts the connection",
                        "One record of the answer has arrived; he drops the rest.", (lk_slice){0});
        return;
    }
    (void)lk_buffer_append(arrives, record->bytes);
}

/* ---- Messages -------------------------------------------------------------------------------- */

bool lk_rewrite_finished(lk_buffer *message) {
    lk_buffer_bytes(message)[lk_buffer_length(message) - 1] ^= 1;
    return true;
}

bool lk_rewrite_away(lk_buffer *message) {
    lk_buffer_cut(message, 0);
    return true;
}

/* put_bomb writes zeros, compressed. */
static bool put_bomb(lk_builder *b) {
    uLong bound = compressBound(BOMB_MAX);
    uint8_t *zeros = calloc(1, BOMB_MAX), *packed = malloc(bound);
    bool good = zeros != NULL && packed != NULL &&
                compress2(packed, &bound, zeros, BOMB_MAX, Z_BEST_COMPRESSION) == Z_OK;
    if (good)
        lk_build_vector(b, 3, lk_slice_of(packed, bound));
    free(zeros);
    free(packed);
    return good;
}

/* CompressedCertificate (RFC 8879 §4) of a small certificate that never ends. */
bool lk_rewrite_bomb(lk_buffer *message) {
    lk_buffer_cut(message, 1);
    lk_builder b = lk_builder_of(message);
    lk_length body = lk_build_open(&b, 3);
    lk_build_u16(&b, LOCKSTEP_COMPRESSION_ZLIB);
    lk_build_uint(&b, 3, BOMB_SAYS);
    bool good = put_bomb(&b);
    lk_build_close(&b, body);
    return good && lk_builder_ok(&b);
}
