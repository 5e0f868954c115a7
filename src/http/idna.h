/*
 * idna.h - names beyond ASCII, as people type them, into A-labels (RFC 5891).
 */
#ifndef LK_HTTP_IDNA_H
#define LK_HTTP_IDNA_H

#include <stdbool.h>
#include <stddef.h>

/* lk_idna_to_ascii writes `name` with its U-labels turned into A-labels ("bücher.test" into
 * "xn--bcher-kva.test"), by IDNA 2008 with the mappings of UTS 46, as browsers do. What is ASCII is
 * left as it is: names in use have underscores, which IDNA would refuse. False: no name that DNS
 * can have, or no room. */
bool lk_idna_to_ascii(char *out, size_t out_len, const char *name);

#endif
