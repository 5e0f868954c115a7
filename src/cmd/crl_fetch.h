/*
 * crl_fetch.h - revocation lists from where the certificates say, kept in the user's cache.
 */
#ifndef LK_CMD_CRL_FETCH_H
#define LK_CMD_CRL_FETCH_H

#include <lockstep/x509.h>

/*
 * lk_crl_fetch_all adds to `policy` the revocation lists that `what` needs. It first judges without
 * any: only of a chain that is good otherwise, and only of the certificates on its path, are the
 * addresses asked, or every server could have this machine ask whatever it likes. A list comes from
 * the cache ($XDG_CACHE_HOME/lockstep/crl) if it is younger than a day and still holds, else by
 * http://, and is used and kept only if its issuer signed it; all of them within 20 seconds and
 * before `deadline_ms` of the monotonic clock (0: none). What cannot be had is warned of; the
 * policy decides what that means. `verbose`: say on stderr what is fetched.
 */
void lk_crl_fetch_all(lockstep_policy *policy, const lockstep_case *what, bool verbose,
                      int64_t deadline_ms);

#endif
