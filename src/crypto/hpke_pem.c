#include "crypto/hpke_pem.h"

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/pem.h>

#include "util/pem.h"
#include "util/secret.h"

/* No prompt, ever: a key with a passphrase is a key that cannot be read. */
static int no_passphrase(char *out, int out_len, int writing, void *arg) {
    (void)out;
    (void)out_len;
    (void)writing;
    (void)arg;
    return 0;
}

static bool is_p256(const EVP_PKEY *key) {
    char name[64];
    size_t n = 0;
    return EVP_PKEY_is_a(key, "EC") && EVP_PKEY_get_group_name(key, name, sizeof name, &n) == 1 &&
           strcmp(name, "prime256v1") == 0;
}

static bool read_scalar(uint8_t out[LK_HPKE_PRIVATE_LEN], const EVP_PKEY *key) {
    BIGNUM *scalar = NULL;
    bool good = EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_PRIV_KEY, &scalar) == 1 &&
                BN_bn2binpad(scalar, out, LK_HPKE_PRIVATE_LEN) == LK_HPKE_PRIVATE_LEN;
    BN_clear_free(scalar);
    return good;
}

lockstep_status lk_hpke_private_from_pem(uint8_t out[LK_HPKE_PRIVATE_LEN], uint16_t *kem,
                                         lk_slice pem) {
    size_t n = LK_HPKE_PRIVATE_LEN;
    if (pem.p_len == 0 || pem.p_len > INT32_MAX)
        return LOCKSTEP_ERR_PEM;
    BIO *bio = BIO_new_mem_buf(pem.p, (int)pem.p_len);
    EVP_PKEY *key = bio == NULL ? NULL : PEM_read_bio_PrivateKey(bio, NULL, no_passphrase, NULL);
    lockstep_status status = key == NULL ? LOCKSTEP_ERR_PEM : LOCKSTEP_ERR_KEY_UNSUPPORTED;
    if (key != NULL && EVP_PKEY_is_a(key, "X25519") &&
        EVP_PKEY_get_raw_private_key(key, out, &n) == 1) {
        *kem = LK_HPKE_KEM_X25519;
        status = LOCKSTEP_OK;
    } else if (key != NULL && is_p256(key) && read_scalar(out, key)) {
        *kem = LK_HPKE_KEM_P256;
        status = LOCKSTEP_OK;
    }
    EVP_PKEY_free(key);
    BIO_free(bio);
    ERR_clear_error(); /* reading tries one decoder after the other */
    return status;
}

lockstep_status lk_hpke_private_to_pem(lk_buffer *out, const uint8_t key[LK_HPKE_PRIVATE_LEN]) {
    /* PrivateKeyInfo of RFC 8410 §7: version 0, id-X25519, the key in an OCTET STRING of its own.
     */
    uint8_t der[16 + LK_HPKE_PRIVATE_LEN] = {0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06,
                                             0x03, 0x2b, 0x65, 0x6e, 0x04, 0x22, 0x04, 0x20};
    memcpy(der + 16, key, LK_HPKE_PRIVATE_LEN);
    bool good = lk_pem_write(out, "PRIVATE KEY", lk_slice_of(der, sizeof der));
    lk_wipe(der, sizeof der);
    return good ? LOCKSTEP_OK : LOCKSTEP_ERR_NO_MEMORY;
}
