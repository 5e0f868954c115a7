#include "cmd/lists.h"

#include <stdio.h>
#include <string.h>

#include "cmd/errors.h"

#define MAX_LIST 16

/* read_list returns how many names it read, or -1 after an error message. */
static int read_list(uint16_t *out, const char *text, uint16_t (*by_name)(const char *),
                     const char *what, const char *all) {
    char name[64], message[192];
    int n = 0;
    while (*text != '\0') {
        size_t length = strcspn(text, ":,");
        snprintf(name, sizeof name, "%.*s", (int)length, text);
        uint16_t id = by_name(name);
        if (id == 0 || n == MAX_LIST) {
            snprintf(message, sizeof message, "there is no %s \"%s\" here", what, name);
            lk_error(message, NULL, all);
            return -1;
        }
        out[n++] = id;
        text += length + (text[length] != '\0');
    }
    return n;
}

int lk_set_lists(lockstep_config *cfg, const char *groups, const char *suites) {
    uint16_t list[MAX_LIST];
    int n;
    if (groups != NULL) {
        n = read_list(list, groups, lockstep_group_by_name, "group",
                      "X25519MLKEM768, x25519, secp256r1 (P-256), secp384r1 (P-384)");
        if (n < 0 || lockstep_config_set_groups(cfg, list, (size_t)n, 0) != LOCKSTEP_OK) {
            if (n >= 0)
                lk_error("the list of groups is empty or names one twice", NULL, NULL);
            return LK_EXIT_USAGE;
        }
    }
    if (suites != NULL) {
        n = read_list(
            list, suites, lockstep_suite_by_name, "cipher suite",
            "TLS_AES_128_GCM_SHA256, TLS_AES_256_GCM_SHA384, TLS_CHACHA20_POLY1305_SHA256");
        if (n < 0 || lockstep_config_set_suites(cfg, list, (size_t)n) != LOCKSTEP_OK) {
            if (n >= 0)
                lk_error("the list of cipher suites is empty or names one twice", NULL, NULL);
            return LK_EXIT_USAGE;
        }
    }
    return 0;
}
