#define OPENSSL_SUPPRESS_DEPRECATED
#include "crypto/crypto.h"

#include <openssl/err.h>
#include <openssl/rand.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "crypto/provider.h"
#include "util/heap.h"

/* ---- What is kept between operations --------------------------------------------------------- */

static lk_kept *kept_new(void) {
    lk_kept *kept = aligned_alloc(_Alignof(lk_kept), sizeof *kept);
    if (kept != NULL)
        memset(kept, 0, sizeof *kept);
    return kept;
}

static void kept_free(lk_kept *kept) {
    for (size_t i = 0; i < LK_CIPHERS && kept != NULL; i++)
        lk_cipher_free(atomic_load(&kept->ciphers[i].cipher));
    free(kept);
}

/* ---- The algorithms -------------------------------------------------------------------------- */

static bool has_key_type(const char *name) {
    EVP_KEYMGMT *type = EVP_KEYMGMT_fetch(NULL, name, NULL);
    EVP_KEYMGMT_free(type);
    return type != NULL;
}

lk_crypto *lk_crypto_new(void) {
    lk_crypto *c = OPENSSL_zalloc(sizeof *c);
    if (c == NULL)
        return NULL;
    c->kept = kept_new();
    c->aes_128_gcm = EVP_CIPHER_fetch(NULL, "AES-128-GCM", NULL);
    c->aes_256_gcm = EVP_CIPHER_fetch(NULL, "AES-256-GCM", NULL);
    c->chacha20_poly1305 = EVP_CIPHER_fetch(NULL, "ChaCha20-Poly1305", NULL);
    bool x25519 = lk_x25519_load(&c->x25519);
    c->p256 = EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1);
    c->p384 = EC_GROUP_new_by_curve_name(NID_secp384r1);
    c->p521 = EC_GROUP_new_by_curve_name(NID_secp521r1);
    c->has_ml_kem = has_key_type("ML-KEM-768");
    c->has_ml_kem_1024 = has_key_type("ML-KEM-1024");
    ERR_clear_error();
    if (!x25519 || c->kept == NULL || c->aes_128_gcm == NULL || c->aes_256_gcm == NULL ||
        c->chacha20_poly1305 == NULL || c->p256 == NULL || c->p384 == NULL || c->p521 == NULL) {
        lk_crypto_free(c);
        return NULL;
    }
    return c;
}

void lk_crypto_free(lk_crypto *c) {
    if (c == NULL)
        return;
    kept_free(c->kept);
    EVP_CIPHER_free(c->aes_128_gcm);
    EVP_CIPHER_free(c->aes_256_gcm);
    EVP_CIPHER_free(c->chacha20_poly1305);
    lk_x25519_unload(&c->x25519);
    EC_GROUP_free(c->p256);
    EC_GROUP_free(c->p384);
    EC_GROUP_free(c->p521);
    OPENSSL_free(c);
}

bool lk_crypto_random(void *arg, uint8_t *out, size_t out_len) {
    (void)arg;
    while (out_len > 0) {
        int n = out_len > 65536 ? 65536 : (int)out_len;
        if (RAND_bytes(out, n) != 1) {
            ERR_clear_error();
            return false;
        }
        out += n;
        out_len -= (size_t)n;
    }
    return true;
}

static int64_t system_now_ms(void *arg) {
    struct timespec t;
    (void)arg;
    clock_gettime(CLOCK_REALTIME, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

lockstep_env lk_env_complete(const lockstep_env *env) {
    lockstep_env e = {0};
    if (env != NULL)
        e = *env;
    if (e.now_ms == NULL)
        e.now_ms = system_now_ms;
    if (e.random == NULL)
        e.random = lk_crypto_random;
    lk_heap heap = lk_heap_of(&e);
    e.alloc = heap.alloc;
    e.release = heap.release;
    return e;
}
