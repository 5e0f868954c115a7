/*
 * plan.h - a random chain: a good one first, then changes ("mutations") to it.
 *
 * All comes from one seed. A plan is a list of certificates still to be forged; the first `depth`
 * of them are the chain, spec 0 the leaf and spec `depth` - 1 the root, and the others stand beside
 * it.
 */
#ifndef LK_TESTS_PLAN_H
#define LK_TESTS_PLAN_H

#include "support/forge.h"

#define PLAN_MAX_DEPTH     5
#define PLAN_MAX_CERTS     24
#define PLAN_MAX_MUTATIONS 2

typedef struct planned {
    forge_spec spec;
    bool sent, trusted, sent_first; /* sent_first: before all others but the leaf */
    bool sha1;                      /* signed with SHA-1 after all */
    lk_slice der;                   /* set by plan_forge */
} planned;

typedef enum mutation_id {
    MUTATION_NONE,
#define LK_X(id, where, truth, text) MUTATION_##id,
#include "differential/mutations.inc"
#undef LK_X
    NUM_MUTATIONS
} mutation_id;

/* Which certificate a mutation falls on. */
typedef enum where { LEAF, ROOT, MIDDLE, CA, BELOW_ROOT, ANY, CHAIN } where;

/* What the chain is worth with this mutation alone. */
typedef enum truth { GOOD, BAD, OPEN /* of several together */ } truth;

typedef struct plan {
    uint64_t random; /* state */
    size_t depth, num;
    planned certs[PLAN_MAX_CERTS];
    const char *name; /* asked for; NULL: purpose of a client */
    bool shuffled;
    size_t num_mutations;
    struct {
        mutation_id id;
        size_t level;
    } mutations[PLAN_MAX_MUTATIONS];
    /* when forged */
    lk_slice chain[LK_SEARCH_MAX_CERTS], anchors[PLAN_MAX_CERTS];
    size_t num_chain, num_anchors;
} plan;

/* plan_random returns a number below `n`. */
unsigned plan_random(plan *p, unsigned n);

/* plan_make makes the plan of number `number`, mutated. */
void plan_make(plan *p, uint64_t number);

/* plan_forge writes the certificates; forge_free_all releases them. */
void plan_forge(plan *p);

/* plan_has: was it mutated so? */
bool plan_has(const plan *p, mutation_id id);

/* plan_truth is what the mutations tell: OPEN if there are several. */
truth plan_truth(const plan *p);

void plan_print(const plan *p);

/* ---- mutations.c ---- */
void mutate(plan *p, mutation_id id, size_t level);
where mutation_where(mutation_id id);
truth mutation_truth(mutation_id id);
const char *mutation_text(mutation_id id);

#endif
