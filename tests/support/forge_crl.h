/*
 * forge_crl.h - certificate revocation lists of any shape, right and wrong (see forge.h).
 */
#ifndef LK_TESTS_FORGE_CRL_H
#define LK_TESTS_FORGE_CRL_H

#include "lab/forge_crl.h"
#include "support/forge.h"

#define FORGE_REASON_ZERO LK_FORGE_REASON_ZERO
typedef lk_forge_crl_entry forge_crl_entry;
typedef lk_forge_crl_spec forge_crl_spec;

/* forge_crl returns the list, by default signed by forge_p256(1); forge_free_all releases it. */
lk_slice forge_crl(const forge_crl_spec *spec);

/* forge_scope returns the value of an issuingDistributionPoint: URIs with a space between, and what
 * it is only for: "u" users, "c" CAs, "r" some reasons, "i" indirect, "a" attribute certificates.
 * Either may be "". */
lk_slice forge_scope(const char *uris, const char *only);

/* forge_points returns the value of cRLDistributionPoints: points with '|' between, in each URIs
 * with a space between; "!r" and "!i" instead of a URI add reasons and a cRLIssuer. */
lk_slice forge_points(const char *points);

#endif
