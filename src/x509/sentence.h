/*
 * sentence.h - the one sentence of a report: what came of it, and what to do now.
 */
#ifndef LK_X509_SENTENCE_H
#define LK_X509_SENTENCE_H

#include "x509/pen.h"

/* lk_say appends the sentence for `status`, to which the last of `facts` led. */
void lk_say(lk_pen *p, lockstep_status status, const lk_facts *facts);

#endif
