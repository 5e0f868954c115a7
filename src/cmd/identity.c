#include "cmd/identity.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cmd/errors.h"
#include "store/data.h"
#include "util/pem.h"

#define PEM_MAX (1u << 20)

static bool has(const lk_buffer *file, const char *text) {
    return memmem(lk_buffer_bytes(file), lk_buffer_length(file), text, strlen(text)) != NULL;
}

/* lacks says what is plainly missing in one of the files, and what to do about it; NULL: nothing.
 */
static const char *lacks(const lk_buffer *cert, const lk_buffer *key, const char **todo) {
    *todo = "it begins with -----BEGIN CERTIFICATE-----; the leaf comes first";
    if (!has(cert, "-----BEGIN CERTIFICATE-----"))
        return "no certificate in PEM form";
    *todo = "take it away: openssl pkey -in FILE -out NEWFILE";
    if (has(key, "-----BEGIN ENCRYPTED PRIVATE KEY-----") || has(key, "Proc-Type: 4,ENCRYPTED"))
        return "a key under a password";
    *todo = "--key FILE names the file that has it";
    if (!has(key, "PRIVATE KEY-----"))
        return "no private key in PEM form";
    return NULL;
}

static const char *advice(lockstep_status status) {
    switch (status) {
    case LOCKSTEP_ERR_KEY_MISMATCH:
        return "give each --cert the --key that was made with it, the leaf first in its file";
    case LOCKSTEP_ERR_KEY_UNSUPPORTED:
        return "give a key of RSA (2048 bits or more), ECDSA P-256, P-384 or P-521, or Ed25519";
    default:
        return "both are PEM files: a chain with the leaf first, and a key without password";
    }
}

static int add(lockstep_config *cfg, const char *cert_path, const char *key_path, lk_buffer *cert,
               lk_buffer *key) {
    char text[512];
    if (!lk_file_load(cert, cert_path, PEM_MAX)) {
        snprintf(text, sizeof text, "%s cannot be read: %s", cert_path, strerror(errno));
        lk_error(text, NULL, "give the certificate chain in PEM by --cert");
        return LK_EXIT_USAGE;
    }
    if (!lk_file_load(key, key_path, PEM_MAX)) {
        snprintf(text, sizeof text, "%s cannot be read: %s", key_path, strerror(errno));
        lk_error(text, NULL, "give the private key in PEM by --key");
        return LK_EXIT_USAGE;
    }
    const char *todo, *missing = lacks(cert, key, &todo);
    if (missing != NULL) {
        snprintf(text, sizeof text, "%s has %s",
                 strstr(missing, "certificate") != NULL ? cert_path : key_path, missing);
        lk_error(text, NULL, todo);
        return LK_EXIT_USAGE;
    }
    lockstep_status status =
        lockstep_config_add_identity(cfg, lk_buffer_bytes(cert), lk_buffer_length(cert),
                                     lk_buffer_bytes(key), lk_buffer_length(key));
    if (status == LOCKSTEP_OK)
        return LK_EXIT_OK;
    snprintf(text, sizeof text, "%s and %s: %s", cert_path, key_path, lockstep_status_text(status));
    lk_error(text, NULL, advice(status));
    return LK_EXIT_USAGE;
}

int lk_add_identity(lockstep_config *cfg, const char *cert_path, const char *key_path) {
    lk_buffer cert = lk_buffer_of(&lk_heap_default, 0), key = lk_buffer_of(&lk_heap_default, 0);
    int code = add(cfg, cert_path, key_path, &cert, &key);
    lk_buffer_free(&cert);
    lk_buffer_free(&key);
    return code;
}

static bool name_of(char name[LK_IDENTITY_NAME], lk_slice pem) {
    lk_buffer der = lk_buffer_of(&lk_heap_default, 0);
    lockstep_cert *leaf = NULL;
    uint8_t hash[32];
    bool ok = lk_pem_next(&pem, "CERTIFICATE", &der) == 1 &&
              lockstep_cert_read(&leaf, NULL, lk_buffer_bytes(&der), lk_buffer_length(&der)) ==
                  LOCKSTEP_OK;
    if (ok) {
        lockstep_cert_sha256(leaf, hash);
        for (size_t i = 0; i < (LK_IDENTITY_NAME - 1) / 2; i++)
            snprintf(name + 2 * i, 3, "%02x", hash[i]);
    }
    lockstep_cert_free(leaf);
    lk_buffer_free(&der);
    return ok;
}

int lk_add_client_identity(char name[LK_IDENTITY_NAME], lockstep_config *cfg, const char *cert_path,
                           const char *key_path) {
    lk_buffer cert = lk_buffer_of(&lk_heap_default, 0), key = lk_buffer_of(&lk_heap_default, 0);
    int code = add(cfg, cert_path, key_path, &cert, &key);
    if (code == LK_EXIT_OK && !name_of(name, lk_buffer_slice(&cert))) {
        lk_error("the certificate of --cert cannot be read", NULL, advice(LOCKSTEP_ERR_PEM));
        code = LK_EXIT_USAGE;
    }
    lk_buffer_free(&cert);
    lk_buffer_free(&key);
    return code;
}
