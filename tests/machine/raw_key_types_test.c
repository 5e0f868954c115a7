/*
 * raw_key_types_test.c - which types of certificate a config names (RFC 7250), and raw public keys
 * that only the application knows: both versions.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "support/pair.h"
#include "util/pem.h"

#define CHECK(expression) assert_int_equal(expression, LOCKSTEP_OK)

static const uint8_t raw_only[] = {LOCKSTEP_CERTIFICATE_RAW_KEY};
static const uint8_t x509_only[] = {LOCKSTEP_CERTIFICATE_X509};
static const uint8_t raw_first[] = {LOCKSTEP_CERTIFICATE_RAW_KEY, LOCKSTEP_CERTIFICATE_X509};
static const uint8_t x509_first[] = {LOCKSTEP_CERTIFICATE_X509, LOCKSTEP_CERTIFICATE_RAW_KEY};

/* Both ends of a test, each with the key PKI_P384 raw and the chain PKI_RSA or PKI_CLIENT. */
typedef struct house {
    world wc, ws;
    lockstep_config *client, *server;
} house;

static void add_both(lockstep_config *cfg, int chain) {
    const pki *k = pki_get();
    CHECK(lockstep_config_add_raw_key(cfg, k->key[PKI_P384].p, k->key[PKI_P384].p_len));
    CHECK(lockstep_config_add_identity(cfg, k->chain[chain].p, k->chain[chain].p_len,
                                       k->key[chain].p, k->key[chain].p_len));
}

static void build(house *h, uint16_t version) {
    world_init(&h->wc, 1);
    world_init(&h->ws, 2);
    CHECK(lockstep_config_new(&h->client, &h->wc.env));
    CHECK(lockstep_config_new(&h->server, &h->ws.env));
    CHECK(lockstep_config_set_versions(h->client, version, version));
    CHECK(lockstep_config_set_versions(h->server, version, version));
    add_both(h->client, PKI_CLIENT);
    add_both(h->server, PKI_RSA);
    CHECK(lockstep_config_ask(h->client, LOCKSTEP_ASK_VERDICT));
    CHECK(lockstep_config_ask(h->server, LOCKSTEP_ASK_VERDICT));
}

static void tear_down(house *h) {
    lockstep_config_free(h->client);
    lockstep_config_free(h->server);
    assert_int_equal(h->wc.live, 0);
    assert_int_equal(h->ws.live, 0);
}

static lk_buffer spki_of(int identity) {
    lk_buffer der = lk_buffer_of(&lk_heap_default, 0);
    const lockstep_blob *pem = pki_public_key(identity);
    lk_slice text = lk_slice_of(pem->p, pem->p_len);
    assert_int_equal(lk_pem_next(&text, "PUBLIC KEY", &der), 1);
    return der;
}

/* answer looks at the question of one end, if there is one, and answers it. True: it was about a
 * raw key, which then is all that is there. */
static bool answer(lockstep_conn *conn, lockstep_status verdict, unsigned *questions) {
    const lockstep_ask *ask = lockstep_asking(conn);
    if (ask == NULL)
        return false;
    bool raw = ask->raw_key.p_len > 0;
    lk_buffer key = spki_of(PKI_P384);
    assert_int_equal(ask->kind, LOCKSTEP_ASK_VERDICT);
    assert_int_equal(ask->num_chain, raw ? 0 : 2);
    assert_true(raw == (ask->chain == NULL));
    if (raw)
        assert_true(lk_slice_equal(ask->raw_key, lk_buffer_slice(&key)));
    lk_buffer_free(&key);
    ++*questions;
    assert_int_equal(lockstep_answer_verdict(conn, verdict), verdict);
    return raw;
}

/* meet runs a handshake and answers all questions; `*raw_*`: that end was asked about a raw key. */
static bool meet(house *h, pair *p, lockstep_status verdict, bool *raw_client, bool *raw_server) {
    unsigned questions = 0, before;
    *raw_client = *raw_server = false;
    pair_open(p, h->client, h->server, "server.test");
    do {
        before = questions;
        pair_run(p);
        *raw_client = answer(p->client, verdict, &questions) || *raw_client;
        *raw_server = answer(p->server, verdict, &questions) || *raw_server;
    } while (questions > before);
    lockstep_info client, server;
    if ((lockstep_state_of(p->client) & lockstep_state_of(p->server) & LOCKSTEP_SECURE) == 0)
        return false;
    lockstep_info_of(p->client, &client);
    lockstep_info_of(p->server, &server);
    assert_true(client.peer_raw_key == *raw_client);
    assert_true(server.peer_raw_key == *raw_server);
    return true;
}

static const uint16_t versions[] = {LOCKSTEP_TLS12, LOCKSTEP_TLS13};

/* Who has not said that raw keys may come is never asked about one, nor shown one. */
static void test_not_listed(void **state) {
    (void)state;
    for (int i = 0; i < 2; i++) {
        house h;
        pair p = {0};
        bool raw_client, raw_server;
        build(&h, versions[i]);
        CHECK(lockstep_config_set_client_auth(h.server, LOCKSTEP_CLIENT_AUTH_REQUIRE));
        seal(h.client);
        seal(h.server);
        assert_true(meet(&h, &p, LOCKSTEP_OK, &raw_client, &raw_server));
        assert_false(raw_client || raw_server);
        pair_close(&p);
        tear_down(&h);
    }
}

static void test_verdict(void **state) {
    (void)state;
    for (int i = 0; i < 4; i++) {
        house h;
        pair p = {0};
        bool raw_client, raw_server, good = i < 2;
        build(&h, versions[i % 2]);
        CHECK(lockstep_config_set_client_auth(h.server, LOCKSTEP_CLIENT_AUTH_REQUIRE));
        CHECK(lockstep_config_set_peer_types(h.client, raw_only, 1));
        CHECK(lockstep_config_set_peer_types(h.server, raw_first, 2));
        seal(h.client);
        seal(h.server);
        assert_true(meet(&h, &p, good ? LOCKSTEP_OK : LOCKSTEP_CERT_RAW_KEY, &raw_client,
                         &raw_server) == good);
        assert_true(raw_client);
        assert_true(raw_server == good);
        if (!good)
            assert_int_equal(lockstep_failure_of(p.client)->status, LOCKSTEP_CERT_RAW_KEY);
        pair_close(&p);
        tear_down(&h);
    }
}

/* Keys that are given beforehand are asked about besides; others are refused unasked. */
static void test_verdict_and_keys(void **state) {
    (void)state;
    for (int i = 0; i < 4; i++) {
        house h;
        pair p = {0};
        bool raw_client, raw_server, good = i < 2;
        const lockstep_blob *key = pki_public_key(good ? PKI_P384 : PKI_P256);
        build(&h, versions[i % 2]);
        CHECK(lockstep_config_trust_raw_key(h.client, key->p, key->p_len));
        seal(h.client);
        seal(h.server);
        assert_true(meet(&h, &p, LOCKSTEP_OK, &raw_client, &raw_server) == good);
        assert_true(raw_client == good);
        if (!good)
            assert_int_equal(lockstep_failure_of(p.client)->status, LOCKSTEP_CERT_RAW_KEY);
        pair_close(&p);
        tear_down(&h);
    }
}

/* Where both could be: the client's order, unless the server has one. */
static void test_order(void **state) {
    (void)state;
    for (int i = 0; i < 16; i++) {
        house h;
        pair p = {0};
        bool raw_client, raw_server, client_raw = (i & 2) != 0, server_says = (i & 4) != 0,
                                     server_raw = (i & 8) != 0;
        build(&h, versions[i % 2]);
        CHECK(lockstep_config_set_client_auth(h.server, LOCKSTEP_CLIENT_AUTH_REQUIRE));
        CHECK(lockstep_config_set_peer_types(h.client, client_raw ? raw_first : x509_first, 2));
        CHECK(lockstep_config_set_own_types(h.client, client_raw ? raw_first : x509_first, 2));
        CHECK(lockstep_config_set_peer_types(h.server, server_raw ? raw_first : x509_first, 2));
        if (server_says)
            CHECK(lockstep_config_set_own_types(h.server, server_raw ? raw_first : x509_first, 2));
        seal(h.client);
        seal(h.server);
        assert_true(meet(&h, &p, LOCKSTEP_OK, &raw_client, &raw_server));
        assert_true(raw_client == (server_says ? server_raw : client_raw));
        assert_true(raw_server == server_raw);
        pair_close(&p);
        tear_down(&h);
    }
}

static lockstep_status fails(house *h) {
    pair p = {0};
    bool raw_client, raw_server;
    seal(h->client);
    seal(h->server);
    assert_false(meet(h, &p, LOCKSTEP_OK, &raw_client, &raw_server));
    const lockstep_failure *f = lockstep_failure_of(p.client);
    if (f == NULL || f->status >= LOCKSTEP_ALERT_FROM_PEER)
        f = lockstep_failure_of(p.server);
    lockstep_status status = f->status;
    pair_close(&p);
    return status;
}

static void test_nothing_in_common(void **state) {
    (void)state;
    for (int i = 0; i < 6; i++) {
        house h;
        build(&h, versions[i % 2]);
        CHECK(lockstep_config_set_client_auth(h.server, LOCKSTEP_CLIENT_AUTH_REQUEST));
        if (i / 2 == 0) { /* the server shows what the client does not take */
            CHECK(lockstep_config_set_own_types(h.server, raw_only, 1));
        } else if (i / 2 == 1) { /* the client cannot show what the server wants, and says so */
            CHECK(lockstep_config_set_own_types(h.client, raw_only, 1));
            CHECK(lockstep_config_set_peer_types(h.server, x509_only, 1));
        } else { /* or does not say so */
            CHECK(lockstep_config_set_own_types(h.client, x509_only, 1));
            CHECK(lockstep_config_set_peer_types(h.server, raw_only, 1));
        }
        assert_int_equal(fails(&h), LOCKSTEP_NO_COMMON_CERTIFICATE_TYPE);
        tear_down(&h);
    }
}

/* A client that names raw keys and has none shows nothing, where that is allowed. */
static void test_nothing_to_show(void **state) {
    (void)state;
    for (int i = 0; i < 4; i++) {
        house h;
        pair p = {0};
        bool raw_client, raw_server, may = i < 2;
        build(&h, versions[i % 2]);
        lockstep_config_free(h.client);
        CHECK(lockstep_config_new(&h.client, &h.wc.env));
        CHECK(lockstep_config_ask(h.client, LOCKSTEP_ASK_VERDICT));
        CHECK(lockstep_config_set_versions(h.client, versions[i % 2], versions[i % 2]));
        CHECK(lockstep_config_set_own_types(h.client, raw_only, 1));
        CHECK(lockstep_config_set_peer_types(h.server, raw_only, 1));
        CHECK(lockstep_config_set_client_auth(h.server, may ? LOCKSTEP_CLIENT_AUTH_REQUEST
                                                            : LOCKSTEP_CLIENT_AUTH_REQUIRE));
        seal(h.client);
        seal(h.server);
        assert_true(meet(&h, &p, LOCKSTEP_OK, &raw_client, &raw_server) == may);
        assert_false(raw_server);
        pair_close(&p);
        tear_down(&h);
    }
}

static void test_setters(void **state) {
    (void)state;
    static const uint8_t unknown[] = {1}, twice[] = {2, 2}, three[] = {2, 0, 2};
    world w;
    lockstep_config *cfg;
    world_init(&w, 1);
    for (int own = 0; own < 2; own++) {
        lockstep_status (*set)(lockstep_config *, const uint8_t *, size_t) =
            own ? lockstep_config_set_own_types : lockstep_config_set_peer_types;
        CHECK(lockstep_config_new(&cfg, &w.env));
        assert_int_equal(set(NULL, raw_only, 1), LOCKSTEP_ERR_USAGE);
        assert_int_equal(set(cfg, NULL, 1), LOCKSTEP_ERR_USAGE);
        assert_int_equal(set(cfg, raw_only, 0), LOCKSTEP_ERR_USAGE);
        assert_int_equal(set(cfg, unknown, 1), LOCKSTEP_ERR_USAGE);
        assert_int_equal(set(cfg, twice, 2), LOCKSTEP_ERR_USAGE);
        assert_int_equal(set(cfg, three, 3), LOCKSTEP_ERR_USAGE);
        CHECK(lockstep_config_ask(cfg, LOCKSTEP_ASK_VERDICT));
        CHECK(set(cfg, raw_first, 2));
        seal(cfg);
        assert_int_equal(set(cfg, raw_only, 1), LOCKSTEP_ERR_USAGE);
        lockstep_config_free(cfg);
    }
    /* types that nothing could judge: raw keys by trust anchors, certificates by raw keys */
    CHECK(lockstep_config_new(&cfg, &w.env));
    lockstep_trust *trust = pki_trust();
    CHECK(lockstep_config_set_trust(cfg, trust));
    lockstep_trust_free(trust);
    CHECK(lockstep_config_set_peer_types(cfg, raw_first, 2));
    assert_int_equal(lockstep_config_seal(cfg), LOCKSTEP_ERR_USAGE);
    lockstep_config_free(cfg);
    CHECK(lockstep_config_new(&cfg, &w.env));
    const lockstep_blob *key = pki_public_key(PKI_P384);
    CHECK(lockstep_config_trust_raw_key(cfg, key->p, key->p_len));
    CHECK(lockstep_config_set_peer_types(cfg, x509_first, 2));
    assert_int_equal(lockstep_config_seal(cfg), LOCKSTEP_ERR_USAGE);
    lockstep_config_free(cfg);
    assert_int_equal(w.live, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_not_listed),        cmocka_unit_test(test_verdict),
        cmocka_unit_test(test_verdict_and_keys),  cmocka_unit_test(test_order),
        cmocka_unit_test(test_nothing_in_common), cmocka_unit_test(test_nothing_to_show),
        cmocka_unit_test(test_setters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
