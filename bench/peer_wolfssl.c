/*
 * peer_wolfssl.c - wolfSSL, in the distribution's build.
 */
#include <stdio.h>
#include <string.h>

#include <wolfssl/options.h>
#include <wolfssl/ssl.h>

#include "peer.h"

/* of lockstep/config.h, whose header does not go with this library's */
enum { TLS12 = 0x0303, AES_256_GCM = 0x1302, CHACHA20 = 0x1303, P256 = 0x0017, X25519 = 0x001d };

static WOLFSSL_CTX *contexts[2]; /* client, server */
static WOLFSSL_SESSION *session;
static const setup *now;

static const char *version(void) {
    return wolfSSL_lib_version();
}

/* ---- Pipes ----------------------------------------------------------------------------------- */

static int read_pipe(pipe_buffer *p, char *out, int n) {
    size_t got = pipe_read(p, out, (size_t)n);
    return got > 0 ? (int)got : WOLFSSL_CBIO_ERR_WANT_READ;
}

static int server_receive(WOLFSSL *s, char *out, int n, void *arg) {
    (void)s;
    (void)arg;
    return read_pipe(to_server, out, n);
}

static int client_receive(WOLFSSL *s, char *out, int n, void *arg) {
    (void)s;
    (void)arg;
    return read_pipe(to_client, out, n);
}

static int server_send(WOLFSSL *s, char *in, int n, void *arg) {
    (void)s;
    (void)arg;
    pipe_write(to_client, in, (size_t)n);
    return n;
}

static int client_send(WOLFSSL *s, char *in, int n, void *arg) {
    (void)s;
    (void)arg;
    pipe_write(to_server, in, (size_t)n);
    return n;
}

/* ---- Contexts -------------------------------------------------------------------------------- */

static void end(void) {
    wolfSSL_SESSION_free(session);
    session = NULL;
    for (int i = 0; i < 2; i++) {
        wolfSSL_CTX_free(contexts[i]);
        contexts[i] = NULL;
    }
}

static const char *suite_of(const setup *s) {
    if (s->version == TLS12)
        return "ECDHE-ECDSA-AES128-GCM-SHA256";
    return s->suite == AES_256_GCM ? "TLS13-AES256-GCM-SHA384"
           : s->suite == CHACHA20  ? "TLS13-CHACHA20-POLY1305-SHA256"
                                   : "TLS13-AES128-GCM-SHA256";
}

static bool common(WOLFSSL_CTX *ctx, const setup *s) {
    int group = s->group == P256 ? WOLFSSL_ECC_SECP256R1 : WOLFSSL_ECC_X25519;
    int groups[] = {group, WOLFSSL_ECC_SECP256R1};
    bool ok = wolfSSL_CTX_set_cipher_list(ctx, suite_of(s)) == WOLFSSL_SUCCESS &&
              wolfSSL_CTX_UseSupportedCurve(ctx, (word16)group) == WOLFSSL_SUCCESS;
    if (s->version == TLS12) /* the curve of the certificate too (RFC 8422 §5.1) */
        ok = ok && wolfSSL_CTX_UseSupportedCurve(ctx, WOLFSSL_ECC_SECP256R1) == WOLFSSL_SUCCESS;
    wolfSSL_CTX_set_groups(ctx, groups, s->version == TLS12 ? 2 : 1);
    wolfSSL_CTX_set_session_cache_mode(ctx, s->resume ? WOLFSSL_SESS_CACHE_BOTH
                                                      : WOLFSSL_SESS_CACHE_OFF);
    return ok;
}

static bool identity(WOLFSSL_CTX *ctx, const char *chain, const char *key) {
    return wolfSSL_CTX_use_certificate_chain_buffer(ctx, (const unsigned char *)chain,
                                                    (long)strlen(chain)) == WOLFSSL_SUCCESS &&
           wolfSSL_CTX_use_PrivateKey_buffer(ctx, (const unsigned char *)key, (long)strlen(key),
                                             WOLFSSL_FILETYPE_PEM) == WOLFSSL_SUCCESS;
}

static bool trust(WOLFSSL_CTX *ctx, const char *root) {
    return wolfSSL_CTX_load_verify_buffer(ctx, (const unsigned char *)root, (long)strlen(root),
                                          WOLFSSL_FILETYPE_PEM) == WOLFSSL_SUCCESS;
}

static void set_pipes(void) {
    wolfSSL_CTX_SetIORecv(contexts[0], client_receive);
    wolfSSL_CTX_SetIOSend(contexts[0], client_send);
    wolfSSL_CTX_SetIORecv(contexts[1], server_receive);
    wolfSSL_CTX_SetIOSend(contexts[1], server_send);
}

static bool begin(const setup *s) {
    now = s;
    if (s->group != X25519 && s->group != P256)
        return false;
    wolfSSL_Init();
    contexts[0] = wolfSSL_CTX_new(s->version == TLS12 ? wolfTLSv1_2_client_method()
                                                      : wolfTLSv1_3_client_method());
    contexts[1] = wolfSSL_CTX_new(s->version == TLS12 ? wolfTLSv1_2_server_method()
                                                      : wolfTLSv1_3_server_method());
    if (!common(contexts[0], s) || !common(contexts[1], s) || !trust(contexts[0], s->root) ||
        !identity(contexts[1], s->chain, s->key))
        return false;
    wolfSSL_CTX_set_verify(contexts[0], WOLFSSL_VERIFY_PEER, NULL);
    set_pipes();
    if (s->resume)
        wolfSSL_CTX_UseSessionTicket(contexts[0]);
    else
        wolfSSL_CTX_no_ticket_TLSv13(contexts[1]);
    if (s->client_chain == NULL)
        return true;
    wolfSSL_CTX_set_verify(contexts[1], WOLFSSL_VERIFY_PEER | WOLFSSL_VERIFY_FAIL_IF_NO_PEER_CERT,
                           NULL);
    return trust(contexts[1], s->root) && identity(contexts[0], s->client_chain, s->client_key);
}

static bool save(void *client) {
    session = wolfSSL_get1_session(client);
    return session != NULL;
}

/* ---- Connections ----------------------------------------------------------------------------- */

static void *open_(bool server) {
    WOLFSSL *s = wolfSSL_new(contexts[server]);
    if (s == NULL)
        return NULL;
    if (server) {
        if (session != NULL)
            wolfSSL_no_ticket_TLSv13(s);
        return s;
    }
    wolfSSL_UseSNI(s, WOLFSSL_SNI_HOST_NAME, BENCH_NAME, sizeof BENCH_NAME - 1);
    wolfSSL_check_domain_name(s, BENCH_NAME);
    if (session != NULL)
        wolfSSL_set_session(s, session);
    if (now->version != TLS12)
        wolfSSL_UseKeyShare(s, now->group == P256 ? WOLFSSL_ECC_SECP256R1 : WOLFSSL_ECC_X25519);
    return s;
}

static int step(void *c, bool server) {
    char text[100];
    int r = server ? wolfSSL_accept(c) : wolfSSL_connect(c);
    if (r == WOLFSSL_SUCCESS)
        return 1;
    int error = wolfSSL_get_error(c, r);
    if (error == WOLFSSL_ERROR_WANT_READ || error == WOLFSSL_ERROR_WANT_WRITE)
        return 0;
    fprintf(stderr, "wolfssl: %s\n", wolfSSL_ERR_error_string((unsigned long)error, text));
    return -1;
}

static void close_(void *c, bool server) {
    (void)server;
    wolfSSL_free(c);
}

static size_t write_(void *c, bool server, const uint8_t *in, size_t n) {
    (void)server;
    int r = wolfSSL_write(c, in, (int)n);
    return r > 0 ? (size_t)r : 0;
}

static size_t read_(void *c, bool server, uint8_t *out, size_t n) {
    (void)server;
    int r = wolfSSL_read(c, out, (int)n);
    return r > 0 ? (size_t)r : 0;
}

static bool agreed(void *c, bool server) {
    bool chain = !server || now->client_chain != NULL;
    bool accepted = wolfSSL_get_verify_result(c) == 0;
    return wolfSSL_version(c) == now->version && (wolfSSL_session_reused(c) == 1) == now->resume &&
           (now->resume || !chain || accepted);
}

const peer peer_wolfssl = {.name = "wolfssl",
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
