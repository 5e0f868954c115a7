/*
 * keylog.h - the key log of SSLKEYLOGFILE (RFC 9850), with which Wireshark reads along.
 */
#ifndef LK_CMD_KEYLOG_H
#define LK_CMD_KEYLOG_H

#include <stdbool.h>

/* lk_keylog_open opens `path` for appending, or $SSLKEYLOGFILE if `path` is NULL, and warns that
 * the secrets go there. -1: none is wanted, or (after an error message) it cannot be opened;
 * `*failed` tells. lk_keylog_line is for lockstep_env.keylog, with an `int *` of the descriptor. */
int lk_keylog_open(const char *path, bool *failed);
void lk_keylog_line(int fd, const char *line);

#endif
