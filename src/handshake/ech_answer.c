/*
 * ech_answer.c - the client's side of Encrypted Client Hello (RFC 9849 §6.1.4 to §6.1.6): find out
 * whether the server took the hello of ech_client.c, and end what it did not take.
 */
#include "handshake/ech.h"

#include "util/secret.h"

/* is_confirmed: has whoever wrote `message` read our ClientHelloInner (§6.1.4)? */
static bool is_confirmed(const lk_handshake *hs, lk_transcript t, const lk_server_hello *h,
                         lk_slice message) {
    uint8_t expected[LK_ECH_CONFIRMATION_LEN];
    const uint8_t *found = h->random.p + LK_RANDOM_LEN - LK_ECH_CONFIRMATION_LEN;
    if (h->is_retry) {
        if (h->ech_confirmation.p_len == 0)
            return false;
        found = h->ech_confirmation.p;
        lk_transcript_retry(&t);
    }
    lk_ech_confirmation(expected, &t, hs->client_random, message, (size_t)(found - message.p),
                        h->is_retry);
    bool same = lk_ct_equal(expected, found, sizeof expected);
    lk_wipe(expected, sizeof expected);
    return same;
}

static void accept(lk_handshake *hs) {
    hs->ech->state = LK_ECH_ACCEPTED;
    hs->agreed->ech = LOCKSTEP_ECH_STATE_ACCEPTED;
    hs->transcript = hs->ech->inner_transcript;
    lk_note_choice(&hs->watch, false, "encrypted ClientHello", "RFC 9849 §6.1.4",
                   "accepted: nobody else has seen whom we wanted to reach");
}

/* reject: from here on it is a handshake with the server of the public name, and nothing of it may
 * be taken for one with the server that was meant (§6.1.6). */
static void reject(lk_handshake *hs) {
    hs->ech->state = LK_ECH_REJECTED;
    hs->agreed->ech = LOCKSTEP_ECH_STATE_REJECTED;
    hs->name = &hs->settings->ech->public_name;
    hs->offered |= lk_extension_bit(server_name);
    hs->num_psks = 0; /* none was offered; whoever chooses one all the same is refused (§6.1.2) */
    memcpy(hs->client_random, hs->ech->outer_random, LK_RANDOM_LEN);
    lk_note_choice(&hs->watch, false, "encrypted ClientHello", "RFC 9849 §6.1.4",
                   "not accepted: %s has to prove who it is, and then this connection ends",
                   (const char *)hs->name->bytes);
}

void lk_ech_on_tls12(lk_handshake *hs) {
    /* "If the message does not negotiate TLS 1.3 or higher, the server has rejected ECH." */
    if (hs->ech != NULL && hs->ech->state == LK_ECH_OFFERED)
        reject(hs);
}

lockstep_status lk_ech_on_server_hello(lk_handshake *hs, const lk_server_hello *h,
                                       lk_slice message) {
    lk_ech *ech = hs->ech;
    if (ech == NULL || ech->state == LK_ECH_GREASE || ech->state == LK_ECH_REJECTED)
        return LOCKSTEP_OK;
    if (ech->state == LK_ECH_ACCEPTED) { /* by a HelloRetryRequest */
        if (h->is_retry || is_confirmed(hs, hs->transcript, h, message))
            return LOCKSTEP_OK;
        return lk_fail(hs, LOCKSTEP_PEER_ECH_CONFIRMATION, "the last 8 bytes of random");
    }
    lk_transcript_start(&ech->inner_transcript, hs->suite->hash);
    if (is_confirmed(hs, ech->inner_transcript, h, message))
        accept(hs);
    else
        reject(hs);
    return LOCKSTEP_OK;
}

/* has_our_version: "at least one of the values contains a version supported by the client" */
static bool has_our_version(lk_slice list) {
    lk_slice configs;
    lk_ech_config config;
    bool found = false;
    if (!lk_ech_list_parse(&configs, list))
        return false;
    while (lk_ech_list_next(&configs, &config))
        found = found || config.version == LK_ECH_VERSION;
    return found;
}

lockstep_status lk_ech_on_encrypted_extensions(lk_handshake *hs,
                                               const lk_encrypted_extensions *ee) {
    if (hs->ech == NULL || ee->ech_retry_configs.p_len == 0)
        return LOCKSTEP_OK;
    /* "If the server sent this extension in response to the inner variant, then the client MUST
     * abort" (§5) */
    if (hs->ech->state == LK_ECH_ACCEPTED)
        return lk_fail(hs, LOCKSTEP_PEER_EXTENSION_UNSOLICITED,
                       "retry configurations, although ours was accepted");
    if (hs->ech->state == LK_ECH_REJECTED && has_our_version(ee->ech_retry_configs) &&
        !lk_arena_copy(&hs->arena, &hs->ech->retry_configs, ee->ech_retry_configs))
        return lk_fail_memory(hs);
    return LOCKSTEP_OK;
}

const lk_transcript *lk_ech_meant_transcript(const lk_handshake *hs) {
    return hs->ech != NULL && hs->ech->state == LK_ECH_OFFERED ? &hs->ech->inner_transcript
                                                               : &hs->transcript;
}

bool lk_ech_rejected(const lk_handshake *hs) {
    return hs->is_client && hs->ech != NULL && hs->ech->state == LK_ECH_REJECTED;
}

const char *lk_ech_judged_name(const lk_handshake *hs) {
    return lk_ech_rejected(hs) ? (const char *)hs->name->bytes : hs->agreed->server_name;
}

lockstep_status lk_ech_end(lk_handshake *hs, lk_chain_proof chain, lk_possession_proof possession,
                           lk_finished_proof finished) {
    lk_slice retry = hs->ech->retry_configs;
    if (!chain.made || !possession.made || !finished.made)
        return lk_fail(hs, LOCKSTEP_ERR_USAGE, "a proof is missing");
    if (retry.p_len > 0) {
        uint8_t *copy = lk_copy_of(&hs->settings->heap, retry.p, retry.p_len);
        if (copy == NULL)
            return lk_fail_memory(hs);
        hs->agreed->ech_retry_configs = lk_slice_of(copy, retry.p_len);
    }
    return lk_out(hs, LK_OUT_ECH_REQUIRED, 0);
}
