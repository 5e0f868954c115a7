#include "cmd/localca.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cmd/errors.h"
#include "store/data.h"
#include "util/pem.h"

#define DAY_MS       INT64_C(86400000)
#define ROOT_DAYS    3650
#define LEAF_DAYS    90
#define RENEW_DAYS   30
#define PEM_FILE_MAX 65536

static int64_t now_ms(void) {
    return (int64_t)time(NULL) * 1000;
}

static bool fail(const char *what, const char *path, const char *todo) {
    char text[4096];
    snprintf(text, sizeof text, "%s %s: %s", what, path, strerror(errno));
    lk_error(text, NULL, todo);
    return false;
}

static bool fail_status(const char *what, lockstep_status status, const char *todo) {
    char text[512];
    snprintf(text, sizeof text, "%s: %s", what, lockstep_status_text(status));
    lk_error(text, NULL, todo);
    return false;
}

/* load reads a file into a blob that lockstep_blob_free frees. */
static bool load(lockstep_blob *out, const char *path) {
    lk_buffer b = lk_buffer_of(&lk_heap_default, 0);
    memset(out, 0, sizeof *out);
    bool ok = lk_file_load(&b, path, PEM_FILE_MAX);
    if (ok) {
        out->p = lk_copy_of(&lk_heap_default, lk_buffer_bytes(&b), lk_buffer_length(&b));
        out->p_len = lk_buffer_length(&b);
        ok = out->p != NULL;
    }
    lk_buffer_free(&b);
    return ok;
}

lockstep_cert *lk_cert_of_pem(const uint8_t *pem, size_t pem_len) {
    lk_buffer der = lk_buffer_of(&lk_heap_default, 0);
    lk_slice text = lk_slice_of(pem, pem_len);
    lockstep_cert *cert = NULL;
    if (lk_pem_next(&text, "CERTIFICATE", &der) != 1 ||
        lockstep_cert_read(&cert, NULL, lk_buffer_bytes(&der), lk_buffer_length(&der)) !=
            LOCKSTEP_OK)
        cert = NULL;
    lk_buffer_free(&der);
    return cert;
}

const char *lk_localca_path(char *out, size_t out_len) {
    char dir[3072];
    const char *bad = lk_data_dir(dir, sizeof dir, false);
    if (bad != NULL)
        return bad;
    int n = snprintf(out, out_len, "%s/rootCA.pem", dir);
    return n > 0 && (size_t)n < out_len ? NULL : "the path of the data directory is too long";
}

/* Whose CA is it? For the list of a browser: "Lockstep local CA (ada@lab)". */
static void root_name(char *out, size_t out_len) {
    char host[64] = "";
    const char *user = getenv("USER");
    if (gethostname(host, sizeof host - 1) != 0)
        host[0] = '\0';
    int n = snprintf(out, out_len, "Lockstep local CA (%.24s%s%.24s)", user != NULL ? user : "",
                     user != NULL ? "@" : "", host);
    for (int i = 0; i < n && (size_t)i < out_len; i++)
        if ((unsigned char)out[i] < 0x20 || (unsigned char)out[i] > 0x7e)
            out[i] = '-';
}

static bool make_root(lk_localca *ca) {
    char name[64];
    root_name(name, sizeof name);
    lockstep_issue_request r = {.key_kind = LOCKSTEP_KEY_ECDSA_P256,
                                .common_name = name,
                                .organization = "Lockstep development",
                                .is_ca = true,
                                .path_length = 0,
                                .not_before_ms = now_ms() - DAY_MS,
                                .not_after_ms = now_ms() + ROOT_DAYS * DAY_MS};
    lockstep_status status = lockstep_issue(&ca->root, &ca->key, NULL, &r, NULL, NULL);
    if (status != LOCKSTEP_OK)
        return fail_status("the local CA could not be made", status, NULL);
    /* The key first: a root without its key would be found and could issue nothing. */
    if (!lk_file_save(ca->key_path, ca->key.p, ca->key.p_len, 0600, true))
        return fail("cannot write", ca->key_path, "make room, or set XDG_DATA_HOME");
    if (!lk_file_save(ca->root_path, ca->root.p, ca->root.p_len, 0644, true))
        return fail("cannot write", ca->root_path, "make room, or set XDG_DATA_HOME");
    ca->made = true;
    return true;
}

static bool take_fingerprint(lk_localca *ca) {
    uint8_t hash[32];
    lockstep_cert *cert = lk_cert_of_pem(ca->root.p, ca->root.p_len);
    if (cert == NULL) {
        lk_error("the local CA's certificate is damaged", ca->root_path,
                 "move it away and run: lockstep ca init");
        return false;
    }
    lockstep_cert_sha256(cert, hash);
    for (int i = 0; i < 32; i++)
        snprintf(ca->fingerprint + 2 * i, 3, "%02x", hash[i]);
    lockstep_cert_free(cert);
    return true;
}

bool lk_localca_open(lk_localca *ca, bool make) {
    memset(ca, 0, sizeof *ca);
    const char *bad = lk_data_dir(ca->dir, sizeof ca->dir, make);
    if (bad != NULL) {
        lk_error(bad, NULL, NULL);
        return false;
    }
    snprintf(ca->root_path, sizeof ca->root_path, "%s/rootCA.pem", ca->dir);
    snprintf(ca->key_path, sizeof ca->key_path, "%s/rootCA-key.pem", ca->dir);
    int lock = make ? lk_data_lock(ca->dir) : -1;
    bool ok = true;
    if (!load(&ca->root, ca->root_path)) {
        if (errno != ENOENT)
            ok = fail("cannot read", ca->root_path, NULL);
        else if (make)
            ok = make_root(ca);
        else {
            lk_error("there is no local CA yet", ca->dir, "lockstep ca init");
            ok = false;
        }
    } else if (!load(&ca->key, ca->key_path)) {
        ok = fail("cannot read", ca->key_path, "only the user who made the local CA can use it");
    }
    if (lock >= 0)
        close(lock);
    ok = ok && take_fingerprint(ca);
    if (!ok)
        lk_localca_free(ca);
    return ok;
}

void lk_localca_free(lk_localca *ca) {
    lockstep_blob_free(&ca->root);
    lockstep_blob_free(&ca->key);
}

bool lk_localca_issue(const lk_localca *ca, lockstep_blob *cert, lockstep_blob *key,
                      const char *const *names, size_t num_names, enum lockstep_key_kind kind) {
    lockstep_issue_request r = {.key_kind = kind,
                                .names = names,
                                .num_names = num_names,
                                .not_before_ms = now_ms() - DAY_MS,
                                .not_after_ms = now_ms() + (LEAF_DAYS - 1) * DAY_MS,
                                .purpose = LOCKSTEP_PURPOSE_SERVER};
    lockstep_status status =
        lockstep_issue(cert, key, NULL, &r, (const char *)ca->root.p, (const char *)ca->key.p);
    if (status == LOCKSTEP_ERR_NAME)
        return fail_status("no certificate for these names", status,
                           "give DNS names such as dev.test and *.dev.test, or IP addresses");
    if (status == LOCKSTEP_OK)
        return true;
    char todo[3300];
    snprintf(todo, sizeof todo,
             "the files of the local CA may be damaged; restore them, or move %s away", ca->dir);
    return fail_status("the certificate could not be made", status, todo);
}

/* usable: still good for a while, issued by this root, and with its key. */
static bool usable(const lk_localca *ca, const lockstep_blob *cert) {
    lockstep_cert *leaf = lk_cert_of_pem(cert->p, cert->p_len);
    lockstep_cert *root = lk_cert_of_pem(ca->root.p, ca->root.p_len);
    bool ok = leaf != NULL && root != NULL &&
              strcmp(lockstep_cert_issuer(leaf), lockstep_cert_subject(root)) == 0 &&
              lockstep_cert_not_after_ms(leaf) > now_ms() + RENEW_DAYS * DAY_MS &&
              lockstep_cert_not_before_ms(leaf) <= now_ms();
    lockstep_cert_free(leaf);
    lockstep_cert_free(root);
    return ok;
}

bool lk_localca_serving(const lk_localca *ca, lockstep_blob *cert, lockstep_blob *key) {
    char cert_path[3200], key_path[3200], host[256] = "";
    const char *names[4] = {"localhost", "127.0.0.1", "::1", host};
    /* A leaf of another root with the same name would be of no use: the root's fingerprint is in
     * the file's name. */
    snprintf(cert_path, sizeof cert_path, "%s/serve-%.16s.pem", ca->dir, ca->fingerprint);
    snprintf(key_path, sizeof key_path, "%s/serve-%.16s-key.pem", ca->dir, ca->fingerprint);
    if (load(cert, cert_path)) {
        if (load(key, key_path)) {
            if (usable(ca, cert))
                return true;
            lockstep_blob_free(key);
        }
        lockstep_blob_free(cert);
    }
    size_t num_names = 3;
    if (gethostname(host, sizeof host - 1) == 0 && strchr(host, '.') == NULL && host[0] != '\0' &&
        strcmp(host, "localhost") != 0)
        num_names = 4;
    if (!lk_localca_issue(ca, cert, key, names, num_names, LOCKSTEP_KEY_ECDSA_P256))
        return false;
    if (!lk_file_save(key_path, key->p, key->p_len, 0600, true) ||
        !lk_file_save(cert_path, cert->p, cert->p_len, 0644, true))
        lk_warning(
            "the certificate could not be kept in the data directory; it is made anew each time");
    return true;
}
