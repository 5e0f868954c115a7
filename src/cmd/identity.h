/*
 * identity.h - a certificate chain and its key out of two files, for `serve` and `get`.
 */
#ifndef LK_CMD_IDENTITY_H
#define LK_CMD_IDENTITY_H

#include <lockstep/lockstep.h>

/* lk_add_identity reads both files (PEM; they may be the same one) into a config. 0, or an exit
 * code after an error message. */
int lk_add_identity(lockstep_config *cfg, const char *cert_path, const char *key_path);

/* lk_add_client_identity does the same and writes to `name` what tells its certificate from others,
 * in hex. */
#define LK_IDENTITY_NAME 33
int lk_add_client_identity(char name[LK_IDENTITY_NAME], lockstep_config *cfg, const char *cert_path,
                           const char *key_path);

#endif
