/* The configs of the two ends of a demonstration. */
#include "lab/inside.h"
#include "lab/shapes.h"

#define TICKET_S   3600
#define EARLY_MAX  4096
#define STRIKES    16
#define STRIKES_MS 10000
#define TRY(expression)                                                                            \
    do {                                                                                           \
        lockstep_status try_status = (expression);                                                 \
        if (try_status != LOCKSTEP_OK)                                                             \
            return try_status;                                                                     \
    } while (0)

/* hear takes the notes of one end. */
static void hear(void *arg, const lockstep_note *note) {
    lk_ear *ear = arg;
    lk_stage *s = ear->stage;
    if (s->heard)
        lk_recording_note(s->recording, ear->at_client, note);
    if (!ear->at_client)
        lk_hand_note(&s->hand, note);
}

static lockstep_status begin(lockstep_config **out, lk_stage *s, bool client) {
    static const char *const protocols[] = {"http/1.1"};
    s->ears[client] = (lk_ear){s, client};
    lockstep_env env = {.arg = &s->ears[client], .note = hear};
    TRY(lockstep_config_new(out, &env));
    return lockstep_config_set_alpn(*out, protocols, 1);
}

/* trust_root: the client trusts the lab's root, and nobody else. */
static lockstep_status trust_root(lk_stage *s) {
    lockstep_trust *trust = NULL;
    lk_slice root = lk_buffer_slice(&s->lab->root);
    lockstep_status status = lockstep_trust_new(&trust, NULL);
    if (status == LOCKSTEP_OK)
        status = lockstep_trust_add(trust, NULL, NULL, root.p, root.p_len);
    if (status == LOCKSTEP_OK)
        status = lockstep_config_set_trust(s->client_config, trust);
    lockstep_trust_free(trust);
    return status;
}

static lockstep_status ask_of_chains(lk_stage *s) {
    lockstep_policy *policy = NULL;
    lockstep_status status = lockstep_policy_new(&policy, NULL);
    if (status == LOCKSTEP_OK)
        status = (s->ways->policy != NULL ? s->ways->policy : lk_policy_usual)(s, policy);
    if (status == LOCKSTEP_OK)
        status = lockstep_config_set_policy(s->client_config, policy);
    lockstep_policy_free(policy);
    return status;
}

static lockstep_status configure_client(lk_stage *s) {
    TRY(begin(&s->client_config, s, true));
    TRY(trust_root(s));
    TRY(ask_of_chains(s));
    TRY(lockstep_config_keep_reports(s->client_config));
    if (s->rsa)
        TRY(lockstep_config_danger_rsa_key_exchange(s->client_config));
    if (s->resume)
        TRY(lockstep_config_keep_sessions(s->client_config));
    return s->early ? lockstep_config_offer_early_data(s->client_config) : LOCKSTEP_OK;
}

static lockstep_status give_identity(lk_stage *s) {
    const lk_lab_server *id = s->server;
    lk_slice chain = lk_buffer_slice(&id->chain), key = lk_buffer_slice(&id->key);
    TRY(lockstep_config_add_identity(s->server_config, chain.p, chain.p_len, key.p, key.p_len));
    return lockstep_config_staple(s->server_config, lk_buffer_bytes(&id->ocsp),
                                  lk_buffer_length(&id->ocsp), NULL, 0);
}

/* give_tickets: the tickets after the strikes, which refuse what is older than they. */
static lockstep_status give_tickets(lk_stage *s) {
    if (s->early) {
        TRY(lockstep_strikes_new(&s->strikes, NULL, STRIKES, STRIKES_MS));
        TRY(lockstep_config_accept_early_data(s->server_config, s->strikes, EARLY_MAX));
    }
    TRY(lockstep_tickets_new(&s->tickets, NULL, TICKET_S));
    return lockstep_config_set_tickets(s->server_config, s->tickets, 1);
}

static lockstep_status configure_server(lk_stage *s) {
    static const uint16_t transport[] = {LOCKSTEP_SUITE_RSA_AES_128_GCM_SHA256};
    TRY(begin(&s->server_config, s, false));
    TRY(give_identity(s));
    if (s->version == LOCKSTEP_TLS12)
        TRY(lockstep_config_set_versions(s->server_config, LOCKSTEP_TLS12, LOCKSTEP_TLS12));
    if (s->rsa) {
        TRY(lockstep_config_danger_rsa_key_exchange(s->server_config));
        TRY(lockstep_config_set_suites(s->server_config, transport, 1));
    }
    if (s->ways->signs_otherwise)
        TRY(lockstep_config_ask(s->server_config, LOCKSTEP_ASK_SIGNATURE));
    return s->resume ? give_tickets(s) : LOCKSTEP_OK;
}

lockstep_status lk_stage_configure(lk_stage *s) {
    TRY(configure_client(s));
    TRY(configure_server(s));
    if (s->ways->configure != NULL)
        TRY(s->ways->configure(s->client_config, s->server_config));
    TRY(lockstep_config_seal(s->client_config));
    return lockstep_config_seal(s->server_config);
}
