/*
 * policies.h - the parts of a config that are lists of algorithms: signature schemes, BoringSSL's
 * compliance policies, Encrypted Client Hello.
 */
#ifndef LK_BOGO_POLICIES_H
#define LK_BOGO_POLICIES_H

#include <lockstep/lockstep.h>

#include "bogo/options.h"

/* bogo_set_schemes sets what the peer may sign with: what the runner names, or BoringSSL's default.
 */
void bogo_set_schemes(lockstep_config *cfg, const bogo_options *o);

/* bogo_set_signing sets what the identity added last signs with, if the runner or the policy says
 * so. */
void bogo_set_signing(lockstep_config *cfg, const bogo_options *o, const bogo_numbers *prefs);

/* bogo_set_policy narrows suites, groups and schemes to those of a policy, if one is asked for. */
void bogo_set_policy(lockstep_config *cfg, const bogo_options *o);

/* bogo_set_ech gives servers their ECH keys and clients their configurations. */
void bogo_set_ech(lockstep_config *cfg, const bogo_options *o);

#endif
