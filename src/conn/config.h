/*
 * config.h - the inside of lockstep_config: settings being built, then sealed and shared.
 */
#ifndef LK_CONN_CONFIG_H
#define LK_CONN_CONFIG_H

#include <stdatomic.h>

#include "handshake/settings.h"

#define LK_IDENTITIES_MAX 32

struct lockstep_config {
    atomic_size_t references;
    bool sealed;
    lk_settings settings;
    lk_identity identities[LK_IDENTITIES_MAX];
    lk_buffer protocols;
};

/* lk_config_settings gives tests and demonstrations the settings that applications may not change;
 * before sealing only. */
lk_settings *lk_config_settings(lockstep_config *cfg);

/* lk_config_share takes a reference to a sealed config; NULL if it is not sealed. */
lockstep_config *lk_config_share(const lockstep_config *cfg);

#endif
