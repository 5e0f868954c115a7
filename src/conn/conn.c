/*
 * conn.c - the life of a connection (lockstep.h): how it begins, what state it is in, how it ends.
 * wire.c has the bytes in and out.
 */
#include "conn/conn.h"

#include <stdarg.h>

#include "util/format.h"
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
    conn->record = conn->messages = conn->app_out = lk_buffer_of(&s->heap, 0);
    conn->wire_out = lk_buffer_of_sealed(&s->heap);
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
    if (conn->held) {
        conn->dropped = true;
        return;
    }
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
    lk_note_bytes(&conn->watch, LOCKSTEP_NOTE_ALERT, alert[1], true, lk_protected(&conn->out),
                  lockstep_alert_name(description), content);
    lk_note_record(&conn->watch, true, lk_protected(&conn->out),
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
    lk_format_cut(detail, sizeof detail, format, args);
    va_end(args);
    (void)lk_failure_set(&conn->failure, status, "%s", detail);
    lk_note_check(&conn->watch, lockstep_status_text(status), lockstep_status_rule(status), status,
                  "%s", detail);
    return lk_conn_fail(conn);
}

const lockstep_failure *lockstep_failure_of(const lockstep_conn *conn) {
    return conn == NULL || lk_conn_failed(conn) == LOCKSTEP_OK ? NULL : &conn->failure;
}

/* ---- The end --------------------------------------------------------------------------------- */

lockstep_status lockstep_close(lockstep_conn *conn) {
    if (conn == NULL)
        return LOCKSTEP_ERR_USAGE;
    if (lk_conn_failed(conn) != LOCKSTEP_OK || conn->close_sent)
        return lk_conn_failed(conn);
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

/* ---- State ----------------------------------------------------------------------------------- */

unsigned lockstep_state_of(const lockstep_conn *conn) {
    unsigned state = 0;
    if (conn == NULL)
        return LOCKSTEP_CLOSED;
    bool broken = lk_conn_failed(conn) != LOCKSTEP_OK;
    bool waiting = conn->hs != NULL && lk_handshake_waiting(conn->hs);
    bool full = lk_buffer_length(&conn->wire_out) >= LK_WIRE_OUT_MAX;
    if (lk_buffer_length(&conn->wire_out) > 0)
        state |= LOCKSTEP_WIRE_OUT;
    if (lk_conn_data(conn).p_len > 0)
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
