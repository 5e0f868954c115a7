/*
 * ca.c - `lockstep ca`: a local certificate authority for development. What it is asked to do; each
 * action has its own file or stands in one with its kind.
 */
#include "cmd/ca.h"

#include <stdio.h>
#include <string.h>

#include "cmd/errors.h"
#include "cmd/options.h"

enum {
    O_JSON,
    O_QUIET,
    O_DRY_RUN,
    O_FORCE,
    O_PERMIT,
    O_UNCONSTRAINED,
    O_CLIENT,
    O_DAYS,
    O_KEY_TYPE,
    O_OUT_DIR,
    O_CERT_FILE,
    O_KEY_FILE,
    O_OLD
};
static const lk_option options[] = {
    [O_JSON] = {"json", 0, NULL, "list, env: print JSON"},
    [O_QUIET] = {"quiet", 'q', NULL, "say only what went wrong"},
    [O_DRY_RUN] = {"dry-run", 'n', NULL,
                   "trust, untrust: say what would be changed, and change nothing"},
    [O_FORCE] = {"force", 'f', NULL, "init: make a new CA; issue: replace files that exist"},
    [O_PERMIT] =
        {"permit", 0, "NAME",
         "init: a DNS name, with all below it, or IP block that the CA may certify besides"},
    [O_UNCONSTRAINED] = {"unconstrained", 0, NULL, "init: a CA that may certify any name (danger)"},
    [O_CLIENT] = {"client", 0, NULL, "issue: a certificate for a client"},
    [O_DAYS] = {"days", 0, "N", "issue: for how long, 1 to 90 (default: 90)"},
    [O_KEY_TYPE] = {"key-type", 0, "TYPE", "issue: ecdsa (default), ecdsa-p384, rsa, ed25519"},
    [O_OUT_DIR] = {"out-dir", 0, "DIR", "issue: where the files go (default: here)"},
    [O_CERT_FILE] = {"cert-file", 0, "FILE", "issue: the certificate's file (default: NAME.pem)"},
    [O_KEY_FILE] = {"key-file", 0, "FILE", "issue: the key's file (default: NAME-key.pem)"},
    [O_OLD] = {"old", 0, NULL, "untrust: those that init --force put aside"},
    {NULL, 0, NULL, NULL}};

/* Options that would be dangerous to pass over are refused where they have no meaning. */
#define BIT(option) (1u << (option))
static const struct {
    const char *name;
    int (*run)(const lk_ca_request *r);
    bool takes_names;
    unsigned options;
} actions[] = {{"init", lk_ca_init, false, BIT(O_FORCE) | BIT(O_PERMIT) | BIT(O_UNCONSTRAINED)},
               {"issue", lk_ca_issue, true,
                BIT(O_FORCE) | BIT(O_CLIENT) | BIT(O_DAYS) | BIT(O_KEY_TYPE) | BIT(O_OUT_DIR) |
                    BIT(O_CERT_FILE) | BIT(O_KEY_FILE)},
               {"trust", lk_ca_trust, false, BIT(O_DRY_RUN)},
               {"untrust", lk_ca_untrust, false, BIT(O_DRY_RUN) | BIT(O_OLD)},
               {"list", lk_ca_list, false, BIT(O_JSON)},
               {"env", lk_ca_env, false, BIT(O_JSON)},
               {"path", lk_ca_path, false, 0}};

static int usage(const char *what) {
    lk_error(what, NULL, "lockstep ca init | issue NAME... | trust | untrust | list | env | path");
    return LK_EXIT_USAGE;
}

static bool take(lk_ca_request *r, int o, const char *value) {
    switch (o) {
    case O_JSON:
        return r->json = true;
    case O_QUIET:
        return r->quiet = true;
    case O_DRY_RUN:
        return r->dry_run = true;
    case O_FORCE:
        return r->force = true;
    case O_PERMIT:
        if (r->num_permit == LK_CA_MAX_NAMES)
            return false;
        r->permit[r->num_permit++] = value;
        return true;
    case O_UNCONSTRAINED:
        return r->unconstrained = true;
    case O_CLIENT:
        return r->client = true;
    case O_DAYS:
        r->days = value;
        return true;
    case O_KEY_TYPE:
        r->key_type = value;
        return true;
    case O_OUT_DIR:
        r->out_dir = value;
        return true;
    case O_CERT_FILE:
        r->cert_file = value;
        return true;
    case O_KEY_FILE:
        r->key_file = value;
        return true;
    case O_OLD:
        return r->old = true;
    default:
        if (r->num_names == LK_CA_MAX_NAMES)
            return false;
        r->names[r->num_names++] = value;
        return true;
    }
}

static int run(int argc, char **argv) {
    lk_ca_request r = {0};
    lk_args args = {.command = &lk_cmd_ca, .argc = argc, .argv = argv};
    const char *value, *word = NULL;
    unsigned given = 0;
    char text[128];
    int o;
    while ((o = lk_args_next(&args, &value)) != LK_ARGS_END) {
        if (o == LK_ARGS_HELP)
            return LK_EXIT_OK;
        if (o == LK_ARGS_ERROR)
            return LK_EXIT_USAGE;
        if (o == LK_ARGS_ARGUMENT && word == NULL) {
            word = value;
            continue;
        }
        given |= o >= 0 ? BIT(o) : 0;
        if (!take(&r, o, value))
            return usage("more names than 100");
    }
    if (word == NULL)
        return usage("ca: what to do?");
    for (size_t i = 0; i < sizeof actions / sizeof actions[0]; i++) {
        if (strcmp(word, actions[i].name) != 0 || (r.num_names > 0 && !actions[i].takes_names))
            continue;
        unsigned odd = given & ~(actions[i].options | BIT(O_QUIET));
        for (o = 0; odd != 0 && options[o].name != NULL; o++)
            if ((odd & BIT(o)) != 0) {
                snprintf(text, sizeof text, "ca %s takes no --%s", word, options[o].name);
                return usage(text);
            }
        return actions[i].run(&r);
    }
    return usage("ca: there is no such action, or too many words");
}

const lk_command lk_cmd_ca = {
    "ca",
    "init | issue NAME... | trust | untrust | list | env | path",
    "a local certificate authority for development",
    options,
    "init     makes the CA in $XDG_DATA_HOME/lockstep (or ~/.local/share/lockstep)\n"
    "issue    makes a key and a certificate for DNS names and IP addresses\n"
    "trust    puts the CA into the system's store and those of Chromium and Firefox\n"
    "untrust  takes it out again\n"
    "list     shows the CA and who trusts it\n"
    "env      prints lines for eval \"$(lockstep ca env)\": Node.js, Python, curl, OpenSSL\n"
    "path     prints the file of the CA's certificate, for --cacert",
    run};
