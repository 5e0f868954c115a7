/*
 * peer_mbedtls.c - Mbed TLS, for TLS 1.2: the version 2.28 of Debian 12 has nothing newer.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <lockstep/lockstep.h>
#include <mbedtls/ctr_drbg.h>
#include <mbedtls/entropy.h>
#include <mbedtls/ssl.h>
#include <mbedtls/version.h>

#include "peer.h"

static mbedtls_entropy_context entropy;
static mbedtls_ctr_drbg_context drbg;
static mbedtls_ssl_config configs[2]; /* client, server */
static mbedtls_x509_crt root, chain;
static mbedtls_pk_context key;
static const setup *now;

static const char *version(void) {
    return MBEDTLS_VERSION_STRING;
}

/* ---- Pipes: the argument says whose end it is ------------------------------------------------ */

static int send_(void *server, const unsigned char *in, size_t n) {
    pipe_write(server != NULL ? to_client : to_server, in, n);
    return (int)n;
}

static int receive(void *server, unsigned char *out, size_t n) {
    size_t got = pipe_read(server != NULL ? to_server : to_client, out, n);
    return got > 0 ? (int)got : MBEDTLS_ERR_SSL_WANT_READ;
}

/* ---- Contexts -------------------------------------------------------------------------------- */

static void end(void) {
    for (int i = 0; i < 2; i++)
        mbedtls_ssl_config_free(&configs[i]);
    mbedtls_x509_crt_free(&root);
    mbedtls_x509_crt_free(&chain);
    mbedtls_pk_free(&key);
    mbedtls_ctr_drbg_free(&drbg);
    mbedtls_entropy_free(&entropy);
}

static int parse_key(const setup *s) {
#if MBEDTLS_VERSION_MAJOR >= 3
    return mbedtls_pk_parse_key(&key, (const unsigned char *)s->key, strlen(s->key) + 1, NULL, 0,
                                mbedtls_ctr_drbg_random, &drbg);
#else
    return mbedtls_pk_parse_key(&key, (const unsigned char *)s->key, strlen(s->key) + 1, NULL, 0);
#endif
}

static void set_groups(mbedtls_ssl_config *c) {
#if MBEDTLS_VERSION_MAJOR >= 3
    static const uint16_t groups[] = {LOCKSTEP_GROUP_X25519, LOCKSTEP_GROUP_SECP256R1, 0};
    mbedtls_ssl_conf_groups(c, groups);
    mbedtls_ssl_conf_max_tls_version(c, MBEDTLS_SSL_VERSION_TLS1_2);
#else
    static const mbedtls_ecp_group_id curves[] = {MBEDTLS_ECP_DP_CURVE25519,
                                                  MBEDTLS_ECP_DP_SECP256R1, 0};
    mbedtls_ssl_conf_curves(c, curves);
#endif
}

static bool common(int side) {
    static const int suites[] = {MBEDTLS_TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, 0};
    mbedtls_ssl_config *c = &configs[side];
    if (mbedtls_ssl_config_defaults(c, side == 1 ? MBEDTLS_SSL_IS_SERVER : MBEDTLS_SSL_IS_CLIENT,
                                    MBEDTLS_SSL_TRANSPORT_STREAM, MBEDTLS_SSL_PRESET_DEFAULT) != 0)
        return false;
    mbedtls_ssl_conf_rng(c, mbedtls_ctr_drbg_random, &drbg);
    mbedtls_ssl_conf_ciphersuites(c, suites);
    set_groups(c);
    return true;
}

static bool begin(const setup *s) {
    now = s;
    mbedtls_entropy_init(&entropy);
    mbedtls_ctr_drbg_init(&drbg);
    for (int i = 0; i < 2; i++)
        mbedtls_ssl_config_init(&configs[i]);
    mbedtls_x509_crt_init(&root);
    mbedtls_x509_crt_init(&chain);
    mbedtls_pk_init(&key);
    if (s->version != LOCKSTEP_TLS12 || s->resume || s->client_chain != NULL ||
        s->group != LOCKSTEP_GROUP_X25519 || s->rsa ||
        mbedtls_ctr_drbg_seed(&drbg, mbedtls_entropy_func, &entropy, NULL, 0) != 0 ||
        mbedtls_x509_crt_parse(&root, (const unsigned char *)s->root, strlen(s->root) + 1) != 0 ||
        mbedtls_x509_crt_parse(&chain, (const unsigned char *)s->chain, strlen(s->chain) + 1) !=
            0 ||
        parse_key(s) != 0 || !common(0) || !common(1))
        return false;
    mbedtls_ssl_conf_ca_chain(&configs[0], &root, NULL);
    mbedtls_ssl_conf_authmode(&configs[0], MBEDTLS_SSL_VERIFY_REQUIRED);
    return mbedtls_ssl_conf_own_cert(&configs[1], &chain, &key) == 0;
}

/* ---- Connections ----------------------------------------------------------------------------- */

static void *open_(bool server) {
    mbedtls_ssl_context *s = malloc(sizeof *s);
    if (s == NULL)
        return NULL;
    mbedtls_ssl_init(s);
    if (mbedtls_ssl_setup(s, &configs[server]) != 0 ||
        (!server && mbedtls_ssl_set_hostname(s, BENCH_NAME) != 0)) {
        mbedtls_ssl_free(s);
        free(s);
        return NULL;
    }
    mbedtls_ssl_set_bio(s, server ? &configs[1] : NULL, send_, receive, NULL);
    return s;
}

static int step(void *c, bool server) {
    (void)server;
    int r = mbedtls_ssl_handshake(c);
    if (r == 0)
        return 1;
    if (r == MBEDTLS_ERR_SSL_WANT_READ)
        return 0;
    fprintf(stderr, "mbedtls: -0x%x\n", (unsigned)-r);
    return -1;
}

static void close_(void *c, bool server) {
    (void)server;
    mbedtls_ssl_free(c);
    free(c);
}

static size_t write_(void *c, bool server, const uint8_t *in, size_t n) {
    (void)server;
    int r = mbedtls_ssl_write(c, in, n);
    return r > 0 ? (size_t)r : 0;
}

static size_t read_(void *c, bool server, uint8_t *out, size_t n) {
    (void)server;
    int r = mbedtls_ssl_read(c, out, n);
    return r > 0 ? (size_t)r : 0;
}

static bool agreed(void *c, bool server) {
    return strcmp(mbedtls_ssl_get_version(c), "TLSv1.2") == 0 &&
           mbedtls_ssl_get_ciphersuite_id(mbedtls_ssl_get_ciphersuite(c)) == now->suite &&
           (server || mbedtls_ssl_get_verify_result(c) == 0);
}

const peer peer_mbedtls = {.name = "mbedtls",
                           .version = version,
                           .begin = begin,
                           .end = end,
                           .open = open_,
                           .step = step,
                           .close = close_,
                           .write = write_,
                           .read = read_,
                           .agreed = agreed};
