/*
 * stores.h - where programs of this machine keep whom they trust: the system's store and the NSS
 * databases of Chromium and Firefox.
 */
#ifndef LK_STORE_STORES_H
#define LK_STORE_STORES_H

#include <stdbool.h>
#include <stddef.h>

/* One place, and what became of it. */
typedef struct lk_store_result {
    char place[640]; /* "the system's store (/usr/local/share/ca-certificates)" */
    bool ok, changed;
    char hint[768]; /* what to do, if not ok */
} lk_store_result;

#define LK_STORES_MAX 32

/*
 * lk_stores_add puts the certificate of the file `pem_path` into every store that is found, under a
 * name made of `fingerprint` (hexadecimal); lk_stores_remove takes it out. With `dry_run` nothing
 * is changed and the results say what would be. Returns how many results were written.
 */
size_t lk_stores_add(lk_store_result *out, const char *pem_path, const char *fingerprint,
                     bool dry_run);
size_t lk_stores_remove(lk_store_result *out, const char *fingerprint, bool dry_run);

#endif
