/*
 * fuzz_client_hello.c - ClientHello: slices inside the input, lists that were checked can be
 * walked, and what is written from what was read reads the same.
 */
#include "support/fuzzing.h"

static void write_again(const lk_client_hello *h) {
    static uint16_t suites[200], versions[100], groups[100], schemes[100];
    lk_key_share_out shares[20];
    lk_slice rest = h->key_shares;
    size_t num_shares = 0;
    while (num_shares < 20 &&
           lk_key_share_next(&rest, &shares[num_shares].group, &shares[num_shares].key_exchange))
        num_shares++;
    lk_client_hello_out out = {
        .random = h->random.p,
        .session_id = h->session_id,
        .suites = suites,
        .num_suites = u16_list(suites, 200, h->cipher_suites),
        .versions = versions,
        .num_versions = u16_list(versions, 100, h->versions),
        .groups = groups,
        .num_groups = u16_list(groups, 100, h->groups),
        .schemes = schemes,
        .num_schemes = u16_list(schemes, 100, h->schemes),
        .shares = shares,
        .num_shares = num_shares,
        .server_name = h->server_name,
        .protocols = h->protocols,
        .cookie = h->cookie,
        .record_size_limit = h->record_size_limit,
    };
    if (out.num_versions == 0 || out.num_groups == 0 || out.num_schemes == 0)
        return; /* the builder writes these always, and none may be empty */
    lk_buffer message = lk_buffer_of(&lk_heap_default, 0);
    lk_builder b = lk_builder_of(&message);
    lk_client_hello_build(&b, &out);
    if (lk_builder_ok(&b)) {
        lk_client_hello g;
        lk_flaw flaw;
        NEED(lk_client_hello_parse(&g, &flaw, body_of(&message)) == LOCKSTEP_OK);
        NEED(lk_slice_equal(g.random, h->random) && lk_slice_equal(g.session_id, h->session_id));
        NEED(g.versions.p_len == 2 * out.num_versions && g.groups.p_len == 2 * out.num_groups);
        NEED(lk_slice_equal(g.server_name, h->server_name));
        NEED(lk_slice_equal(g.protocols, h->protocols) && lk_slice_equal(g.cookie, h->cookie));
        NEED(num_shares == 20 || lk_slice_equal(g.key_shares, h->key_shares));
        NEED(g.record_size_limit == h->record_size_limit);
    }
    lk_buffer_free(&message);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    lk_client_hello h;
    lk_flaw flaw;
    lockstep_status status = lk_client_hello_parse(&h, &flaw, lk_slice_of(data, size));
    if (status != LOCKSTEP_OK) {
        check_flaw(status, &flaw);
        return 0;
    }
    const lk_slice all[] = {h.random,       h.session_id, h.cipher_suites, h.compression_methods,
                            h.server_name,  h.versions,   h.groups,        h.schemes,
                            h.schemes_cert, h.key_shares, h.protocols,     h.cookie,
                            h.psk_modes};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        NEED(inside(all[i], data, size));
    check_extensions(&h.ext, data, size);
    NEED(h.random.p_len == LK_RANDOM_LEN && h.session_id.p_len <= LK_SESSION_ID_MAX);
    NEED(h.cipher_suites.p_len % 2 == 0 && h.versions.p_len % 2 == 0 && h.groups.p_len % 2 == 0);
    lk_slice rest = h.protocols, name;
    while (rest.p_len > 0)
        NEED(lk_protocol_list_next(&rest, &name) && name.p_len > 0);
    write_again(&h);
    return 0;
}
