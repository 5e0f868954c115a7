/*
 * constraints.h - name constraints (RFC 5280 §4.2.1.10): may an issuer certify these names?
 *
 * Of DNS names, IP addresses, directory names, e-mail addresses and URIs. A name of another kind,
 * where the issuer constrains that kind, is refused: what cannot be checked is not allowed.
 */
#ifndef LK_X509_CONSTRAINTS_H
#define LK_X509_CONSTRAINTS_H

#include "x509/cert.h"
#include "x509/general_name.h"

/* What judging may spend on comparing names with constraints, for all paths together. One
 * comparison of n bytes counts 1 + n / 32 (of directory names 1 + n / 8); a certificate of 2,000
 * short names under 100 constraints fits, and the worst that fits was measured at 15 ms. */
#define LK_CONSTRAINT_BUDGET 250000

/* lk_constraints_valid checks the structure of nameConstraints' value and sets the two lists of
 * subtrees: at least one list, none empty, minimum absent (0), maximum absent, IP subtrees with a
 * contiguous mask. */
bool lk_constraints_valid(lk_slice value, lk_slice *permitted, lk_slice *excluded);

/*
 * lk_constraints_allow says whether all the names of `subject` (subjectAltName, subject, e-mail
 * addresses in subject) lie within what `issuer` allows: LOCKSTEP_OK,
 * LOCKSTEP_CERT_NAME_CONSTRAINTS with `*offender` set to the name (kind and value), or
 * LOCKSTEP_CERT_BUDGET when `*budget`, which counts down, is used up.
 */
lockstep_status lk_constraints_allow(const lk_cert *issuer, const lk_cert *subject,
                                     uint32_t *budget, lk_general_name *offender);

/* lk_constraints_allow_name says the same of one name and the two lists of subtrees. */
lockstep_status lk_constraints_allow_name(lk_slice permitted_list, lk_slice excluded_list,
                                          const lk_general_name *name, uint32_t *budget);

#endif
