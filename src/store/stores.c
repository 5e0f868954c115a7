#include "store/stores.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdarg.h>
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

/* ---- Steps ----------------------------------------------------------------------------------- */

#define MAX_STEPS (sizeof((lk_store_result *)0)->steps / sizeof((lk_store_result *)0)->steps[0])

__attribute__((format(printf, 2, 3))) static void step(lk_store_result *r, const char *format,
                                                       ...) {
    va_list args;
    if (r->num_steps == MAX_STEPS)
        return;
    va_start(args, format);
    vsnprintf(r->steps[r->num_steps++], sizeof r->steps[0], format, args);
    va_end(args);
}

void lk_shell_quote(char *out, size_t out_len, const char *text) {
    size_t n = 0;
    if (text[0] != '\0' && text[strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                             "0123456789-_./:,+@%=")] == '\0') {
        snprintf(out, out_len, "%s", text);
        return;
    }
    if (out_len < 3)
        return;
    out[n++] = '\'';
    for (; *text != '\0' && n + 6 < out_len; text++) {
        if (*text == '\'') { /* out of the quotes, an escaped one, in again */
            memcpy(out + n, "'\\''", 4);
            n += 4;
        } else {
            out[n++] = *text;
        }
    }
    out[n++] = '\'';
    out[n] = '\0';
}

static void step_run(lk_store_result *r, const char *const *argv) {
    char line[4000] = "", word[3600];
    for (size_t i = 0; argv[i] != NULL; i++) {
        lk_shell_quote(word, sizeof word, argv[i]);
        snprintf(line + strlen(line), sizeof line - strlen(line), " %s", word);
    }
    step(r, "run   %s", line + 1);
}

/* ---- The system's store ---------------------------------------------------------------------- */

static const char *const update[] = {"update-ca-certificates", NULL};
static const char *const fresh[] = {"update-ca-certificates", "--fresh", NULL};

static void system_steps(lk_store_result *r, const char *path, const char *pem_path) {
    const char *who = access(SYSTEM_DIR, W_OK) == 0 || geteuid() == 0 ? "" : " (as root)";
    if (pem_path != NULL) {
        if (access(SYSTEM_DIR, F_OK) != 0)
            step(r, "make  %s/%s", SYSTEM_DIR, who);
        step(r, "write %s, a copy of %s%s", path, pem_path, who);
    } else {
        step(r, "erase %s%s", path, who);
    }
    step_run(r, pem_path != NULL ? update : fresh);
    snprintf(r->steps[r->num_steps - 1] + strlen(r->steps[r->num_steps - 1]), 16, "%s", who);
}

static bool system_change(const char *path, const char *pem_path) {
    if (pem_path == NULL)
        return unlink(path) == 0;
    lk_buffer pem = lk_buffer_of(&lk_heap_default, 0);
    (void)mkdir(SYSTEM_DIR, 0755);
    bool ok = lk_file_load(&pem, pem_path, 65536) &&
              lk_file_save(path, lk_buffer_bytes(&pem), lk_buffer_length(&pem), 0644, true);
    lk_buffer_free(&pem);
    return ok;
}

static void system_store(lk_store_result *r, const char *pem_path, const char *fingerprint,
                         bool dry_run) {
    char path[128], from[3600];
    bool add = pem_path != NULL;
    snprintf(path, sizeof path, SYSTEM_DIR "/lockstep-%.16s.crt", fingerprint);
    snprintf(r->place, sizeof r->place, "the system's store (%s)", path);
    bool there = access(path, F_OK) == 0;
    r->changed = there != add;
    r->ok = true;
    if (!r->changed)
        return;
    system_steps(r, path, pem_path);
    if (dry_run)
        return;
    if (!system_change(path, pem_path)) {
        r->ok = r->changed = false;
        if (add) {
            lk_shell_quote(from, sizeof from, pem_path);
            snprintf(r->hint, sizeof r->hint,
                     "sudo install -m 644 %s '%s' && sudo update-ca-certificates", from, path);
        } else {
            snprintf(r->hint, sizeof r->hint, "sudo rm '%s' && sudo update-ca-certificates --fresh",
                     path);
        }
    } else if (run(add ? update : fresh) != 0) {
        r->ok = false;
        snprintf(r->hint, sizeof r->hint,
                 "update-ca-certificates failed; is the package ca-certificates installed?");
    }
}

/* ---- NSS ------------------------------------------------------------------------------------- */

static void make_directories(const char *dir) {
    char part[600];
    for (size_t i = 1; i <= strlen(dir) && i < sizeof part; i++)
        if (dir[i] == '/' || dir[i] == '\0') {
            snprintf(part, sizeof part, "%.*s", (int)i, dir);
            (void)mkdir(part, 0700);
        }
}

static void nss_store(lk_store_result *r, const char *dir, const char *pem_path,
                      const char *fingerprint, bool dry_run) {
    char database[600], name[64], db_file[600];
    snprintf(database, sizeof database, "sql:%.590s", dir);
    snprintf(name, sizeof name, "lockstep %.16s", fingerprint);
    const char *const list[] = {"certutil", "-L", "-d", database, "-n", name, NULL};
    const char *const make[] = {"certutil", "-N", "-d", database, "--empty-password", NULL};
    const char *const add[] = {"certutil", "-A", "-d", database, "-t", "C,,",
                               "-n",       name, "-i", pem_path, NULL};
    const char *const drop[] = {"certutil", "-D", "-d", database, "-n", name, NULL};
    snprintf(r->place, sizeof r->place, "NSS (%.590s)", dir);
    snprintf(db_file, sizeof db_file, "%.580s/cert9.db", dir);
    bool exists = access(db_file, F_OK) == 0;
    int listed = exists ? run(list) : 255;
    if (listed == 127) {
        snprintf(r->hint, sizeof r->hint, "certutil is missing: sudo apt install libnss3-tools");
        return;
    }
    r->changed = (listed == 0) != (pem_path != NULL);
    r->ok = true;
    if (!r->changed)
        return;
    if (!exists && access(dir, F_OK) != 0)
        step(r, "make  %s/", dir);
    if (!exists)
        step_run(r, make);
    step_run(r, pem_path != NULL ? add : drop);
    if (dry_run)
        return;
    if (!exists) {
        make_directories(dir);
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
    lk_nss_place places[LK_STORES_MAX - 1];
    size_t n = lk_nss_places(places, LK_STORES_MAX - 1, pem_path != NULL);
    memset(out, 0, LK_STORES_MAX * sizeof *out);
    system_store(&out[0], pem_path, fingerprint, dry_run);
    for (size_t i = 0; i < n; i++)
        nss_store(&out[1 + i], places[i].dir, pem_path, fingerprint, dry_run);
    return 1 + n;
}

size_t lk_stores_add(lk_store_result *out, const char *pem_path, const char *fingerprint,
                     bool dry_run) {
    return each_store(out, pem_path, fingerprint, dry_run);
}

size_t lk_stores_remove(lk_store_result *out, const char *fingerprint, bool dry_run) {
    return each_store(out, NULL, fingerprint, dry_run);
}
