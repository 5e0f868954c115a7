/*
 * fuzz_server.c - a whole connection of a server, against raw bytes or a peer that the input
 * drives.
 */
#include "support/fuzzing.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    fuzz_connection(true, data, size);
    return 0;
}
