/*
 * setup.h - the engine's config for what the runner asks.
 */
#ifndef LK_BOGO_SETUP_H
#define LK_BOGO_SETUP_H

#include <lockstep/lockstep.h>

#include "bogo/errors.h"
#include "bogo/options.h"

/* BOGO_NEED ends the program, with the error in the runner's words, if a call fails that sets up.
 */
#define BOGO_NEED(call)                                                                            \
    do {                                                                                           \
        lockstep_status need_status = (call);                                                      \
        if (need_status != LOCKSTEP_OK) {                                                          \
            bogo_print_error(need_status);                                                         \
            bogo_die("%s", #call);                                                                 \
        }                                                                                          \
    } while (0)

/* bogo_config returns a sealed config for `o`; `env` is copied. */
lockstep_config *bogo_config(const bogo_options *o, const lockstep_env *env);

/* bogo_name returns the name that a client asks for: the runner's, or an address, which is not sent
 * (RFC 6066 §3), since there is no client without a name. */
const char *bogo_name(const bogo_options *o);

/* bogo_names turns "hex,hex" into a list of names as the wire has it, each behind its length. */
lockstep_slice bogo_names(const char *hex);

/* bogo_read returns the whole file, with a NUL behind it, or ends the program. */
const char *bogo_read(const char *path, size_t *length);

#endif
