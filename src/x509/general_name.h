/*
 * general_name.h - GeneralName (RFC 5280 §4.2.1.6), as subjectAltName and nameConstraints hold
 * them.
 */
#ifndef LK_X509_GENERAL_NAME_H
#define LK_X509_GENERAL_NAME_H

#include "util/reader.h"

typedef enum lk_general_name_kind { /* the numbers are those of the CHOICE's tags */
                                    LK_GN_OTHER = 0,
                                    LK_GN_EMAIL = 1,
                                    LK_GN_DNS = 2,
                                    LK_GN_X400 = 3,
                                    LK_GN_DIRECTORY = 4,
                                    LK_GN_EDI = 5,
                                    LK_GN_URI = 6,
                                    LK_GN_IP = 7,
                                    LK_GN_REGISTERED_ID = 8
} lk_general_name_kind;

#define LK_GN_BIT(kind) (1u << (kind))

typedef struct lk_general_name {
    lk_general_name_kind kind;
    lk_slice value; /* contents; of a directoryName the whole Name */
} lk_general_name;

/*
 * lk_general_name_read reads the next name. Of e-mail addresses, DNS names and URIs it demands
 * IA5String without NUL: an embedded NUL has only ever served to deceive. The length of an IP
 * address is the caller's to check, since in a constraint it is twice as long. Directory names are
 * checked as lk_dn_valid does.
 */
bool lk_general_name_read(lk_reader *r, lk_general_name *out);

#endif
