/*
 * fuzz_server_hello.c - ServerHello and HelloRetryRequest.
 */
#include "support/fuzzing.h"
#include "wire/server_hello.h"

static void write_again(const lk_server_hello *h) {
    lk_server_hello g;
    lk_flaw flaw;
    lk_server_hello_out out = {.random = h->random.p,
                               .session_id_echo = h->session_id_echo,
                               .cipher_suite = h->cipher_suite,
                               .group = h->group,
                               .key_exchange = h->key_exchange,
                               .cookie = h->cookie};
    lk_buffer message = lk_buffer_of(&lk_heap_default, 0);
    lk_builder b = lk_builder_of(&message);
    lk_server_hello_build(&b, &out);
    NEED(lk_builder_ok(&b));
    NEED(lk_server_hello_parse(&g, &flaw, body_of(&message)) == LOCKSTEP_OK);
    NEED(g.is_retry == h->is_retry && g.cipher_suite == h->cipher_suite && g.group == h->group);
    NEED(lk_slice_equal(g.random, h->random) && lk_slice_equal(g.cookie, h->cookie));
    NEED(lk_slice_equal(g.session_id_echo, h->session_id_echo));
    NEED(lk_slice_equal(g.key_exchange, h->key_exchange));
    lk_buffer_free(&message);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    lk_server_hello h;
    lk_flaw flaw;
    lockstep_status status = lk_server_hello_parse(&h, &flaw, lk_slice_of(data, size));
    if (status != LOCKSTEP_OK) {
        check_flaw(status, &flaw);
        return 0;
    }
    NEED(inside(h.random, data, size) && h.random.p_len == LK_RANDOM_LEN);
    NEED(inside(h.session_id_echo, data, size) && h.session_id_echo.p_len <= LK_SESSION_ID_MAX);
    NEED(inside(h.key_exchange, data, size) && inside(h.cookie, data, size));
    check_extensions(&h.ext, data, size);
    NEED(!h.is_retry || h.key_exchange.p_len == 0);
    /* The builder has no way to write group 0, which no server has. */
    bool no_group = (h.ext.present & lk_extension_bit(key_share)) != 0 && h.group == 0;
    if ((h.ext.present & lk_extension_bit(supported_versions)) != 0 && !no_group && size < 60000)
        write_again(&h);
    return 0;
}
