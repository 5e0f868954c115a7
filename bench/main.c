/*
 * main.c - measures what the options say and writes the figures as JSON (README.md). The tables are
 * made by run.py, which also counts instructions.
 */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

#include "bench.h"
#include "report.h"

static const char usage[] =
    "usage: bench [OPTION...]\n"
    "  --seconds N        for each row (12)\n"
    "  --quick            each row as short as can be: to see that it works\n"
    "  --only LIST        these rows, by name or kind, with commas between\n"
    "  --peers LIST       these libraries; lockstep is always there\n"
    "  --with FILE NAME   another build of the engine too, a shared library that has its peer\n"
    "  --json FILE        write there and not to the standard output\n"
    "  --list             say what rows and peers there are\n";

static const peer *const here[] = {
    &peer_lockstep, &peer_openssl,
#ifdef BENCH_GNUTLS
    &peer_gnutls,
#endif
#ifdef BENCH_WOLFSSL
    &peer_wolfssl,
#endif
#ifdef BENCH_MBEDTLS
    &peer_mbedtls,
#endif
};
#define NUM_HERE (sizeof here / sizeof *here)

typedef struct options {
    double seconds;
    const char *only, *peers, *json;
    const char *with_file, *with_name;
} options;

/* in_list: is `word` one of the words of `list`? NULL lists all. */
static bool in_list(const char *list, const char *word) {
    size_t n = strlen(word);
    for (const char *p = list; p != NULL; p = strchr(p, ',')) {
        p += *p == ',';
        if (strncmp(p, word, n) == 0 && (p[n] == ',' || p[n] == '\0'))
            return true;
    }
    return list == NULL;
}

static bool wanted(const options *o, const char *kind, const char *name) {
    return in_list(o->only, kind) || in_list(o->only, name);
}

/* ---- Options --------------------------------------------------------------------------------- */

static void bad_usage(const char *what) {
    fprintf(stderr, "bench: %s\n%s", what, usage);
    exit(2);
}

static void list(void) {
    for (size_t i = 0; i < num_handshake_rows; i++)
        printf("handshake  %-18s %s\n", handshake_rows[i].name, handshake_rows[i].title);
    for (size_t i = 0; i < num_bulk_rows; i++)
        printf("bulk       %-18s %s\n", bulk_rows[i].name, bulk_rows[i].title);
    puts("chain      chain\nmemory     memory");
    for (size_t i = 0; i < NUM_HERE; i++)
        printf("peer       %-18s %s\n", here[i]->name, here[i]->version());
}

static bool any_row(const options *o) {
    bool any = wanted(o, "chain", "chain") || wanted(o, "memory", "memory");
    for (size_t i = 0; i < num_handshake_rows; i++)
        any = any || wanted(o, "handshake", handshake_rows[i].name);
    for (size_t i = 0; i < num_bulk_rows; i++)
        any = any || wanted(o, "bulk", bulk_rows[i].name);
    return any;
}

static const char *next(int argc, char **argv, int *i) {
    if (*i + 1 >= argc)
        bad_usage("an option has nothing behind it");
    return argv[++*i];
}

static double seconds_of(const char *text) {
    char *end;
    double n = strtod(text, &end);
    if (end == text || *end != '\0' || n < 0 || n > 3600)
        bad_usage("--seconds wants a number");
    return n;
}

static options read_options(int argc, char **argv) {
    options o = {.seconds = 12};
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--seconds") == 0)
            o.seconds = seconds_of(next(argc, argv, &i));
        else if (strcmp(argv[i], "--quick") == 0)
            o.seconds = 0;
        else if (strcmp(argv[i], "--only") == 0)
            o.only = next(argc, argv, &i);
        else if (strcmp(argv[i], "--peers") == 0)
            o.peers = next(argc, argv, &i);
        else if (strcmp(argv[i], "--json") == 0)
            o.json = next(argc, argv, &i);
        else if (strcmp(argv[i], "--with") == 0) {
            o.with_file = next(argc, argv, &i);
            o.with_name = next(argc, argv, &i);
        } else if (strcmp(argv[i], "--list") == 0) {
            list();
            exit(0);
        } else if (strcmp(argv[i], "--help") == 0) {
            fputs(usage, stdout);
            exit(0);
        } else
            bad_usage(argv[i]);
    }
    if (!any_row(&o))
        bad_usage("--only has no row in it; --list says what there is");
    return o;
}

/* ---- Whom and what --------------------------------------------------------------------------- */

/* Another engine keeps its names to itself (-Bsymbolic), so both can be in one program. */
static const peer *load(const char *file, const char *name) {
    static peer other;
    void *library = dlopen(file, RTLD_NOW | RTLD_LOCAL);
    const peer *found = library == NULL ? NULL : dlsym(library, "peer_other");
    if (found == NULL)
        die("cannot load the other engine", dlerror());
    other = *found;
    other.name = name;
    return &other;
}

static company company_of(const options *o) {
    company who = {.seconds = o->seconds};
    for (size_t i = 0; i < NUM_HERE; i++)
        if (i == 0 || in_list(o->peers, here[i]->name))
            who.peers[who.num_peers++] = here[i];
    if (o->with_file != NULL)
        who.peers[who.num_peers++] = load(o->with_file, o->with_name);
    return who;
}

static void progress(const char *kind, const char *name) {
    fprintf(stderr, "bench: %s: %s\n", kind, name);
}

static void measure(const options *o, const company *who) {
    for (size_t i = 0; i < num_handshake_rows; i++)
        if (wanted(o, "handshake", handshake_rows[i].name)) {
            progress("handshake", handshake_rows[i].title);
            bench_handshakes(&handshake_rows[i], who);
        }
    for (size_t i = 0; i < num_bulk_rows; i++)
        if (wanted(o, "bulk", bulk_rows[i].name)) {
            progress("bulk", bulk_rows[i].title);
            bench_bulk(&bulk_rows[i], who);
        }
    if (wanted(o, "chain", "chain")) {
        progress("chain", "judging");
        bench_chain(who);
    }
    if (wanted(o, "memory", "memory")) {
        progress("memory", "heap of a server");
        bench_memory(who);
    }
}

int main(int argc, char **argv) {
    options o = read_options(argc, argv);
    company who = company_of(&o);
    FILE *out = o.json == NULL ? stdout : fopen(o.json, "w");
    if (out == NULL)
        die("cannot write", o.json);
    report_begin(out, o.seconds);
    report_library("libcrypto", OpenSSL_version(OPENSSL_VERSION_STRING));
    for (size_t i = 0; i < who.num_peers; i++)
        report_library(who.peers[i]->name, who.peers[i]->version());
    measure(&o, &who);
    report_end();
    if (ferror(out) || fclose(out) != 0)
        die("cannot write", o.json);
    return 0;
}
