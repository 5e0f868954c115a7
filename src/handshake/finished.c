/*
 * finished.c - Finished (RFC 8446 §4.4.4): both sides prove that they saw the same handshake. The
 * one place where a lk_finished_proof is made, and where application traffic keys come from.
 */
#include "wire/finished.h"

#include "handshake/ech.h"
#include "handshake/internal.h"
#include "util/secret.h"
#include "wire/certificate_type.h"

static lk_finished_proof prove(void) {
    return (lk_finished_proof){true};
}

/* derive_application: the transcript ends with the server's Finished. */
static void derive_application(lk_handshake *hs) {
    uint8_t transcript[LK_HASH_MAX];
    lk_agreed *agreed = hs->agreed;
    lk_transcript_hash(&hs->transcript, transcript);
    lk_schedule_master(&hs->master, &hs->handshake_secret);
    lk_schedule_application_traffic(&agreed->client, &agreed->server, &agreed->exporter,
                                    &hs->master, transcript);
    lk_slice client = lk_secret_slice(&agreed->client.s);
    lk_slice server = lk_secret_slice(&agreed->server.s);
    lk_note_key(&hs->watch, hs->is_client, "master secret", "RFC 8446 §7.1",
                lk_secret_slice(&hs->master.s));
    lk_note_key(&hs->watch, true, "c ap traffic", "RFC 8446 §7.1", client);
    lk_note_key(&hs->watch, false, "s ap traffic", "RFC 8446 §7.1", server);
    lk_note_key(&hs->watch, hs->is_client, "exp master", "RFC 8446 §7.5",
                lk_secret_slice(&agreed->exporter));
    lk_keylog(&hs->watch, "CLIENT_TRAFFIC_SECRET_0", hs->client_random, client);
    lk_keylog(&hs->watch, "SERVER_TRAFFIC_SECRET_0", hs->client_random, server);
    lk_keylog(&hs->watch, "EXPORTER_SECRET", hs->client_random, lk_secret_slice(&agreed->exporter));
    lk_wipe(&hs->handshake_secret, sizeof hs->handshake_secret);
}

/* note_finished_key shows whoever watches the key of a side's Finished. */
static void note_finished_key(const lk_handshake *hs, bool client) {
    lk_secret key;
    if (!lk_watched(&hs->watch))
        return;
    lk_finished_key(&key, client ? &hs->client_hs : &hs->server_hs);
    lk_note_key(&hs->watch, client, client ? "client finished key" : "server finished key",
                "RFC 8446 §4.4.4", lk_secret_slice(&key));
    lk_wipe(&key, sizeof key);
}

lockstep_status lk_send_finished(lk_handshake *hs) {
    uint8_t transcript[LK_HASH_MAX], verify_data[LK_HASH_MAX];
    size_t at = lk_buffer_length(&hs->outbox.bytes);
    lk_builder b = lk_builder_of(&hs->outbox.bytes);
    lk_transcript_hash(&hs->transcript, transcript);
    note_finished_key(hs, hs->is_client);
    lk_finished_mac(verify_data, hs->is_client ? &hs->client_hs : &hs->server_hs, transcript);
    lk_finished_build(&b, lk_slice_of(verify_data, lk_hash_length(hs->suite->hash)));
    LK_TRY(lk_send(hs, &b, at));
    if (hs->is_client) {
        lk_transcript_hash(&hs->transcript, transcript);
        if (hs->settings->keep_sessions) {
            lk_schedule_resumption(&hs->agreed->resumption, &hs->master, transcript);
            lk_note_key(&hs->watch, true, "res master", "RFC 8446 §4.6.1",
                        lk_secret_slice(&hs->agreed->resumption));
        }
        LK_TRY(lk_out_keys(hs, LK_OUT_WRITE_KEYS, &hs->agreed->client));
        LK_TRY(lk_out_keys(hs, LK_OUT_READ_KEYS, &hs->agreed->server));
        if (lk_ech_rejected(hs))
            return lk_ech_end(hs, hs->chain_proof, hs->possession_proof, hs->finished_proof);
        return lk_handshake_secure(hs, hs->chain_proof, hs->possession_proof, hs->finished_proof);
    }
    /* The server may send application data at once; it reads none before the client's Finished. */
    derive_application(hs);
    LK_TRY(lk_out_keys(hs, LK_OUT_WRITE_KEYS, &hs->agreed->server));
    if (hs->psk != NULL) {
        hs->state = hs->agreed->early_data == LOCKSTEP_EARLY_ACCEPTED ? LK_SERVER_WAIT_EOED
                                                                      : LK_SERVER_WAIT_FINISHED;
    } else if (hs->settings->client_auth == LOCKSTEP_CLIENT_AUTH_NONE) {
        hs->chain_proof = lk_chain_not_needed(hs);
        hs->possession_proof = lk_possession_not_needed(hs);
        hs->state = LK_SERVER_WAIT_FINISHED;
    } else {
        hs->state = LK_SERVER_WAIT_CERT;
    }
    return LOCKSTEP_OK;
}

/* The client's second flight: a certificate if one was asked for, and Finished. */
static lockstep_status client_flight(lk_handshake *hs) {
    if (!hs->certificate_requested)
        return lk_send_finished(hs);
    const lk_settings *s = hs->settings;
    hs->request.raw = hs->own_type == LK_TYPE_RAW_KEY;
    /* Who we are is for the server that was meant (RFC 9849 §6.1.7). */
    if (lk_ech_rejected(hs) ||
        lk_settings_identity(s, &hs->identity, &hs->scheme, &hs->request) != LOCKSTEP_OK)
        hs->identity = NULL; /* "MUST send a Certificate message containing no certificates" */
    LK_TRY(lk_send_certificate(hs));
    return hs->identity == NULL ? lk_send_finished(hs) : lk_send_certificate_verify(hs);
}

lockstep_status lk_on_finished(lk_handshake *hs, lk_slice message) {
    uint8_t transcript[LK_HASH_MAX], expected[LK_HASH_MAX];
    size_t n = lk_hash_length(hs->suite->hash);
    lk_slice body = lk_body(message);
    if (body.p_len != n)
        return lk_fail(hs, LOCKSTEP_PEER_DECODE_FINISHED, "%zu bytes, the hash has %zu", body.p_len,
                       n);
    lk_transcript_hash(&hs->transcript, transcript);
    note_finished_key(hs, !hs->is_client);
    lk_finished_mac(expected, hs->is_client ? &hs->server_hs : &hs->client_hs, transcript);
    bool same = lk_ct_equal(expected, body.p, n);
    lk_wipe(expected, sizeof expected);
    if (!same)
        return lk_fail(hs, LOCKSTEP_PEER_BAD_FINISHED, "from the %s",
                       hs->is_client ? "server" : "client");
    lk_note_check(&hs->watch, "Finished", "RFC 8446 §4.4.4", LOCKSTEP_OK,
                  "both sides saw the same %s handshake", hs->suite->name);
    hs->finished_proof = prove();
    if (hs->psk == NULL)
        hs->agreed->verified_ms = hs->settings->env.now_ms(hs->settings->env.arg);
    LK_TRY(lk_hash_message(hs, message));
    if (hs->is_client) {
        derive_application(hs);
        LK_TRY(lk_send_end_of_early_data(hs));
        return client_flight(hs);
    }
    LK_TRY(lk_out_keys(hs, LK_OUT_READ_KEYS, &hs->agreed->client));
    LK_TRY(lk_send_new_session_tickets(hs));
    return lk_handshake_secure(hs, hs->chain_proof, hs->possession_proof, hs->finished_proof);
}
