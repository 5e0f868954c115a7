/*
 * policies.h - certificate policies (RFC 5280 §4.2.1.4, §4.2.1.5, §4.2.1.11, §4.2.1.14).
 *
 * Nobody on the web asks for a policy (user-initial-policy-set is any-policy), so all that they can
 * do is to make a path invalid: where a CA demands an explicit policy and none holds for the whole
 * path. What RFC 5280 §6.1 keeps as a tree is then needed only in part: which policies hold at the
 * current level, and which ones the next certificate may assert for them.
 */
#ifndef LK_X509_POLICIES_H
#define LK_X509_POLICIES_H

#include "x509/search.h"

/* Different policies that one level of a path may have; real certificates have below ten. */
#define LK_POLICIES_MAX 64

/* The structure of the four extensions; anyPolicy is not mapped, no policy stands twice. */
bool lk_policies_valid(lk_slice value);
bool lk_policy_mappings_valid(lk_slice value);
bool lk_policy_constraints_valid(lk_slice value);
bool lk_inhibit_any_policy_valid(lk_slice value);

/*
 * lk_policies_judge processes the policies of a path (§6.1.3 (d) to (f), §6.1.4 (a), (b), (h) to
 * (j), §6.1.5 (a), (b), (g)); constraints in the anchor's certificate count too (RFC 5937 §3.2).
 * LOCKSTEP_OK, LOCKSTEP_CERT_POLICY or LOCKSTEP_CERT_BUDGET, with `*depth` of the certificate where
 * it failed.
 */
lockstep_status lk_policies_judge(const lk_path *path, size_t *depth);

#endif
