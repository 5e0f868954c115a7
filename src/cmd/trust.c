#include "cmd/trust.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/errors.h"
#include "store/data.h"

#define SYSTEM_FILE "/etc/ssl/certs/ca-certificates.crt"
#define FILE_MAX    (16u << 20)

static bool add_file(lockstep_trust *trust, const char *path, bool must) {
    lk_buffer pem = lk_buffer_of(&lk_heap_default, 0);
    char text[512];
    bool ok = lk_file_load(&pem, path, FILE_MAX);
    if (!ok && must) {
        snprintf(text, sizeof text, "%s cannot be read: %s", path, strerror(errno));
        lk_error(text, NULL, "name a file with PEM certificates to trust");
    } else if (ok) {
        size_t passed_over = 0;
        ok = lockstep_trust_add(trust, NULL, &passed_over, lk_buffer_bytes(&pem),
                                lk_buffer_length(&pem)) == LOCKSTEP_OK;
        if (must && passed_over > 0) {
            /* Somebody meant to trust it, and it is trusted for nothing: that is safe, and said. */
            lk_warning_of(path, "holds a certificate that cannot be read, which is not trusted");
            ok = true;
        } else if (!ok && must) {
            snprintf(text, sizeof text, "%s has no certificate in PEM form", path);
            lk_error(text, NULL, "its certificates begin with -----BEGIN CERTIFICATE-----");
        }
    }
    lk_buffer_free(&pem);
    return ok;
}

/* A directory: every file in it counts, whatever its name; those without certificates do not
 * matter. */
static bool add_directory(lockstep_trust *trust, const char *path, bool must) {
    DIR *dir = opendir(path);
    struct dirent *entry;
    char file[4096], text[512];
    bool any = false;
    while (dir != NULL && (entry = readdir(dir)) != NULL) {
        int n = snprintf(file, sizeof file, "%s/%s", path, entry->d_name);
        if (entry->d_name[0] != '.' && n > 0 && (size_t)n < sizeof file)
            any = add_file(trust, file, false) || any;
    }
    if (dir != NULL)
        closedir(dir);
    if (!any && must) {
        snprintf(text, sizeof text, "%s has no file with PEM certificates", path);
        lk_error(text, NULL, NULL);
    }
    return any;
}

/* SSL_CERT_DIR is a list of directories with colons between, as in OpenSSL. */
static bool add_directories(lockstep_trust *trust, const char *list) {
    char path[4096];
    bool any = false;
    while (*list != '\0') {
        size_t n = strcspn(list, ":");
        snprintf(path, sizeof path, "%.*s", (int)n, list);
        any = (n > 0 && add_directory(trust, path, false)) || any;
        list += n + (list[n] == ':');
    }
    return any;
}

lockstep_trust *lk_trust_load(const char *cacert, const char *capath) {
    const char *env_file = getenv("SSL_CERT_FILE"), *env_dir = getenv("SSL_CERT_DIR");
    lockstep_trust *trust;
    bool ok = true;
    if (lockstep_trust_new(&trust, NULL) != LOCKSTEP_OK)
        return NULL;
    if (cacert != NULL || capath != NULL) {
        ok = (cacert == NULL || add_file(trust, cacert, true)) &&
             (capath == NULL || add_directory(trust, capath, true));
    } else if ((env_file != NULL && env_file[0] != '\0') ||
               (env_dir != NULL && env_dir[0] != '\0')) {
        bool file = env_file != NULL && env_file[0] != '\0' && add_file(trust, env_file, false);
        bool dir = env_dir != NULL && env_dir[0] != '\0' && add_directories(trust, env_dir);
        if (!file && !dir)
            lk_warning("SSL_CERT_FILE and SSL_CERT_DIR name no certificates: nobody is trusted");
    } else if (!add_file(trust, SYSTEM_FILE, false)) {
        lk_warning("there is no " SYSTEM_FILE ", so nobody is trusted: install the package "
                   "ca-certificates, or use --cacert");
    }
    if (ok)
        return trust;
    lockstep_trust_free(trust);
    return NULL;
}

lockstep_trust *lk_trust_load_files(const char *const *files, size_t num_files) {
    lockstep_trust *trust;
    bool ok = true;
    if (lockstep_trust_new(&trust, NULL) != LOCKSTEP_OK)
        return NULL;
    for (size_t i = 0; i < num_files && ok; i++)
        ok = add_file(trust, files[i], true);
    if (ok)
        return trust;
    lockstep_trust_free(trust);
    return NULL;
}
