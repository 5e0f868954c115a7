#include "cmd/bundle.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "cmd/errors.h"
#include "store/data.h"
#include "util/buffer.h"

#define BUNDLE_MAX (16u << 20)

/* Where distributions keep all their roots in one file: Debian and Alpine, Fedora, SUSE, others. */
static const char *const system_files[] = {"/etc/ssl/certs/ca-certificates.crt",
                                           "/etc/pki/tls/certs/ca-bundle.crt",
                                           "/etc/ssl/ca-bundle.pem", "/etc/ssl/cert.pem"};

void lk_bundle_path(char *out, size_t out_len, const lk_localca *ca) {
    snprintf(out, out_len, "%s/bundle.pem", ca->dir);
}

bool lk_bundle_has(const char *path) {
    for (size_t i = 0; i < sizeof system_files / sizeof system_files[0]; i++)
        if (strcmp(path, system_files[i]) == 0)
            return true;
    return false;
}

static bool gather(lk_buffer *out, const lk_localca *ca) {
    bool found = false;
    for (size_t i = 0; i < sizeof system_files / sizeof system_files[0] && !found; i++)
        found = lk_file_load(out, system_files[i], BUNDLE_MAX);
    if (!found)
        lk_warning("no file with the system's roots was found, so the bundle has the local CA's "
                   "alone: install the package ca-certificates");
    size_t n = lk_buffer_length(out);
    if (n > 0 && lk_buffer_bytes(out)[n - 1] != '\n' &&
        !lk_buffer_append(out, lk_slice_of_str("\n")))
        return false;
    return lk_buffer_append(out, lk_slice_of(ca->root.p, ca->root.p_len));
}

bool lk_bundle_write(const lk_localca *ca) {
    char path[3200], text[3500];
    lk_buffer bundle = lk_buffer_of(&lk_heap_default, 0), there = bundle;
    lk_bundle_path(path, sizeof path, ca);
    bool ok = gather(&bundle, ca);
    bool same = ok && lk_file_load(&there, path, BUNDLE_MAX) &&
                lk_slice_equal(lk_buffer_slice(&there), lk_buffer_slice(&bundle));
    if (ok && !same)
        ok = lk_file_save(path, lk_buffer_bytes(&bundle), lk_buffer_length(&bundle), 0644, true);
    if (!ok) {
        snprintf(text, sizeof text, "cannot write %s: %s", path, strerror(errno));
        lk_error(text, NULL, "make room, or set XDG_DATA_HOME");
    }
    lk_buffer_free(&bundle);
    lk_buffer_free(&there);
    return ok;
}

static bool newer(const struct stat *a, const struct stat *b) {
    return a->st_mtim.tv_sec != b->st_mtim.tv_sec ? a->st_mtim.tv_sec > b->st_mtim.tv_sec
                                                  : a->st_mtim.tv_nsec > b->st_mtim.tv_nsec;
}

void lk_bundle_refresh(const lk_localca *ca) {
    char path[3200];
    struct stat bundle, part;
    lk_bundle_path(path, sizeof path, ca);
    if (stat(path, &bundle) != 0)
        return;
    bool old = stat(ca->root_path, &part) == 0 && newer(&part, &bundle);
    for (size_t i = 0; i < sizeof system_files / sizeof system_files[0]; i++)
        old = old || (stat(system_files[i], &part) == 0 && newer(&part, &bundle));
    if (old)
        (void)lk_bundle_write(ca);
}
