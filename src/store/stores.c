#include "store/stores.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "store/data.h"

extern char **environ;

#define SYSTEM_DIR "/usr/local/share/ca-certificates"

/* run starts a program with an argument vector, never a shell, and without its output. */
static int run(const char *const *argv) {
    posix_spawn_file_actions_t actions;
    pid_t pid;
    int status = -1;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
    int failed = posix_spawnp(&pid, argv[0], &actions, NULL, (char *const *)(size_t)argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    if (failed != 0)
        return 127;
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 126;
}

/* ---- The system's store ---------------------------------------------------------------------- */

static void system_path(char *out, size_t out_len, const char *fingerprint) {
    snprintf(out, out_len, SYSTEM_DIR "/lockstep-%.16s.crt", fingerprint);
}

static void system_store(lk_store_result *r, const char *pem_path, const char *fingerprint,
                         bool dry_run) {
    char path[512];
    static const char *const update[] = {"update-ca-certificates", NULL};
    static const char *const fresh[] = {"update-ca-certificates", "--fresh", NULL};
    bool add = pem_path != NULL;
    system_path(path, sizeof path, fingerprint);
    snprintf(r->place, sizeof r->place, "the system's store (%s)", path);
    bool there = access(path, F_OK) == 0;
    r->changed = there != add;
    r->ok = true;
    if (dry_run || !r->changed)
        return;
    if (add) {
        lk_buffer pem = lk_buffer_of(&lk_heap_default, 0);
        (void)mkdir(SYSTEM_DIR, 0755);
        r->ok = lk_file_load(&pem, pem_path, 65536) &&
                lk_file_save(path, lk_buffer_bytes(&pem), lk_buffer_length(&pem), 0644, true);
        lk_buffer_free(&pem);
    } else {
        r->ok = unlink(path) == 0;
    }
    if (!r->ok) {
        r->changed = false;
        if (add)
            snprintf(r->hint, sizeof r->hint,
                     "sudo install -m 644 '%s' '%s' && sudo update-ca-certificates", pem_path,
                     path);
        else
            snprintf(r->hint, sizeof r->hint, "sudo rm '%s' && sudo update-ca-certificates --fresh",
                     path);
        return;
    }
    if (run(add ? update : fresh) != 0) {
        r->ok = false;
        snprintf(r->hint, sizeof r->hint,
                 "update-ca-certificates failed; is the package ca-certificates installed?");
    }
}

/* ---- NSS ------------------------------------------------------------------------------------- */

static void nss_store(lk_store_result *r, const char *dir, const char *pem_path,
                      const char *fingerprint, bool dry_run) {
    char database[600], name[64];
    snprintf(database, sizeof database, "sql:%s", dir);
    snprintf(name, sizeof name, "lockstep %.16s", fingerprint);
    const char *const list[] = {"certutil", "-L", "-d", database, "-n", name, NULL};
    const char *const make[] = {"certutil", "-N", "-d", database, "--empty-password", NULL};
    const char *const add[] = {"certutil", "-A", "-d", database, "-t", "C,,",
                               "-n",       name, "-i", pem_path, NULL};
    const char *const drop[] = {"certutil", "-D", "-d", database, "-n", name, NULL};
    char db_file[600];
    snprintf(r->place, sizeof r->place, "NSS (%s)", dir);
    snprintf(db_file, sizeof db_file, "%s/cert9.db", dir);
    bool exists = access(db_file, F_OK) == 0;
    int listed = exists ? run(list) : 255;
    if (listed == 127) {
        snprintf(r->hint, sizeof r->hint, "certutil is missing: sudo apt install libnss3-tools");
        return;
    }
    r->changed = (listed == 0) != (pem_path != NULL);
    r->ok = true;
    if (dry_run || !r->changed)
        return;
    if (pem_path != NULL && !exists) {
        char part[600];
        for (size_t i = 1; i <= strlen(dir) && i < sizeof part; i++)
            if (dir[i] == '/' || dir[i] == '\0') {
                snprintf(part, sizeof part, "%.*s", (int)i, dir);
                (void)mkdir(part, 0700);
            }
        r->ok = run(make) == 0;
    }
    r->ok = r->ok && run(pem_path != NULL ? add : drop) == 0;
    if (!r->ok) {
        r->changed = false;
        snprintf(r->hint, sizeof r->hint, "certutil failed; try: %s",
                 run(list) == 127 ? "sudo apt install libnss3-tools" : "closing the browser first");
    }
}

static size_t each_store(lk_store_result *out, const char *pem_path, const char *fingerprint,
                         bool dry_run) {
    /* Where Firefox has its profiles: its own directory, XDG's, the snap's. */
    static const char *const profiles[] = {".mozilla/firefox", ".config/mozilla/firefox",
                                           "snap/firefox/common/.mozilla/firefox"};
    const char *home = getenv("HOME");
    char pattern[600];
    size_t n = 0;
    memset(out, 0, LK_STORES_MAX * sizeof *out);
    system_store(&out[n++], pem_path, fingerprint, dry_run);
    if (home == NULL || home[0] != '/' || strlen(home) > 400)
        return n;
    snprintf(pattern, sizeof pattern, "%s/.pki/nssdb", home);
    char file[640];
    snprintf(file, sizeof file, "%s/cert9.db", pattern);
    /* Chromium's database is made where it is missing; to take something out of nothing is done. */
    if (pem_path != NULL || access(file, F_OK) == 0)
        nss_store(&out[n++], pattern, pem_path, fingerprint, dry_run);
    for (size_t i = 0; i < sizeof profiles / sizeof profiles[0]; i++) {
        glob_t found;
        snprintf(pattern, sizeof pattern, "%s/%s/*/cert9.db", home, profiles[i]);
        if (glob(pattern, GLOB_NOSORT, NULL, &found) == 0)
            for (size_t k = 0; k < found.gl_pathc && n < LK_STORES_MAX; k++) {
                found.gl_pathv[k][strlen(found.gl_pathv[k]) - strlen("/cert9.db")] = '\0';
                nss_store(&out[n++], found.gl_pathv[k], pem_path, fingerprint, dry_run);
            }
        globfree(&found);
    }
    return n;
}

size_t lk_stores_add(lk_store_result *out, const char *pem_path, const char *fingerprint,
                     bool dry_run) {
    return each_store(out, pem_path, fingerprint, dry_run);
}

size_t lk_stores_remove(lk_store_result *out, const char *fingerprint, bool dry_run) {
    return each_store(out, NULL, fingerprint, dry_run);
}
