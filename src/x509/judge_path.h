/*
 * judge_path.h - the judgement of one path (RFC 5280 §6.1, CA/B BR §7.1.2), check by check.
 */
#ifndef LK_X509_JUDGE_PATH_H
#define LK_X509_JUDGE_PATH_H

#include "x509/judge.h"

/* A signature that was checked: of `cert` by the key of `issuer`. */
typedef struct lk_signed {
    const lk_cert *cert, *issuer;
    lockstep_status status;
} lk_signed;

/* What all the paths of one request share: budgets, and the keys and signatures already worked out.
 */
typedef struct lk_court {
    const lk_judge_request *request;
    const lockstep_policy *policy;
    const lk_crypto *crypto;
    const lk_cert *certs;  /* as presented, those that parse */
    const uint8_t *places; /* of certs[i] in the request's chain */
    size_t num_certs;
    int64_t now;          /* seconds */
    lk_public_key **keys; /* of certs[i], made when first needed */
    uint32_t constraint_budget;
    unsigned spent;       /* on signatures, in units of lk_public_key_cost */
    unsigned num_genuine; /* paths of which all signatures were right */
    bool leaf_looked_at;  /* by lk_profile_fault, which need not be done for each path: */
    const char *leaf_fault;
    int64_t until; /* seconds: until when what was learnt of revocation holds */
    unsigned num_signed;
    lk_signed signed_by[LK_JUDGE_MAX_SIGNATURES];
} lk_court;

/* One path before the court. */
typedef struct lk_judge {
    lk_court *court;
    const lk_path *path;
    lk_facts *facts;
    size_t prefix; /* as in lk_judge_path */
} lk_judge;

/* lk_judge_note writes a check down and returns it, for more to be said in it. */
lk_fact *lk_judge_note(lk_judge *j, lk_check_kind kind, size_t depth, lockstep_status status,
                       const char *why);

/* lk_judge_key returns the key of certificate `depth`, made once; NULL if it has none that is any
 * good. */
const lk_public_key *lk_judge_key(lk_judge *j, size_t depth);

/*
 * lk_judge_path notes every check of `path` in `facts`, which it empties first, and returns the
 * first failure. `*prefix` becomes how many of the path's first certificates took part in that
 * failure: no path with the same beginning need be tried.
 */
lockstep_status lk_judge_path(lk_court *court, const lk_path *path, lk_facts *facts,
                              size_t *prefix);

/* lk_profile_fault (judge_profile.c) returns which rule about its fields certificate `depth` breaks
 * (static), or NULL. */
const char *lk_profile_fault(lk_judge *j, size_t depth);

/* lk_judge_revocation (judge_standing.c) asks OCSP responses and revocation lists about certificate
 * `depth`; lk_judge_transparency and lk_judge_pins are about the whole path. All by the policy. */
lockstep_status lk_judge_revocation(lk_judge *j, size_t depth);
lockstep_status lk_judge_transparency(lk_judge *j);
lockstep_status lk_judge_pins(lk_judge *j);

#endif
