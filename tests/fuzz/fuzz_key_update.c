/*
 * fuzz_key_update.c - KeyUpdate, by itself and as a message after the handshake.
 */
#include "handshake/handshake.h"
#include "support/fuzzing.h"
#include "wire/key_update.h"

static void parse(const uint8_t *data, size_t size) {
    bool requested = false;
    lockstep_status status = lk_key_update_parse(&requested, lk_slice_of(data, size));
    if (status != LOCKSTEP_OK) {
        NEED(size == 1 ? status == LOCKSTEP_PEER_KEY_UPDATE
                       : status == LOCKSTEP_PEER_DECODE_KEY_UPDATE);
        return;
    }
    NEED(size == 1 && data[0] == (requested ? 1 : 0));
    lk_buffer message = lk_buffer_of(&lk_heap_default, 0);
    lk_builder b = lk_builder_of(&message);
    lk_key_update_build(&b, requested);
    NEED(lk_builder_ok(&b));
    NEED(lk_slice_equal(body_of(&message), lk_slice_of(data, size)));
    lk_buffer_free(&message);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const lk_settings settings; /* keeps no sessions */
    static const lk_agreed agreed;
    lk_post_message post;
    lk_buffer message = lk_buffer_of(&lk_heap_default, 0);
    lk_builder b = lk_builder_of(&message);
    if (size < 1 || size > 16384)
        return 0;
    parse(data + 1, size - 1);
    /* The first byte is the message's type. */
    lk_build_u8(&b, data[0]);
    lk_build_vector(&b, 3, lk_slice_of(data + 1, size - 1));
    NEED(lk_builder_ok(&b));
    for (int i = 0; i < 4; i++) {
        lockstep_failure failure = {0};
        lockstep_status status = lk_post_handshake_receive(
            &post, &failure, &settings, &agreed, i % 2 == 1, lk_buffer_slice(&message), i / 2 == 1);
        NEED(status == failure.status);
        NEED(status == LOCKSTEP_OK || (!post.keys_changed && failure.rule[0] != '\0'));
    }
    lk_buffer_free(&message);
    return 0;
}
