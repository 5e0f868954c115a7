#include "differential/peers.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include "util/heap.h"

/* Security level and profile with 112 bits: RSA of 2,048 bits, and no SHA-1. */
#define OPENSSL_LEVEL 2

static void die(const char *what) {
    fprintf(stderr, "peers: %s\n", what);
    abort();
}

const char *peer_name(peer which) {
    return which == PEER_OPENSSL ? "OpenSSL" : which == PEER_GNUTLS ? "GnuTLS" : "OpenSSL strict";
}

/* ---- OpenSSL --------------------------------------------------------------------------------- */

/* add reads one certificate and appends it; one that OpenSSL cannot read is left out, as a TLS
 * stack would at the latest when it is needed. */
static X509 *add(STACK_OF(X509) * list, lk_slice der) {
    const unsigned char *p = der.p;
    X509 *cert = d2i_X509(NULL, &p, (long)der.p_len);
    if (cert != NULL && !sk_X509_push(list, cert))
        die("no memory");
    ERR_clear_error();
    return cert;
}

static void prepare(X509_VERIFY_PARAM *param, const peer_question *q, bool strict) {
    X509_VERIFY_PARAM_set_time(param, (time_t)q->now);
    X509_VERIFY_PARAM_set_auth_level(param, OPENSSL_LEVEL);
    X509_VERIFY_PARAM_set_flags(param,
                                X509_V_FLAG_PARTIAL_CHAIN | (strict ? X509_V_FLAG_X509_STRICT : 0));
    X509_VERIFY_PARAM_set_purpose(param, q->name != NULL ? X509_PURPOSE_SSL_SERVER
                                                         : X509_PURPOSE_SSL_CLIENT);
    if (q->name == NULL || X509_VERIFY_PARAM_set1_ip_asc(param, q->name) == 1)
        return;
    X509_VERIFY_PARAM_set_hostflags(param, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    if (X509_VERIFY_PARAM_set1_host(param, q->name, 0) != 1)
        die("no such host");
}

static void ask_openssl(peer_answer *out, const peer_question *q, bool strict) {
    STACK_OF(X509) *chain = sk_X509_new_null(), *anchors = sk_X509_new_null();
    X509_STORE *store = X509_STORE_new();
    X509_STORE_CTX *ctx = X509_STORE_CTX_new();
    if (chain == NULL || anchors == NULL || store == NULL || ctx == NULL)
        die("no memory");
    for (size_t i = 0; i < q->num_anchors; i++) {
        X509 *anchor = add(anchors, q->anchors[i]);
        if (anchor != NULL)
            X509_STORE_add_cert(store, anchor);
    }
    X509 *leaf = add(chain, q->chain[0]);
    for (size_t i = 1; i < q->num_chain; i++)
        add(chain, q->chain[i]);
    if (leaf == NULL) {
        snprintf(out->why, sizeof out->why, "does not parse");
    } else {
        if (X509_STORE_CTX_init(ctx, store, leaf, chain) != 1)
            die("no context");
        prepare(X509_STORE_CTX_get0_param(ctx), q, strict);
        out->accepts = X509_verify_cert(ctx) == 1;
        snprintf(out->why, sizeof out->why, "%s",
                 X509_verify_cert_error_string(X509_STORE_CTX_get_error(ctx)));
    }
    X509_STORE_CTX_free(ctx);
    X509_STORE_free(store);
    sk_X509_pop_free(chain, X509_free);
    sk_X509_pop_free(anchors, X509_free);
    ERR_clear_error();
}

size_t peer_sign_sha1(uint8_t *out, size_t out_len, lk_slice certificate,
                      const lk_private_key *signer) {
    lk_buffer pem = lk_buffer_of(&lk_heap_default, 0);
    if (lk_private_key_to_pem(signer, &pem) != LOCKSTEP_OK)
        die("no key");
    BIO *bio = BIO_new_mem_buf(lk_buffer_bytes(&pem), (int)lk_buffer_length(&pem));
    EVP_PKEY *key = PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL);
    const unsigned char *p = certificate.p;
    X509 *cert = d2i_X509(NULL, &p, (long)certificate.p_len);
    int len = 0;
    if (key != NULL && cert != NULL && X509_sign(cert, key, EVP_sha1()) > 0)
        len = i2d_X509(cert, NULL);
    if (len < 0 || (size_t)len > out_len)
        die("the certificate is too long");
    if (len > 0)
        i2d_X509(cert, &out);
    X509_free(cert);
    EVP_PKEY_free(key);
    BIO_free(bio);
    lk_buffer_free(&pem);
    ERR_clear_error();
    return (size_t)len;
}

/* ---- GnuTLS ---------------------------------------------------------------------------------- */

static time_t gnutls_now;

static time_t tell_time(time_t *out) {
    if (out != NULL)
        *out = gnutls_now;
    return gnutls_now;
}

static gnutls_x509_crt_t import(lk_slice der) {
    gnutls_x509_crt_t cert;
    gnutls_datum_t datum = {(unsigned char *)(uintptr_t)der.p, (unsigned)der.p_len};
    if (gnutls_x509_crt_init(&cert) < 0)
        die("no memory");
    if (gnutls_x509_crt_import(cert, &datum, GNUTLS_X509_FMT_DER) == 0)
        return cert;
    gnutls_x509_crt_deinit(cert);
    return NULL;
}

static void describe(peer_answer *out, unsigned status) {
    gnutls_datum_t text = {NULL, 0};
    gnutls_certificate_verification_status_print(status, GNUTLS_CRT_X509, &text, 0);
    snprintf(out->why, sizeof out->why, "%s", text.data == NULL ? "" : (const char *)text.data);
    gnutls_free(text.data);
}

static void ask_gnutls(peer_answer *out, const peer_question *q) {
    gnutls_x509_crt_t chain[32];
    gnutls_x509_trust_list_t trust;
    gnutls_typed_vdata_st data[2] = {
        {.type = GNUTLS_DT_KEY_PURPOSE_OID,
         .data = (unsigned char *)(uintptr_t)(q->name != NULL ? GNUTLS_KP_TLS_WWW_SERVER
                                                              : GNUTLS_KP_TLS_WWW_CLIENT)},
        {.type = GNUTLS_DT_DNS_HOSTNAME, .data = (unsigned char *)(uintptr_t)q->name}};
    unsigned n = 0, status = 0;
    gnutls_now = (time_t)q->now;
    gnutls_global_set_time_function(tell_time);
    if (gnutls_x509_trust_list_init(&trust, 0) < 0)
        die("no memory");
    for (size_t i = 0; i < q->num_anchors; i++) {
        gnutls_x509_crt_t anchor = import(q->anchors[i]);
        if (anchor != NULL && gnutls_x509_trust_list_add_cas(trust, &anchor, 1, 0) != 1)
            die("no anchor");
    }
    for (size_t i = 0; i < q->num_chain && n < 32; i++) {
        chain[n] = import(q->chain[i]);
        if (chain[n] != NULL)
            n++;
        else if (i == 0)
            break;
    }
    if (n == 0) {
        snprintf(out->why, sizeof out->why, "does not parse");
    } else {
        int r = gnutls_x509_trust_list_verify_crt2(trust, chain, n, data, q->name != NULL ? 2 : 1,
                                                   GNUTLS_PROFILE_TO_VFLAGS(GNUTLS_PROFILE_MEDIUM),
                                                   &status, NULL);
        out->accepts = r == 0 && status == 0;
        if (r < 0)
            snprintf(out->why, sizeof out->why, "%s", gnutls_strerror(r));
        else
            describe(out, status);
    }
    for (unsigned i = 0; i < n; i++)
        gnutls_x509_crt_deinit(chain[i]);
    gnutls_x509_trust_list_deinit(trust, 1);
}

void peer_ask(peer_answer *out, peer which, const peer_question *question) {
    memset(out, 0, sizeof *out);
    if (which == PEER_GNUTLS)
        ask_gnutls(out, question);
    else
        ask_openssl(out, question, which == PEER_OPENSSL_STRICT);
}
