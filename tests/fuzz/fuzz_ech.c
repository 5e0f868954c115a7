/*
 * fuzz_ech.c - the bytes of Encrypted Client Hello. The first byte of the input says which: 0 an
 * ECHConfigList, 1 the extension in a ClientHello, 2 an EncodedClientHelloInner, behind two bytes
 * of length of the ClientHelloOuter in front of it. What parses is written again and must be the
 * same.
 */
#include "support/fuzzing.h"

static lk_buffer buffer(void) {
    return lk_buffer_of(&lk_heap_default, 0);
}

static void fuzz_list(const uint8_t *data, size_t size) {
    lk_slice configs;
    lk_ech_config c;
    if (!lk_ech_list_parse(&configs, lk_slice_of(data, size)))
        return;
    NEED(configs.p_len + 2 == size);
    while (lk_ech_list_next(&configs, &c)) {
        const lk_slice all[] = {c.whole, c.public_key, c.suites, c.public_name, c.extensions};
        for (size_t i = 0; i < sizeof all / sizeof *all; i++)
            NEED(inside(all[i], data, size));
        if (c.version != LK_ECH_VERSION || c.extensions.p_len > 0)
            continue;
        NEED(c.suites.p_len > 0 && c.suites.p_len % 4 == 0 && c.public_name.p_len > 0);
        lk_buffer bytes = buffer();
        lk_builder b = lk_builder_of(&bytes);
        lk_ech_config_build(&b, &c);
        NEED(lk_builder_ok(&b) && lk_slice_equal(lk_buffer_slice(&bytes), c.whole));
        lk_buffer_free(&bytes);
    }
    NEED(configs.p_len == 0);
}

static void fuzz_extension(const uint8_t *data, size_t size) {
    lk_ech_hello h;
    lockstep_status status = lk_ech_hello_parse(&h, lk_slice_of(data, size));
    if (status != LOCKSTEP_OK) {
        NEED(status == LOCKSTEP_PEER_DECODE_EXTENSION || status == LOCKSTEP_PEER_ECH_TYPE);
        return;
    }
    NEED(inside(h.enc, data, size) && inside(h.payload, data, size));
    if (h.type == LK_ECH_INNER) {
        NEED(size == 1);
        return;
    }
    lk_buffer bytes = buffer();
    lk_builder b = lk_builder_of(&bytes);
    lk_ech_hello_build(&b, &h);
    NEED(lk_builder_ok(&b) && lk_slice_equal(lk_buffer_slice(&bytes), lk_slice_of(data, size)));
    lk_buffer_free(&bytes);
}

/* encode_again takes the inner hello there and back once more. */
static void encode_again(lk_slice inner, lk_slice outer) {
    lk_buffer around = buffer(), arranged = buffer(), encoded = buffer(), decoded = buffer();
    const char *what;
    lk_builder b = lk_builder_of(&around);
    lk_length length = lk_message_open(&b, LK_CLIENT_HELLO);
    lk_build_bytes(&b, outer);
    lk_build_close(&b, length);
    b = lk_builder_of(&arranged);
    lk_ech_arrange(&b, inner, lk_buffer_slice(&around));
    NEED(lk_builder_ok(&b) && lk_buffer_length(&arranged) == inner.p_len);
    b = lk_builder_of(&encoded);
    lk_ech_encode(&b, lk_buffer_slice(&arranged), lk_buffer_slice(&around));
    if (lk_builder_ok(&b)) { /* more than 127 shared extensions do not fit */
        b = lk_builder_of(&decoded);
        NEED(lk_ech_decode(&b, &what, lk_buffer_slice(&encoded), outer) == LOCKSTEP_OK);
        NEED(lk_builder_ok(&b));
        NEED(lk_slice_equal(lk_buffer_slice(&decoded), lk_buffer_slice(&arranged)));
    }
    lk_buffer *all[] = {&around, &arranged, &encoded, &decoded};
    for (size_t i = 0; i < 4; i++)
        lk_buffer_free(all[i]);
}

static void fuzz_inner(const uint8_t *data, size_t size) {
    lk_reader r = lk_reader_of(lk_slice_of(data, size));
    lk_slice outer, encoded, extension;
    lk_client_hello o, i;
    lk_flaw flaw;
    const char *what;
    if (!lk_read_vector(&r, 2, 0, UINT16_MAX, &outer) ||
        lk_client_hello_parse(&o, &flaw, outer) != LOCKSTEP_OK || o.ext.present == 0)
        return;
    if (lk_ech_find(&extension, outer))
        NEED(inside(extension, data, size));
    encoded = lk_reader_rest(&r);
    lk_buffer inner = buffer();
    lk_builder b = lk_builder_of(&inner);
    lockstep_status status = lk_ech_decode(&b, &what, encoded, outer);
    if (status == LOCKSTEP_OK) {
        NEED(lk_builder_ok(&b) && what == NULL);
        /* "a packet amplification attack" is not to be had */
        NEED(lk_buffer_length(&inner) <= encoded.p_len + outer.p_len + 8);
        if (lk_client_hello_parse(&i, &flaw, body_of(&inner)) == LOCKSTEP_OK) {
            NEED(lk_slice_equal(i.session_id, o.session_id));
            encode_again(lk_buffer_slice(&inner), outer);
        }
    } else {
        NEED(status == LOCKSTEP_PEER_DECODE_CLIENT_HELLO ||
             (status == LOCKSTEP_PEER_ECH_ENCODED_INNER && what != NULL));
    }
    lk_buffer_free(&inner);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size == 0)
        return 0;
    if (data[0] % 3 == 0)
        fuzz_list(data + 1, size - 1);
    else if (data[0] % 3 == 1)
        fuzz_extension(data + 1, size - 1);
    else
        fuzz_inner(data + 1, size - 1);
    return 0;
}
