#include "wire/certificate_request.h"

#include "wire/authorities.h"
#include "wire/compressed_certificate.h"

static bool parse_contents(void *into, enum lk_extension_index i, lk_slice data) {
    lk_certificate_request *out = into;
    switch (i) {
    case LK_EXTENSION_signature_algorithms:
        return lk_parse_u16_list(data, &out->schemes);
    case LK_EXTENSION_signature_algorithms_cert:
        return lk_parse_u16_list(data, &out->schemes_cert);
    case LK_EXTENSION_certificate_authorities:
        return lk_parse_authorities(data, &out->authorities);
    case LK_EXTENSION_compress_certificate:
        return lk_parse_compressions(data, &out->compressions);
    default:
        return true; /* "Clients MUST ignore unrecognized extensions." */
    }
}

lockstep_status lk_certificate_request_parse(lk_certificate_request *out, lk_flaw *flaw,
                                             lk_slice body) {
    lk_reader r = lk_reader_of(body);
    memset(out, 0, sizeof *out);
    *flaw = (lk_flaw){0};
    if (!lk_read_vector(&r, 1, 0, 255, &out->context))
        return LOCKSTEP_PEER_DECODE_CERTIFICATE_REQUEST;
    lockstep_status status = lk_parse_extensions(&out->ext, flaw, &r, LK_IN_CERTIFICATE_REQUEST,
                                                 LOCKSTEP_PEER_DECODE_CERTIFICATE_REQUEST);
    if (status != LOCKSTEP_OK)
        return status;
    if ((out->ext.present & lk_extension_bit(signature_algorithms)) == 0)
        return lk_flaw_in(flaw, LK_EXTENSION_signature_algorithms, LOCKSTEP_PEER_EXTENSION_MISSING,
                          NULL);
    return lk_parse_contents(out, flaw, &out->ext, parse_contents);
}

void lk_certificate_request_build(lk_builder *b, const lk_certificate_request_out *request) {
    lk_length message = lk_message_open(b, LK_CERTIFICATE_REQUEST);
    lk_build_u8(b, 0); /* no context: it is for post-handshake authentication (§4.3.2) */
    lk_length all = lk_build_open(b, 2);
    lk_length ext = lk_extension_open(b, LK_EXTENSION_signature_algorithms);
    lk_build_u16_list(b, 2, request->schemes, request->num_schemes);
    lk_build_close(b, ext);
    lk_build_compressions(b, request->compressions, request->num_compressions);
    lk_build_authorities(b, request->authorities);
    lk_build_close(b, all);
    lk_build_close(b, message);
}
