/*
 * forge.h - certificates of any shape, right and wrong, for the tests of x509.
 *
 * The forger is the lab's (lab/forge.h). Keys come from a pool that lives as long as the process.
 */
#ifndef LK_TESTS_FORGE_H
#define LK_TESTS_FORGE_H

#include <lockstep/x509.h>

#include "lab/forge.h"
#include "x509/judge.h"

#define FORGE_NOW INT64_C(1795262400) /* 2026-11-21T12:00:00Z */
#define FORGE_DAY INT64_C(86400)

/* forge_key returns the `n`-th key of its kind; `bits` counts for RSA only. */
#define FORGE_MAX_KEYS 96
const lk_private_key *forge_key(lk_key_kind kind, unsigned bits, unsigned n);

/* forge_p256 is what most certificates here have. */
const lk_private_key *forge_p256(unsigned n);

/* lab/forge.h; here `now` is FORGE_NOW, `key` and `signer` are the pool's 0 and 1, and serials go
 * 01 and up unless they are given. */
typedef lk_forge_spec forge_spec;
#define FORGE_NONE LK_FORGE_NO_USAGE

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

#endif
