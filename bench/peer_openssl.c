#include <stdio.h>
#include <string.h>

#include <lockstep/lockstep.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include "peer.h"

static SSL_CTX *contexts[2];
static BIO_METHOD *method;
static BIO *bios[2];

static int bio_write(BIO *b, const char *p, int n) {
    pipe_write(BIO_get_data(b) == contexts[1] ? &to_client : &to_server, p, (size_t)n);
    return n;
}

static int bio_read(BIO *b, char *p, int n) {
    size_t got = pipe_read(BIO_get_data(b) == contexts[1] ? &to_server : &to_client, p, (size_t)n);
    BIO_clear_retry_flags(b);
    if (got > 0)
        return (int)got;
    BIO_set_retry_read(b);
    return -1;
}

static long bio_ctrl(BIO *b, int cmd, long x, void *y) {
    (void)b;
    (void)x;
    (void)y;
    return cmd == BIO_CTRL_FLUSH;
}

static void end(void) {
    for (int i = 0; i < 2; i++) {
        BIO_free(bios[i]);
        SSL_CTX_free(contexts[i]);
        bios[i] = NULL;
        contexts[i] = NULL;
    }
    BIO_meth_free(method);
    method = NULL;
}

static bool load(SSL_CTX *ctx, const setup *s) {
    BIO *b = BIO_new_mem_buf(s->chain, -1);
    X509 *cert = PEM_read_bio_X509(b, NULL, NULL, NULL);
    bool ok = cert != NULL && SSL_CTX_use_certificate(ctx, cert) == 1;
    X509_free(cert);
    while (ok && (cert = PEM_read_bio_X509(b, NULL, NULL, NULL)) != NULL)
        ok = SSL_CTX_add0_chain_cert(ctx, cert) == 1;
    BIO_free(b);
    b = BIO_new_mem_buf(s->key, -1);
    EVP_PKEY *key = PEM_read_bio_PrivateKey(b, NULL, NULL, NULL);
    ok = ok && key != NULL && SSL_CTX_use_PrivateKey(ctx, key) == 1;
    EVP_PKEY_free(key);
    BIO_free(b);
    ERR_clear_error();
    return ok;
}

static bool begin(const setup *s) {
    char name[64];
    snprintf(name, sizeof name, "%s", lockstep_group_name(s->group));
    if (strcmp(name, "x25519") == 0)
        snprintf(name, sizeof name, "X25519");
    else if (strcmp(name, "secp256r1") == 0)
        snprintf(name, sizeof name, "P-256");
    method = BIO_meth_new(BIO_TYPE_SOURCE_SINK | 55, "pipe");
    BIO_meth_set_write(method, bio_write);
    BIO_meth_set_read(method, bio_read);
    BIO_meth_set_ctrl(method, bio_ctrl);
    for (int i = 0; i < 2; i++) {
        contexts[i] = SSL_CTX_new(i == 1 ? TLS_server_method() : TLS_client_method());
        bios[i] = BIO_new(method);
        BIO_set_data(bios[i], contexts[i]);
        BIO_set_init(bios[i], 1);
        SSL_CTX_set_min_proto_version(contexts[i], TLS1_3_VERSION);
        SSL_CTX_set_ciphersuites(contexts[i], lockstep_suite_name(s->suite));
        if (SSL_CTX_set1_groups_list(contexts[i], name) != 1) {
            ERR_clear_error();
            return false;
        }
        /* No tickets and no buffers kept: the same work as the others. */
        SSL_CTX_set_num_tickets(contexts[i], 0);
        SSL_CTX_set_session_cache_mode(contexts[i], SSL_SESS_CACHE_OFF);
        SSL_CTX_set_mode(contexts[i], SSL_MODE_RELEASE_BUFFERS);
    }
    BIO *b = BIO_new_mem_buf(s->root, -1);
    X509 *root = PEM_read_bio_X509(b, NULL, NULL, NULL);
    X509_STORE_add_cert(SSL_CTX_get_cert_store(contexts[0]), root);
    X509_free(root);
    BIO_free(b);
    SSL_CTX_set_verify(contexts[0], SSL_VERIFY_PEER, NULL);
    return load(contexts[1], s);
}

static void *open_(bool server) {
    SSL *ssl = SSL_new(contexts[server]);
    BIO_up_ref(bios[server]);
    BIO_up_ref(bios[server]);
    SSL_set_bio(ssl, bios[server], bios[server]);
    if (server) {
        SSL_set_accept_state(ssl);
    } else {
        SSL_set_connect_state(ssl);
        SSL_set_tlsext_host_name(ssl, BENCH_NAME);
        SSL_set1_host(ssl, BENCH_NAME);
    }
    return ssl;
}

static int step(void *c, bool server) {
    (void)server;
    int r = SSL_do_handshake(c);
    if (r == 1)
        return 1;
    if (SSL_get_error(c, r) == SSL_ERROR_WANT_READ)
        return 0;
    ERR_print_errors_fp(stderr);
    return -1;
}

static void close_(void *c, bool server) {
    (void)server;
    SSL_set_quiet_shutdown(c, 1);
    SSL_free(c);
}

static size_t write_(void *c, bool server, const uint8_t *in, size_t n) {
    (void)server;
    int r = SSL_write(c, in, (int)n);
    return r > 0 ? (size_t)r : 0;
}

static size_t read_(void *c, bool server, uint8_t *out, size_t n) {
    (void)server;
    int r = SSL_read(c, out, (int)n);
    return r > 0 ? (size_t)r : 0;
}

const peer peer_openssl = {"libssl", begin, end, open_, step, close_, write_, read_};
