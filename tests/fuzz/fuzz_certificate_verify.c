/*
 * fuzz_certificate_verify.c - CertificateVerify: there is one way to write what was read.
 */
#include "support/fuzzing.h"
#include "wire/certificate_verify.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    lk_certificate_verify v;
    lockstep_status status = lk_certificate_verify_parse(&v, lk_slice_of(data, size));
    if (status != LOCKSTEP_OK) {
        NEED(status == LOCKSTEP_PEER_DECODE_CERTIFICATE_VERIFY);
        return 0;
    }
    NEED(inside(v.signature, data, size));
    lk_buffer message = lk_buffer_of(&lk_heap_default, 0);
    lk_builder b = lk_builder_of(&message);
    lk_certificate_verify_build(&b, v.scheme, v.signature);
    NEED(lk_builder_ok(&b));
    NEED(lk_slice_equal(body_of(&message), lk_slice_of(data, size)));
    lk_buffer_free(&message);
    return 0;
}
