#include "cmd/lists.h"

#include <stdio.h>
#include <string.h>

#include "cmd/errors.h"

/* More than there are groups or suites. */
#define MAX_LIST 16

/* read_list appends to a list of `n`, and returns how many it has then, or -1 after an error
 * message. */
static int read_list(uint16_t *out, int n, const char *text, uint16_t (*by_name)(const char *),
                     const char *what, const char *all) {
    char name[64], message[192];
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

static int set_groups(lockstep_config *cfg, const char *groups) {
    uint16_t list[MAX_LIST];
    if (groups == NULL)
        return 0;
    int n = read_list(list, 0, groups, lockstep_group_by_name, "group",
                      "X25519MLKEM768, x25519, secp256r1 (P-256), secp384r1 (P-384), "
                      "SecP256r1MLKEM768, SecP384r1MLKEM1024, MLKEM1024, secp521r1 (P-521)");
    if (n >= 0 && lockstep_config_set_groups(cfg, list, (size_t)n, 0) == LOCKSTEP_OK)
        return 0;
    if (n >= 0)
        lk_error("the list of groups is empty or names one twice", NULL, NULL);
    return LK_EXIT_USAGE;
}

/* The suites of a version that no list names. */
static const uint16_t usual[] = {
    LOCKSTEP_SUITE_AES_128_GCM_SHA256,
    LOCKSTEP_SUITE_AES_256_GCM_SHA384,
    LOCKSTEP_SUITE_CHACHA20_POLY1305_SHA256,
    LOCKSTEP_SUITE_ECDHE_ECDSA_AES_128_GCM_SHA256,
    LOCKSTEP_SUITE_ECDHE_RSA_AES_128_GCM_SHA256,
    LOCKSTEP_SUITE_ECDHE_ECDSA_AES_256_GCM_SHA384,
    LOCKSTEP_SUITE_ECDHE_RSA_AES_256_GCM_SHA384,
    LOCKSTEP_SUITE_ECDHE_ECDSA_CHACHA20_POLY1305_SHA256,
    LOCKSTEP_SUITE_ECDHE_RSA_CHACHA20_POLY1305_SHA256,
};

static bool is_tls13(uint16_t suite) {
    return suite >> 8 == 0x13;
}

static bool is_rsa_kex(uint16_t suite) {
    return suite == LOCKSTEP_SUITE_RSA_AES_128_GCM_SHA256 ||
           suite == LOCKSTEP_SUITE_RSA_AES_256_GCM_SHA384;
}

/* complete adds the usual suites of the version that the list lacks. */
static int complete(uint16_t *list, int n) {
    bool has[2] = {false, false};
    int named = n;
    for (int i = 0; i < named; i++)
        has[is_tls13(list[i])] = true;
    for (size_t i = 0; i < sizeof usual / sizeof *usual; i++)
        if (!has[is_tls13(usual[i])])
            list[n++] = usual[i];
    return n;
}

static int set_suites(lockstep_config *cfg, const lk_tls_options *o) {
    static const char all[] = "TLS_AES_128_GCM_SHA256, TLS_AES_256_GCM_SHA384, "
                              "TLS_CHACHA20_POLY1305_SHA256, ECDHE-ECDSA-AES128-GCM-SHA256, "
                              "ECDHE-RSA-AES128-GCM-SHA256 and others of TLS 1.2";
    uint16_t list[MAX_LIST + sizeof usual / sizeof *usual];
    int n = 0;
    if (o->suites == NULL && o->more_suites == NULL)
        return 0;
    if (o->suites != NULL)
        n = read_list(list, n, o->suites, lockstep_suite_by_name, "cipher suite", all);
    if (n >= 0 && o->more_suites != NULL)
        n = read_list(list, n, o->more_suites, lockstep_suite_by_name, "cipher suite", all);
    if (n < 0)
        return LK_EXIT_USAGE;
    for (int i = 0; i < n && !o->rsa_kex; i++)
        if (is_rsa_kex(list[i])) {
            lk_error("this cipher suite has no forward secrecy", lockstep_suite_name(list[i]),
                     "--kex rsa allows it all the same");
            return LK_EXIT_USAGE;
        }
    if (n > 0 && lockstep_config_set_suites(cfg, list, (size_t)complete(list, n)) == LOCKSTEP_OK)
        return 0;
    lk_error("the list of cipher suites is empty or names one twice", NULL, NULL);
    return LK_EXIT_USAGE;
}

bool lk_read_version(uint16_t *out, const char *option, const char *value) {
    char message[64];
    *out = strcmp(value, "1.2") == 0 ? LOCKSTEP_TLS12 : LOCKSTEP_TLS13;
    if (strcmp(value, "1.2") == 0 || strcmp(value, "1.3") == 0)
        return true;
    snprintf(message, sizeof message, "%s: 1.2 or 1.3", option);
    lk_error(message, NULL, "older versions are broken, and nobody speaks them here");
    return false;
}

bool lk_read_kex(lk_tls_options *o, const char *value) {
    o->rsa_kex = strcmp(value, "rsa") == 0;
    if (o->rsa_kex || strcmp(value, "ecdhe") == 0)
        return true;
    lk_error("--kex: ecdhe or rsa", NULL, NULL);
    return false;
}

static int set_rsa_kex(lockstep_config *cfg, bool only_rsa) {
    static const uint16_t suites[] = {LOCKSTEP_SUITE_RSA_AES_128_GCM_SHA256,
                                      LOCKSTEP_SUITE_RSA_AES_256_GCM_SHA384};
    lk_warning("--kex rsa: NO forward secrecy; who gets the server's key, even years from now, "
               "reads all that was recorded");
    if (lockstep_config_danger_rsa_key_exchange(cfg) != LOCKSTEP_OK ||
        (only_rsa && lockstep_config_set_suites(cfg, suites, 2) != LOCKSTEP_OK))
        return LK_EXIT_FAILED;
    return 0;
}

int lk_set_tls(lockstep_config *cfg, const lk_tls_options *o, bool only_rsa) {
    uint16_t min = o->min != 0 ? o->min : LOCKSTEP_TLS12, max = o->max;
    bool all_rsa = o->rsa_kex && only_rsa && o->suites == NULL && o->more_suites == NULL;
    if (max == 0)
        max = LOCKSTEP_TLS13;
    if (lockstep_config_set_versions(cfg, min, max) != LOCKSTEP_OK ||
        (o->rsa_kex && min > LOCKSTEP_TLS12)) {
        lk_error(o->rsa_kex ? "--kex rsa is of TLS 1.2, which is not spoken"
                            : "the lowest version is above the highest",
                 NULL, NULL);
        return LK_EXIT_USAGE;
    }
    if (o->ech && (max < LOCKSTEP_TLS13 || all_rsa)) {
        lk_error("--ech is of TLS 1.3, which is not spoken", NULL,
                 all_rsa ? "leave --kex rsa out" : "leave --tls-max out");
        return LK_EXIT_USAGE;
    }
    int code = set_groups(cfg, o->groups);
    if (code == 0)
        code = set_suites(cfg, o);
    return code == 0 && o->rsa_kex ? set_rsa_kex(cfg, all_rsa) : code;
}

int lk_seal(lockstep_config *cfg) {
    lockstep_status status = lockstep_config_seal(cfg);
    if (status == LOCKSTEP_OK)
        return 0;
    lk_error("these options do not go together", lockstep_status_text(status), NULL);
    return LK_EXIT_USAGE;
}
