#include "util/secret.h"

#include <stdint.h>
#include <string.h>

void lk_wipe(void *p, size_t n) {
    if (n == 0)
        return;
    memset(p, 0, n);
    /* The barrier makes the zeros observable, so the memset is no dead store. */
    __asm__ volatile("" : : "r"(p) : "memory");
}

bool lk_ct_equal(const void *a, const void *b, size_t n) {
    const uint8_t *x = a, *y = b;
    uint8_t difference = 0;
    for (size_t i = 0; i < n; i++)
        difference |= (uint8_t)(x[i] ^ y[i]);
    /* Hides from the compiler that the loop could stop early. */
    __asm__ volatile("" : "+r"(difference));
    return difference == 0;
}
