#include "wire/encrypted_extensions.h"

#include "wire/certificate_type.h"
#include "wire/ech_config.h"

static bool parse_contents(void *into, enum lk_extension_index i, lk_slice data) {
    lk_encrypted_extensions *ee = into;
    lk_reader r = lk_reader_of(data);
    lk_slice configs;
    switch (i) {
    case LK_EXTENSION_server_name: /* "The "extension_data" field of this extension SHALL be empty."
                                    */
    case LK_EXTENSION_early_data:
        return data.p_len == 0;
    case LK_EXTENSION_supported_groups:
        return lk_parse_u16_list(data, &ee->groups);
    case LK_EXTENSION_application_layer_protocol_negotiation:
        return lk_parse_protocol(data, &ee->protocol);
    case LK_EXTENSION_server_certificate_type:
        return lk_parse_certificate_type(data, &ee->server_type);
    case LK_EXTENSION_client_certificate_type:
        return lk_parse_certificate_type(data, &ee->client_type);
    case LK_EXTENSION_record_size_limit:
        return lk_read_u16(&r, &ee->record_size_limit) && lk_reader_done(&r);
    case LK_EXTENSION_encrypted_client_hello:
        ee->ech_retry_configs = data;
        return lk_ech_list_parse(&configs, data);
    default:
        return true;
    }
}

lockstep_status lk_encrypted_extensions_parse(lk_encrypted_extensions *out, lk_flaw *flaw,
                                              lk_slice body) {
    lk_reader r = lk_reader_of(body);
    memset(out, 0, sizeof *out);
    *flaw = (lk_flaw){0};
    lockstep_status status = lk_parse_extensions(&out->ext, flaw, &r, LK_IN_ENCRYPTED_EXTENSIONS,
                                                 LOCKSTEP_PEER_DECODE_ENCRYPTED_EXTENSIONS);
    if (status != LOCKSTEP_OK)
        return status;
    return lk_parse_contents(out, flaw, &out->ext, parse_contents);
}

void lk_encrypted_extensions_build(lk_builder *b, const lk_encrypted_extensions_out *ee) {
    lk_length ext, message = lk_message_open(b, LK_ENCRYPTED_EXTENSIONS);
    lk_length all = lk_build_open(b, 2);
    if (ee->server_name)
        lk_build_close(b, lk_extension_open(b, LK_EXTENSION_server_name));
    lk_build_protocol(b, ee->protocol);
    lk_build_record_size_limit(b, ee->record_size_limit);
    if (ee->early_data)
        lk_build_close(b, lk_extension_open(b, LK_EXTENSION_early_data));
    if (ee->has_client_type)
        lk_build_certificate_type(b, LK_EXTENSION_client_certificate_type, ee->client_type);
    if (ee->has_server_type)
        lk_build_certificate_type(b, LK_EXTENSION_server_certificate_type, ee->server_type);
    if (ee->ech_retry_configs.p_len > 0) {
        ext = lk_extension_open(b, LK_EXTENSION_encrypted_client_hello);
        lk_build_bytes(b, ee->ech_retry_configs);
        lk_build_close(b, ext);
    }
    lk_build_close(b, all);
    lk_build_close(b, message);
}
