/*
 * policy.h - the inside of lockstep_policy: what is asked of a chain beyond the rules that always
 * hold, and the memory of chains that were good under it.
 */
#ifndef LK_X509_POLICY_H
#define LK_X509_POLICY_H

#include <stdatomic.h>

#include <lockstep/x509.h>

#include "x509/cache.h"
#include "x509/cert.h"
#include "x509/crl.h"
#include "x509/sct.h"
#include "x509/search.h"

#define LK_PINS_MAX 32
#define LK_PIN      32 /* bytes: the SHA-256 of a SubjectPublicKeyInfo (RFC 7469 §2.4) */

struct lockstep_policy {
    lk_heap heap;
    atomic_size_t references;
    enum lockstep_revocation revocation;
    bool require_staple;
    enum lockstep_transparency transparency;
    size_t max_depth; /* most intermediates in a path, as lk_search_start counts; LK_ANY_DEPTH */
    lk_crl_set *crls; /* NULL: none was given */
    lk_log_set *logs; /* NULL: none was given */
    lk_chain_cache *cache;
    size_t num_pins;
    uint8_t pins[LK_PINS_MAX][LK_PIN];
};

/* What holds where there is no policy; it has no cache. */
extern const lockstep_policy lk_policy_default;

/* lk_policy_pinned says whether the key of `cert` is one of the pins. */
bool lk_policy_pinned(const lockstep_policy *policy, const lk_cert *cert);

#endif
