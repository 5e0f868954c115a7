/*
 * compared.h - what each check of a report was about, and what it held against what.
 */
#ifndef LK_X509_COMPARED_H
#define LK_X509_COMPARED_H

#include "x509/pen.h"

/* lk_put_compared appends what the check compared, "notAfter ... < now ...", and behind a failure
 * the part of the rule that was broken, if it is known. */
void lk_put_compared(lk_pen *p, const lk_fact *fact);

/* lk_put_subject appends the subject of `cert`, or the names it is for where the subject is empty;
 * nothing for NULL. */
void lk_put_subject(lk_pen *p, const lk_cert *cert);

#endif
