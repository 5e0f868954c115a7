/*
 * receive.c - what becomes of a record: unprotect it, then by its content type (RFC 8446 §5, §6).
 */
#include "conn/conn.h"

/* ---- By content type ------------------------------------------------------------------------- */

enum { ALERT_WARNING = 1, ALERT_FATAL = 2 };

/* Until the server has chosen, a client that offered TLS 1.2 has to reckon with its alerts. */
static bool may_be_tls12(const lockstep_conn *conn) {
    uint16_t version = conn->agreed.version;
    return version == LK_TLS12 ||
           (version == 0 && conn->is_client && conn->settings->version_min == LK_TLS12);
}

/* In TLS 1.2 a warning does not end anything: "If an alert with a level of warning is sent and
 * received, generally the connection can continue normally" (RFC 5246 §7.2.2). */
static lockstep_status on_warning(lockstep_conn *conn, uint8_t level, uint8_t description) {
    if (level != ALERT_WARNING)
        return lk_conn_fail_with(conn, LOCKSTEP_PEER_ALERT_LEVEL, "level %u", level);
    return ++conn->warnings > LK_MAX_WARNINGS
               ? lk_conn_fail_with(conn, LOCKSTEP_PEER_WARNING_FLOOD, "the last was %s",
                                   lockstep_alert_name(description))
               : LOCKSTEP_OK;
}

static lockstep_status on_alert(lockstep_conn *conn, lk_slice content, bool protected_) {
    /* "Alert messages [...] MUST NOT be fragmented across records, and multiple alert messages MUST
     * NOT be coalesced" (§5.1) */
    if (content.p_len == 0)
        return lk_conn_fail_with(conn, LOCKSTEP_PEER_RECORD_EMPTY, "an alert record");
    if (content.p_len != 2)
        return lk_conn_fail_with(conn, LOCKSTEP_PEER_ALERT_MALFORMED, "%zu bytes instead of 2",
                                 content.p_len);
    uint8_t description = content.p[1];
    lk_note_bytes(&conn->watch, LOCKSTEP_NOTE_ALERT, description, false, protected_,
                  lockstep_alert_name(description), content);
    if (description == LOCKSTEP_ALERT_USER_CANCELED) {
        /* A close_notify follows (§6.1). */
        return ++conn->useless > LK_MAX_USELESS
                   ? lk_conn_fail_with(conn, LOCKSTEP_PEER_FLOOD, "user_canceled alerts")
                   : LOCKSTEP_OK;
    }
    if (description == LOCKSTEP_ALERT_CLOSE_NOTIFY && conn->secure) {
        conn->peer_done = true;
        return LOCKSTEP_OK;
    }
    if (may_be_tls12(conn) && content.p[0] != ALERT_FATAL &&
        description != LOCKSTEP_ALERT_CLOSE_NOTIFY)
        return on_warning(conn, content.p[0], description);
    /* "All the alerts listed in Section 6.2 [...] MUST be sent with AlertLevel=fatal" and "unknown
     * Alert types MUST be treated as error alerts": the level says nothing (§6). */
    lockstep_status status = (lockstep_status)(LOCKSTEP_ALERT_FROM_PEER + description);
    (void)lk_failure_set(&conn->failure, status, "%s%s",
                         conn->hs != NULL ? "in state " : "after the handshake",
                         conn->hs != NULL ? lk_handshake_state_name(conn->hs) : "");
    conn->failure.alert = description;
    return lk_conn_fail(conn);
}

/* In TLS 1.2 it is a step of the handshake (RFC 5246 §7.1). */
static lockstep_status on_ccs_tls12(lockstep_conn *conn, lk_slice content) {
    if (content.p_len != 1 || content.p[0] != 1 || conn->hs == NULL)
        return lk_conn_fail_with(conn, LOCKSTEP_PEER_CCS, "%zu bytes%s", content.p_len,
                                 conn->hs != NULL ? "" : ", not during a handshake");
    if (lk_buffer_length(&conn->messages) > 0)
        return lk_conn_fail_with(conn, LOCKSTEP_PEER_INTERLEAVED, "change_cipher_spec");
    if (lk_handshake_change_cipher_spec(conn->hs) != LOCKSTEP_OK)
        return lk_conn_fail(conn);
    return lk_conn_pump(conn);
}

static lockstep_status on_ccs(lockstep_conn *conn, lk_slice content) {
    if (conn->agreed.version == LK_TLS12)
        return on_ccs_tls12(conn, content);
    /* "at any time after the first ClientHello message has been sent or received and before the
     * peer's Finished message has been received [...] the single byte value 0x01 [...] MUST simply
     * drop it" (§5) */
    bool in_time = !conn->secure && (conn->is_client || conn->heard_hello);
    if (content.p_len != 1 || content.p[0] != 1 || !in_time)
        return lk_conn_fail_with(conn, LOCKSTEP_PEER_CCS, "%zu bytes%s", content.p_len,
                                 in_time ? "" : ", not during a handshake");
    if (lk_buffer_length(&conn->messages) > 0)
        return lk_conn_fail_with(conn, LOCKSTEP_PEER_INTERLEAVED, "change_cipher_spec");
    conn->early_ccs = conn->early_ccs || conn->agreed.version == 0;
    return ++conn->useless > LK_MAX_USELESS
               ? lk_conn_fail_with(conn, LOCKSTEP_PEER_FLOOD, "change_cipher_spec records")
               : LOCKSTEP_OK;
}

static lockstep_status on_handshake(lockstep_conn *conn, lk_slice content) {
    /* "Implementations MUST NOT send zero-length fragments of Handshake types" (§5.1) */
    if (content.p_len == 0)
        return lk_conn_fail_with(conn, LOCKSTEP_PEER_RECORD_EMPTY, "a handshake record");
    return lk_conn_messages(conn, content);
}

/* 0-RTT data gathers in app_out until it is taken, which may be after the next record; and whoever
 * watches is shown a record as it came. */
static bool opens_in_place(const lockstep_conn *conn) {
    return conn->in_place && !conn->early_read && !lk_watched(&conn->watch);
}

/* on_data: the content is at the end of app_out already, but not committed, or lies in place. */
static lockstep_status on_data(lockstep_conn *conn, lk_slice content) {
    size_t length = content.p_len;
    if (conn->early_read && length > conn->early_left)
        return lk_conn_fail_with(conn, LOCKSTEP_PEER_EARLY_DATA_TOO_MUCH, "%zu bytes more than %zu",
                                 length, (size_t)conn->early_left);
    if (!conn->secure && !conn->early_read)
        return lk_conn_fail_with(conn, LOCKSTEP_PEER_EARLY_APP_DATA, "%zu bytes", length);
    if (length == 0) {
        /* allowed, "as they are potentially useful as a traffic analysis countermeasure" (§5.1) */
        return ++conn->useless > LK_MAX_USELESS
                   ? lk_conn_fail_with(conn, LOCKSTEP_PEER_FLOOD, "empty records")
                   : LOCKSTEP_OK;
    }
    conn->useless = conn->warnings = 0;
    if (conn->early_read)
        conn->early_left -= (uint32_t)length;
    conn->bytes_in += length;
    if (opens_in_place(conn))
        conn->lent = content;
    else
        lk_buffer_commit(&conn->app_out, length);
    return LOCKSTEP_OK;
}

/* ---- Protection ------------------------------------------------------------------------------ */

static lockstep_status on_content(lockstep_conn *conn, uint8_t type, lk_slice content,
                                  bool protected_) {
    /* "Handshake messages MUST NOT be interleaved with other record types." (§5.1) */
    if (type != LK_HANDSHAKE && lk_buffer_length(&conn->messages) > 0)
        return lk_conn_fail_with(conn, LOCKSTEP_PEER_INTERLEAVED, "content type %u", type);
    if (type == LK_HANDSHAKE)
        return on_handshake(conn, content);
    if (type == LK_ALERT)
        return on_alert(conn, content, protected_);
    return on_data(conn, content);
}

static bool skip_early(lockstep_conn *conn, const lk_record *record) {
    size_t n = record->payload.p_len;
    if (n > conn->skip_early)
        return false;
    conn->skip_early -= (uint32_t)n;
    return n > 0;
}

static lk_slice whole(const lk_record *record) {
    return lk_slice_of(record->header.p, LK_RECORD_HEADER + record->payload.p_len);
}

static lockstep_status open_record(lockstep_conn *conn, const lk_record *record) {
    size_t length;
    uint8_t type;
    uint8_t *room = opens_in_place(conn)
                        ? lk_record_place(&conn->in, record)
                        : lk_buffer_reserve(&conn->app_out, record->payload.p_len + 1);
    if (room == NULL)
        return lk_conn_fail_with(conn, LOCKSTEP_ERR_NO_MEMORY, "a record");
    lockstep_status status =
        lk_record_open(&conn->in, room, &type, &length, record, conn->accept_max);
    bool opened = status == LOCKSTEP_OK;
    lk_note_record(&conn->watch, false, true, whole(record), opened ? type : 0,
                   lk_slice_of(room, opened ? length : 0));
    if (status == LOCKSTEP_PEER_BAD_RECORD_MAC && !conn->opened && skip_early(conn, record))
        return LOCKSTEP_OK;
    if (!opened)
        return lk_conn_fail_with(conn, status, "a record of %zu bytes", record->payload.p_len);
    conn->opened = true;
    status = on_content(conn, type, lk_slice_of(room, length), true);
    lk_buffer_drop_if_empty(&conn->app_out);
    return status;
}

lockstep_status lk_conn_record(lockstep_conn *conn, const lk_record *record) {
    bool is_protected = lk_protected(&conn->in) &&
                        (record->type == LK_APPLICATION_DATA || conn->agreed.version == LK_TLS12);
    if (!is_protected || record->type == LK_CHANGE_CIPHER_SPEC)
        lk_note_record(&conn->watch, false, false, whole(record), record->type, record->payload);
    if (record->type == LK_CHANGE_CIPHER_SPEC)
        return on_ccs(conn, record->payload);
    if (is_protected)
        return open_record(conn, record);
    if (!lk_protected(&conn->in)) {
        if (record->type == LK_APPLICATION_DATA)
            return skip_early(conn, record) ? LOCKSTEP_OK
                                            : lk_conn_fail_with(conn, LOCKSTEP_PEER_EARLY_APP_DATA,
                                                                "%zu bytes", record->payload.p_len);
        return on_content(conn, record->type, record->payload, false);
    }
    /* A client that could not make sense of our ServerHello has no keys to protect its alert with.
     * It can be forged, as anybody on the path can end the connection anyway. */
    if (record->type == LK_ALERT && !conn->opened)
        return on_content(conn, LK_ALERT, record->payload, false);
    return lk_conn_fail_with(conn, LOCKSTEP_PEER_RECORD_UNPROTECTED, "content type %u",
                             record->type);
}
