/*
 * main.c - the command `lockstep`: finds the subcommand and hands over.
 */
#include <stdio.h>
#include <string.h>

#include "cmd/errors.h"
#include "cmd/options.h"

static const lk_command *const commands[] = {&lk_cmd_serve,  &lk_cmd_get, &lk_cmd_walk,
                                             &lk_cmd_verify, &lk_cmd_ca,  &lk_cmd_ech};
#define NUM_COMMANDS (sizeof commands / sizeof commands[0])

static void help(FILE *to) {
    fprintf(
        to,
        "usage: lockstep COMMAND [OPTION...] [ARGUMENT...]\nHTTPS that you can see through.\n\n");
    for (size_t i = 0; i < NUM_COMMANDS; i++)
        fprintf(to, "  %-8s %s\n", commands[i]->name, commands[i]->summary);
    fprintf(to, "\nlockstep COMMAND --help tells more; --version the version.\n");
}

/* complete lists words for the shells' completion: the commands, or the options of one. */
static int complete(const char *name) {
    for (size_t i = 0; i < NUM_COMMANDS; i++) {
        if (name == NULL) {
            puts(commands[i]->name);
            continue;
        }
        if (strcmp(commands[i]->name, name) == 0)
            for (const lk_option *o = commands[i]->options; o->name != NULL; o++)
                printf("--%s\n", o->name);
    }
    return 0;
}

/* near counts the letters that two words share at their beginnings and ends: enough for a
 * suggestion. */
static size_t near(const char *a, const char *b) {
    size_t n = 0, la = strlen(a), lb = strlen(b), m = 0;
    while (n < la && n < lb && a[n] == b[n])
        n++;
    while (m < la - n && m < lb - n && a[la - 1 - m] == b[lb - 1 - m])
        m++;
    return n + m;
}

int main(int argc, char **argv) {
    char text[128], todo[128] = "lockstep --help lists the commands";
    if (argc < 2) {
        help(stderr);
        return LK_EXIT_USAGE;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 ||
        strcmp(argv[1], "help") == 0) {
        help(stdout);
        return LK_EXIT_OK;
    }
    if (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "-V") == 0) {
        printf("lockstep %s\n", LOCKSTEP_VERSION);
        return LK_EXIT_OK;
    }
    if (strcmp(argv[1], "--complete") == 0)
        return complete(argc > 2 ? argv[2] : NULL);
    size_t best = 1;
    for (size_t i = 0; i < NUM_COMMANDS; i++) {
        if (strcmp(argv[1], commands[i]->name) == 0)
            return commands[i]->run(argc - 1, argv + 1);
        if (near(argv[1], commands[i]->name) > best) {
            best = near(argv[1], commands[i]->name);
            snprintf(todo, sizeof todo, "did you mean \"lockstep %s\"?", commands[i]->name);
        }
    }
    snprintf(text, sizeof text, "there is no command \"%.80s\"", argv[1]);
    lk_error(text, NULL, todo);
    return LK_EXIT_USAGE;
}
