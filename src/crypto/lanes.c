/* Each function here is the plain loop. A kernel for some of them goes in front of it: it takes
 * what it can, the loop the rest. */
#include "crypto/lanes.h"

#include "util/secret.h"

static lk_classic_key key_of(lk_classic kind, const uint8_t *private_key) {
    lk_classic_key key = {.kind = kind};
    memcpy(key.bytes, private_key, lk_classic_secret(kind));
    return key;
}

void lk_lanes_generate(const lk_lanes_of_generate *lanes, const lk_crypto *crypto,
                       lk_classic kind) {
    lk_classic_key key;
    for (size_t i = 0; i < lanes->num; i++)
        *lanes->status[i] =
            lk_classic_generate(&key, crypto, kind, lanes->private_key[i], lanes->share[i])
                ? LOCKSTEP_OK
                : LOCKSTEP_ERR_CRYPTO;
    lk_wipe(&key, sizeof key);
}

void lk_lanes_derive(const lk_lanes_of_derive *lanes, const lk_crypto *crypto, lk_classic kind) {
    lk_classic_key key;
    for (size_t i = 0; i < lanes->num; i++) {
        key = key_of(kind, lanes->private_key[i]);
        *lanes->status[i] = lk_classic_derive(&key, crypto, lanes->peer[i], lanes->secret[i]);
    }
    lk_wipe(&key, sizeof key);
}

void lk_lanes_respond(const lk_lanes_of_respond *lanes, const lk_crypto *crypto, lk_classic kind) {
    for (size_t i = 0; i < lanes->num; i++)
        *lanes->status[i] = lk_classic_respond(crypto, kind, lanes->private_key[i], lanes->share[i],
                                               lanes->peer[i], lanes->secret[i]);
}

void lk_lanes_kem_generate(const lk_lanes_of_kem_generate *lanes, const lk_crypto *crypto,
                           const lk_kem *kem) {
    for (size_t i = 0; i < lanes->num; i++)
        *lanes->status[i] =
            lk_kem_generate(lanes->key[i], crypto, kem, lanes->random[i], lanes->share[i])
                ? LOCKSTEP_OK
                : LOCKSTEP_ERR_CRYPTO;
}

void lk_lanes_encapsulate(const lk_lanes_of_encapsulate *lanes, const lk_crypto *crypto,
                          const lk_kem *kem) {
    for (size_t i = 0; i < lanes->num; i++)
        *lanes->status[i] = lk_kem_encapsulate(crypto, kem, lanes->random[i], lanes->peer[i],
                                               lanes->ciphertext[i], lanes->secret[i]);
}

void lk_lanes_decapsulate(const lk_lanes_of_decapsulate *lanes, const lk_kem *kem) {
    for (size_t i = 0; i < lanes->num; i++)
        *lanes->status[i] =
            lk_kem_decapsulate(lanes->key[i], kem, lanes->ciphertext[i], lanes->secret[i]);
}

void lk_lanes_sign(const lk_lanes_of_sign *lanes, lk_signature_algorithm algorithm) {
    for (size_t i = 0; i < lanes->num; i++)
        *lanes->status[i] = lk_private_key_sign(lanes->key[i], algorithm, lanes->message[i],
                                                lanes->signature[i], lanes->signature_len[i]);
}

void lk_lanes_verify(const lk_lanes_of_verify *lanes, lk_signature_algorithm algorithm) {
    for (size_t i = 0; i < lanes->num; i++)
        *lanes->status[i] =
            lk_public_key_verify(lanes->key[i], algorithm, lanes->signature[i], lanes->message[i])
                ? LOCKSTEP_OK
                : LOCKSTEP_PEER_BAD_SIGNATURE;
}
