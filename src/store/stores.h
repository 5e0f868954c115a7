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
    char hint[4096]; /* what to do, if not ok */
    char steps[4]
              [4096]; /* each change in its order: "write FILE ...", "run COMMAND ..."; "" last */
    size_t num_steps;
} lk_store_result;

#define LK_STORES_MAX 32

/*
 * lk_stores_add puts the certificate of the file `pem_path` into every store that is found, under a
 * name made of `fingerprint` (hexadecimal); lk_stores_remove takes it out. With `dry_run` nothing
 * is changed and the results say what would be, step by step. Returns how many results were
 * written.
 */
size_t lk_stores_add(lk_store_result *out, const char *pem_path, const char *fingerprint,
                     bool dry_run);
size_t lk_stores_remove(lk_store_result *out, const char *fingerprint, bool dry_run);

/* lk_nss_places lists the directories of NSS databases of this user's browsers: those that have
 * one, and with `add` also Chromium's usual one, which is made where it is missing. Returns how
 * many, at most `max`. */
typedef struct lk_nss_place {
    char dir[512];
} lk_nss_place;
size_t lk_nss_places(lk_nss_place *out, size_t max, bool add);

/* lk_shell_quote writes `text` as one word for sh, in quotes where it needs them. */
void lk_shell_quote(char *out, size_t out_len, const char *text);

#endif
