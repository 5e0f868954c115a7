/*
 * fuzz_new_session_ticket.c - NewSessionTicket.
 */
#include "support/fuzzing.h"
#include "wire/new_session_ticket.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    lk_new_session_ticket t;
    lk_flaw flaw;
    lockstep_status status = lk_new_session_ticket_parse(&t, &flaw, lk_slice_of(data, size));
    if (status != LOCKSTEP_OK) {
        check_flaw(status, &flaw);
        return 0;
    }
    check_extensions(&t.ext, data, size);
    NEED(inside(t.nonce, data, size) && t.nonce.p_len <= 255);
    NEED(inside(t.ticket, data, size) && t.ticket.p_len > 0);
    NEED((t.ext.present & lk_extension_bit(early_data)) != 0 || t.max_early_data == 0);
    return 0;
}
