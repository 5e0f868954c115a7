/*
 * peer_psk.c - the peer's PSKs (RFC 8446 §4.2.11): sessions that were never made, sealed with the
 * keys of a server under test or given to a client under test, so that any field can be wrong.
 */
#include "handshake/external_psk.h"
#include "support/peer.h"
#include "wire/client_hello.h"

#define MUST(expression) NEED((expression) == LOCKSTEP_OK)

#define WINDOW_MS   10000
#define AGE_MS      1000
#define AGE_ADD     UINT32_C(0x01020304)
#define MAX_STRIKES 2048

static const uint8_t secret[LK_SESSION_SECRET_MAX] = "the resumption PSK that the peer has made up";
static const uint8_t external_key[32] = "a key that both sides have had.";
static const uint8_t external_identity[] = "the peer";

/* ---- The kit ----------------------------------------------------------------------------------
 */

/* make_tickets is for the first of the two configs. */
static void make_tickets(peer_kit *kit) {
    world *w = &kit->ticket_world;
    world_init(w, 3);
    MUST(lockstep_tickets_new(&kit->tickets, &w->env, 3600));
    /* The register will have been there for long enough. */
    kit->conn_world.later_ms = kit->own_world.later_ms = 2 * WINDOW_MS;
}

void peer_psk_kit(peer_kit *kit, lockstep_config *cfg) {
    const peer_setup *s = &kit->setup;
    lockstep_strikes *strikes;
    if (s->external)
        MUST(lockstep_config_add_psk(
            cfg, (lockstep_slice){external_identity, sizeof external_identity - 1},
            (lockstep_slice){external_key, sizeof external_key}, (lockstep_slice){NULL, 0}));
    if (!s->server && s->early)
        MUST(lockstep_config_offer_early_data(cfg));
    if (!s->server || !s->psk)
        return;
    if (kit->tickets == NULL)
        make_tickets(kit);
    kit->ticket_world.later_ms = 0;
    MUST(lockstep_strikes_new(&strikes, &kit->ticket_world.env, MAX_STRIKES, WINDOW_MS));
    kit->ticket_world.later_ms = 2 * WINDOW_MS;
    MUST(lockstep_config_set_tickets(cfg, kit->tickets, 1));
    MUST(lockstep_config_accept_early_data(cfg, strikes,
                                           s->max_early != 0 ? s->max_early : PEER_EARLY_MAX));
    lockstep_strikes_free(strikes);
}

void peer_psk_discard(peer_kit *kit) {
    lockstep_tickets_free(kit->tickets);
    NEED(kit->ticket_world.live == 0);
}

/* ---- Sessions ---------------------------------------------------------------------------------
 */

/* The chain of the side that is not the engine's, as a session keeps it. */
static void build_peer(const peer *p, lk_buffer *out) {
    const lk_identity *identity = &p->kit->own_config->identities[0];
    lk_builder b = lk_builder_of(out);
    lk_slice none[LK_IDENTITY_CHAIN_MAX] = {{0}};
    bool shown = !p->setup.server ||
                 (p->setup.auth != LOCKSTEP_CLIENT_AUTH_NONE && !p->setup.no_client_certificate);
    if (shown)
        lk_session_peer_build(&b, identity->chain, none, identity->num_chain, lk_slice_of(NULL, 0));
    NEED(lk_builder_ok(&b));
}

static lk_session made_up(const peer *p, lk_slice chain) {
    int64_t now_ms = TEST_NOW_MS + p->kit->conn_world.later_ms;
    return (lk_session){
        .version = LK_TLS13,
        .suite = p->suite->id,
        .group = p->group->id,
        .scheme = 0x0403 /* ecdsa_secp256r1_sha256 */,
        .secret = lk_slice_of(secret, lk_hash_length(p->suite->hash)),
        .server_name = lk_slice_of_str("server.test"),
        .alpn = p->setup.alpn ? lk_slice_of_str("http/1.1") : lk_slice_of(NULL, 0),
        .ticket = p->setup.server ? lk_slice_of(NULL, 0) : lk_slice_of_str("a ticket"),
        .issued_ms = now_ms - AGE_MS,
        .verified_ms = now_ms - AGE_MS,
        .lifetime_s = 3600,
        .age_add = AGE_ADD,
        .max_early_data = p->setup.max_early != 0 ? p->setup.max_early : PEER_EARLY_MAX,
        .peer = chain,
    };
}

static void open_session(peer *p) {
    const lk_heap *heap = &lk_heap_default;
    lk_buffer chain = lk_buffer_of(heap, 0), bytes = lk_buffer_of(heap, 0);
    lk_builder b = lk_builder_of(&bytes);
    build_peer(p, &chain);
    lk_session session = made_up(p, lk_buffer_slice(&chain));
    if (p->setup.session != NULL)
        p->setup.session(&session);
    lk_session_build(&b, &session);
    NEED(lk_builder_ok(&b));
    p->psk_kind = LK_PSK_RESUMPTION;
    p->psk_age = AGE_MS + AGE_ADD;
    const lk_suite *suite = lk_suite_of(session.suite);
    NEED(suite != NULL);
    lk_schedule_early(&p->early, suite->hash, session.secret);
    p->early_aead = suite->aead;
    static uint64_t count; /* no ticket is like another, or the register knows it already */
    uint8_t nonce[LK_TICKET_NONCE_LEN] = {0};
    count++;
    memcpy(nonce, &count, sizeof count);
    if (p->setup.server)
        MUST(lk_tickets_seal(p->kit->tickets, &p->identity, lk_buffer_slice(&bytes), nonce));
    else
        MUST(lk_session_new(&p->offered, heap, lk_buffer_slice(&bytes)));
    lk_buffer_free(&chain);
    lk_buffer_free(&bytes);
}

static void open_external(peer *p) {
    lk_imported_psk imported;
    MUST(lk_import_psk(&imported, &lk_heap_default, p->suite->hash,
                       lk_slice_of(external_identity, sizeof external_identity - 1),
                       lk_slice_of(external_key, sizeof external_key), lk_slice_of(NULL, 0)));
    lk_schedule_early(&p->early_other, p->suite->hash, lk_secret_slice(&imported.key));
    if (!p->setup.psk) {
        p->psk_kind = LK_PSK_IMPORTED;
        p->early = p->early_other;
        NEED(lk_buffer_append(&p->identity, imported.identity));
    }
    NEED(lk_buffer_append(&p->external_identity, imported.identity));
    lk_release(&lk_heap_default, (void *)(uintptr_t)imported.identity.p,
               imported.identity.p_len + 1);
}

void peer_psk_open(peer *p) {
    if (p->setup.psk)
        open_session(p);
    if (p->setup.external)
        open_external(p);
}

void peer_psk_close(peer *p) {
    lockstep_session_free(p->offered);
    lk_buffer_free(&p->identity);
    lk_buffer_free(&p->external_identity);
    lk_protection_free(&p->early_out);
    lk_protection_free(&p->next_in);
}

/* ---- Binders ----------------------------------------------------------------------------------
 */

void peer_binder(const peer *p, uint8_t *out, lk_psk_kind kind, const lk_early_secret *early,
                 size_t binders_len) {
    lk_traffic_secret key;
    uint8_t transcript[LK_HASH_MAX];
    lk_schedule_binder(&key, early, kind);
    lk_transcript_hash_with(&p->transcript, early->s.hash,
                            lk_client_hello_truncated(lk_buffer_slice(&p->m), binders_len),
                            transcript);
    lk_finished_mac(out, &key, transcript);
}

void peer_bind(peer *p) {
    size_t n = lk_hash_length(p->early.s.hash), all = (1 + n) * (p->setup.junk_first ? 2 : 1);
    uint8_t *end = lk_buffer_bytes(&p->m) + lk_buffer_length(&p->m);
    peer_binder(p, end - n, p->psk_kind, &p->early, all);
}

uint16_t peer_psk_index(const peer *p) {
    lk_slice rest = p->hello.psk_identities, identity, external;
    uint32_t age;
    external = lk_buffer_slice(&p->external_identity);
    for (uint16_t i = 0; lk_psk_identity_next(&rest, &identity, &age); i++)
        if ((p->setup.psk && !p->setup.select_external) || lk_slice_equal(identity, external))
            return i;
    return 0;
}

/* ---- 0-RTT data -------------------------------------------------------------------------------
 */

void peer_early_keys(peer *p) {
    lk_traffic_secret client;
    lk_secret exporter;
    uint8_t transcript[LK_HASH_MAX], key[LK_AEAD_KEY_MAX], iv[LK_AEAD_NONCE_LEN];
    bool sends = p->setup.server;
    lk_transcript_hash(&p->transcript, transcript);
    lk_schedule_early_traffic(&client, &exporter, &p->early, transcript);
    lk_traffic_keys(&client, p->early_aead, key, iv);
    lk_protect_with(sends ? &p->early_out : &p->in, p->kit->own_config->settings.crypto,
                    p->early_aead, key, iv, sends);
}

void peer_early_record(peer *p, uint8_t type, lk_slice content) {
    lk_buffer record = lk_buffer_of(&lk_heap_default, 0);
    lk_protection kept = p->out;
    NEED(lk_protected(&p->early_out));
    p->out = p->early_out;
    peer_sealed(p, &record, type, content, 0);
    p->early_out = p->out;
    p->out = kept;
    peer_bytes(p, lk_buffer_slice(&record));
    lk_buffer_free(&record);
}
