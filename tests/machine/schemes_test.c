/*
 * schemes_test.c - the signature schemes that are accepted of the peer (RFC 8446 §4.2.3), and those
 * that an identity signs with, in both versions.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "conn/config.h"
#include "support/pair.h"

#define CHECK(expression) assert_int_equal(expression, LOCKSTEP_OK)

enum {
    P256 = LOCKSTEP_SCHEME_ECDSA_SECP256R1_SHA256,
    P384 = LOCKSTEP_SCHEME_ECDSA_SECP384R1_SHA384,
    ED25519 = LOCKSTEP_SCHEME_ED25519,
    PSS256 = LOCKSTEP_SCHEME_RSA_PSS_RSAE_SHA256,
    PSS384 = LOCKSTEP_SCHEME_RSA_PSS_RSAE_SHA384,
    PKCS1_256 = LOCKSTEP_SCHEME_RSA_PKCS1_SHA256,
    PKCS1_512 = LOCKSTEP_SCHEME_RSA_PKCS1_SHA512
};

/* Each list ends with 0; an empty one is not set. */
typedef struct variant {
    uint16_t version;
    int identity;
    uint16_t accepts[4], signs[4]; /* the client; the server's identity */
    uint16_t scheme;               /* 0: the server finds none */
} variant;

static size_t count(const uint16_t *list) {
    size_t n = 0;
    while (n < 4 && list[n] != 0)
        n++;
    return n;
}

static const variant variants[] = {
    {LOCKSTEP_TLS13, PKI_RSA, {0}, {0}, PSS256},
    {LOCKSTEP_TLS13, PKI_RSA, {PSS384, PSS256}, {0}, PSS256}, /* the server's order decides */
    {LOCKSTEP_TLS13, PKI_RSA, {PSS384}, {0}, PSS384},
    {LOCKSTEP_TLS13, PKI_RSA, {0}, {PSS384, PSS256}, PSS384},
    {LOCKSTEP_TLS13, PKI_RSA, {PSS256}, {PSS384, PSS256}, PSS256},
    {LOCKSTEP_TLS13, PKI_RSA, {PSS256}, {PSS384}, 0},
    {LOCKSTEP_TLS13, PKI_RSA, {P256, ED25519}, {0}, 0},
    {LOCKSTEP_TLS13, PKI_RSA, {0}, {PKCS1_256, PSS384}, PSS384}, /* not for TLS 1.3 */
    {LOCKSTEP_TLS13, PKI_RSA, {0}, {P256, PSS384}, PSS384},      /* not of its key */
    {LOCKSTEP_TLS13, PKI_RSA, {PKCS1_256}, {0}, 0},
    {LOCKSTEP_TLS13, PKI_P256, {P256}, {P384, P256}, P256},
    {LOCKSTEP_TLS13, PKI_P256, {P384}, {0}, 0},
    {LOCKSTEP_TLS12, PKI_RSA, {0}, {0}, PSS256},
    {LOCKSTEP_TLS12, PKI_RSA, {PKCS1_512}, {0}, PKCS1_512},
    {LOCKSTEP_TLS12, PKI_RSA, {0}, {PKCS1_256, PSS256}, PKCS1_256},
    {LOCKSTEP_TLS12, PKI_RSA, {PKCS1_512}, {PKCS1_256}, 0},
    /* in TLS 1.2 a scheme does not name the curve; that of the key comes first, unless told */
    {LOCKSTEP_TLS12, PKI_P256, {P384}, {0}, P384},
    {LOCKSTEP_TLS12, PKI_P256, {P384, P256}, {0}, P256},
    {LOCKSTEP_TLS12, PKI_P256, {P384, P256}, {P384}, P384},
};

static void set(lockstep_config *client, lockstep_config *server, const variant *v) {
    CHECK(lockstep_config_set_versions(client, v->version, v->version));
    if (count(v->accepts) > 0)
        CHECK(lockstep_config_set_schemes(client, v->accepts, count(v->accepts)));
    if (count(v->signs) > 0)
        CHECK(lockstep_config_sign_with(server, v->signs, count(v->signs)));
}

static void run(const variant *v) {
    world wc, ws;
    pair p = {0};
    lockstep_info info;
    world_init(&wc, 1);
    world_init(&ws, 2);
    lockstep_config *client = client_config(&wc), *server = server_config(&ws, v->identity);
    set(client, server, v);
    seal(client);
    seal(server);
    bool good = pair_handshake(&p, client, server);
    lockstep_info_of(p.client, &info);
    assert_int_equal(good, v->scheme != 0);
    if (good)
        assert_int_equal(info.peer_scheme, v->scheme);
    else
        assert_int_equal(lockstep_failure_of(p.server)->status, LOCKSTEP_NO_COMMON_SCHEME);
    pair_close(&p);
    lockstep_config_free(client);
    lockstep_config_free(server);
    assert_int_equal(wc.live, 0);
    assert_int_equal(ws.live, 0);
}

static void test_choice(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof variants / sizeof *variants; i++)
        run(&variants[i]);
}

/* A client certificate: what the server accepts goes into CertificateRequest. */
static void shake_client(uint16_t version, int identity, uint16_t accepts, bool has_certificate) {
    world wc, ws;
    pair p = {0};
    lockstep_info info;
    world_init(&wc, 1);
    world_init(&ws, 2);
    lockstep_config *client = client_config(&wc), *server = server_config(&ws, PKI_P256);
    const pki *k = pki_get();
    CHECK(lockstep_config_set_versions(client, version, version));
    CHECK(lockstep_config_add_identity(client, k->chain[identity].p, k->chain[identity].p_len,
                                       k->key[identity].p, k->key[identity].p_len));
    CHECK(lockstep_config_set_schemes(server, &accepts, 1));
    CHECK(lockstep_config_ask(server, LOCKSTEP_ASK_VERDICT));
    CHECK(lockstep_config_set_client_auth(server, LOCKSTEP_CLIENT_AUTH_REQUEST));
    seal(client);
    seal(server);
    pair_open(&p, client, server, "server.test");
    pair_run(&p);
    if (lockstep_asking(p.server) != NULL)
        CHECK(lockstep_answer_verdict(p.server, LOCKSTEP_OK));
    pair_run(&p);
    assert_true((lockstep_state_of(p.server) & LOCKSTEP_SECURE) != 0);
    lockstep_info_of(p.server, &info);
    assert_int_equal(info.num_peer_chain > 0, has_certificate);
    if (has_certificate)
        assert_int_equal(info.peer_scheme, accepts);
    pair_close(&p);
    lockstep_config_free(client);
    lockstep_config_free(server);
}

static void test_client_certificate(void **state) {
    (void)state;
    shake_client(LOCKSTEP_TLS13, PKI_RSA, PSS384, true);
    shake_client(LOCKSTEP_TLS13, PKI_RSA, P256, false);
    shake_client(LOCKSTEP_TLS12, PKI_RSA, PKCS1_512, true);
    shake_client(LOCKSTEP_TLS12, PKI_RSA, P256, false);
}

/* A peer that signs with what was not offered: the list that the ClientHello was made of is not
 * that by which CertificateVerify is looked at. */
static void other_list(void *arg, uint8_t type, lk_buffer *bytes, size_t at) {
    uint8_t *p = lk_buffer_bytes(bytes) + at,
            *end = lk_buffer_bytes(bytes) + lk_buffer_length(bytes);
    (void)arg;
    if (type != 1)
        return;
    for (; p + 8 <= end; p++)
        if (memcmp(p, "\x00\x0d\x00\x04\x00\x02\x08\x05", 8) == 0) {
            p[7] = 0x04; /* rsa_pss_rsae_sha256 for rsa_pss_rsae_sha384 */
            return;
        }
}

static void refuse(uint16_t version) {
    static const uint16_t only[] = {PSS384};
    world wc, ws;
    pair p = {0};
    world_init(&wc, 1);
    world_init(&ws, 2);
    lockstep_config *client = client_config(&wc), *server = server_config(&ws, PKI_RSA);
    CHECK(lockstep_config_set_versions(client, version, version));
    CHECK(lockstep_config_set_schemes(client, only, 1));
    lk_config_settings(client)->tamper = other_list;
    seal(client);
    seal(server);
    assert_false(pair_handshake(&p, client, server));
    assert_int_equal(lockstep_failure_of(p.client)->status, LOCKSTEP_PEER_SIGNATURE_SCHEME);
    pair_close(&p);
    lockstep_config_free(client);
    lockstep_config_free(server);
}

static void test_not_offered(void **state) {
    (void)state;
    refuse(LOCKSTEP_TLS13);
    refuse(LOCKSTEP_TLS12);
}

static void test_usage(void **state) {
    static const uint16_t twice[] = {P256, P256}, unknown[] = {P256, 0x0203}, good[] = {P256};
    world w;
    (void)state;
    world_init(&w, 1);
    lockstep_config *cfg = client_config(&w);
    assert_int_equal(lockstep_config_set_schemes(cfg, NULL, 1), LOCKSTEP_ERR_USAGE);
    assert_int_equal(lockstep_config_set_schemes(cfg, good, 0), LOCKSTEP_ERR_USAGE);
    assert_int_equal(lockstep_config_set_schemes(cfg, twice, 2), LOCKSTEP_ERR_USAGE);
    assert_int_equal(lockstep_config_set_schemes(cfg, unknown, 2), LOCKSTEP_ERR_USAGE);
    assert_int_equal(lockstep_config_set_schemes(NULL, good, 1), LOCKSTEP_ERR_USAGE);
    assert_int_equal(lockstep_config_sign_with(cfg, good, 1), LOCKSTEP_ERR_USAGE);
    seal(cfg);
    assert_int_equal(lockstep_config_set_schemes(cfg, good, 1), LOCKSTEP_ERR_USAGE);
    lockstep_config_free(cfg);
    cfg = server_config(&w, PKI_P256);
    assert_int_equal(lockstep_config_sign_with(cfg, unknown, 2), LOCKSTEP_ERR_USAGE);
    CHECK(lockstep_config_sign_with(cfg, good, 1));
    lockstep_config_free(cfg);
    assert_int_equal(w.live, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_choice),
        cmocka_unit_test(test_client_certificate),
        cmocka_unit_test(test_not_offered),
        cmocka_unit_test(test_usage),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
