/*
 * fuzz_client.c - a whole connection of a client, against raw bytes or a peer that the input
 * drives.
 */
#include "support/fuzzing.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    fuzz_connection(false, data, size);
    return 0;
}
