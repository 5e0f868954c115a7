#include "handshake/key_schedule.h"

#include "util/secret.h"

static lk_slice empty(void) {
    return lk_slice_of(NULL, 0);
}

static void derive(lk_secret *out, const lk_hmac *from, lk_hash hash, const char *label,
                   const uint8_t *transcript) {
    size_t n = lk_hash_length(hash);
    out->hash = hash;
    lk_hkdf_expand_label(from, out->bytes, n, label, lk_slice_of(transcript, n));
}

/* next_stage is the step between stages: Derive-Secret(., "derived", "") is the salt of
 * HKDF-Extract with the new input. */
static void next_stage(lk_secret *out, const lk_secret *from, lk_slice input) {
    lk_hash hash = from->hash;
    lk_hmac mac;
    lk_secret salt;
    uint8_t of_nothing[LK_HASH_MAX];
    lk_digest_of(hash, of_nothing, empty());
    lk_hmac_key(&mac, hash, lk_secret_slice(from));
    derive(&salt, &mac, hash, "derived", of_nothing);
    out->hash = hash;
    lk_hkdf_extract(hash, out->bytes, lk_secret_slice(&salt), input);
    lk_wipe(&mac, sizeof mac);
    lk_wipe(&salt, sizeof salt);
}

void lk_schedule_early(lk_early_secret *out, lk_hash hash, lk_slice psk) {
    static const uint8_t zeros[LK_HASH_MAX];
    lk_slice zero = lk_slice_of(zeros, lk_hash_length(hash));
    out->s.hash = hash;
    lk_hkdf_extract(hash, out->s.bytes, zero, psk.p_len > 0 ? psk : zero);
}

void lk_schedule_binder(lk_traffic_secret *out, const lk_early_secret *early, lk_psk_kind kind) {
    static const char *const labels[] = {"res binder", "ext binder", "imp binder"};
    lk_hmac mac;
    uint8_t of_nothing[LK_HASH_MAX];
    lk_digest_of(early->s.hash, of_nothing, empty());
    lk_hmac_key(&mac, early->s.hash, lk_secret_slice(&early->s));
    derive(&out->s, &mac, early->s.hash, labels[kind], of_nothing);
    lk_wipe(&mac, sizeof mac);
}

void lk_schedule_early_traffic(lk_traffic_secret *client, lk_secret *exporter,
                               const lk_early_secret *early, const uint8_t *transcript) {
    lk_hmac mac;
    lk_hmac_key(&mac, early->s.hash, lk_secret_slice(&early->s));
    derive(&client->s, &mac, early->s.hash, "c e traffic", transcript);
    derive(exporter, &mac, early->s.hash, "e exp master", transcript);
    lk_wipe(&mac, sizeof mac);
}

void lk_schedule_handshake(lk_handshake_secret *out, const lk_early_secret *early,
                           lk_slice shared) {
    next_stage(&out->s, &early->s, shared);
}

void lk_schedule_handshake_traffic(lk_traffic_secret *client, lk_traffic_secret *server,
                                   const lk_handshake_secret *handshake,
                                   const uint8_t *transcript) {
    lk_hmac mac;
    lk_hmac_key(&mac, handshake->s.hash, lk_secret_slice(&handshake->s));
    derive(&client->s, &mac, handshake->s.hash, "c hs traffic", transcript);
    derive(&server->s, &mac, handshake->s.hash, "s hs traffic", transcript);
    lk_wipe(&mac, sizeof mac);
}

void lk_schedule_master(lk_master_secret *out, const lk_handshake_secret *handshake) {
    static const uint8_t zeros[LK_HASH_MAX];
    next_stage(&out->s, &handshake->s, lk_slice_of(zeros, lk_hash_length(handshake->s.hash)));
}

void lk_schedule_application_traffic(lk_traffic_secret *client, lk_traffic_secret *server,
                                     lk_secret *exporter, const lk_master_secret *master,
                                     const uint8_t *transcript) {
    lk_hmac mac;
    lk_hmac_key(&mac, master->s.hash, lk_secret_slice(&master->s));
    derive(&client->s, &mac, master->s.hash, "c ap traffic", transcript);
    derive(&server->s, &mac, master->s.hash, "s ap traffic", transcript);
    derive(exporter, &mac, master->s.hash, "exp master", transcript);
    lk_wipe(&mac, sizeof mac);
}

void lk_schedule_resumption(lk_secret *out, const lk_master_secret *master,
                            const uint8_t *transcript) {
    lk_hmac mac;
    lk_hmac_key(&mac, master->s.hash, lk_secret_slice(&master->s));
    derive(out, &mac, master->s.hash, "res master", transcript);
    lk_wipe(&mac, sizeof mac);
}

void lk_resumption_psk(uint8_t *out, const lk_secret *resumption, lk_slice nonce) {
    lk_hmac mac;
    lk_hmac_key(&mac, resumption->hash, lk_secret_slice(resumption));
    lk_hkdf_expand_label(&mac, out, lk_hash_length(resumption->hash), "resumption", nonce);
    lk_wipe(&mac, sizeof mac);
}

void lk_traffic_keys(const lk_traffic_secret *secret, lk_aead_kind aead,
                     uint8_t key[LK_AEAD_KEY_MAX], uint8_t iv[LK_AEAD_NONCE_LEN]) {
    lk_hmac mac;
    lk_hmac_key(&mac, secret->s.hash, lk_secret_slice(&secret->s));
    lk_hkdf_expand_label(&mac, key, lk_aead_key_length(aead), "key", empty());
    lk_hkdf_expand_label(&mac, iv, LK_AEAD_NONCE_LEN, "iv", empty());
    lk_wipe(&mac, sizeof mac);
}

void lk_traffic_next(lk_traffic_secret *secret) {
    lk_hmac mac;
    lk_hmac_key(&mac, secret->s.hash, lk_secret_slice(&secret->s));
    lk_hkdf_expand_label(&mac, secret->s.bytes, lk_hash_length(secret->s.hash), "traffic upd",
                         empty());
    lk_wipe(&mac, sizeof mac);
}

void lk_finished_key(lk_secret *out, const lk_traffic_secret *base) {
    lk_hmac mac;
    out->hash = base->s.hash;
    lk_hmac_key(&mac, base->s.hash, lk_secret_slice(&base->s));
    lk_hkdf_expand_label(&mac, out->bytes, lk_hash_length(out->hash), "finished", empty());
    lk_wipe(&mac, sizeof mac);
}

void lk_finished_mac(uint8_t *out, const lk_traffic_secret *base, const uint8_t *transcript) {
    lk_hmac mac;
    lk_secret key;
    lk_finished_key(&key, base);
    lk_hmac_key(&mac, key.hash, lk_secret_slice(&key));
    lk_hmac_of(&mac, out, lk_slice_of(transcript, lk_hash_length(key.hash)), empty());
    lk_wipe(&mac, sizeof mac);
    lk_wipe(&key, sizeof key);
}
