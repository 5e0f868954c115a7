/*
 * forge_sct.h - certificate timestamps of any shape, right and wrong (see forge.h).
 */
#ifndef LK_LAB_FORGE_SCT_H
#define LK_LAB_FORGE_SCT_H

#include "lab/forge.h"

/* One SCT; what is left zero takes the value of a good one. */
typedef struct lk_forge_sct {
    const lk_private_key *log;   /* who signs; must be given */
    const lk_private_key *named; /* whose log id is written; NULL: that of `log` */
    int64_t timestamp_ms;        /* 0: a day before `now` of the entry */
    lk_slice extensions;
    uint8_t version;
    uint8_t hash, signature; /* identifiers to write instead of the right ones */
    bool bad_signature;      /* one bit of it flipped */
} lk_forge_sct;

/* What logs sign: a certificate, or (`issuer` given) a precertificate's TBSCertificate. */
typedef struct lk_forge_entry {
    lk_slice cert, tbs;
    const lk_private_key *issuer;
    int64_t now; /* seconds since 1970 */
} lk_forge_entry;

/* lk_forge_sct_list appends a SignedCertificateTimestampList for `entry`. These three:
 * LOCKSTEP_ERR_CRYPTO if it could not be made. */
LK_CHECKED lockstep_status lk_forge_sct_list(lk_buffer *out, const lk_forge_sct *scts, size_t n,
                                             const lk_forge_entry *entry);

/* lk_forge_with_list appends the certificate with the bytes of `list` embedded, whatever they are;
 * lk_forge_with_scts with a list of SCTs over what it is without, by spec->signer's key. */
LK_CHECKED lockstep_status lk_forge_with_list(lk_buffer *out, const lk_forge_spec *spec,
                                              lk_slice list);
LK_CHECKED lockstep_status lk_forge_with_scts(lk_buffer *out, const lk_forge_spec *spec,
                                              const lk_forge_sct *scts, size_t n);

#endif
