/*
 * lists.h - versions, groups and suites as options give them.
 */
#ifndef LK_CMD_LISTS_H
#define LK_CMD_LISTS_H

#include <lockstep/lockstep.h>

/* What the options say of the handshake; all zero: the defaults. */
typedef struct lk_tls_options {
    const char *groups, *suites; /* names, separated by ':' or ',' */
    const char *more_suites;     /* likewise: curl has one option for each version */
    uint16_t min, max;           /* enum lockstep_version */
    bool rsa_kex;                /* --kex rsa */
    bool ech;                    /* --ech, which only TLS 1.3 has */
} lk_tls_options;

/* lk_read_version reads "1.2" or "1.3". False: it is neither, and the user was told; `option` is
 * its name. */
bool lk_read_version(uint16_t *out, const char *option, const char *value);

/* lk_read_kex reads "ecdhe" or "rsa", likewise. */
bool lk_read_kex(lk_tls_options *o, const char *value);

/*
 * lk_set_tls puts all that into a config. A list with suites of one version alone leaves those of
 * the other as they are. `only_rsa`: with --kex rsa nothing else is offered, else it comes last.
 * 0, or the exit code after an error message.
 */
int lk_set_tls(lockstep_config *cfg, const lk_tls_options *o, bool only_rsa);

/* lk_seal seals the config. 0, or the exit code after an error message. */
int lk_seal(lockstep_config *cfg);

#endif
