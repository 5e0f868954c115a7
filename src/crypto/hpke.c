#include "crypto/hpke.h"

#include <lockstep/lockstep.h>

#include "crypto/hkdf.h"
#include "util/secret.h"

/* ---- Suites ---------------------------------------------------------------------------------- */

const lk_kex_group *lk_hpke_group(uint16_t kem) {
    return kem == LK_HPKE_KEM_X25519 ? lk_kex_group_of(LOCKSTEP_GROUP_X25519)
           : kem == LK_HPKE_KEM_P256 ? lk_kex_group_of(LOCKSTEP_GROUP_SECP256R1)
                                     : NULL;
}

bool lk_hpke_supports(lk_hpke_suite suite) {
    return lk_hpke_group(suite.kem) != NULL &&
           (suite.kdf == LK_HPKE_KDF_SHA256 || suite.kdf == LK_HPKE_KDF_SHA384) &&
           suite.aead >= LK_HPKE_AEAD_AES_128_GCM && suite.aead <= LK_HPKE_AEAD_CHACHA20_POLY1305;
}

static lk_hash hash_of(lk_hpke_suite suite) {
    return suite.kdf == LK_HPKE_KDF_SHA384 ? LK_SHA384 : LK_SHA256;
}

static lk_aead_kind aead_of(lk_hpke_suite suite) {
    return suite.aead == LK_HPKE_AEAD_AES_128_GCM   ? LK_AEAD_AES_128_GCM
           : suite.aead == LK_HPKE_AEAD_AES_256_GCM ? LK_AEAD_AES_256_GCM
                                                    : LK_AEAD_CHACHA20_POLY1305;
}

/* ---- LabeledExtract and LabeledExpand (§4) --------------------------------------------------- */

/* What stands in front of every input: "HPKE-v1", the suite_id, the label. */
typedef struct prefix {
    uint8_t bytes[40];
    size_t len;
} prefix;

static void add(prefix *p, const void *bytes, size_t n) {
    memcpy(p->bytes + p->len, bytes, n);
    p->len += n;
}

static void add_u16(prefix *p, uint16_t v) {
    const uint8_t bytes[2] = {(uint8_t)(v >> 8), (uint8_t)v};
    add(p, bytes, sizeof bytes);
}

/* suite_id is "KEM" and the KEM inside of it, and "HPKE" and all three in the key schedule. */
static prefix prefix_of(lk_hpke_suite suite, bool in_kem, const char *label) {
    prefix p = {.len = 0};
    add(&p, "HPKE-v1", 7);
    if (in_kem) {
        add(&p, "KEM", 3);
        add_u16(&p, suite.kem);
    } else {
        add(&p, "HPKE", 4);
        add_u16(&p, suite.kem);
        add_u16(&p, suite.kdf);
        add_u16(&p, suite.aead);
    }
    add(&p, label, strlen(label));
    return p;
}

static void extract(lk_hash hash, uint8_t *out, lk_slice salt, prefix p, lk_slice ikm) {
    lk_hmac mac;
    lk_hmac_key(&mac, hash, salt);
    lk_hmac_of(&mac, out, lk_slice_of(p.bytes, p.len), ikm);
    lk_wipe(&mac, sizeof mac);
}

/* The longest info: two public keys of P-256. */
#define INFO_MAX (2 * LK_HPKE_ENC_MAX)

static void expand(lk_hash hash, uint8_t *out, size_t out_len, const uint8_t *secret, prefix p,
                   lk_slice info) {
    uint8_t labeled[2 + sizeof p.bytes + INFO_MAX] = {(uint8_t)(out_len >> 8), (uint8_t)out_len};
    lk_hmac mac;
    memcpy(labeled + 2, p.bytes, p.len);
    memcpy(labeled + 2 + p.len, info.p, info.p_len);
    lk_hmac_key(&mac, hash, lk_slice_of(secret, lk_hash_length(hash)));
    lk_hkdf_expand(&mac, out, out_len, lk_slice_of(labeled, 2 + p.len + info.p_len));
    lk_wipe(&mac, sizeof mac);
}

/* ---- The two halves of a setup --------------------------------------------------------------- */

/* extract_and_expand turns the Diffie-Hellman result into the KEM's shared secret (§4.1). Both KEMs
 * use HKDF-SHA256. */
static void extract_and_expand(uint8_t shared[LK_HPKE_SECRET_LEN], lk_hpke_suite suite, lk_slice dh,
                               lk_slice enc, lk_slice public_key) {
    uint8_t prk[LK_HASH_MAX], context[INFO_MAX];
    memcpy(context, enc.p, enc.p_len);
    memcpy(context + enc.p_len, public_key.p, public_key.p_len);
    extract(LK_SHA256, prk, lk_slice_of(NULL, 0), prefix_of(suite, true, "eae_prk"), dh);
    expand(LK_SHA256, shared, LK_HPKE_SECRET_LEN, prk, prefix_of(suite, true, "shared_secret"),
           lk_slice_of(context, enc.p_len + public_key.p_len));
    lk_wipe(prk, sizeof prk);
}

/* key_schedule is KeySchedule of §5.1 in base mode, without a PSK. */
static void key_schedule(lk_hpke *out, const lk_crypto *crypto, lk_hpke_suite suite, lk_slice info,
                         bool seal) {
    lk_hash hash = hash_of(suite);
    size_t n = lk_hash_length(hash);
    lk_slice nothing = lk_slice_of(NULL, 0);
    uint8_t context[1 + 2 * LK_HASH_MAX] = {0 /* mode_base */}, secret[LK_HASH_MAX];
    uint8_t key[LK_AEAD_KEY_MAX];
    _Static_assert(sizeof context <= INFO_MAX, "the context is the info of an expansion");
    extract(hash, context + 1, nothing, prefix_of(suite, false, "psk_id_hash"), nothing);
    extract(hash, context + 1 + n, nothing, prefix_of(suite, false, "info_hash"), info);
    extract(hash, secret, lk_slice_of(out->shared_secret, LK_HPKE_SECRET_LEN),
            prefix_of(suite, false, "secret"), nothing);
    expand(hash, key, lk_aead_key_length(aead_of(suite)), secret, prefix_of(suite, false, "key"),
           lk_slice_of(context, 1 + 2 * n));
    expand(hash, out->base_nonce, LK_AEAD_NONCE_LEN, secret, prefix_of(suite, false, "base_nonce"),
           lk_slice_of(context, 1 + 2 * n));
    lk_aead_set(&out->aead, crypto, aead_of(suite), key, seal);
    out->sequence = 0;
    lk_wipe(secret, sizeof secret);
    lk_wipe(key, sizeof key);
}

lockstep_status lk_hpke_setup_sender(lk_hpke *out, uint8_t *enc, const lk_crypto *crypto,
                                     lk_hpke_suite suite, lk_slice public_key, lk_slice info,
                                     const uint8_t *random) {
    uint8_t dh[LK_KEX_SECRET_MAX];
    size_t dh_len = 0;
    *out = (lk_hpke){0};
    if (!lk_hpke_supports(suite))
        return LOCKSTEP_ERR_USAGE;
    /* Encap of a Diffie-Hellman KEM is what a TLS server does: a share, and the secret from it and
     * the other's. */
    const lk_kex_group *group = lk_hpke_group(suite.kem);
    lockstep_status status = lk_kex_respond(enc, dh, &dh_len, crypto, group, random, public_key);
    if (status == LOCKSTEP_OK) {
        extract_and_expand(out->shared_secret, suite, lk_slice_of(dh, dh_len),
                           lk_slice_of(enc, group->server_share), public_key);
        key_schedule(out, crypto, suite, info, true);
    }
    lk_wipe(dh, sizeof dh);
    return status;
}

lockstep_status lk_hpke_setup_receiver(lk_hpke *out, const lk_crypto *crypto, lk_hpke_suite suite,
                                       const lk_hpke_key *key, lk_slice enc, lk_slice info) {
    uint8_t dh[LK_KEX_SECRET_MAX];
    size_t dh_len = 0;
    *out = (lk_hpke){0};
    if (!lk_hpke_supports(suite) || key->kem != suite.kem)
        return LOCKSTEP_ERR_USAGE;
    lockstep_status status = lk_kex_derive(key->own, dh, &dh_len, enc);
    if (status == LOCKSTEP_OK) {
        extract_and_expand(out->shared_secret, suite, lk_slice_of(dh, dh_len), enc,
                           lk_slice_of(key->public_key, key->public_key_len));
        key_schedule(out, crypto, suite, info, false);
    }
    lk_wipe(dh, sizeof dh);
    return status;
}

/* ---- Keys ------------------------------------------------------------------------------------ */

lockstep_status lk_hpke_key_make(lk_hpke_key *out, const lk_crypto *crypto, uint16_t kem,
                                 lk_slice private_key) {
    uint8_t random[LK_KEX_RANDOM_MAX] = {0};
    const lk_kex_group *group = lk_hpke_group(kem);
    *out = (lk_hpke_key){.kem = kem};
    if (group == NULL || private_key.p_len != LK_HPKE_PRIVATE_LEN)
        return LOCKSTEP_ERR_KEY_UNSUPPORTED;
    memcpy(random, private_key.p, LK_HPKE_PRIVATE_LEN);
    lockstep_status status = lk_kex_generate(&out->own, out->public_key, crypto, group, random);
    lk_wipe(random, sizeof random);
    out->public_key_len = group->client_share;
    /* With bytes that are given, what libcrypto refuses is their range. */
    return status == LOCKSTEP_ERR_CRYPTO ? LOCKSTEP_ERR_KEY_UNSUPPORTED : status;
}

void lk_hpke_key_free(lk_hpke_key *key) {
    lk_ephemeral_free(key->own);
    lk_wipe(key, sizeof *key);
}

/* ---- Messages (§5.2) ------------------------------------------------------------------------- */

static void compute_nonce(const lk_hpke *hpke, uint8_t nonce[LK_AEAD_NONCE_LEN]) {
    memcpy(nonce, hpke->base_nonce, LK_AEAD_NONCE_LEN);
    for (size_t i = 0; i < 8; i++)
        nonce[LK_AEAD_NONCE_LEN - 1 - i] ^= (uint8_t)(hpke->sequence >> (8 * i));
}

bool lk_hpke_seal(lk_hpke *hpke, uint8_t *out, lk_slice aad, lk_slice plaintext) {
    uint8_t nonce[LK_AEAD_NONCE_LEN];
    compute_nonce(hpke, nonce);
    if (hpke->sequence == UINT64_MAX ||
        !lk_aead_seal(&hpke->aead, out, nonce, aad, plaintext, lk_slice_of(NULL, 0)))
        return false;
    hpke->sequence++;
    return true;
}

bool lk_hpke_open(lk_hpke *hpke, uint8_t *out, lk_slice aad, lk_slice ciphertext) {
    uint8_t nonce[LK_AEAD_NONCE_LEN];
    compute_nonce(hpke, nonce);
    if (hpke->sequence == UINT64_MAX ||
        lk_aead_open(&hpke->aead, out, nonce, aad, ciphertext) != LOCKSTEP_OK)
        return false;
    hpke->sequence++;
    return true;
}

void lk_hpke_free(lk_hpke *hpke) {
    lk_aead_clear(&hpke->aead);
    lk_wipe(hpke, sizeof *hpke);
}
