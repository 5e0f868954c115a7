/*
 * lists.h - lists of groups and suites as options give them.
 */
#ifndef LK_CMD_LISTS_H
#define LK_CMD_LISTS_H

#include <lockstep/lockstep.h>

/* lk_set_lists puts both lists (names separated by ':' or ','; NULL: the defaults) into a config.
 * 0, or the exit code after an error message. */
int lk_set_lists(lockstep_config *cfg, const char *groups, const char *suites);

#endif
