/*
 * fuzz_compressed_certificate.c - CompressedCertificate: there is one way to write what was read,
 * and decompressing never writes more than the message said.
 */
#include "compress/compress.h"
#include "support/fuzzing.h"
#include "wire/compressed_certificate.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    lk_compressed_certificate c;
    bool no_memory;
    lockstep_status status = lk_compressed_certificate_parse(&c, lk_slice_of(data, size));
    if (status != LOCKSTEP_OK) {
        NEED(status == LOCKSTEP_PEER_DECODE_CERTIFICATE);
        return 0;
    }
    NEED(inside(c.compressed, data, size));
    lk_buffer message = lk_buffer_of(&lk_heap_default, 0);
    lk_builder b = lk_builder_of(&message);
    lk_compressed_certificate_build(&b, &c);
    NEED(lk_builder_ok(&b));
    NEED(lk_slice_equal(body_of(&message), lk_slice_of(data, size)));
    lk_buffer_free(&message);
    /* A block of the very length, so that a byte more is found by the sanitizer. */
    size_t n = c.uncompressed_length <= 131072 ? c.uncompressed_length : 131072;
    uint8_t *out = malloc(n + (n == 0));
    NEED(out != NULL);
    bool whole = lk_decompress(c.algorithm, out, n, c.compressed, &lk_heap_default, &no_memory);
    NEED(!no_memory && (!whole || lk_compression_index(c.algorithm) >= 0));
    free(out);
    return 0;
}
