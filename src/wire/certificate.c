#include "wire/certificate.h"

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
        out->chain[out->num_chain++] = cert;
        out->extensions |= ext.present;
        if (ext.num_unknown > 0) {
            out->unknown_extension = true;
            out->unknown_id = ext.first_unknown;
        }
    }
    return LOCKSTEP_OK;
}

void lk_certificate_build(lk_builder *b, lk_slice context, const lk_slice *chain,
                          size_t num_chain) {
    lk_length message = lk_message_open(b, LK_CERTIFICATE);
    lk_build_vector(b, 1, context);
    lk_length list = lk_build_open(b, 3);
    for (size_t i = 0; i < num_chain; i++) {
        lk_build_vector(b, 3, chain[i]);
        lk_build_u16(b, 0); /* no extensions */
    }
    lk_build_close(b, list);
    lk_build_close(b, message);
}
