/*
 * floor.c - the public-key work of one handshake in the cheapest ways that libcrypto offers, and
 * which of it each kind of handshake needs.
 */
#define OPENSSL_SUPPRESS_DEPRECATED /* a kept EC_KEY costs less than EVP */
#include "floor.h"

#include <stdint.h>
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/ecdh.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>

#include "floor_keys.h"
#include "pair.h"

enum { X25519 = 32, POINT = 65, DIGEST = 32 };

static EVP_PKEY_CTX *x25519_maker, *x25519_import, *rsa_signer, *rsa_verifier;
static EVP_PKEY *x25519_theirs; /* their public key, put in anew each time */
static EC_KEY *ecdsa, *share;   /* the key of a certificate; a key share, drawn again each time */
static EC_POINT *their_point;
static uint8_t their_x25519[X25519], their_p256[POINT];
static uint8_t digest[DIGEST] = {5}, signature[80], rsa_signature[256];
static unsigned signature_len;

static void check(bool ok, const char *what) {
    if (!ok)
        die("the floor does not do", what);
}

/* ---- Key exchange ---------------------------------------------------------------------------- */

static EVP_PKEY *x25519_make(uint8_t public[X25519]) {
    EVP_PKEY *key = NULL;
    size_t n = X25519;
    check(EVP_PKEY_keygen(x25519_maker, &key) == 1 &&
              EVP_PKEY_get_raw_public_key(key, public, &n) == 1,
          "X25519");
    return key;
}

static void x25519_derive(EVP_PKEY *key, uint8_t *secret) {
    size_t n = X25519;
    EVP_PKEY *theirs = EVP_PKEY_new_raw_public_key(EVP_PKEY_X25519, NULL, their_x25519, X25519);
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(key, NULL);
    check(EVP_PKEY_derive_init(ctx) == 1 && EVP_PKEY_derive_set_peer_ex(ctx, theirs, 0) == 1 &&
              EVP_PKEY_derive(ctx, secret, &n) == 1,
          "X25519");
    EVP_PKEY_CTX_free(ctx);
    EVP_PKEY_free(theirs);
}

static void x25519(uint8_t *secret) {
    uint8_t public[X25519];
    EVP_PKEY *key = x25519_make(public);
    x25519_derive(key, secret);
    EVP_PKEY_free(key);
}

static void x25519_derive_by(EVP_PKEY_CTX *ctx, const uint8_t *point, uint8_t *out) {
    size_t n = X25519;
    check(EVP_PKEY_set1_encoded_public_key(x25519_theirs, point, X25519) == 1 &&
              EVP_PKEY_derive_set_peer_ex(ctx, x25519_theirs, 0) == 1 &&
              EVP_PKEY_derive(ctx, out, &n) == 1,
          "X25519");
}

/* A public key is what is derived with the base point (RFC 7748 §6.1). The key is imported with a
 * public half that nothing looks at. */
static void x25519_derived(uint8_t *secret) {
    static uint8_t base_point[X25519] = {9};
    uint8_t private[X25519], public[X25519];
    OSSL_PARAM parts[] = {
        OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, base_point, X25519),
        OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PRIV_KEY, private, X25519),
        OSSL_PARAM_construct_end()};
    EVP_PKEY *key = NULL;
    check(RAND_bytes(private, X25519) == 1 &&
              EVP_PKEY_fromdata(x25519_import, &key, EVP_PKEY_KEYPAIR, parts) == 1,
          "X25519");
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);
    check(EVP_PKEY_derive_init(ctx) == 1, "X25519");
    x25519_derive_by(ctx, base_point, public);
    x25519_derive_by(ctx, their_x25519, secret);
    EVP_PKEY_CTX_free(ctx);
    EVP_PKEY_free(key);
}

static void p256(uint8_t *secret) {
    const EC_GROUP *curve = EC_KEY_get0_group(share);
    uint8_t public[POINT];
    check(EC_KEY_generate_key(share) == 1 &&
              EC_POINT_point2oct(curve, EC_KEY_get0_public_key(share),
                                 POINT_CONVERSION_UNCOMPRESSED, public, POINT, NULL) == POINT &&
              EC_POINT_oct2point(curve, their_point, their_p256, POINT, NULL) == 1 &&
              ECDH_compute_key(secret, 32, their_point, share, NULL) == 32,
          "P-256");
}

/* ---- Signatures ------------------------------------------------------------------------------ */

static void ecdsa_sign(void) {
    check(ECDSA_sign(0, digest, DIGEST, signature, &signature_len, ecdsa) == 1, "ECDSA");
}

static void ecdsa_sign_with(const BIGNUM *k_inverse, const BIGNUM *r) {
    uint8_t out[80];
    unsigned n = sizeof out;
    check(ECDSA_sign_ex(0, digest, DIGEST, out, &n, k_inverse, r, ecdsa) == 1, "ECDSA");
}

static void ecdsa_verify(int times) {
    for (int i = 0; i < times; i++)
        check(ECDSA_verify(0, digest, DIGEST, signature, (int)signature_len, ecdsa) == 1, "ECDSA");
}

static void rsa_sign(void) {
    size_t n = sizeof rsa_signature;
    check(EVP_PKEY_sign(rsa_signer, rsa_signature, &n, digest, DIGEST) == 1, "RSA");
}

static void rsa_verify(void) {
    check(EVP_PKEY_verify(rsa_verifier, rsa_signature, sizeof rsa_signature, digest, DIGEST) == 1,
          "RSA");
}

/* ---- What is kept ---------------------------------------------------------------------------- */

/* RSASSA-PSS with a salt as long as the digest (RFC 8446 §4.2.3). */
static void set_pss(EVP_PKEY_CTX *ctx) {
    check(EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PSS_PADDING) == 1 &&
              EVP_PKEY_CTX_set_signature_md(ctx, EVP_sha256()) == 1 &&
              EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx, DIGEST) == 1,
          "RSA");
}

static void begin_rsa(void) {
    EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)2048);
    rsa_signer = EVP_PKEY_CTX_new(key, NULL);
    rsa_verifier = EVP_PKEY_CTX_new(key, NULL);
    check(EVP_PKEY_sign_init(rsa_signer) == 1 && EVP_PKEY_verify_init(rsa_verifier) == 1, "RSA");
    set_pss(rsa_signer);
    set_pss(rsa_verifier);
    rsa_sign();
    EVP_PKEY_free(key);
}

static void begin_p256(void) {
    EC_KEY *theirs = EC_KEY_new_by_curve_name(NID_X9_62_prime256v1);
    ecdsa = EC_KEY_new_by_curve_name(NID_X9_62_prime256v1);
    share = EC_KEY_new_by_curve_name(NID_X9_62_prime256v1);
    const EC_GROUP *curve = EC_KEY_get0_group(share);
    their_point = EC_POINT_new(curve);
    check(EC_KEY_generate_key(theirs) == 1 && EC_KEY_generate_key(ecdsa) == 1 &&
              EC_POINT_point2oct(curve, EC_KEY_get0_public_key(theirs),
                                 POINT_CONVERSION_UNCOMPRESSED, their_p256, POINT, NULL) == POINT,
          "P-256");
    ecdsa_sign();
    EC_KEY_free(theirs);
}

void floor_begin(void) {
    if (x25519_maker != NULL)
        return;
    x25519_maker = EVP_PKEY_CTX_new_from_name(NULL, "X25519", NULL);
    check(EVP_PKEY_keygen_init(x25519_maker) == 1, "X25519");
    x25519_theirs = x25519_make(their_x25519);
    x25519_import = EVP_PKEY_CTX_new_from_name(NULL, "X25519", NULL);
    check(EVP_PKEY_fromdata_init(x25519_import) == 1, "X25519");
    begin_p256();
    begin_rsa();
    floor_keys_begin();
}

/* ---- Handshakes ------------------------------------------------------------------------------ */

#define DERIVED "floor, share derived"

static const struct {
    const char *name;
    bool p256, derived, no_signature, rsa, tls12, client_signs, share_ahead, nonce_ahead;
    int client_verifies; /* of ECDSA signatures: two of the chain, one of the handshake */
} kinds[NUM_FLOORS] = {
    [FLOOR_FULL] = {.name = "floor", .client_verifies = 3},
    [FLOOR_CACHED] = {.name = "floor", .client_verifies = 1},
    [FLOOR_P256] = {.name = "floor", .p256 = true, .client_verifies = 3},
    [FLOOR_RSA] = {.name = "floor", .rsa = true, .client_verifies = 2},
    [FLOOR_PSK] = {.name = "floor", .no_signature = true},
    [FLOOR_TLS12] = {.name = "floor", .tls12 = true, .client_verifies = 3},
    [FLOOR_CLIENT_AUTH] = {.name = "floor", .client_signs = true, .client_verifies = 3},
    [FLOOR_POOL] = {.name = "floor", .share_ahead = true, .client_verifies = 3},
    [FLOOR_POOL_NONCE] = {.name = "floor with nonces ahead",
                          .share_ahead = true,
                          .nonce_ahead = true,
                          .client_verifies = 3},
    [FLOOR_FULL_DERIVED] = {.name = DERIVED, .derived = true, .client_verifies = 3},
    [FLOOR_CACHED_DERIVED] = {.name = DERIVED, .derived = true, .client_verifies = 1},
    [FLOOR_RSA_DERIVED] = {.name = DERIVED, .derived = true, .rsa = true, .client_verifies = 2},
    [FLOOR_PSK_DERIVED] = {.name = DERIVED, .derived = true, .no_signature = true},
    [FLOOR_TLS12_DERIVED] = {.name = DERIVED, .derived = true, .tls12 = true, .client_verifies = 3},
    [FLOOR_CLIENT_AUTH_DERIVED] = {
        .name = DERIVED, .derived = true, .client_signs = true, .client_verifies = 3}};

const char *floor_name(floor_kind kind) {
    return kinds[kind].name;
}

/* What is made ahead of one handshake. */
typedef struct ahead {
    EVP_PKEY *share;
    BIGNUM *k_inverse, *r;
} ahead;

static void make_ahead(floor_kind kind, ahead *a) {
    uint8_t public[X25519];
    if (kinds[kind].share_ahead)
        a->share = x25519_make(public);
    if (kinds[kind].nonce_ahead)
        check(ECDSA_sign_setup(ecdsa, NULL, &a->k_inverse, &a->r) == 1, "ECDSA");
}

static void free_ahead(ahead *a) {
    EVP_PKEY_free(a->share);
    BN_clear_free(a->k_inverse);
    BN_clear_free(a->r);
}

static void exchange(floor_kind kind, EVP_PKEY *ready, uint8_t *secret) {
    if (ready != NULL)
        x25519_derive(ready, secret);
    else if (kinds[kind].p256)
        p256(secret);
    else if (kinds[kind].derived)
        x25519_derived(secret);
    else
        x25519(secret);
}

static void schedule(floor_kind kind, const uint8_t *secret) {
    if (kinds[kind].tls12)
        floor_keys_tls12(secret);
    else
        floor_keys_tls13(secret);
}

static void serve(floor_kind kind, const ahead *a) {
    uint8_t secret[32];
    exchange(kind, a->share, secret);
    schedule(kind, secret);
    if (kinds[kind].rsa)
        rsa_sign();
    else if (a->r != NULL)
        ecdsa_sign_with(a->k_inverse, a->r);
    else if (!kinds[kind].no_signature)
        ecdsa_sign();
    if (kinds[kind].client_signs)
        ecdsa_verify(3);
}

static void ask(floor_kind kind) {
    uint8_t secret[32];
    exchange(kind, NULL, secret);
    schedule(kind, secret);
    if (kinds[kind].rsa)
        rsa_verify();
    ecdsa_verify(kinds[kind].client_verifies);
    if (kinds[kind].client_signs)
        ecdsa_sign();
}

void floor_run(floor_kind kind, double *client_ns, double *server_ns, double *ahead_ns) {
    ahead a = {NULL, NULL, NULL};
    double began = now_ns();
    make_ahead(kind, &a);
    double made = now_ns();
    serve(kind, &a);
    free_ahead(&a);
    double served = now_ns();
    ask(kind);
    *client_ns += now_ns() - served;
    *server_ns += served - made;
    if (kinds[kind].share_ahead)
        *ahead_ns += made - began;
}
