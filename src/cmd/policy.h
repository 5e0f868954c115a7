/*
 * policy.h - the options by which `get` and `verify` say what they ask of a chain: revocation,
 * certificate transparency, pins.
 */
#ifndef LK_CMD_POLICY_H
#define LK_CMD_POLICY_H

#include <lockstep/x509.h>

#include "cmd/options.h"

#define LK_POLICY_FILES_MAX 16

typedef struct lk_policy_options {
    const char *crls[LK_POLICY_FILES_MAX];
    size_t num_crls;
    const char *revocation, *transparency, *logs;
    const char *pins[LK_POLICY_FILES_MAX];
    size_t num_pins;
    bool fetch_crls, require_staple;
    long max_depth; /* -1: not given */
} lk_policy_options;

/* The options that both commands have, for the enum and the table of each. The lists themselves are
 * --crlfile as in curl, or --crl. */
#define LK_POLICY_OPTIONS O_FETCH_CRL, O_REVOCATION, O_CERT_STATUS, O_CT, O_CT_LOGS, O_PINS
#define LK_POLICY_ROWS                                                                             \
    [O_FETCH_CRL] = {"fetch-crl", 0, NULL,                                                         \
                     "fetch the lists that the certificates name, and keep them"},                 \
    [O_REVOCATION] = {"revocation", 0, "MODE",                                                     \
                      "soft: not knowing is accepted; leaf, chain: it must be known"},             \
    [O_CERT_STATUS] = {"cert-status", 0, NULL,                                                     \
                       "a good OCSP response must be there, stapled by a server"},                 \
    [O_CT] = {"ct", 0, "MODE", "certificate transparency: off, report or require"},                \
    [O_CT_LOGS] = {"ct-logs", 0, "FILE", "the list of logs, JSON version 3"},                      \
    [O_PINS] = {"pinnedpubkey", 0, "PINS",                                                         \
                "sha256//BASE64;... one of which must be in the chain; or a file"}

/* lk_policy_option takes an option if it is one of those, by its name. `*code` is then 0, or an
 * exit code after an error message. */
bool lk_policy_option(lk_policy_options *options, const char *name, const char *value, int *code);

/* lk_policy_make makes the policy that the options ask for. NULL after an error message, with
 * `*code` to exit with. With lists or with `fetch_crls` the leaf's standing must be known, unless
 * --revocation says otherwise. */
lockstep_policy *lk_policy_make(const lk_policy_options *options, int *code);

/* lk_policy_add_file appends to one of the lists above. 0, or an exit code after an error message.
 */
int lk_policy_add_file(const char **list, size_t *num, const char *option, const char *value);

#endif
