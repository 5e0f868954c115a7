/*
 * identity.h - a certificate chain and its key out of two files, for `serve` and `get`.
 */
#ifndef LK_CMD_IDENTITY_H
#define LK_CMD_IDENTITY_H

#include <lockstep/lockstep.h>

/* lk_add_identity reads both files (PEM; they may be the same one) into a config. 0, or an exit
 * code after an error message. */
int lk_add_identity(lockstep_config *cfg, const char *cert_path, const char *key_path);

#endif
