/*
 * env.h - all that the library asks of the outside.
 */
#ifndef LOCKSTEP_ENV_H
#define LOCKSTEP_ENV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct lockstep_note; /* one step of a handshake, for display; lockstep/note.h */

/*
 * A zeroed field takes the default: the system's clock, random source and heap, no key log and no
 * observer. Tests and fuzzers set every field, which makes a connection a pure function of its
 * input. `arg` is passed back unchanged. Set alloc and release both or neither.
 */
typedef struct lockstep_env {
    void *arg;
    int64_t (*now_ms)(void *arg);                            /* since 1970-01-01T00:00:00Z */
    bool (*random)(void *arg, uint8_t *out, size_t out_len); /* false: none to be had */
    void *(*alloc)(void *arg, size_t size);                  /* as malloc */
    void (*release)(void *arg, void *ptr, size_t size); /* `size` as allocated; already wiped */
    void (*keylog)(void *arg, const char *line);        /* RFC 9850 line; exposes secrets */
    void (*note)(void *arg, const struct lockstep_note *note);
} lockstep_env;

#ifdef __cplusplus
}
#endif

#endif /* LOCKSTEP_ENV_H */
