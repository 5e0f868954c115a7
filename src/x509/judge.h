/*
 * judge.h - is this chain good? The one judge, for the engine, the commands and the tests.
 *
 * lk_judge_chain parses the certificates, takes candidate paths from the search (search.h) and puts
 * each before lk_judge_path (RFC 5280 §6.1 with the CA/Browser Forum's baseline requirements) until
 * one passes. Checks run from the leaf upwards and the first that fails decides about a path; of
 * several failed paths the one that got furthest is reported. Nothing is decided by leaving
 * something out: a request without a trust, a name for a server or a purpose is LOCKSTEP_ERR_USAGE.
 */
#ifndef LK_X509_JUDGE_H
#define LK_X509_JUDGE_H

#include <lockstep/x509.h>

#include "crypto/keys.h"
#include "x509/name.h"
#include "x509/policy.h"
#include "x509/report.h"
#include "x509/search.h"

/* Signature checks that one request may cost, in units of lk_public_key_cost: 7 ms. A good chain
 * needs one for each certificate below the anchor; those of OCSP responders, revocation lists and
 * logs count too. */
#define LK_JUDGE_MAX_SIGNATURES 100

/* Paths with nothing but good signatures that are looked at for what concerns the whole of a path.
 * One is enough in nearly all cases; some cross-signed roots give four. */
#define LK_JUDGE_MAX_GENUINE 32

/* Paths that are judged before giving up. A failure takes every path with the same beginning with
 * it, so this is the number of different ways to fail. */
#define LK_JUDGE_MAX_PATHS 256

/* By whose rules? The web's, unless a test asks for RFC 5280 §6.1 alone. */
typedef enum lk_profile { LK_PROFILE_WEB = 0, LK_PROFILE_RFC5280 } lk_profile;

typedef struct lk_judge_request {
    const lk_crypto *crypto; /* NULL: that of the trust */
    const lockstep_trust *trust;
    const lockstep_policy *policy; /* NULL: lk_policy_default */
    const lk_slice *chain;         /* DER; the leaf first, the rest in any order */
    size_t num_chain;
    const lk_slice *ocsp; /* OCSPResponse about chain[i], empty: none; NULL: none at all */
    lk_slice scts;        /* SCT list of the handshake, or empty */
    bool in_handshake;    /* where a certificate can demand that a response is stapled */
    const lk_host
        *host; /* whom one wanted to reach; NULL only for LOCKSTEP_PURPOSE_CLIENT, or with: */
    bool without_name; /* judge the chain alone, which says nothing about whom one talks to */
    int64_t now_ms;
    enum lockstep_purpose purpose;
    lk_profile profile;
    bool explain; /* report a good chain too */
} lk_judge_request;

/*
 * lk_judge_chain decides, and returns LOCKSTEP_OK or the status of the first check that failed on
 * the best path (the 250 block; LOCKSTEP_ERR_NO_MEMORY and LOCKSTEP_ERR_USAGE too).
 * `*leaf_key` (may be NULL) becomes the leaf's public key, the caller's to free, and stays NULL
 * unless the chain is good: it is what CertificateVerify is checked with. `*report` (may be NULL)
 * becomes the report of a chain that is not good, and with `explain` of any; then nothing that was
 * judged before is taken from the policy's cache.
 */
LK_CHECKED lockstep_status lk_judge_chain(lk_public_key **leaf_key, lockstep_report **report,
                                          const lk_judge_request *request);

#endif
