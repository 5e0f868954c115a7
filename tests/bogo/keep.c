/*
 * keep.c - memory that is kept until the program ends.
 */
#include "bogo/keep.h"

#include <stdlib.h>

#include "bogo/options.h"

/* All blocks hang together, so that nobody takes them for lost. */
typedef struct block {
    struct block *before;
    max_align_t bytes[];
} block;

static block *last;

static void *keep(void *arg, size_t size) {
    (void)arg;
    block *b = calloc(1, sizeof *b + size);
    if (b == NULL)
        bogo_die("out of memory");
    b->before = last;
    last = b;
    return b->bytes;
}

static void release(void *arg, void *ptr, size_t size) {
    (void)arg, (void)ptr, (void)size;
}

const lk_heap bogo_heap = {NULL, keep, release};
