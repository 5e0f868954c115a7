#include "wire/new_session_ticket.h"

lockstep_status lk_new_session_ticket_parse(lk_new_session_ticket *out, lk_flaw *flaw,
                                            lk_slice body) {
    lk_reader r = lk_reader_of(body), data;
    memset(out, 0, sizeof *out);
    *flaw = (lk_flaw){0};
    if (!lk_read_u32(&r, &out->lifetime) || !lk_read_u32(&r, &out->age_add) ||
        !lk_read_vector(&r, 1, 0, 255, &out->nonce) ||
        !lk_read_vector(&r, 2, 1, UINT16_MAX, &out->ticket))
        return LOCKSTEP_PEER_DECODE_NEW_SESSION_TICKET;
    lockstep_status status = lk_parse_extensions(&out->ext, flaw, &r, LK_IN_NEW_SESSION_TICKET,
                                                 LOCKSTEP_PEER_DECODE_NEW_SESSION_TICKET);
    if (status != LOCKSTEP_OK)
        return status;
    if (lk_extension_has(&out->ext, LK_EXTENSION_early_data, &data) &&
        (!lk_read_u32(&data, &out->max_early_data) || !lk_reader_done(&data)))
        return lk_flaw_in(flaw, LK_EXTENSION_early_data, LOCKSTEP_PEER_DECODE_EXTENSION, NULL);
    return LOCKSTEP_OK;
}

void lk_new_session_ticket_build(lk_builder *b, const lk_new_session_ticket *t) {
    lk_length message = lk_message_open(b, LK_NEW_SESSION_TICKET);
    lk_build_u32(b, t->lifetime);
    lk_build_u32(b, t->age_add);
    lk_build_vector(b, 1, t->nonce);
    lk_build_vector(b, 2, t->ticket);
    lk_length all = lk_build_open(b, 2);
    if (t->max_early_data > 0) {
        lk_length ext = lk_extension_open(b, LK_EXTENSION_early_data);
        lk_build_u32(b, t->max_early_data);
        lk_build_close(b, ext);
    }
    lk_build_close(b, all);
    lk_build_close(b, message);
}
