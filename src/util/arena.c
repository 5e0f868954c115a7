#include "util/arena.h"

#include <stddef.h>

#define CHUNK_SIZE 4096

struct lk_arena_chunk {
    lk_arena_chunk *next;
    size_t used, size; /* of `bytes` */
    _Alignas(max_align_t) uint8_t bytes[];
};

void *lk_arena_alloc(lk_arena *arena, size_t size) {
    const size_t align = _Alignof(max_align_t);
    if (size > SIZE_MAX / 2)
        return NULL;
    size = (size + align - 1) / align * align;
    if (arena->own_size - arena->own_used >= size) {
        arena->own_used += size;
        return memset(arena->own + arena->own_used - size, 0, size);
    }
    lk_arena_chunk *chunk = arena->chunks;
    if (chunk == NULL || chunk->size - chunk->used < size) {
        size_t room = size > CHUNK_SIZE ? size : CHUNK_SIZE;
        chunk = arena->heap->alloc(arena->heap->arg, sizeof *chunk + room);
        if (chunk == NULL)
            return NULL;
        chunk->used = 0;
        chunk->size = room;
        chunk->next = arena->chunks;
        arena->chunks = chunk;
    }
    void *p = chunk->bytes + chunk->used;
    chunk->used += size;
    return memset(p, 0, size);
}

bool lk_arena_copy(lk_arena *arena, lk_slice *out, lk_slice s) {
    uint8_t *p = lk_arena_alloc(arena, s.p_len);
    if (p == NULL)
        return false;
    if (s.p_len > 0)
        memcpy(p, s.p, s.p_len);
    *out = lk_slice_of(p, s.p_len);
    return true;
}

void lk_arena_free(lk_arena *arena) {
    while (arena->chunks != NULL) {
        lk_arena_chunk *chunk = arena->chunks;
        arena->chunks = chunk->next;
        lk_release_used(arena->heap, chunk, sizeof *chunk + chunk->size,
                        sizeof *chunk + chunk->used);
    }
}
