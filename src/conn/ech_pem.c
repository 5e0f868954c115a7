/*
 * ech_pem.c - ECH keys in files (RFC 9934): a private key and the ECHConfigList that it is for,
 * both as PEM.
 */
#include <lockstep/ech.h>

#include "conn/config.h"
#include "crypto/hpke_pem.h"
#include "util/pem.h"
#include "util/secret.h"

#define LABEL "ECHCONFIG"

/* ---- Reading --------------------------------------------------------------------------------- */

/* read_list appends the ECHConfigList of the file. */
static lockstep_status read_list(lk_buffer *out, lk_slice pem) {
    int found = lk_pem_next(&pem, LABEL, out);
    return found == 1                  ? LOCKSTEP_OK
           : found == LK_PEM_NO_MEMORY ? LOCKSTEP_ERR_NO_MEMORY
                                       : LOCKSTEP_ERR_PEM;
}

/* add_all adds the configurations that are for this key. A list may have others: for other keys,
 * of other versions. */
static lockstep_status add_all(lockstep_config *cfg, lk_slice list, uint16_t kem,
                               const uint8_t key[LK_HPKE_PRIVATE_LEN], bool retry) {
    lk_slice configs;
    lk_ech_config config;
    lockstep_status status = LOCKSTEP_OK;
    size_t num_added = 0;
    if (!lk_ech_list_parse(&configs, list))
        return LOCKSTEP_ECH_CONFIG;
    while (status == LOCKSTEP_OK && lk_ech_list_next(&configs, &config)) {
        if (config.version != LK_ECH_VERSION || config.kem != kem)
            continue;
        status = lockstep_config_add_ech_key(cfg, config.whole.p, config.whole.p_len, key,
                                             LK_HPKE_PRIVATE_LEN, retry);
        num_added += status == LOCKSTEP_OK;
        if (status == LOCKSTEP_ERR_KEY_MISMATCH || status == LOCKSTEP_ERR_KEY_UNSUPPORTED)
            status = LOCKSTEP_OK;
    }
    return status == LOCKSTEP_OK && num_added == 0 ? LOCKSTEP_ERR_KEY_MISMATCH : status;
}

lockstep_status lockstep_config_add_ech_pem(lockstep_config *cfg, const uint8_t *pem,
                                            size_t pem_len, bool retry) {
    uint8_t key[LK_HPKE_PRIVATE_LEN];
    uint16_t kem = 0;
    lk_settings *s = cfg == NULL ? NULL : lk_config_settings(cfg);
    if (s == NULL || pem == NULL)
        return LOCKSTEP_ERR_USAGE;
    lk_buffer list = lk_buffer_of(&s->heap, 0);
    lockstep_status status = lk_hpke_private_from_pem(key, &kem, lk_slice_of(pem, pem_len));
    if (status == LOCKSTEP_OK)
        status = read_list(&list, lk_slice_of(pem, pem_len));
    if (status == LOCKSTEP_OK)
        status = add_all(cfg, lk_buffer_slice(&list), kem, key, retry);
    lk_wipe(key, sizeof key);
    lk_buffer_free(&list);
    return status;
}

lockstep_status lockstep_config_set_ech_pem(lockstep_config *cfg, const uint8_t *pem,
                                            size_t pem_len) {
    lk_settings *s = cfg == NULL ? NULL : lk_config_settings(cfg);
    if (s == NULL || pem == NULL)
        return LOCKSTEP_ERR_USAGE;
    lk_buffer list = lk_buffer_of(&s->heap, 0);
    lockstep_status status = read_list(&list, lk_slice_of(pem, pem_len));
    if (status == LOCKSTEP_OK)
        status = lockstep_config_set_ech(cfg, lk_buffer_bytes(&list), lk_buffer_length(&list));
    lk_buffer_free(&list);
    return status;
}

/* ---- Making ---------------------------------------------------------------------------------- */

/* build_config appends the ECHConfig of a new key; names up to 64 bytes all look alike. */
static void build_config(lk_builder *b, uint8_t config_id, lk_slice public_key,
                         const lk_host *name) {
    static const uint8_t suites[] = {0, LK_HPKE_KDF_SHA256, 0, LK_HPKE_AEAD_AES_128_GCM,
                                     0, LK_HPKE_KDF_SHA256, 0, LK_HPKE_AEAD_CHACHA20_POLY1305,
                                     0, LK_HPKE_KDF_SHA256, 0, LK_HPKE_AEAD_AES_256_GCM};
    lk_ech_config_build(b, &(lk_ech_config){.config_id = config_id,
                                            .kem = LK_HPKE_KEM_X25519,
                                            .public_key = public_key,
                                            .suites = lk_slice_of(suites, sizeof suites),
                                            .maximum_name_length = 64,
                                            .public_name = lk_slice_of(name->bytes, name->len)});
}

/* write_file appends key and list, in this order (RFC 9934 §3). */
static lockstep_status write_file(lk_buffer *out, const lk_heap *heap, const lk_crypto *crypto,
                                  const uint8_t random[LK_HPKE_PRIVATE_LEN + 1],
                                  const lk_host *name) {
    lk_hpke_key key;
    lk_buffer list = lk_buffer_of(heap, 0);
    lk_builder b = lk_builder_of(&list);
    lockstep_status status = lk_hpke_key_make(&key, crypto, LK_HPKE_KEM_X25519,
                                              lk_slice_of(random, LK_HPKE_PRIVATE_LEN));
    if (status == LOCKSTEP_OK) {
        lk_length length = lk_build_open(&b, 2);
        build_config(&b, random[LK_HPKE_PRIVATE_LEN],
                     lk_slice_of(key.public_key, key.public_key_len), name);
        lk_build_close(&b, length);
        status = lk_hpke_private_to_pem(out, random);
    }
    if (status == LOCKSTEP_OK &&
        (!lk_builder_ok(&b) || !lk_pem_write(out, LABEL, lk_buffer_slice(&list))))
        status = LOCKSTEP_ERR_NO_MEMORY;
    lk_buffer_free(&list);
    lk_hpke_key_free(&key);
    return status;
}

static lockstep_status to_blob(lockstep_blob *out, const lockstep_env *env, const lk_heap *heap,
                               lk_slice text) {
    out->p = lk_copy_of(heap, text.p, text.p_len);
    out->p_len = text.p_len;
    if (env != NULL)
        out->env = *env;
    return out->p != NULL ? LOCKSTEP_OK : LOCKSTEP_ERR_NO_MEMORY;
}

lockstep_status lockstep_ech_new(lockstep_blob *pem, const lockstep_env *env,
                                 const char *public_name) {
    lk_heap heap = lk_heap_of(env);
    uint8_t random[LK_HPKE_PRIVATE_LEN + 1];
    lk_host name;
    if (pem == NULL || public_name == NULL)
        return LOCKSTEP_ERR_USAGE;
    *pem = (lockstep_blob){0};
    if (!lk_ech_public_name(&name, lk_slice_of_str(public_name)))
        return LOCKSTEP_ERR_NAME;
    bool drawn = env != NULL && env->random != NULL ? env->random(env->arg, random, sizeof random)
                                                    : lk_crypto_random(NULL, random, sizeof random);
    if (!drawn)
        return LOCKSTEP_ERR_NO_RANDOM;
    lk_crypto *crypto = lk_crypto_new();
    lk_buffer text = lk_buffer_of(&heap, 0);
    lockstep_status status =
        crypto == NULL ? LOCKSTEP_ERR_CRYPTO : write_file(&text, &heap, crypto, random, &name);
    if (status == LOCKSTEP_OK)
        status = to_blob(pem, env, &heap, lk_buffer_slice(&text));
    lk_wipe(random, sizeof random);
    lk_buffer_free(&text);
    lk_crypto_free(crypto);
    return status;
}
