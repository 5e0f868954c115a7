/*
 * answer.h - the shim's answers to the questions of a connection.
 */
#ifndef LK_BOGO_ANSWER_H
#define LK_BOGO_ANSWER_H

#include "bogo/link.h"

/* bogo_answer answers the open question. */
void bogo_answer(bogo_link *link);

/* bogo_has_leaf: does `message` contain the first certificate, or the raw key, of the credential?
 */
bool bogo_has_leaf(const bogo_credential *credential, const lockstep_config *cfg,
                   lockstep_slice message);

/* bogo_certificates reads the DER certificates of a PEM file into `out` (lent for good) and returns
 * how many there are, at most `max`. */
size_t bogo_certificates(const char *path, lockstep_slice *out, size_t max);

#endif
