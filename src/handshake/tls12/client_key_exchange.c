/*
 * client_key_exchange.c - ClientKeyExchange (RFC 8422 §5.7) with what the client sends before it,
 * and the master secret that both sides have after it.
 */
#include "handshake/tls12/inside.h"
#include "wire/tls12_key_exchange.h"

void lk12_derive_key_block(lk_handshake *hs) {
    lk12_handshake *tls12 = hs->tls12;
    lk12_key_block(&tls12->client_keys, &tls12->server_keys, &tls12->master, hs->suite->aead,
                   hs->client_random, hs->random_2);
    lk_slice master = lk12_master_slice(&tls12->master);
    lk_note_key(&hs->watch, hs->is_client, "master secret", "RFC 7627 §4", master);
    lk_note_key(&hs->watch, true, "client_write_key", "RFC 5246 §6.3",
                lk_slice_of(tls12->client_keys.key, lk_aead_key_length(hs->suite->aead)));
    lk_note_key(&hs->watch, false, "server_write_key", "RFC 5246 §6.3",
                lk_slice_of(tls12->server_keys.key, lk_aead_key_length(hs->suite->aead)));
    size_t iv_length = lk_aead_tls12_iv_length(hs->suite->aead);
    lk_note_key(&hs->watch, true, "client_write_IV", "RFC 5246 §6.3",
                lk_slice_of(tls12->client_keys.iv, iv_length));
    lk_note_key(&hs->watch, false, "server_write_IV", "RFC 5246 §6.3",
                lk_slice_of(tls12->server_keys.iv, iv_length));
    lk_keylog(&hs->watch, "CLIENT_RANDOM", hs->client_random, master);
}

/* derive_keys: the transcript ends with ClientKeyExchange, as RFC 7627 §3 demands. */
static void derive_keys(lk_handshake *hs, lk_slice premaster) {
    uint8_t session_hash[LK_HASH_MAX];
    lk_transcript_hash(&hs->transcript, session_hash);
    lk12_master(&hs->tls12->master, hs->suite->hash, premaster, session_hash);
    lk_note_key(&hs->watch, hs->is_client, "premaster secret",
                hs->suite->kex == LK_KEX_RSA ? "RFC 5246 §7.4.7.1" : "RFC 8422 §5.10", premaster);
    lk12_derive_key_block(hs);
}

/* ---- Client ---------------------------------------------------------------------------------- */

/* send_exchange sends what comes before and behind ClientKeyExchange, and that. */
static lockstep_status send_exchange(lk_handshake *hs, lk_slice contents, lk_slice premaster) {
    lk_builder b;
    if (hs->certificate_requested)
        LK_TRY(lk12_send_certificate(hs));
    size_t at = lk12_begin(hs, &b);
    lk12_client_key_exchange_build(&b, contents, hs->suite->kex == LK_KEX_RSA);
    LK_TRY(lk_send(hs, &b, at));
    derive_keys(hs, premaster);
    return hs->identity != NULL ? lk12_send_certificate_verify(hs) : lk12_end_client_flight(hs);
}

/* The RESPOND job has made our share and the secret. */
static lockstep_status send_ecdhe(lk_handshake *hs) {
    lk_job *job = hs->jobs[0];
    if (job->status != LOCKSTEP_OK)
        return lk_fail_at(hs, job->status, "RFC 8422 §5.11", "the server's share for %s, %zu bytes",
                          hs->group->name, job->u.kex.peer.p_len);
    LK_TRY(send_exchange(hs, lk_slice_of(job->u.kex.share, hs->group->server_share),
                         lk_slice_of(job->u.kex.secret, job->u.kex.secret_len)));
    lk_wipe(job->u.kex.secret, sizeof job->u.kex.secret);
    return LOCKSTEP_OK;
}

static lockstep_status post_respond(lk_handshake *hs) {
    uint8_t *share = lk_arena_alloc(&hs->arena, hs->group->server_share);
    lk_job *job = share == NULL ? NULL : lk_post(hs, LK_JOB_RESPOND, send_ecdhe);
    if (job == NULL)
        return lk_fail_memory(hs);
    job->u.kex.group = hs->group;
    job->u.kex.share = share;
    job->u.kex.peer = hs->tls12->point;
    if (!lk_draw_seed(hs, job))
        return lk_fail(hs, LOCKSTEP_ERR_NO_RANDOM, "for the key share of %s", hs->group->name);
    return LOCKSTEP_OK;
}

/* The ENCRYPT job has encrypted the block. */
static lockstep_status send_rsa(lk_handshake *hs) {
    lk_job *job = hs->jobs[0];
    uint8_t *premaster = hs->tls12->premaster;
    if (job->status != LOCKSTEP_OK)
        return lk_fail(hs, job->status, "encrypting to the server's key");
    LK_TRY(send_exchange(hs, lk_slice_of(job->u.transport.block, lk_rsa_block_length(hs->peer_key)),
                         lk_slice_of(premaster, LK_PREMASTER_LEN)));
    lk_wipe(premaster, LK_PREMASTER_LEN);
    return LOCKSTEP_OK;
}

/* may_encrypt: "The encryption bit [keyEncipherment] MUST be set if the key usage extension is
 * present" (RFC 5246 §7.4.2): who gave a key for signatures alone has not agreed to this. */
static bool may_encrypt(const lk_handshake *hs) {
    lk_cert leaf;
    return lk_cert_parse(&leaf, hs->agreed->peer_chain[0]) == LOCKSTEP_OK &&
           lk_cert_may_transport(&leaf);
}

/* The chain is good, so the premaster secret may be encrypted to its key. "client_version: The
 * version requested by the client in the ClientHello", then 46 random bytes. */
static lockstep_status post_encrypt(lk_handshake *hs) {
    const lockstep_env *env = &hs->settings->env;
    uint8_t *premaster = hs->tls12->premaster;
    if (!lk_suite_takes(hs->suite, lk_public_key_kind(hs->peer_key)))
        return lk_fail(hs, LOCKSTEP_PEER_CERTIFICATE_KIND, "for %s", hs->suite->name);
    if (!may_encrypt(hs))
        return lk_fail_at(hs, LOCKSTEP_CERT_KEY_USAGE, "RFC 5246 §7.4.2",
                          "it lacks keyEncipherment, for %s", hs->suite->name);
    uint8_t *block = lk_arena_alloc(&hs->arena, lk_rsa_block_length(hs->peer_key));
    lk_job *job = block == NULL ? NULL : lk_post(hs, LK_JOB_ENCRYPT, send_rsa);
    if (job == NULL)
        return lk_fail_memory(hs);
    premaster[0] = LK_TLS12 >> 8;
    premaster[1] = LK_TLS12 & 0xff;
    bool drawn = env->random(env->arg, premaster + 2, LK_PREMASTER_LEN - 2);
    lockstep_status status =
        drawn ? lk_rsa_pad(block, hs->peer_key, env, premaster) : LOCKSTEP_ERR_NO_RANDOM;
    if (status != LOCKSTEP_OK)
        return lk_fail(hs, status, "for the premaster secret");
    job->u.transport.public_key = hs->peer_key;
    job->u.transport.block = block;
    lk_note_check(
        &hs->watch, "key exchange", "RFC 5246 §7.4.7.1", LOCKSTEP_OK,
        "RSA key transport: NO forward secrecy; whoever gets the server's key later reads "
        "this connection");
    return LOCKSTEP_OK;
}

lockstep_status lk12_send_client_flight(lk_handshake *hs) {
    return hs->suite->kex == LK_KEX_RSA ? lk12_judge_server(hs, post_encrypt) : post_respond(hs);
}

/* ---- Server ---------------------------------------------------------------------------------- */

static lockstep_status go_on(lk_handshake *hs, lk_slice premaster) {
    derive_keys(hs, premaster);
    hs->state = hs->agreed->num_peer_chain > 0 ? LK12_SERVER_WAIT_CV : LK12_SERVER_WAIT_CCS;
    return LOCKSTEP_OK;
}

static lockstep_status derived(lk_handshake *hs) {
    lk_job *job = hs->jobs[0];
    if (job->status != LOCKSTEP_OK)
        return lk_fail_at(hs, job->status, "RFC 8422 §5.11", "the client's share for %s, %zu bytes",
                          hs->group->name, job->u.kex.peer.p_len);
    LK_TRY(go_on(hs, lk_slice_of(job->u.kex.secret, job->u.kex.secret_len)));
    lk_wipe(job->u.kex.secret, sizeof job->u.kex.secret);
    return LOCKSTEP_OK;
}

/* Whatever was decrypted, the handshake goes on, and a wrong one fails at Finished. */
static lockstep_status decrypted(lk_handshake *hs) {
    lk_job *job = hs->jobs[0];
    if (job->status != LOCKSTEP_OK)
        return lk_fail(hs, job->status, "decrypting the premaster secret");
    LK_TRY(go_on(hs, lk_slice_of(job->u.transport.premaster, LK_PREMASTER_LEN)));
    lk_wipe(job->u.transport.premaster, LK_PREMASTER_LEN);
    return LOCKSTEP_OK;
}

/* "Generate a string R of 48 random bytes" comes first (RFC 5246 §7.4.7.1). */
static lockstep_status post_decrypt(lk_handshake *hs, lk_slice ciphertext) {
    const lockstep_env *env = &hs->settings->env;
    lk_job *job = lk_post(hs, LK_JOB_DECRYPT, decrypted);
    if (job == NULL)
        return lk_fail_memory(hs);
    if (!env->random(env->arg, job->u.transport.random, LK_PREMASTER_LEN))
        return lk_fail(hs, LOCKSTEP_ERR_NO_RANDOM, "for the premaster secret");
    job->u.transport.key = hs->identity->key;
    job->u.transport.ciphertext = ciphertext;
    job->u.transport.version = hs->hello.legacy_version;
    return LOCKSTEP_OK;
}

lockstep_status lk12_on_client_key_exchange(lk_handshake *hs, lk_slice message) {
    lk_slice contents, copy;
    bool rsa = hs->suite->kex == LK_KEX_RSA;
    lockstep_status status = lk12_client_key_exchange_parse(&contents, lk_body(message), rsa);
    if (status != LOCKSTEP_OK)
        return lk_fail(hs, status, "%zu bytes", message.p_len);
    LK_TRY(lk_hash_message(hs, message));
    if (!lk_arena_copy(&hs->arena, &copy, contents))
        return lk_fail_memory(hs);
    if (rsa)
        return post_decrypt(hs, copy);
    lk_job *job = lk_post(hs, LK_JOB_DERIVE, derived);
    if (job == NULL)
        return lk_fail_memory(hs);
    job->u.kex.group = hs->group;
    job->u.kex.own = hs->shares[0].own;
    job->u.kex.peer = copy;
    return LOCKSTEP_OK;
}
