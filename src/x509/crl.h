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
    lk_slice points; /* contents of its fullName GeneralNames; empty if absent */
} lk_crl;

/*
 * lk_crl_parse reads one CRL, nothing behind it. LOCKSTEP_OK, or LOCKSTEP_CERT_MALFORMED with
 * `*why` (static) for what breaks RFC 5280 §5 or is beyond what is processed here (delta CRLs,
 * indirect CRLs, lists of some reasons or of attribute certificates, unknown critical extensions of
 * the list or of an entry), since such a list says nothing that could be relied on. CRLNumber must
 * be there and must not be critical, nextUpdate must be there (§5.1.2.5, §5.2.3). Allocates nothing.
 */
LK_CHECKED lockstep_status lk_crl_parse(lk_crl *out, const char **why, lk_slice der);

/* A set of CRLs. Built by one owner, then shared by threads that only ask. */
typedef struct lk_crl_set lk_crl_set;

lk_crl_set *lk_crl_set_new(const lk_heap *heap); /* NULL: no memory */
void lk_crl_set_free(lk_crl_set *set);           /* NULL is allowed */
size_t lk_crl_set_count(const lk_crl_set *set);

/* lk_crl_set_add copies `der` into the set. LOCKSTEP_OK, LOCKSTEP_CERT_MALFORMED with `*why`,
 * LOCKSTEP_ERR_NO_MEMORY, LOCKSTEP_ERR_LIMIT. */
LK_CHECKED lockstep_status lk_crl_set_add(lk_crl_set *set, const char **why, lk_slice der);

/*
 * lk_crl_set_ask says what the set knows of `cert`, issued by `issuer` whose key is `issuer_key`, at
 * `now` (seconds). A list counts if it is of the issuer (its name byte for byte, its key identifier
 * where both have one; keyUsage, where there is one, has cRLSign), if its scope takes in the
 * certificate (§6.3.3 (b): users or CAs only; of a distribution point, the certificate names the
 * same) and if the issuer signed it; a signature that was once found good is not checked again.
 * REVOKED even by a list that is out of date: a certificate does not come back, but for what was on
 * hold. GOOD by a list of now. UNKNOWN otherwise, with why the best candidate did not count.
 */
void lk_crl_set_ask(lk_revocation *out, const lk_crl_set *set, const lk_cert *cert,
                    const lk_cert *issuer, const lk_public_key *issuer_key, int64_t now);

/* lk_crl_point_next steps through the URIs of cRLDistributionPoints (§4.2.1.13) of `cert` that name
 * its complete list: fullName, no reasons, no cRLIssuer. Start with `*from` zeroed. False: no more. */
bool lk_crl_point_next(const lk_cert *cert, size_t *from, lk_slice *uri);

#endif
