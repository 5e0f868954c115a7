/*
 * forge_crl.h - certificate revocation lists of any shape, right and wrong (see forge.h).
 */
#ifndef LK_LAB_FORGE_CRL_H
#define LK_LAB_FORGE_CRL_H

#include "lab/forge.h"
#include "x509/crl.h"

#define LK_FORGE_REASON_ZERO (-1) /* "unspecified", written out */

typedef struct lk_forge_crl_entry {
    lk_slice serial;    /* contents of the INTEGER */
    int64_t revoked_at; /* 0: two days ago */
    int reason;         /* CRLReason; 0: no extension */
    lk_oid extra;       /* one more extension of this kind */
    bool extra_critical, extra_twice;
    lk_slice extra_value; /* NULL if nothing is given */
} lk_forge_crl_entry;

typedef struct lk_forge_crl_spec {
    const lk_cert *issuer;            /* whose name and key identifier are written */
    const lk_private_key *signer;     /* must be given */
    int64_t now;                      /* seconds since 1970 */
    int64_t this_update, next_update; /* both 0: from a day ago to a day from now */
    const lk_forge_crl_entry *entries;
    size_t num_entries;
    lk_slice scope; /* value of issuingDistributionPoint, if any */
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
} lk_forge_crl_spec;

/* lk_forge_crl appends the list. LOCKSTEP_ERR_CRYPTO if it could not be made. */
LK_CHECKED lockstep_status lk_forge_crl(lk_buffer *out, const lk_forge_crl_spec *spec);

#endif
