/*
 * openssl_test.c - OpenSSL's libssl at the other end, in memory: what s_client and s_server have no
 * options for, or show nothing of. What this libssl is too old for is skipped.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include "support/foreign.h"

#define CHECK(expression) assert_int_equal(expression, LOCKSTEP_OK)

/* ---- The other stack --------------------------------------------------------------------------
 */

static bool openssl_step(foreign *f) {
    SSL *ssl = f->other;
    uint8_t bytes[4096];
    size_t n;
    int got;
    while ((n = foreign_read(f, bytes, sizeof bytes)) > 0)
        assert_int_equal(BIO_write(SSL_get_rbio(ssl), bytes, (int)n), n);
    int r = SSL_is_init_finished(ssl) ? SSL_read(ssl, bytes, sizeof bytes) : SSL_do_handshake(ssl);
    (void)r;
    while ((got = BIO_read(SSL_get_wbio(ssl), bytes, sizeof bytes)) > 0)
        assert_true(lk_buffer_append(&f->out, lk_slice_of(bytes, (size_t)got)));
    return SSL_is_init_finished(ssl);
}

static BIO *bio_of(const lockstep_blob *blob) {
    return BIO_new_mem_buf(blob->p, (int)blob->p_len);
}

/* own gives the stack a chain and its key. */
static void own(SSL_CTX *ctx, int identity) {
    const pki *k = pki_get();
    BIO *chain = bio_of(&k->chain[identity]), *key = bio_of(&k->key[identity]);
    X509 *leaf = PEM_read_bio_X509(chain, NULL, NULL, NULL);
    X509 *ca = PEM_read_bio_X509(chain, NULL, NULL, NULL);
    EVP_PKEY *private = PEM_read_bio_PrivateKey(key, NULL, NULL, NULL);
    assert_int_equal(SSL_CTX_use_certificate(ctx, leaf), 1);
    assert_int_equal(SSL_CTX_add1_chain_cert(ctx, ca), 1);
    assert_int_equal(SSL_CTX_use_PrivateKey(ctx, private), 1);
    X509_free(leaf);
    X509_free(ca);
    EVP_PKEY_free(private);
    BIO_free(chain);
    BIO_free(key);
}

static X509 *root_of_pki(void) {
    BIO *bio = bio_of(&pki_get()->root);
    X509 *root = PEM_read_bio_X509(bio, NULL, NULL, NULL);
    BIO_free(bio);
    return root;
}

static SSL_CTX *context(bool is_client) {
    SSL_CTX *ctx = SSL_CTX_new(is_client ? TLS_client_method() : TLS_server_method());
    X509 *root = root_of_pki();
    assert_int_equal(X509_STORE_add_cert(SSL_CTX_get_cert_store(ctx), root), 1);
    X509_VERIFY_PARAM_set_time(SSL_CTX_get0_param(ctx), TEST_NOW_MS / 1000);
    X509_free(root);
    if (is_client)
        SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
    else
        own(ctx, PKI_P256);
    return ctx;
}

/* Both ends, before their handshake. */
typedef struct both {
    foreign f;
    world w;
    SSL_CTX *ctx;
    SSL *ssl;
    lockstep_config *cfg;
} both;

static void set_up(both *b, bool engine_is_client) {
    memset(b, 0, sizeof *b);
    world_init(&b->w, 1);
    b->ctx = context(!engine_is_client);
    b->cfg = engine_is_client ? client_config(&b->w) : server_config(&b->w, PKI_P256);
}

static void make_ends(both *b, bool engine_is_client) {
    seal(b->cfg);
    b->ssl = SSL_new(b->ctx);
    SSL_set_bio(b->ssl, BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
    if (engine_is_client) {
        SSL_set_accept_state(b->ssl);
    } else {
        SSL_set_connect_state(b->ssl);
        assert_int_equal(SSL_set_tlsext_host_name(b->ssl, "server.test"), 1);
        assert_int_equal(SSL_set1_host(b->ssl, "server.test"), 1);
    }
    b->f.step = openssl_step;
    b->f.other = b->ssl;
    foreign_open(&b->f, b->cfg, engine_is_client);
}

static void shake(both *b, bool engine_is_client) {
    make_ends(b, engine_is_client);
    if (!foreign_run(&b->f))
        fail_msg("%s; OpenSSL: %s", foreign_failure(&b->f),
                 ERR_error_string(ERR_peek_error(), NULL));
}

static void tear_down(both *b) {
    foreign_close(&b->f);
    SSL_free(b->ssl);
    SSL_CTX_free(b->ctx);
    lockstep_config_free(b->cfg);
    ERR_clear_error();
    assert_int_equal(b->w.live, 0);
}

/* ---- Exporters (RFC 8446 §7.5) ----------------------------------------------------------------
 */

static void compare_export(both *b, const char *label, const char *context, size_t n) {
    static uint8_t ours[9000], theirs[9000];
    CHECK(lockstep_export(b->f.conn, ours, n, label, (const uint8_t *)context,
                          context == NULL ? 0 : strlen(context)));
    assert_int_equal(SSL_export_keying_material(
                         b->ssl, theirs, n, label, strlen(label), (const uint8_t *)context,
                         context == NULL ? 0 : strlen(context), context != NULL),
                     1);
    assert_memory_equal(ours, theirs, n);
}

static void test_exporter(void **state) {
    (void)state;
    static const char longest[] =
        "a label of 249 characters, which is the most that fits "
        "-----------------------------------------------------------------------------------------"
        "-----------------------------------------------------------------------------------------"
        "-----------|----";
    assert_int_equal(sizeof longest - 1, 249);
    for (int is_client = 0; is_client < 2; is_client++) {
        both b;
        set_up(&b, is_client);
        shake(&b, is_client);
        compare_export(&b, "EXPORTER-lockstep", NULL, 32);
        compare_export(&b, "EXPORTER-lockstep", "", 32);
        compare_export(&b, "EXPORTER-lockstep", "a context", 1);
        compare_export(&b, "EXPORTER-Channel-Binding", NULL, 1000);
        compare_export(&b, longest, "x", 77);
        tear_down(&b);
    }
}

/* ---- Compressed certificates (RFC 8879) -------------------------------------------------------
 */

#if OPENSSL_VERSION_NUMBER >= 0x30200000L
static int compressed_seen;

static void on_message(int sending, int version, int type, const void *bytes, size_t n, SSL *ssl,
                       void *arg) {
    (void)sending;
    (void)version;
    (void)ssl;
    (void)arg;
    if (type == SSL3_RT_HANDSHAKE && n > 5 && ((const uint8_t *)bytes)[0] == 25)
        compressed_seen = ((const uint8_t *)bytes)[5];
}

static void test_compressed_certificates(void **state) {
    (void)state;
    int algorithms[] = {TLSEXT_comp_cert_zlib, TLSEXT_comp_cert_brotli};
    for (int i = 0; i < 4; i++) {
        both b;
        bool is_client = i % 2 == 1;
        set_up(&b, is_client);
        if (SSL_CTX_set1_cert_comp_preference(b.ctx, algorithms + i / 2, 1) != 1) {
            SSL_CTX_free(b.ctx);
            lockstep_config_free(b.cfg);
            skip(); /* this OpenSSL was built without */
        }
        if (is_client)
            assert_int_equal(SSL_CTX_compress_certs(b.ctx, algorithms[i / 2]), 1);
        SSL_CTX_set_msg_callback(b.ctx, on_message);
        compressed_seen = 0;
        shake(&b, is_client);
        assert_int_equal(compressed_seen, algorithms[i / 2]);
        tear_down(&b);
    }
}
#else
static void test_compressed_certificates(void **state) {
    (void)state;
    skip();
}
#endif

/* ---- Raw public keys (RFC 7250) ----------------------------------------------------------------
 */

#if OPENSSL_VERSION_NUMBER >= 0x30200000L
static EVP_PKEY *public_key(int identity) {
    BIO *bio = bio_of(pki_public_key(identity));
    EVP_PKEY *key = PEM_read_bio_PUBKEY(bio, NULL, NULL, NULL);
    BIO_free(bio);
    return key;
}

/* Both sides show raw keys, whoever is the client. */
static void test_raw_keys(void **state) {
    (void)state;
    static const unsigned char raw[] = {TLSEXT_cert_type_rpk};
    const pki *k = pki_get();
    for (int is_client = 0; is_client < 2; is_client++) {
        both b;
        lockstep_info info;
        const lockstep_blob *key = pki_public_key(PKI_P256);
        EVP_PKEY *ours = public_key(PKI_P384);
        set_up(&b, is_client);
        if (!is_client)
            own(b.ctx, PKI_P256); /* a server has it already */
        assert_int_equal(SSL_CTX_dane_enable(b.ctx), 1);
        SSL_CTX_set1_server_cert_type(b.ctx, raw, 1);
        SSL_CTX_set1_client_cert_type(b.ctx, raw, 1);
        SSL_CTX_set_verify(b.ctx, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
        CHECK(lockstep_config_trust_raw_key(b.cfg, key->p, key->p_len));
        CHECK(lockstep_config_add_raw_key(b.cfg, k->key[PKI_P384].p, k->key[PKI_P384].p_len));
        if (!is_client)
            CHECK(lockstep_config_set_client_auth(b.cfg, LOCKSTEP_CLIENT_AUTH_REQUIRE));
        make_ends(&b, is_client);
        assert_int_equal(SSL_dane_enable(b.ssl, NULL), 1);
        assert_int_equal(SSL_add_expected_rpk(b.ssl, ours), 1);
        if (!foreign_run(&b.f))
            fail_msg("%s", foreign_failure(&b.f));
        lockstep_info_of(b.f.conn, &info);
        assert_true(info.peer_raw_key);
        assert_int_equal(EVP_PKEY_eq(SSL_get0_peer_rpk(b.ssl), ours), 1);
        EVP_PKEY_free(ours);
        tear_down(&b);
    }
}
#else
static void test_raw_keys(void **state) {
    (void)state;
    skip();
}
#endif

/* ---- Groups with ML-KEM (draft-ietf-tls-ecdhe-mlkem, draft-ietf-tls-mlkem) ---------------------
 */

static void test_ml_kem(void **state) {
    (void)state;
    static const uint16_t groups[] = {LOCKSTEP_GROUP_X25519MLKEM768,
                                      LOCKSTEP_GROUP_SECP256R1MLKEM768,
                                      LOCKSTEP_GROUP_SECP384R1MLKEM1024, LOCKSTEP_GROUP_MLKEM1024};
    for (int i = 0; i < 8; i++) {
        both b;
        lockstep_info info;
        set_up(&b, i % 2);
        if (SSL_CTX_set1_groups_list(b.ctx, lockstep_group_name(groups[i / 2])) != 1) {
            SSL_CTX_free(b.ctx);
            lockstep_config_free(b.cfg);
            skip(); /* OpenSSL before 3.5 */
        }
        CHECK(lockstep_config_set_groups(b.cfg, groups + i / 2, 1, 0));
        shake(&b, i % 2);
        lockstep_info_of(b.f.conn, &info);
        assert_int_equal(info.group, groups[i / 2]);
        tear_down(&b);
    }
}

/* ---- Names of authorities (RFC 8446 §4.2.4) ---------------------------------------------------
 */

static void ask_for_certificate(lockstep_config *cfg) {
    lockstep_trust *trust = pki_trust();
    CHECK(lockstep_config_set_trust(cfg, trust));
    lockstep_trust_free(trust);
    CHECK(lockstep_config_set_client_auth(cfg, LOCKSTEP_CLIENT_AUTH_REQUIRE));
}

static void test_authorities_of_server(void **state) {
    (void)state;
    both b;
    X509 *root = root_of_pki();
    set_up(&b, false);
    own(b.ctx, PKI_CLIENT);
    ask_for_certificate(b.cfg);
    CHECK(lockstep_config_send_authorities(b.cfg));
    shake(&b, false);
    STACK_OF(X509_NAME) *names = SSL_get_client_CA_list(b.ssl);
    assert_int_equal(sk_X509_NAME_num(names), 1);
    assert_int_equal(X509_NAME_cmp(sk_X509_NAME_value(names, 0), X509_get_subject_name(root)), 0);
    X509_free(root);
    tear_down(&b);
}

/* A server that names one authority, which is that of our client's second identity. */
static void test_authorities_of_client(void **state) {
    (void)state;
    static const char *const names[] = {"client.test"};
    const pki *k = pki_get();
    lockstep_blob stranger, stranger_key, leaf, leaf_key;
    lockstep_issue_request r = {.key_kind = LOCKSTEP_KEY_ECDSA_P256,
                                .common_name = "Stranger",
                                .is_ca = true,
                                .not_before_ms = TEST_NOW_MS - 86400000,
                                .not_after_ms = TEST_NOW_MS + 86400000};
    CHECK(lockstep_issue(&stranger, &stranger_key, NULL, &r, NULL, NULL));
    r.is_ca = false;
    r.common_name = NULL;
    r.names = names;
    r.num_names = 1;
    r.purpose = LOCKSTEP_PURPOSE_CLIENT;
    CHECK(lockstep_issue(&leaf, &leaf_key, NULL, &r, (const char *)stranger.p,
                         (const char *)stranger_key.p));
    for (int named = 0; named < 2; named++) {
        both b;
        X509 *root = root_of_pki();
        set_up(&b, true);
        CHECK(lockstep_config_add_identity(b.cfg, leaf.p, leaf.p_len, leaf_key.p, leaf_key.p_len));
        CHECK(lockstep_config_add_identity(b.cfg, k->chain[PKI_CLIENT].p,
                                           k->chain[PKI_CLIENT].p_len, k->key[PKI_CLIENT].p,
                                           k->key[PKI_CLIENT].p_len));
        SSL_CTX_set_verify(b.ctx, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
        if (named)
            assert_int_equal(SSL_CTX_add_client_CA(b.ctx, root), 1);
        make_ends(&b, true);
        assert_int_equal(foreign_run(&b.f), named);
        X509_free(root);
        tear_down(&b);
    }
    lockstep_blob_free(&stranger);
    lockstep_blob_free(&stranger_key);
    lockstep_blob_free(&leaf);
    lockstep_blob_free(&leaf_key);
}

/* ---- Cookies (RFC 8446 §4.2.2) -----------------------------------------------------------------
 */

/* The server that sends the HelloRetryRequest is not the one that goes on. */
static void test_cookie_of_server(void **state) {
    (void)state;
    static const uint8_t key[32] = "a key";
    for (int i = 0; i < 4; i++) {
        both b;
        lockstep_info info;
        static const uint16_t p384 = LOCKSTEP_GROUP_SECP384R1;
        set_up(&b, false);
        CHECK(lockstep_config_stateless_retry(b.cfg, key, 1, i % 2 == 0));
        if (i % 2 == 1)
            CHECK(lockstep_config_set_groups(b.cfg, &p384, 1, 0));
        assert_int_equal(SSL_CTX_set1_groups_list(b.ctx, "X25519:P-384"), 1);
        if (i >= 2)
            SSL_CTX_clear_options(b.ctx, SSL_OP_ENABLE_MIDDLEBOX_COMPAT);
        b.f.renew = b.cfg;
        shake(&b, false);
        assert_null(b.f.renew);
        lockstep_info_of(b.f.conn, &info);
        assert_true(info.retried);
        tear_down(&b);
    }
}

static int make_cookie(SSL *ssl, unsigned char *cookie, size_t *n) {
    (void)ssl;
    memset(cookie, 'c', 100);
    *n = 100;
    return 1;
}

static int check_cookie(SSL *ssl, const unsigned char *cookie, size_t n) {
    (void)ssl;
    return n == 100 && cookie[0] == 'c' && cookie[99] == 'c';
}

/* OpenSSL's own way of it: SSL_stateless says 0 once the HelloRetryRequest is out, and 1 for a
 * ClientHello with a good cookie; between the two the session is another one. */
static bool stateless_step(foreign *f) {
    SSL *ssl = f->other;
    uint8_t bytes[4096];
    size_t n;
    if (SSL_get_state(ssl) != TLS_ST_BEFORE)
        return openssl_step(f);
    while ((n = foreign_read(f, bytes, sizeof bytes)) > 0)
        assert_int_equal(BIO_write(SSL_get_rbio(ssl), bytes, (int)n), n);
    if (SSL_stateless(ssl) == 0) {
        int got = BIO_read(SSL_get_wbio(ssl), bytes, sizeof bytes);
        assert_true(got > 0 && lk_buffer_append(&f->out, lk_slice_of(bytes, (size_t)got)));
        f->other = SSL_new(SSL_get_SSL_CTX(ssl));
        SSL_set_bio(f->other, BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
        SSL_set_accept_state(f->other);
        SSL_free(ssl);
    }
    return false;
}

static void test_cookie_of_client(void **state) {
    (void)state;
    both b;
    lockstep_info info;
    set_up(&b, true);
    SSL_CTX_set_stateless_cookie_generate_cb(b.ctx, make_cookie);
    SSL_CTX_set_stateless_cookie_verify_cb(b.ctx, check_cookie);
    make_ends(&b, true);
    b.f.step = stateless_step;
    bool done = foreign_run(&b.f);
    b.ssl = b.f.other;
    if (!done)
        fail_msg("%s", foreign_failure(&b.f));
    lockstep_info_of(b.f.conn, &info);
    assert_true(info.retried);
    tear_down(&b);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_exporter),
        cmocka_unit_test(test_compressed_certificates),
        cmocka_unit_test(test_raw_keys),
        cmocka_unit_test(test_ml_kem),
        cmocka_unit_test(test_authorities_of_server),
        cmocka_unit_test(test_authorities_of_client),
        cmocka_unit_test(test_cookie_of_server),
        cmocka_unit_test(test_cookie_of_client),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
