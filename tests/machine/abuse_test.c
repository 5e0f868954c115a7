/*
 * abuse_test.c - peers that break no rule of any message, and want more than is theirs: a server's
 * time and memory, a key for what it was not certified for, a way past the client's certificate.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "conn/config.h"
#include "misbehave/misbehave.h"
#include "support/ech_kit.h"
#include "support/forge.h"

#define CHECK(expression) assert_int_equal(expression, LOCKSTEP_OK)

/* ---- Time ------------------------------------------------------------------------------------ */

/* signature_algorithms with `n` that nobody knows in front of all that we know. */
static peer_action many_schemes(peer *p, peer_step step, void *arg) {
    const size_t n = *(const size_t *)arg;
    if (step != PEER_CLIENT_HELLO)
        return PEER_SEND;
    lk_buffer bytes = lk_buffer_of(&lk_heap_default, 0);
    lk_builder b = lk_builder_of(&bytes);
    lk_length list = lk_build_open(&b, 2);
    for (size_t i = 0; i < n; i++)
        lk_build_u16(&b, 0x9999);
    for (size_t i = 0; i < LK_NUM_SCHEMES; i++)
        lk_build_u16(&b, lk_scheme_ids[i]);
    lk_build_close(&b, list);
    assert_true(lk_builder_ok(&b));
    extension_set(p, 13, lk_buffer_slice(&bytes));
    lk_buffer_free(&bytes);
    return PEER_SEND;
}

static lockstep_status with_schemes(bool tls12, size_t n) {
    peer p;
    peer_open(&p, &(peer_setup){.server = true, .tls12 = tls12, .group = LOCKSTEP_GROUP_SECP256R1},
              0);
    p.hook = many_schemes;
    p.arg = &n;
    peer_run(&p, PEER_CLIENT_HELLO, PEER_NUM_STEPS);
    lockstep_status status = p.status;
    assert_true(status != LOCKSTEP_OK || (lockstep_state_of(p.conn) & LOCKSTEP_SECURE) != 0);
    peer_close(&p);
    return status;
}

/* A list of 30,000 is not searched for each scheme of each identity. */
static void test_schemes(void **state) {
    (void)state;
    for (int tls12 = 0; tls12 < 2; tls12++) {
        CHECK(with_schemes(tls12 != 0, 128 - LK_NUM_SCHEMES));
        assert_int_equal(with_schemes(tls12 != 0, 128), LOCKSTEP_NO_COMMON_SCHEME);
        assert_int_equal(with_schemes(tls12 != 0, 30000), LOCKSTEP_NO_COMMON_SCHEME);
    }
}

/* ---- Memory ---------------------------------------------------------------------------------- */

static size_t live, most;

static void *metered_alloc(void *arg, size_t size) {
    (void)arg;
    live += size;
    most = live > most ? live : most;
    return malloc(size);
}

static void metered_release(void *arg, void *ptr, size_t size) {
    (void)arg;
    live -= size;
    free(ptr);
}

/* Configurations of one number, and an offer to it that none of their keys opens, as long as a
 * ClientHello can be: however many keys are tried, what is held is some copies of it. */
static void test_encrypted_hello(void **state) {
    (void)state;
    const size_t long_offer = 60000;
    world w;
    ech_key key;
    world_init(&w, 1);
    w.env.alloc = metered_alloc;
    w.env.release = metered_release;
    lockstep_config *cfg = server_config(&w, PKI_P256);
    ech_make(&key, LK_HPKE_KEM_X25519, 0);
    for (int i = 0; i < LK_ECH_KEYS_MAX; i++)
        CHECK(lockstep_config_add_ech_key(cfg, key.config, key.config_len, key.private_key,
                                          sizeof key.private_key, i == 0));
    seal(cfg);
    peer p; /* which only writes the hello */
    peer_open(&p, &(peer_setup){.server = true}, 0);
    assert_true(peer_build(&p, PEER_CLIENT_HELLO));
    uint8_t *payload = calloc(1, long_offer);
    lk_buffer offer = lk_buffer_of(&lk_heap_default, 0), records = offer;
    lk_builder b = lk_builder_of(&offer);
    lk_ech_hello_build(&b, &(lk_ech_hello){.kdf = 1,
                                           .aead = 1,
                                           .config_id = 7,
                                           .enc = lk_slice_of(p.share, 32),
                                           .payload = lk_slice_of(payload, long_offer)});
    assert_true(lk_builder_ok(&b));
    extension_set(&p, 0xfe0d, lk_buffer_slice(&offer));
    for (lk_slice rest = lk_buffer_slice(&p.m); rest.p_len > 0;) {
        size_t n = rest.p_len < LK_PLAINTEXT_MAX ? rest.p_len : LK_PLAINTEXT_MAX;
        peer_sealed(&p, &records, LK_HANDSHAKE, lk_slice_of(rest.p, n), 0);
        rest = lk_slice_of(rest.p + n, rest.p_len - n);
    }
    lockstep_conn *conn;
    lockstep_info info;
    size_t used, before = live;
    most = live;
    CHECK(lockstep_server_new(&conn, cfg));
    CHECK(lockstep_wire_in(conn, &used, lk_buffer_bytes(&records), lk_buffer_length(&records)));
    lockstep_info_of(conn, &info);
    assert_int_equal(info.ech, LOCKSTEP_ECH_STATE_REJECTED);
    print_message("%zu bytes of hello: %zu held at most\n", lk_buffer_length(&records),
                  most - before);
    assert_true(most - before < 7 * long_offer);
    lockstep_conn_free(conn);
    assert_int_equal(live, before);
    peer_close(&p);
    lk_buffer_free(&offer);
    lk_buffer_free(&records);
    free(payload);
    lockstep_config_free(cfg);
}

/* ---- A key for signatures alone -------------------------------------------------------------- */

static lk_private_key *rsa_key(const lk_crypto *crypto) {
    lk_private_key *key;
    const pki *k = pki_get();
    CHECK(lk_private_key_from_pem(&key, crypto,
                                  lk_slice_of(k->key[PKI_RSA].p, k->key[PKI_RSA].p_len)));
    return key;
}

static lk_slice rsa_root(void) {
    forge_spec spec = forge_root();
    spec.path_length = -1;
    return forge(&spec);
}

static void trust_forged(lockstep_config *cfg) {
    lk_slice anchor = rsa_root();
    lockstep_trust *trust = forge_trust(&anchor, 1);
    CHECK(lockstep_config_set_trust(cfg, trust));
    lockstep_trust_free(trust);
    CHECK(lockstep_config_danger_rsa_key_exchange(cfg));
}

/* rsa_leaf forges a certificate of PKI_RSA's key, by an intermediate in `middle`. */
static lk_slice rsa_leaf(lk_slice *middle, const lk_private_key *key, uint16_t usage) {
    forge_spec spec = forge_middle();
    *middle = forge(&spec);
    spec = forge_leaf();
    memset(spec.names, 0, sizeof spec.names);
    spec.names[0] = "DNS:server.test";
    spec.key = key;
    spec.key_usage = usage;
    return forge(&spec);
}

/* "The encryption bit MUST be set if the key usage extension is present" (RFC 5246 §7.4.2). */
static void test_key_transport(void **state) {
    (void)state;
    static const struct {
        uint16_t usage;
        bool good;
    } cases[] = {{LK_KU_DIGITAL_SIGNATURE, false},
                 {LK_KU_DIGITAL_SIGNATURE | LK_KU_KEY_ENCIPHERMENT, true},
                 {FORGE_NONE, true}};
    lk_crypto *crypto = lk_crypto_new();
    lk_private_key *key = rsa_key(crypto);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        lk_slice middle, leaf = rsa_leaf(&middle, key, cases[i].usage);
        /* a client */
        peer p;
        peer_setup setup = {.tls12 = true,
                            .suite = LOCKSTEP_SUITE_RSA_AES_128_GCM_SHA256,
                            .identity = PKI_RSA,
                            .configure = trust_forged,
                            .chain = {leaf, middle},
                            .num_chain = 2};
        peer_open(&p, &setup, 0);
        peer_run(&p, PEER_SERVER_HELLO, PEER12_DONE);
        if (lockstep_failure_of(p.conn) == NULL && cases[i].good) {
            peer_close(&p); /* the peer does not decrypt */
        } else {
            assert_true(peer_build(&p, PEER12_DONE));
            peer_say(&p, PEER12_DONE);
            assert_int_equal(p.status, LOCKSTEP_CERT_KEY_USAGE);
            peer_close(&p);
        }
        /* a server */
        world w;
        world_init(&w, 1);
        lockstep_config *cfg;
        lk_buffer pem = lk_buffer_of(&lk_heap_default, 0);
        const char *text = forge_pem(leaf);
        const pki *k = pki_get();
        assert_true(lk_buffer_append(&pem, lk_slice_of_str(text)));
        CHECK(lockstep_config_new(&cfg, &w.env));
        CHECK(lockstep_config_add_identity(cfg, lk_buffer_bytes(&pem), lk_buffer_length(&pem),
                                           k->key[PKI_RSA].p, k->key[PKI_RSA].p_len));
        CHECK(lockstep_config_danger_rsa_key_exchange(cfg));
        seal(cfg);
        peer hello;
        peer_open(&hello,
                  &(peer_setup){.tls12 = true,
                                .server = true,
                                .suite = LOCKSTEP_SUITE_RSA_AES_128_GCM_SHA256},
                  0);
        assert_true(peer_build(&hello, PEER_CLIENT_HELLO));
        lk_buffer record = lk_buffer_of(&lk_heap_default, 0);
        peer_sealed(&hello, &record, LK_HANDSHAKE, lk_buffer_slice(&hello.m), 0);
        lockstep_conn *conn;
        size_t used;
        CHECK(lockstep_server_new(&conn, cfg));
        assert_int_equal(
            lockstep_wire_in(conn, &used, lk_buffer_bytes(&record), lk_buffer_length(&record)),
            cases[i].good ? LOCKSTEP_OK : LOCKSTEP_NO_COMMON_SCHEME);
        lockstep_conn_free(conn);
        peer_close(&hello);
        lk_buffer_free(&record);
        lk_buffer_free(&pem);
        lockstep_config_free(cfg);
    }
    lk_private_key_free(key);
    lk_crypto_free(crypto);
}

/* ---- Sessions in another place --------------------------------------------------------------- */

/* Two servers share their tickets, and the way to one leads to the other: who has no certificate
 * for a name must not speak for it by a session either. */
static void test_other_server(void **state) {
    (void)state;
    for (uint16_t version = LOCKSTEP_TLS12; version <= LOCKSTEP_TLS13; version++)
        for (int other = 0; other < 2; other++) {
            world wc, ws;
            pair p = {0};
            lockstep_info info;
            lockstep_tickets *tickets;
            lockstep_config *server[2];
            world_init(&wc, 1);
            world_init(&ws, 2);
            lockstep_config *client = client_config(&wc);
            CHECK(lockstep_config_set_versions(client, version, version));
            CHECK(lockstep_config_keep_sessions(client));
            CHECK(lockstep_tickets_new(&tickets, &ws.env, 3600));
            for (int i = 0; i < 2; i++) {
                server[i] = server_config(&ws, i == 0 ? PKI_P256 : PKI_OTHER_NAME);
                CHECK(lockstep_config_set_tickets(server[i], tickets, 1));
                seal(server[i]);
            }
            seal(client);
            assert_true(pair_handshake(&p, client, server[0]));
            lockstep_session *session = lockstep_take_session(p.client);
            assert_non_null(session);
            pair_close(&p);
            pair_resume(&p, client, server[other], "server.test", session);
            pair_run(&p);
            lockstep_info_of(p.client, &info);
            assert_int_equal(info.resumed, other == 0);
            assert_int_equal(p.client_status,
                             other == 0 ? LOCKSTEP_OK : LOCKSTEP_CERT_NAME_MISMATCH);
            pair_close(&p);
            lockstep_session_free(session);
            for (int i = 0; i < 2; i++)
                lockstep_config_free(server[i]);
            lockstep_config_free(client);
            lockstep_tickets_free(tickets);
        }
}

static void trust_raw_key_too(lockstep_config *cfg) {
    const lockstep_blob *key = pki_public_key(PKI_ED25519);
    CHECK(lockstep_config_trust_raw_key(cfg, key->p, key->p_len));
}

static peer_action say_raw_key(peer *p, peer_step step, void *arg) {
    (void)arg;
    if (step == PEER_ENCRYPTED_EXTENSIONS)
        extension_set(p, 20, lk_slice_of("\2", 1)); /* server_certificate_type */
    return PEER_SEND;
}

/* No certificate is sent where a session is resumed: the chain of then is no raw key now. */
static void test_raw_key_of_a_session(void **state) {
    (void)state;
    peer p;
    lockstep_info info;
    peer_open(&p, &(peer_setup){.psk = true, .configure = trust_raw_key_too}, 0);
    p.hook = say_raw_key;
    peer_run(&p, PEER_CLIENT_HELLO, PEER_NUM_STEPS);
    CHECK(p.status);
    lockstep_info_of(p.conn, &info);
    assert_true(info.resumed && info.num_peer_chain > 0);
    assert_false(info.peer_raw_key);
    peer_close(&p);
}

/* ---- An inner hello from anybody ------------------------------------------------------------- */

static void ech_backend(lockstep_config *cfg) {
    CHECK(lockstep_config_ech_backend(cfg));
}

static peer_action mark_inner(peer *p, peer_step step, void *arg) {
    (void)arg;
    if (step == PEER_CLIENT_HELLO)
        extension_set(p, 0xfe0d, lk_slice_of("\1", 1));
    return PEER_SEND;
}

/* "The backend server MUST NOT perform this operation if it negotiated TLS 1.2 or below." (RFC 9849
 * §7.2): what nobody was told is not so. */
static void test_inner_of_tls12(void **state) {
    (void)state;
    peer p;
    lockstep_info info;
    peer_open(&p, &(peer_setup){.tls12 = true, .server = true, .configure = ech_backend}, 0);
    p.hook = mark_inner;
    peer_run(&p, PEER_CLIENT_HELLO, PEER_NUM_STEPS);
    CHECK(p.status);
    lockstep_info_of(p.conn, &info);
    assert_int_equal(info.version, LOCKSTEP_TLS12);
    assert_int_equal(info.ech, LOCKSTEP_ECH_STATE_NONE);
    peer_close(&p);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_schemes),
        cmocka_unit_test(test_encrypted_hello),
        cmocka_unit_test(test_key_transport),
        cmocka_unit_test(test_other_server),
        cmocka_unit_test(test_raw_key_of_a_session),
        cmocka_unit_test(test_inner_of_tls12),
    };
    return cmocka_run_group_tests(tests, NULL, forge_tear_down);
}
