/*
 * ca.h - what the actions of `lockstep ca` share: what was asked for.
 */
#ifndef LK_CMD_CA_H
#define LK_CMD_CA_H

#include <stdbool.h>
#include <stddef.h>

#define LK_CA_MAX_NAMES 100

typedef struct lk_ca_request {
    bool json, quiet, dry_run, force, unconstrained, client, old;
    const char *out_dir, *cert_file, *key_file, *key_type, *days;
    const char *permit[LK_CA_MAX_NAMES];
    size_t num_permit;
    const char *names[LK_CA_MAX_NAMES]; /* the words behind the action */
    size_t num_names;
} lk_ca_request;

/* The actions; each returns the exit code. */
int lk_ca_init(const lk_ca_request *r);
int lk_ca_issue(const lk_ca_request *r);
int lk_ca_trust(const lk_ca_request *r);
int lk_ca_untrust(const lk_ca_request *r);
int lk_ca_list(const lk_ca_request *r);
int lk_ca_env(const lk_ca_request *r);
int lk_ca_path(const lk_ca_request *r);

/* A DNS name as certificates have it. */
typedef struct lk_ascii_name {
    char text[256];
} lk_ascii_name;

/* lk_to_ascii turns U-labels into A-labels ("*.bücher.test" into "*.xn--bcher-kva.test") and leaves
 * what is ASCII as it is. False if it is no name that DNS can have. */
bool lk_to_ascii(lk_ascii_name *out, const char *name);

#endif
