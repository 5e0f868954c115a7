#include "primitive.h"

#include <stdlib.h>
#include <string.h>

#include <lockstep/lockstep.h>
#include <openssl/evp.h>

#include "pair.h"

enum { TAG = PRIMITIVE_TAG, NONCE = 12, HEADER = 5 };

struct primitive {
    EVP_CIPHER *cipher;
    EVP_CIPHER_CTX *seal, *open;
    uint8_t *records;
    size_t stride;
    uint8_t nonce[NONCE];
};

static const char *cipher_name(uint16_t suite) {
    switch (suite) {
    case LOCKSTEP_SUITE_AES_128_GCM_SHA256:
        return "AES-128-GCM";
    case LOCKSTEP_SUITE_AES_256_GCM_SHA384:
        return "AES-256-GCM";
    default:
        return "ChaCha20-Poly1305";
    }
}

primitive *primitive_new(uint16_t suite, int records, size_t size) {
    static const uint8_t key[32] = {1, 2, 3};
    primitive *p = calloc(1, sizeof *p);
    if (p == NULL || (p->records = calloc((size_t)records, size + TAG)) == NULL)
        die("no memory", NULL);
    p->stride = size + TAG;
    p->cipher = EVP_CIPHER_fetch(NULL, cipher_name(suite), NULL);
    p->seal = EVP_CIPHER_CTX_new();
    p->open = EVP_CIPHER_CTX_new();
    if (EVP_EncryptInit_ex(p->seal, p->cipher, NULL, key, p->nonce) != 1 ||
        EVP_DecryptInit_ex(p->open, p->cipher, NULL, key, p->nonce) != 1)
        die("no cipher", cipher_name(suite));
    return p;
}

void primitive_free(primitive *p) {
    EVP_CIPHER_CTX_free(p->seal);
    EVP_CIPHER_CTX_free(p->open);
    EVP_CIPHER_free(p->cipher);
    free(p->records);
    free(p);
}

/* Its sequence number and length make each record another (RFC 8446 §5.2, §5.3). */
static void prepare(primitive *p, int k, size_t n, uint8_t header[HEADER]) {
    size_t length = n + TAG;
    p->nonce[NONCE - 1] = (uint8_t)k;
    memcpy(header, (uint8_t[HEADER]){23, 3, 3, (uint8_t)(length >> 8), (uint8_t)length}, HEADER);
}

void primitive_seal(primitive *p, int k, const uint8_t *in, size_t n) {
    uint8_t header[HEADER], *record = p->records + (size_t)k * p->stride;
    int used;
    prepare(p, k, n, header);
    if (EVP_EncryptInit_ex(p->seal, NULL, NULL, NULL, p->nonce) != 1 ||
        EVP_EncryptUpdate(p->seal, NULL, &used, header, HEADER) != 1 ||
        EVP_EncryptUpdate(p->seal, record, &used, in, (int)n) != 1 ||
        EVP_EncryptFinal_ex(p->seal, record + n, &used) != 1 ||
        EVP_CIPHER_CTX_ctrl(p->seal, EVP_CTRL_AEAD_GET_TAG, TAG, record + n) != 1)
        die("the primitive does not seal", NULL);
}

bool primitive_open(primitive *p, int k, uint8_t *out, size_t n) {
    uint8_t header[HEADER], *record = p->records + (size_t)k * p->stride;
    int used;
    prepare(p, k, n, header);
    return EVP_DecryptInit_ex(p->open, NULL, NULL, NULL, p->nonce) == 1 &&
           EVP_DecryptUpdate(p->open, NULL, &used, header, HEADER) == 1 &&
           EVP_DecryptUpdate(p->open, out, &used, record, (int)n) == 1 &&
           EVP_CIPHER_CTX_ctrl(p->open, EVP_CTRL_AEAD_SET_TAG, TAG, record + n) == 1 &&
           EVP_DecryptFinal_ex(p->open, out + n, &used) == 1;
}

const uint8_t *primitive_record(const primitive *p, int k) {
    return p->records + (size_t)k * p->stride;
}
