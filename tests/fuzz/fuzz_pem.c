/*
 * fuzz_pem.c - PEM and base64: what is read and written again reads the same; the text always moves
 * on; a private key from anybody is refused or works.
 */
#include <stdlib.h>

#include "crypto/keys.h"
#include "util/base64.h"
#include "util/heap.h"
#include "util/pem.h"

#define CHECK(condition)                                                                           \
    do {                                                                                           \
        if (!(condition))                                                                          \
            abort();                                                                               \
    } while (0)

static void blocks(lk_slice text) {
    lk_buffer der = lk_buffer_of(&lk_heap_default, 0), pem = der, again = der;
    size_t left = text.p_len;
    int found;
    while ((found = lk_pem_next(&text, "CERTIFICATE", &der)) != 0) {
        CHECK(text.p_len < left); /* it always ends */
        left = text.p_len;
        if (found < 0) {
            CHECK(lk_buffer_length(&der) == 0);
            continue;
        }
        CHECK(lk_pem_write(&pem, "CERTIFICATE", lk_buffer_slice(&der)));
        lk_slice written = lk_buffer_slice(&pem);
        CHECK(lk_pem_next(&written, "CERTIFICATE", &again) == 1);
        CHECK(lk_slice_equal(lk_buffer_slice(&der), lk_buffer_slice(&again)));
        CHECK(lk_pem_next(&written, "CERTIFICATE", &again) == 0);
        lk_buffer_cut(&der, 0);
        lk_buffer_cut(&pem, 0);
        lk_buffer_cut(&again, 0);
    }
    lk_buffer_free(&der);
    lk_buffer_free(&pem);
    lk_buffer_free(&again);
}

static void base64(lk_slice text) {
    lk_buffer bytes = lk_buffer_of(&lk_heap_default, 0), encoded = bytes, again = bytes;
    if (lk_base64_decode(&bytes, text)) {
        CHECK(lk_base64_encode(&encoded, lk_buffer_slice(&bytes), 64));
        CHECK(lk_base64_decode(&again, lk_buffer_slice(&encoded)));
        CHECK(lk_slice_equal(lk_buffer_slice(&bytes), lk_buffer_slice(&again)));
    } else {
        CHECK(lk_buffer_length(&bytes) == 0);
    }
    lk_buffer_cut(&encoded, 0);
    lk_buffer_cut(&again, 0);
    CHECK(lk_base64_encode(&encoded, text, 0));
    CHECK(lk_base64_decode(&again, lk_buffer_slice(&encoded)));
    CHECK(lk_slice_equal(text, lk_buffer_slice(&again)));
    lk_buffer_free(&bytes);
    lk_buffer_free(&encoded);
    lk_buffer_free(&again);
}

static void private_key(lk_slice text) {
    lk_private_key *key;
    lockstep_status status = lk_private_key_from_pem(&key, NULL, text);
    CHECK((status == LOCKSTEP_OK) == (key != NULL));
    if (key == NULL)
        return;
    lk_buffer pem = lk_buffer_of(&lk_heap_default, 0), spki = pem;
    CHECK(lk_private_key_spki(key, &spki) == LOCKSTEP_OK);
    CHECK(lk_private_key_matches(key, lk_buffer_slice(&spki)));
    if (lk_private_key_to_pem(key, &pem) == LOCKSTEP_OK) {
        lk_private_key *again;
        CHECK(lk_private_key_from_pem(&again, NULL, lk_buffer_slice(&pem)) == LOCKSTEP_OK);
        CHECK(lk_private_key_matches(again, lk_buffer_slice(&spki)));
        lk_private_key_free(again);
    }
    lk_buffer_free(&pem);
    lk_buffer_free(&spki);
    lk_private_key_free(key);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    lk_slice text = lk_slice_of(data, size);
    blocks(text);
    base64(text);
    private_key(text);
    return 0;
}
