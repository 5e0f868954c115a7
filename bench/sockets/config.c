/*
 * config.c - what the clients of the load generator offer and whom they trust.
 */
#include <stdio.h>
#include <stdlib.h>

#include <lockstep/session.h>

#include "load.h"

static bool read_file(char **text, size_t *len, const char *path) {
    FILE *f = fopen(path, "rb");
    *text = NULL;
    if (f == NULL)
        return false;
    *text = malloc(65536);
    *len = *text == NULL ? 0 : fread(*text, 1, 65536, f);
    fclose(f);
    return *len > 0;
}

lockstep_config *load_config(const load_options *o) {
    static const uint16_t suite = 0x1301 /* TLS_AES_128_GCM_SHA256 */, x25519 = 0x001d;
    static const char *const protocol = "http/1.1";
    lockstep_config *config = NULL;
    lockstep_trust *trust = NULL;
    lockstep_policy *policy = NULL;
    char *pem;
    size_t pem_len;
    bool ok = read_file(&pem, &pem_len, o->cacert) &&
              lockstep_trust_new(&trust, NULL) == LOCKSTEP_OK &&
              lockstep_policy_new(&policy, NULL) == LOCKSTEP_OK &&
              lockstep_trust_add(trust, NULL, NULL, (const uint8_t *)pem, pem_len) == LOCKSTEP_OK &&
              lockstep_config_new(&config, NULL) == LOCKSTEP_OK &&
              lockstep_config_set_versions(config, 0x0304, 0x0304) == LOCKSTEP_OK &&
              lockstep_config_set_suites(config, &suite, 1) == LOCKSTEP_OK &&
              lockstep_config_set_groups(config, &x25519, 1, 1) == LOCKSTEP_OK &&
              lockstep_config_set_alpn(config, &protocol, 1) == LOCKSTEP_OK &&
              lockstep_config_set_trust(config, trust) == LOCKSTEP_OK &&
              lockstep_config_set_policy(config, policy) == LOCKSTEP_OK &&
              lockstep_config_keep_sessions(config) == LOCKSTEP_OK &&
              lockstep_config_seal(config) == LOCKSTEP_OK;
    lockstep_trust_free(trust);
    lockstep_policy_free(policy);
    free(pem);
    if (ok)
        return config;
    lockstep_config_free(config);
    return NULL;
}
