#include "x509/general_name.h"

#include "x509/der.h"
#include "x509/dn.h"

static bool is_ia5(lk_slice s) {
    for (size_t i = 0; i < s.p_len; i++)
        if (s.p[i] == 0 || s.p[i] >= 0x80)
            return false;
    return true;
}

bool lk_general_name_read(lk_reader *r, lk_general_name *out) {
    /* Whether each alternative is constructed; RFC 5280 appendix A.2 tags them implicitly but for
     * directoryName, a CHOICE, whose tag is explicit (X.680 §31.2.7). */
    static const bool constructed[] = {true, false, false, true, true, true, false, false, false};
    lk_reader at = *r;
    lk_der element;
    if (!lk_der_any(&at, &element) || (element.tag & 0xc0) != 0x80)
        return false;
    unsigned kind = element.tag & 0x1f;
    if (kind > LK_GN_REGISTERED_ID || ((element.tag & 0x20) != 0) != constructed[kind])
        return false;
    if ((kind == LK_GN_EMAIL || kind == LK_GN_DNS || kind == LK_GN_URI) && !is_ia5(element.content))
        return false;
    if (kind == LK_GN_DIRECTORY && !lk_dn_valid(element.content))
        return false;
    if (kind == LK_GN_REGISTERED_ID && !lk_der_oid_valid(element.content))
        return false;
    out->kind = (lk_general_name_kind)kind;
    out->value = element.content;
    *r = at;
    return true;
}
