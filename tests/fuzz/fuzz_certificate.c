/*
 * fuzz_certificate.c - Certificate, the message (fuzz_cert.c has the certificate itself).
 */
#include "support/fuzzing.h"
#include "wire/certificate.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    lk_certificate c, g;
    lk_flaw flaw;
    lockstep_status status = lk_certificate_parse(&c, &flaw, lk_slice_of(data, size));
    if (status != LOCKSTEP_OK) {
        check_flaw(status, &flaw);
        return 0;
    }
    NEED(inside(c.context, data, size) && c.context.p_len <= 255);
    NEED(c.num_chain <= LK_CHAIN_MAX);
    for (size_t i = 0; i < c.num_chain; i++)
        NEED(inside(c.chain[i], data, size) && c.chain[i].p_len > 0);
    lk_buffer message = lk_buffer_of(&lk_heap_default, 0);
    lk_builder b = lk_builder_of(&message);
    lk_certificate_build(&b, c.context, c.chain, c.num_chain, lk_slice_of(NULL, 0),
                         lk_slice_of(NULL, 0));
    NEED(lk_builder_ok(&b));
    NEED(lk_certificate_parse(&g, &flaw, body_of(&message)) == LOCKSTEP_OK);
    NEED(g.num_chain == c.num_chain && lk_slice_equal(g.context, c.context));
    NEED(g.extensions == 0 && !g.unknown_extension);
    for (size_t i = 0; i < c.num_chain; i++)
        NEED(lk_slice_equal(g.chain[i], c.chain[i]));
    /* Without extensions there is one way to write it. */
    bool bare = c.extensions == 0 && !c.unknown_extension;
    NEED(!bare || lk_slice_equal(body_of(&message), lk_slice_of(data, size)));
    lk_buffer_free(&message);
    return 0;
}
