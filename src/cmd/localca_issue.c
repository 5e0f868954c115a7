/*
 * localca_issue.c - leaves of the local CA.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cmd/errors.h"
#include "cmd/localca.h"
#include "store/data.h"
#include "util/buffer.h"

#define HOUR_MS    INT64_C(3600000)
#define DAY_MS     (24 * HOUR_MS)
#define RENEW_DAYS 30

static int64_t now_ms(void) {
    return (int64_t)time(NULL) * 1000;
}

/* What signs leaves: the intermediate, or a root of old. */
static const lockstep_blob *issuer_of(const lk_localca *ca) {
    return ca->middle.p != NULL ? &ca->middle : &ca->root;
}

static bool refuse_outside(const lockstep_cert *issuer, const char *name) {
    char what[512], where[2048], todo[512];
    snprintf(what, sizeof what, "no certificate for %s: the local CA does not permit this name",
             name);
    snprintf(where, sizeof where, "it permits %s and what is below them",
             lockstep_cert_permitted(issuer));
    snprintf(todo, sizeof todo,
             "a new CA that does: lockstep ca init --force --permit %s; then: lockstep ca trust",
             strncmp(name, "*.", 2) == 0 ? name + 2 : name);
    lk_error(what, where, todo);
    return false;
}

static bool names_good(const lk_localca *ca, const lk_leaf_request *leaf) {
    char what[512];
    lockstep_cert *issuer = lk_cert_of_pem(issuer_of(ca)->p, issuer_of(ca)->p_len);
    bool ok = issuer != NULL;
    for (size_t i = 0; i < leaf->num_names && ok; i++) {
        lockstep_status status = lockstep_cert_allows(issuer, leaf->names[i]);
        ok = status == LOCKSTEP_OK;
        if (status == LOCKSTEP_ERR_NAME) {
            snprintf(what, sizeof what, "no certificate for '%.300s': %s", leaf->names[i],
                     lockstep_status_text(status));
            lk_error(what, NULL, "give DNS names such as dev.test and *.dev.test, or IP addresses");
        } else if (!ok) {
            refuse_outside(issuer, leaf->names[i]);
        }
    }
    lockstep_cert_free(issuer);
    return ok;
}

/* append puts the intermediate behind the leaf. */
static bool append(lockstep_blob *cert, const lockstep_blob *more) {
    lk_buffer b = lk_buffer_of(&lk_heap_default, 0);
    lockstep_blob both = {NULL, 0, {0}};
    if (lk_buffer_append(&b, lk_slice_of(cert->p, cert->p_len)) &&
        lk_buffer_append(&b, lk_slice_of(more->p, more->p_len))) {
        both.p = lk_copy_of(&lk_heap_default, lk_buffer_bytes(&b), lk_buffer_length(&b));
        both.p_len = lk_buffer_length(&b);
    }
    lk_buffer_free(&b);
    if (both.p == NULL)
        return false;
    lockstep_blob_free(cert);
    *cert = both;
    return true;
}

bool lk_localca_issue(const lk_localca *ca, lockstep_blob *cert, lockstep_blob *key,
                      const lk_leaf_request *leaf) {
    if (!names_good(ca, leaf))
        return false;
    lockstep_issue_request r = {.key_kind = leaf->kind,
                                .common_name = leaf->title,
                                .organization = "Lockstep development",
                                .names = leaf->names,
                                .num_names = leaf->num_names,
                                .not_before_ms = now_ms() - HOUR_MS, /* of clocks that are slow */
                                .not_after_ms = now_ms() + leaf->days * DAY_MS,
                                .purpose = leaf->purpose};
    const lockstep_blob *issuer_key = ca->middle.p != NULL ? &ca->middle_key : &ca->key;
    lockstep_status status = lockstep_issue(cert, key, NULL, &r, (const char *)issuer_of(ca)->p,
                                            (const char *)issuer_key->p);
    if (status == LOCKSTEP_OK && ca->middle.p != NULL && !append(cert, &ca->middle)) {
        lockstep_blob_free(cert);
        lockstep_blob_free(key);
        status = LOCKSTEP_ERR_NO_MEMORY;
    }
    if (status == LOCKSTEP_OK)
        return true;
    char text[512];
    snprintf(text, sizeof text, "the certificate could not be made: %s",
             lockstep_status_text(status));
    lk_error(text, NULL, NULL);
    return false;
}

/* ---- For serve ------------------------------------------------------------------------------- */

/* usable: of today's issuer, with the intermediate behind it, and still good for a while. */
static bool usable(const lk_localca *ca, const lockstep_blob *cert) {
    if (ca->middle.p != NULL &&
        (cert->p_len <= ca->middle.p_len ||
         memcmp(cert->p + cert->p_len - ca->middle.p_len, ca->middle.p, ca->middle.p_len) != 0))
        return false;
    lockstep_cert *leaf = lk_cert_of_pem(cert->p, cert->p_len);
    lockstep_cert *issuer = lk_cert_of_pem(issuer_of(ca)->p, issuer_of(ca)->p_len);
    bool ok = leaf != NULL && issuer != NULL &&
              strcmp(lockstep_cert_issuer(leaf), lockstep_cert_subject(issuer)) == 0 &&
              lockstep_cert_not_after_ms(leaf) > now_ms() + RENEW_DAYS * DAY_MS &&
              lockstep_cert_not_before_ms(leaf) <= now_ms();
    lockstep_cert_free(leaf);
    lockstep_cert_free(issuer);
    return ok;
}

/* permitted: a root that was made when the machine had another name does not permit this one. */
static bool permitted(const lk_localca *ca, const char *name) {
    lockstep_cert *issuer = lk_cert_of_pem(issuer_of(ca)->p, issuer_of(ca)->p_len);
    bool ok = issuer != NULL && lockstep_cert_allows(issuer, name) == LOCKSTEP_OK;
    lockstep_cert_free(issuer);
    return ok;
}

static bool kept(const lk_localca *ca, lockstep_blob *cert, const char *cert_path,
                 lockstep_blob *key, const char *key_path) {
    if (!lk_blob_load(cert, cert_path))
        return false;
    if (lk_blob_load(key, key_path)) {
        if (usable(ca, cert))
            return true;
        lockstep_blob_free(key);
    }
    lockstep_blob_free(cert);
    return false;
}

bool lk_localca_serving(const lk_localca *ca, lockstep_blob *cert, lockstep_blob *key) {
    char cert_path[3200], key_path[3200], host[256];
    const char *names[4] = {"localhost", "127.0.0.1", "::1", host};
    snprintf(cert_path, sizeof cert_path, "%s/serve-%.16s.pem", ca->dir, ca->fingerprint);
    snprintf(key_path, sizeof key_path, "%s/serve-%.16s-key.pem", ca->dir, ca->fingerprint);
    int lock = lk_data_lock(ca->dir); /* two at once must not mix one's key with the other's leaf */
    bool ok = kept(ca, cert, cert_path, key, key_path);
    if (!ok) {
        lk_leaf_request leaf = {.names = names,
                                .num_names = 3,
                                .kind = LOCKSTEP_KEY_ECDSA_P256,
                                .purpose = LOCKSTEP_PURPOSE_SERVER,
                                .days = LK_LEAF_DAYS};
        if (lk_own_name(host, sizeof host) && permitted(ca, host))
            leaf.num_names = 4;
        ok = lk_localca_issue(ca, cert, key, &leaf);
        if (ok && (!lk_file_save(key_path, key->p, key->p_len, 0600, true) ||
                   !lk_file_save(cert_path, cert->p, cert->p_len, 0644, true)))
            lk_warning("the certificate could not be kept in the data directory; it is made anew "
                       "each time");
    }
    if (lock >= 0)
        close(lock);
    return ok;
}
