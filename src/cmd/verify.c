/*
 * verify.c - `lockstep verify`: is this certificate good, and why not?
 */
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cmd/crl_fetch.h"
#include "cmd/errors.h"
#include "cmd/explain.h"
#include "cmd/options.h"
#include "cmd/policy.h"
#include "cmd/trust.h"
#include "http/idna.h"
#include "store/data.h"
#include "util/civil.h"
#include "util/pem.h"

#define FILES_MAX     LK_POLICY_FILES_MAX
#define CERTS_MAX     64 /* as many as the judge looks at, and one to say that there are more */
#define CERT_FILE_MAX (4u << 20)
#define OCSP_FILE_MAX 65536

enum {
    O_TRUST,
    O_INTERMEDIATES,
    O_NAME,
    O_TIME,
    O_PURPOSE,
    O_MAX_DEPTH,
    O_CRL,
    LK_POLICY_OPTIONS,
    O_OCSP,
    O_JSON,
    O_QUIET
};
static const lk_option options[] = {
    [O_TRUST] = {"trust", 0, "FILE", "trust the certificates of FILE, and no others; repeatable"},
    [O_INTERMEDIATES] = {"intermediates", 0, "FILE",
                         "certificates between, in any order; repeatable"},
    [O_NAME] = {"name", 0, "NAME", "whom it must be for: a DNS name or an IP address"},
    [O_TIME] = {"time", 0, "TIME", "at this time, such as 2026-11-21T12:00:00Z (default: now)"},
    [O_PURPOSE] = {"purpose", 0, "PURPOSE", "server (default) or client"},
    [O_MAX_DEPTH] = {"max-depth", 0, "N", "at most N intermediates"},
    [O_CRL] = {"crl", 0, "FILE", "a revocation list, PEM or DER; repeatable"},
    LK_POLICY_ROWS,
    [O_OCSP] = {"ocsp", 0, "FILE", "an OCSP response about the leaf, DER"},
    [O_JSON] = {"json", 0, NULL, "print JSON"},
    [O_QUIET] = {"quiet", 'q', NULL, "print the verdict alone"},
    {NULL, 0, NULL, NULL}};

typedef struct request {
    const char *leaf, *name, *ocsp;
    const char *trust[FILES_MAX], *intermediates[FILES_MAX];
    size_t num_trust, num_intermediates;
    lk_policy_options policy;
    int64_t now_ms;
    enum lockstep_purpose purpose;
    bool json, quiet;
    /* while it runs */
    char ascii[256]; /* the name in A-labels */
    lk_buffer der;   /* the certificates, one behind the other */
    size_t ends[CERTS_MAX + 1], num_certs;
    lk_buffer response;
} request;

static int usage(const char *what, const char *todo) {
    lk_error(what, NULL, todo);
    return LK_EXIT_USAGE;
}

/* ---- Files ----------------------------------------------------------------------------------- */

static int unreadable(const char *path, const char *what, const char *todo) {
    char text[512];
    snprintf(text, sizeof text, "%s %s", strcmp(path, "/dev/stdin") == 0 ? "standard input" : path,
             what);
    return usage(text, todo);
}

static bool keep_cert(request *r, size_t from) {
    if (lk_buffer_length(&r->der) == from || r->num_certs == CERTS_MAX + 1)
        return false;
    r->ends[r->num_certs++] = lk_buffer_length(&r->der);
    return true;
}

/* what_is_it says of a file without a certificate what it holds instead. */
static const char *what_is_it(lk_slice text) {
    static const char *const labels[][2] = {
        {"PRIVATE KEY-----", "holds a private key and no certificate"},
        {"PUBLIC KEY-----", "holds a public key and no certificate"},
        {"X509 CRL-----", "holds a revocation list and no certificate"},
        {"CERTIFICATE REQUEST-----", "holds a request for a certificate and no certificate"},
        {"-----BEGIN CERTIFICATE", "holds a certificate in PEM that is damaged"}};
    for (size_t i = 0; i < sizeof labels / sizeof labels[0]; i++)
        if (memmem(text.p, text.p_len, labels[i][0], strlen(labels[i][0])) != NULL)
            return labels[i][1];
    return text.p_len == 0 ? "is empty" : "holds no certificate in PEM or DER";
}

/* add_file takes every certificate of a file, PEM or one in DER. 0 or an exit code. */
static int add_file(request *r, const char *path) {
    lk_buffer file = lk_buffer_of(&lk_heap_default, 0);
    size_t before = r->num_certs;
    int found, code = 0;
    if (strcmp(path, "-") == 0)
        path = "/dev/stdin";
    if (!lk_file_load(&file, path, CERT_FILE_MAX)) {
        char text[256];
        snprintf(text, sizeof text, "cannot be read: %s", strerror(errno));
        lk_buffer_free(&file);
        return unreadable(path, text, "name a file with certificates in PEM or DER");
    }
    lk_slice text = lk_buffer_slice(&file);
    size_t from = lk_buffer_length(&r->der);
    if (text.p_len > 0 && text.p[0] == 0x30) {
        if (!lk_buffer_append(&r->der, text) || !keep_cert(r, from))
            code = LK_EXIT_FAILED;
    } else {
        while (code == 0 && (found = lk_pem_next(&text, "CERTIFICATE", &r->der)) != 0) {
            if (found < 0)
                code = unreadable(path, "holds a certificate in PEM that is damaged",
                                  "get it anew; its base64 or its END line is wrong");
            else if (!keep_cert(r, from))
                break; /* more than are looked at */
            from = lk_buffer_length(&r->der);
        }
        if (code == 0 && r->num_certs == before)
            code = unreadable(path, what_is_it(lk_buffer_slice(&file)),
                              "certificates in PEM begin with -----BEGIN CERTIFICATE-----");
    }
    lk_buffer_free(&file);
    return code;
}

static int load_all(request *r) {
    int code = add_file(r, r->leaf);
    for (size_t i = 0; i < r->num_intermediates && code == 0; i++)
        code = add_file(r, r->intermediates[i]);
    if (code == 0 && r->ocsp != NULL && !lk_file_load(&r->response, r->ocsp, OCSP_FILE_MAX)) {
        char text[256];
        snprintf(text, sizeof text, "cannot be read: %s", strerror(errno));
        code =
            unreadable(r->ocsp, text, "name a file with one OCSP response in DER, 64 KiB at most");
    }
    return code;
}

/* ---- The verdict ----------------------------------------------------------------------------- */

static void print_json(const request *r, lockstep_status status, const lockstep_report *report) {
    char when[64];
    lk_civil c = lk_civil_from_unix(r->now_ms / 1000);
    snprintf(when, sizeof when, "%04d-%02d-%02dT%02d:%02d:%02dZ", c.year, c.month, c.day, c.hour,
             c.minute, c.second);
    int alert = lockstep_status_alert(status);
    json_t *all =
        json_pack("{s:i, s:b, s:s, s:s?, s:s?, s:I, s:s, s:s, s:o}", "version", 1, "valid",
                  status == LOCKSTEP_OK, "status", lockstep_status_name(status), "alert",
                  status != LOCKSTEP_OK && alert >= 0 ? lockstep_alert_name(alert) : NULL, "name",
                  r->name, "time_ms", (json_int_t)r->now_ms, "time", when, "verdict",
                  lockstep_report_sentence(report), "checks", lk_checks_json(report));
    json_dumpf(all, stdout, JSON_INDENT(2));
    putchar('\n');
    json_decref(all);
}

static int judge(request *r, const lockstep_trust *trust, lockstep_policy *policy) {
    lockstep_slice chain[CERTS_MAX + 1];
    lockstep_report *report = NULL;
    size_t from = 0;
    for (size_t i = 0; i < r->num_certs; from = r->ends[i++])
        chain[i] = lk_slice_of(lk_buffer_bytes(&r->der) + from, r->ends[i] - from);
    lockstep_case what = {.trust = trust,
                          .policy = policy,
                          .chain = chain,
                          .num_chain = r->num_certs,
                          .name = r->name == NULL ? NULL : r->ascii,
                          .without_name = r->name == NULL,
                          .now_ms = r->now_ms,
                          .purpose = r->purpose,
                          .ocsp = lk_buffer_slice(&r->response)};
    if (r->policy.fetch_crls)
        lk_crl_fetch_all(policy, &what, !r->quiet && !r->json, 0);
    lockstep_status status = lockstep_judge(&report, &what);
    if (status == LOCKSTEP_ERR_NAME)
        return usage("--name: neither a DNS name nor an IP address",
                     "--name example.org, --name 192.0.2.1");
    if (report == NULL) {
        lk_error(lockstep_status_text(status), NULL, NULL);
        return LK_EXIT_FAILED;
    }
    if (r->json) {
        print_json(r, status, report);
    } else {
        if (!r->quiet) {
            lk_print_checks(stdout, report);
            puts(lockstep_report_sentence(report));
            const char *advice = lk_certificate_advice(status, true);
            if (advice != NULL)
                printf("To do: %s.\n", advice);
            if (r->name == NULL && r->purpose == LOCKSTEP_PURPOSE_SERVER && status == LOCKSTEP_OK)
                puts("No --name was given, so whom it is for was not looked at.");
        }
        puts(status == LOCKSTEP_OK ? "valid" : "not valid");
    }
    lockstep_report_free(report);
    if (fflush(stdout) != 0)
        return LK_EXIT_WRITE;
    return status == LOCKSTEP_OK ? LK_EXIT_OK : LK_EXIT_CERTIFICATE;
}

/* ---- The command ----------------------------------------------------------------------------- */

static int read_name(request *r) {
    if (r->name == NULL || lk_idna_to_ascii(r->ascii, sizeof r->ascii, r->name))
        return 0;
    return usage("--name: not a name that DNS can have (RFC 5891)", "--name example.org");
}

static int read_option(request *r, int o, const char *value) {
    char *end;
    int code;
    if (o >= 0 && lk_policy_option(&r->policy, options[o].name, value, &code))
        return code;
    switch (o) {
    case LK_ARGS_ARGUMENT:
        if (r->leaf != NULL)
            return usage("verify: one file with the certificate to verify, please",
                         "other certificates of its chain go to --intermediates");
        r->leaf = value;
        return 0;
    case O_TRUST:
        return lk_policy_add_file(r->trust, &r->num_trust, "trust", value);
    case O_INTERMEDIATES:
        return lk_policy_add_file(r->intermediates, &r->num_intermediates, "intermediates", value);
    case O_NAME:
        r->name = value;
        return 0;
    case O_TIME:
        return lk_civil_parse(&r->now_ms, value)
                   ? 0
                   : usage("--time: not a time of RFC 3339", "--time 2026-11-21T12:00:00Z");
    case O_PURPOSE:
        if (strcmp(value, "server") != 0 && strcmp(value, "client") != 0)
            return usage("--purpose: neither server nor client", NULL);
        r->purpose = value[0] == 's' ? LOCKSTEP_PURPOSE_SERVER : LOCKSTEP_PURPOSE_CLIENT;
        return 0;
    case O_MAX_DEPTH:
        r->policy.max_depth = strtol(value, &end, 10);
        return value[0] >= '0' && value[0] <= '9' && *end == '\0' && r->policy.max_depth <= 1000
                   ? 0
                   : usage("--max-depth: not a number of certificates", "--max-depth 2");
    case O_OCSP:
        r->ocsp = value;
        return 0;
    case O_JSON:
        r->json = true;
        return 0;
    default:
        r->quiet = true;
        return 0;
    }
}

static int verify(request *r) {
    int code = read_name(r);
    if (code == 0)
        code = load_all(r);
    if (code != 0)
        return code;
    lockstep_trust *trust =
        r->num_trust > 0 ? lk_trust_load_files(r->trust, r->num_trust) : lk_trust_load(NULL, NULL);
    if (trust == NULL)
        return LK_EXIT_USAGE;
    lockstep_policy *policy = lk_policy_make(&r->policy, &code);
    if (policy == NULL)
        code = LK_EXIT_USAGE;
    else
        code = judge(r, trust, policy);
    lockstep_policy_free(policy);
    lockstep_trust_free(trust);
    return code;
}

static int run(int argc, char **argv) {
    request r = {.policy = {.max_depth = -1},
                 .now_ms = (int64_t)time(NULL) * 1000,
                 .purpose = LOCKSTEP_PURPOSE_SERVER,
                 .der = lk_buffer_of(&lk_heap_default, 0),
                 .response = lk_buffer_of(&lk_heap_default, 0)};
    lk_args args = {.command = &lk_cmd_verify, .argc = argc, .argv = argv};
    const char *value;
    int o, code = 0;
    while (code == 0 && (o = lk_args_next(&args, &value)) != LK_ARGS_END) {
        if (o == LK_ARGS_HELP)
            return LK_EXIT_OK;
        code = o == LK_ARGS_ERROR ? LK_EXIT_USAGE : read_option(&r, o, value);
    }
    if (code == 0 && r.leaf == NULL)
        code = usage("verify: which certificate?", "lockstep verify cert.pem --name example.org");
    if (code == 0)
        code = verify(&r);
    lk_buffer_free(&r.der);
    lk_buffer_free(&r.response);
    return code;
}

const lk_command lk_cmd_verify = {
    "verify",
    "LEAF.pem",
    "judge a certificate, and tell every check",
    options,
    "LEAF.pem (PEM or DER; - is standard input) may hold the rest of the chain too. Without "
    "--trust the\n"
    "system's store is trusted, or SSL_CERT_FILE and SSL_CERT_DIR. The last line is \"valid\" or "
    "\"not\n"
    "valid\"; the exit code 0 or 60, and 2 for files or options that make no sense.",
    run};
