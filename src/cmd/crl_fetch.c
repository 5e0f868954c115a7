#include "cmd/crl_fetch.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "cmd/errors.h"
#include "cmd/plain_get.h"
#include "net/dial.h"
#include "store/data.h"

#define CRL_MAX      (64u << 20)
#define TIME_MS      20000
#define FRESH_MS     (INT64_C(86400) * 1000) /* lists that hold for a week are renewed each day */
#define URL_MAX      1024
#define MAX_PER_CERT 4

#define PATH_MAX_CERTS 16 /* no path is longer */

static int64_t now_ms(void) {
    return (int64_t)time(NULL) * 1000;
}

/* cache_path writes the file for `url`, whose name is the whole URL percent-encoded, so that no two
 * share one. False: there is no cache, or the name is too long for a file. */
static bool cache_path(char *out, size_t out_len, const char *url) {
    static const char hex[] = "0123456789ABCDEF";
    char name[256];
    size_t n = 0;
    for (const char *p = url; *p != '\0'; p++) {
        unsigned char c = (unsigned char)*p;
        bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                     c == '-' || c == '_' || (c == '.' && n > 0);
        if (n + 4 >= sizeof name)
            return false;
        if (!plain) {
            name[n++] = '%';
            name[n++] = hex[c >> 4];
            name[n++] = hex[c & 15];
        } else {
            name[n++] = (char)c;
        }
    }
    name[n] = '\0';
    char dir[3072];
    if (lk_cache_dir(dir, sizeof dir, "crl", true) != NULL)
        return false;
    return (size_t)snprintf(out, out_len, "%s/%s", dir, name) < out_len;
}

/* holds says whether a list is of now, by itself. */
static bool holds(const lk_buffer *list) {
    int64_t from, to;
    return lockstep_crl_window(&from, &to, lk_buffer_bytes(list), lk_buffer_length(list)) ==
               LOCKSTEP_OK &&
           from <= now_ms() && now_ms() <= to;
}

static bool from_cache(lk_buffer *out, const char *path, bool fresh_only) {
    struct stat st;
    if (stat(path, &st) != 0 || !lk_file_load(out, path, CRL_MAX))
        return false;
    int64_t age_ms = now_ms() - (int64_t)st.st_mtime * 1000;
    if (holds(out) && (!fresh_only || (age_ms >= 0 && age_ms < FRESH_MS)))
        return true;
    lk_buffer_cut(out, 0);
    return false;
}

/* speaks: is the list one that its issuer signed, and about the certificate at `depth` of the path?
 * Anybody on the way can answer for http://, so what is not signed is neither used nor kept. */
static bool speaks(const lk_buffer *list, const lockstep_case *what, size_t depth) {
    lockstep_case plain = *what;
    lockstep_report *report = NULL;
    bool ok = false;
    if (lockstep_policy_new(&plain.policy, NULL) != LOCKSTEP_OK)
        return false;
    if (lockstep_policy_add_crl(plain.policy, NULL, lk_buffer_bytes(list),
                                lk_buffer_length(list)) == LOCKSTEP_OK) {
        /* What it returns shows in the report. */
        (void)!lockstep_judge(&report, &plain);
        ok = lockstep_report_listed(report, depth);
    }
    lockstep_report_free(report);
    lockstep_policy_free(plain.policy);
    return ok;
}

/* A fetch under way: whom it is for, and until when. */
typedef struct fetching {
    const lockstep_case *what;
    size_t depth;
    bool verbose;
    int64_t deadline_ms;
} fetching;

/* get_list finds the list of one address: from the cache, from its server, and if that fails from
 * the cache again, although it is older than a day. */
static bool get_list(lk_buffer *out, const char *url, const fetching *f) {
    char path[4096];
    bool has_path = cache_path(path, sizeof path, url);
    if (has_path && from_cache(out, path, true) && speaks(out, f->what, f->depth)) {
        if (f->verbose)
            fprintf(stderr, "* revocation list from the cache: %s\n", url);
        return true;
    }
    lk_buffer_cut(out, 0);
    if (f->verbose)
        fprintf(stderr, "* fetching the revocation list %s\n", url);
    int64_t left_ms = f->deadline_ms - lk_monotonic_ms();
    const char *bad =
        left_ms > 0 ? lk_plain_get(out, url, CRL_MAX, left_ms) : "there is no time left for it";
    if (bad == NULL && speaks(out, f->what, f->depth)) {
        if (has_path && holds(out))
            (void)lk_file_save(path, lk_buffer_bytes(out), lk_buffer_length(out), 0600, true);
        return true;
    }
    lk_buffer_cut(out, 0);
    if (has_path && from_cache(out, path, false) && speaks(out, f->what, f->depth))
        return true;
    lk_buffer_cut(out, 0);
    lk_warning_of(url,
                  bad != NULL ? bad : "the list is not one of the certificate's issuer for it");
    return false;
}

/* fetch_for adds the list of one certificate. */
static void fetch_for(lockstep_policy *policy, lk_buffer *list, lockstep_slice cert,
                      const fetching *f) {
    char url[URL_MAX];
    const char *why;
    for (size_t k = 0; k < MAX_PER_CERT && lockstep_crl_url(url, sizeof url, cert.p, cert.p_len, k);
         k++) {
        if (strncmp(url, "http://", 7) != 0)
            continue; /* ldap:// is not fetched; https:// would need this very verdict */
        lk_buffer_cut(list, 0);
        if (!get_list(list, url, f))
            continue;
        if (lockstep_policy_add_crl(policy, &why, lk_buffer_bytes(list), lk_buffer_length(list)) !=
            LOCKSTEP_OK)
            lk_warning_of(url, why);
        return; /* §4.2.1.13: the addresses of one point are of the same list */
    }
}

void lk_crl_fetch_all(lockstep_policy *policy, const lockstep_case *what, bool verbose,
                      int64_t deadline_ms) {
    lockstep_case plain = *what;
    lockstep_report *report = NULL;
    size_t path[PATH_MAX_CERTS], n = 0;
    plain.policy = NULL;
    if (lockstep_judge(&report, &plain) == LOCKSTEP_OK)
        n = lockstep_report_path(report, path, PATH_MAX_CERTS);
    lockstep_report_free(report);
    lk_buffer list = lk_buffer_of(&lk_heap_default, CRL_MAX);
    fetching f = {&plain, 0, verbose, lk_monotonic_ms() + TIME_MS};
    if (deadline_ms != 0 && deadline_ms < f.deadline_ms)
        f.deadline_ms = deadline_ms;
    for (f.depth = 0; f.depth < n && f.depth < PATH_MAX_CERTS; f.depth++)
        fetch_for(policy, &list, what->chain[path[f.depth]], &f);
    lk_buffer_free(&list);
}
