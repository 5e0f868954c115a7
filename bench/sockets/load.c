/*
 * load.c - the command `sockets_load`. It prints one line of JSON: what was done in how many
 * seconds and with how much processor time of its own. Exit code 1 and "failed" if anything went
 * wrong.
 *
 * With --wait it prints `ready` when its connections are there, starts when it is sent a line, and
 * holds the connections after that until its standard input ends; whoever measures the server looks
 * at it at those moments.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "load.h"

static const char help[] =
    "usage: sockets_load connect|requests|download|idle --port N --cacert FILE [OPTION...]\n"
    "load for an HTTPS server on 127.0.0.1: TLS 1.3, X25519, AES-128-GCM, all of it verified\n"
    "\n"
    "  --port N          of the server\n"
    "  --cacert FILE     the root of its certificate\n"
    "  --name NAME       of the server (default localhost)\n"
    "  --path PATH       what to ask for (default /)\n"
    "  --length N        how many bytes that must be\n"
    "  --connections N   at once (default 1)\n"
    "  --count N         handshakes or requests, or\n"
    "  --seconds S       how long (default 1)\n"
    "  --wait            for standard input between the phases\n";

static int usage(const char *what) {
    fprintf(stderr, "sockets_load: %s\n%s", what, help);
    return 2;
}

enum { O_PORT, O_CACERT, O_NAME, O_PATH, O_LENGTH, O_CONNECTIONS, O_COUNT, O_SECONDS };

static void set_option(load_options *o, int which, const char *value) {
    switch (which) {
    case O_PORT:
        o->port = (uint16_t)strtoul(value, NULL, 10);
        break;
    case O_CACERT:
        o->cacert = value;
        break;
    case O_NAME:
        o->name = value;
        break;
    case O_PATH:
        o->path = value;
        break;
    case O_LENGTH:
        o->length = strtoull(value, NULL, 10);
        break;
    case O_CONNECTIONS:
        o->connections = strtoul(value, NULL, 10);
        break;
    case O_COUNT:
        o->count = strtoull(value, NULL, 10);
        break;
    default:
        o->seconds = strtod(value, NULL);
    }
}

static bool read_options(load_options *o, int argc, char **argv) {
    static const char *const modes[] = {"connect", "requests", "download", "idle"};
    int wait = 0, which;
    const struct option options[] = {{"port", required_argument, NULL, O_PORT},
                                     {"cacert", required_argument, NULL, O_CACERT},
                                     {"name", required_argument, NULL, O_NAME},
                                     {"path", required_argument, NULL, O_PATH},
                                     {"length", required_argument, NULL, O_LENGTH},
                                     {"connections", required_argument, NULL, O_CONNECTIONS},
                                     {"count", required_argument, NULL, O_COUNT},
                                     {"seconds", required_argument, NULL, O_SECONDS},
                                     {"wait", no_argument, &wait, 1},
                                     {NULL, 0, NULL, 0}};
    while ((which = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (which == '?')
            return false;
        if (optarg != NULL)
            set_option(o, which, optarg);
    }
    o->wait = wait != 0;
    if (optind + 1 != argc)
        return false;
    for (int i = 0; i < 4; i++)
        if (strcmp(argv[optind], modes[i]) == 0) {
            o->mode = (enum load_mode)i;
            return o->port != 0 && o->cacert != NULL && o->connections > 0;
        }
    return false;
}

/* may_open: each connection is a file. */
static bool may_open(size_t connections) {
    struct rlimit limit;
    rlim_t want = connections + 16;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return false;
    if (limit.rlim_cur < want) {
        limit.rlim_cur = limit.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &limit);
    }
    return limit.rlim_cur >= want;
}

typedef struct moment {
    double wall, cpu; /* seconds */
} moment;

static moment this_moment(void) {
    struct timespec wall, cpu;
    clock_gettime(CLOCK_MONOTONIC, &wall);
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &cpu);
    return (moment){(double)wall.tv_sec + (double)wall.tv_nsec * 1e-9,
                    (double)cpu.tv_sec + (double)cpu.tv_nsec * 1e-9};
}

/* report: the reason goes to standard error, where it needs no quoting. */
static void report(const load_counts *c, moment from, moment to) {
    if (c->failed)
        fprintf(stderr, "sockets_load: %s\n", c->why);
    printf(
        "{\"failed\": %s, \"done\": %llu, \"bytes\": %llu, \"tickets\": %llu, \"unclosed\": %llu, "
        "\"seconds\": %.6f, \"cpu_seconds\": %.6f}\n",
        c->failed ? "true" : "false", (unsigned long long)c->done, (unsigned long long)c->bytes,
        (unsigned long long)c->tickets, (unsigned long long)c->unclosed, to.wall - from.wall,
        to.cpu - from.cpu);
    fflush(stdout);
}

static bool wait_for_line(const load_options *o) {
    char line[16];
    return !o->wait || fgets(line, sizeof line, stdin) != NULL;
}

int main(int argc, char **argv) {
    load_options options = {.name = "localhost", .path = "/", .connections = 1, .seconds = 1};
    char why[256] = "out of memory";
    if (argc > 1 && strcmp(argv[1], "--help") == 0) {
        fputs(help, stdout);
        return 0;
    }
    if (!read_options(&options, argc, argv))
        return usage("these options do not fit together");
    if (!may_open(options.connections))
        return usage("the limit of open files is too low for so many connections");
    load *l = load_new(&options, why);
    if (l == NULL)
        return usage(why);
    bool go = load_open(l);
    if (go && options.wait)
        puts("ready");
    fflush(stdout);
    go = go && wait_for_line(&options);
    moment from = this_moment();
    if (go)
        (void)load_run(l); /* a failure stands in the counts */
    report(load_counts_of(l), from, this_moment());
    while (go && options.wait && wait_for_line(&options))
        ;
    load_shut(l);
    int code = load_counts_of(l)->failed ? 1 : 0;
    load_free(l);
    return code;
}
