/*
 * dissect_x509.h - the pieces of certificates (RFC 5280), as dissect.h.
 */
#ifndef LK_WALK_DISSECT_X509_H
#define LK_WALK_DISSECT_X509_H

#include "walk/der_parts.h"

/* AlgorithmIdentifier (§4.1.1.2) */
bool lk_dissect_algorithm(lk_part *p, const char *name, const char *text);

/* SubjectPublicKeyInfo (§4.1.2.7) */
bool lk_dissect_spki(lk_part *p, const char *name, const char *text);

/* Name (§4.1.2.4), and what is in one RelativeDistinguishedName. */
bool lk_dissect_name(lk_part *p, const char *name, const char *text);
bool lk_dissect_rdn(lk_part *p);

/* GeneralName (§4.2.1.6): lk_dissect_general_name reads one, of a subtree of constraints or not;
 * lk_dissect_general_names what is in a list, and notes each in `summary`. */
bool lk_dissect_general_name(lk_part *p, bool subtree, lk_summary *summary);
bool lk_dissect_general_names(lk_part *p, lk_summary *summary);

/* Extensions (§4.1.2.9): a SEQUENCE of them, of a certificate or of what else has such. */
bool lk_dissect_x509_extensions(lk_part *p);

/* The contents of extnValue (§4.2). `extension` is the field of the whole extension, for its
 * value. */
bool lk_dissect_extension_value(lk_part *p, lk_slice oid, lk_part *extension);

/* lk_extension_text says what an extension is for; "" of an unknown one. */
const char *lk_extension_text(lk_slice oid);

/* Certificate (§4.1) */
bool lk_dissect_x509(lk_part *p, const char *text);

#endif
