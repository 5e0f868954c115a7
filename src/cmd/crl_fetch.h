/*
 * crl_fetch.h - revocation lists from where the certificates say, kept in the user's cache.
 */
#ifndef LK_CMD_CRL_FETCH_H
#define LK_CMD_CRL_FETCH_H

#include <lockstep/x509.h>

/* lk_crl_fetch_all adds to `policy` the list of every certificate of `chain` that names one by an
 * http:// address: from the cache ($XDG_CACHE_HOME/lockstep/crl) if it is younger than a day and
 * still holds, else fetched. What cannot be had is warned of; the policy decides what that means.
 * `verbose`: say on stderr what is fetched. */
void lk_crl_fetch_all(lockstep_policy *policy, const lockstep_slice *chain, size_t num_chain,
                      bool verbose);

#endif
