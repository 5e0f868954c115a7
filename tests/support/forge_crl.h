/*
 * forge_crl.h - certificate revocation lists of any shape, right and wrong (see forge.h).
 */
#ifndef LK_TESTS_FORGE_CRL_H
#define LK_TESTS_FORGE_CRL_H

#include "support/forge.h"
#include "x509/crl.h"

#define FORGE_REASON_ZERO (-1) /* "unspecified", written out */

typedef struct forge_crl_entry {
    lk_slice serial;    /* contents of the INTEGER */
    int64_t revoked_at; /* 0: two days ago */
    int reason;         /* CRLReason; 0: no extension */
    lk_oid extra;       /* one more extension of this kind */
    bool extra_critical, extra_twice;
    lk_slice extra_value; /* NULL if nothing is given */
} forge_crl_entry;

typedef struct forge_crl_spec {
    const lk_cert *issuer;            /* whose name and key identifier are written */
    const lk_private_key *signer;     /* NULL: forge_p256(1) */
    int64_t this_update, next_update; /* both 0: from a day ago to a day from now */
    const forge_crl_entry *entries;
    size_t num_entries;
    lk_slice scope; /* value of issuingDistributionPoint, if any: forge_scope */
    bool scope_not_critical;
    /* oddities */
    bool version_1, version_3, no_next_update, odd_time, empty_entries;
    bool no_akid, other_akid, no_extensions, empty_extensions;
    bool no_number, number_critical, number_twice;
    lk_slice number; /* contents of the INTEGER; empty: 7 */
    lk_oid extra;
    bool extra_critical;
    lk_slice extra_value;  /* NULL if nothing is given */
    lk_slice inner, outer; /* AlgorithmIdentifiers to write instead of the right one */
    lk_slice name;         /* issuer to write instead of the right one */
    bool bad_signature;    /* one bit of it flipped */
} forge_crl_spec;

/* forge_crl returns the list; forge_free_all releases it. */
lk_slice forge_crl(const forge_crl_spec *spec);

/* forge_scope returns the value of an issuingDistributionPoint: URIs with a space between, and what
 * it is only for: "u" users, "c" CAs, "r" some reasons, "i" indirect, "a" attribute certificates.
 * Either may be "". */
lk_slice forge_scope(const char *uris, const char *only);

/* forge_points returns the value of cRLDistributionPoints: points with '|' between, in each URIs
 * with a space between; "!r" and "!i" instead of a URI add reasons and a cRLIssuer. */
lk_slice forge_points(const char *points);

#endif
