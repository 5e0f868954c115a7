#include "util/heap.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "util/secret.h"

static void *default_alloc(void *arg, size_t size) {
    (void)arg;
    return malloc(size);
}

static void default_release(void *arg, void *ptr, size_t size) {
    (void)arg;
    (void)size;
    free(ptr);
}

const lk_heap lk_heap_default = {NULL, default_alloc, default_release};

lk_heap lk_heap_of(const lockstep_env *env) {
    if (env == NULL || env->alloc == NULL || env->release == NULL)
        return lk_heap_default;
    return (lk_heap){env->arg, env->alloc, env->release};
}

void *lk_alloc(const lk_heap *heap, size_t size) {
    void *p = heap->alloc(heap->arg, size);
    if (p != NULL)
        memset(p, 0, size);
    return p;
}

void lk_release(const lk_heap *heap, void *ptr, size_t size) {
    lk_release_used(heap, ptr, size, size);
}

void lk_release_used(const lk_heap *heap, void *ptr, size_t size, size_t used) {
    if (ptr == NULL)
        return;
    lk_wipe(ptr, used);
    heap->release(heap->arg, ptr, size);
}

void *lk_copy_of(const lk_heap *heap, const void *p, size_t p_len) {
    if (p_len == SIZE_MAX)
        return NULL;
    uint8_t *copy = heap->alloc(heap->arg, p_len + 1);
    if (copy == NULL)
        return NULL;
    if (p_len > 0)
        memcpy(copy, p, p_len);
    copy[p_len] = 0;
    return copy;
}
