/*
 * forge.h - certificates of any shape, right and wrong, for the tests of x509.
 *
 * A forge_spec says what is to be written; what it leaves zero takes the value of a good
 * certificate. The bytes are put together by hand, so that a certificate can be wrong in ways in
 * which lockstep_issue never is. Keys come from a pool that lives as long as the process.
 */
#ifndef LK_TESTS_FORGE_H
#define LK_TESTS_FORGE_H

#include <lockstep/x509.h>

#include "crypto/keys.h"
#include "x509/der_build.h"
#include "x509/judge.h"
#include "x509/oid.h"

#define FORGE_NOW INT64_C(1795262400) /* 2026-11-21T12:00:00Z */
#define FORGE_DAY INT64_C(86400)

/* forge_key returns the `n`-th key of its kind; `bits` counts for RSA only. */
#define FORGE_MAX_KEYS 96
const lk_private_key *forge_key(lk_key_kind kind, unsigned bits, unsigned n);

/* forge_p256 is what most certificates here have. */
const lk_private_key *forge_p256(unsigned n);

/* forge_algorithm returns what everything here signs with. */
lk_signature_algorithm forge_algorithm(const lk_private_key *key);

typedef struct forge_spec {
    /* who */
    const char *subject, *issuer; /* common names; "" writes an empty name, NULL "leaf" and "ca" */
    const char *organization;     /* of the subject */
    const lk_private_key *key, *signer;
    int64_t not_before, not_after; /* seconds; both 0: from 10 days ago to 10 days from now */
    bool odd_time;                 /* dates as GeneralizedTime, whatever the year */
    /* what for */
    bool ca, no_basic, basic_not_critical;
    int path_length;       /* -1: none (0 with a CA: 0) */
    uint16_t key_usage;    /* 0: by `ca`; FORGE_NONE: no extension */
    const char *purposes;  /* "s" server, "c" client, "a" any, "o" OCSP signing, "x" code signing;
                              NULL: by `ca`; "-": no extension */
    const char *names[12]; /* "DNS:a", "IP:1.2.3.4", "EMAIL:a@b", "URI:x", "DIR:common name",
                              "OTHER:" */
    bool names_critical;
    const char *permitted[6], *excluded[6]; /* the same; IP:address/mask bits */
    bool constraints_not_critical;
    /* oddities */
    unsigned version; /* 0: 3 */
    lk_slice serial;  /* contents of the INTEGER; empty: 01 and up */
    bool no_skid, no_akid, other_akid, akid_critical;
    lk_oid extra;       /* one more extension of this kind ... */
    lk_slice extra_oid; /* ... or with this identifier */
    bool extra_critical, extra_twice;
    lk_slice extra_value;  /* NULL if nothing is given */
    lk_slice inner, outer; /* AlgorithmIdentifiers to write instead of the right one */
    lk_slice spki;         /* instead of that of `key` */
    bool bad_signature;    /* one bit of it flipped */
} forge_spec;

#define FORGE_NONE ((uint16_t)0x8000)

/* forge appends the certificate to a list that forge_free_all releases, and returns it. */
lk_slice forge(const forge_spec *spec);
void forge_free_all(void);

/* forge_tear_down calls forge_free_all, in the form of a group's last step (cmocka). */
int forge_tear_down(void **state);

/* forge_keep returns an empty buffer that forge_free_all releases. */
lk_buffer *forge_keep(void);

/* A root, an intermediate below it and a leaf for a.test and 127.0.0.1 below that; their keys are
 * the pool's 1, 2 and 0. */
forge_spec forge_root(void);
forge_spec forge_middle(void);
forge_spec forge_leaf(void);

/* forge_pem returns a lent PEM text, NUL-terminated, that forge_free_all releases. */
const char *forge_pem(lk_slice der);

/* forge_trust returns a trust of the given anchors. */
lockstep_trust *forge_trust(const lk_slice *anchors, size_t n);

/* forge_case is what forge_judge judges: at FORGE_NOW; `name` NULL: the client purpose. */
lockstep_case forge_case(const lockstep_trust *trust, const lk_slice *chain, size_t n,
                         const char *name);

/* forge_judge judges a forge_case. The report, if wanted, is the
 * caller's. */
lockstep_status forge_judge(lockstep_report **report, const lockstep_trust *trust,
                            const lk_slice *chain, size_t n, const char *name);

/* forge_put_extension appends one Extension; with an empty `value` it is that of a NULL. */
void forge_put_extension(lk_builder *b, lk_oid oid, bool critical, lk_slice value);

#endif
