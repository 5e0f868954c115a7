/*
 * ech.c - `lockstep ech`: keys for Encrypted Client Hello; and how serve and get read them.
 */
#include "cmd/ech.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <lockstep/ech.h>

#include "cmd/errors.h"
#include "cmd/options.h"
#include "store/data.h"
#include "util/base64.h"
#include "util/pem.h"

#define FILE_MAX (1u << 20)
#define LABEL    "ECHCONFIG"

/* ---- Files ----------------------------------------------------------------------------------- */

static bool load(lk_buffer *out, const char *path) {
    char text[512];
    if (lk_file_load(out, path, FILE_MAX))
        return true;
    snprintf(text, sizeof text, "%s cannot be read: %s", path, strerror(errno));
    lk_error(text, NULL, "--ech FILE names what \"lockstep ech new\" has made");
    return false;
}

static int failed(const char *path, lockstep_status status, const char *todo) {
    char text[512];
    snprintf(text, sizeof text, "%s: %s", path, lockstep_status_text(status));
    lk_error(text, NULL, todo);
    return LK_EXIT_USAGE;
}

/* in_record: what "ech show" prints has the name of the parameter before it. */
static lk_slice in_record(lk_slice text) {
    static const char name[] = "ech=";
    size_t n = sizeof name - 1;
    return text.p_len > n && memcmp(text.p, name, n) == 0 ? lk_slice_of(text.p + n, text.p_len - n)
                                                          : text;
}

int lk_ech_use(lockstep_config *cfg, const char *path) {
    lk_buffer text = lk_buffer_of(&lk_heap_default, 0), list = text;
    if (!load(&text, path))
        return LK_EXIT_USAGE;
    lockstep_status status =
        lockstep_config_set_ech_pem(cfg, lk_buffer_bytes(&text), lk_buffer_length(&text));
    if (status == LOCKSTEP_ERR_PEM && lk_base64_decode(&list, in_record(lk_buffer_slice(&text))))
        status = lockstep_config_set_ech(cfg, lk_buffer_bytes(&list), lk_buffer_length(&list));
    lk_buffer_free(&text);
    lk_buffer_free(&list);
    return status == LOCKSTEP_OK ? LK_EXIT_OK
                                 : failed(path, status,
                                          "it holds an ECHCONFIG as PEM, or the base64 text of an "
                                          "HTTPS record's \"ech\"");
}

int lk_ech_serve(lockstep_config *cfg, const char *path) {
    lk_buffer text = lk_buffer_of(&lk_heap_default, 0);
    if (!load(&text, path))
        return LK_EXIT_USAGE;
    lockstep_status status =
        lockstep_config_add_ech_pem(cfg, lk_buffer_bytes(&text), lk_buffer_length(&text), true);
    lk_buffer_free(&text);
    return status == LOCKSTEP_OK
               ? LK_EXIT_OK
               : failed(path, status, "it holds a PRIVATE KEY and the ECHCONFIG that is for it");
}

/* ---- The command ----------------------------------------------------------------------------- */

enum { O_OUTPUT, O_FORCE };
static const lk_option options[] = {
    [O_OUTPUT] = {"output", 'o', "FILE", "new: write to FILE, not to standard output"},
    [O_FORCE] = {"force", 'f', NULL, "new: replace a FILE that exists"},
    {NULL, 0, NULL, NULL}};

typedef struct request {
    const char *action, *argument, *output;
    bool force;
} request;

static int usage(const char *what) {
    lk_error(what, NULL, "lockstep ech --help");
    return LK_EXIT_USAGE;
}

static int read_options(request *r, int argc, char **argv) {
    lk_args args = {.command = &lk_cmd_ech, .argc = argc, .argv = argv};
    const char *value;
    int o;
    while ((o = lk_args_next(&args, &value)) != LK_ARGS_END) {
        if (o == LK_ARGS_HELP)
            return -1;
        if (o == LK_ARGS_ERROR)
            return LK_EXIT_USAGE;
        if (o == O_OUTPUT)
            r->output = value;
        else if (o == O_FORCE)
            r->force = true;
        else if (r->action == NULL)
            r->action = value;
        else if (r->argument == NULL)
            r->argument = value;
        else
            return usage("ech: one name or file, please");
    }
    if (r->action == NULL || (strcmp(r->action, "new") != 0 && strcmp(r->action, "show") != 0))
        return usage("ech: new PUBLIC_NAME, or show FILE?");
    if (r->argument == NULL)
        return usage(strcmp(r->action, "new") == 0 ? "ech new: which name may everybody see?"
                                                   : "ech show: which file?");
    return 0;
}

/* print_record prints what goes into the DNS. */
static int print_record(lk_slice pem, FILE *to) {
    lk_buffer list = lk_buffer_of(&lk_heap_default, 0), text = list;
    bool found =
        lk_pem_next(&pem, LABEL, &list) == 1 && lk_base64_encode(&text, lk_buffer_slice(&list), 0);
    if (found)
        fprintf(to, "ech=%.*s\n", (int)lk_buffer_length(&text),
                (const char *)lk_buffer_bytes(&text));
    lk_buffer_free(&list);
    lk_buffer_free(&text);
    return found ? LK_EXIT_OK : LK_EXIT_USAGE;
}

static int make(const request *r) {
    char text[512];
    lockstep_blob pem;
    int code = LK_EXIT_OK;
    lockstep_status status = lockstep_ech_new(&pem, NULL, r->argument);
    if (status != LOCKSTEP_OK) {
        snprintf(text, sizeof text, "%.200s: %s", r->argument, lockstep_status_text(status));
        lk_error(text, NULL,
                 "the public name is a DNS name that this server has a certificate for");
        return LK_EXIT_USAGE;
    }
    if (r->output == NULL) {
        if (fwrite(pem.p, 1, pem.p_len, stdout) != pem.p_len || fflush(stdout) != 0)
            code = LK_EXIT_WRITE;
    } else if (!lk_file_save(r->output, pem.p, pem.p_len, 0600, r->force)) {
        snprintf(text, sizeof text, "%s cannot be written: %s", r->output, strerror(errno));
        lk_error(text, NULL, errno == EEXIST ? "-f replaces it" : NULL);
        code = LK_EXIT_WRITE;
    } else {
        code = print_record(lk_slice_of(pem.p, pem.p_len), stdout);
    }
    lockstep_blob_free(&pem);
    return code;
}

static int show(const request *r) {
    lk_buffer text = lk_buffer_of(&lk_heap_default, 0);
    if (!load(&text, r->argument))
        return LK_EXIT_USAGE;
    int code = print_record(lk_buffer_slice(&text), stdout);
    lk_buffer_free(&text);
    return code == LK_EXIT_OK ? code : failed(r->argument, LOCKSTEP_ERR_PEM, "it has no ECHCONFIG");
}

static int run(int argc, char **argv) {
    request r = {0};
    int code = read_options(&r, argc, argv);
    if (code != 0)
        return code < 0 ? LK_EXIT_OK : code;
    return strcmp(r.action, "new") == 0 ? make(&r) : show(&r);
}

const lk_command lk_cmd_ech = {
    "ech",
    "new PUBLIC_NAME | show FILE",
    "keys for Encrypted Client Hello",
    options,
    "new makes a key and the configuration by which clients encrypt the name that they want to "
    "reach; everybody\n"
    "sees PUBLIC_NAME in its place, for which the server needs a certificate too. show prints what "
    "belongs into\n"
    "the HTTPS record of each name in the DNS. The file is for serve --ech, and for get --ech, "
    "which reads the\n"
    "configuration alone.",
    run};
