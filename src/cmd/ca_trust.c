/*
 * ca_trust.c - `lockstep ca trust`, `untrust` and `list`: the stores of this machine.
 */
#include <dirent.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/ca.h"
#include "cmd/errors.h"
#include "cmd/localca.h"
#include "store/stores.h"
#include "util/civil.h"

static lk_store_result results[LK_STORES_MAX];

/* tell prints what became of each store, or with --dry-run what would, step by step. */
static int tell(const lk_ca_request *r, size_t n, bool add) {
    int code = LK_EXIT_OK;
    for (size_t i = 0; i < n; i++) {
        const char *what = !results[i].ok        ? "FAILED"
                           : !results[i].changed ? (add ? "there already" : "not there")
                           : r->dry_run          ? (add ? "would be added" : "would be taken out")
                                                 : (add ? "added" : "taken out");
        if (!r->quiet || !results[i].ok)
            printf("%-18s %s\n", what, results[i].place);
        for (size_t k = 0; r->dry_run && !r->quiet && k < results[i].num_steps; k++)
            printf("                   %s\n", results[i].steps[k]);
        if (!results[i].ok) {
            printf("                   to do: %s\n", results[i].hint);
            code = LK_EXIT_FAILED;
        }
    }
    return code;
}

int lk_ca_trust(const lk_ca_request *r) {
    lk_localca ca;
    if (!lk_localca_open(&ca, !r->dry_run))
        return LK_EXIT_FAILED;
    char *allowed = lk_localca_permitted(&ca);
    if (allowed != NULL && allowed[0] == '\0')
        lk_warning("this CA may certify any name, so whoever has its key can impersonate any site "
                   "to this machine; lockstep ca init --force makes one that is constrained");
    free(allowed);
    int code = tell(r, lk_stores_add(results, ca.root_path, ca.fingerprint, r->dry_run), true);
    lk_localca_free(&ca);
    return code;
}

/* untrust_old takes out the roots that `init --force` has put aside: rootCA.pem.old,
 * rootCA.pem.2.old, ... */
static int untrust_old(const lk_ca_request *r) {
    char dir[4096], path[4400], text[4500], hex[65];
    const char *bad = lk_localca_path(dir, sizeof dir);
    uint8_t hash[32];
    int code = LK_EXIT_OK;
    bool any = false;
    char *slash = bad == NULL ? strrchr(dir, '/') : NULL;
    if (slash != NULL)
        *slash = '\0';
    DIR *d = slash == NULL ? NULL : opendir(dir);
    struct dirent *entry;
    while (d != NULL && (entry = readdir(d)) != NULL) {
        size_t n = strlen(entry->d_name);
        lockstep_blob pem;
        if (strncmp(entry->d_name, "rootCA.pem.", 11) != 0 ||
            strcmp(entry->d_name + n - 4, ".old") != 0)
            continue;
        snprintf(path, sizeof path, "%s/%s", dir, entry->d_name);
        lockstep_cert *cert = lk_blob_load(&pem, path) ? lk_cert_of_pem(pem.p, pem.p_len) : NULL;
        lockstep_blob_free(&pem);
        if (cert == NULL) {
            snprintf(text, sizeof text, "%s is no certificate", path);
            lk_warning(text);
            continue;
        }
        lockstep_cert_sha256(cert, hash);
        for (int i = 0; i < 32; i++)
            snprintf(hex + 2 * i, 3, "%02x", hash[i]);
        lockstep_cert_free(cert);
        any = true;
        if (!r->quiet)
            printf("%s\n", path);
        int one = tell(r, lk_stores_remove(results, hex, r->dry_run), false);
        code = one == LK_EXIT_OK ? code : one;
    }
    if (d != NULL)
        closedir(d);
    if (!any && !r->quiet)
        printf("there is no old CA\n");
    return code;
}

int lk_ca_untrust(const lk_ca_request *r) {
    lk_localca ca;
    if (r->old)
        return untrust_old(r);
    if (!lk_localca_open(&ca, false))
        return LK_EXIT_FAILED;
    int code = tell(r, lk_stores_remove(results, ca.fingerprint, r->dry_run), false);
    lk_localca_free(&ca);
    return code;
}

/* ---- list ------------------------------------------------------------------------------------ */

static bool trusts(const lk_store_result *store) {
    return store->ok && !store->changed;
}

/* json_of_intermediate: null if there is none that is good. */
static json_t *json_of_intermediate(const lk_localca *ca, const lockstep_cert *middle) {
    if (middle == NULL)
        return json_null();
    return json_pack("{s:s, s:s, s:I, s:I}", "file", ca->middle_path, "subject",
                     lockstep_cert_subject(middle), "not_before_ms",
                     (json_int_t)lockstep_cert_not_before_ms(middle), "not_after_ms",
                     (json_int_t)lockstep_cert_not_after_ms(middle));
}

/* json_of_permitted: a list, or null if any name may be certified. */
static json_t *json_of_permitted(const char *text) {
    if (text[0] == '\0')
        return json_null();
    json_t *list = json_array();
    while (*text != '\0') {
        size_t n = strcspn(text, ",");
        json_array_append_new(list, json_stringn(text, n));
        text += n;
        text += strspn(text, ", ");
    }
    return list;
}

static void list_json(const lk_localca *ca, const lockstep_cert *root, const lockstep_cert *middle,
                      size_t n) {
    json_t *places = json_array();
    for (size_t i = 0; i < n; i++)
        json_array_append_new(places, json_pack("{s:s, s:b}", "place", results[i].place, "trusted",
                                                trusts(&results[i])));
    json_t *all = json_pack("{s:i, s:s, s:s, s:s, s:s, s:I, s:I, s:o, s:o, s:o}", "version", 1,
                            "root", ca->root_path, "subject", lockstep_cert_subject(root), "key",
                            lockstep_cert_key(root), "sha256", ca->fingerprint, "not_before_ms",
                            (json_int_t)lockstep_cert_not_before_ms(root), "not_after_ms",
                            (json_int_t)lockstep_cert_not_after_ms(root), "permitted",
                            json_of_permitted(lockstep_cert_permitted(root)), "intermediate",
                            json_of_intermediate(ca, middle), "stores", places);
    json_dumpf(all, stdout, JSON_INDENT(2));
    putchar('\n');
    json_decref(all);
}

static void list_text(const lk_localca *ca, const lockstep_cert *root, const lockstep_cert *middle,
                      size_t n) {
    char from[64], until[64];
    const char *permitted = lockstep_cert_permitted(root);
    lk_civil_text(from, sizeof from, lockstep_cert_not_before_ms(root) / 1000, false);
    lk_civil_text(until, sizeof until, lockstep_cert_not_after_ms(root) / 1000, false);
    printf("%s\n  file     %s\n  key      %s\n  valid    %s to %s\n  SHA-256  %s\n  permits  %s\n",
           lockstep_cert_subject(root), ca->root_path, lockstep_cert_key(root), from, until,
           ca->fingerprint, permitted[0] != '\0' ? permitted : "any name");
    if (middle != NULL) {
        lk_civil_text(until, sizeof until, lockstep_cert_not_after_ms(middle) / 1000, false);
        printf("  issues   by %s, to %s\n", ca->middle_path, until);
    }
    for (size_t i = 0; i < n; i++)
        printf("  %-8s %s\n", trusts(&results[i]) ? "trusted" : "not in", results[i].place);
}

int lk_ca_list(const lk_ca_request *r) {
    lk_localca ca;
    if (!lk_localca_open(&ca, false))
        return LK_EXIT_FAILED;
    lockstep_cert *root = lk_cert_of_pem(ca.root.p, ca.root.p_len);
    lockstep_cert *middle =
        ca.middle.p != NULL ? lk_cert_of_pem(ca.middle.p, ca.middle.p_len) : NULL;
    size_t n = lk_stores_add(results, ca.root_path, ca.fingerprint, true);
    if (root != NULL && r->json)
        list_json(&ca, root, middle, n);
    else if (root != NULL)
        list_text(&ca, root, middle, n);
    lockstep_cert_free(root);
    lockstep_cert_free(middle);
    lk_localca_free(&ca);
    return root != NULL ? LK_EXIT_OK : LK_EXIT_FAILED;
}
