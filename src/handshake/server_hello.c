/*
 * server_hello.c - ServerHello and HelloRetryRequest (RFC 8446 §4.1.3, §4.1.4), both directions,
 * and the handshake keys that follow.
 */
#include "handshake/ech.h"
#include "handshake/tls12.h"

#include "util/secret.h"

/* ---- Both sides: handshake traffic keys ------------------------------------------------------ */

lockstep_status lk_install_handshake_keys(lk_handshake *hs, lk_slice shared) {
    lk_early_secret early;
    uint8_t transcript[LK_HASH_MAX];
    if (hs->psk != NULL)
        early = hs->psk->early;
    else
        lk_schedule_early(&early, hs->suite->hash, lk_slice_of(NULL, 0));
    lk_note_key(&hs->watch, hs->is_client, "early secret", "RFC 8446 §7.1",
                lk_secret_slice(&early.s));
    lk_note_key(&hs->watch, hs->is_client, "(EC)DHE shared secret", "RFC 8446 §7.4", shared);
    lk_schedule_handshake(&hs->handshake_secret, &early, shared);
    lk_transcript_hash(&hs->transcript, transcript);
    lk_schedule_handshake_traffic(&hs->client_hs, &hs->server_hs, &hs->handshake_secret,
                                  transcript);
    lk_slice client = lk_secret_slice(&hs->client_hs.s), server = lk_secret_slice(&hs->server_hs.s);
    lk_note_key(&hs->watch, hs->is_client, "handshake secret", "RFC 8446 §7.1",
                lk_secret_slice(&hs->handshake_secret.s));
    lk_note_key(&hs->watch, true, "c hs traffic", "RFC 8446 §7.1", client);
    lk_note_key(&hs->watch, false, "s hs traffic", "RFC 8446 §7.1", server);
    lk_keylog(&hs->watch, "CLIENT_HANDSHAKE_TRAFFIC_SECRET", hs->client_random, client);
    lk_keylog(&hs->watch, "SERVER_HANDSHAKE_TRAFFIC_SECRET", hs->client_random, server);
    lk_wipe(&early, sizeof early);
    LK_TRY(lk_out_ccs(hs));
    /* While 0-RTT data is on its way, the client's direction still has its early keys. */
    enum lockstep_early_data early_data = hs->agreed->early_data;
    if (!hs->is_client)
        LK_TRY(lk_out_keys(hs, LK_OUT_WRITE_KEYS, &hs->server_hs));
    else if (early_data != LOCKSTEP_EARLY_OFFERED)
        LK_TRY(lk_out_keys(hs, LK_OUT_WRITE_KEYS, &hs->client_hs));
    if (hs->is_client)
        return lk_out_keys(hs, LK_OUT_READ_KEYS, &hs->server_hs);
    return early_data == LOCKSTEP_EARLY_ACCEPTED
               ? LOCKSTEP_OK
               : lk_out_keys(hs, LK_OUT_READ_KEYS, &hs->client_hs);
}

/* ---- Server ---------------------------------------------------------------------------------- */

static void build_retry(lk_builder *b, const lk_handshake *hs, lk_slice ech_confirmation) {
    lk_server_hello_build(b,
                          &(lk_server_hello_out){.random = lk_hello_retry_random,
                                                 .session_id_echo = hs->hello.session_id,
                                                 .cipher_suite = hs->suite->id,
                                                 .group = hs->retry_has_group ? hs->group->id : 0,
                                                 .cookie = hs->cookie,
                                                 .ech_confirmation = ech_confirmation});
}

lockstep_status lk_send_hello_retry_request(lk_handshake *hs) {
    uint8_t hello_hash[LK_HASH_MAX];
    lk_slice confirmation;
    size_t at = lk_buffer_length(&hs->outbox.bytes);
    lk_builder b = lk_builder_of(&hs->outbox.bytes);
    lk_transcript_hash(&hs->transcript, hello_hash);
    LK_TRY(lk_make_cookie(hs, hello_hash));
    LK_TRY(lk_ech_retry_extension(hs, &confirmation));
    lk_transcript_retry(&hs->transcript);
    build_retry(&b, hs, confirmation);
    lk_ech_confirm(hs, &b, at, true);
    LK_TRY(lk_send(hs, &b, at));
    LK_TRY(lk_out_ccs(hs));
    hs->retried = true;
    hs->state = LK_SERVER_WAIT_SECOND_CH;
    return LOCKSTEP_OK;
}

lockstep_status lk_hash_retry_again(lk_handshake *hs) {
    lk_buffer message = lk_buffer_of(&hs->settings->heap, 0);
    lk_builder b = lk_builder_of(&message);
    build_retry(&b, hs, lk_slice_of(NULL, 0));
    lockstep_status status =
        lk_builder_ok(&b) ? lk_hash_message(hs, lk_buffer_slice(&message)) : lk_fail_memory(hs);
    lk_buffer_free(&message);
    return status;
}

/* make_room lets the flight grow in one piece; what it takes more is found as it comes. */
static void make_room(lk_handshake *hs) {
    size_t n = 512 + hs->group->server_share;
    for (size_t i = 0; hs->identity != NULL && i < hs->identity->num_chain; i++)
        n += hs->identity->chain[i].p_len;
    (void)lk_buffer_reserve(&hs->outbox.bytes, n);
}

/* The RESPOND job is done. ServerHello and all of the flight up to the signature is written in one
 * go. */
lockstep_status lk_send_server_hello(lk_handshake *hs) {
    lk_job *job = hs->jobs[0];
    if (job->status != LOCKSTEP_OK)
        return lk_fail(hs, job->status, "the client's share for %s, %zu bytes", hs->group->name,
                       job->u.kex.peer.p_len);
    lk_server_hello_out hello = {.random = hs->random_2,
                                 .session_id_echo = hs->hello.session_id,
                                 .cipher_suite = hs->suite->id,
                                 .group = hs->group->id,
                                 .key_exchange =
                                     lk_slice_of(job->u.kex.share, hs->group->server_share),
                                 .psk = hs->psk != NULL,
                                 .selected_identity = hs->psk_index};
    make_room(hs);
    size_t at = lk_buffer_length(&hs->outbox.bytes);
    lk_builder b = lk_builder_of(&hs->outbox.bytes);
    lk_server_hello_build(&b, &hello);
    LK_TRY(lk_early_read(hs));
    lk_ech_confirm(hs, &b, at, false);
    LK_TRY(lk_send(hs, &b, at));
    LK_TRY(lk_install_handshake_keys(hs, lk_slice_of(job->u.kex.secret, job->u.kex.secret_len)));
    lk_wipe(job->u.kex.secret, sizeof job->u.kex.secret);
    if (hs->peer_limit != 0)
        LK_TRY(lk_out(hs, LK_OUT_PEER_LIMIT, hs->peer_limit));
    LK_TRY(lk_send_encrypted_extensions(hs));
    if (hs->psk != NULL)
        return lk_send_finished(hs); /* no certificates: both sides have the key (§2.2) */
    if (hs->settings->client_auth != LOCKSTEP_CLIENT_AUTH_NONE)
        LK_TRY(lk_send_certificate_request(hs));
    LK_TRY(lk_send_certificate(hs));
    return lk_send_certificate_verify(hs);
}

/* ---- Client ---------------------------------------------------------------------------------- */

/* The last eight bytes of ServerHello.random by which a TLS 1.3 server says "I was made to speak an
 * older version" (§4.1.3). */
static bool has_downgrade_sentinel(lk_slice random) {
    static const uint8_t sentinel[7] = {'D', 'O', 'W', 'N', 'G', 'R', 'D'};
    return memcmp(random.p + 24, sentinel, sizeof sentinel) == 0 && random.p[31] <= 1;
}

/* is_tls12 says whether a ServerHello answers with TLS 1.2 where we offered that. */
static bool is_tls12(const lk_handshake *hs, const lk_server_hello *h) {
    return (h->ext.present & lk_extension_bit(supported_versions)) == 0 &&
           h->legacy_version == LK_TLS12 && lk_settings_speaks(hs->settings, LK_TLS12);
}

static bool has(const lk_server_hello *h, enum lk_extension_index i) {
    return (h->ext.present >> i & 1) != 0;
}

static lockstep_status check_common(lk_handshake *hs, const lk_server_hello *h) {
    if (!has(h, LK_EXTENSION_supported_versions)) {
        if (has_downgrade_sentinel(h->random))
            return lk_fail(hs, LOCKSTEP_PEER_DOWNGRADE, "the answer is legacy version 0x%04x",
                           h->legacy_version);
        return lk_fail(hs, LOCKSTEP_NO_COMMON_VERSION, "the server answered with %s, we offered %s",
                       lk_version_name(h->legacy_version),
                       lk_settings_speaks(hs->settings, LK_TLS12) ? "TLS 1.2 at the least"
                                                                  : "TLS 1.3");
    }
    if (h->selected_version != LK_TLS13 || !lk_settings_speaks(hs->settings, LK_TLS13))
        return lk_fail(hs, LOCKSTEP_PEER_SELECTED_VERSION, "0x%04x, we offered TLS 1.%c",
                       h->selected_version, hs->settings->version_max == LK_TLS13 ? '3' : '2');
    if (h->legacy_version != LK_TLS12)
        return lk_fail(hs, LOCKSTEP_PEER_SELECTED_VERSION, "legacy_version is 0x%04x, not 0x0303",
                       h->legacy_version);
    if (!lk_slice_equal(h->session_id_echo, lk_slice_of(hs->session_id, hs->session_id_len)))
        return lk_fail(hs, LOCKSTEP_PEER_SESSION_ID_ECHO, "%zu bytes came, %zu were sent",
                       h->session_id_echo.p_len, hs->session_id_len);
    if (h->compression_method != 0)
        return lk_fail(hs, LOCKSTEP_PEER_COMPRESSION, "the server chose method %u",
                       h->compression_method);
    if (h->ext.num_unknown > 0)
        return lk_fail(hs, LOCKSTEP_PEER_EXTENSION_UNSOLICITED, "extension %u",
                       h->ext.first_unknown);
    /* "cookie" alone may come unasked, in a HelloRetryRequest (§4.2). */
    uint32_t unsolicited =
        h->ext.present & ~(hs->offered | (h->is_retry ? lk_extension_bit(cookie) : 0));
    for (int i = 0; i < LK_EXTENSION_COUNT; i++)
        if ((unsolicited >> i & 1) != 0)
            return lk_fail(hs, LOCKSTEP_PEER_EXTENSION_UNSOLICITED, "%s",
                           lk_extension_table[i].name);
    const lk_suite *suite = lk_suite_of(h->cipher_suite);
    bool offered = false;
    for (size_t i = 0; i < hs->settings->num_suites; i++)
        offered = offered || hs->settings->suites[i] == h->cipher_suite;
    if (suite == NULL || !offered || suite->version != LK_TLS13)
        return lk_fail(hs, LOCKSTEP_PEER_SUITE_NOT_OFFERED, "suite 0x%04x", h->cipher_suite);
    if (hs->suite != NULL && hs->suite != suite)
        return lk_fail(hs, LOCKSTEP_PEER_SUITE_CHANGED, "%s, before it was %s", suite->name,
                       hs->suite->name);
    hs->suite = suite;
    lk_transcript_start(&hs->transcript, suite->hash);
    return LOCKSTEP_OK;
}

static lockstep_status on_retry(lk_handshake *hs, const lk_server_hello *h, lk_slice message) {
    const lk_kex_group *group = NULL;
    if (hs->retried)
        return lk_fail(hs, LOCKSTEP_PEER_SECOND_RETRY, "the first asked for %s",
                       hs->group != NULL ? hs->group->name : "a cookie");
    bool has_group = has(h, LK_EXTENSION_key_share);
    if (!has_group && h->cookie.p_len == 0)
        return lk_fail(hs, LOCKSTEP_PEER_RETRY_USELESS, "neither key_share nor cookie");
    if (has_group) {
        for (size_t i = 0; i < hs->settings->num_groups; i++)
            if (hs->settings->groups[i] == h->group)
                group = lk_kex_group_of(h->group);
        for (size_t i = 0; i < hs->num_shares; i++)
            if (hs->shares[i].group == group)
                group = NULL;
        if (group == NULL)
            return lk_fail(hs, LOCKSTEP_PEER_RETRY_GROUP, "group 0x%04x", h->group);
    }
    if (!lk_arena_copy(&hs->arena, &hs->cookie, h->cookie))
        return lk_fail_memory(hs);
    lk_note_choice(&hs->watch, false, "key exchange group", "RFC 8446 §4.1.4",
                   "the server asks for another ClientHello, with a share of %s",
                   group != NULL ? group->name : "the same group and a cookie");
    lk_transcript_retry(&hs->transcript);
    LK_TRY(lk_hash_message(hs, message));
    if (hs->agreed->early_data == LOCKSTEP_EARLY_OFFERED) {
        LK_TRY(lk_early_refused(hs));
        LK_TRY(lk_out(hs, LK_OUT_WRITE_CLEAR, 0));
    }
    lk_drop_psks(hs);
    hs->retried = true;
    hs->group = group;
    return lk_send_second_client_hello(hs, group);
}

static lockstep_status derived(lk_handshake *hs) {
    lk_job *job = hs->jobs[0];
    if (job->status != LOCKSTEP_OK)
        return lk_fail(hs, job->status, "the server's share for %s", hs->group->name);
    LK_TRY(lk_install_handshake_keys(hs, lk_slice_of(job->u.kex.secret, job->u.kex.secret_len)));
    lk_wipe(job->u.kex.secret, sizeof job->u.kex.secret);
    hs->state = LK_CLIENT_WAIT_EE;
    return LOCKSTEP_OK;
}

/* "the client MUST verify that the server's selected_identity is within the range supplied by the
 * client, that the server selected a cipher suite indicating a Hash associated with the PSK" */
static lockstep_status on_selected_identity(lk_handshake *hs, uint16_t i) {
    if (i >= hs->num_psks)
        return lk_fail(hs, LOCKSTEP_PEER_PSK_SELECTED, "PSK %u of %zu", i, hs->num_psks);
    if (hs->psks[i].early.s.hash != hs->suite->hash)
        return lk_fail(hs, LOCKSTEP_PEER_PSK_SELECTED, "PSK %u has another hash than %s", i,
                       hs->suite->name);
    hs->psk = &hs->psks[i];
    hs->psk_index = i;
    return lk_psk_chosen(hs);
}

lockstep_status lk_on_server_hello(lk_handshake *hs, lk_slice message) {
    lk_server_hello h;
    lk_flaw flaw;
    lk_slice peer;
    const lk_ephemeral *own = NULL;
    lockstep_status status = lk_server_hello_parse(&h, &flaw, lk_body(message));
    if (status != LOCKSTEP_OK)
        return lk_fail_flaw(hs, status, &flaw);
    if (is_tls12(hs, &h)) {
        if (hs->settings->version_max > LK_TLS12 && has_downgrade_sentinel(h.random))
            return lk_fail(hs, LOCKSTEP_PEER_DOWNGRADE, "the answer is TLS 1.2");
        /* After a HelloRetryRequest, which is one of TLS 1.3, the version stands (§4.1.4). */
        if (hs->retried || h.is_retry)
            return lk_fail(hs, LOCKSTEP_PEER_SELECTED_VERSION, "TLS 1.2 after a HelloRetryRequest");
        /* "A client that attempts to send 0-RTT data MUST fail a connection if it receives a
         * ServerHello with TLS 1.2 or older." (§D.3) */
        if (lk_early_wanted(hs))
            return lk_fail_at(hs, LOCKSTEP_NO_COMMON_VERSION, "RFC 8446 §D.3",
                              "the server answered 0-RTT data with TLS 1.2");
        lk_ech_on_tls12(hs);
        return lk12_on_server_hello(hs, message);
    }
    LK_TRY(check_common(hs, &h));
    if (!hs->ends_record)
        return lk_fail(hs, LOCKSTEP_PEER_KEY_BOUNDARY, "bytes follow ServerHello in its record");
    hs->version = LK_TLS13;
    LK_TRY(lk_ech_on_server_hello(hs, &h, message));
    if (h.is_retry)
        return on_retry(hs, &h, message);
    if (!has(&h, LK_EXTENSION_key_share))
        return lk_fail(hs, LOCKSTEP_PEER_EXTENSION_MISSING, "ServerHello without key_share");
    for (size_t i = 0; i < hs->num_shares; i++)
        if (hs->shares[i].group->id == h.group)
            own = hs->shares[i].own;
    /* After a retry only the group that it asked for will do (§4.2.8). */
    if (own == NULL || (hs->group != NULL && hs->group->id != h.group))
        return lk_fail(hs, LOCKSTEP_PEER_KEY_SHARE_GROUP,
                       "the server chose group 0x%04x, for which no share was sent", h.group);
    if (has(&h, LK_EXTENSION_pre_shared_key))
        LK_TRY(on_selected_identity(hs, h.selected_identity));
    hs->group = lk_kex_group_of(h.group);
    lk_note_choice(&hs->watch, false, "cipher suite", "RFC 8446 §4.1.3", "%s", hs->suite->name);
    lk_note_choice(&hs->watch, false, "key exchange group", "RFC 8446 §4.2.8", "%s",
                   hs->group->name);
    LK_TRY(lk_hash_message(hs, message));
    hs->agreed->version = LK_TLS13;
    hs->agreed->suite = hs->suite->id;
    hs->agreed->aead = hs->suite->aead;
    hs->agreed->group = hs->group->id;
    hs->agreed->retried = hs->retried;
    lk_job *job = lk_arena_copy(&hs->arena, &peer, h.key_exchange)
                      ? lk_post(hs, LK_JOB_DERIVE, derived)
                      : NULL;
    if (job == NULL)
        return lk_fail_memory(hs);
    job->u.kex.group = hs->group;
    job->u.kex.own = own;
    job->u.kex.peer = peer;
    return LOCKSTEP_OK;
}
