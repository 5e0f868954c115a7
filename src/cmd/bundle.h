/*
 * bundle.h - the system's roots and the root of the local CA in one file, for programs that can be
 * given one file only.
 */
#ifndef LK_CMD_BUNDLE_H
#define LK_CMD_BUNDLE_H

#include "cmd/localca.h"

/* lk_bundle_path writes where it is, or would be. */
void lk_bundle_path(char *out, size_t out_len, const lk_localca *ca);

/* lk_bundle_write makes the file, or makes it anew where it is not what it should be. False after
 * an error message. */
bool lk_bundle_write(const lk_localca *ca);

/* lk_bundle_refresh does so if there is one and it is older than what it was made of. */
void lk_bundle_refresh(const lk_localca *ca);

/* lk_bundle_has: is `path` a file of the system's roots, which the bundle includes? */
bool lk_bundle_has(const char *path);

#endif
