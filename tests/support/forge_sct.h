/*
 * forge_sct.h - certificate timestamps of any shape, right and wrong, for the tests of x509.
 */
#ifndef LK_TESTS_FORGE_SCT_H
#define LK_TESTS_FORGE_SCT_H

#include "support/forge.h"
#include "util/buffer.h"

/* One SCT; what is left zero takes the value of a good one. */
typedef struct forge_sct {
    const lk_private_key *log;   /* who signs; NULL: forge_log(0) */
    const lk_private_key *named; /* whose log id is written; NULL: that of `log` */
    int64_t timestamp_ms;        /* 0: a day before FORGE_NOW */
    lk_slice extensions;
    uint8_t version;
    uint8_t hash, signature; /* identifiers to write instead of the right ones */
    bool bad_signature;      /* one bit of it flipped */
} forge_sct;

/* What logs sign: a certificate, or (`issuer` given) a precertificate's TBSCertificate. */
typedef struct forge_entry {
    lk_slice cert, tbs;
    const lk_private_key *issuer;
} forge_entry;

/* forge_log returns the key of the `n`-th log (P-256), apart from those of forge_p256 in use. */
const lk_private_key *forge_log(unsigned n);

/* forge_sct_list appends a SignedCertificateTimestampList for `entry`. */
void forge_sct_list(lk_buffer *out, const forge_sct *scts, size_t n, const forge_entry *entry);

/* forge_precert_tbs returns the TBSCertificate that `spec` has without SCTs; forge_with_scts forges
 * it with a list of SCTs over that, by spec->signer's key. A spec without a serial gets a fixed
 * one, so that both are the same certificate. */
lk_slice forge_precert_tbs(const forge_spec *spec);
lk_slice forge_with_scts(const forge_spec *spec, const forge_sct *scts, size_t n);

/* forge_with_list embeds the bytes of `list`, whatever they are. */
lk_slice forge_with_list(const forge_spec *spec, lk_slice list);

#endif
