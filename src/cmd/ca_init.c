/*
 * ca_init.c - `lockstep ca init` and `lockstep ca path`.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd/ca.h"
#include "cmd/errors.h"
#include "cmd/localca.h"

static bool is_block(const char *text) {
    return strpbrk(text, ":/") != NULL || text[strspn(text, "0123456789.")] == '\0';
}

/* read_permits checks what --permit names; A-labels are kept in `ascii`. */
static bool read_permits(const lk_ca_request *r, lk_ascii_name *ascii, const char **out) {
    char text[512];
    for (size_t i = 0; i < r->num_permit; i++) {
        bool ok = true;
        out[i] = r->permit[i];
        if (!is_block(r->permit[i])) {
            ok = lk_to_ascii(&ascii[i], r->permit[i]);
            out[i] = ascii[i].text;
        }
        if (!ok || !lockstep_constraint_valid(out[i])) {
            snprintf(text, sizeof text, "--permit '%.300s': neither a DNS name nor an IP block",
                     r->permit[i]);
            lk_error(text, NULL,
                     "such as example.dev, which is also what is below it, or 100.64.0.0/10");
            return false;
        }
        if (!is_block(out[i]) &&
            (strchr(out[i], '.') == NULL || lockstep_is_public_suffix(out[i]))) {
            snprintf(text, sizeof text, "--permit %s permits every name that ends in .%s", out[i],
                     out[i]);
            lk_warning(text);
        }
    }
    return true;
}

/* permits_all: does the CA that is there permit these already? Blocks are not compared. */
static bool permits_all(const lk_localca *ca, const char *const *permits, size_t n) {
    lockstep_cert *root = lk_cert_of_pem(ca->root.p, ca->root.p_len);
    bool ok = root != NULL;
    for (size_t i = 0; i < n && ok; i++)
        ok = lockstep_cert_allows(root, permits[i]) == LOCKSTEP_OK;
    lockstep_cert_free(root);
    return ok;
}

static int keep(const lk_ca_request *r, const lk_localca *ca, const char *const *permits,
                const char *allowed) {
    if ((r->unconstrained && allowed[0] != '\0') ||
        (!r->unconstrained && !permits_all(ca, permits, r->num_permit))) {
        lk_error("the local CA is there already, and what a root permits cannot be changed",
                 ca->root_path,
                 "add --force: it makes a new root, which must be trusted again, and keeps the old "
                 "one's files as *.old");
        return LK_EXIT_FAILED;
    }
    if (r->quiet)
        return LK_EXIT_OK;
    printf("the local CA is there already: %s\n", ca->root_path);
    if (allowed[0] == '\0')
        printf(
            "it may certify any name; so that its key is worth less: lockstep ca init --force\n");
    return LK_EXIT_OK;
}

static void tell(const lk_localca *ca, const char *allowed, bool replaced) {
    printf("made a local CA: %s\n", ca->root_path);
    if (allowed[0] != '\0')
        printf("it may certify %s\nand what is below these names; for more of them, make another: "
               "lockstep ca init --force --permit NAME\n",
               allowed);
    if (replaced)
        printf(
            "the old one's files are kept as *.old; where it is trusted it still is, so take it\n"
            "out: lockstep ca untrust --old\n");
    printf("so that browsers trust it: lockstep ca trust\n"
           "keep its keys to yourself: who has %s\nor the intermediate's can impersonate %s to "
           "this machine\n",
           ca->key_path, allowed[0] != '\0' ? "these sites" : "any site");
}

int lk_ca_init(const lk_ca_request *r) {
    static lk_ascii_name ascii[LK_CA_MAX_NAMES];
    const char *permits[LK_CA_MAX_NAMES];
    char before[4096];
    lk_localca ca;
    if (r->unconstrained && r->num_permit > 0) {
        lk_error("--unconstrained permits everything, so --permit adds nothing", NULL,
                 "choose one of them");
        return LK_EXIT_USAGE;
    }
    if (!read_permits(r, ascii, permits))
        return LK_EXIT_USAGE;
    bool replaced =
        r->force && lk_localca_path(before, sizeof before) == NULL && access(before, F_OK) == 0;
    lk_localca_plan plan = {.permit = permits,
                            .num_permit = r->num_permit,
                            .unconstrained = r->unconstrained,
                            .replace = r->force};
    if (!lk_localca_init(&ca, &plan))
        return LK_EXIT_FAILED;
    char *allowed = lk_localca_permitted(&ca);
    int code = allowed == NULL ? LK_EXIT_FAILED : LK_EXIT_OK;
    if (allowed != NULL && !ca.made)
        code = keep(r, &ca, permits, allowed);
    else if (allowed != NULL && !r->quiet)
        tell(&ca, allowed, replaced);
    if (ca.made && r->unconstrained)
        lk_warning("DANGER: this CA may certify ANY name. Whoever gets its key can impersonate "
                   "every bank and every mail server to this machine. Without --unconstrained its "
                   "key is worth nothing to a thief.");
    free(allowed);
    lk_localca_free(&ca);
    return code;
}

int lk_ca_path(const lk_ca_request *r) {
    char out[4096];
    const char *bad = lk_localca_path(out, sizeof out);
    (void)r;
    if (bad != NULL) {
        lk_error(bad, NULL, NULL);
        return LK_EXIT_FAILED;
    }
    puts(out);
    return LK_EXIT_OK;
}
