/*
 * fuzz_client_tls12.c - a whole connection of a client in TLS 1.2, against raw bytes or a peer that
 * the input drives.
 */
#include "support/fuzzing.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    fuzz_connection_tls12(false, data, size);
    return 0;
}
