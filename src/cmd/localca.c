/*
 * localca.c - the root and the intermediate of the local CA: reading, making, renewing, replacing.
 */
#include "cmd/localca.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>

#include "cmd/bundle.h"
#include "cmd/errors.h"
#include "store/data.h"
#include "util/pem.h"

#define DAY_MS       INT64_C(86400000)
#define ROOT_DAYS    3650
#define MIDDLE_DAYS  730
#define PEM_FILE_MAX 65536
#define MAX_PERMIT   100

/* An intermediate must outlive the leaves that it signs; this leaves a month for renewing. */
#define MIDDLE_LEFT_DAYS 120

/*
 * What a root permits unless told otherwise, so that its key, should it be stolen from a
 * developer's machine, opens nothing that belongs to anybody else: the names that RFC 6761, RFC
 * 8375 and ICANN (2024) keep for tests and for home and private networks, and the addresses of RFC
 * 1122, RFC 1918, RFC 3927, RFC 4193 and RFC 4291 that are never routed.
 */
static const char *const development[] = {
    "localhost",  "test",          "internal",       "home.arpa",      "127.0.0.0/8", "::1/128",
    "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16", "fe80::/10",   "fc00::/7"};
#define NUM_DEVELOPMENT (sizeof development / sizeof development[0])

static int64_t now_ms(void) {
    return (int64_t)time(NULL) * 1000;
}

static bool fail(const char *what, const char *path, const char *todo) {
    char text[4096];
    snprintf(text, sizeof text, "%s %s: %s", what, path, strerror(errno));
    lk_error(text, NULL, todo);
    return false;
}

static bool fail_status(const char *what, const lk_localca *ca, lockstep_status status) {
    char text[512], todo[3300];
    snprintf(text, sizeof text, "%s: %s", what, lockstep_status_text(status));
    snprintf(todo, sizeof todo,
             "the files of the local CA may be damaged; restore them, or move %s away", ca->dir);
    lk_error(text, NULL, todo);
    return false;
}

bool lk_blob_load(lockstep_blob *out, const char *path) {
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

char *lk_localca_permitted(const lk_localca *ca) {
    lockstep_cert *root = lk_cert_of_pem(ca->root.p, ca->root.p_len);
    char *text = root == NULL ? NULL : strdup(lockstep_cert_permitted(root));
    lockstep_cert_free(root);
    return text;
}

bool lk_own_name(char *out, size_t out_len) {
    if (gethostname(out, out_len) != 0)
        return false;
    out[out_len - 1] = '\0';
    size_t n = strlen(out);
    return n > 0 && n <= 63 && strcasecmp(out, "localhost") != 0 && out[0] != '-' &&
           strspn(out, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-") == n &&
           strspn(out, "0123456789") < n &&
           !lockstep_is_public_suffix(out); /* a machine named "dev" would permit all of .dev */
}

/* ---- Making ---------------------------------------------------------------------------------- */

/* Whose CA is it? For the list of a browser: "Lockstep local CA (ada@lab)". */
static void ca_name(char *out, size_t out_len, const char *what) {
    char host[64] = "";
    const char *user = getenv("USER");
    if (gethostname(host, sizeof host - 1) != 0)
        host[0] = '\0';
    int n = snprintf(out, out_len, "Lockstep %s (%.18s%s%.18s)", what, user != NULL ? user : "",
                     user != NULL ? "@" : "", host);
    for (int i = 0; i < n && (size_t)i < out_len; i++)
        if ((unsigned char)out[i] < 0x20 || (unsigned char)out[i] > 0x7e)
            out[i] = '-';
}

/* save writes a certificate and its key. The key first: a certificate without its key would be
 * found and could issue nothing. */
static bool save(const char *cert_path, const lockstep_blob *cert, const char *key_path,
                 const lockstep_blob *key) {
    if (!lk_file_save(key_path, key->p, key->p_len, 0600, true))
        return fail("cannot write", key_path, "make room, or set XDG_DATA_HOME");
    if (!lk_file_save(cert_path, cert->p, cert->p_len, 0644, true))
        return fail("cannot write", cert_path, "make room, or set XDG_DATA_HOME");
    return true;
}

static bool make_root(lk_localca *ca, const lk_localca_plan *plan) {
    char name[64], host[256];
    const char *permitted[NUM_DEVELOPMENT + 1 + MAX_PERMIT];
    size_t n = 0;
    for (size_t i = 0; i < NUM_DEVELOPMENT; i++)
        permitted[n++] = development[i];
    if (lk_own_name(host, sizeof host))
        permitted[n++] = host; /* `serve` has it in its certificate */
    for (size_t i = 0; i < plan->num_permit && i < MAX_PERMIT; i++)
        permitted[n++] = plan->permit[i];
    ca_name(name, sizeof name, "local CA");
    lockstep_issue_request r = {.key_kind = LOCKSTEP_KEY_ECDSA_P256,
                                .common_name = name,
                                .organization = "Lockstep development",
                                .is_ca = true,
                                .path_length = 1,
                                .not_before_ms = now_ms() - DAY_MS,
                                .not_after_ms = now_ms() + ROOT_DAYS * DAY_MS,
                                .permitted = permitted,
                                .num_permitted = plan->unconstrained ? 0 : n};
    lockstep_status status = lockstep_issue(&ca->root, &ca->key, NULL, &r, NULL, NULL);
    if (status != LOCKSTEP_OK)
        return fail_status("the local CA could not be made", ca, status);
    ca->made = true;
    return save(ca->root_path, &ca->root, ca->key_path, &ca->key);
}

static bool make_middle(lk_localca *ca) {
    char name[64];
    int64_t until = now_ms() + MIDDLE_DAYS * DAY_MS;
    lockstep_cert *root = lk_cert_of_pem(ca->root.p, ca->root.p_len);
    if (root != NULL && lockstep_cert_not_after_ms(root) < until)
        until = lockstep_cert_not_after_ms(root);
    lockstep_cert_free(root);
    ca_name(name, sizeof name, "intermediate");
    /* It inherits the constraints of the root. */
    lockstep_issue_request r = {.key_kind = LOCKSTEP_KEY_ECDSA_P256,
                                .common_name = name,
                                .organization = "Lockstep development",
                                .is_ca = true,
                                .path_length = 0,
                                .not_before_ms = now_ms() - DAY_MS,
                                .not_after_ms = until};
    lockstep_blob_free(&ca->middle);
    lockstep_blob_free(&ca->middle_key);
    lockstep_status status = lockstep_issue(&ca->middle, &ca->middle_key, NULL, &r,
                                            (const char *)ca->root.p, (const char *)ca->key.p);
    if (status != LOCKSTEP_OK)
        return fail_status("the local CA could not make an intermediate", ca, status);
    return save(ca->middle_path, &ca->middle, ca->middle_key_path, &ca->middle_key);
}

/* set_aside renames one file to *.old, or to *.2.old and so on where there is one. */
static bool set_aside(const char *path) {
    char old[3300];
    snprintf(old, sizeof old, "%s.old", path);
    for (int i = 2; access(old, F_OK) == 0 && i < 1000; i++)
        snprintf(old, sizeof old, "%s.%d.old", path, i);
    if (rename(path, old) == 0 || errno == ENOENT)
        return true;
    return fail("cannot rename", path, NULL);
}

/* ---- Reading --------------------------------------------------------------------------------- */

/* take_names notes the fingerprint of the root and the names of the files that go with it. */
static void take_names(lk_localca *ca, const lockstep_cert *root) {
    uint8_t hash[32];
    lockstep_cert_sha256(root, hash);
    for (int i = 0; i < 32; i++)
        snprintf(ca->fingerprint + 2 * i, 3, "%02x", hash[i]);
    snprintf(ca->middle_path, sizeof ca->middle_path, "%s/intermediate-%.16s.pem", ca->dir,
             ca->fingerprint);
    snprintf(ca->middle_key_path, sizeof ca->middle_key_path, "%s/intermediate-%.16s-key.pem",
             ca->dir, ca->fingerprint);
}

static bool take_fingerprint(lk_localca *ca) {
    lockstep_cert *root = lk_cert_of_pem(ca->root.p, ca->root.p_len);
    if (root == NULL) {
        lk_error("the local CA's certificate is damaged", ca->root_path,
                 "move it away and run: lockstep ca init");
        return false;
    }
    take_names(ca, root);
    lockstep_cert_free(root);
    return true;
}

static lockstep_status check_issuer(const lockstep_blob *cert, const lockstep_blob *key,
                                    bool for_ca) {
    return lockstep_issuer_check(NULL, (const char *)cert->p, (const char *)key->p, for_ca);
}

/* load_middle reads the intermediate; false if there is none that is good and lasts. */
static bool load_middle(lk_localca *ca) {
    if (!lk_blob_load(&ca->middle, ca->middle_path) ||
        !lk_blob_load(&ca->middle_key, ca->middle_key_path) ||
        check_issuer(&ca->middle, &ca->middle_key, false) != LOCKSTEP_OK)
        return false;
    lockstep_cert *cert = lk_cert_of_pem(ca->middle.p, ca->middle.p_len);
    bool lasts = cert != NULL && lockstep_cert_not_before_ms(cert) <= now_ms() &&
                 lockstep_cert_not_after_ms(cert) > now_ms() + MIDDLE_LEFT_DAYS * DAY_MS;
    lockstep_cert_free(cert);
    return lasts;
}

/* make_ready sees to it that the CA can issue. */
static bool make_ready(lk_localca *ca) {
    bool has_key = ca->made || lk_blob_load(&ca->key, ca->key_path);
    if (!has_key && errno != ENOENT)
        return fail("cannot read", ca->key_path, "only the user who made the local CA can use it");
    if (has_key) {
        lockstep_status status = check_issuer(&ca->root, &ca->key, true);
        if (status == LOCKSTEP_ERR_USAGE && check_issuer(&ca->root, &ca->key, false) == LOCKSTEP_OK)
            return true; /* of path length 0: before there were intermediates, it signed leaves */
        if (status != LOCKSTEP_OK)
            return fail_status("the local CA cannot issue", ca, status);
    }
    if (load_middle(ca))
        return true;
    if (has_key)
        return make_middle(ca);
    lk_error("a new intermediate is needed, and the key of the local CA is not there", ca->key_path,
             "put it back for a moment, or make a new CA: lockstep ca init --force");
    return false;
}

/* put_aside renames the files of the root that is there, whatever state they are in. */
static bool put_aside(lk_localca *ca) {
    lockstep_blob pem = {NULL, 0, {0}};
    char path[3300];
    lockstep_cert *old =
        lk_blob_load(&pem, ca->root_path) ? lk_cert_of_pem(pem.p, pem.p_len) : NULL;
    lockstep_blob_free(&pem);
    bool known = old != NULL;
    if (known)
        take_names(ca, old);
    lockstep_cert_free(old);
    if (!set_aside(ca->key_path) || !set_aside(ca->root_path))
        return false;
    if (!known)
        return true;
    for (int i = 0; i < 2; i++) {
        snprintf(path, sizeof path, "%s/serve-%.16s%s.pem", ca->dir, ca->fingerprint,
                 i == 0 ? "" : "-key");
        if (!set_aside(path))
            return false;
    }
    return set_aside(ca->middle_path) && set_aside(ca->middle_key_path);
}

static bool read_all(lk_localca *ca, bool make, const lk_localca_plan *plan) {
    if (plan->replace && !put_aside(ca))
        return false;
    if (!lk_blob_load(&ca->root, ca->root_path)) {
        if (errno != ENOENT)
            return fail("cannot read", ca->root_path, NULL);
        if (!make) {
            lk_error("there is no local CA yet", ca->dir, "lockstep ca init");
            return false;
        }
        if (!make_root(ca, plan))
            return false;
    }
    if (!take_fingerprint(ca))
        return false;
    if (make)
        return make_ready(ca);
    (void)load_middle(ca);
    return true;
}

static bool open_ca(lk_localca *ca, bool make, const lk_localca_plan *plan) {
    memset(ca, 0, sizeof *ca);
    const char *bad = lk_data_dir(ca->dir, sizeof ca->dir, make);
    if (bad != NULL) {
        lk_error(bad, NULL, NULL);
        return false;
    }
    snprintf(ca->root_path, sizeof ca->root_path, "%s/rootCA.pem", ca->dir);
    snprintf(ca->key_path, sizeof ca->key_path, "%s/rootCA-key.pem", ca->dir);
    int lock = make ? lk_data_lock(ca->dir) : -1;
    bool ok = read_all(ca, make, plan);
    if (ok && make)
        lk_bundle_refresh(ca);
    if (lock >= 0)
        close(lock);
    if (!ok)
        lk_localca_free(ca);
    return ok;
}

bool lk_localca_open(lk_localca *ca, bool make) {
    static const lk_localca_plan usual;
    return open_ca(ca, make, &usual);
}

bool lk_localca_init(lk_localca *ca, const lk_localca_plan *plan) {
    return open_ca(ca, true, plan);
}

void lk_localca_free(lk_localca *ca) {
    lockstep_blob_free(&ca->root);
    lockstep_blob_free(&ca->key);
    lockstep_blob_free(&ca->middle);
    lockstep_blob_free(&ca->middle_key);
}
