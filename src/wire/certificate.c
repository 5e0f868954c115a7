#include "wire/certificate.h"

#include "wire/delegated_credential.h"

/* parse_status: CertificateStatus (RFC 6066 §8), of type ocsp. */
static bool parse_status(lk_slice *out, lk_slice data) {
    lk_reader r = lk_reader_of(data);
    uint8_t type;
    return lk_read_u8(&r, &type) && type == LK_STATUS_OCSP &&
           lk_read_vector(&r, 3, 1, (1 << 24) - 1, out) && lk_reader_done(&r);
}

/* parse_contents reads the extensions of an entry that mean something here. */
static bool parse_contents(lk_certificate *out, const lk_extensions *ext) {
    lk_reader data;
    if (lk_extension_has(ext, LK_EXTENSION_status_request, &data) &&
        !parse_status(&out->ocsp[out->num_chain], lk_reader_rest(&data)))
        return false;
    /* "SHOULD ignore delegated credentials sent as extensions to any other certificate" (RFC 9345
     * §4.1.1) */
    if (lk_extension_has(ext, LK_EXTENSION_delegated_credential, &data) && out->num_chain == 0) {
        lk_delegated_credential dc;
        if (!lk_delegated_credential_parse(&dc, lk_reader_rest(&data)))
            return false;
        out->delegated = lk_reader_rest(&data);
    }
    if (lk_extension_has(ext, LK_EXTENSION_signed_certificate_timestamp, &data)) {
        lk_slice whole = lk_reader_rest(&data);
        if (!lk_parse_sct_list(whole))
            return false;
        if (out->num_chain == 0)
            out->scts = whole;
    }
    return true;
}

lockstep_status lk_certificate_parse(lk_certificate *out, lk_flaw *flaw, lk_slice body) {
    const lockstep_status decode = LOCKSTEP_PEER_DECODE_CERTIFICATE;
    lk_reader r = lk_reader_of(body);
    lk_slice list;
    memset(out, 0, sizeof *out);
    *flaw = (lk_flaw){0};
    if (!lk_read_vector(&r, 1, 0, 255, &out->context) ||
        !lk_read_vector(&r, 3, 0, (1 << 24) - 1, &list) || !lk_reader_done(&r))
        return decode;
    for (r = lk_reader_of(list); !lk_reader_done(&r);) {
        lk_slice cert, block;
        lk_extensions ext;
        uint16_t bad;
        if (!lk_read_vector(&r, 3, 1, (1 << 24) - 1, &cert) ||
            !lk_read_vector(&r, 2, 0, UINT16_MAX, &block))
            return decode;
        lockstep_status status = lk_extensions_parse(&ext, &bad, block, LK_IN_CERTIFICATE, decode);
        if (status != LOCKSTEP_OK) {
            *flaw = (lk_flaw){status != decode, bad, NULL};
            return status;
        }
        if (out->num_chain == LK_CHAIN_MAX)
            return LOCKSTEP_CERT_CHAIN_TOO_LONG;
        if (!parse_contents(out, &ext))
            return decode;
        out->chain[out->num_chain++] = cert;
        out->extensions |= ext.present;
        if (ext.num_unknown > 0) {
            out->unknown_extension = true;
            out->unknown_id = ext.first_unknown;
        }
    }
    return LOCKSTEP_OK;
}

static void build_status(lk_builder *b, lk_slice ocsp) {
    lk_length ext = lk_extension_open(b, LK_EXTENSION_status_request);
    lk_build_u8(b, LK_STATUS_OCSP);
    lk_build_vector(b, 3, ocsp);
    lk_build_close(b, ext);
}

void lk_certificate_build(lk_builder *b, lk_slice context, const lk_slice *chain, size_t num_chain,
                          lk_slice ocsp, lk_slice scts) {
    lk_length message = lk_message_open(b, LK_CERTIFICATE);
    lk_build_vector(b, 1, context);
    lk_length list = lk_build_open(b, 3);
    for (size_t i = 0; i < num_chain; i++) {
        lk_build_vector(b, 3, chain[i]);
        lk_length extensions = lk_build_open(b, 2);
        if (i == 0 && ocsp.p_len > 0)
            build_status(b, ocsp);
        if (i == 0 && scts.p_len > 0) {
            lk_length ext = lk_extension_open(b, LK_EXTENSION_signed_certificate_timestamp);
            lk_build_bytes(b, scts);
            lk_build_close(b, ext);
        }
        lk_build_close(b, extensions);
    }
    lk_build_close(b, list);
    lk_build_close(b, message);
}
