/*
 * config.h - the inside of lockstep_config: settings being built, then sealed and shared.
 */
#ifndef LK_CONN_CONFIG_H
#define LK_CONN_CONFIG_H

#include <stdatomic.h>

#include "handshake/settings.h"

#define LK_IDENTITIES_MAX 32
#define LK_ECH_KEYS_MAX   16

/* Bytes of 0-RTT data that a server takes at most. */
#define LK_EARLY_DATA_MAX 65536

struct lockstep_config {
    atomic_size_t references;
    bool sealed;
    lk_settings settings;
    lk_identity identities[LK_IDENTITIES_MAX];
    lk_buffer protocols;
    lk_buffer authorities; /* what settings.authorities points to */
    lk_ech_choice ech;
    lk_ech_key ech_keys[LK_ECH_KEYS_MAX];
    lk_buffer ech_retry_configs;
};

/* lk_config_settings gives tests and demonstrations the settings that applications may not change;
 * before sealing only. */
lk_settings *lk_config_settings(lockstep_config *cfg);

/* lk_config_building returns the settings while they may be changed, or NULL. */
lk_settings *lk_config_building(lockstep_config *cfg);

/* lk_config_free_identity gives back what an identity holds (config_identity.c). */
void lk_config_free_identity(const lk_heap *heap, lk_identity *identity);

/* lk_config_default_shares says for how many of the groups a client sends a key share unless it is
 * told; lk_config_schemes_known: is that a list of signature schemes of ours, none twice? And
 * lk_config_settle_versions leaves the versions that have a suite (config_lists.c). */
size_t lk_config_default_shares(const lk_settings *s);
bool lk_config_schemes_known(const uint16_t *schemes, size_t num_schemes);
LK_CHECKED lockstep_status lk_config_settle_versions(lk_settings *s);

/* lk_config_free_sessions frees what config_session.c set. */
void lk_config_free_sessions(lk_settings *s);

/* lk_config_free_extensions frees what config_extensions.c set. */
void lk_config_free_extensions(lockstep_config *cfg);

/* lk_config_free_raw_keys frees what config_raw_keys.c set; lk_config_check_types: could something
 * in the config judge each type that the peer may show? */
void lk_config_free_raw_keys(lk_settings *s);
bool lk_config_check_types(const lk_settings *s);

/* lk_config_seal_extensions makes what config_extensions.c keeps ready for all connections. */
LK_CHECKED lockstep_status lk_config_seal_extensions(lockstep_config *cfg);

/* lk_config_share takes a reference to a sealed config; NULL if it is not sealed. */
lockstep_config *lk_config_share(const lockstep_config *cfg);

/* lk_config_free_ech gives back what config_ech.c holds; lk_config_check_ech says whether it fits
 * together. */
void lk_config_free_ech(lockstep_config *cfg);
bool lk_config_check_ech(const lockstep_config *cfg);

/* lk_ech_public_name reads a name that may stand in an ECHConfig: "a dot-separated sequence of LDH
 * labels", none "that may be interpreted as IPv4 literals" (RFC 9849 §6.1.7). */
bool lk_ech_public_name(lk_host *out, lk_slice name);

#endif
