#include "x509/revocation.h"

#include <stddef.h>

const char *lk_reason_name(int reason) {
    static const char *const names[] = {
        "unspecified",   "keyCompromise",        "cACompromise",    "affiliationChanged",
        "superseded",    "cessationOfOperation", "certificateHold", NULL, /* 7 is not used */
        "removeFromCRL", "privilegeWithdrawn",   "aACompromise"};
    if (reason < 0 || (size_t)reason >= sizeof names / sizeof names[0] || names[reason] == NULL)
        return names[0];
    return names[reason];
}
