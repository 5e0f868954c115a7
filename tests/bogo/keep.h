/*
 * keep.h - memory that is kept until the program ends, which is soon.
 */
#ifndef LK_BOGO_KEEP_H
#define LK_BOGO_KEEP_H

#include "util/heap.h"

/* bogo_heap gives memory and takes none back. */
extern const lk_heap bogo_heap;

#endif
