/*
 * authorities.h - certificate_authorities (RFC 8446 §4.2.4): names of CAs whose certificates the
 * sender would like.
 */
#ifndef LK_WIRE_AUTHORITIES_H
#define LK_WIRE_AUTHORITIES_H

#include "wire/fields.h"

/* lk_parse_authorities reads the contents of the extension to a list whose names are checked to
 * have a length; what is in them is not looked at. */
bool lk_parse_authorities(lk_slice data, lk_slice *list);

/* lk_authority_next takes the next DistinguishedName off `*list`; false at the end. */
bool lk_authority_next(lk_slice *list, lk_slice *name);

/* lk_build_authorities writes the extension with a list of names that lk_build_authority wrote; an
 * empty one: nothing. */
void lk_build_authorities(lk_builder *b, lk_slice list);
void lk_build_authority(lk_builder *b, lk_slice name);

#endif
