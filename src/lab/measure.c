#include "lab/measure.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "crypto/aead.h"
#include "crypto/digest.h"
#include "crypto/kex.h"
#include "lab/inside.h"
#include "x509/algorithm.h"

#define ROUNDS    9
#define RECORD    16384
#define MIN_NS    2000000 /* a round lasts so long at least */
#define MAX_CALLS 4096

static int64_t now_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static int by_size(const void *a, const void *b) {
    const double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

static double median(double *values, size_t n) {
    qsort(values, n, sizeof *values, by_size);
    return values[n / 2];
}

/* What is timed. */
typedef struct bench {
    lk_lab *lab;
    const lk_private_key *key, *rsa;
    lk_public_key *public_key, *rsa_public;
    const lk_kex_group *group;
    lk_ephemeral *own;
    lk_aead aead;
    uint8_t share[LK_KEX_SHARE_MAX], answer[LK_KEX_SHARE_MAX], secret[LK_KEX_SECRET_MAX];
    uint8_t signature[LK_SIGNATURE_MAX], rsa_signature[LK_SIGNATURE_MAX], message[64];
    size_t signature_len, rsa_signature_len;
    uint8_t record[RECORD + LK_AEAD_TAG_LEN];
} bench;

static bool sign(bench *b) {
    return lk_private_key_sign(b->key, LK_SIGN_ECDSA_SHA256, lk_slice_of(b->message, 64),
                               b->signature, &b->signature_len) == LOCKSTEP_OK;
}

static bool verify(bench *b) {
    return lk_public_key_verify(b->public_key, LK_SIGN_ECDSA_SHA256,
                                lk_slice_of(b->signature, b->signature_len),
                                lk_slice_of(b->message, 64));
}

static bool sign_rsa(bench *b) {
    return lk_private_key_sign(b->rsa, LK_SIGN_RSA_PSS_SHA256, lk_slice_of(b->message, 64),
                               b->rsa_signature, &b->rsa_signature_len) == LOCKSTEP_OK;
}

static bool verify_rsa(bench *b) {
    return lk_public_key_verify(b->rsa_public, LK_SIGN_RSA_PSS_SHA256,
                                lk_slice_of(b->rsa_signature, b->rsa_signature_len),
                                lk_slice_of(b->message, 64));
}

/* exchange is all that one client does for a key exchange, and one server. */
static bool exchange(bench *b) {
    uint8_t random[LK_KEX_RANDOM_MAX];
    lockstep_env env = lk_env_complete(NULL);
    size_t n;
    bool good = lk_kex_draw(b->lab->crypto, &env, b->group, random) &&
                lk_kex_generate(&b->own, b->share, b->lab->crypto, b->group, random) == LOCKSTEP_OK;
    good = good && lk_kex_draw(b->lab->crypto, &env, b->group, random) &&
           lk_kex_respond(b->answer, b->secret, &n, b->lab->crypto, b->group, random,
                          lk_slice_of(b->share, b->group->client_share)) == LOCKSTEP_OK &&
           lk_kex_derive(b->own, b->secret, &n, lk_slice_of(b->answer, b->group->server_share)) ==
               LOCKSTEP_OK;
    lk_ephemeral_free(b->own);
    b->own = NULL;
    return good;
}

static bool encrypt(bench *b) {
    static const uint8_t nonce[LK_AEAD_NONCE_LEN];
    return lk_aead_seal(&b->aead, b->record, nonce, lk_slice_of(NULL, 0),
                        lk_slice_of(b->record, RECORD), lk_slice_of(NULL, 0));
}

static bool hash(bench *b) {
    uint8_t out[LK_HASH_MAX];
    lk_digest_of(LK_SHA256, out, lk_slice_of(b->record, RECORD));
    b->message[0] = out[0];
    return true;
}

/* time_of returns microseconds for one call, or a negative number. */
static double time_of(bench *b, bool (*call)(bench *b)) {
    double rounds[ROUNDS];
    for (size_t r = 0; r < ROUNDS; r++) {
        int64_t began = now_ns(), passed;
        size_t calls = 0;
        do {
            if (!call(b))
                return -1;
            calls++;
            passed = now_ns() - began;
        } while (passed < MIN_NS && calls < MAX_CALLS);
        rounds[r] = (double)passed / 1000 / (double)calls;
    }
    return median(rounds, ROUNDS);
}

static void operation(json_t *all, bench *b, const char *name, bool symmetric, int bytes,
                      bool (*call)(bench *b)) {
    double us = time_of(b, call);
    if (us >= 0)
        json_array_append_new(all, json_pack("{s:s, s:s, s:i, s:f}", "name", name, "kind",
                                             symmetric ? "symmetric" : "asymmetric", "bytes", bytes,
                                             "us", us));
}

static lk_public_key *public_half(lk_lab *lab, const lk_private_key *key) {
    lk_buffer spki = lk_buffer_of(&lk_heap_default, 0);
    lk_public_key *out = NULL;
    lk_spki parsed;
    if (lk_private_key_spki(key, &spki) == LOCKSTEP_OK &&
        lk_spki_parse(&parsed, lk_buffer_slice(&spki)) &&
        lk_spki_public_key(&out, lab->crypto, &parsed) != LOCKSTEP_OK)
        out = NULL;
    lk_buffer_free(&spki);
    return out;
}

static json_t *operations(lk_lab *lab) {
    static const uint8_t key[LK_AEAD_KEY_MAX];
    json_t *all = json_array();
    bench *b = calloc(1, sizeof *b);
    if (b == NULL)
        return all;
    *b = (bench){.lab = lab,
                 .key = lk_lab_key(lab, LK_LAB_SERVER),
                 .rsa = lk_lab_key(lab, LK_LAB_SERVER_RSA)};
    lk_aead_set(&b->aead, lab->crypto, LK_AEAD_AES_128_GCM, key, true);
    b->public_key = b->key != NULL ? public_half(lab, b->key) : NULL;
    b->rsa_public = b->rsa != NULL ? public_half(lab, b->rsa) : NULL;
    if (b->public_key != NULL && b->rsa_public != NULL) {
        operation(all, b, "ECDSA P-256, sign", false, 64, sign);
        operation(all, b, "ECDSA P-256, verify", false, 64, verify);
        operation(all, b, "RSA-2048, sign", false, 64, sign_rsa);
        operation(all, b, "RSA-2048, verify", false, 64, verify_rsa);
        b->group = lk_kex_group_of(LOCKSTEP_GROUP_X25519);
        operation(all, b, "X25519, both ends", false, 64, exchange);
        b->group = lk_kex_group_of(LOCKSTEP_GROUP_X25519MLKEM768);
        operation(all, b, "X25519MLKEM768, both ends", false, 64, exchange);
        operation(all, b, "AES-128-GCM, 16 KiB", true, RECORD, encrypt);
        operation(all, b, "SHA-256, 16 KiB", true, RECORD, hash);
    }
    lk_public_key_free(b->public_key);
    lk_public_key_free(b->rsa_public);
    lk_aead_clear(&b->aead);
    free(b);
    return all;
}

/* ---- Handshakes ------------------------------------------------------------------------------ */

static void handshake(json_t *all, lk_lab *lab, const char *name, const lk_demo *demo) {
    double client[ROUNDS], server[ROUNDS];
    int round_trips = 0;
    for (size_t r = 0; r < ROUNDS; r++) {
        json_t *walk;
        const char *why;
        if (lk_demo_run(&walk, &why, lab, demo) != LOCKSTEP_OK)
            return;
        json_t *time = json_object_get(walk, "time");
        client[r] = (double)json_integer_value(json_object_get(time, "client_us"));
        server[r] = (double)json_integer_value(json_object_get(time, "server_us"));
        round_trips = (int)json_integer_value(json_object_get(time, "round_trips"));
        json_decref(walk);
    }
    json_array_append_new(all, json_pack("{s:s, s:f, s:f, s:i}", "name", name, "client_us",
                                         median(client, ROUNDS), "server_us",
                                         median(server, ROUNDS), "round_trips", round_trips));
}

json_t *lk_lab_measure(lk_lab *lab) {
    json_t *all = json_array();
    handshake(all, lab, "TLS 1.3", &(lk_demo){.version = LOCKSTEP_TLS13});
    handshake(all, lab, "TLS 1.3, coming back",
              &(lk_demo){.version = LOCKSTEP_TLS13, .resume = true});
    handshake(all, lab, "TLS 1.3, 0-RTT",
              &(lk_demo){.version = LOCKSTEP_TLS13, .resume = true, .early = true});
    handshake(all, lab, "TLS 1.2", &(lk_demo){.version = LOCKSTEP_TLS12});
    handshake(all, lab, "TLS 1.2 with RSA key transport",
              &(lk_demo){.version = LOCKSTEP_TLS12, .rsa = true});
    return json_pack("{s:o, s:o}", "operations", operations(lab), "handshakes", all);
}
