/*
 * ca.c - `lockstep ca`: a local certificate authority for development.
 */
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd/errors.h"
#include "cmd/localca.h"
#include "cmd/options.h"
#include "store/data.h"
#include "store/stores.h"
#include "util/civil.h"

enum { O_JSON, O_QUIET, O_DRY_RUN, O_FORCE, O_OUT_DIR, O_CERT_FILE, O_KEY_FILE, O_KEY_TYPE };
static const lk_option options[] = {
    [O_JSON] = {"json", 0, NULL, "list: print JSON"},
    [O_QUIET] = {"quiet", 'q', NULL, "say only what went wrong"},
    [O_DRY_RUN] = {"dry-run", 'n', NULL,
                   "trust, untrust: say what would be changed, and change nothing"},
    [O_FORCE] = {"force", 'f', NULL, "issue: replace files that exist"},
    [O_OUT_DIR] = {"out-dir", 0, "DIR", "issue: where the files go (default: here)"},
    [O_CERT_FILE] = {"cert-file", 0, "FILE", "issue: the certificate's file (default: NAME.pem)"},
    [O_KEY_FILE] = {"key-file", 0, "FILE", "issue: the key's file (default: NAME-key.pem)"},
    [O_KEY_TYPE] = {"key-type", 0, "TYPE", "issue: ecdsa (default), ecdsa-p384, rsa, ed25519"},
    {NULL, 0, NULL, NULL}};

#define MAX_NAMES 100

typedef struct request {
    bool json, quiet, dry_run, force;
    const char *out_dir, *cert_file, *key_file, *key_type;
    const char *words[MAX_NAMES + 1];
    size_t num_words;
} request;

static int init(const request *r) {
    lk_localca ca;
    if (!lk_localca_open(&ca, true))
        return LK_EXIT_FAILED;
    if (!r->quiet) {
        printf("%s %s\n",
               ca.made ? "made a local CA:" : "the local CA is there already:", ca.root_path);
        if (ca.made)
            printf(
                "so that browsers trust it: lockstep ca trust\n"
                "keep its key to yourself: who has %s\ncan impersonate any site to this machine\n",
                ca.key_path);
    }
    lk_localca_free(&ca);
    return LK_EXIT_OK;
}

static int path(void) {
    char out[4096];
    const char *bad = lk_localca_path(out, sizeof out);
    if (bad != NULL) {
        lk_error(bad, NULL, NULL);
        return LK_EXIT_FAILED;
    }
    puts(out);
    return LK_EXIT_OK;
}

/* ---- issue ----------------------------------------------------------------------------------- */

/* A file's name for a certificate's: "*.dev.test" becomes "_wildcard.dev.test". */
static void file_name(char *out, size_t out_len, const char *dir, const char *name,
                      const char *ending) {
    bool wildcard = strncmp(name, "*.", 2) == 0;
    snprintf(out, out_len, "%s%s%s%s%s", dir != NULL ? dir : "", dir != NULL ? "/" : "",
             wildcard ? "_wildcard" : "", wildcard ? name + 1 : name, ending);
    for (char *p = out + (dir != NULL ? strlen(dir) + 1 : 0); *p != '\0'; p++)
        if (*p == '/' || *p == ':' || (unsigned char)*p <= 0x20)
            *p = '-';
}

static bool save(const char *file, const lockstep_blob *b, unsigned mode, bool force) {
    char text[4352];
    if (lk_file_save(file, b->p, b->p_len, mode, force))
        return true;
    snprintf(text, sizeof text, "%s was not written: %s", file, strerror(errno));
    lk_error(text, NULL,
             errno == EEXIST ? "--force replaces it" : "name another place by --out-dir");
    return false;
}

static int issue(const request *r) {
    static const struct {
        const char *name;
        enum lockstep_key_kind kind;
    } types[] = {{"ecdsa", LOCKSTEP_KEY_ECDSA_P256},      {"ecdsa-p256", LOCKSTEP_KEY_ECDSA_P256},
                 {"ecdsa-p384", LOCKSTEP_KEY_ECDSA_P384}, {"rsa", LOCKSTEP_KEY_RSA_2048},
                 {"rsa-2048", LOCKSTEP_KEY_RSA_2048},     {"rsa-3072", LOCKSTEP_KEY_RSA_3072},
                 {"ed25519", LOCKSTEP_KEY_ED25519}};
    enum lockstep_key_kind kind = 0;
    char cert_file[4096], key_file[4096];
    lockstep_blob cert, key;
    lk_localca ca;
    if (r->num_words < 2) {
        lk_error("issue: for which names?", NULL,
                 "lockstep ca issue dev.test '*.dev.test' 127.0.0.1");
        return LK_EXIT_USAGE;
    }
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
        if (strcmp(r->key_type == NULL ? "ecdsa" : r->key_type, types[i].name) == 0)
            kind = types[i].kind;
    if (kind == 0) {
        lk_error("--key-type: there is no such type of key", NULL,
                 "ecdsa, ecdsa-p384, rsa, ed25519");
        return LK_EXIT_USAGE;
    }
    if (!lk_localca_open(&ca, true))
        return LK_EXIT_FAILED;
    int code = LK_EXIT_FAILED;
    if (lk_localca_issue(&ca, &cert, &key, r->words + 1, r->num_words - 1, kind)) {
        file_name(cert_file, sizeof cert_file, r->out_dir, r->words[1], ".pem");
        file_name(key_file, sizeof key_file, r->out_dir, r->words[1], "-key.pem");
        const char *to = r->cert_file != NULL ? r->cert_file : cert_file;
        const char *key_to = r->key_file != NULL ? r->key_file : key_file;
        if (!r->force &&
            access(to, F_OK) == 0) { /* before the key is there and has no certificate */
            errno = EEXIST;
            save(to, &cert, 0644, false);
        } else if (save(key_to, &key, 0600, r->force) && save(to, &cert, 0644, r->force)) {
            if (!r->quiet)
                printf("%s\n%s\n", to, key_to);
            code = LK_EXIT_OK;
        }
        lockstep_blob_free(&cert);
        lockstep_blob_free(&key);
    }
    lk_localca_free(&ca);
    return code;
}

/* ---- trust, untrust, list -------------------------------------------------------------------- */

static int stores(const request *r, bool add) {
    lk_store_result results[LK_STORES_MAX];
    lk_localca ca;
    if (!lk_localca_open(&ca, add && !r->dry_run))
        return LK_EXIT_FAILED;
    size_t n = add ? lk_stores_add(results, ca.root_path, ca.fingerprint, r->dry_run)
                   : lk_stores_remove(results, ca.fingerprint, r->dry_run);
    int code = LK_EXIT_OK;
    for (size_t i = 0; i < n; i++) {
        const char *what = !results[i].ok        ? "FAILED"
                           : !results[i].changed ? (add ? "there already" : "not there")
                           : r->dry_run          ? (add ? "would be added" : "would be taken out")
                                                 : (add ? "added" : "taken out");
        if (!r->quiet || !results[i].ok)
            printf("%-18s %s\n", what, results[i].place);
        if (!results[i].ok) {
            printf("                   to do: %s\n", results[i].hint);
            code = LK_EXIT_FAILED;
        }
    }
    lk_localca_free(&ca);
    return code;
}

static int list(const request *r) {
    lk_store_result results[LK_STORES_MAX];
    char from[64], until[64];
    lk_localca ca;
    if (!lk_localca_open(&ca, false))
        return LK_EXIT_FAILED;
    lockstep_cert *cert = lk_cert_of_pem(ca.root.p, ca.root.p_len);
    size_t n = lk_stores_add(results, ca.root_path, ca.fingerprint, true);
    lk_civil_text(from, sizeof from, lockstep_cert_not_before_ms(cert) / 1000, false);
    lk_civil_text(until, sizeof until, lockstep_cert_not_after_ms(cert) / 1000, false);
    if (r->json) {
        json_t *places = json_array();
        for (size_t i = 0; i < n; i++)
            json_array_append_new(places,
                                  json_pack("{s:s, s:b}", "place", results[i].place, "trusted",
                                            results[i].ok && !results[i].changed));
        json_t *all = json_pack("{s:i, s:s, s:s, s:s, s:s, s:I, s:I, s:o}", "version", 1, "root",
                                ca.root_path, "subject", lockstep_cert_subject(cert), "key",
                                lockstep_cert_key(cert), "sha256", ca.fingerprint, "not_before_ms",
                                (json_int_t)lockstep_cert_not_before_ms(cert), "not_after_ms",
                                (json_int_t)lockstep_cert_not_after_ms(cert), "stores", places);
        json_dumpf(all, stdout, JSON_INDENT(2));
        putchar('\n');
        json_decref(all);
    } else {
        printf("%s\n  file     %s\n  key      %s\n  valid    %s to %s\n  SHA-256  %s\n",
               lockstep_cert_subject(cert), ca.root_path, lockstep_cert_key(cert), from, until,
               ca.fingerprint);
        for (size_t i = 0; i < n; i++)
            printf("  %-8s %s\n", results[i].ok && !results[i].changed ? "trusted" : "not in",
                   results[i].place);
    }
    lockstep_cert_free(cert);
    lk_localca_free(&ca);
    return LK_EXIT_OK;
}

static int run(int argc, char **argv) {
    request r = {0};
    lk_args args = {.command = &lk_cmd_ca, .argc = argc, .argv = argv};
    const char *value;
    int o;
    while ((o = lk_args_next(&args, &value)) != LK_ARGS_END) {
        switch (o) {
        case LK_ARGS_HELP:
            return LK_EXIT_OK;
        case LK_ARGS_ERROR:
            return LK_EXIT_USAGE;
        case LK_ARGS_ARGUMENT:
            if (r.num_words > MAX_NAMES) {
                lk_error("more names than 100", NULL, NULL);
                return LK_EXIT_USAGE;
            }
            r.words[r.num_words++] = value;
            break;
        case O_JSON:
            r.json = true;
            break;
        case O_QUIET:
            r.quiet = true;
            break;
        case O_DRY_RUN:
            r.dry_run = true;
            break;
        case O_FORCE:
            r.force = true;
            break;
        case O_OUT_DIR:
            r.out_dir = value;
            break;
        case O_CERT_FILE:
            r.cert_file = value;
            break;
        case O_KEY_FILE:
            r.key_file = value;
            break;
        default:
            r.key_type = value;
        }
    }
    const char *word = r.num_words > 0 ? r.words[0] : "";
    if (strcmp(word, "issue") == 0)
        return issue(&r);
    if (r.num_words == 1 && strcmp(word, "init") == 0)
        return init(&r);
    if (r.num_words == 1 && strcmp(word, "path") == 0)
        return path();
    if (r.num_words == 1 && (strcmp(word, "trust") == 0 || strcmp(word, "untrust") == 0))
        return stores(&r, word[0] == 't');
    if (r.num_words == 1 && strcmp(word, "list") == 0)
        return list(&r);
    lk_error(r.num_words == 0 ? "ca: what to do?"
                              : "ca: there is no such action, or too many words",
             NULL, "lockstep ca init | issue NAME... | trust | untrust | list | path");
    return LK_EXIT_USAGE;
}

const lk_command lk_cmd_ca = {
    "ca",
    "init | issue NAME... | trust | untrust | list | path",
    "a local certificate authority for development",
    options,
    "init     makes the CA in $XDG_DATA_HOME/lockstep (or ~/.local/share/lockstep)\n"
    "issue    makes a key and a certificate for DNS names and IP addresses\n"
    "trust    puts the CA into the system's store and those of Chromium and Firefox\n"
    "untrust  takes it out again\n"
    "list     shows the CA and who trusts it\n"
    "path     prints the file of the CA's certificate, for --cacert",
    run};
