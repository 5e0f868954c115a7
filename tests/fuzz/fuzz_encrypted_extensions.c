/*
 * fuzz_encrypted_extensions.c - EncryptedExtensions.
 */
#include "support/fuzzing.h"
#include "wire/encrypted_extensions.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    lk_encrypted_extensions e, g;
    lk_flaw flaw;
    lockstep_status status = lk_encrypted_extensions_parse(&e, &flaw, lk_slice_of(data, size));
    if (status != LOCKSTEP_OK) {
        check_flaw(status, &flaw);
        return 0;
    }
    check_extensions(&e.ext, data, size);
    NEED(inside(e.groups, data, size) && inside(e.protocol, data, size));
    NEED(e.groups.p_len % 2 == 0 && e.protocol.p_len <= 255);
    lk_encrypted_extensions_out out = {.server_name =
                                           (e.ext.present & lk_extension_bit(server_name)) != 0,
                                       .protocol = e.protocol,
                                       .record_size_limit = e.record_size_limit};
    lk_buffer message = lk_buffer_of(&lk_heap_default, 0);
    lk_builder b = lk_builder_of(&message);
    lk_encrypted_extensions_build(&b, &out);
    NEED(lk_builder_ok(&b));
    NEED(lk_encrypted_extensions_parse(&g, &flaw, body_of(&message)) == LOCKSTEP_OK);
    NEED(lk_slice_equal(g.protocol, e.protocol) && g.record_size_limit == e.record_size_limit);
    lk_buffer_free(&message);
    return 0;
}
