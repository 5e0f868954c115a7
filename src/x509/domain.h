/*
 * domain.h - what is known about DNS names beyond their letters: which are public suffixes, and
 * which A-labels stand for something.
 */
#ifndef LK_X509_DOMAIN_H
#define LK_X509_DOMAIN_H

#include "util/bytes.h"

/* lk_is_public_suffix: does a registry give names under `name` to anybody (publicsuffix.org, the
 * ICANN part, as compiled into libpsl)? A wildcard directly under such a name would be for all of
 * them (CA/B BR §3.2.2.6). Names that no rule is about are none. */
bool lk_is_public_suffix(lk_slice name);

/* lk_a_labels_ok: each label that begins with "xn--" decodes by Punycode (RFC 5891 §4.2.1). Whether
 * IDNA 2008 allows what it stands for is the registry's concern: names in use break it. */
bool lk_a_labels_ok(lk_slice name);

#endif
