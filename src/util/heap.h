/*
 * heap.h - where memory comes from.
 *
 * The engine never calls malloc itself: it asks the heap that the application injected
 * (lockstep_env), and gives every block back wiped and with its size.
 */
#ifndef LK_UTIL_HEAP_H
#define LK_UTIL_HEAP_H

#include <lockstep/env.h>

typedef struct lk_heap {
    void *arg;
    void *(*alloc)(void *arg, size_t size);
    void (*release)(void *arg, void *ptr, size_t size);
} lk_heap;

/* lk_heap_default uses malloc and free. */
extern const lk_heap lk_heap_default;

/* lk_heap_of returns the heap of `env`; NULL, or one without memory functions: the default. */
lk_heap lk_heap_of(const lockstep_env *env);

/* lk_alloc returns `size` zeroed bytes, or NULL. */
void *lk_alloc(const lk_heap *heap, size_t size);

/* lk_release wipes and gives back what lk_alloc returned; `size` as allocated. NULL is allowed. */
void lk_release(const lk_heap *heap, void *ptr, size_t size);

/* lk_release_used gives back `size` bytes of which only the first `used` were written. */
void lk_release_used(const lk_heap *heap, void *ptr, size_t size, size_t used);

/* lk_copy_of returns a copy of `p_len` bytes with a NUL behind them (not counted; release
 * p_len + 1), or NULL. */
void *lk_copy_of(const lk_heap *heap, const void *p, size_t p_len);

#endif
