/*
 * peer_gnutls.c - GnuTLS.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <gnutls/gnutls.h>
#include <lockstep/lockstep.h>

#include "peer.h"

static gnutls_certificate_credentials_t credentials[2]; /* client, server */
static gnutls_priority_t priority;
static gnutls_datum_t ticket_key, session;
static const setup *now;

typedef struct gnutls_conn {
    gnutls_session_t session;
    bool server;
} gnutls_conn;

static const char *version(void) {
    return gnutls_check_version(NULL);
}

/* ---- Pipes ----------------------------------------------------------------------------------- */

static pipe_buffer *incoming(const gnutls_conn *c) {
    return c->server ? to_server : to_client;
}

static ssize_t push(gnutls_transport_ptr_t p, const void *in, size_t n) {
    const gnutls_conn *c = p;
    pipe_write(c->server ? to_client : to_server, in, n);
    return (ssize_t)n;
}

static ssize_t pull(gnutls_transport_ptr_t p, void *out, size_t n) {
    const gnutls_conn *c = p;
    size_t got = pipe_read(incoming(c), out, n);
    if (got > 0)
        return (ssize_t)got;
    gnutls_transport_set_errno(c->session, EAGAIN);
    return -1;
}

static int pull_timeout(gnutls_transport_ptr_t p, unsigned ms) {
    const gnutls_conn *c = p;
    (void)ms;
    return incoming(c)->end > incoming(c)->start;
}

/* ---- Contexts -------------------------------------------------------------------------------- */

static void end(void) {
    for (int i = 0; i < 2; i++) {
        if (credentials[i] != NULL)
            gnutls_certificate_free_credentials(credentials[i]);
        credentials[i] = NULL;
    }
    if (priority != NULL)
        gnutls_priority_deinit(priority);
    priority = NULL;
    gnutls_free(session.data);
    gnutls_free(ticket_key.data);
    session.data = ticket_key.data = NULL;
}

static const char *cipher_of(const setup *s) {
    switch (s->suite) {
    case LOCKSTEP_SUITE_AES_256_GCM_SHA384:
        return "AES-256-GCM";
    case LOCKSTEP_SUITE_CHACHA20_POLY1305_SHA256:
        return "CHACHA20-POLY1305";
    default:
        return "AES-128-GCM";
    }
}

static const char *group_of(const setup *s) {
    switch (s->group) {
    case LOCKSTEP_GROUP_X25519:
        return s->version == LOCKSTEP_TLS12 ? "GROUP-X25519:+GROUP-SECP256R1" : "GROUP-X25519";
    case LOCKSTEP_GROUP_SECP256R1:
        return "GROUP-SECP256R1";
    default:
        return "GROUP-X25519-MLKEM768";
    }
}

static gnutls_datum_t datum(const char *text) {
    return (gnutls_datum_t){(unsigned char *)(uintptr_t)text, (unsigned)strlen(text)};
}

static bool identity(gnutls_certificate_credentials_t c, const char *chain, const char *key) {
    gnutls_datum_t cert = datum(chain), private_key = datum(key);
    return gnutls_certificate_set_x509_key_mem(c, &cert, &private_key, GNUTLS_X509_FMT_PEM) >= 0;
}

static bool trust(gnutls_certificate_credentials_t c, const char *root_pem) {
    gnutls_datum_t root = datum(root_pem);
    return gnutls_certificate_set_x509_trust_mem(c, &root, GNUTLS_X509_FMT_PEM) == 1;
}

static bool begin(const setup *s) {
    char wish[200];
    now = s;
    snprintf(wish, sizeof wish, "NORMAL:-VERS-ALL:+VERS-TLS1.%d:-CIPHER-ALL:+%s:-GROUP-ALL:+%s",
             s->version == LOCKSTEP_TLS12 ? 2 : 3, cipher_of(s), group_of(s));
    bool ok = gnutls_priority_init(&priority, wish, NULL) == 0;
    for (int i = 0; i < 2; i++)
        ok = gnutls_certificate_allocate_credentials(&credentials[i]) == 0 && ok;
    ok = ok && identity(credentials[1], s->chain, s->key) && trust(credentials[0], s->root);
    if (s->client_chain != NULL)
        ok = ok && identity(credentials[0], s->client_chain, s->client_key) &&
             trust(credentials[1], s->root);
    return ok && gnutls_session_ticket_key_generate(&ticket_key) == 0;
}

/* ---- Connections ----------------------------------------------------------------------------- */

/* After the session is there, the server gives no more tickets. */
static unsigned flags_of(bool server) {
    unsigned flags = GNUTLS_NONBLOCK | (server ? GNUTLS_SERVER : GNUTLS_CLIENT);
    if (!now->resume)
        flags |= GNUTLS_NO_TICKETS;
    else if (server && session.data != NULL)
        flags |= GNUTLS_NO_AUTO_SEND_TICKET;
    return flags;
}

static void prepare_server(gnutls_conn *c) {
    if (now->resume)
        gnutls_session_ticket_enable_server(c->session, &ticket_key);
    if (now->client_chain != NULL) {
        gnutls_certificate_server_set_request(c->session, GNUTLS_CERT_REQUIRE);
        gnutls_session_set_verify_cert(c->session, NULL, 0);
    }
}

static void prepare_client(gnutls_conn *c) {
    gnutls_server_name_set(c->session, GNUTLS_NAME_DNS, BENCH_NAME, strlen(BENCH_NAME));
    gnutls_session_set_verify_cert(c->session, BENCH_NAME, 0);
    if (session.data != NULL)
        gnutls_session_set_data(c->session, session.data, session.size);
}

static void *open_(bool server) {
    gnutls_conn *c = calloc(1, sizeof *c);
    if (c == NULL)
        return NULL;
    c->server = server;
    if (gnutls_init(&c->session, flags_of(server)) != 0) {
        free(c);
        return NULL;
    }
    gnutls_priority_set(c->session, priority);
    gnutls_credentials_set(c->session, GNUTLS_CRD_CERTIFICATE, credentials[server]);
    gnutls_transport_set_ptr(c->session, c);
    gnutls_transport_set_push_function(c->session, push);
    gnutls_transport_set_pull_function(c->session, pull);
    gnutls_transport_set_pull_timeout_function(c->session, pull_timeout);
    gnutls_handshake_set_timeout(c->session, 0);
    if (server)
        prepare_server(c);
    else
        prepare_client(c);
    return c;
}

static int step(void *v, bool server) {
    (void)server;
    gnutls_conn *c = v;
    int r = gnutls_handshake(c->session);
    if (r == 0)
        return 1;
    if (!gnutls_error_is_fatal(r))
        return 0;
    fprintf(stderr, "gnutls: %s\n", gnutls_strerror(r));
    return -1;
}

static void close_(void *v, bool server) {
    (void)server;
    gnutls_conn *c = v;
    gnutls_deinit(c->session);
    free(c);
}

static size_t write_(void *v, bool server, const uint8_t *in, size_t n) {
    (void)server;
    ssize_t r = gnutls_record_send(((gnutls_conn *)v)->session, in, n);
    return r > 0 ? (size_t)r : 0;
}

static size_t read_(void *v, bool server, uint8_t *out, size_t n) {
    (void)server;
    ssize_t r = gnutls_record_recv(((gnutls_conn *)v)->session, out, n);
    return r > 0 ? (size_t)r : 0;
}

static bool save(void *v) {
    return gnutls_session_get_data2(((gnutls_conn *)v)->session, &session) == 0;
}

static bool agreed(void *v, bool server) {
    gnutls_session_t s = ((gnutls_conn *)v)->session;
    bool chain = !server || now->client_chain != NULL;
    unsigned num = 0;
    const gnutls_datum_t *certs = gnutls_certificate_get_peers(s, &num);
    gnutls_protocol_t wanted = now->version == LOCKSTEP_TLS12 ? GNUTLS_TLS1_2 : GNUTLS_TLS1_3;
    return gnutls_protocol_get_version(s) == wanted &&
           strcmp(gnutls_cipher_get_name(gnutls_cipher_get(s)), cipher_of(now)) == 0 &&
           (gnutls_session_is_resumed(s) != 0) == now->resume &&
           (now->resume || !chain || (certs != NULL && num == 2));
}

const peer peer_gnutls = {.name = "gnutls",
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
