/*
 * wire.c - the bytes of a connection, in and out (lockstep.h): records from the wire and to it,
 * application data on the other side. What a record means is for receive.c.
 */
#include "conn/conn.h"

/* ---- The wire -------------------------------------------------------------------------------- */

static bool may_take(const lockstep_conn *conn) {
    return lk_conn_failed(conn) == LOCKSTEP_OK && !conn->peer_done &&
           (conn->hs == NULL || !lk_handshake_waiting(conn->hs)) &&
           (lk_conn_data(conn).p_len == 0 || !conn->secure) &&
           lk_buffer_length(&conn->wire_out) < LK_WIRE_OUT_MAX;
}

/* "0x80 | length, length, CLIENT-HELLO (1)": a server may hear an SSL 2.0 ClientHello first, which
 * servers once took for a TLS one (RFC 5246 §E.2). The third byte decides. */
static bool may_be_ssl2(const lockstep_conn *conn, lk_slice in) {
    return !conn->is_client && (in.p[0] & 0x80) != 0 && (in.p_len < 3 || in.p[2] == 1);
}

static lockstep_status on_ssl2(lockstep_conn *conn, lk_slice in) {
    return in.p_len < 3 ? LOCKSTEP_OK
                        : lk_conn_fail_with(conn, LOCKSTEP_PEER_SSL2, "of %u bytes",
                                            (in.p[0] & 0x7fu) << 8 | in.p[1]);
}

static lockstep_status frame(lockstep_conn *conn, lk_record *record, size_t *needed, lk_slice in) {
    lk_framing framing = !lk_protected(&conn->in) && conn->skip_early == 0 ? LK_FRAME_PLAIN
                         : conn->agreed.version == LK_TLS12                ? LK_FRAME_TLS12
                                                                           : LK_FRAME_TLS13;
    lockstep_status status = lk_record_frame(record, needed, in, framing);
    if (status == LOCKSTEP_OK)
        return status;
    if (status == LOCKSTEP_PEER_RECORD_TYPE && !conn->heard) {
        const char c[] = {(char)in.p[0], '\0'};
        bool readable = c[0] > 32 && c[0] < 127;
        if (may_be_ssl2(conn, in))
            return on_ssl2(conn, in);
        return lk_conn_fail_with(conn, LOCKSTEP_PEER_NOT_TLS, "the first byte is 0x%02x%s%s%s",
                                 in.p[0], readable ? " '" : "", readable ? c : "",
                                 readable ? "'" : "");
    }
    return lk_conn_fail_with(conn, status, "content type %u", record->type);
}

/* take_part appends to the record that has come in part, up to its end. */
static lockstep_status take_part(lockstep_conn *conn, size_t *taken, lk_slice in) {
    lk_record record;
    size_t needed, have = lk_buffer_length(&conn->record);
    lockstep_status status = frame(conn, &record, &needed, lk_buffer_slice(&conn->record));
    if (status != LOCKSTEP_OK)
        return status;
    *taken = needed - have < in.p_len ? needed - have : in.p_len;
    if (!lk_buffer_append(&conn->record, lk_slice_of(in.p, *taken)))
        return lk_conn_fail_with(conn, LOCKSTEP_ERR_NO_MEMORY, "a record");
    /* The header may just have become whole, and with it the length known. */
    status = frame(conn, &record, &needed, lk_buffer_slice(&conn->record));
    if (status != LOCKSTEP_OK || lk_buffer_length(&conn->record) < needed)
        return status;
    conn->heard = true;
    /* The record must not be freed under the one who reads it, whatever comes of it. */
    lk_buffer whole = conn->record;
    conn->record = lk_buffer_of(&conn->settings->heap, 0);
    bool in_place = conn->in_place;
    conn->in_place = true;
    status = lk_conn_record(conn, &record);
    conn->in_place = in_place;
    if (conn->lent.p_len == 0) {
        lk_buffer_free(&whole);
        return status;
    }
    /* What waits for the application stays where it is. */
    whole.start = (uint32_t)(conn->lent.p - whole.base);
    whole.end = whole.start + (uint32_t)conn->lent.p_len;
    lk_buffer_free(&conn->app_out);
    conn->app_out = whole;
    conn->lent = lk_slice_of(NULL, 0);
    return status;
}

lockstep_status lockstep_wire_in(lockstep_conn *conn, size_t *used, const uint8_t *in,
                                 size_t in_len) {
    lockstep_status status = LOCKSTEP_OK;
    if (conn == NULL || used == NULL || (in == NULL && in_len > 0))
        return LOCKSTEP_ERR_USAGE;
    *used = 0;
    /* "Any data received after a closure alert has been received MUST be ignored." (§6.1) */
    if (conn->peer_done)
        *used = in_len;
    while (status == LOCKSTEP_OK && *used < in_len && may_take(conn)) {
        lk_slice rest = lk_slice_of(in + *used, in_len - *used);
        size_t taken = 0, needed;
        lk_record record;
        if (lk_buffer_length(&conn->record) > 0) {
            status = take_part(conn, &taken, rest);
        } else if ((status = frame(conn, &record, &needed, rest)) == LOCKSTEP_OK) {
            if (rest.p_len >= needed) {
                taken = needed;
                conn->heard = true;
                status = lk_conn_record(conn, &record);
            } else {
                status = take_part(conn, &taken, rest);
            }
        }
        *used += taken;
        if (conn->peer_done)
            *used = in_len;
    }
    return lk_conn_failed(conn) != LOCKSTEP_OK ? lk_conn_failed(conn) : status;
}

lockstep_status lockstep_wire_in_place(lockstep_conn *conn, size_t *used, uint8_t *in,
                                       size_t in_len) {
    if (conn == NULL)
        return LOCKSTEP_ERR_USAGE;
    conn->in_place = true;
    lockstep_status status = lockstep_wire_in(conn, used, in, in_len);
    conn->in_place = false;
    return status;
}

lockstep_status lockstep_wire_eof(lockstep_conn *conn) {
    if (conn == NULL)
        return LOCKSTEP_ERR_USAGE;
    if (lk_conn_failed(conn) != LOCKSTEP_OK || conn->peer_done)
        return lk_conn_failed(conn);
    if (lk_conn_jobs_out(conn)) {
        conn->eof_later = true;
        return LOCKSTEP_OK;
    }
    return lk_conn_fail_with(conn, LOCKSTEP_ERR_TRUNCATED, "%s",
                             conn->secure ? "somebody may have cut the end off"
                                          : "during the handshake");
}

size_t lockstep_wire_out(const lockstep_conn *conn, const uint8_t **out) {
    if (conn == NULL || out == NULL)
        return 0;
    *out = lk_buffer_bytes(&conn->wire_out);
    return lk_buffer_length(&conn->wire_out);
}

void lockstep_wire_sent(lockstep_conn *conn, size_t n) {
    if (conn == NULL)
        return;
    size_t have = lk_buffer_length(&conn->wire_out);
    lk_buffer_take(&conn->wire_out, n < have ? n : have);
    lk_buffer_drop_if_empty(&conn->wire_out);
}

lockstep_status lk_conn_send(lockstep_conn *conn, lk_content_type type, lk_slice content) {
    while (content.p_len > 0) {
        size_t n = content.p_len < conn->send_max ? content.p_len : conn->send_max;
        size_t before = lk_buffer_length(&conn->wire_out);
        /* "MUST be set to 0x0303 for all records [...] other than an initial ClientHello [...]
         * where it MAY also be 0x0301 for compatibility purposes" (§5.1) */
        uint16_t version = conn->is_client && !conn->spoke ? 0x0301 : 0x0303;
        lockstep_status status =
            lk_record_seal(&conn->out, &conn->wire_out, type, lk_slice_of(content.p, n), version);
        if (status != LOCKSTEP_OK)
            return lk_conn_fail_with(conn, status, "a record of %zu bytes", n);
        lk_note_record(&conn->watch, true, lk_protected(&conn->out),
                       lk_slice_from(lk_buffer_slice(&conn->wire_out), before), (uint8_t)type,
                       lk_slice_of(content.p, n));
        content.p += n;
        content.p_len -= n;
    }
    return LOCKSTEP_OK;
}

/* ---- The application ------------------------------------------------------------------------- */

static bool update_due(const lockstep_conn *conn) {
    uint64_t limit = lk_record_key_limit(conn->agreed.aead);
    uint64_t after = conn->settings->key_update_after;
    /* TLS 1.2 has no way to renew keys: they last until the limit, less the closing alert. */
    if (conn->agreed.version == LK_TLS12)
        return conn->out.sequence >= limit - 1;
    return conn->update_owed || conn->out.sequence >= (after < limit ? after : limit - 1);
}

bool lk_conn_may_send(const lockstep_conn *conn) {
    /* no KeyUpdate before the client's Finished */
    return conn->secure || (conn->answers_early && !update_due(conn));
}

/* make_room lets the records of `n` bytes, as many as are taken, grow in one piece. */
static void make_room(lockstep_conn *conn, size_t n) {
    size_t full = lk_buffer_length(&conn->wire_out);
    if (n == 0 || full >= LK_WIRE_OUT_MAX)
        return;
    n = n < LK_WIRE_OUT_MAX - full ? n : LK_WIRE_OUT_MAX - full;
    size_t records = n / conn->send_max + 1;
    (void)lk_buffer_reserve(&conn->wire_out,
                            n + records * (LK_RECORD_OVERHEAD + LK_EXPLICIT_NONCE));
}

lockstep_status lockstep_app_in(lockstep_conn *conn, size_t *used, const uint8_t *in,
                                size_t in_len) {
    if (conn == NULL || used == NULL || (in == NULL && in_len > 0))
        return LOCKSTEP_ERR_USAGE;
    *used = 0;
    if (lk_conn_failed(conn) != LOCKSTEP_OK)
        return lk_conn_failed(conn);
    if (!lk_conn_may_send(conn) || conn->close_sent)
        return LOCKSTEP_ERR_USAGE;
    make_room(conn, in_len);
    while (*used < in_len && lk_buffer_length(&conn->wire_out) < LK_WIRE_OUT_MAX) {
        size_t n = in_len - *used < conn->send_max ? in_len - *used : conn->send_max;
        lockstep_status status = LOCKSTEP_OK;
        if (update_due(conn) && !conn->secure)
            return LOCKSTEP_OK; /* the rest has to wait */
        if (update_due(conn))
            status = conn->agreed.version == LK_TLS12
                         ? lk_conn_fail_with(conn, LOCKSTEP_ERR_KEY_EXHAUSTED,
                                             "after %llu records; TLS 1.2 cannot renew keys",
                                             (unsigned long long)conn->out.sequence)
                         : lk_conn_update_keys(conn, false);
        if (status == LOCKSTEP_OK)
            status = lk_conn_send(conn, LK_APPLICATION_DATA, lk_slice_of(in + *used, n));
        if (status != LOCKSTEP_OK)
            return status;
        *used += n;
        conn->bytes_out += n;
    }
    return LOCKSTEP_OK;
}

size_t lockstep_app_out(const lockstep_conn *conn, const uint8_t **out) {
    if (conn == NULL || out == NULL || !conn->secure)
        return 0;
    lk_slice data = lk_conn_data(conn);
    *out = data.p;
    return data.p_len;
}

void lockstep_app_taken(lockstep_conn *conn, size_t n) {
    if (conn != NULL && conn->secure)
        lk_conn_taken(conn, n);
}

lk_slice lk_conn_data(const lockstep_conn *conn) {
    return conn->lent.p_len > 0 ? conn->lent : lk_buffer_slice(&conn->app_out);
}

void lk_conn_taken(lockstep_conn *conn, size_t n) {
    if (conn->lent.p_len > 0) {
        conn->lent = lk_slice_from(conn->lent, n < conn->lent.p_len ? n : conn->lent.p_len);
        return;
    }
    size_t have = lk_buffer_length(&conn->app_out);
    lk_buffer_take(&conn->app_out, n < have ? n : have);
    lk_buffer_drop_if_empty(&conn->app_out);
}

lockstep_status lockstep_update_keys(lockstep_conn *conn, bool both) {
    if (conn == NULL)
        return LOCKSTEP_ERR_USAGE;
    if (lk_conn_failed(conn) != LOCKSTEP_OK)
        return lk_conn_failed(conn);
    if (!conn->secure || conn->close_sent || conn->agreed.version == LK_TLS12)
        return LOCKSTEP_ERR_USAGE;
    return lk_conn_update_keys(conn, both);
}
