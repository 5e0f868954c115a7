/*
 * fuzz_certificate_request.c - CertificateRequest.
 */
#include "support/fuzzing.h"
#include "wire/certificate_request.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static uint16_t schemes[40000];
    lk_certificate_request q, g;
    lk_flaw flaw;
    lockstep_status status = lk_certificate_request_parse(&q, &flaw, lk_slice_of(data, size));
    if (status != LOCKSTEP_OK) {
        check_flaw(status, &flaw);
        return 0;
    }
    check_extensions(&q.ext, data, size);
    NEED(inside(q.context, data, size) && q.context.p_len <= 255);
    NEED(inside(q.schemes, data, size) && inside(q.schemes_cert, data, size));
    NEED(q.schemes.p_len > 0 && q.schemes.p_len % 2 == 0);
    size_t n = u16_list(schemes, 30000, q.schemes);
    lk_buffer message = lk_buffer_of(&lk_heap_default, 0);
    lk_builder b = lk_builder_of(&message);
    lk_certificate_request_build(
        &b, &(lk_certificate_request_out){.schemes = schemes, .num_schemes = n});
    NEED(lk_builder_ok(&b));
    NEED(lk_certificate_request_parse(&g, &flaw, body_of(&message)) == LOCKSTEP_OK);
    NEED(lk_slice_equal(g.schemes, lk_slice_of(q.schemes.p, 2 * n)) && g.context.p_len == 0);
    lk_buffer_free(&message);
    return 0;
}
