/*
 * post_handshake.c - messages after the handshake (RFC 8446 §4.6): KeyUpdate and NewSessionTicket.
 * The handshake object is gone by then.
 */
#include "handshake/handshake.h"
#include "handshake/internal.h"
#include "wire/key_update.h"

static lockstep_status on_key_update(lk_post_message *out, lockstep_failure *failure,
                                     lk_slice message, bool ends_record) {
    lockstep_status status = lk_key_update_parse(&out->answer, lk_body(message));
    if (status != LOCKSTEP_OK)
        return lk_failure_set(failure, status, "%zu bytes", message.p_len);
    if (!ends_record)
        return lk_failure_set(failure, LOCKSTEP_PEER_KEY_BOUNDARY,
                              "bytes follow KeyUpdate in its record");
    out->keys_changed = true;
    return LOCKSTEP_OK;
}

lockstep_status lk_post_handshake_receive(lk_post_message *out, lockstep_failure *failure,
                                          const lk_settings *settings, const lk_agreed *agreed,
                                          bool is_client, lk_slice message, bool ends_record) {
    uint8_t type = message.p[0];
    *out = (lk_post_message){0};
    if (type == LK_KEY_UPDATE)
        return on_key_update(out, failure, message, ends_record);
    if (type == LK_NEW_SESSION_TICKET && is_client)
        return lk_on_new_session_ticket(&out->session, failure, settings, agreed, message);
    return lk_failure_set(failure, LOCKSTEP_PEER_UNEXPECTED_MESSAGE,
                          "%s (%u) came in state CONNECTED", lk_handshake_name(type), type);
}
