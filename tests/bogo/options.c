/*
 * options.c - the runner's command line.
 */
#include "bogo/options.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bogo/keep.h"
#include "util/base64.h"

typedef enum flag_kind {
    FLAG_BOOL,
    FLAG_NUMBER,
    FLAG_LIST,
    FLAG_TEXT,
    FLAG_BASE64,
    FLAG_BYTES,
    FLAG_SINCE,
    FLAG_IGNORE_BOOL,
    FLAG_IGNORE_VALUE
} flag_kind;

typedef struct flag {
    const char *name;
    flag_kind kind;
    bool of_credential;
    size_t offset;
} flag;

static const flag flags[] = {
#define BOOL(flag, field)             {flag, FLAG_BOOL, false, offsetof(bogo_options, field)},
#define NUMBER(flag, field)           {flag, FLAG_NUMBER, false, offsetof(bogo_options, field)},
#define LIST(flag, field)             {flag, FLAG_LIST, false, offsetof(bogo_options, field)},
#define TEXT(flag, field)             {flag, FLAG_TEXT, false, offsetof(bogo_options, field)},
#define BASE64(flag, field)           {flag, FLAG_BASE64, false, offsetof(bogo_options, field)},
#define BYTES(flag, field)            {flag, FLAG_BYTES, false, offsetof(bogo_options, field)},
#define SINCE(flag, kind)             {flag, FLAG_SINCE, false, BOGO_##kind},
#define IGNORE(flag, has_value)       {flag, has_value ? FLAG_IGNORE_VALUE : FLAG_IGNORE_BOOL, false, 0},
#define CREDENTIAL(flag, kind, field) {flag, FLAG_##kind, true, offsetof(bogo_credential, field)},
#include "bogo/options.inc"
};

/* ---- Ends ------------------------------------------------------------------------------------ */

void bogo_unimplemented(const char *format, ...) {
    va_list args;
    va_start(args, format);
    fputs("not implemented: ", stderr);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
    va_end(args);
    exit(BOGO_UNIMPLEMENTED);
}

void bogo_die(const char *format, ...) {
    va_list args;
    va_start(args, format);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
    va_end(args);
    exit(1);
}

/* ---- Values ---------------------------------------------------------------------------------- */

static int64_t number(const char *name, const char *value) {
    char *end;
    errno = 0;
    long long n = strtoll(value, &end, 10);
    if (errno != 0 || end == value || *end != '\0')
        bogo_die("%s wants a number, not %s", name, value);
    return n;
}

static bogo_bytes base64(const char *name, const char *value) {
    lk_buffer out = lk_buffer_of(&bogo_heap, 0);
    if (!lk_base64_decode(&out, lk_slice_of_str(value)))
        bogo_die("%s wants base64", name);
    return (bogo_bytes){lk_buffer_bytes(&out), lk_buffer_length(&out), true};
}

/* ---- Flags ----------------------------------------------------------------------------------- */

static const flag *find(const char *name) {
    for (size_t i = 0; i < sizeof flags / sizeof *flags; i++)
        if (strcmp(flags[i].name, name) == 0)
            return &flags[i];
    bogo_unimplemented("%s", name);
}

static void set_list(bogo_numbers *list, int64_t value) {
    if (list->n == BOGO_LIST_MAX)
        bogo_die("more than %d numbers", BOGO_LIST_MAX);
    list->v[list->n++] = value;
}

static void add_bytes(bogo_many *list, bogo_bytes value) {
    if (list->n == BOGO_BYTES_MAX)
        bogo_die("more than %d values", BOGO_BYTES_MAX);
    list->v[list->n++] = value;
}

static void begin_credential(bogo_options *o, bogo_kind kind) {
    if (++o->num_credentials == BOGO_CREDENTIAL_MAX)
        bogo_die("more than %d credentials", BOGO_CREDENTIAL_MAX - 1);
    o->credentials[o->num_credentials].kind = kind;
}

static void set(bogo_options *o, const flag *f, const char *value) {
    char *base = f->of_credential ? (char *)&o->credentials[o->num_credentials] : (char *)o;
    void *field = base + f->offset;
    switch (f->kind) {
    case FLAG_BOOL:
        *(bool *)field = true;
        break;
    case FLAG_NUMBER:
        *(int64_t *)field = number(f->name, value);
        break;
    case FLAG_LIST:
        set_list(field, number(f->name, value));
        break;
    case FLAG_TEXT:
        *(const char **)field = value;
        break;
    case FLAG_BASE64:
        *(bogo_bytes *)field = base64(f->name, value);
        break;
    case FLAG_BYTES:
        add_bytes(field, base64(f->name, value));
        break;
    case FLAG_SINCE:
        begin_credential(o, (bogo_kind)f->offset);
        break;
    default:
        break;
    }
}

static bool has_prefix(const char **name, const char *prefix) {
    size_t n = strlen(prefix);
    if (strncmp(*name, prefix, n) != 0 || (*name)[n] != '-')
        return false;
    *name += n;
    return true;
}

static void defaults(bogo_options *o) {
    *o = (bogo_options){0};
    o->shim_initial_write = "hello";
    o->repeat_shim_initial_write = 1;
    o->shim_id = -1;
    o->expect_selected_credential = -2; /* -1 is "none of those that were named" */
}

void bogo_parse(bogo_options *first, bogo_options *resumed, bogo_options *retried, int argc,
                char **argv) {
    bogo_options *all[] = {first, resumed, retried};
    static const char *const only[] = {"-on-initial", "-on-resume", "-on-retry"};
    for (int k = 0; k < 3; k++)
        defaults(all[k]);
    for (int i = 1; i < argc; i++) {
        const char *name = argv[i], *value = NULL;
        bogo_options *one = NULL;
        (void)has_prefix(&name, "-on-shim"); /* there is no second process */
        for (int k = 0; k < 3 && one == NULL; k++)
            if (has_prefix(&name, only[k]))
                one = all[k];
        const flag *f = find(name);
        if (f->kind != FLAG_BOOL && f->kind != FLAG_SINCE && f->kind != FLAG_IGNORE_BOOL &&
            (value = argv[++i]) == NULL)
            bogo_die("%s wants a value", name);
        for (int k = 0; k < 3; k++)
            if (one == NULL || one == all[k])
                set(all[k], f, value);
    }
}
