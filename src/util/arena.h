/*
 * arena.h - memory that is asked for piece by piece and given back all at once, wiped.
 *
 * A handshake keeps all that it needs until its end in one arena.
 */
#ifndef LK_UTIL_ARENA_H
#define LK_UTIL_ARENA_H

#include "util/bytes.h"
#include "util/heap.h"

typedef struct lk_arena_chunk lk_arena_chunk;

typedef struct lk_arena {
    const lk_heap *heap;
    lk_arena_chunk *chunks;
    uint8_t *own; /* memory of the owner's, used first; what of it was used the owner wipes */
    size_t own_size, own_used;
} lk_arena;

static inline lk_arena lk_arena_of(const lk_heap *heap) {
    return (lk_arena){.heap = heap};
}

/* lk_arena_with begins with `own_size` bytes of the owner's, aligned for any type. */
static inline lk_arena lk_arena_with(const lk_heap *heap, uint8_t *own, size_t own_size) {
    return (lk_arena){.heap = heap, .own = own, .own_size = own_size};
}

/* lk_arena_alloc returns `size` zeroed bytes, aligned for any type, or NULL. */
void *lk_arena_alloc(lk_arena *arena, size_t size);

/* lk_arena_copy copies `s` into the arena; false: no memory. */
bool lk_arena_copy(lk_arena *arena, lk_slice *out, lk_slice s);

void lk_arena_free(lk_arena *arena);

#endif
