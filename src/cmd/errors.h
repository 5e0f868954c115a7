/*
 * errors.h - an error for people: three short lines, what failed, where, what to do.
 */
#ifndef LK_CMD_ERRORS_H
#define LK_CMD_ERRORS_H

#include <lockstep/lockstep.h>

/* Exit codes; curl's where curl has one. */
enum {
    LK_EXIT_OK = 0,
    LK_EXIT_FAILED = 1,
    LK_EXIT_USAGE = 2,
    LK_EXIT_URL = 3,
    LK_EXIT_RESOLVE = 6,
    LK_EXIT_CONNECT = 7,
    LK_EXIT_HTTP = 22,
    LK_EXIT_WRITE = 23,
    LK_EXIT_READ = 26,
    LK_EXIT_TIMEOUT = 28,
    LK_EXIT_HANDSHAKE = 35,
    LK_EXIT_REDIRECTS = 47,
    LK_EXIT_NOTHING = 52,
    LK_EXIT_BROKEN = 56,
    LK_EXIT_CERTIFICATE = 60,
    LK_EXIT_CA_FILE = 77,
    LK_EXIT_CRL_FILE = 82,
    LK_EXIT_PIN = 90,
    LK_EXIT_STATUS = 91
};

/* lk_error prints up to three lines on stderr; `where` and `todo` may be NULL. Colours only on a
 * terminal, and never with NO_COLOR. Control characters are shown as '?'. */
void lk_error(const char *what, const char *where, const char *todo);

/* lk_colours says whether what goes to `fd` may have colours: on a terminal that is not "dumb", and
 * not where NO_COLOR is set and not empty. */
bool lk_colours(int fd);

/* lk_silence turns errors off, as curl's -s does without -S; warnings stay. */
void lk_silence(bool on);

/* lk_warning prints one line; lk_warning_of begins it with what it is about. */
void lk_warning(const char *text);
void lk_warning_of(const char *about, const char *text);

/* lk_tls_error prints the failure of a connection, and in which phase it came (NULL: in the
 * handshake). */
void lk_tls_error(const lockstep_conn *conn, const char *host, const char *phase);

/* lk_certificate_exit returns the exit code for a chain that was refused: 60, of a pin 90, of an
 * OCSP response 91. `report` may be NULL. */
int lk_certificate_exit(lockstep_status status, const lockstep_report *report);

/* lk_certificate_advice returns which options of a command may help with a chain that was refused
 * so, or NULL: those of `verify`, else those of `get`. Static. */
const char *lk_certificate_advice(lockstep_status status, bool verify);

/* lk_tls_exit prints the failure of a connection and returns the exit code for it. */
int lk_tls_exit(const lockstep_conn *conn, const char *host);

#endif
