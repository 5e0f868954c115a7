/*
 * pump.c - between the handshake and the records: messages in, the outbox out.
 */
#include "conn/conn.h"
#include "util/secret.h"
#include "wire/key_update.h"

/* ---- Keys ------------------------------------------------------------------------------------ */

static bool is_of(const lk_traffic_secret *secret, const lk_traffic_secret *other) {
    lk_slice bytes = lk_secret_slice(&secret->s);
    return secret->s.hash == other->s.hash && lk_ct_equal(bytes.p, other->s.bytes, bytes.p_len);
}

/* note_keys says which keys records have from here on. */
static void note_keys(const lockstep_conn *conn, const lk_traffic_secret *secret, bool early,
                      lk_slice key, lk_slice iv, bool seal) {
    static const char *const titles[2][3][2] = {
        {{"server early key", "server early iv"},
         {"server handshake key", "server handshake iv"},
         {"server application key", "server application iv"}},
        {{"client early key", "client early iv"},
         {"client handshake key", "client handshake iv"},
         {"client application key", "client application iv"}}};
    if (!lk_watched(&conn->watch))
        return;
    bool client = seal == conn->is_client;
    const lk_agreed *agreed = &conn->agreed;
    int epoch = early ? 0 : is_of(secret, client ? &agreed->client : &agreed->server) ? 2 : 1;
    lk_note_key(&conn->watch, client, titles[client][epoch][0], "RFC 8446 §7.3", key);
    lk_note_key(&conn->watch, client, titles[client][epoch][1], "RFC 8446 §7.3", iv);
}

static void install(lockstep_conn *conn, const lk_traffic_secret *secret, lk_aead_kind aead,
                    bool seal, bool early) {
    uint8_t key[LK_AEAD_KEY_MAX], iv[LK_AEAD_NONCE_LEN];
    lk_traffic_keys(secret, aead, key, iv);
    note_keys(conn, secret, early, lk_slice_of(key, lk_aead_key_length(aead)),
              lk_slice_of(iv, sizeof iv), seal);
    lk_protect_with(seal ? &conn->out : &conn->in, conn->settings->crypto, aead, key, iv, seal);
    lk_wipe(key, sizeof key);
    lk_wipe(iv, sizeof iv);
}

static void install_tls12(lockstep_conn *conn, const lk_write_keys *keys, lk_aead_kind aead,
                          bool seal) {
    lk_protect_with_tls12(seal ? &conn->out : &conn->in, conn->settings->crypto, aead, keys->key,
                          keys->iv, seal);
}

static lk_traffic_secret *secret_of(lockstep_conn *conn, bool client) {
    return client ? &conn->agreed.client : &conn->agreed.server;
}

/* next_keys moves one direction on (§7.2). */
static void next_keys(lockstep_conn *conn, bool seal) {
    bool client = seal == conn->is_client;
    lk_traffic_secret *secret = secret_of(conn, client);
    lk_traffic_next(secret);
    lk_note_key(&conn->watch, client, client ? "c ap traffic, updated" : "s ap traffic, updated",
                "RFC 8446 §7.2", lk_secret_slice(&secret->s));
    install(conn, secret, conn->agreed.aead, seal, false);
}

lockstep_status lk_conn_update_keys(lockstep_conn *conn, bool request) {
    lk_buffer message = lk_buffer_of(&conn->settings->heap, 0);
    lk_builder b = lk_builder_of(&message);
    request = request && !conn->update_asked; /* one request at a time */
    conn->update_asked = conn->update_asked || request;
    conn->update_owed = conn->update_owed && request;
    lk_key_update_build(&b, request);
    lockstep_status status = lk_builder_ok(&b)
                                 ? lk_conn_send(conn, LK_HANDSHAKE, lk_buffer_slice(&message))
                                 : lk_conn_fail_with(conn, LOCKSTEP_ERR_NO_MEMORY, "KeyUpdate");
    if (status == LOCKSTEP_OK)
        lk_note_bytes(&conn->watch, LOCKSTEP_NOTE_MESSAGE, LK_KEY_UPDATE, true, true, "KeyUpdate",
                      lk_buffer_slice(&message));
    lk_buffer_free(&message);
    if (status == LOCKSTEP_OK)
        next_keys(conn, true);
    return status;
}

/* ---- The outbox ------------------------------------------------------------------------------ */

static lockstep_status send_ccs(lockstep_conn *conn) {
    static const uint8_t record[] = {LK_CHANGE_CIPHER_SPEC, 3, 3, 0, 1, 1};
    if (!lk_buffer_append(&conn->wire_out, lk_slice_of(record, sizeof record)))
        return lk_conn_fail_with(conn, LOCKSTEP_ERR_NO_MEMORY, "change_cipher_spec");
    lk_note_record(&conn->watch, true, false, lk_slice_of(record, sizeof record),
                   LK_CHANGE_CIPHER_SPEC, lk_slice_of(record + LK_RECORD_HEADER, 1));
    return LOCKSTEP_OK;
}

static void secured(lockstep_conn *conn) {
    if (conn->agreed.session != NULL)
        lk_conn_keep_session(conn, conn->agreed.session);
    conn->agreed.session = NULL;
    conn->secure = true;
    conn->useless = 0; /* what came before was of use after all */
    lk_handshake_free(conn->hs);
    conn->hs = NULL;
}

static lockstep_status carry_out(lockstep_conn *conn, const lk_out_item *item,
                                 const lk_out_secret *s) {
    switch (item->kind) {
    case LK_OUT_CHANGE_CIPHER_SPEC:
        return send_ccs(conn);
    case LK_OUT_WRITE_KEYS:
        install(conn, &s->secret, item->aead, true, false);
        return LOCKSTEP_OK;
    case LK_OUT_READ_KEYS:
        conn->early_read = false;
        install(conn, &s->secret, item->aead, false, false);
        return LOCKSTEP_OK;
    case LK_OUT_EARLY_WRITE:
        conn->early_left = item->length;
        install(conn, &s->secret, item->aead, true, true);
        return LOCKSTEP_OK;
    case LK_OUT_EARLY_OVER:
        conn->early_left = 0;
        return LOCKSTEP_OK;
    case LK_OUT_EARLY_READ:
        conn->early_left = item->length;
        conn->early_read = conn->answers_early = true;
        install(conn, &s->secret, item->aead, false, true);
        return LOCKSTEP_OK;
    case LK_OUT_WRITE_CLEAR:
        lk_protection_free(&conn->out);
        return LOCKSTEP_OK;
    case LK_OUT_WRITE_KEYS_TLS12:
        install_tls12(conn, &s->keys, item->aead, true);
        return LOCKSTEP_OK;
    case LK_OUT_READ_KEYS_TLS12:
        install_tls12(conn, &s->keys, item->aead, false);
        return LOCKSTEP_OK;
    case LK_OUT_PEER_LIMIT:
        /* The limit counts the content type (RFC 8449 §4). What exceeds the protocol's own is not
         * used; ours holds from here on too, since both sides know the extension. */
        conn->send_max = item->length - 1 < LK_PLAINTEXT_MAX ? item->length - 1 : LK_PLAINTEXT_MAX;
        conn->accept_max = conn->settings->record_size_limit;
        return LOCKSTEP_OK;
    case LK_OUT_SKIP_EARLY_DATA:
        conn->skip_early = item->length;
        return LOCKSTEP_OK;
    case LK_OUT_ECH_REQUIRED:
        return lk_conn_fail_with(conn, LOCKSTEP_ECH_REJECTED,
                                 "the server has proved that it is the public one, and has %s",
                                 conn->agreed.ech_retry_configs.p_len > 0
                                     ? "another configuration"
                                     : "no other configuration: it does without");
    case LK_OUT_SECURE:
        secured(conn);
        return LOCKSTEP_OK;
    default:
        return LOCKSTEP_ERR_USAGE;
    }
}

lockstep_status lk_conn_pump(lockstep_conn *conn) {
    /* While the handshake waits its flight is not complete, and half a flight helps nobody. */
    if (conn->hs == NULL || lk_handshake_waiting(conn->hs))
        return LOCKSTEP_OK;
    lk_outbox *box = lk_handshake_outbox(conn->hs);
    size_t at = 0, num_items = box->num_items;
    if (lk_buffer_length(&box->bytes) > 0) /* the flight's records grow in one piece */
        (void)lk_buffer_reserve(&conn->wire_out,
                                lk_buffer_length(&box->bytes) + num_items * LK_RECORD_OVERHEAD);
    for (size_t i = 0; i < num_items && conn->hs != NULL;) {
        lockstep_status status;
        if (box->items[i].kind == LK_OUT_MESSAGE) {
            /* Messages that follow each other under one key share records (§5.1). */
            size_t run = 0;
            for (; i < num_items && box->items[i].kind == LK_OUT_MESSAGE; i++)
                run += box->items[i].length;
            /* After a close_notify nothing is sent, not even tickets (§6.1). */
            lk_slice messages = lk_slice_of(lk_buffer_bytes(&box->bytes) + at, run);
            status = conn->close_sent ? LOCKSTEP_OK : lk_conn_send(conn, LK_HANDSHAKE, messages);
            at += run;
            conn->spoke = true;
        } else {
            const lk_out_item *item = &box->items[i++];
            status = carry_out(conn, item, &box->secrets[item->secret]);
        }
        if (status != LOCKSTEP_OK)
            return status;
    }
    if (conn->hs != NULL) {
        lk_wipe(box->secrets, sizeof box->secrets);
        box->num_items = box->num_secrets = 0;
        lk_buffer_cut(&box->bytes, 0);
    }
    return LOCKSTEP_OK;
}

/* ---- Messages -------------------------------------------------------------------------------- */

/* next_message finds the first message of what there is and checks its length as soon as that is
 * known, so that nobody can make us wait for, and hold, 16 MB. */
static lockstep_status next_message(lockstep_conn *conn, lk_slice have, lk_slice *message) {
    *message = lk_slice_of(NULL, 0);
    if (have.p_len < LK_HANDSHAKE_HEADER)
        return LOCKSTEP_OK;
    size_t body = (size_t)have.p[1] << 16 | (size_t)have.p[2] << 8 | have.p[3];
    size_t max = 16384;
    if (conn->hs == NULL && conn->agreed.version == LK_TLS12) {
        *message =
            lk_slice_of(have.p, LK_HANDSHAKE_HEADER); /* none is allowed, whatever it holds */
        return LOCKSTEP_OK;
    }
    if (conn->hs != NULL) {
        size_t expected = lk_handshake_expects(conn->hs, have.p[0]);
        /* A message that is not allowed at all need not be whole to be refused. */
        if (expected == 0) {
            *message = lk_slice_of(have.p, LK_HANDSHAKE_HEADER);
            return LOCKSTEP_OK;
        }
        max = expected;
    }
    if (body > max)
        return lk_conn_fail_with(conn, LOCKSTEP_PEER_MESSAGE_TOO_LARGE,
                                 "%s of %zu bytes, limit %zu", lk_handshake_name(have.p[0]), body,
                                 max);
    if (have.p_len >= LK_HANDSHAKE_HEADER + body)
        *message = lk_slice_of(have.p, LK_HANDSHAKE_HEADER + body);
    return LOCKSTEP_OK;
}

static lockstep_status post_handshake(lockstep_conn *conn, lk_slice message, bool ends_record) {
    lk_post_message post;
    lk_note_bytes(&conn->watch, LOCKSTEP_NOTE_MESSAGE, message.p[0], false, true,
                  lk_handshake_name(message.p[0]), message);
    if (conn->agreed.version == LK_TLS12) {
        (void)lk12_post_handshake_receive(&conn->failure, conn->is_client, message);
        return lk_conn_fail(conn);
    }
    /* What we asked for is no flood. */
    bool asked = message.p[0] == LK_KEY_UPDATE && conn->update_asked;
    if (asked)
        conn->update_asked = false;
    else if (++conn->useless > LK_MAX_USELESS)
        return lk_conn_fail_with(conn, LOCKSTEP_PEER_FLOOD,
                                 "%u messages in a row without application data", conn->useless);
    lockstep_status status =
        lk_post_handshake_receive(&post, &conn->failure, conn->settings, &conn->agreed,
                                  conn->is_client, message, ends_record);
    if (status != LOCKSTEP_OK)
        return lk_conn_fail(conn);
    if (post.session != NULL)
        lk_conn_keep_session(conn, post.session);
    if (post.keys_changed)
        next_keys(conn, false);
    /* The answer must come "prior to sending its next Application Data record", so that one "which
     * receives multiple KeyUpdates while it is silent" responds "with a single update" (§4.6.3). */
    conn->update_owed = conn->update_owed || post.answer;
    return LOCKSTEP_OK;
}

/* one_message hands on a message, the last of its record or not. */
static lockstep_status one_message(lockstep_conn *conn, lk_slice message, bool ends_record) {
    conn->heard_hello = true;
    if (conn->hs == NULL)
        return post_handshake(conn, message, ends_record);
    if (lk_handshake_receive(conn->hs, message, ends_record) != LOCKSTEP_OK)
        return lk_conn_fail(conn);
    /* One that was dropped before, as TLS 1.3 demands, was none of TLS 1.3. */
    if (conn->early_ccs && conn->agreed.version == LK_TLS12)
        return lk_conn_fail_with(conn, LOCKSTEP_PEER_CCS, "before ServerHello, of TLS 1.2");
    return LOCKSTEP_OK;
}

/* whole_messages hands on those that are whole in `have` and sets `*used` to their bytes. */
static lockstep_status whole_messages(lockstep_conn *conn, lk_slice have, size_t *used) {
    *used = 0;
    while (conn->hs == NULL || !lk_handshake_waiting(conn->hs)) {
        lk_slice message, rest = lk_slice_from(have, *used);
        lockstep_status status = next_message(conn, rest, &message);
        if (status != LOCKSTEP_OK || message.p_len == 0)
            return status;
        status = one_message(conn, message, message.p_len == rest.p_len);
        if (status == LOCKSTEP_OK)
            status = lk_conn_pump(conn);
        if (status != LOCKSTEP_OK)
            return status;
        *used += message.p_len;
    }
    return LOCKSTEP_OK;
}

lockstep_status lk_conn_messages(lockstep_conn *conn, lk_slice content) {
    bool in_place = lk_buffer_length(&conn->messages) == 0; /* most are whole in their record */
    size_t used;
    if (!in_place && !lk_buffer_append(&conn->messages, content))
        return lk_conn_fail_with(conn, LOCKSTEP_ERR_NO_MEMORY, "handshake messages");
    lockstep_status status =
        whole_messages(conn, in_place ? content : lk_buffer_slice(&conn->messages), &used);
    if (status != LOCKSTEP_OK)
        return status;
    if (!in_place)
        lk_buffer_take(&conn->messages, used);
    else if (!lk_buffer_append(&conn->messages, lk_slice_from(content, used)))
        return lk_conn_fail_with(conn, LOCKSTEP_ERR_NO_MEMORY, "handshake messages");
    lk_buffer_drop_if_empty(&conn->messages);
    return LOCKSTEP_OK;
}
