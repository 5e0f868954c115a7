#include "http/idna.h"

#include <idn2.h>
#include <stdio.h>
#include <string.h>

#define NAME_BYTES "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._"

bool lk_idna_to_ascii(char *out, size_t out_len, const char *name) {
    bool plain = true;
    char *ascii = NULL;
    for (const char *p = name; *p != '\0'; p++)
        plain = plain && (unsigned char)*p < 0x80;
    if (plain)
        return (size_t)snprintf(out, out_len, "%s", name) < out_len;
    if (idn2_to_ascii_8z(name, &ascii, IDN2_NONTRANSITIONAL) != IDN2_OK)
        return false;
    /* Characters that look like '/' or '@' can be mapped to them: the result is checked again. */
    bool good = ascii[strspn(ascii, NAME_BYTES)] == '\0' &&
                (size_t)snprintf(out, out_len, "%s", ascii) < out_len;
    idn2_free(ascii);
    return good;
}
