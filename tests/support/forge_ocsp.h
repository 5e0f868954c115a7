/*
 * forge_ocsp.h - OCSP responses of any shape, right and wrong (see lab/forge_ocsp.h).
 *
 * A spec that says no more than `cert` and `issuer` makes a response that is GOOD at FORGE_NOW, for
 * a day, signed by
 * forge_p256(1), which signs the certificates here too.
 */
#ifndef LK_TESTS_FORGE_OCSP_H
#define LK_TESTS_FORGE_OCSP_H

#include "lab/forge_ocsp.h"
#include "support/forge.h"

#define FORGE_REASON_WRITTEN_ZERO (-1) /* "unspecified", written out */

typedef lk_forge_ocsp_spec forge_ocsp_spec;

/* forge_ocsp returns the response; forge_free_all releases it. */
lk_slice forge_ocsp(const forge_ocsp_spec *spec);

#endif
