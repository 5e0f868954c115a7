/*
 * forge_sct.h - certificate timestamps of any shape, right and wrong, for the tests of x509.
 */
#ifndef LK_TESTS_FORGE_SCT_H
#define LK_TESTS_FORGE_SCT_H

#include "lab/forge_sct.h"
#include "support/forge.h"

/* lab/forge_sct.h; here `now` is FORGE_NOW, and `log` is forge_log(0) unless it is given. */
typedef lk_forge_sct forge_sct;
typedef lk_forge_entry forge_entry;

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
