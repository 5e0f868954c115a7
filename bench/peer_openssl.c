/*
 * peer_openssl.c - libssl of OpenSSL.
 */
#include <stdio.h>
#include <string.h>

#include <lockstep/lockstep.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include "peer.h"

static SSL_CTX *contexts[2]; /* client, server */
static BIO_METHOD *method;
static BIO *bios[2]; /* one for all connections of a side: it keeps nothing */
static SSL_SESSION *session;
static const setup *now;

static const char *version(void) {
    return OpenSSL_version(OPENSSL_VERSION_STRING);
}

/* ---- Pipes ----------------------------------------------------------------------------------- */

static int bio_write(BIO *b, const char *p, int n) {
    pipe_write(BIO_get_data(b) == contexts[1] ? to_client : to_server, p, (size_t)n);
    return n;
}

static int bio_read(BIO *b, char *p, int n) {
    size_t got = pipe_read(BIO_get_data(b) == contexts[1] ? to_server : to_client, p, (size_t)n);
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

static void make_bios(void) {
    method = BIO_meth_new(BIO_TYPE_SOURCE_SINK | 55, "pipe");
    BIO_meth_set_write(method, bio_write);
    BIO_meth_set_read(method, bio_read);
    BIO_meth_set_ctrl(method, bio_ctrl);
    for (int i = 0; i < 2; i++) {
        bios[i] = BIO_new(method);
        BIO_set_data(bios[i], contexts[i]);
        BIO_set_init(bios[i], 1);
    }
}

/* ---- Contexts -------------------------------------------------------------------------------- */

static void end(void) {
    for (int i = 0; i < 2; i++) {
        BIO_free(bios[i]);
        SSL_CTX_free(contexts[i]);
        bios[i] = NULL;
        contexts[i] = NULL;
    }
    SSL_SESSION_free(session);
    session = NULL;
    BIO_meth_free(method);
    method = NULL;
}

static bool identity(SSL_CTX *ctx, const char *chain, const char *key_pem) {
    BIO *b = BIO_new_mem_buf(chain, -1);
    X509 *cert = PEM_read_bio_X509(b, NULL, NULL, NULL);
    bool ok = cert != NULL && SSL_CTX_use_certificate(ctx, cert) == 1;
    X509_free(cert);
    while (ok && (cert = PEM_read_bio_X509(b, NULL, NULL, NULL)) != NULL)
        ok = SSL_CTX_add0_chain_cert(ctx, cert) == 1;
    BIO_free(b);
    b = BIO_new_mem_buf(key_pem, -1);
    EVP_PKEY *key = PEM_read_bio_PrivateKey(b, NULL, NULL, NULL);
    ok = ok && key != NULL && SSL_CTX_use_PrivateKey(ctx, key) == 1;
    EVP_PKEY_free(key);
    BIO_free(b);
    ERR_clear_error();
    return ok;
}

static void trust(SSL_CTX *ctx, const char *root_pem) {
    BIO *b = BIO_new_mem_buf(root_pem, -1);
    X509 *root = PEM_read_bio_X509(b, NULL, NULL, NULL);
    X509_STORE_add_cert(SSL_CTX_get_cert_store(ctx), root);
    X509_free(root);
    BIO_free(b);
}

static const char *groups_of(const setup *s) {
    switch (s->group) {
    case LOCKSTEP_GROUP_X25519: /* a certificate of P-256 needs its curve here in TLS 1.2 */
        return s->version == LOCKSTEP_TLS12 ? "X25519:P-256" : "X25519";
    case LOCKSTEP_GROUP_SECP256R1:
        return "P-256";
    default:
        return lockstep_group_name(s->group);
    }
}

static bool common(SSL_CTX *ctx, const setup *s) {
    bool suites = s->version == LOCKSTEP_TLS12
                      ? SSL_CTX_set_cipher_list(ctx, "ECDHE-ECDSA-AES128-GCM-SHA256") == 1
                      : SSL_CTX_set_ciphersuites(ctx, lockstep_suite_name(s->suite)) == 1;
    if (!suites || SSL_CTX_set_min_proto_version(ctx, s->version) != 1 ||
        SSL_CTX_set_max_proto_version(ctx, s->version) != 1 ||
        SSL_CTX_set1_groups_list(ctx, groups_of(s)) != 1) {
        ERR_clear_error();
        return false;
    }
    /* no sessions kept and no buffers: the same work as the others */
    SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS);
    if (!s->resume) {
        SSL_CTX_set_num_tickets(ctx, 0);
        SSL_CTX_set_options(ctx, SSL_OP_NO_TICKET);
    }
    return true;
}

static bool begin(const setup *s) {
    now = s;
    contexts[0] = SSL_CTX_new(TLS_client_method());
    contexts[1] = SSL_CTX_new(TLS_server_method());
    make_bios();
    if (!common(contexts[0], s) || !common(contexts[1], s))
        return false;
    trust(contexts[0], s->root);
    SSL_CTX_set_verify(contexts[0], SSL_VERIFY_PEER, NULL);
    SSL_CTX_set_session_id_context(contexts[1], (const uint8_t *)"bench", 5);
    if (s->client_chain != NULL) {
        trust(contexts[1], s->root);
        SSL_CTX_set_verify(contexts[1], SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
        if (!identity(contexts[0], s->client_chain, s->client_key))
            return false;
    }
    return identity(contexts[1], s->chain, s->key);
}

/* From here on the server gives no more tickets. */
static bool save(void *client) {
    session = SSL_get1_session(client);
    SSL_CTX_set_num_tickets(contexts[1], 0);
    return session != NULL;
}

/* ---- Connections ----------------------------------------------------------------------------- */

static void *open_(bool server) {
    SSL *ssl = SSL_new(contexts[server]);
    if (ssl == NULL)
        return NULL;
    BIO_up_ref(bios[server]);
    BIO_up_ref(bios[server]);
    SSL_set_bio(ssl, bios[server], bios[server]);
    if (server) {
        SSL_set_accept_state(ssl);
        return ssl;
    }
    SSL_set_connect_state(ssl);
    SSL_set_tlsext_host_name(ssl, BENCH_NAME);
    SSL_set1_host(ssl, BENCH_NAME);
    if (session != NULL)
        SSL_set_session(ssl, session);
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
    SSL_shutdown(c); /* or its session is thought to be bad */
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

static bool agreed(void *c, bool server) {
    bool chain = !server || now->client_chain != NULL;
    X509 *cert = SSL_get1_peer_certificate(c);
    bool accepted = cert != NULL && SSL_get_verify_result(c) == X509_V_OK;
    X509_free(cert);
    return SSL_version(c) == now->version &&
           SSL_CIPHER_get_protocol_id(SSL_get_current_cipher(c)) == now->suite &&
           (SSL_session_reused(c) == 1) == now->resume && (!chain || accepted);
}

const peer peer_openssl = {.name = "libssl",
                           .version = version,
                           .begin = begin,
                           .end = end,
                           .open = open_,
                           .step = step,
                           .close = close_,
                           .write = write_,
                           .read = read_,
                           .agreed = agreed,
                           .save = save};
