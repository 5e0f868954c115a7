#include "wire/fields.h"

lockstep_status lk_flaw_in(lk_flaw *flaw, enum lk_extension_index i, lockstep_status status,
                           const char *what) {
    *flaw = (lk_flaw){true, lk_extension_table[i].id, what};
    return status;
}

lockstep_status lk_parse_extensions(lk_extensions *out, lk_flaw *flaw, lk_reader *r, lk_place place,
                                    lockstep_status decode) {
    lk_slice block;
    uint16_t bad;
    if (!lk_read_vector(r, 2, 0, UINT16_MAX, &block) || !lk_reader_done(r))
        return decode;
    lockstep_status status = lk_extensions_parse(out, &bad, block, place, decode);
    if (status == LOCKSTEP_PEER_EXTENSION_DUPLICATE || status == LOCKSTEP_PEER_EXTENSION_PLACE)
        *flaw = (lk_flaw){true, bad, NULL};
    return status;
}

lockstep_status lk_parse_contents(void *out, lk_flaw *flaw, const lk_extensions *ext,
                                  lk_contents parse) {
    for (int i = 0; i < LK_EXTENSION_COUNT; i++)
        if ((ext->present >> i & 1) != 0 && !parse(out, (enum lk_extension_index)i, ext->data[i]))
            return lk_flaw_in(flaw, (enum lk_extension_index)i, LOCKSTEP_PEER_DECODE_EXTENSION,
                              NULL);
    return LOCKSTEP_OK;
}

bool lk_read_u16_list(lk_reader *r, size_t width, lk_u16_list *out) {
    return lk_read_vector(r, width, 2, UINT16_MAX - 1, out) && out->p_len % 2 == 0;
}

bool lk_parse_u16_list(lk_slice data, lk_u16_list *out) {
    lk_reader r = lk_reader_of(data);
    return lk_read_u16_list(&r, 2, out) && lk_reader_done(&r);
}

bool lk_parse_sct_list(lk_slice data) {
    lk_reader r = lk_reader_of(data);
    lk_slice list, sct;
    if (!lk_read_vector(&r, 2, 1, UINT16_MAX, &list) || !lk_reader_done(&r))
        return false;
    for (r = lk_reader_of(list); !lk_reader_done(&r);)
        if (!lk_read_vector(&r, 2, 1, UINT16_MAX, &sct))
            return false;
    return true;
}

bool lk_protocol_list_next(lk_slice *list, lk_slice *name) {
    lk_reader r = lk_reader_of(*list);
    if (!lk_read_vector(&r, 1, 1, 255, name))
        return false;
    *list = lk_reader_rest(&r);
    return true;
}

bool lk_parse_protocol_list(lk_slice data, lk_slice *out) {
    lk_reader r = lk_reader_of(data);
    lk_slice name;
    if (!lk_read_vector(&r, 2, 2, UINT16_MAX, out) || !lk_reader_done(&r))
        return false;
    lk_slice rest = *out;
    while (rest.p_len > 0)
        if (!lk_protocol_list_next(&rest, &name))
            return false;
    return true;
}

bool lk_parse_protocol(lk_slice data, lk_slice *name) {
    lk_slice list;
    return lk_parse_protocol_list(data, &list) && lk_protocol_list_next(&list, name) &&
           list.p_len == 0;
}

bool lk_parse_key_share_entry(lk_reader *r, uint16_t *group, lk_slice *key_exchange) {
    return lk_read_u16(r, group) && lk_read_vector(r, 2, 1, UINT16_MAX, key_exchange);
}

void lk_build_u16_list(lk_builder *b, size_t width, const uint16_t *list, size_t num_list) {
    lk_length length = lk_build_open(b, width);
    for (size_t i = 0; i < num_list; i++)
        lk_build_u16(b, list[i]);
    lk_build_close(b, length);
}

void lk_build_protocol(lk_builder *b, lk_slice name) {
    if (name.p_len == 0)
        return;
    lk_length ext = lk_extension_open(b, LK_EXTENSION_application_layer_protocol_negotiation);
    lk_length list = lk_build_open(b, 2);
    lk_build_vector(b, 1, name);
    lk_build_close(b, list);
    lk_build_close(b, ext);
}

void lk_build_record_size_limit(lk_builder *b, uint16_t limit) {
    if (limit == 0)
        return;
    lk_length ext = lk_extension_open(b, LK_EXTENSION_record_size_limit);
    lk_build_u16(b, limit);
    lk_build_close(b, ext);
}

lk_length lk_message_open(lk_builder *b, lk_handshake_type type) {
    lk_build_u8(b, (uint8_t)type);
    return lk_build_open(b, 3);
}
