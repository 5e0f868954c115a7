/*
 * conn.c - the public functions of a connection (lockstep.h).
 */
#include "conn/conn.h"

#include <stdarg.h>
#include <stdio.h>

#include "util/secret.h"

/* ---- Life ------------------------------------------------------------------------------------ */

static lockstep_status conn_new(lockstep_conn **out, const lockstep_config *cfg, bool is_client,
                                const lk_host *name) {
    lockstep_config *config = lk_config_share(cfg);
    if (config == NULL)
        return LOCKSTEP_ERR_USAGE;
    const lk_settings *s = &config->settings;
    lockstep_conn *conn = lk_alloc(&s->heap, sizeof *conn);
    if (conn == NULL) {
        lockstep_config_free(config);
        return LOCKSTEP_ERR_NO_MEMORY;
    }
    conn->config = config;
    conn->settings = s;
    conn->is_client = is_client;
    conn->watch = (lk_watch){&s->env, conn, is_client};
    conn->record = conn->messages = conn->wire_out = conn->app_out = lk_buffer_of(&s->heap, 0);
    conn->send_max = LK_PLAINTEXT_MAX;
    conn->accept_max = LK_INNER_MAX;
    conn->failure.alert = LOCKSTEP_ALERT_NONE;
    conn->failure.rule = "";
    conn->hs = lk_handshake_new(s, &conn->watch, &conn->agreed, &conn->failure, name);
    if (conn->hs == NULL) {
        lockstep_conn_free(conn);
        return LOCKSTEP_ERR_NO_MEMORY;
    }
    *out = conn;
    return LOCKSTEP_OK;
}

lockstep_status lk_client_new(lockstep_conn **out, const lockstep_config *cfg,
                              const char *server_name, const lockstep_session *session) {
    lk_host name;
    lockstep_conn *conn;
    if (out == NULL || cfg == NULL || server_name == NULL)
        return LOCKSTEP_ERR_USAGE;
    *out = NULL;
    /* There is no client that would not know whom it talks to. */
    const lk_settings *s = &cfg->settings;
    if (s->trust == NULL && !s->danger_skip_verification && (s->asks & LOCKSTEP_ASK_VERDICT) == 0 &&
        s->num_imported == 0 && s->num_raw_keys == 0)
        return LOCKSTEP_ERR_USAGE;
    if (!lk_host_parse(&name, lk_slice_of_str(server_name)))
        return LOCKSTEP_ERR_NAME;
    lockstep_status status = conn_new(&conn, cfg, true, &name);
    if (status != LOCKSTEP_OK)
        return status;
    conn->agreed.server_name = lk_copy_of(&s->heap, server_name, strlen(server_name));
    if (conn->agreed.server_name == NULL)
        status = LOCKSTEP_ERR_NO_MEMORY;
    if (status == LOCKSTEP_OK && session != NULL)
        status = lk_handshake_offer(conn->hs, session);
    if (status == LOCKSTEP_OK)
        status = lk_handshake_start(conn->hs);
    if (status == LOCKSTEP_OK)
        status = lk_conn_pump(conn);
    if (status != LOCKSTEP_OK) {
        lockstep_conn_free(conn);
        return status;
    }
    *out = conn;
    return LOCKSTEP_OK;
}

lockstep_status lockstep_client_new(lockstep_conn **out, const lockstep_config *cfg,
                                    const char *server_name) {
    return lk_client_new(out, cfg, server_name, NULL);
}

lockstep_status lockstep_server_new(lockstep_conn **out, const lockstep_config *cfg) {
    if (out == NULL || cfg == NULL)
        return LOCKSTEP_ERR_USAGE;
    *out = NULL;
    if (cfg->settings.num_identities == 0 && cfg->settings.num_imported == 0 &&
        (cfg->settings.asks & LOCKSTEP_ASK_IDENTITY) == 0)
        return LOCKSTEP_ERR_USAGE;
    lockstep_status status = conn_new(out, cfg, false, NULL);
    if (status == LOCKSTEP_OK && cfg->settings.num_cookie_keys > 0) {
        /* The first that comes may be what follows a first ClientHello which another connection has
         * answered: "stateless servers may not be able to distinguish these cases" (§5). */
        (*out)->heard_hello = true;
        (*out)->skip_early = LK_SKIP_EARLY_MAX;
    }
    return status;
}

lockstep_status lockstep_set_address(lockstep_conn *conn, const uint8_t *address,
                                     size_t address_len) {
    if (conn == NULL || conn->is_client || conn->heard || conn->hs == NULL ||
        (address == NULL && address_len > 0))
        return LOCKSTEP_ERR_USAGE;
    return lk_handshake_set_address(conn->hs, lk_slice_of(address, address_len))
               ? LOCKSTEP_OK
               : LOCKSTEP_ERR_LIMIT;
}

static void drop_handshake(lockstep_conn *conn) {
    lk_handshake_free(conn->hs);
    conn->hs = NULL;
}

void lockstep_conn_free(lockstep_conn *conn) {
    if (conn == NULL)
        return;
    lockstep_config *config = conn->config;
    lk_heap heap = conn->settings->heap;
    drop_handshake(conn);
    lk_conn_free_sessions(conn);
    lk_agreed_free(&conn->agreed, &heap);
    lk_protection_free(&conn->in);
    lk_protection_free(&conn->out);
    lk_buffer_free(&conn->record);
    lk_buffer_free(&conn->messages);
    lk_buffer_free(&conn->wire_out);
    lk_buffer_free(&conn->app_out);
    lockstep_config_free(conn->identities);
    lk_release(&heap, conn, sizeof *conn);
    lockstep_config_free(config);
}

/* ---- Failure --------------------------------------------------------------------------------- */

static lockstep_status failed(const lockstep_conn *conn) {
    return conn->failure.status;
}

static lockstep_status send_alert(lockstep_conn *conn, int description) {
    /* "AlertLevel" is legacy: warning for the two closure alerts, else fatal (§6). */
    bool closure =
        description == LOCKSTEP_ALERT_CLOSE_NOTIFY || description == LOCKSTEP_ALERT_USER_CANCELED;
    uint8_t alert[2] = {closure ? 1 : 2, (uint8_t)description};
    lk_slice content = lk_slice_of(alert, sizeof alert);
    size_t before = lk_buffer_length(&conn->wire_out);
    lockstep_status status = lk_record_seal(&conn->out, &conn->wire_out, LK_ALERT, content, 0x0303);
    if (status != LOCKSTEP_OK)
        return status;
    lk_note_bytes(&conn->watch, LOCKSTEP_NOTE_ALERT, alert[1], true, conn->out.aead != NULL,
                  lockstep_alert_name(description), content);
    lk_note_record(&conn->watch, true, conn->out.aead != NULL,
                   lk_slice_from(lk_buffer_slice(&conn->wire_out), before), LK_ALERT, content);
    return LOCKSTEP_OK;
}

lockstep_status lk_conn_fail(lockstep_conn *conn) {
    bool ours = conn->failure.status < LOCKSTEP_ALERT_FROM_PEER;
    if (ours && conn->failure.alert != LOCKSTEP_ALERT_NONE && !conn->close_sent) {
        /* An alert that cannot be sent is lost; the failure stays what it is. */
        (void)send_alert(conn, conn->failure.alert);
        if (conn->failure.alert == LOCKSTEP_ALERT_USER_CANCELED)
            (void)send_alert(conn, LOCKSTEP_ALERT_CLOSE_NOTIFY);
    }
    drop_handshake(conn);
    lk_protection_free(&conn->in);
    lk_protection_free(&conn->out);
    lk_buffer_free(&conn->record);
    lk_buffer_free(&conn->messages);
    lk_wipe(&conn->agreed.resumption, sizeof conn->agreed.resumption);
    lk_wipe(&conn->agreed.client, sizeof conn->agreed.client);
    lk_wipe(&conn->agreed.server, sizeof conn->agreed.server);
    lk_wipe(&conn->agreed.exporter, sizeof conn->agreed.exporter);
    return conn->failure.status;
}

lockstep_status lk_conn_fail_with(lockstep_conn *conn, lockstep_status status, const char *format,
                                  ...) {
    char detail[sizeof conn->failure.detail];
    va_list args;
    va_start(args, format);
    vsnprintf(detail, sizeof detail, format, args);
    va_end(args);
    (void)lk_failure_set(&conn->failure, status, "%s", detail);
    lk_note_check(&conn->watch, lockstep_status_text(status), lockstep_status_rule(status), status,
                  "%s", detail);
    return lk_conn_fail(conn);
}

const lockstep_failure *lockstep_failure_of(const lockstep_conn *conn) {
    return conn == NULL || failed(conn) == LOCKSTEP_OK ? NULL : &conn->failure;
}

/* ---- State ----------------------------------------------------------------------------------- */

unsigned lockstep_state_of(const lockstep_conn *conn) {
    unsigned state = 0;
    if (conn == NULL)
        return LOCKSTEP_CLOSED;
    bool broken = failed(conn) != LOCKSTEP_OK;
    bool waiting = conn->hs != NULL && lk_handshake_waiting(conn->hs);
    bool full = lk_buffer_length(&conn->wire_out) >= LK_WIRE_OUT_MAX;
    if (lk_buffer_length(&conn->wire_out) > 0)
        state |= LOCKSTEP_WIRE_OUT;
    if (lk_buffer_length(&conn->app_out) > 0)
        state |= conn->secure ? LOCKSTEP_APP_OUT : LOCKSTEP_EARLY_OUT;
    if (!broken && !full && lk_conn_early_in(conn))
        state |= LOCKSTEP_EARLY_IN;
    if (conn->secure)
        state |= LOCKSTEP_SECURE;
    if (conn->peer_done)
        state |= LOCKSTEP_PEER_DONE;
    if (!broken && waiting)
        state |= lk_handshake_asking(conn->hs) != NULL ? LOCKSTEP_ASKS : LOCKSTEP_HAS_JOB;
    if (!broken && !waiting && !full && !conn->peer_done && (state & LOCKSTEP_APP_OUT) == 0)
        state |= LOCKSTEP_WIRE_IN;
    if (!broken && lk_conn_may_send(conn) && !conn->close_sent && !full)
        state |= LOCKSTEP_APP_IN;
    if ((broken || (conn->peer_done && conn->close_sent)) &&
        (state & (LOCKSTEP_WIRE_OUT | LOCKSTEP_APP_OUT | LOCKSTEP_EARLY_OUT)) == 0)
        state |= LOCKSTEP_CLOSED;
    return state;
}

void lockstep_info_of(const lockstep_conn *conn, lockstep_info *out) {
    *out = (lockstep_info){0};
    if (conn == NULL)
        return;
    const lk_agreed *s = &conn->agreed;
    out->version = s->version;
    out->suite = s->suite;
    out->group = s->group;
    out->peer_scheme = s->peer_scheme;
    out->own_scheme = s->own_scheme;
    out->retried = s->retried;
    out->resumed = s->resumed;
    out->early_data = s->early_data;
    out->server_name = s->server_name;
    out->alpn = s->alpn;
    out->peer_chain = s->peer_chain;
    out->num_peer_chain = s->num_peer_chain;
    if (s->num_peer_chain > 0)
        out->peer_ocsp = s->peer_ocsp[0];
    out->peer_scts = s->peer_scts;
    out->peer_raw_key = s->peer_raw_key;
    out->peer_delegated = s->peer_delegated;
    out->report = s->report;
    out->ech = s->ech;
    out->ech_retry_configs = s->ech_retry_configs;
    out->bytes_in = conn->bytes_in;
    out->bytes_out = conn->bytes_out;
}

/* ---- The wire -------------------------------------------------------------------------------- */

static bool may_take(const lockstep_conn *conn) {
    return failed(conn) == LOCKSTEP_OK && !conn->peer_done &&
           (conn->hs == NULL || !lk_handshake_waiting(conn->hs)) &&
           (lk_buffer_length(&conn->app_out) == 0 || !conn->secure) &&
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
    lk_framing framing = conn->in.aead == NULL && conn->skip_early == 0 ? LK_FRAME_PLAIN
                         : conn->agreed.version == LK_TLS12             ? LK_FRAME_TLS12
                                                                        : LK_FRAME_TLS13;
    lockstep_status status = lk_record_frame(record, needed, in, framing);
    if (status == LOCKSTEP_OK)
        return status;
    if (status == LOCKSTEP_PEER_RECORD_TYPE && !conn->heard) {
        int c = in.p[0];
        if (may_be_ssl2(conn, in))
            return on_ssl2(conn, in);
        return lk_conn_fail_with(conn, LOCKSTEP_PEER_NOT_TLS, "the first byte is 0x%02x%s%c%s", c,
                                 c > 32 && c < 127 ? " '" : "", c > 32 && c < 127 ? c : ' ',
                                 c > 32 && c < 127 ? "'" : "");
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
    status = lk_conn_record(conn, &record);
    lk_buffer_free(&whole);
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
    return failed(conn) != LOCKSTEP_OK ? failed(conn) : status;
}

lockstep_status lockstep_wire_eof(lockstep_conn *conn) {
    if (conn == NULL)
        return LOCKSTEP_ERR_USAGE;
    if (failed(conn) != LOCKSTEP_OK || conn->peer_done)
        return failed(conn);
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
        lk_note_record(&conn->watch, true, conn->out.aead != NULL,
                       lk_slice_from(lk_buffer_slice(&conn->wire_out), before), type,
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

lockstep_status lockstep_app_in(lockstep_conn *conn, size_t *used, const uint8_t *in,
                                size_t in_len) {
    if (conn == NULL || used == NULL || (in == NULL && in_len > 0))
        return LOCKSTEP_ERR_USAGE;
    *used = 0;
    if (failed(conn) != LOCKSTEP_OK)
        return failed(conn);
    if (!lk_conn_may_send(conn) || conn->close_sent)
        return LOCKSTEP_ERR_USAGE;
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
    *out = lk_buffer_bytes(&conn->app_out);
    return lk_buffer_length(&conn->app_out);
}

void lockstep_app_taken(lockstep_conn *conn, size_t n) {
    if (conn != NULL && conn->secure)
        lk_conn_taken(conn, n);
}

void lk_conn_taken(lockstep_conn *conn, size_t n) {
    size_t have = lk_buffer_length(&conn->app_out);
    lk_buffer_take(&conn->app_out, n < have ? n : have);
    lk_buffer_drop_if_empty(&conn->app_out);
}

lockstep_status lockstep_close(lockstep_conn *conn) {
    if (conn == NULL)
        return LOCKSTEP_ERR_USAGE;
    if (failed(conn) != LOCKSTEP_OK || conn->close_sent)
        return failed(conn);
    if (lk_conn_jobs_out(conn)) {
        conn->close_later = true;
        return LOCKSTEP_OK;
    }
    if (!lk_conn_may_send(conn)) {
        (void)lk_conn_fail_with(conn, LOCKSTEP_ERR_CANCELED, "before the handshake was complete");
        return LOCKSTEP_OK;
    }
    lockstep_status status = send_alert(conn, LOCKSTEP_ALERT_CLOSE_NOTIFY);
    if (status != LOCKSTEP_OK)
        return lk_conn_fail_with(conn, status, "close_notify");
    conn->close_sent = true;
    return LOCKSTEP_OK;
}

lockstep_status lockstep_update_keys(lockstep_conn *conn, bool both) {
    if (conn == NULL)
        return LOCKSTEP_ERR_USAGE;
    if (failed(conn) != LOCKSTEP_OK)
        return failed(conn);
    if (!conn->secure || conn->close_sent || conn->agreed.version == LK_TLS12)
        return LOCKSTEP_ERR_USAGE;
    return lk_conn_update_keys(conn, both);
}
