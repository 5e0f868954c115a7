#include "handshake/tls12/keys.h"

#include "util/secret.h"

void lk12_master(lk12_master_secret *out, lk_hash hash, lk_slice premaster,
                 const uint8_t *session_hash) {
    out->hash = hash;
    lk_prf(hash, out->bytes, LK12_MASTER_LEN, premaster, "extended master secret",
           lk_slice_of(session_hash, lk_hash_length(hash)), lk_slice_of(NULL, 0));
}

void lk12_key_block(lk_write_keys *client, lk_write_keys *server, const lk12_master_secret *master,
                    lk_aead_kind aead, const uint8_t *client_random, const uint8_t *server_random) {
    uint8_t block[2 * (LK_AEAD_KEY_MAX + LK_AEAD_NONCE_LEN)], *p = block;
    size_t key = lk_aead_key_length(aead), iv = lk_aead_tls12_iv_length(aead);
    memset(client, 0, sizeof *client);
    memset(server, 0, sizeof *server);
    /* "SecurityParameters.server_random + SecurityParameters.client_random": here the server's is
     * first. AEAD ciphers have no MAC keys. */
    lk_prf(master->hash, block, 2 * (key + iv), lk12_master_slice(master), "key expansion",
           lk_slice_of(server_random, LK_RANDOM_LEN), lk_slice_of(client_random, LK_RANDOM_LEN));
    memcpy(client->key, p, key);
    memcpy(server->key, p + key, key);
    memcpy(client->iv, p + 2 * key, iv);
    memcpy(server->iv, p + 2 * key + iv, iv);
    lk_wipe(block, sizeof block);
}

void lk12_verify_data(uint8_t out[LK12_VERIFY_DATA_LEN], const lk12_master_secret *master,
                      bool by_client, const uint8_t *transcript) {
    lk_prf(master->hash, out, LK12_VERIFY_DATA_LEN, lk12_master_slice(master),
           by_client ? "client finished" : "server finished",
           lk_slice_of(transcript, lk_hash_length(master->hash)), lk_slice_of(NULL, 0));
}
