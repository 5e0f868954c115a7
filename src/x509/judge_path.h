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
    const lk_crypto *crypto;
    const lk_cert *certs; /* as presented */
    size_t num_certs;
    lk_public_key **keys; /* of certs[i], made when first needed */
    uint32_t constraint_budget;
    unsigned num_signed;
    lk_signed signed_by[LK_JUDGE_MAX_SIGNATURES];
} lk_court;

/*
 * lk_judge_path notes every check of `path` in `facts`, which it empties first, and returns the
 * first failure. `*prefix` becomes how many of the path's first certificates took part in that
 * failure: no path with the same beginning need be tried.
 */
lockstep_status lk_judge_path(lk_court *court, const lk_path *path, lk_facts *facts,
                              size_t *prefix);

#endif
