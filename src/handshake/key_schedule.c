#include "handshake/key_schedule.h"

#include "util/secret.h"

/* What no handshake changes: the hash of nothing, and without a PSK the Early Secret and the salt
 * that is derived from it. A test computes them again. */
typedef struct constants {
    uint8_t of_nothing[LK_SECRET_MAX], early[LK_SECRET_MAX], salt[LK_SECRET_MAX];
} constants;

static const constants sha256 = {
    .of_nothing =
        {
            0xe3, 0xb0, 0xc4, 0x42, 0x98, 0xfc, 0x1c, 0x14, 0x9a, 0xfb, 0xf4,
            0xc8, 0x99, 0x6f, 0xb9, 0x24, 0x27, 0xae, 0x41, 0xe4, 0x64, 0x9b,
            0x93, 0x4c, 0xa4, 0x95, 0x99, 0x1b, 0x78, 0x52, 0xb8, 0x55,
        },
    .early =
        {
            0x33, 0xad, 0x0a, 0x1c, 0x60, 0x7e, 0xc0, 0x3b, 0x09, 0xe6, 0xcd,
            0x98, 0x93, 0x68, 0x0c, 0xe2, 0x10, 0xad, 0xf3, 0x00, 0xaa, 0x1f,
            0x26, 0x60, 0xe1, 0xb2, 0x2e, 0x10, 0xf1, 0x70, 0xf9, 0x2a,
        },
    .salt = {
        0x6f, 0x26, 0x15, 0xa1, 0x08, 0xc7, 0x02, 0xc5, 0x67, 0x8f, 0x54,
        0xfc, 0x9d, 0xba, 0xb6, 0x97, 0x16, 0xc0, 0x76, 0x18, 0x9c, 0x48,
        0x25, 0x0c, 0xeb, 0xea, 0xc3, 0x57, 0x6c, 0x36, 0x11, 0xba,
    }};

static const constants sha384 = {
    .of_nothing =
        {
            0x38, 0xb0, 0x60, 0xa7, 0x51, 0xac, 0x96, 0x38, 0x4c, 0xd9, 0x32, 0x7e,
            0xb1, 0xb1, 0xe3, 0x6a, 0x21, 0xfd, 0xb7, 0x11, 0x14, 0xbe, 0x07, 0x43,
            0x4c, 0x0c, 0xc7, 0xbf, 0x63, 0xf6, 0xe1, 0xda, 0x27, 0x4e, 0xde, 0xbf,
            0xe7, 0x6f, 0x65, 0xfb, 0xd5, 0x1a, 0xd2, 0xf1, 0x48, 0x98, 0xb9, 0x5b,
        },
    .early =
        {
            0x7e, 0xe8, 0x20, 0x6f, 0x55, 0x70, 0x02, 0x3e, 0x6d, 0xc7, 0x51, 0x9e,
            0xb1, 0x07, 0x3b, 0xc4, 0xe7, 0x91, 0xad, 0x37, 0xb5, 0xc3, 0x82, 0xaa,
            0x10, 0xba, 0x18, 0xe2, 0x35, 0x7e, 0x71, 0x69, 0x71, 0xf9, 0x36, 0x2f,
            0x2c, 0x2f, 0xe2, 0xa7, 0x6b, 0xfd, 0x78, 0xdf, 0xec, 0x4e, 0xa9, 0xb5,
        },
    .salt = {
        0x15, 0x91, 0xda, 0xc5, 0xcb, 0xbf, 0x03, 0x30, 0xa4, 0xa8, 0x4d, 0xe9,
        0xc7, 0x53, 0x33, 0x0e, 0x92, 0xd0, 0x1f, 0x0a, 0x88, 0x21, 0x4b, 0x44,
        0x64, 0x97, 0x2f, 0xd6, 0x68, 0x04, 0x9e, 0x93, 0xe5, 0x2f, 0x2b, 0x16,
        0xfa, 0xd9, 0x22, 0xfd, 0xc0, 0x58, 0x44, 0x78, 0x42, 0x8f, 0x28, 0x2b,
    }};

static const constants *constants_of(lk_hash hash) {
    return hash == LK_SHA256 ? &sha256 : &sha384;
}

static lk_slice empty(void) {
    return lk_slice_of(NULL, 0);
}

static void derive(lk_secret *out, const lk_hmac *from, lk_hash hash, const char *label,
                   const uint8_t *transcript) {
    size_t n = lk_hash_length(hash);
    out->hash = hash;
    lk_hkdf_expand_label(from, out->bytes, n, label, lk_slice_of(transcript, n));
}

/* salt_of is the first half of a step between stages: Derive-Secret(., "derived", ""). */
static void salt_of(lk_secret *salt, const lk_secret *from) {
    lk_hmac mac;
    lk_hmac_key(&mac, from->hash, lk_secret_slice(from));
    derive(salt, &mac, from->hash, "derived", constants_of(from->hash)->of_nothing);
    lk_wipe(&mac, sizeof mac);
}

/* next_stage is the other: that is the salt of HKDF-Extract with the new input. */
static void next_stage(lk_secret *out, lk_hash hash, const uint8_t *salt, lk_slice input) {
    out->hash = hash;
    lk_hkdf_extract(hash, out->bytes, lk_slice_of(salt, lk_hash_length(hash)), input);
}

void lk_schedule_early(lk_early_secret *out, lk_hash hash, lk_slice psk) {
    static const uint8_t zeros[LK_HASH_MAX];
    out->s.hash = hash;
    out->without_psk = psk.p_len == 0;
    if (out->without_psk)
        memcpy(out->s.bytes, constants_of(hash)->early, lk_hash_length(hash));
    else
        lk_hkdf_extract(hash, out->s.bytes, lk_slice_of(zeros, lk_hash_length(hash)), psk);
}

void lk_schedule_binder(lk_traffic_secret *out, const lk_early_secret *early, lk_psk_kind kind) {
    static const char *const labels[] = {"res binder", "ext binder", "imp binder"};
    lk_hmac mac;
    lk_hmac_key(&mac, early->s.hash, lk_secret_slice(&early->s));
    derive(&out->s, &mac, early->s.hash, labels[kind], constants_of(early->s.hash)->of_nothing);
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
    lk_hash hash = early->s.hash;
    lk_secret salt;
    if (early->without_psk) {
        next_stage(&out->s, hash, constants_of(hash)->salt, shared);
        return;
    }
    salt_of(&salt, &early->s);
    next_stage(&out->s, hash, salt.bytes, shared);
    lk_wipe(&salt, sizeof salt);
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
    lk_hash hash = handshake->s.hash;
    lk_secret salt;
    salt_of(&salt, &handshake->s);
    next_stage(&out->s, hash, salt.bytes, lk_slice_of(zeros, lk_hash_length(hash)));
    lk_wipe(&salt, sizeof salt);
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
