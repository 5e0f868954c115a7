/*
 * gnutls_test.c - GnuTLS at the other end, in memory: what its commands have no options for, or
 * show nothing of.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include <cmocka.h>
#include <gnutls/gnutls.h>

#include "support/foreign.h"

#define CHECK(expression) assert_int_equal(expression, LOCKSTEP_OK)
#define GOOD(expression)  assert_int_equal(expression, GNUTLS_E_SUCCESS)

/* ---- The other stack --------------------------------------------------------------------------
 */

static ssize_t pull(gnutls_transport_ptr_t ptr, void *to, size_t n) {
    foreign *f = ptr;
    size_t got = foreign_read(f, to, n);
    if (got > 0)
        return (ssize_t)got;
    gnutls_transport_set_errno(f->other, EAGAIN);
    return -1;
}

static int wait_for(gnutls_transport_ptr_t ptr, unsigned ms) {
    (void)ms;
    return lk_buffer_length(&((foreign *)ptr)->in) > 0;
}

static ssize_t push(gnutls_transport_ptr_t ptr, const void *from, size_t n) {
    foreign *f = ptr;
    assert_true(lk_buffer_append(&f->out, lk_slice_of(from, n)));
    return (ssize_t)n;
}

static int last; /* what gnutls_handshake has returned */

static bool gnutls_step(foreign *f) {
    char bytes[256];
    if (!f->other_done && (last >= 0 || !gnutls_error_is_fatal(last)))
        last = gnutls_handshake(f->other);
    if (!f->other_done)
        return last == GNUTLS_E_SUCCESS;
    (void)gnutls_record_recv(f->other, bytes, sizeof bytes);
    return true;
}

static gnutls_datum_t datum(const lockstep_blob *blob) {
    return (gnutls_datum_t){blob->p, (unsigned)blob->p_len};
}

/* Both ends, before their handshake. */
typedef struct both {
    foreign f;
    world w;
    gnutls_session_t session;
    gnutls_certificate_credentials_t credentials;
    lockstep_config *cfg;
} both;

static time_t now(time_t *t) {
    if (t != NULL)
        *t = TEST_NOW_MS / 1000;
    return TEST_NOW_MS / 1000;
}

/* own gives the stack a chain and its key. */
static void own(both *b, int identity) {
    const pki *k = pki_get();
    gnutls_datum_t chain = datum(&k->chain[identity]), key = datum(&k->key[identity]);
    GOOD(gnutls_certificate_set_x509_key_mem(b->credentials, &chain, &key, GNUTLS_X509_FMT_PEM));
}

static void set_up(both *b, bool engine_is_client, const char *priorities) {
    gnutls_datum_t root = datum(&pki_get()->root);
    memset(b, 0, sizeof *b);
    world_init(&b->w, 1);
    b->cfg = engine_is_client ? client_config(&b->w) : server_config(&b->w, PKI_P256);
    gnutls_global_set_time_function(now);
    GOOD(gnutls_certificate_allocate_credentials(&b->credentials));
    assert_int_equal(
        gnutls_certificate_set_x509_trust_mem(b->credentials, &root, GNUTLS_X509_FMT_PEM), 1);
    GOOD(gnutls_init(&b->session, (engine_is_client ? GNUTLS_SERVER : GNUTLS_CLIENT) |
                                      GNUTLS_NONBLOCK | GNUTLS_ENABLE_RAWPK |
                                      GNUTLS_KEY_SHARE_TOP));
    GOOD(gnutls_priority_set_direct(b->session, priorities, NULL));
    GOOD(gnutls_credentials_set(b->session, GNUTLS_CRD_CERTIFICATE, b->credentials));
    gnutls_transport_set_ptr(b->session, &b->f);
    gnutls_transport_set_pull_function(b->session, pull);
    gnutls_transport_set_push_function(b->session, push);
    gnutls_transport_set_pull_timeout_function(b->session, wait_for);
    if (engine_is_client) {
        own(b, PKI_P256);
    } else {
        GOOD(gnutls_server_name_set(b->session, GNUTLS_NAME_DNS, "server.test", 11));
        gnutls_session_set_verify_cert(b->session, "server.test", 0);
    }
}

static void shake(both *b, bool engine_is_client) {
    seal(b->cfg);
    last = 0;
    b->f.step = gnutls_step;
    b->f.other = b->session;
    foreign_open(&b->f, b->cfg, engine_is_client);
    if (!foreign_run(&b->f))
        fail_msg("%s; GnuTLS: %s", foreign_failure(&b->f), gnutls_strerror(last));
}

static void tear_down(both *b) {
    foreign_close(&b->f);
    gnutls_deinit(b->session);
    gnutls_certificate_free_credentials(b->credentials);
    lockstep_config_free(b->cfg);
    assert_int_equal(b->w.live, 0);
}

#define ONLY_13 "NORMAL:-VERS-ALL:+VERS-TLS1.3"
#define ONLY_12 "NORMAL:-VERS-ALL:+VERS-TLS1.2"

/* ---- Exporters (RFC 8446 §7.5) ----------------------------------------------------------------
 */

static void compare_export(both *b, const char *label, const char *context, size_t n) {
    static uint8_t ours[9000], theirs[9000];
    size_t context_len = context == NULL ? 0 : strlen(context);
    CHECK(lockstep_export(b->f.conn, ours, n, label, (const uint8_t *)context, context_len));
    GOOD(gnutls_prf_rfc5705(b->session, strlen(label), label, context_len, context, n,
                            (char *)theirs));
    assert_memory_equal(ours, theirs, n);
}

static void test_exporter(void **state) {
    (void)state;
    static const char *const suites[] = {":-CIPHER-ALL:+AES-128-GCM", ":-CIPHER-ALL:+AES-256-GCM"};
    for (int i = 0; i < 4; i++) {
        both b;
        char priorities[128];
        snprintf(priorities, sizeof priorities, ONLY_13 "%s", suites[i / 2]);
        set_up(&b, i % 2, priorities);
        shake(&b, i % 2);
        compare_export(&b, "EXPORTER-lockstep", NULL, 32);
        compare_export(&b, "EXPORTER-lockstep", "a context", 100);
        tear_down(&b);
    }
}

/* ---- Compressed certificates (RFC 8879) -------------------------------------------------------
 */

static void test_compressed_certificates(void **state) {
    (void)state;
    static const gnutls_compression_method_t methods[] = {GNUTLS_COMP_ZLIB, GNUTLS_COMP_BROTLI};
    for (int i = 0; i < 4; i++) {
        both b;
        set_up(&b, i % 2, ONLY_13);
        if (gnutls_compress_certificate_set_methods(b.session, methods + i / 2, 1) != 0) {
            tear_down(&b);
            skip(); /* this GnuTLS was built without */
        }
        shake(&b, i % 2);
        /* what the other side compressed by; as a client it says by what it decompressed */
        assert_int_equal(gnutls_compress_certificate_get_selected_method(b.session),
                         methods[i / 2]);
        tear_down(&b);
    }
}

/* ---- Cookies (RFC 8446 §4.2.2) -----------------------------------------------------------------
 */

/* The server that sends the HelloRetryRequest is not the one that goes on. GnuTLS (3.7) gives up on
 * one that asks for the cookie alone, so here it asks for another group too. */
static void test_cookie_of_server(void **state) {
    (void)state;
    static const uint8_t key[32] = "a key";
    static const uint16_t p384 = LOCKSTEP_GROUP_SECP384R1;
    both b;
    lockstep_info info;
    set_up(&b, false, ONLY_13 ":-GROUP-ALL:+GROUP-X25519:+GROUP-SECP384R1");
    CHECK(lockstep_config_stateless_retry(b.cfg, key, 1, false));
    CHECK(lockstep_config_set_groups(b.cfg, &p384, 1, 0));
    b.f.renew = b.cfg;
    shake(&b, false);
    assert_null(b.f.renew);
    lockstep_info_of(b.f.conn, &info);
    assert_true(info.retried);
    tear_down(&b);
}

/* ---- Raw public keys (RFC 7250) ----------------------------------------------------------------
 */

static void own_raw_key(both *b, int identity) {
    const pki *k = pki_get();
    gnutls_datum_t key = datum(&k->key[identity]), public = datum(pki_public_key(identity));
    GOOD(gnutls_certificate_set_rawpk_key_mem(b->credentials, &public, &key, GNUTLS_X509_FMT_PEM,
                                              NULL, 0, NULL, 0, 0));
}

static void check_raw_peer(const both *b, bool other_sees_raw) {
    lockstep_info info;
    lockstep_info_of(b->f.conn, &info);
    assert_true(info.peer_raw_key);
    assert_int_equal(gnutls_certificate_type_get2(b->session, GNUTLS_CTYPE_PEERS),
                     other_sees_raw ? GNUTLS_CRT_RAWPK : GNUTLS_CRT_X509);
}

#define RAW_KEYS ":-CTYPE-ALL:+CTYPE-SRV-RAWPK:+CTYPE-CLI-RAWPK"

static void trust_raw_key(lockstep_config *cfg, int identity) {
    const lockstep_blob *key = pki_public_key(identity);
    CHECK(lockstep_config_trust_raw_key(cfg, key->p, key->p_len));
}

static void have_raw_key(lockstep_config *cfg, int identity) {
    const lockstep_blob *key = &pki_get()->key[identity];
    CHECK(lockstep_config_add_raw_key(cfg, key->p, key->p_len));
}

/* Both sides show raw keys, whoever is the client, in both versions. */
static void test_raw_keys(void **state) {
    (void)state;
    for (int i = 0; i < 4; i++) {
        both b;
        const int is_client = i % 2;
        set_up(&b, is_client, i < 2 ? ONLY_13 RAW_KEYS : ONLY_12 RAW_KEYS);
        own_raw_key(&b, PKI_P384);
        trust_raw_key(b.cfg, PKI_P384);
        have_raw_key(b.cfg, PKI_RSA);
        gnutls_session_set_verify_function(b.session, NULL);
        if (is_client)
            gnutls_certificate_server_set_request(b.session, GNUTLS_CERT_REQUIRE);
        else
            CHECK(lockstep_config_set_client_auth(b.cfg, LOCKSTEP_CLIENT_AUTH_REQUIRE));
        shake(&b, is_client);
        check_raw_peer(&b, true);
        tear_down(&b);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_exporter),
        cmocka_unit_test(test_compressed_certificates),
        cmocka_unit_test(test_cookie_of_server),
        cmocka_unit_test(test_raw_keys),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
