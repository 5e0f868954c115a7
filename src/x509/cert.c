#include "x509/cert.h"

#include "x509/der.h"
#include "x509/dn.h"

/* read_version: [0] EXPLICIT INTEGER DEFAULT v1 (0). DER leaves the default out (X.690 §11.5). */
static bool read_version(lk_reader *r, unsigned *version) {
    lk_reader inside;
    uint64_t v;
    *version = 1;
    if (!lk_der_next_is(r, LK_DER_CONTEXT_CONSTRUCTED(0)))
        return true;
    if (!lk_der_open(r, LK_DER_CONTEXT_CONSTRUCTED(0), &inside) || !lk_der_uint(&inside, &v) ||
        !lk_reader_done(&inside) || v < 1 || v > 2)
        return false;
    *version = (unsigned)v + 1;
    return true;
}

static bool read_validity(lk_reader *r, lk_cert *out) {
    lk_reader inside;
    return lk_der_open(r, LK_DER_SEQUENCE, &inside) &&
           lk_der_time(&inside, &out->not_before, &out->odd_time) &&
           lk_der_time(&inside, &out->not_after, &out->odd_time) && lk_reader_done(&inside);
}

/* skip_unique_id: issuerUniqueID and subjectUniqueID (§4.1.2.8) are obsolete; read and left alone.
 */
static bool skip_unique_id(lk_reader *r, uint8_t tag, unsigned version) {
    lk_slice bits;
    if (!lk_der_next_is(r, tag))
        return true;
    return version >= 2 && lk_der_read(r, tag, &bits) && bits.p_len > 0 && bits.p[0] < 8;
}

static bool read_name(lk_reader *r, lk_slice *name) {
    return lk_der_whole(r, LK_DER_SEQUENCE, name) && lk_dn_valid(*name);
}

static bool read_extensions(lk_reader r, lk_cert *out) {
    lk_slice seen[LK_CERT_MAX_EXTENSIONS], oid, value;
    size_t num_unknown = 0, n = 0;
    lk_reader list;
    bool critical;
    /* Extensions ::= SEQUENCE SIZE (1..MAX) OF Extension */
    if (!lk_der_open(&r, LK_DER_SEQUENCE, &list) || !lk_reader_done(&r) || lk_reader_done(&list))
        return false;
    while (!lk_reader_done(&list)) {
        if (n++ == LK_CERT_MAX_EXTENSIONS || !lk_ext_next(&list, &oid, &critical, &value))
            return false;
        lk_ext ext = lk_ext_of(oid);
        if (ext != LK_EXT_COUNT) {
            /* §4.2: "A certificate MUST NOT include more than one instance of a particular
             * extension." */
            if (lk_cert_has(out, ext) || !lk_ext_read(out, ext, value))
                return false;
            out->present |= LK_EXT_BIT(ext);
            out->critical |= critical ? LK_EXT_BIT(ext) : 0;
            out->ext[ext] = value;
            continue;
        }
        for (size_t i = 0; i < num_unknown; i++)
            if (lk_slice_equal(seen[i], oid))
                return false;
        seen[num_unknown++] = oid;
        if (critical && !out->unknown_critical) {
            out->unknown_critical = true;
            out->unknown_critical_oid = oid;
        }
    }
    return true;
}

static bool read_tbs(lk_cert *out) {
    lk_reader whole = lk_reader_of(out->tbs), r, extensions;
    lk_slice algorithm;
    if (!lk_der_open(&whole, LK_DER_SEQUENCE, &r) || !read_version(&r, &out->version) ||
        !lk_der_integer(&r, &out->serial) || !lk_der_whole(&r, LK_DER_SEQUENCE, &algorithm) ||
        !read_name(&r, &out->issuer) || !read_validity(&r, out) || !read_name(&r, &out->subject) ||
        !lk_der_whole(&r, LK_DER_SEQUENCE, &out->spki_der) ||
        !lk_spki_parse(&out->spki, out->spki_der) ||
        !skip_unique_id(&r, LK_DER_CONTEXT(1), out->version) ||
        !skip_unique_id(&r, LK_DER_CONTEXT(2), out->version))
        return false;
    /* §4.1.1.2: "MUST contain the same algorithm identifier" */
    if (!lk_slice_equal(algorithm, out->algorithm_der))
        return false;
    if (lk_reader_done(&r))
        return true;
    return out->version == 3 && lk_der_open(&r, LK_DER_CONTEXT_CONSTRUCTED(3), &extensions) &&
           lk_reader_done(&r) && read_extensions(extensions, out);
}

lockstep_status lk_cert_parse(lk_cert *out, lk_slice der) {
    lk_reader whole = lk_reader_of(der), r;
    memset(out, 0, sizeof *out);
    out->der = der;
    if (der.p_len > LK_CERT_MAX_BYTES || !lk_der_open(&whole, LK_DER_SEQUENCE, &r) ||
        !lk_reader_done(&whole) || !lk_der_whole(&r, LK_DER_SEQUENCE, &out->tbs) ||
        !lk_der_whole(&r, LK_DER_SEQUENCE, &out->algorithm_der) ||
        !lk_der_bit_octets(&r, &out->signature) || !lk_reader_done(&r) || !read_tbs(out))
        return LOCKSTEP_CERT_MALFORMED;
    out->algorithm = lk_signature_algorithm_of(out->algorithm_der);
    return LOCKSTEP_OK;
}

lockstep_status lk_cert_public_key(lk_public_key **out, const lk_crypto *crypto,
                                   const lk_cert *cert) {
    return lk_spki_public_key(out, crypto, &cert->spki);
}
