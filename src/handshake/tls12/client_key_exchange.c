/*
 * client_key_exchange.c - ClientKeyExchange (RFC 8422 §5.7) with what the client sends before it,
 * and the master secret that both sides have after it.
 */
#include "handshake/tls12/inside.h"
#include "wire/tls12_key_exchange.h"

/* derive_keys: the transcript ends with ClientKeyExchange, as RFC 7627 §3 demands. */
static void derive_keys(lk_handshake *hs, lk_slice premaster) {
    lk12_handshake *tls12 = hs->tls12;
    uint8_t session_hash[LK_HASH_MAX];
    lk_transcript_hash(&hs->transcript, session_hash);
    lk12_master(&tls12->master, hs->suite->hash, premaster, session_hash);
    lk12_key_block(&tls12->client_keys, &tls12->server_keys, &tls12->master, hs->suite->aead,
                   hs->client_random, hs->random_2);
    lk_slice master = lk12_master_slice(&tls12->master);
    lk_note_key(&hs->watch, hs->is_client, "premaster secret", "RFC 8422 §5.10", premaster);
    lk_note_key(&hs->watch, hs->is_client, "master secret", "RFC 7627 §4", master);
    lk_note_key(&hs->watch, true, "client_write_key", "RFC 5246 §6.3",
                lk_slice_of(tls12->client_keys.key, lk_aead_key_length(hs->suite->aead)));
    lk_note_key(&hs->watch, false, "server_write_key", "RFC 5246 §6.3",
                lk_slice_of(tls12->server_keys.key, lk_aead_key_length(hs->suite->aead)));
    lk_keylog(&hs->watch, "CLIENT_RANDOM", hs->client_random, master);
}

/* ---- Client ---------------------------------------------------------------------------------- */

/* The RESPOND job has made our share and the secret. */
static lockstep_status send_ecdhe(lk_handshake *hs) {
    lk_builder b;
    lk_job *job = hs->jobs[0];
    if (job->status != LOCKSTEP_OK)
        return lk_fail_at(hs, job->status, "RFC 8422 §5.11", "the server's share for %s, %zu bytes",
                          hs->group->name, job->u.kex.peer.p_len);
    if (hs->certificate_requested)
        LK_TRY(lk12_send_certificate(hs));
    size_t at = lk12_begin(hs, &b);
    lk12_client_key_exchange_build(&b, lk_slice_of(job->u.kex.share, hs->group->server_share),
                                   false);
    LK_TRY(lk_send(hs, &b, at));
    derive_keys(hs, lk_slice_of(job->u.kex.secret, job->u.kex.secret_len));
    lk_wipe(job->u.kex.secret, sizeof job->u.kex.secret);
    return hs->identity != NULL ? lk12_send_certificate_verify(hs) : lk12_send_finished(hs);
}

static lockstep_status post_respond(lk_handshake *hs) {
    uint8_t *share = lk_arena_alloc(&hs->arena, hs->group->server_share);
    lk_job *job = share == NULL ? NULL : lk_post(hs, LK_JOB_RESPOND, send_ecdhe);
    if (job == NULL)
        return lk_fail_memory(hs);
    job->u.kex.group = hs->group;
    job->u.kex.share = share;
    job->u.kex.peer = hs->tls12->point;
    if (!lk_kex_draw(hs->settings->crypto, &hs->settings->env, hs->group, job->u.kex.random))
        return lk_fail(hs, LOCKSTEP_ERR_NO_RANDOM, "for the key share of %s", hs->group->name);
    return LOCKSTEP_OK;
}

lockstep_status lk12_send_client_flight(lk_handshake *hs) {
    return post_respond(hs);
}

/* ---- Server ---------------------------------------------------------------------------------- */

static lockstep_status derived(lk_handshake *hs) {
    lk_job *job = hs->jobs[0];
    if (job->status != LOCKSTEP_OK)
        return lk_fail_at(hs, job->status, "RFC 8422 §5.11", "the client's share for %s, %zu bytes",
                          hs->group->name, job->u.kex.peer.p_len);
    derive_keys(hs, lk_slice_of(job->u.kex.secret, job->u.kex.secret_len));
    lk_wipe(job->u.kex.secret, sizeof job->u.kex.secret);
    hs->state = hs->agreed->num_peer_chain > 0 ? LK12_SERVER_WAIT_CV : LK12_SERVER_WAIT_CCS;
    return LOCKSTEP_OK;
}

lockstep_status lk12_on_client_key_exchange(lk_handshake *hs, lk_slice message) {
    lk_slice contents, peer;
    lockstep_status status = lk12_client_key_exchange_parse(&contents, lk_body(message), false);
    if (status != LOCKSTEP_OK)
        return lk_fail(hs, status, "%zu bytes", message.p_len);
    LK_TRY(lk_hash_message(hs, message));
    lk_job *job =
        lk_arena_copy(&hs->arena, &peer, contents) ? lk_post(hs, LK_JOB_DERIVE, derived) : NULL;
    if (job == NULL)
        return lk_fail_memory(hs);
    job->u.kex.own = hs->shares[0].own;
    job->u.kex.peer = peer;
    return LOCKSTEP_OK;
}
