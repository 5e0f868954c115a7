/*
 * ca_issue.c - `lockstep ca issue`: names as they were typed, and the files.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd/ca.h"
#include "cmd/errors.h"
#include "cmd/localca.h"
#include "http/idna.h"
#include "store/data.h"

#define TITLE_MAX 64 /* RFC 5280 appendix A.1: ub-common-name */

static int usage(const char *what, const char *todo) {
    lk_error(what, NULL, todo);
    return LK_EXIT_USAGE;
}

/* ---- Names ----------------------------------------------------------------------------------- */

bool lk_to_ascii(lk_ascii_name *out, const char *name) {
    size_t wildcard = strncmp(name, "*.", 2) == 0 ? 2 : 0;
    memcpy(out->text, name, wildcard);
    return lk_idna_to_ascii(out->text + wildcard, sizeof out->text - wildcard, name + wildcard);
}

/* reads_as_host: what a verifier could take for a name, which therefore stands among the names of
 * the certificate and before the constraints of the CA. */
static bool reads_as_host(const char *text) {
    return text[strspn(text,
                       "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.:*")] ==
               '\0' &&
           (strpbrk(text, ".:*") != NULL || strcmp(text, "localhost") == 0);
}

/* character returns how many bytes the character at `p` has in UTF-8 (RFC 3629), 0 if it is none or
 * a control character. */
static size_t character(const char *p) {
    static const unsigned least[] = {0, 0, 0x80, 0x800, 0x10000};
    unsigned c = (unsigned char)p[0];
    size_t n = c < 0x80                ? 1
               : c >= 0xc2 && c < 0xe0 ? 2
               : c >= 0xe0 && c < 0xf0 ? 3
               : c >= 0xf0 && c < 0xf5 ? 4
                                       : 0;
    if (n > 1)
        c &= 0x7fu >> n;
    for (size_t i = 1; i < n; i++) {
        if (((unsigned char)p[i] & 0xc0) != 0x80)
            return 0;
        c = c << 6 | ((unsigned char)p[i] & 0x3f);
    }
    bool control = c < 0x20 || (c >= 0x7f && c < 0xa0);
    bool none = n == 0 || c < least[n] || (c >= 0xd800 && c < 0xe000) || c > 0x10ffff;
    return control || none ? 0 : n;
}

static bool title_ok(const char *text) {
    size_t n = strlen(text);
    for (size_t i = 0, step; i < n; i += step)
        if ((step = character(text + i)) == 0)
            return false;
    return n > 0 && n <= TITLE_MAX;
}

/* read_names sorts the words into names and, of a client, its title. */
static int read_names(const lk_ca_request *r, lk_ascii_name *ascii, const char **names,
                      lk_leaf_request *leaf) {
    char text[512];
    leaf->names = names;
    for (size_t i = 0; i < r->num_names; i++) {
        bool ok = lk_to_ascii(&ascii[i], r->names[i]);
        if (r->client && i == 0 && !(ok && reads_as_host(ascii[i].text))) {
            if (!title_ok(r->names[i]))
                return usage(
                    "the name of a client is 1 to 64 bytes of UTF-8 without control characters",
                    NULL);
            leaf->title = r->names[i];
            continue;
        }
        if (!ok) {
            snprintf(text, sizeof text,
                     "no certificate for '%.300s': not a name that DNS can have (RFC 5891)",
                     r->names[i]);
            lk_error(text, NULL, "give DNS names such as dev.test, or IP addresses");
            return LK_EXIT_FAILED;
        }
        names[leaf->num_names++] = ascii[i].text;
    }
    return LK_EXIT_OK;
}

/* ---- Files ----------------------------------------------------------------------------------- */

/* A file's name for a certificate's: "*.dev.test" becomes "_wildcard.dev.test". */
static void file_name(char *out, size_t out_len, const char *dir, const char *name,
                      const char *ending) {
    bool wildcard = strncmp(name, "*.", 2) == 0;
    int n = snprintf(out, out_len, "%s%s%s%s%s", dir != NULL ? dir : "", dir != NULL ? "/" : "",
                     wildcard ? "_wildcard" : "", wildcard ? name + 1 : name, ending);
    if (n < 0 || (size_t)n >= out_len)
        return; /* cut off: no such directory will be found */
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

static int write_files(const lk_ca_request *r, const char *name, const lockstep_blob *cert,
                       const lockstep_blob *key) {
    char cert_file[4096], key_file[4096];
    file_name(cert_file, sizeof cert_file, r->out_dir, name, r->client ? "-client.pem" : ".pem");
    file_name(key_file, sizeof key_file, r->out_dir, name,
              r->client ? "-client-key.pem" : "-key.pem");
    const char *to = r->cert_file != NULL ? r->cert_file : cert_file;
    const char *key_to = r->key_file != NULL ? r->key_file : key_file;
    if (!r->force && access(to, F_OK) == 0) { /* before the key is there without certificate */
        errno = EEXIST;
        save(to, cert, 0644, false);
        return LK_EXIT_FAILED;
    }
    if (!save(key_to, key, 0600, r->force) || !save(to, cert, 0644, r->force))
        return LK_EXIT_FAILED;
    if (!r->quiet)
        printf("%s\n%s\n", to, key_to);
    return LK_EXIT_OK;
}

/* ---- The action ------------------------------------------------------------------------------ */

static enum lockstep_key_kind kind_of(const char *name) {
    static const struct {
        const char *name;
        enum lockstep_key_kind kind;
    } types[] = {{"ecdsa", LOCKSTEP_KEY_ECDSA_P256},      {"ecdsa-p256", LOCKSTEP_KEY_ECDSA_P256},
                 {"ecdsa-p384", LOCKSTEP_KEY_ECDSA_P384}, {"rsa", LOCKSTEP_KEY_RSA_2048},
                 {"rsa-2048", LOCKSTEP_KEY_RSA_2048},     {"rsa-3072", LOCKSTEP_KEY_RSA_3072},
                 {"ed25519", LOCKSTEP_KEY_ED25519}};
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
        if (strcmp(name, types[i].name) == 0)
            return types[i].kind;
    return 0;
}

static int days_of(const char *text) {
    if (text == NULL)
        return LK_LEAF_DAYS;
    size_t n = strlen(text);
    int days = n > 0 && n <= 2 && text[strspn(text, "0123456789")] == '\0' ? atoi(text) : 0;
    return days >= 1 && days <= LK_LEAF_DAYS ? days : 0;
}

int lk_ca_issue(const lk_ca_request *r) {
    static lk_ascii_name ascii[LK_CA_MAX_NAMES];
    const char *names[LK_CA_MAX_NAMES];
    lockstep_blob cert, key;
    lk_localca ca;
    lk_leaf_request leaf = {.kind = kind_of(r->key_type == NULL ? "ecdsa" : r->key_type),
                            .purpose =
                                r->client ? LOCKSTEP_PURPOSE_CLIENT : LOCKSTEP_PURPOSE_SERVER,
                            .days = days_of(r->days)};
    if (r->num_names == 0)
        return usage("issue: for which names?",
                     "lockstep ca issue dev.test '*.dev.test' 127.0.0.1");
    if (leaf.kind == 0)
        return usage("--key-type: there is no such type of key", "ecdsa, ecdsa-p384, rsa, ed25519");
    if (leaf.days == 0)
        return usage("--days: a number of 1 to 90",
                     "short times are good: the next certificate is one command away");
    int code = read_names(r, ascii, names, &leaf);
    if (code != LK_EXIT_OK)
        return code;
    if (!lk_localca_open(&ca, true))
        return LK_EXIT_FAILED;
    code = LK_EXIT_FAILED;
    if (lk_localca_issue(&ca, &cert, &key, &leaf)) {
        code = write_files(r, leaf.title != NULL ? leaf.title : leaf.names[0], &cert, &key);
        lockstep_blob_free(&cert);
        lockstep_blob_free(&key);
    }
    lk_localca_free(&ca);
    return code;
}
