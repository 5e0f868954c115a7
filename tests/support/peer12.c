#include "support/peer12.h"

#include "util/secret.h"
#include "wire/certificate_verify.h"
#include "wire/finished.h"
#include "wire/tls12_certificate.h"
#include "wire/tls12_key_exchange.h"
#include "wire/tls12_server_hello.h"
#include "wire/tls12_ticket.h"

#define MUST(expression) NEED((expression) == LOCKSTEP_OK)

static bool is_client(const peer *p) {
    return p->setup.server;
}

static const lk_identity *own_identity(const peer *p) {
    return &p->kit->own_config->identities[0];
}

static const lk_crypto *crypto_of(const peer *p) {
    return p->kit->own_config->settings.crypto;
}

static bool is_rsa(const peer *p) {
    return p->suite->kex == LK_KEX_RSA;
}

/* ---- Keys -------------------------------------------------------------------------------------
 */

static void make_keys(peer *p, lk_slice premaster) {
    uint8_t session_hash[LK_HASH_MAX];
    lk_transcript_hash(&p->transcript, session_hash);
    lk12_master(&p->master12, p->suite->hash, premaster, session_hash);
    lk12_key_block(&p->client_keys, &p->server_keys, &p->master12, p->suite->aead, p->client_random,
                   p->server_random);
}

static void protect(peer *p, lk_protection *protection, bool by_client, bool sending) {
    const lk_write_keys *keys = by_client ? &p->client_keys : &p->server_keys;
    lk_protect_with_tls12(protection, crypto_of(p), p->suite->aead, keys->key, keys->iv, sending);
}

void peer12_on_ccs(peer *p) {
    protect(p, &p->in, !is_client(p), false);
}

void peer12_turn(peer *p, peer_step step) {
    if (step == PEER12_KEY_EXCHANGE)
        make_keys(p, lk_slice_of(p->shared, p->shared_len));
    if (step == PEER12_CCS)
        protect(p, &p->out, is_client(p), true);
}

/* ---- What the engine under test says ----------------------------------------------------------
 */

static lk_slice body_of(lk_slice message) {
    return lk_slice_of(message.p + 4, message.p_len - 4);
}

/* encrypt makes the ClientKeyExchange of RSA key transport, and keeps the premaster secret. */
static void encrypt(peer *p) {
    lk_public_key *key;
    const lk_cert *leaf = &p->kit->config->identities[0].leaf;
    MUST(lk_cert_public_key(&key, crypto_of(p), leaf));
    memset(p->shared, 7, LK_PREMASTER_LEN);
    p->shared[0] = p->shared[1] = 3;
    p->shared_len = LK_PREMASTER_LEN;
    MUST(lk_rsa_pad(p->share, key, &p->kit->own_world.env, p->shared));
    MUST(lk_rsa_encrypt(key, p->share));
    p->share_len = lk_rsa_block_length(key);
    lk_public_key_free(key);
}

static void respond(peer *p, lk_slice point) {
    uint8_t drawn[LK_KEX_RANDOM_MAX];
    NEED(lk_kex_draw(crypto_of(p), &p->kit->own_world.env, p->group, drawn));
    MUST(lk_kex_respond(p->share, p->shared, &p->shared_len, crypto_of(p), p->group, drawn, point));
    p->share_len = p->group->server_share;
}

void peer12_on_message(peer *p, lk_slice message) {
    lk12_server_hello hello;
    lk12_server_key_exchange ske;
    lk_slice contents;
    lk_flaw flaw;
    switch (message.p[0]) {
    case LK_SERVER_HELLO:
        MUST(lk12_server_hello_parse(&hello, &flaw, body_of(message)));
        memcpy(p->server_random, hello.random.p, LK_RANDOM_LEN);
        if (is_rsa(p))
            encrypt(p);
        break;
    case LK_SERVER_KEY_EXCHANGE:
        MUST(lk12_server_key_exchange_parse(&ske, body_of(message)));
        respond(p, ske.point);
        break;
    case LK_CERTIFICATE_REQUEST:
        p->request_seen = true;
        break;
    case LK_CLIENT_KEY_EXCHANGE:
        peer_hash(p, message);
        MUST(lk12_client_key_exchange_parse(&contents, body_of(message), false));
        MUST(lk_kex_derive(p->own, p->shared, &p->shared_len, contents));
        make_keys(p, lk_slice_of(p->shared, p->shared_len));
        return;
    default:
        break;
    }
    peer_hash(p, message);
}

/* ---- The peer's own messages ------------------------------------------------------------------
 */

static void build_client_hello(peer *p, lk_builder *b) {
    static const uint8_t session[LK_SESSION_ID_MAX] = "the peer's own session id, 32 b.";
    lk_client_hello_out hello = {
        .random = p->client_random,
        .session_id = p->setup.no_compatibility ? lk_slice_of(NULL, 0) : lk_slice_of(session, 32),
        .suites = &p->suite->id,
        .num_suites = 1,
        .groups = (const uint16_t[]){p->group->id, LOCKSTEP_GROUP_SECP256R1},
        .num_groups = p->group->id == LOCKSTEP_GROUP_SECP256R1 ? 1 : 2,
        .schemes = lk_scheme_ids,
        .num_schemes = LK_NUM_SCHEMES,
        .tls12 = true,
        .server_name = lk_slice_of_str("server.test"),
        .protocols = p->setup.alpn ? lk_slice_of("\x08http/1.1", 9) : lk_slice_of(NULL, 0),
        .record_size_limit = p->setup.limit != 0 ? 16384 : 0,
    };
    memcpy(p->client_random, "the peer's own ClientHello.rando", LK_RANDOM_LEN);
    lk_client_hello_build(b, &hello);
}

static void build_server_hello(peer *p, lk_builder *b) {
    memcpy(p->server_random, "the peer's own ServerHello.rando", LK_RANDOM_LEN);
    memcpy(p->client_random, p->hello.random.p, LK_RANDOM_LEN);
    lk12_server_hello_out hello = {
        .random = p->server_random,
        .cipher_suite = p->suite->id,
        .status = p->setup.staple,
        .session_ticket = p->setup.ticket,
        .renegotiation_info = true,
        .point_formats = true,
        .extended_master_secret = true,
        .protocol = p->setup.alpn ? lk_slice_of("http/1.1", 8) : lk_slice_of(NULL, 0),
        .record_size_limit = p->setup.limit != 0 ? 16384 : 0,
    };
    lk12_server_hello_build(b, &hello);
}

static const lk_scheme *own_scheme(const peer *p) {
    lk_key_kind kind = lk_private_key_kind(own_identity(p)->key);
    for (size_t i = 0; i < LK_NUM_SCHEMES; i++)
        if (lk_schemes[i].key == kind && lk_scheme_suits(&lk_schemes[i], LK_TLS12, kind))
            return &lk_schemes[i];
    abort();
}

static void build_server_key_exchange(peer *p, lk_builder *b) {
    uint8_t random[LK_KEX_RANDOM_MAX], signature[LK_SIGNATURE_MAX];
    size_t n;
    lk_buffer params = lk_buffer_of(&lk_heap_default, 0);
    lk_builder in = lk_builder_of(&params);
    const lk_scheme *scheme = own_scheme(p);
    NEED(lk_kex_draw(crypto_of(p), &p->kit->own_world.env, p->group, random));
    lk_ephemeral_free(p->own);
    MUST(lk_kex_generate(&p->own, p->share, crypto_of(p), p->group, random));
    lk_build_bytes(&in, lk_slice_of(p->client_random, LK_RANDOM_LEN));
    lk_build_bytes(&in, lk_slice_of(p->server_random, LK_RANDOM_LEN));
    lk12_ecdh_params_build(&in, p->group->id, lk_slice_of(p->share, p->group->client_share));
    MUST(lk_private_key_sign(own_identity(p)->key, scheme->algorithm, lk_buffer_slice(&params),
                             signature, &n));
    lk_buffer_take(&params, 2 * LK_RANDOM_LEN);
    lk12_server_key_exchange_build(b, lk_buffer_slice(&params), scheme->id,
                                   lk_slice_of(signature, n));
    lk_buffer_free(&params);
}

static void build_certificate(peer *p, lk_builder *b) {
    const lk_identity *identity = own_identity(p);
    if (is_client(p) && p->setup.no_client_certificate)
        lk12_certificate_build(b, NULL, 0);
    else if (p->setup.num_chain > 0)
        lk12_certificate_build(b, p->setup.chain, p->setup.num_chain);
    else
        lk12_certificate_build(b, identity->chain, identity->num_chain);
}

static void build_certificate_verify(peer *p, lk_builder *b) {
    uint8_t signature[LK_SIGNATURE_MAX];
    size_t n;
    const lk_scheme *scheme = own_scheme(p);
    MUST(lk_private_key_sign(own_identity(p)->key, scheme->algorithm, lk_buffer_slice(&p->kept),
                             signature, &n));
    lk_certificate_verify_build(b, scheme->id, lk_slice_of(signature, n));
}

static void build_finished(peer *p, lk_builder *b) {
    uint8_t transcript[LK_HASH_MAX], data[LK12_VERIFY_DATA_LEN];
    lk_transcript_hash(&p->transcript, transcript);
    lk12_verify_data(data, &p->master12, is_client(p), transcript);
    lk_finished_build(b, lk_slice_of(data, sizeof data));
}

bool peer12_build(peer *p, peer_step step, lk_builder *b) {
    bool client = is_client(p),
         asked = client ? p->request_seen : p->setup.auth != LOCKSTEP_CLIENT_AUTH_NONE;
    if (step == PEER_CLIENT_HELLO && client)
        build_client_hello(p, b);
    else if (step == PEER_SERVER_HELLO && !client)
        build_server_hello(p, b);
    else if (step == PEER12_CERTIFICATE && (!client || asked))
        build_certificate(p, b);
    else if (step == PEER12_STATUS && !client && p->setup.staple)
        lk12_certificate_status_build(b, lk_slice_of("\1\2\3", 3));
    else if (step == PEER12_SKE && !client && !is_rsa(p))
        build_server_key_exchange(p, b);
    else if (step == PEER12_REQUEST && !client && asked)
        lk12_certificate_request_build(b, lk_scheme_ids, LK_NUM_SCHEMES, lk_slice_of(NULL, 0));
    else if (step == PEER12_DONE && !client)
        lk_build_close(b, lk_message_open(b, LK_SERVER_HELLO_DONE));
    else if (step == PEER12_KEY_EXCHANGE && client)
        lk12_client_key_exchange_build(b, lk_slice_of(p->share, p->share_len), is_rsa(p));
    else if (step == PEER12_VERIFY && client && asked && !p->setup.no_client_certificate)
        build_certificate_verify(p, b);
    else if (step == PEER12_TICKET && !client && p->setup.ticket)
        lk12_new_session_ticket_build(b, 100, lk_slice_of("ticket", 6));
    else if (step == PEER12_CCS)
        lk_build_u8(b, 1);
    else if (step == PEER12_FINISHED)
        build_finished(p, b);
    NEED(lk_builder_ok(b));
    return lk_buffer_length(&p->m) > 0 || step == PEER_CONNECTED;
}
