#include "cmd/options.h"

#include <stdio.h>
#include <string.h>

#include "cmd/errors.h"

void lk_print_help(const lk_command *c) {
    printf("usage: lockstep %s [OPTION...] %s\n%s\n\n", c->name, c->arguments, c->summary);
    for (const lk_option *o = c->options; o->name != NULL; o++) {
        char left[64];
        snprintf(left, sizeof left, "%s%c%s--%s%s%s", o->letter ? "-" : "",
                 o->letter ? o->letter : ' ', o->letter ? ", " : "   ", o->name,
                 o->value != NULL ? " " : "", o->value != NULL ? o->value : "");
        printf("  %-30s %s\n", left, o->help);
    }
    printf("  %-30s %s\n", "-h, --help", "this help");
    if (c->epilogue != NULL)
        printf("\n%s\n", c->epilogue);
}

static int wrong(const lk_args *args, const char *option, const char *what) {
    char message[256], todo[128];
    snprintf(message, sizeof message, "%s: %s", option, what);
    snprintf(todo, sizeof todo, "lockstep %s --help lists the options", args->command->name);
    lk_error(message, NULL, todo);
    return LK_ARGS_ERROR;
}

static int take_value(lk_args *args, int i, const char *attached, const char *shown,
                      const char **value) {
    const lk_option *o = &args->command->options[i];
    if (o->value == NULL) {
        *value = NULL;
        return attached != NULL ? wrong(args, shown, "this option takes no value") : i;
    }
    if (attached != NULL)
        *value = attached;
    else if (args->at < args->argc)
        *value = args->argv[args->at++];
    else
        return wrong(args, shown, "a value is missing");
    return i;
}

static int long_option(lk_args *args, const char *text, const char **value) {
    size_t n = strcspn(text + 2, "=");
    const char *attached = text[2 + n] == '=' ? text + 2 + n + 1 : NULL;
    if (n == 4 && strncmp(text + 2, "help", 4) == 0) {
        lk_print_help(args->command);
        return LK_ARGS_HELP;
    }
    for (int i = 0; args->command->options[i].name != NULL; i++)
        if (strlen(args->command->options[i].name) == n &&
            strncmp(args->command->options[i].name, text + 2, n) == 0)
            return take_value(args, i, attached, text, value);
    return wrong(args, text, "there is no such option");
}

static int short_option(lk_args *args, const char *letters, const char **value) {
    char shown[3] = {'-', letters[0], '\0'};
    if (letters[0] == 'h') {
        lk_print_help(args->command);
        return LK_ARGS_HELP;
    }
    for (int i = 0; args->command->options[i].name != NULL; i++) {
        if (args->command->options[i].letter != letters[0])
            continue;
        bool more = letters[1] != '\0';
        if (args->command->options[i].value == NULL)
            args->cluster = more ? letters + 1 : NULL;
        return take_value(args, i,
                          args->command->options[i].value != NULL && more ? letters + 1 : NULL,
                          shown, value);
    }
    return wrong(args, shown, "there is no such option");
}

int lk_args_next(lk_args *args, const char **value) {
    if (args->at == 0)
        args->at = 1;
    if (args->cluster != NULL) {
        const char *letters = args->cluster;
        args->cluster = NULL;
        return short_option(args, letters, value);
    }
    if (args->at >= args->argc)
        return LK_ARGS_END;
    const char *text = args->argv[args->at++];
    if (args->only_arguments || text[0] != '-' || text[1] == '\0') {
        *value = text;
        return LK_ARGS_ARGUMENT;
    }
    if (strcmp(text, "--") == 0) {
        args->only_arguments = true;
        return lk_args_next(args, value);
    }
    return text[1] == '-' ? long_option(args, text, value) : short_option(args, text + 1, value);
}
