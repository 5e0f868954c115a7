/*
 * walk.c - `lockstep walk`: a handshake that really happens, step by step.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd/errors.h"
#include "cmd/lists.h"
#include "cmd/options.h"
#include "cmd/trust.h"
#include "cmd/walk_host.h"
#include "http/url.h"
#include "lab/lab.h"
#include "store/data.h"
#include "walk/export.h"

enum {
    O_DEMO,
    O_FAULT,
    O_FAULTS,
    O_COMPARE,
    O_STEP,
    O_TLS,
    O_KEX,
    O_RESUME,
    O_EARLY_DATA,
    O_GROUPS,
    O_SUITES,
    O_JSON,
    O_HTML,
    O_PCAPNG,
    O_VERBOSE,
    O_CACERT,
    O_CAPATH,
    O_ADDRESS,
    O_MAX_TIME
};
static const lk_option options[] = {
    [O_DEMO] = {"demo", 0, NULL, "both ends in memory: no network, no server needed"},
    [O_FAULT] = {"fault", 0, "NAME", "make something wrong, for real, and watch who notices"},
    [O_FAULTS] = {"faults", 0, NULL, "list what can be made wrong"},
    [O_COMPARE] = {"compare", 0, "LIST", "side by side: 1.3, 1.2, rsa, resume, 0rtt, with commas"},
    [O_STEP] = {"step", 's', NULL, "one step at a time; Enter goes on, q ends"},
    [O_TLS] = {"tls", 0, "VERSION", "1.2 or 1.3 (default: the best that both can)"},
    [O_KEX] = {"kex", 0, "ecdhe|rsa", "rsa: the key exchange of TLS 1.2 without forward secrecy"},
    [O_RESUME] = {"resume", 0, NULL, "come back with a ticket; the first visit is not shown"},
    [O_EARLY_DATA] = {"early-data", 0, NULL, "and ask before the server has answered (0-RTT)"},
    [O_GROUPS] = {"groups", 0, "LIST", "key exchange groups, best first"},
    [O_SUITES] = {"suites", 0, "LIST", "cipher suites, best first"},
    [O_JSON] = {"json", 0, NULL, "print JSON (docs/walk-json.md)"},
    [O_HTML] = {"html", 0, "FILE", "write a page that needs nothing else"},
    [O_PCAPNG] = {"pcapng", 0, "FILE", "write a capture with its secrets, for Wireshark"},
    [O_VERBOSE] = {"verbose", 'v', NULL, "every field and every byte"},
    [O_CACERT] = {"cacert", 0, "FILE", "trust the certificates of FILE, and no others"},
    [O_CAPATH] = {"capath", 0, "DIR", "trust the certificates of DIR"},
    [O_ADDRESS] = {"address", 0, "ADDR", "connect there, whatever the name resolves to"},
    [O_MAX_TIME] = {"max-time", 'm', "SECONDS", "give up after so long (default 20)"},
    {NULL, 0, NULL, NULL}};

typedef struct request {
    const char *target, *fault, *compare, *html, *pcapng, *cacert, *capath, *address;
    bool demo, faults, step, resume, early, json, verbose;
    uint16_t version;
    long max_time;
    lk_tls_options tls;
    lk_lab *lab;
    lockstep_trust *trust;
} request;

static int usage(const char *what, const char *todo) {
    lk_error(what, NULL, todo);
    return LK_EXIT_USAGE;
}

/* ---- Options --------------------------------------------------------------------------------- */

/* put_json prints an object and gives it back. */
static int put_json(json_t *object) {
    bool ok = object != NULL && json_dumpf(object, stdout, JSON_INDENT(1)) == 0 &&
              putchar('\n') != EOF && fflush(stdout) == 0;
    json_decref(object);
    return ok ? 0 : LK_EXIT_WRITE;
}

static int list_faults(bool json) {
    size_t num;
    const lk_fault *faults = lk_faults(&num);
    json_t *all = json_array();
    for (size_t i = 0; json && i < num; i++)
        json_array_append_new(all, lk_fault_json(&faults[i]));
    if (json)
        return put_json(json_pack("{s:o}", "faults", all));
    json_decref(all);
    for (size_t i = 0; i < num; i++)
        printf("%-22s %s\n", faults[i].name, faults[i].line);
    return 0;
}

static int read_option(request *r, int option, const char *value) {
    char *end;
    switch (option) {
    case O_DEMO:
        r->demo = true;
        return 0;
    case O_FAULT:
        r->fault = value;
        return 0;
    case O_FAULTS:
        r->faults = true;
        return 0;
    case O_COMPARE:
        r->compare = value;
        return 0;
    case O_STEP:
        r->step = true;
        return 0;
    case O_TLS:
        return lk_read_version(&r->version, "tls", value) ? 0 : LK_EXIT_USAGE;
    case O_KEX:
        return lk_read_kex(&r->tls, value) ? 0 : LK_EXIT_USAGE;
    case O_RESUME:
        r->resume = true;
        return 0;
    case O_EARLY_DATA:
        r->resume = r->early = true;
        return 0;
    case O_GROUPS:
        r->tls.groups = value;
        return 0;
    case O_SUITES:
        r->tls.suites = value;
        return 0;
    case O_JSON:
        r->json = true;
        return 0;
    case O_HTML:
        r->html = value;
        return 0;
    case O_PCAPNG:
        r->pcapng = value;
        return 0;
    case O_VERBOSE:
        r->verbose = true;
        return 0;
    case O_CACERT:
        r->cacert = value;
        return 0;
    case O_CAPATH:
        r->capath = value;
        return 0;
    case O_ADDRESS:
        r->address = value;
        return 0;
    default:
        r->max_time = strtol(value, &end, 10);
        return *end == '\0' && r->max_time >= 1 && r->max_time <= 3600
                   ? 0
                   : usage("--max-time wants seconds, 1 to 3600", NULL);
    }
}

/* read_options returns -1 to go on, or the exit code. */
static int read_options(request *r, int argc, char **argv) {
    lk_args args = {.command = &lk_cmd_walk, .argc = argc, .argv = argv};
    const char *value;
    int option, code;
    while ((option = lk_args_next(&args, &value)) != LK_ARGS_END) {
        if (option == LK_ARGS_HELP)
            return 0;
        if (option == LK_ARGS_ERROR)
            return LK_EXIT_USAGE;
        if (option == LK_ARGS_ARGUMENT && r->target != NULL)
            return usage("walk goes to one host", "lockstep walk example.org");
        if (option == LK_ARGS_ARGUMENT)
            r->target = value;
        else if ((code = read_option(r, option, value)) != 0)
            return code;
    }
    if (r->faults)
        return list_faults(r->json);
    r->demo = r->demo || (r->fault != NULL && r->target == NULL) ||
              (r->compare != NULL && r->target == NULL);
    if (r->demo == (r->target != NULL))
        return usage(r->demo ? "--demo and faults have both ends here: they need no host"
                             : "which host?",
                     "lockstep walk example.org, or lockstep walk --demo");
    if (r->fault != NULL && r->target != NULL)
        return usage("a fault can be made in the demonstration only",
                     "lockstep walk --demo --fault NAME");
    if (r->fault != NULL && lk_fault_by_name(r->fault) == NULL)
        return usage("there is no such fault", "lockstep walk --faults lists them");
    if (r->demo && (r->tls.groups != NULL || r->tls.suites != NULL || r->address != NULL ||
                    r->cacert != NULL || r->capath != NULL))
        return usage("--groups, --suites, --address, --cacert and --capath are for a walk with a "
                     "host",
                     NULL);
    if (r->compare != NULL && (r->fault != NULL || r->html != NULL || r->pcapng != NULL ||
                               r->verbose || r->step || r->version != 0 || r->resume))
        return usage("--compare says itself which handshakes, and prints one table or --json",
                     "lockstep walk --compare 1.3,1.2,resume");
    if (r->step && r->json)
        return usage("--step is for text, not for --json", NULL);
    return -1;
}

/* ---- Walks ----------------------------------------------------------------------------------- */

static int walk_demo(json_t **out, request *r) {
    const char *why = NULL;
    lk_demo demo = {.fault = r->fault != NULL ? lk_fault_by_name(r->fault) : NULL,
                    .version = r->version,
                    .rsa = r->tls.rsa_kex,
                    .resume = r->resume,
                    .early = r->early};
    if (r->lab == NULL && (r->lab = lk_lab_open()) == NULL) {
        lk_error("the laboratory cannot be opened", "making keys and certificates", NULL);
        return LK_EXIT_FAILED;
    }
    lockstep_status status = lk_demo_run(out, &why, r->lab, &demo);
    if (status == LOCKSTEP_OK)
        return 0;
    lk_error(why != NULL ? why : lockstep_status_text(status), NULL, NULL);
    return status == LOCKSTEP_ERR_USAGE ? LK_EXIT_USAGE : LK_EXIT_FAILED;
}

static int walk_host(json_t **out, request *r) {
    lk_url url;
    char text[512];
    const char *wrong = lk_url_parse(&url, r->target); /* without "://" it is https */
    if (wrong == NULL && strcmp(url.scheme, "https") != 0)
        wrong = "http has no TLS to walk through";
    if (wrong != NULL) {
        snprintf(text, sizeof text, "%.200s is no host: %s", r->target, wrong);
        lk_error(text, NULL, "write it as example.org or example.org:8443");
        return LK_EXIT_URL;
    }
    if (r->trust == NULL && (r->trust = lk_trust_load(r->cacert, r->capath)) == NULL)
        return LK_EXIT_CA_FILE;
    r->tls.min = r->tls.max = r->version;
    lk_host_walk w = {.host = url.host,
                      .address = r->address,
                      .port = url.port,
                      .trust = r->trust,
                      .tls = &r->tls,
                      .resume = r->resume,
                      .early = r->early,
                      .max_ms = r->max_time * 1000};
    int code = lk_walk_host(out, &w);
    if (code != 0)
        lk_error(w.what, NULL, w.todo);
    return code;
}

static int walk(json_t **out, request *r) {
    return r->demo ? walk_demo(out, r) : walk_host(out, r);
}

/* ---- Output ---------------------------------------------------------------------------------- */

/* write_file makes a file for its owner alone: secrets are in it. */
static int write_file(const char *path, const json_t *walk_,
                      bool (*make)(lk_buffer *, const json_t *)) {
    lk_buffer bytes = lk_buffer_of(&lk_heap_default, 0);
    char text[512];
    errno = ENOMEM;
    bool ok = make(&bytes, walk_);
    const uint8_t *p = lk_buffer_bytes(&bytes);
    size_t n = lk_buffer_length(&bytes);
    if (ok && strcmp(path, "-") == 0)
        ok = fwrite(p, 1, n, stdout) == n && fflush(stdout) == 0;
    else if (ok)
        ok = lk_file_save(path, p, n, 0600, true);
    if (!ok) {
        snprintf(text, sizeof text, "%.300s cannot be written: %s", path, strerror(errno));
        lk_error(text, NULL, NULL);
    }
    lk_buffer_free(&bytes);
    return ok ? 0 : LK_EXIT_WRITE;
}

static bool pause_for_key(void *arg) {
    char line[64];
    (void)arg;
    fflush(stdout);
    fputs("-- Enter: next step, q: end -- ", stderr);
    return fgets(line, sizeof line, stdin) != NULL && line[0] != 'q';
}

/* exit_of: what was refused has the exit code that `get` would have; a fault that was noticed has
 * done what it is for. */
static int exit_of(const request *r, const json_t *w) {
    const json_t *failure = json_object_get(w, "failure");
    if (!json_is_object(failure) || r->fault != NULL)
        return 0;
    lockstep_status status =
        (lockstep_status)json_integer_value(json_object_get(failure, "number"));
    const char *name = json_string_value(json_object_get(failure, "status"));
    return name != NULL && strncmp(name, "CERT_", 5) == 0 ? lk_certificate_exit(status, NULL)
                                                          : LK_EXIT_HANDSHAKE;
}

static int show(request *r) {
    json_t *w = NULL;
    int code = walk(&w, r);
    if (code != 0)
        return code;
    bool files = r->html != NULL || r->pcapng != NULL;
    if (r->html != NULL)
        code = write_file(r->html, w, lk_walk_html);
    if (code == 0 && r->pcapng != NULL)
        code = write_file(r->pcapng, w, lk_walk_pcapng);
    if (code == 0 && r->json) {
        code = put_json(json_incref(w));
    } else if (code == 0 && !files) {
        lk_print how = {.verbose = r->verbose,
                        .colour = lk_colours(STDOUT_FILENO),
                        .pause = r->step ? pause_for_key : NULL};
        lk_walk_print(stdout, w, &how);
    }
    if (code == 0 && (fflush(stdout) != 0 || ferror(stdout) != 0))
        code = LK_EXIT_WRITE;
    if (code == 0)
        code = exit_of(r, w);
    json_decref(w);
    return code;
}

/* ---- Side by side ---------------------------------------------------------------------------- */

#define COMPARED_MAX 5

static bool set_kind(request *r, const char *kind) {
    r->version = 0;
    r->tls.rsa_kex = r->resume = r->early = false;
    if (strcmp(kind, "1.2") == 0 || strcmp(kind, "1.3") == 0)
        return lk_read_version(&r->version, "compare", kind);
    if (strcmp(kind, "rsa") == 0) {
        r->version = 0x0303;
        return r->tls.rsa_kex = true;
    }
    r->version = 0x0304;
    r->resume = true;
    r->early = strcmp(kind, "0rtt") == 0;
    return r->early || strcmp(kind, "resume") == 0;
}

static int unknown_kind(void) {
    return usage("--compare knows 1.3, 1.2, rsa, resume and 0rtt", NULL);
}

static int compare(request *r) {
    json_t *walks[COMPARED_MAX] = {NULL};
    char names[COMPARED_MAX][16];
    const char *pointers[COMPARED_MAX];
    size_t num = 0;
    int code = r->compare[0] != '\0' ? 0 : unknown_kind();
    for (const char *at = r->compare; code == 0 && *at != '\0'; num++) {
        size_t n = strcspn(at, ",");
        if (num == COMPARED_MAX || n >= sizeof names[0]) {
            code = usage("--compare takes up to five of 1.3, 1.2, rsa, resume, 0rtt", NULL);
            break;
        }
        snprintf(names[num], sizeof names[num], "%.*s", (int)n, at);
        pointers[num] = names[num];
        at += n + (at[n] == ',');
        code = set_kind(r, names[num]) ? walk(&walks[num], r) : unknown_kind();
    }
    if (code == 0 && r->json) {
        json_t *all = json_object();
        for (size_t i = 0; i < num; i++)
            json_object_set(all, names[i], walks[i]);
        code = put_json(all);
    } else if (code == 0) {
        lk_walk_compare(stdout, (const json_t *const *)walks, pointers, num);
    }
    for (size_t i = 0; i < num && code == 0; i++)
        code = exit_of(r, walks[i]);
    for (size_t i = 0; i < COMPARED_MAX; i++)
        json_decref(walks[i]);
    return code;
}

static int run(int argc, char **argv) {
    request r = {.max_time = 20};
    int code = read_options(&r, argc, argv);
    if (code < 0)
        code = r.compare != NULL ? compare(&r) : show(&r);
    lk_lab_close(r.lab);
    lockstep_trust_free(r.trust);
    return code;
}

const lk_command lk_cmd_walk = {
    "walk",
    "HOST[:PORT] | --demo",
    "watch a handshake happen, step by step",
    options,
    "Nothing is simulated: it is the engine that serves and fetches, telling what it does.\n"
    "The output holds the secrets of that one connection. Exit codes are those of get; a fault "
    "that was\n"
    "noticed is none.",
    run};
