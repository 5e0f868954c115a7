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
