#include "x509/domain.h"

#include <lockstep/x509.h>

#include <idn2.h>
#include <libpsl.h>
#include <stdlib.h>

#define NAME_MAX_BYTES 253 /* RFC 1035 §2.3.4 */

/* to_text copies a name with a NUL behind it, in lower case. */
static bool to_text(char out[NAME_MAX_BYTES + 1], lk_slice name) {
    if (name.p_len == 0 || name.p_len > NAME_MAX_BYTES || memchr(name.p, 0, name.p_len) != NULL)
        return false;
    for (size_t i = 0; i < name.p_len; i++)
        out[i] = (char)(name.p[i] >= 'A' && name.p[i] <= 'Z' ? name.p[i] + ('a' - 'A') : name.p[i]);
    out[name.p_len] = '\0';
    return true;
}

bool lk_is_public_suffix(lk_slice name) {
    char text[NAME_MAX_BYTES + 1];
    /* The private part of the list ("github.io") is left out: who runs such a domain does get
     * wildcards for it. libpsl says yes to everything where it has no list. */
    return !to_text(text, name) ||
           psl_is_public_suffix2(psl_builtin(), text, PSL_TYPE_ICANN | PSL_TYPE_NO_STAR_RULE);
}

bool lockstep_is_public_suffix(const char *name) {
    return name != NULL && lk_is_public_suffix(lk_slice_of_str(name));
}

bool lk_a_labels_ok(lk_slice name) {
    char text[NAME_MAX_BYTES + 1], *unicode = NULL;
    if (!to_text(text, name))
        return false;
    if (strncmp(text, "xn--", 4) != 0 && strstr(text, ".xn--") == NULL)
        return true;
    bool ok = idn2_to_unicode_8z8z(text, &unicode, 0) == IDN2_OK;
    idn2_free(unicode);
    return ok;
}
