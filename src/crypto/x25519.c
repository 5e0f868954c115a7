#include "crypto/x25519.h"

#include <openssl/core_names.h>
#include <openssl/provider.h>
#include <string.h>

/* ---- The functions --------------------------------------------------------------------------- */

/* An algorithm's names stand in one string, with colons between them. */
static bool has_name(const char *names, const char *name) {
    size_t n = strlen(name);
    for (const char *at = names; at != NULL; at = strchr(at, ':')) {
        at += *at == ':';
        if (strncmp(at, name, n) == 0 && (at[n] == ':' || at[n] == '\0'))
            return true;
    }
    return false;
}

static const OSSL_DISPATCH *functions_of(const OSSL_PROVIDER *provider, int operation) {
    int no_cache;
    const OSSL_ALGORITHM *a = OSSL_PROVIDER_query_operation(provider, operation, &no_cache);
    for (; a != NULL && a->algorithm_names != NULL; a++)
        if (has_name(a->algorithm_names, "X25519"))
            return a->implementation;
    return NULL;
}

static void take_key_function(lk_x25519_functions *f, const OSSL_DISPATCH *d) {
    if (d->function_id == OSSL_FUNC_KEYMGMT_NEW)
        f->key_new = OSSL_FUNC_keymgmt_new(d);
    else if (d->function_id == OSSL_FUNC_KEYMGMT_FREE)
        f->key_free = OSSL_FUNC_keymgmt_free(d);
    else if (d->function_id == OSSL_FUNC_KEYMGMT_IMPORT)
        f->key_import = OSSL_FUNC_keymgmt_import(d);
}

static void take_exchange_function(lk_x25519_functions *f, const OSSL_DISPATCH *d) {
    if (d->function_id == OSSL_FUNC_KEYEXCH_NEWCTX)
        f->ctx_new = OSSL_FUNC_keyexch_newctx(d);
    else if (d->function_id == OSSL_FUNC_KEYEXCH_FREECTX)
        f->ctx_free = OSSL_FUNC_keyexch_freectx(d);
    else if (d->function_id == OSSL_FUNC_KEYEXCH_INIT)
        f->init = OSSL_FUNC_keyexch_init(d);
    else if (d->function_id == OSSL_FUNC_KEYEXCH_SET_PEER)
        f->set_peer = OSSL_FUNC_keyexch_set_peer(d);
    else if (d->function_id == OSSL_FUNC_KEYEXCH_DERIVE)
        f->derive = OSSL_FUNC_keyexch_derive(d);
}

/* knows_answer has a provider compute Alice's public key of RFC 7748 §6.1: what public keys are
 * made by here is not what it is asked for by everybody else. */
static bool knows_answer(const lk_x25519_functions *f) {
    static const uint8_t private_key[LK_X25519_LEN] = {
        0x77, 0x07, 0x6d, 0x0a, 0x73, 0x18, 0xa5, 0x7d, 0x3c, 0x16, 0xc1,
        0x72, 0x51, 0xb2, 0x66, 0x45, 0xdf, 0x4c, 0x2f, 0x87, 0xeb, 0xc0,
        0x99, 0x2a, 0xb1, 0x77, 0xfb, 0xa5, 0x1d, 0xb9, 0x2c, 0x2a};
    static const uint8_t public_key[LK_X25519_LEN] = {
        0x85, 0x20, 0xf0, 0x09, 0x89, 0x30, 0xa7, 0x54, 0x74, 0x8b, 0x7d,
        0xdc, 0xb4, 0x3e, 0xf7, 0x5a, 0x0d, 0xbf, 0x3a, 0x0d, 0x26, 0x38,
        0x1a, 0xf4, 0xeb, 0xa4, 0xa9, 0x8e, 0xaa, 0x9b, 0x4e, 0x6a};
    uint8_t computed[LK_X25519_LEN];
    lk_x25519 x;
    bool known = lk_x25519_begin(&x, f, private_key) && lk_x25519_public(&x, computed) &&
                 memcmp(computed, public_key, sizeof computed) == 0;
    lk_x25519_end(&x);
    return known;
}

bool lk_x25519_load(lk_x25519_functions *f) {
    *f = (lk_x25519_functions){.keymgmt = EVP_KEYMGMT_fetch(NULL, "X25519", NULL),
                               .keyexch = EVP_KEYEXCH_fetch(NULL, "X25519", NULL)};
    if (f->keymgmt == NULL || f->keyexch == NULL)
        return false;
    /* The key of one provider is nothing to another. */
    const OSSL_PROVIDER *provider = EVP_KEYMGMT_get0_provider(f->keymgmt);
    if (provider != EVP_KEYEXCH_get0_provider(f->keyexch))
        return false;
    f->provider = OSSL_PROVIDER_get0_provider_ctx(provider);
    const OSSL_DISPATCH *d = functions_of(provider, OSSL_OP_KEYMGMT);
    for (; d != NULL && d->function_id != 0; d++)
        take_key_function(f, d);
    d = functions_of(provider, OSSL_OP_KEYEXCH);
    for (; d != NULL && d->function_id != 0; d++)
        take_exchange_function(f, d);
    return f->key_new != NULL && f->key_free != NULL && f->key_import != NULL &&
           f->ctx_new != NULL && f->ctx_free != NULL && f->init != NULL && f->set_peer != NULL &&
           f->derive != NULL && knows_answer(f);
}

void lk_x25519_unload(lk_x25519_functions *f) {
    EVP_KEYMGMT_free(f->keymgmt);
    EVP_KEYEXCH_free(f->keyexch);
    *f = (lk_x25519_functions){0};
}

/* ---- The exchange ---------------------------------------------------------------------------- */

/*
 * libcrypto computes a public key from the private one by a way of its own, and slower than it
 * derives a secret; but the public key is the secret "derived" with the base point (RFC 7748 §6.1),
 * so that way is taken for both. A key is imported with its public half given, which nothing looks
 * at; it is the base point here.
 */
static const uint8_t base_point[LK_X25519_LEN] = {9};

static OSSL_PARAM octets(const char *name, const uint8_t *bytes) {
    return OSSL_PARAM_construct_octet_string(name, (void *)(uintptr_t)bytes, LK_X25519_LEN);
}

bool lk_x25519_begin(lk_x25519 *x, const lk_x25519_functions *f, const uint8_t *private_key) {
    const OSSL_PARAM halves[] = {octets(OSSL_PKEY_PARAM_PUB_KEY, base_point),
                                 octets(OSSL_PKEY_PARAM_PRIV_KEY, private_key),
                                 OSSL_PARAM_construct_end()};
    *x = (lk_x25519){.f = f, .key = f->key_new(f->provider), .ctx = f->ctx_new(f->provider)};
    return x->key != NULL && x->ctx != NULL &&
           f->key_import(x->key, OSSL_KEYMGMT_SELECT_KEYPAIR, halves) == 1 &&
           f->init(x->ctx, x->key, NULL) == 1;
}

void lk_x25519_end(lk_x25519 *x) {
    if (x->ctx != NULL)
        x->f->ctx_free(x->ctx);
    if (x->key != NULL)
        x->f->key_free(x->key);
    *x = (lk_x25519){0};
}

lockstep_status lk_x25519_with(const lk_x25519 *x, const uint8_t *peer, uint8_t *out) {
    const OSSL_PARAM half[] = {octets(OSSL_PKEY_PARAM_PUB_KEY, peer), OSSL_PARAM_construct_end()};
    size_t n = LK_X25519_LEN;
    void *other = x->f->key_new(x->f->provider);
    lockstep_status status = LOCKSTEP_ERR_CRYPTO;
    if (other != NULL && x->f->key_import(other, OSSL_KEYMGMT_SELECT_PUBLIC_KEY, half) == 1 &&
        x->f->set_peer(x->ctx, other) == 1)
        /* Only what the peer sent can make it fail from here on. */
        status = x->f->derive(x->ctx, out, &n, LK_X25519_LEN) == 1 && n == LK_X25519_LEN
                     ? LOCKSTEP_OK
                     : LOCKSTEP_PEER_KEY_SHARE;
    if (other != NULL)
        x->f->key_free(other);
    return status;
}

bool lk_x25519_public(const lk_x25519 *x, uint8_t *out) {
    return lk_x25519_with(x, base_point, out) == LOCKSTEP_OK;
}
