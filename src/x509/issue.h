/*
 * issue.h - what lockstep_issue is put together from: checking a request, and the constraints of a
 * CA.
 */
#ifndef LK_X509_ISSUE_H
#define LK_X509_ISSUE_H

#include <lockstep/x509.h>

#include "util/builder.h"
#include "x509/cert.h"

/* lk_issue_check says whether `r` asks for something that may be issued at all: LOCKSTEP_OK,
 * LOCKSTEP_ERR_NAME, LOCKSTEP_ERR_USAGE. */
lockstep_status lk_issue_check(const lockstep_issue_request *r);

/* lk_issue_name_ok: a DNS name, with or without wildcard, or an IP address. */
bool lk_issue_name_ok(const char *text);

/* lk_issue_common_name returns what goes into the subject: what was asked for, else of a leaf its
 * first name if that is a DNS name and fits, else NULL. */
const char *lk_issue_common_name(const lockstep_issue_request *r);

/* lk_issue_subtree reads "test" or "10.0.0.0/8" (an address alone is a block of one) and returns
 * the base of a GeneralSubtree: 0 bytes of `block` for a DNS name, 8 or 32 for an IP block; -1:
 * neither, or an address with bits behind the prefix. */
int lk_issue_subtree(uint8_t block[32], const char *text);

/* lk_issue_has_constraints: does the certificate of `r` get nameConstraints? `issuer` NULL: it is
 * self-signed. lk_issue_put_constraints writes the extension's value. */
bool lk_issue_has_constraints(const lockstep_issue_request *r, const lk_cert *issuer);
void lk_issue_put_constraints(lk_builder *b, const lockstep_issue_request *r,
                              const lk_cert *issuer);

#endif
