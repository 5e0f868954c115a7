#include "cmd/identity.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cmd/errors.h"
#include "store/data.h"

#define PEM_MAX (1u << 20)

int lk_add_identity(lockstep_config *cfg, const char *cert_path, const char *key_path) {
    lk_buffer cert = lk_buffer_of(&lk_heap_default, 0), key = lk_buffer_of(&lk_heap_default, 0);
    char text[512];
    int code = LK_EXIT_USAGE;
    if (!lk_file_load(&cert, cert_path, PEM_MAX)) {
        snprintf(text, sizeof text, "%s cannot be read: %s", cert_path, strerror(errno));
        lk_error(text, NULL, "give the certificate chain in PEM by --cert");
    } else if (!lk_file_load(&key, key_path, PEM_MAX)) {
        snprintf(text, sizeof text, "%s cannot be read: %s", key_path, strerror(errno));
        lk_error(text, NULL, "give the private key in PEM by --key");
    } else {
        lockstep_status status =
            lockstep_config_add_identity(cfg, lk_buffer_bytes(&cert), lk_buffer_length(&cert),
                                         lk_buffer_bytes(&key), lk_buffer_length(&key));
        snprintf(text, sizeof text, "%s and %s: %s", cert_path, key_path,
                 lockstep_status_text(status));
        if (status == LOCKSTEP_OK)
            code = LK_EXIT_OK;
        else
            lk_error(
                text, NULL,
                status == LOCKSTEP_ERR_KEY_MISMATCH
                    ? "give each --cert the --key that was made with it, the leaf first in its file"
                    : "both are PEM files: a chain with the leaf first, and a key without "
                      "password");
    }
    lk_buffer_free(&cert);
    lk_buffer_free(&key);
    return code;
}
