/*
 * places.c - where browsers keep their NSS databases.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "store/stores.h"

typedef struct places {
    lk_nss_place *out;
    size_t n, max;
} places;

/* add takes a directory, if it has a database or `always`; each once. */
static void add(places *p, const char *dir, bool always) {
    char file[640];
    snprintf(file, sizeof file, "%s/cert9.db", dir);
    if (p->n == p->max || strlen(dir) >= sizeof p->out->dir || (!always && access(file, F_OK) != 0))
        return;
    for (size_t i = 0; i < p->n; i++)
        if (strcmp(p->out[i].dir, dir) == 0)
            return;
    snprintf(p->out[p->n++].dir, sizeof p->out->dir, "%s", dir);
}

static bool by_name(const lk_nss_place *a, const lk_nss_place *b) {
    return strcmp(a->dir, b->dir) > 0;
}

/* add_profiles takes every profile of a Firefox, in the order of their names. */
static void add_profiles(places *p, const char *dir) {
    DIR *d = opendir(dir);
    struct dirent *entry;
    char profile[1024];
    size_t first = p->n;
    while (d != NULL && (entry = readdir(d)) != NULL) {
        int n = snprintf(profile, sizeof profile, "%s/%s", dir, entry->d_name);
        if (entry->d_name[0] != '.' && n > 0 && (size_t)n < sizeof p->out->dir)
            add(p, profile, false);
    }
    if (d != NULL)
        closedir(d);
    for (size_t i = first + 1; i < p->n; i++)
        for (size_t k = i; k > first && by_name(&p->out[k - 1], &p->out[k]); k--) {
            lk_nss_place swap = p->out[k];
            p->out[k] = p->out[k - 1];
            p->out[k - 1] = swap;
        }
}

/* under writes a path below XDG's variable, or below its default in the home. */
static void under(char *out, size_t out_len, const char *variable, const char *home,
                  const char *usual, const char *path) {
    const char *xdg = getenv(variable);
    if (xdg != NULL && xdg[0] == '/' && strlen(xdg) <= 400)
        snprintf(out, out_len, "%s/%s", xdg, path);
    else
        snprintf(out, out_len, "%s/%s/%s", home, usual, path);
}

size_t lk_nss_places(lk_nss_place *out, size_t max, bool adding) {
    /* In the home: databases, and directories of Firefox profiles; packaged by Debian and others,
     * as a snap, as a flatpak. */
    static const char *const databases[] = {"snap/chromium/current/.pki/nssdb",
                                            ".var/app/org.chromium.Chromium/data/pki/nssdb",
                                            ".var/app/com.google.Chrome/data/pki/nssdb"};
    static const char *const profiles[] = {".mozilla/firefox",
                                           ".config/mozilla/firefox",
                                           "snap/firefox/common/.mozilla/firefox",
                                           "snap/firefox/common/.config/mozilla/firefox",
                                           ".var/app/org.mozilla.firefox/.mozilla/firefox",
                                           ".var/app/org.mozilla.firefox/config/mozilla/firefox"};
    const char *home = getenv("HOME");
    char path[1024];
    places p = {out, 0, max};
    if (home == NULL || home[0] != '/' || strlen(home) > 400)
        return 0;
    snprintf(path, sizeof path, "%s/.pki/nssdb", home);
    add(&p, path, adding);
    /* Newer Chromiums use this one where there is no ~/.pki. */
    under(path, sizeof path, "XDG_DATA_HOME", home, ".local/share", "pki/nssdb");
    add(&p, path, false);
    for (size_t i = 0; i < sizeof databases / sizeof databases[0]; i++) {
        snprintf(path, sizeof path, "%s/%s", home, databases[i]);
        add(&p, path, false);
    }
    for (size_t i = 0; i < sizeof profiles / sizeof profiles[0]; i++) {
        snprintf(path, sizeof path, "%s/%s", home, profiles[i]);
        add_profiles(&p, path);
    }
    under(path, sizeof path, "XDG_CONFIG_HOME", home, ".config", "mozilla/firefox");
    add_profiles(&p, path);
    return p.n;
}
