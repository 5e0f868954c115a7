/*
 * fuzz_cookie.c - the cookie of a HelloRetryRequest that comes back: as it is, which nobody could
 * have made, and with a MAC that fits, as another version of this program may have made it.
 */
#include "crypto/hkdf.h"
#include "handshake/retry_cookie.h"
#include "support/fuzzing.h"

static const uint8_t key[LK_COOKIE_KEY_LEN] = "thirty-two bytes, and all known";

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    const lk_slice in = lk_slice_of(data, size), address = lk_slice_of_str("192.0.2.1");
    uint8_t mac[LK_COOKIE_MAC_LEN];
    lk_cookie cookie = {0};
    lk_hmac hmac;
    NEED(!lk_cookie_open(&cookie, in, key, address));
    lk_hmac_key(&hmac, LK_SHA256, lk_slice_of(key, sizeof key));
    lk_hmac_of(&hmac, mac, in, address);
    lk_buffer bytes = lk_buffer_of(&lk_heap_default, 0), again = bytes;
    NEED(lk_buffer_append(&bytes, in) && lk_buffer_append(&bytes, lk_slice_of(mac, sizeof mac)));
    NEED(!lk_cookie_open(&cookie, lk_buffer_slice(&bytes), key, lk_slice_of_str("192.0.2.2")));
    if (lk_cookie_open(&cookie, lk_buffer_slice(&bytes), key, address)) {
        NEED(lk_suite_of(cookie.suite) != NULL);
        NEED(lk_cookie_seal(&again, &cookie, key, address));
        NEED(lk_slice_equal(lk_buffer_slice(&again), lk_buffer_slice(&bytes)));
    }
    lk_buffer_free(&bytes);
    lk_buffer_free(&again);
    return 0;
}
