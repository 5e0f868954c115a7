/*
 * ca_env.c - `lockstep ca env`: programs that do not ask the system's store are told by variables.
 */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/bundle.h"
#include "cmd/ca.h"
#include "cmd/errors.h"
#include "store/stores.h"

/* Node.js adds what its variable names to the roots that it has built in; for the others theirs
 * takes the place of the system's roots, so they get a bundle of both. */
static const struct {
    const char *name;
    bool adds;
} variables[] = {{"NODE_EXTRA_CA_CERTS", true},  /* Node.js */
                 {"SSL_CERT_FILE", false},       /* OpenSSL and what uses it, Go, lockstep get */
                 {"CURL_CA_BUNDLE", false},      /* curl */
                 {"REQUESTS_CA_BUNDLE", false}}; /* Python's requests */
#define NUM_VARIABLES (sizeof variables / sizeof variables[0])

int lk_ca_env(const lk_ca_request *r) {
    char bundle[3200], quoted[4 * 3200 + 3], text[1024];
    lk_localca ca;
    if (!lk_localca_open(&ca, true))
        return LK_EXIT_FAILED;
    bool ok = lk_bundle_write(&ca);
    lk_bundle_path(bundle, sizeof bundle, &ca);
    json_t *all = json_object();
    for (size_t i = 0; i < NUM_VARIABLES && ok; i++) {
        const char *value = variables[i].adds ? ca.root_path : bundle;
        const char *before = getenv(variables[i].name);
        bool lost = before != NULL && before[0] != '\0' && strcmp(before, value) != 0 &&
                    (variables[i].adds || !lk_bundle_has(before));
        if (lost && !r->quiet) {
            snprintf(text, sizeof text, "%s was %.800s, which the new value does not include",
                     variables[i].name, before);
            lk_warning(text);
        }
        json_object_set_new(all, variables[i].name, json_string(value));
        lk_shell_quote(quoted, sizeof quoted, value);
        if (!r->json)
            printf("export %s=%s\n", variables[i].name, quoted);
    }
    if (ok && r->json) {
        json_dumpf(all, stdout, JSON_INDENT(2));
        putchar('\n');
    }
    json_decref(all);
    lk_localca_free(&ca);
    return ok ? LK_EXIT_OK : LK_EXIT_FAILED;
}
