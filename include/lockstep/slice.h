/* slice.h - a borrowed run of bytes; `p` may be NULL when `p_len` is 0. */
#ifndef LOCKSTEP_SLICE_H
#define LOCKSTEP_SLICE_H

#include <stddef.h>
#include <stdint.h>

typedef struct lockstep_slice {
    const uint8_t *p;
    size_t p_len;
} lockstep_slice;

#endif
