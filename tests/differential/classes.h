/*
 * classes.h - why we and a peer disagree about a chain: each disagreement belongs to one class, and
 * docs/differences.md explains each class.
 */
#ifndef LK_TESTS_CLASSES_H
#define LK_TESTS_CLASSES_H

#include "differential/peers.h"
#include "differential/plan.h"

/* A disagreement, as the rules see it. */
typedef struct dispute {
    const plan *plan;
    peer peer;
    bool we_accept;
    lockstep_status status; /* ours */
    const char *ours;       /* what our report says of the check that failed */
    const char *theirs;     /* the peer's words */
} dispute;

/* class_of returns the name of the class, as in docs/differences.md, or NULL: it is not explained.
 */
const char *class_of(const dispute *d);

/* class_name returns the name of class `i`, or NULL behind the last. Classes with more than one
 * rule come more than once, one after the other. */
const char *class_name(size_t i);

#endif
