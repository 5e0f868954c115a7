/*
 * setup.h - the engine's config for what the runner asks.
 */
#ifndef LK_BOGO_SETUP_H
#define LK_BOGO_SETUP_H

#include <lockstep/lockstep.h>

#include "bogo/options.h"

/* bogo_config returns a sealed config for `o`; `env` is copied. */
lockstep_config *bogo_config(const bogo_options *o, const lockstep_env *env);

/* bogo_name returns the name that a client asks for: the runner's, or an address, which is not sent
 * (RFC 6066 §3), since there is no client without a name. */
const char *bogo_name(const bogo_options *o);

/* bogo_read returns the whole file (to be freed), or ends the program. */
char *bogo_read(const char *path, size_t *length);

#endif
