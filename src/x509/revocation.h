/*
 * revocation.h - what is known of one certificate's revocation, wherever it was learnt.
 */
#ifndef LK_X509_REVOCATION_H
#define LK_X509_REVOCATION_H

#include <stdint.h>

typedef enum lk_standing {
    LK_STANDING_UNKNOWN, /* nothing is known: nobody says anything about it, or not any more */
    LK_STANDING_GOOD,
    LK_STANDING_REVOKED,
    LK_STANDING_BAD /* what was said is itself wrong: malformed, forged, about another one */
} lk_standing;

/* CRLReason (RFC 5280 §5.3.1); 7 is not used. */
#define LK_REASON_NONE (-1)

typedef struct lk_revocation {
    lk_standing standing;
    const char *why;     /* static text for UNKNOWN and BAD: "no CRL is of its issuer" */
    int reason;          /* REVOKED: CRLReason, or LK_REASON_NONE */
    int64_t revoked_at;  /* REVOKED: seconds */
    int64_t this_update; /* GOOD, REVOKED: when it was said, and until when it holds; seconds */
    int64_t next_update; /* 0: without end */
} lk_revocation;

/* lk_reason_name returns "keyCompromise" and so on; of LK_REASON_NONE and others "unspecified".
 * Static. */
const char *lk_reason_name(int reason);

#endif
