/*
 * search.h - candidate paths from a leaf to trust anchors (RFC 4158), one after the other.
 *
 * The search knows names and key identifiers only; it checks no signature and no date. Whoever
 * judges its paths tells it which beginnings are hopeless (lk_search_prune). Depth first; at each
 * step issuers whose key identifier matches come before those without one and those before
 * differing ones (RFC 4158 §3.5.12 takes a difference as a hint, not as a proof), and among equals
 * anchors before presented certificates. A certificate that is on the path already, or that has the
 * subject and the key of one that is, is not put there again (RFC 4158 §5.2), so there are no
 * cycles.
 */
#ifndef LK_X509_SEARCH_H
#define LK_X509_SEARCH_H

#include "x509/cert.h"
#include "x509/trust.h"

/* Presented certificates that are looked at; more is CERT_CHAIN_TOO_LONG. Servers with four
 * cross-signed intermediates send seven; BetterTLS goes to 36. */
#define LK_SEARCH_MAX_CERTS 64

/* A set of presented certificates, bit by index. */
typedef uint64_t lk_cert_set;

/* Certificates in one path, leaf and anchor included. The longest public ones have five. */
#define LK_PATH_MAX 10

/* No limit of its own to the number of intermediates. */
#define LK_ANY_DEPTH SIZE_MAX

/* Steps (a certificate put on the path) that one search may take. A search among sensible
 * certificates takes below 20; each step costs well below a microsecond. */
#define LK_SEARCH_MAX_STEPS 4096

/* A path: certs[0] is the leaf, certs[n - 1] the anchor's certificate. */
typedef struct lk_path {
    const lk_cert *certs[LK_PATH_MAX];
    const lk_anchor *anchor;
    size_t n;
} lk_path;

typedef enum lk_found {
    LK_FOUND_NONE, /* no more paths */
    LK_FOUND_PATH,
    LK_FOUND_BUDGET /* steps used up */
} lk_found;

typedef struct lk_search {
    const lockstep_trust *trust;
    const lk_cert *certs; /* certs[0] is the leaf */
    size_t num_certs;
    size_t max_depth; /* most intermediates in a path, self-issued ones not counted */
    unsigned steps;
    bool started;
    bool cut;     /* some path was given up because it grew longer than allowed */
    size_t depth; /* presented certificates on the path now */
    struct {
        uint8_t cert;       /* index into certs */
        uint8_t turn;       /* which kind of issuer is tried now, see search.c */
        uint8_t between;    /* intermediates up to this one, self-issued ones not counted */
        bool opened;        /* whether `anchors` and `left` were set for this turn */
        lk_cert_set barred; /* certificates that may not come on top of this path */
        lk_cert_set left;   /* presented issuers still to try in this turn */
        lk_anchor_iter anchors;
    } path[LK_PATH_MAX];
    size_t num_deepest; /* the longest way up that was found, to explain a failure with */
    const lk_cert *deepest[LK_PATH_MAX];
    /* Who may have issued whom, worked out once, since names can be long and steps many. */
    struct {
        lk_cert_set issuers[3]; /* presented certificates of the issuer's name, by key identifier */
        lk_cert_set same;       /* those with the same subject and key, itself among them */
        lk_anchor_iter anchors; /* of the issuer's name */
    } about[LK_SEARCH_MAX_CERTS];
} lk_search;

/* lk_search_start prepares a search among at most LK_SEARCH_MAX_CERTS certificates (more are left
 * aside); `max_depth` is LK_ANY_DEPTH or fewer. All is borrowed. */
void lk_search_start(lk_search *s, const lockstep_trust *trust, const lk_cert *certs,
                     size_t num_certs, size_t max_depth);

/* lk_search_next sets `*out` to the next candidate. */
lk_found lk_search_next(lk_search *s, lk_path *out);

/* lk_search_prune says that no path that begins with the first `n` certificates of the last one can
 * be good; those are not proposed any more. */
void lk_search_prune(lk_search *s, size_t n);

#endif
