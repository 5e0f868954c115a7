/*
 * finished.c - Finished of TLS 1.2 (RFC 5246 §7.4.9), behind a change_cipher_spec. The one place
 * where TLS 1.2 makes a lk_finished_proof.
 */
#include "wire/finished.h"

#include "handshake/ech.h"
#include "handshake/tls12/inside.h"

static lk_finished_proof prove(void) {
    return (lk_finished_proof){true};
}

static void verify_data(const lk_handshake *hs, bool by_client, uint8_t *out) {
    uint8_t transcript[LK_HASH_MAX];
    lk_transcript_hash(&hs->transcript, transcript);
    lk12_verify_data(out, &hs->tls12->master, by_client, transcript);
}

lockstep_status lk12_send_finished(lk_handshake *hs) {
    uint8_t mac[LK12_VERIFY_DATA_LEN];
    lk_builder b;
    LK_TRY(lk_out(hs, LK_OUT_CHANGE_CIPHER_SPEC, 0));
    LK_TRY(lk_out_write_keys(hs, LK_OUT_WRITE_KEYS_TLS12,
                             hs->is_client ? &hs->tls12->client_keys : &hs->tls12->server_keys));
    /* "The record size limit only applies to records sent toward the endpoint that advertises the
     * limit [...] protected" (RFC 8449 §4): from here on. LK_OUT_PEER_LIMIT counts the type. */
    if (hs->peer_limit != 0)
        LK_TRY(lk_out(hs, LK_OUT_PEER_LIMIT, (size_t)hs->peer_limit + 1));
    verify_data(hs, hs->is_client, mac);
    size_t at = lk12_begin(hs, &b);
    lk_finished_build(&b, lk_slice_of(mac, sizeof mac));
    LK_TRY(lk_send(hs, &b, at));
    return LOCKSTEP_OK;
}

lockstep_status lk12_server_end(lk_handshake *hs) {
    if (hs->tls12->ticket_announced)
        LK_TRY(lk12_send_new_session_ticket(hs));
    return lk12_send_finished(hs);
}

lockstep_status lk12_client_wait(lk_handshake *hs) {
    hs->state = hs->tls12->ticket_announced ? LK12_CLIENT_WAIT_NST : LK12_CLIENT_WAIT_CCS;
    return LOCKSTEP_OK;
}

/* In a full handshake the client is the first to send Finished, in an abbreviated one the server;
 * the other one answers. */
static lockstep_status answer(lk_handshake *hs) {
    if (hs->is_client)
        return hs->tls12->resumed ? lk12_send_finished(hs) : LOCKSTEP_OK;
    return hs->tls12->resumed ? LOCKSTEP_OK : lk12_server_end(hs);
}

/* keep_exporter lets the master secret outlive the handshake, for lk_export alone. */
static void keep_exporter(lk_handshake *hs) {
    lk_agreed *agreed = hs->agreed;
    _Static_assert(LK12_MASTER_LEN == LK_SECRET_MAX && sizeof agreed->exporter_seed == 64,
                   "a master secret, and two randoms");
    /* Its length is that of SHA-384 whatever the hash: lk_export takes all of it. */
    agreed->exporter.hash = hs->tls12->master.hash;
    memcpy(agreed->exporter.bytes, hs->tls12->master.bytes, LK12_MASTER_LEN);
    memcpy(agreed->exporter_seed, hs->client_random, LK_RANDOM_LEN);
    memcpy(agreed->exporter_seed + LK_RANDOM_LEN, hs->random_2, LK_RANDOM_LEN);
}

lockstep_status lk12_on_finished(lk_handshake *hs, lk_slice message) {
    uint8_t expected[LK12_VERIFY_DATA_LEN];
    lk_slice body = lk_body(message);
    if (body.p_len != sizeof expected)
        return lk_fail_at(hs, LOCKSTEP_PEER_DECODE_FINISHED, "RFC 5246 §7.4.9",
                          "%zu bytes instead of %zu", body.p_len, sizeof expected);
    verify_data(hs, !hs->is_client, expected);
    bool same = lk_ct_equal(expected, body.p, sizeof expected);
    lk_wipe(expected, sizeof expected);
    if (!same)
        return lk_fail_at(hs, LOCKSTEP_PEER_BAD_FINISHED, "RFC 5246 §7.4.9", "from the %s",
                          hs->is_client ? "server" : "client");
    lk_note_check(&hs->watch, "Finished", "RFC 5246 §7.4.9", LOCKSTEP_OK,
                  "both sides saw the same %s handshake", hs->suite->name);
    hs->finished_proof = prove();
    LK_TRY(lk_hash_message(hs, message));
    if (hs->tls12->resumed)
        hs->possession_proof = lk12_possession_by_session(hs, hs->finished_proof);
    else if (hs->is_client && hs->suite->kex == LK_KEX_RSA)
        hs->possession_proof = lk12_possession_by_finished(hs, hs->finished_proof);
    if (!hs->tls12->resumed)
        hs->agreed->verified_ms = hs->settings->env.now_ms(hs->settings->env.arg);
    keep_exporter(hs);
    LK_TRY(answer(hs));
    if (lk_ech_rejected(hs)) /* nor is there a session to keep (RFC 9849 §6.1.7) */
        return lk_ech_end(hs, hs->chain_proof, hs->possession_proof, hs->finished_proof);
    if (hs->is_client)
        LK_TRY(lk12_keep_session(hs));
    return lk_handshake_secure(hs, hs->chain_proof, hs->possession_proof, hs->finished_proof);
}
