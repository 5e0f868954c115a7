/*
 * heap.c - malloc and its kin, counted. They stand before glibc's own, which does the work.
 */
#include <errno.h>
#include <malloc.h>
#include <stdlib.h>

#include "pair.h"

extern void *__libc_malloc(size_t);
extern void *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void *, size_t);
extern void *__libc_memalign(size_t, size_t);
extern void __libc_free(void *);

bool heap_counting;

static void *came(void *p) {
    if (p != NULL && heap_counting) {
        heap_counter->live += (long)malloc_usable_size(p) + 8;
        heap_counter->allocations++;
        if (heap_counter->live > heap_counter->peak)
            heap_counter->peak = heap_counter->live;
    }
    return p;
}

static void goes(void *p) {
    if (p != NULL && heap_counting)
        heap_counter->live -= (long)malloc_usable_size(p) + 8;
}

/* Shared libraries must find these before glibc's. */
#pragma GCC visibility push(default)

void *malloc(size_t n) {
    return came(__libc_malloc(n));
}

void *calloc(size_t a, size_t b) {
    return came(__libc_calloc(a, b));
}

void *realloc(void *old, size_t n) {
    goes(old);
    return came(__libc_realloc(old, n));
}

void *memalign(size_t align, size_t n) {
    return came(__libc_memalign(align, n));
}

void *aligned_alloc(size_t align, size_t n) {
    return memalign(align, n);
}

int posix_memalign(void **out, size_t align, size_t n) {
    *out = memalign(align, n);
    return *out == NULL ? ENOMEM : 0;
}

void free(void *p) {
    goes(p);
    __libc_free(p);
}

#pragma GCC visibility pop
