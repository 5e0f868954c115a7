/*
 * identity_test.c - which of several identities is sent (RFC 8446 §4.4.2.2, §4.4.2.3): by name, by
 * the signature algorithms of key and chain, by the authorities that the peer names.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "conn/config.h"
#include "support/forge.h"
#include "support/pair.h"
#include "util/pem.h"
#include "wire/authorities.h"

#define CHECK(expression) assert_int_equal(expression, LOCKSTEP_OK)

/* ---- Chains of two roots ----------------------------------------------------------------------
 */

/* A leaf below an intermediate below a root; the keys that sign are P-256, or RSA. */
typedef struct chain {
    lk_slice root, middle, leaf;
    const lk_private_key *key;
} chain;

static chain make(const char *root_name, const char *dns, const char *purposes, bool rsa) {
    char middle_name[64];
    snprintf(middle_name, sizeof middle_name, "middle of %s", root_name);
    const lk_private_key *root_key = rsa ? forge_key(LK_KEY_RSA, 2048, 0) : forge_p256(1);
    const lk_private_key *middle_key = rsa ? forge_key(LK_KEY_RSA, 2048, 1) : forge_p256(2);
    forge_spec root = {.subject = root_name,
                       .issuer = root_name,
                       .ca = true,
                       .path_length = -1,
                       .key = root_key,
                       .signer = root_key};
    forge_spec middle = {.subject = middle_name,
                         .issuer = root_name,
                         .ca = true,
                         .key = middle_key,
                         .signer = root_key};
    forge_spec leaf = {.subject = "leaf",
                       .issuer = middle_name,
                       .key = forge_p256(0),
                       .signer = middle_key,
                       .purposes = purposes,
                       .names = {dns}};
    return (chain){forge(&root), forge(&middle), forge(&leaf), forge_p256(0)};
}

static void add(lockstep_config *cfg, const chain *c) {
    lk_buffer pem = lk_buffer_of(&lk_heap_default, 0), key = lk_buffer_of(&lk_heap_default, 0);
    assert_true(lk_pem_write(&pem, "CERTIFICATE", c->leaf) &&
                lk_pem_write(&pem, "CERTIFICATE", c->middle));
    CHECK(lk_private_key_to_pem(c->key, &key));
    CHECK(lockstep_config_add_identity(cfg, lk_buffer_bytes(&pem), lk_buffer_length(&pem),
                                       lk_buffer_bytes(&key), lk_buffer_length(&key)));
    lk_buffer_free(&pem);
    lk_buffer_free(&key);
}

static lk_slice issuer_of(lk_slice der) {
    lk_cert cert;
    CHECK(lk_cert_parse(&cert, der));
    return cert.issuer;
}

/* ---- A server, by what a ClientHello says ------------------------------------------------------
 */

static const uint8_t all[] = {4, 3, 8, 4, 4, 1}, ecdsa[] = {4, 3}, pkcs1[] = {4, 1}, pss[] = {8, 9},
                     ed25519[] = {8, 7};
#define LIST(bytes) lk_slice_of(bytes, sizeof bytes)

/* choose returns the number of the identity, or -1. */
static int choose(lockstep_config *cfg, const lk_identity_wish *wish) {
    const lk_identity *identity = NULL;
    const lk_scheme *scheme = NULL;
    lockstep_status status =
        lk_settings_identity(lk_config_settings(cfg), &identity, &scheme, wish);
    if (status != LOCKSTEP_OK)
        return -1;
    assert_int_equal(scheme->id, 0x0403);
    return (int)(identity - cfg->identities);
}

static void test_server(void **state) {
    (void)state;
    world w;
    world_init(&w, 1);
    lockstep_config *cfg;
    CHECK(lockstep_config_new(&cfg, &w.env));
    chain a = make("A", "DNS:server.test", NULL, true),
          b = make("B", "DNS:server.test", NULL, false),
          c = make("C", "DNS:other.test", NULL, false);
    add(cfg, &a); /* 0: its chain is signed with RSA PKCS#1 */
    add(cfg, &b); /* 1: by ECDSA */
    add(cfg, &c); /* 2: by ECDSA, for another name */
    lk_slice name = lk_slice_of_str("server.test"), other = lk_slice_of_str("other.test");
    lk_buffer list = lk_buffer_of(&lk_heap_default, 0);
    lk_builder builder = lk_builder_of(&list);
    lk_build_authority(&builder, lk_slice_of("nobody", 6));
    lk_build_authority(&builder, issuer_of(b.root));
    lk_slice of_b = lk_buffer_slice(&list);
    lk_slice nobody = lk_slice_of(of_b.p, 8);

    const struct {
        lk_identity_wish wish;
        int chosen;
    } cases[] = {
        /* the name, and then the first */
        {{.server_name = name, .schemes = LIST(all)}, 0},
        {{.server_name = other, .schemes = LIST(all)}, 2},
        {{.schemes = LIST(all)}, 0},
        /* signature_algorithms holds for the chain too, where nothing else is said */
        {{.server_name = name, .schemes = LIST(ecdsa)}, 1},
        /* else signature_algorithms_cert does */
        {{.server_name = name, .schemes = LIST(all), .schemes_cert = LIST(ecdsa)}, 1},
        {{.server_name = name, .schemes = LIST(ecdsa), .schemes_cert = LIST(pkcs1)}, 0},
        /* a chain that the client cannot check is better than none, or than another name */
        {{.server_name = name, .schemes = LIST(ecdsa), .schemes_cert = LIST(pss)}, 0},
        {{.server_name = other, .schemes = LIST(ecdsa), .schemes_cert = LIST(pkcs1)}, 2},
        /* no key of ours signs so */
        {{.server_name = name, .schemes = LIST(ed25519), .schemes_cert = LIST(all)}, -1},
        /* the authorities that the client likes */
        {{.server_name = name, .schemes = LIST(all), .authorities = of_b}, 1},
        {{.server_name = name,
          .schemes = LIST(all),
          .schemes_cert = LIST(pkcs1),
          .authorities = of_b},
         0}, /* what it can check comes first */
        {{.server_name = name, .schemes = LIST(all), .authorities = nobody}, 0},
        {{.server_name = other, .schemes = LIST(all), .authorities = of_b}, 2},
        /* they guide the choice and forbid nothing (RFC 8446 §4.2.4) */
        {{.schemes = LIST(all), .authorities = of_b}, 1},
        {{.schemes = LIST(all), .authorities = nobody}, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int chosen = choose(cfg, &cases[i].wish);
        if (chosen != cases[i].chosen)
            fail_msg("case %zu: identity %d", i, chosen);
    }
    lk_buffer_free(&list);
    lockstep_config_free(cfg);
    assert_int_equal(w.live, 0);
}

/* ---- A client with several identities, by what a CertificateRequest says -----------------------
 */

/* shake lets a client with certificates of A and B come to a server that trusts `root`, and returns
 * which of the two it has sent; 0: none, -1: the server refused it. */
static int shake(lk_slice root, bool send) {
    world wc, ws;
    pair p = {0};
    lockstep_info info;
    world_init(&wc, 1);
    world_init(&ws, 2);
    lockstep_config *client = client_config(&wc), *server = server_config(&ws, PKI_P256);
    chain a = make("A", "EMAIL:a@b.test", "c", false), b = make("B", "EMAIL:a@b.test", "c", false);
    add(client, &a);
    add(client, &b);
    lockstep_trust *trust = forge_trust(&root, 1);
    CHECK(lockstep_config_set_trust(server, trust));
    lockstep_trust_free(trust);
    CHECK(lockstep_config_set_client_auth(server, LOCKSTEP_CLIENT_AUTH_REQUEST));
    if (send)
        CHECK(lockstep_config_send_authorities(server));
    seal(client);
    seal(server);
    int sent = -1;
    (void)pair_handshake(&p, client, server);
    lockstep_info_of(p.server, &info);
    if (lockstep_failure_of(p.server) == NULL)
        sent = info.num_peer_chain == 0 ? 0 : lk_slice_equal(info.peer_chain[1], a.middle) ? 1 : 2;
    pair_close(&p);
    lockstep_config_free(client);
    lockstep_config_free(server);
    assert_int_equal(wc.live, 0);
    assert_int_equal(ws.live, 0);
    return sent;
}

static void test_client(void **state) {
    (void)state;
    chain a = make("A", NULL, "c", false), b = make("B", NULL, "c", false),
          c = make("C", NULL, "c", false);
    assert_int_equal(shake(a.root, false), 1);
    assert_int_equal(shake(b.root, false), -1); /* the first was sent, and it is of A */
    assert_int_equal(shake(a.root, true), 1);
    assert_int_equal(shake(b.root, true), 2);
    assert_int_equal(shake(b.middle, true), 2);
    assert_int_equal(shake(c.root, true), -1); /* the best there is was sent */
}

/* What could not be done is said when the config is sealed. */
static void test_sealing(void **state) {
    (void)state;
    world w;
    world_init(&w, 1);
    lockstep_config *cfg = server_config(&w, PKI_P256);
    CHECK(lockstep_config_send_authorities(cfg));
    assert_int_equal(lockstep_config_seal(cfg), LOCKSTEP_ERR_USAGE); /* nobody is asked */
    lockstep_trust *trust;
    CHECK(lockstep_trust_new(&trust, NULL));
    for (int i = 0; i < 250; i++) {
        char name[300];
        memset(name, 'x', sizeof name);
        snprintf(name + 250, 50, "%d", i);
        forge_spec root = {.subject = name,
                           .issuer = name,
                           .ca = true,
                           .key = forge_p256(1),
                           .signer = forge_p256(1)};
        const char *pem = forge_pem(forge(&root));
        CHECK(lockstep_trust_add(trust, NULL, NULL, (const uint8_t *)pem, strlen(pem)));
    }
    CHECK(lockstep_config_set_trust(cfg, trust));
    lockstep_trust_free(trust);
    CHECK(lockstep_config_set_client_auth(cfg, LOCKSTEP_CLIENT_AUTH_REQUIRE));
    assert_int_equal(lockstep_config_seal(cfg), LOCKSTEP_ERR_LIMIT); /* 66 KB of names */
    lockstep_config_free(cfg);
    assert_int_equal(w.live, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_server),
        cmocka_unit_test(test_client),
        cmocka_unit_test(test_sealing),
    };
    return cmocka_run_group_tests(tests, NULL, forge_tear_down);
}
