#include "cmd/policy.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cmd/errors.h"
#include "store/data.h"
#include "store/log_list.h"

#define CRL_FILE_MAX  (64u << 20)
#define LOGS_FILE_MAX (16u << 20)
#define KEY_FILE_MAX  65536

static int wrong(int code, const char *name, const char *what, const char *todo) {
    char text[512];
    snprintf(text, sizeof text, "%s: %s", name, what);
    lk_error(text, NULL, todo);
    return code;
}

int lk_policy_add_file(const char **list, size_t *num, const char *option, const char *value) {
    char text[64];
    snprintf(text, sizeof text, "--%s", option);
    if (*num == LK_POLICY_FILES_MAX)
        return wrong(LK_EXIT_USAGE, text, "at most 16 times", NULL);
    list[(*num)++] = value;
    return 0;
}

bool lk_policy_option(lk_policy_options *o, const char *name, const char *value, int *code) {
    *code = 0;
    if (strcmp(name, "crl") == 0 || strcmp(name, "crlfile") == 0)
        *code = lk_policy_add_file(o->crls, &o->num_crls, name, value);
    else if (strcmp(name, "pinnedpubkey") == 0)
        *code = lk_policy_add_file(o->pins, &o->num_pins, name, value);
    else if (strcmp(name, "fetch-crl") == 0)
        o->fetch_crls = true;
    else if (strcmp(name, "cert-status") == 0)
        o->require_staple = true;
    else if (strcmp(name, "revocation") == 0)
        o->revocation = value;
    else if (strcmp(name, "ct") == 0)
        o->transparency = value;
    else if (strcmp(name, "ct-logs") == 0)
        o->logs = value;
    else
        return false;
    return true;
}

/* load reads a whole file; false after an error message. */
static bool load(lk_buffer *out, const char *path, size_t max) {
    char text[512];
    if (lk_file_load(out, path, max))
        return true;
    snprintf(text, sizeof text, "%s cannot be read: %s", path, strerror(errno));
    lk_error(text, NULL, "check the path");
    return false;
}

/* ---- Each of them ---------------------------------------------------------------------------- */

static int add_crl(lockstep_policy *policy, const char *path) {
    lk_buffer bytes = lk_buffer_of(&lk_heap_default, 0);
    const char *why = NULL;
    int code = load(&bytes, path, CRL_FILE_MAX) ? 0 : LK_EXIT_CRL_FILE;
    lockstep_status status = LOCKSTEP_OK;
    if (code == 0)
        status = lockstep_policy_add_crl(policy, &why, lk_buffer_bytes(&bytes),
                                         lk_buffer_length(&bytes));
    lk_buffer_free(&bytes);
    if (status == LOCKSTEP_ERR_PEM)
        return wrong(LK_EXIT_CRL_FILE, path, "there is no revocation list in it",
                     "it is DER, or PEM that begins with -----BEGIN X509 CRL-----");
    if (status == LOCKSTEP_CERT_MALFORMED)
        /* Whatever it was meant to say, nothing can be relied on: what it is about stays unknown.
         */
        lk_warning_of(path, why);
    else if (status != LOCKSTEP_OK)
        return wrong(LK_EXIT_FAILED, path, lockstep_status_text(status), NULL);
    return code;
}

static int set_revocation(lockstep_policy *policy, const lk_policy_options *o) {
    static const struct {
        const char *name;
        enum lockstep_revocation mode;
    } modes[] = {{"soft", LOCKSTEP_REVOCATION_SOFT},
                 {"leaf", LOCKSTEP_REVOCATION_LEAF},
                 {"chain", LOCKSTEP_REVOCATION_CHAIN}};
    const char *name = o->revocation;
    if (name == NULL) /* whoever goes to these lengths wants to know */
        name = o->num_crls > 0 || o->fetch_crls ? "leaf" : "soft";
    for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++)
        if (strcmp(name, modes[i].name) == 0)
            return lockstep_policy_set_revocation(policy, modes[i].mode) == LOCKSTEP_OK
                       ? 0
                       : LK_EXIT_FAILED;
    return wrong(
        LK_EXIT_USAGE, "--revocation", "not soft, leaf or chain",
        "soft: not knowing is accepted; leaf, chain: it must be known of the leaf, of all");
}

static bool add_log(void *arg, const lk_log_list_entry *entry) {
    lockstep_log log = {.key = entry->spki,
                        .operator_name = entry->operator_name,
                        .description = entry->description,
                        .state = (enum lockstep_log_state)entry->state,
                        .since_ms = entry->since_ms,
                        .expiry_from_ms = entry->expiry_from_ms,
                        .expiry_to_ms = entry->expiry_to_ms};
    lockstep_status status = lockstep_policy_add_log(arg, &log);
    return status == LOCKSTEP_OK || status == LOCKSTEP_ERR_KEY_UNSUPPORTED;
}

static int set_transparency(lockstep_policy *policy, const lk_policy_options *o) {
    static const char *const modes[] = {"off", "report", "require"};
    const char *name = o->transparency;
    if (name == NULL)
        name = o->logs != NULL ? "report" : "off";
    size_t mode = 0;
    while (mode < 3 && strcmp(name, modes[mode]) != 0)
        mode++;
    if (mode == 3)
        return wrong(LK_EXIT_USAGE, "--ct", "not off, report or require", NULL);
    if (mode > 0 && o->logs == NULL)
        return wrong(
            LK_EXIT_USAGE, "--ct", "there is no list of logs to check with",
            "--ct-logs FILE names one in the JSON form that log operators publish, such as "
            "https://www.gstatic.com/ct/log_list/v3/log_list.json");
    if (lockstep_policy_set_transparency(policy, (enum lockstep_transparency)mode) != LOCKSTEP_OK)
        return LK_EXIT_FAILED;
    if (o->logs == NULL || mode == 0)
        return 0;
    lk_buffer json = lk_buffer_of(&lk_heap_default, 0);
    size_t num_logs = 0;
    int code = load(&json, o->logs, LOGS_FILE_MAX) ? 0 : LK_EXIT_USAGE;
    if (code == 0) {
        const char *bad = lk_log_list_read(lk_buffer_slice(&json), add_log, policy, &num_logs);
        if (bad != NULL)
            code = wrong(LK_EXIT_USAGE, o->logs, bad,
                         "it is JSON as log operators publish it, version 3");
    }
    lk_buffer_free(&json);
    return code;
}

/* add_pin takes "sha256//...", or as curl does a file with a public key. */
static int add_pin(lockstep_policy *policy, const char *text) {
    if (lockstep_policy_add_pins(policy, text) == LOCKSTEP_OK)
        return 0;
    if (strncmp(text, "sha256//", 8) == 0)
        return wrong(
            LK_EXIT_USAGE, "--pinnedpubkey",
            "not sha256//BASE64 of 32 bytes, several with semicolons between",
            "openssl x509 -in cert.pem -pubkey -noout | openssl pkey -pubin -outform der | "
            "openssl dgst -sha256 -binary | base64");
    lk_buffer bytes = lk_buffer_of(&lk_heap_default, 0);
    int code = load(&bytes, text, KEY_FILE_MAX) ? 0 : LK_EXIT_USAGE;
    if (code == 0 && lockstep_policy_add_pinned_key(policy, lk_buffer_bytes(&bytes),
                                                    lk_buffer_length(&bytes)) != LOCKSTEP_OK)
        code =
            wrong(LK_EXIT_USAGE, text, "there is no public key in it",
                  "--pinnedpubkey takes sha256//BASE64, or a file with a public key in PEM or DER");
    lk_buffer_free(&bytes);
    return code;
}

lockstep_policy *lk_policy_make(const lk_policy_options *o, int *code) {
    lockstep_policy *policy;
    *code = lockstep_policy_new(&policy, NULL) == LOCKSTEP_OK ? 0 : LK_EXIT_FAILED;
    if (*code != 0)
        return NULL;
    for (size_t i = 0; i < o->num_crls && *code == 0; i++)
        *code = add_crl(policy, o->crls[i]);
    if (*code == 0)
        *code = set_revocation(policy, o);
    if (*code == 0)
        *code = set_transparency(policy, o);
    for (size_t i = 0; i < o->num_pins && *code == 0; i++)
        *code = add_pin(policy, o->pins[i]);
    if (*code == 0 && o->require_staple && lockstep_policy_require_staple(policy) != LOCKSTEP_OK)
        *code = LK_EXIT_FAILED;
    if (*code == 0 && o->max_depth >= 0 &&
        lockstep_policy_set_max_depth(policy, (unsigned)o->max_depth) != LOCKSTEP_OK)
        *code = LK_EXIT_FAILED;
    if (*code == 0)
        return policy;
    lockstep_policy_free(policy);
    return NULL;
}
