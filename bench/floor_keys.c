/*
 * floor_keys.c - raw SHA-256 contexts, HMAC with its pads hashed once for each key, AES-128-GCM
 * contexts that are kept and only given new keys. The sizes of messages are those of a handshake
 * with a leaf and an intermediate of P-256.
 */
#define OPENSSL_SUPPRESS_DEPRECATED /* EVP_Digest costs more than SHA256_Update */
#include "floor_keys.h"

#include <string.h>

#include <openssl/evp.h>
#include <openssl/sha.h>

#include "pair.h"

enum { HASH = SHA256_DIGEST_LENGTH, BLOCK = 64, KEY = 16, NONCE = 12, TAG = 16 };
enum { CLIENT_HELLO = 260, SERVER_HELLO = 122, BEFORE_VERIFY = 1030, VERIFY = 80, FINISHED = 36 };
enum { FLIGHT = 1160 }; /* from EncryptedExtensions to Finished, as one record */

static EVP_CIPHER_CTX *seal, *open_;
static uint8_t hello[CLIENT_HELLO], answer[SERVER_HELLO], flight[FLIGHT + 1];
static uint8_t record[FLIGHT + 1 + TAG];

void floor_keys_begin(void) {
    if (seal != NULL)
        return;
    EVP_CIPHER *gcm = EVP_CIPHER_fetch(NULL, "AES-128-GCM", NULL);
    seal = EVP_CIPHER_CTX_new();
    open_ = EVP_CIPHER_CTX_new();
    if (EVP_EncryptInit_ex(seal, gcm, NULL, NULL, NULL) != 1 ||
        EVP_DecryptInit_ex(open_, gcm, NULL, NULL, NULL) != 1)
        die("no AES-128-GCM", NULL);
    EVP_CIPHER_free(gcm);
}

/* ---- HMAC and HKDF --------------------------------------------------------------------------- */

typedef struct mac_key {
    SHA256_CTX inner, outer; /* with the padded key in them (RFC 2104 §4) */
} mac_key;

static void mac_key_of(mac_key *k, const uint8_t *key, size_t n) {
    uint8_t pad[BLOCK];
    for (size_t i = 0; i < BLOCK; i++)
        pad[i] = (uint8_t)((i < n ? key[i] : 0) ^ 0x36);
    SHA256_Init(&k->inner);
    SHA256_Update(&k->inner, pad, BLOCK);
    for (size_t i = 0; i < BLOCK; i++)
        pad[i] ^= 0x36 ^ 0x5c;
    SHA256_Init(&k->outer);
    SHA256_Update(&k->outer, pad, BLOCK);
}

static void mac(const mac_key *k, const uint8_t *in, size_t n, uint8_t *out) {
    SHA256_CTX c = k->inner;
    uint8_t inner[HASH];
    SHA256_Update(&c, in, n);
    SHA256_Final(inner, &c);
    c = k->outer;
    SHA256_Update(&c, inner, HASH);
    SHA256_Final(out, &c);
}

/* HKDF-Expand-Label (RFC 8446 §7.1) of at most one block. */
static void expand(const mac_key *k, const char *label, const uint8_t *context, uint8_t *out,
                   size_t out_len) {
    uint8_t info[80] = {0, (uint8_t)out_len, (uint8_t)(6 + strlen(label))}, block[HASH];
    size_t n = 3, context_len = context == NULL ? 0 : HASH;
    memcpy(info + n, "tls13 ", 6);
    memcpy(info + n + 6, label, strlen(label));
    n += 6 + strlen(label);
    info[n++] = (uint8_t)context_len;
    if (context != NULL)
        memcpy(info + n, context, HASH);
    n += context_len;
    info[n++] = 1;
    mac(k, info, n, block);
    memcpy(out, block, out_len);
}

static void secret(mac_key *out, const mac_key *from, const char *label, const uint8_t *hash) {
    uint8_t bytes[HASH];
    expand(from, label, hash, bytes, HASH);
    mac_key_of(out, bytes, HASH);
}

/* ---- Records and transcript ------------------------------------------------------------------ */

static void traffic_keys(const mac_key *sending, const mac_key *receiving) {
    uint8_t key[KEY], nonce[NONCE];
    expand(sending, "key", NULL, key, KEY);
    expand(sending, "iv", NULL, nonce, NONCE);
    EVP_EncryptInit_ex(seal, NULL, NULL, key, nonce);
    expand(receiving, "key", NULL, key, KEY);
    expand(receiving, "iv", NULL, nonce, NONCE);
    EVP_DecryptInit_ex(open_, NULL, NULL, key, nonce);
}

/* Opening costs what it costs whether the tag is right or not. */
static void one_record_each_way(int sent, int received) {
    uint8_t tag[TAG] = {0};
    int n;
    EVP_EncryptUpdate(seal, NULL, &n, record, 5);
    EVP_EncryptUpdate(seal, record, &n, flight, sent);
    EVP_EncryptFinal_ex(seal, record, &n);
    EVP_CIPHER_CTX_ctrl(seal, EVP_CTRL_AEAD_GET_TAG, TAG, tag);
    EVP_DecryptUpdate(open_, NULL, &n, record, 5);
    EVP_DecryptUpdate(open_, record, &n, flight, received);
    EVP_CIPHER_CTX_ctrl(open_, EVP_CTRL_AEAD_SET_TAG, TAG, tag);
    (void)EVP_DecryptFinal_ex(open_, record, &n);
}

static void add(SHA256_CTX *transcript, const uint8_t *in, size_t n, uint8_t hash[HASH]) {
    SHA256_Update(transcript, in, n);
    SHA256_CTX copy = *transcript;
    SHA256_Final(hash, &copy);
}

static void finished(const mac_key *traffic, const uint8_t *hash) {
    uint8_t out[HASH];
    mac_key k;
    secret(&k, traffic, "finished", NULL);
    mac(&k, hash, HASH, out);
}

/* ---- Schedules ------------------------------------------------------------------------------- */

void floor_keys_tls13(const uint8_t *shared) {
    static const uint8_t early[HASH] = {1}; /* the derived secret of no PSK is a constant */
    SHA256_CTX transcript;
    uint8_t hash[HASH], bytes[HASH], next[HASH];
    mac_key stage, client, server;
    SHA256_Init(&transcript);
    SHA256_Update(&transcript, hello, sizeof hello);
    add(&transcript, answer, sizeof answer, hash);
    mac_key_of(&stage, early, HASH);
    mac(&stage, shared, 32, bytes);
    mac_key_of(&stage, bytes, HASH);
    secret(&client, &stage, "c hs traffic", hash);
    secret(&server, &stage, "s hs traffic", hash);
    expand(&stage, "derived", early, next, HASH);
    traffic_keys(&server, &client);
    add(&transcript, flight, BEFORE_VERIFY, hash); /* what CertificateVerify signs */
    add(&transcript, flight, VERIFY, hash);
    finished(&server, hash);
    add(&transcript, flight, FINISHED, hash);
    finished(&client, hash);
    one_record_each_way(FLIGHT, FINISHED + 1);
    mac_key_of(&stage, next, HASH);
    mac(&stage, early, HASH, bytes);
    mac_key_of(&stage, bytes, HASH);
    secret(&client, &stage, "c ap traffic", hash);
    secret(&server, &stage, "s ap traffic", hash);
    traffic_keys(&server, &client);
}

/* P_SHA256 (RFC 5246 §5): A(i), then the output block, until there are enough. */
static void prf(const mac_key *k, const char *label, const uint8_t *seed, size_t seed_len,
                uint8_t *out, size_t out_len) {
    uint8_t a[HASH + 96], block[HASH];
    size_t n = strlen(label) + seed_len;
    memcpy(a + HASH, label, strlen(label));
    memcpy(a + HASH + strlen(label), seed, seed_len);
    mac(k, a + HASH, n, a);
    for (size_t at = 0; at < out_len; at += HASH) {
        mac(k, a, HASH + n, block);
        memcpy(out + at, block, out_len - at < HASH ? out_len - at : HASH);
        if (at + HASH < out_len)
            mac(k, a, HASH, a);
    }
}

void floor_keys_tls12(const uint8_t *premaster) {
    SHA256_CTX transcript;
    uint8_t hash[HASH], master[48], keys[2 * KEY + 8], data[12], randoms[64] = {2}, nonce[NONCE];
    mac_key k;
    SHA256_Init(&transcript);
    SHA256_Update(&transcript, hello, sizeof hello);
    SHA256_Update(&transcript, answer, sizeof answer);
    SHA256_Update(&transcript, flight, BEFORE_VERIFY); /* Certificate, ServerKeyExchange, Done */
    add(&transcript, flight, VERIFY, hash);            /* ClientKeyExchange */
    mac_key_of(&k, premaster, 32);
    prf(&k, "extended master secret", hash, HASH, master, sizeof master);
    mac_key_of(&k, master, sizeof master);
    prf(&k, "key expansion", randoms, sizeof randoms, keys, sizeof keys);
    memcpy(nonce, keys + 2 * KEY, NONCE - 4);
    EVP_EncryptInit_ex(seal, NULL, NULL, keys, nonce);
    EVP_DecryptInit_ex(open_, NULL, NULL, keys + KEY, nonce);
    prf(&k, "client finished", hash, HASH, data, sizeof data);
    add(&transcript, flight, 16, hash);
    prf(&k, "server finished", hash, HASH, data, sizeof data);
    one_record_each_way(16, 16);
}
