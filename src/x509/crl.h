/*
 * crl.h - certificate revocation lists (RFC 5280 §5): parse them, keep a set of them, ask it.
 */
#ifndef LK_X509_CRL_H
#define LK_X509_CRL_H

#include "crypto/keys.h"
#include "util/heap.h"
#include "x509/cert.h"
#include "x509/revocation.h"

/* The largest CRL that is read, in bytes; full lists of public CAs have some 10 MB at most. */
#define LK_CRL_MAX_BYTES (64u << 20)

/* A CRL, parsed; all slices are borrowed. */
typedef struct lk_crl {
    lk_slice der;
    lk_slice tbs;    /* TBSCertList whole: what is signed */
    lk_slice issuer; /* Name whole */
    lk_slice signature;
    lk_signature_algorithm algorithm; /* 0: not one that is accepted */
    int64_t this_update, next_update; /* seconds since 1970 */
    lk_slice authority_key_id;        /* empty if absent */
    lk_slice entries;                 /* contents of revokedCertificates; checked */
    size_t num_entries;
    /* issuingDistributionPoint (§5.2.5) */
    bool has_scope, only_user_certs, only_ca_certs;
    lk_slice points; /* contents of its fullName GeneralNames, checked; empty if absent */
} lk_crl;

/* Names of an issuingDistributionPoint that are looked at; a list with more is refused. */
#define LK_CRL_MAX_POINTS 64 /* real ones have one or two */

/*
 * lk_crl_parse reads one CRL, nothing behind it. LOCKSTEP_OK, or LOCKSTEP_CERT_MALFORMED with
 * `*why` (static; NULL if there is nothing wrong) for what breaks RFC 5280 §5 or is beyond what is
 * processed here (delta CRLs, indirect CRLs, lists of some reasons or of attribute certificates,
 * points named relative to the issuer, unknown critical extensions of the list or of an entry),
 * since such a list says nothing that could be relied on. CRLNumber must be there and must not be
 * critical, nextUpdate must be there (§5.1.2.5, §5.2.3). Allocates nothing.
 */
LK_CHECKED lockstep_status lk_crl_parse(lk_crl *out, const char **why, lk_slice der);

/* One of revokedCertificates (§5.1.2.6). */
typedef struct lk_crl_entry {
    lk_slice serial; /* contents of the INTEGER */
    int64_t revoked_at;
    int reason; /* CRLReason, or LK_REASON_NONE */
} lk_crl_entry;

/* lk_crl_entry_next reads the next entry of lk_crl.entries; false with `*why`: it is none, which
 * does not happen in a list that was parsed. */
bool lk_crl_entry_next(lk_reader *r, lk_crl_entry *out, const char **why);

/* lk_crl_covers says whether the scope of the list takes in `cert` (§6.3.3 (b) (2)): users or CAs
 * only; of a distribution point, the certificate names the same (crl_scope.c). */
bool lk_crl_covers(const lk_crl *crl, const lk_cert *cert);

/* A set of CRLs. Built by one owner, then shared by threads that only ask. */
typedef struct lk_crl_set lk_crl_set;

/* CRLs in one set. */
#define LK_CRL_MAX_LISTS 10000 /* the public CAs publish some 3,000 */

lk_crl_set *lk_crl_set_new(const lk_heap *heap); /* NULL: no memory */
void lk_crl_set_free(lk_crl_set *set);           /* NULL is allowed */
size_t lk_crl_set_count(const lk_crl_set *set);

/* lk_crl_set_add copies `der` into the set and sorts its entries; a list that is there already,
 * byte for byte, is not added again. LOCKSTEP_OK, LOCKSTEP_CERT_MALFORMED with `*why` (static),
 * LOCKSTEP_ERR_NO_MEMORY, LOCKSTEP_ERR_LIMIT; `*why` is NULL with all but the second. No signature
 * is looked at: whose list it is shows when it is asked. */
LK_CHECKED lockstep_status lk_crl_set_add(lk_crl_set *set, const char **why, lk_slice der);

/*
 * lk_crl_set_ask says what the set knows of `cert`, issued by `issuer` whose key is `issuer_key`,
 * at `now` (seconds). A list counts if it is of the issuer (its name byte for byte, its key
 * identifier where both have one; keyUsage, where there is one, has cRLSign), if its scope takes in
 * the certificate (lk_crl_covers) and if the issuer signed it; a signature that was once found good
 * is not checked again. REVOKED even by a list that is out of date, or not of yet: a certificate
 * does not come back, but for what was on hold. A hold counts until a newer list of now is without
 * it; out of date, it is UNKNOWN. GOOD by a list of now (thisUpdate <= now <= nextUpdate). UNKNOWN
 * otherwise, with why the best candidate did not count. `*checks`, which counts down, is how many
 * signatures may be checked; lists beyond it count as not there. Never BAD. Of several revocations
 * the earliest is told.
 */
void lk_crl_set_ask(lk_revocation *out, const lk_crl_set *set, const lk_cert *cert,
                    const lk_cert *issuer, const lk_public_key *issuer_key, int64_t now,
                    unsigned *checks);

/* lk_crl_set_next_change returns the last second from `now` on at which the set's answers are still
 * the same, before the next of its lists comes into force or goes out of it; INT64_MAX: for ever.
 */
int64_t lk_crl_set_next_change(const lk_crl_set *set, int64_t now);

/* lk_crl_point_next steps through the URIs of cRLDistributionPoints (§4.2.1.13) of `cert` that name
 * its complete list: fullName, no reasons, no cRLIssuer. Of any scheme. Start with `*from` 0.
 * False: no more, or what follows does not parse. */
bool lk_crl_point_next(const lk_cert *cert, size_t *from, lk_slice *uri);

#endif
