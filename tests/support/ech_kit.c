#include "support/ech_kit.h"

#include "support/peer.h"

static const uint8_t suites[] = {0, 1, 0, 1, 0, 2, 0, 2, 0, 1, 0, 3};

void ech_make_as(ech_key *out, const lk_ech_config *like, uint8_t seed) {
    lk_crypto *crypto = lk_crypto_new();
    lk_hpke_key key;
    lk_ech_config config = *like;
    lk_buffer bytes = lk_buffer_of(&lk_heap_default, 0);
    lk_builder b = lk_builder_of(&bytes);
    memset(out, 0, sizeof *out);
    memset(out->private_key, seed + 1, sizeof out->private_key);
    NEED(crypto != NULL &&
         lk_hpke_key_make(&key, crypto, config.kem,
                          lk_slice_of(out->private_key, sizeof out->private_key)) == LOCKSTEP_OK);
    config.public_key = lk_slice_of(key.public_key, key.public_key_len);
    lk_ech_config_build(&b, &config);
    NEED(lk_builder_ok(&b) && lk_buffer_length(&bytes) <= sizeof out->config);
    out->config_len = lk_buffer_length(&bytes);
    out->list_len = out->config_len + 2;
    memcpy(out->config, lk_buffer_bytes(&bytes), out->config_len);
    out->list[0] = (uint8_t)(out->config_len >> 8);
    out->list[1] = (uint8_t)out->config_len;
    memcpy(out->list + 2, out->config, out->config_len);
    lk_buffer_free(&bytes);
    lk_hpke_key_free(&key);
    lk_crypto_free(crypto);
}

void ech_make(ech_key *out, uint16_t kem, uint8_t seed) {
    ech_make_as(out,
                &(lk_ech_config){.config_id = (uint8_t)(7 + seed),
                                 .kem = kem,
                                 .suites = lk_slice_of(suites, sizeof suites),
                                 .maximum_name_length = 64,
                                 .public_name = lk_slice_of_str(ECH_PUBLIC_NAME)},
                seed);
}
