/*
 * ech.h - files with configurations and keys of Encrypted Client Hello (RFC 9849, RFC 9934).
 */
#ifndef LK_CMD_ECH_H
#define LK_CMD_ECH_H

#include <lockstep/lockstep.h>

/* lk_ech_use gives a client's config the ECHConfigList in the file `path`, as PEM or as the base64
 * text of an HTTPS record's "ech" (RFC 9848). lk_ech_serve gives a server's config key and list of
 * a file. Both return 0, or the exit code after an error message. */
int lk_ech_use(lockstep_config *cfg, const char *path);
int lk_ech_serve(lockstep_config *cfg, const char *path);

#endif
