/*
 * crl_points.c - where revocation lists are to be had, and how long they hold (lockstep_crl_*), for
 * programs that fetch and keep them.
 */
#include <lockstep/x509.h>

#include "util/heap.h"
#include "util/pem.h"
#include "x509/crl.h"

bool lockstep_crl_url(char *out, size_t out_len, const uint8_t *der, size_t der_len, size_t i) {
    lk_cert cert;
    lk_slice uri;
    size_t from = 0;
    if (out == NULL || der == NULL ||
        lk_cert_parse(&cert, lk_slice_of(der, der_len)) != LOCKSTEP_OK)
        return false;
    do {
        if (!lk_crl_point_next(&cert, &from, &uri))
            return false;
    } while (i-- > 0);
    if (uri.p_len == 0 || uri.p_len >= out_len)
        return false;
    for (size_t k = 0; k < uri.p_len; k++) {
        if (uri.p[k] <= ' ' || uri.p[k] >= 0x7f)
            return false;
        out[k] = (char)uri.p[k];
    }
    out[uri.p_len] = '\0';
    return true;
}

lockstep_status lockstep_crl_window(int64_t *this_update_ms, int64_t *next_update_ms,
                                    const uint8_t *bytes, size_t bytes_len) {
    if (this_update_ms == NULL || next_update_ms == NULL || bytes == NULL)
        return LOCKSTEP_ERR_USAGE;
    lk_slice text = lk_slice_of(bytes, bytes_len);
    lk_buffer der = lk_buffer_of(&lk_heap_default, LK_CRL_MAX_BYTES);
    const char *why;
    lk_crl crl;
    bool is_pem = bytes_len > 0 && bytes[0] != 0x30 && lk_pem_next(&text, "X509 CRL", &der) == 1;
    lockstep_status status =
        lk_crl_parse(&crl, &why, is_pem ? lk_buffer_slice(&der) : lk_slice_of(bytes, bytes_len));
    if (status == LOCKSTEP_OK) {
        *this_update_ms = crl.this_update * 1000;
        *next_update_ms = crl.next_update * 1000;
    }
    lk_buffer_free(&der);
    return status;
}
