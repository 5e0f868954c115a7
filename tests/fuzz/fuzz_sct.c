/*
 * fuzz_sct.c - certificate timestamps from anybody: lists borrow from the input only; a certificate
 * without its SCT list is a certificate still and the same in all else; nothing of it is enough.
 *
 * The input is a list with two bytes of length, then a certificate. One that is not so is taken for
 * both.
 */
#include <stdlib.h>

#include "support/fuzzing.h"
#include "x509/der.h"
#include "x509/der_build.h"
#include "x509/sct.h"

/* The only log has the generator of P-256 for its key, so that seeds can name it. */
static const uint8_t log_spki[] = {
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a,
    0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00, 0x04, 0x6b, 0x17, 0xd1, 0xf2, 0xe1,
    0x2c, 0x42, 0x47, 0xf8, 0xbc, 0xe6, 0xe5, 0x63, 0xa4, 0x40, 0xf2, 0x77, 0x03, 0x7d, 0x81, 0x2d,
    0xeb, 0x33, 0xa0, 0xf4, 0xa1, 0x39, 0x45, 0xd8, 0x98, 0xc2, 0x96, 0x4f, 0xe3, 0x42, 0xe2, 0xfe,
    0x1a, 0x7f, 0x9b, 0x8e, 0xe7, 0xeb, 0x4a, 0x7c, 0x0f, 0x9e, 0x16, 0x2b, 0xce, 0x33, 0x57, 0x6b,
    0x31, 0x5e, 0xce, 0xcb, 0xb6, 0x40, 0x68, 0x37, 0xbf, 0x51, 0xf5};

static const lk_log_set *logs(void) {
    static lk_log_set *set;
    if (set == NULL) {
        set = lk_log_set_new(&lk_heap_default);
        NEED(set != NULL && lk_log_set_add(set, NULL, lk_slice_of(log_spki, sizeof log_spki), "A",
                                           "", LOCKSTEP_LOG_USABLE, 0, 0, 0) == LOCKSTEP_OK);
    }
    return set;
}

static void check_list(lk_slice list) {
    lk_sct scts[LK_SCT_MAX];
    size_t n, again;
    bool parses = lk_sct_list_parse(scts, &n, list);
    NEED(parses || n == 0);
    NEED(n <= LK_SCT_MAX);
    for (size_t i = 0; i < n; i++) {
        NEED(scts[i].log_id.p_len == LK_LOG_ID_LENGTH &&
             inside(scts[i].log_id, list.p, list.p_len));
        NEED(inside(scts[i].extensions, list.p, list.p_len));
        NEED(inside(scts[i].signature, list.p, list.p_len));
    }
    NEED(!parses || !lk_sct_list_parse(scts, &again, lk_slice_of(list.p, list.p_len - 1)));
}

/* check_rebuilt puts `tbs` in the place of the certificate's own and compares the two. */
static void check_rebuilt(const lk_cert *cert, lk_slice tbs) {
    lk_buffer der = lk_buffer_of(&lk_heap_default, 0), out = lk_buffer_of(&lk_heap_default, 0);
    lk_builder b = lk_builder_of(&der);
    lk_cert other;
    size_t at = lk_der_begin(&b, LK_DER_SEQUENCE);
    lk_build_bytes(&b, tbs);
    lk_build_bytes(&b, cert->algorithm_der);
    lk_der_put_bit_octets(&b, cert->signature);
    lk_der_end(&b, at);
    NEED(lk_builder_ok(&b));
    NEED(lk_cert_parse(&other, lk_buffer_slice(&der)) == LOCKSTEP_OK);
    NEED(lk_slice_equal(other.tbs, tbs) && tbs.p_len < cert->tbs.p_len);
    NEED(lk_slice_equal(other.serial, cert->serial) && lk_slice_equal(other.issuer, cert->issuer));
    NEED(lk_slice_equal(other.subject, cert->subject));
    NEED(lk_slice_equal(other.spki_der, cert->spki_der));
    NEED(other.version == cert->version && other.not_before == cert->not_before &&
         other.not_after == cert->not_after);
    NEED(other.present == (cert->present & ~LK_EXT_BIT(LK_EXT_SCT_LIST)));
    NEED(other.critical == (cert->critical & ~LK_EXT_BIT(LK_EXT_SCT_LIST)));
    NEED(other.unknown_critical == cert->unknown_critical);
    NEED(lk_slice_equal(other.unknown_critical_oid, cert->unknown_critical_oid));
    for (int i = 0; i < LK_EXT_COUNT; i++)
        NEED(i == LK_EXT_SCT_LIST ? other.ext[i].p_len == 0
                                  : lk_slice_equal(other.ext[i], cert->ext[i]));
    NEED(!lk_sct_precert_tbs(&out, &other) && lk_buffer_length(&out) == 0);
    lk_buffer_free(&der);
    lk_buffer_free(&out);
}

static void check_cert(lk_slice der, lk_slice list) {
    lk_cert cert;
    lk_slice embedded;
    lk_ct_result result;
    if (lk_cert_parse(&cert, der) != LOCKSTEP_OK)
        return;
    lk_buffer tbs = lk_buffer_of(&lk_heap_default, 0);
    bool rebuilt = lk_sct_precert_tbs(&tbs, &cert);
    NEED(rebuilt == lk_cert_has(&cert, LK_EXT_SCT_LIST));
    if (rebuilt)
        check_rebuilt(&cert, lk_buffer_slice(&tbs));
    lk_buffer_free(&tbs);
    if (lk_sct_embedded(&embedded, &cert)) {
        NEED(inside(embedded, der.p, der.p_len));
        check_list(embedded);
    }
    lk_ct_input in = {.logs = logs(),
                      .cert = &cert,
                      .issuer = &cert,
                      .lists = {[LK_SCT_OCSP] = list, [LK_SCT_TLS] = list},
                      .now_ms = INT64_C(1795262400000),
                      .heap = &lk_heap_default};
    lk_ct_judge(&result, &in);
    NEED(!result.enough && result.why != NULL && result.valid == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    lk_slice whole = lk_slice_of(data, size), list = whole, der = whole;
    lk_reader r = lk_reader_of(whole);
    if (lk_read_vector(&r, 2, 0, 0xffff, &list))
        der = lk_reader_rest(&r);
    check_list(list);
    check_cert(der, list);
    return 0;
}
