/*
 * options.h - command-line options from a table: the same rows are read, listed by --help and
 * offered by completion.
 */
#ifndef LK_CMD_OPTIONS_H
#define LK_CMD_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

typedef struct lk_option {
    const char *name;  /* without its dashes: "cacert" */
    char letter;       /* 0: none */
    const char *value; /* what it takes, for the help: "FILE"; NULL: a switch */
    const char *help;  /* one line */
} lk_option;

/* A command: its options end with a row of NULL name. */
typedef struct lk_command {
    const char *name;      /* "get" */
    const char *arguments; /* "URL" */
    const char *summary;   /* one line */
    const lk_option *options;
    const char *epilogue; /* more help, or NULL */
    int (*run)(int argc, char **argv);
} lk_command;

extern const lk_command lk_cmd_serve, lk_cmd_get, lk_cmd_verify, lk_cmd_ca, lk_cmd_ech, lk_cmd_walk;

/* Reading: zero it, set argc and argv (argv[0] is skipped). */
typedef struct lk_args {
    const lk_command *command;
    int argc, at;
    char **argv;
    const char *cluster; /* letters after the first in "-sS" */
    bool only_arguments; /* after "--" */
} lk_args;

enum { LK_ARGS_END = -1, LK_ARGS_ERROR = -2, LK_ARGS_ARGUMENT = -3, LK_ARGS_HELP = -4 };

/*
 * lk_args_next returns the index of the next option and its value, LK_ARGS_ARGUMENT with the
 * argument in `*value`, LK_ARGS_END, LK_ARGS_HELP after having printed the help, or LK_ARGS_ERROR
 * after having said what is wrong. Options may be written --name VALUE, --name=VALUE, -x VALUE,
 * -xVALUE and -abc.
 */
int lk_args_next(lk_args *args, const char **value);

void lk_print_help(const lk_command *command);

#endif
