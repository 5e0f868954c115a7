/*
 * crl_scope.c - distribution points: which lists a certificate names (RFC 5280 §4.2.1.13), and
 * whether a list takes it in (§5.2.5, §6.3.3 (b)).
 */
#include "x509/crl.h"
#include "x509/der.h"
#include "x509/general_name.h"

/* A place in cRLDistributionPoints: the point and the name in its fullName that come next, as
 * offsets. Both fit 16 bits since no certificate is longer (LK_CERT_MAX_BYTES), so a place is one
 * size_t and stepping through all names stays linear. */
typedef struct place {
    size_t point, name;
} place;

#define MAX_OFFSET 0xffffu

/*
 * open_point reads DistributionPoint ::= SEQUENCE { distributionPoint [0] OPTIONAL, reasons [1]
 * OPTIONAL, cRLIssuer [2] OPTIONAL } and sets `*names` to its fullName; to nothing if the point is
 * not about the complete list of the certificate's own issuer.
 */
static bool open_point(lk_reader *points, lk_reader *names) {
    lk_reader inside, choice;
    *names = lk_reader_of(lk_slice_of(NULL, 0));
    if (!lk_der_open(points, LK_DER_SEQUENCE, &inside))
        return false;
    if (!lk_der_next_is(&inside, LK_DER_CONTEXT_CONSTRUCTED(0)))
        return true;
    if (!lk_der_open(&inside, LK_DER_CONTEXT_CONSTRUCTED(0), &choice))
        return false;
    if (!lk_reader_done(&inside) || !lk_der_next_is(&choice, LK_DER_CONTEXT_CONSTRUCTED(0)))
        return true;
    return lk_der_open(&choice, LK_DER_CONTEXT_CONSTRUCTED(0), names) && lk_reader_done(&choice);
}

/* next_name steps through the names of all such points. */
static bool next_name(lk_slice value, place *at, lk_general_name *out) {
    lk_reader whole = lk_reader_of(value), points, names;
    lk_slice skipped;
    if (value.p_len > MAX_OFFSET || !lk_der_open(&whole, LK_DER_SEQUENCE, &points) ||
        !lk_reader_done(&whole) || !lk_read_bytes(&points, at->point, &skipped))
        return false;
    while (!lk_reader_done(&points)) {
        size_t before = points.left;
        if (!open_point(&points, &names) || !lk_read_bytes(&names, at->name, &skipped))
            return false;
        if (!lk_reader_done(&names)) {
            size_t left = names.left;
            if (!lk_general_name_read(&names, out))
                return false;
            at->name += left - names.left;
            return true;
        }
        at->point += before - points.left;
        at->name = 0;
    }
    return false;
}

bool lk_crl_point_next(const lk_cert *cert, size_t *from, lk_slice *uri) {
    place at = {*from & MAX_OFFSET, *from >> 16};
    lk_general_name name;
    while (next_name(cert->ext[LK_EXT_CRL_POINTS], &at, &name)) {
        *from = at.name << 16 | at.point;
        if (name.kind == LK_GN_URI) {
            *uri = name.value;
            return true;
        }
    }
    return false;
}

/* names_point says whether the certificate names one of the list's points. §6.3.3 (b) (2) (i):
 * "verify that one of the names in the IDP matches one of the names in the DP". */
static bool names_point(const lk_cert *cert, lk_slice points) {
    place at = {0, 0};
    lk_general_name of_cert, of_list;
    while (next_name(cert->ext[LK_EXT_CRL_POINTS], &at, &of_cert)) {
        lk_reader r = lk_reader_of(points);
        while (lk_general_name_read(&r, &of_list))
            if (of_list.kind == of_cert.kind && lk_slice_equal(of_list.value, of_cert.value))
                return true;
    }
    return false;
}

bool lk_crl_covers(const lk_crl *crl, const lk_cert *cert) {
    if ((crl->only_user_certs && cert->is_ca) || (crl->only_ca_certs && !cert->is_ca))
        return false;
    return crl->points.p_len == 0 || names_point(cert, crl->points);
}
