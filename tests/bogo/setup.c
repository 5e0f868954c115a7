/*
 * setup.c - the engine's config for what the runner asks.
 */
#include "bogo/setup.h"

#include <stdio.h>
#include <string.h>

#include "bogo/keep.h"
#include "bogo/policies.h"
#include "bogo/sessions.h"
#include "conn/config.h"

#define READ_AT_ONCE 8192

const char *bogo_read(const char *path, size_t *length) {
    lk_buffer text = lk_buffer_of(&bogo_heap, 0);
    uint8_t *room;
    size_t n = 0;
    FILE *f = fopen(path, "rb");
    if (f == NULL)
        bogo_die("cannot read %s", path);
    do {
        lk_buffer_commit(&text, n);
        room = lk_buffer_reserve(&text, READ_AT_ONCE);
    } while (room != NULL && (n = fread(room, 1, READ_AT_ONCE - 1, f)) > 0);
    fclose(f);
    *length = lk_buffer_length(&text);
    return (char *)lk_buffer_bytes(&text); /* zeroed beyond the end */
}

const char *bogo_name(const bogo_options *o) {
    return o->host_name != NULL ? o->host_name : "192.0.2.1";
}

/* ---- Certificates ---------------------------------------------------------------------------- */

static void add_psk(lockstep_config *cfg, const bogo_credential *c) {
    if (c->psk_sha384)
        bogo_unimplemented("an external key for SHA-384");
    BOGO_NEED(lockstep_config_add_psk(cfg, lk_slice_of(c->psk_identity.p, c->psk_identity.p_len),
                                      lk_slice_of(c->psk.p, c->psk.p_len),
                                      lk_slice_of(c->psk_context.p, c->psk_context.p_len)));
}

static void add_identity(lockstep_config *cfg, const bogo_options *o, const bogo_credential *c) {
    size_t chain_len, key_len;
    if (c->kind == BOGO_PSK)
        add_psk(cfg, c);
    if (c->kind == BOGO_RAW_KEY) {
        const char *raw = bogo_read(c->key_file, &key_len);
        BOGO_NEED(lockstep_config_add_raw_key(cfg, (const uint8_t *)raw, key_len));
        bogo_set_signing(cfg, o, &c->signing_prefs);
    }
    if (c->cert_file == NULL || c->key_file == NULL)
        return;
    const char *chain = bogo_read(c->cert_file, &chain_len),
               *key = bogo_read(c->key_file, &key_len);
    BOGO_NEED(lockstep_config_add_identity(cfg, (const uint8_t *)chain, chain_len,
                                           (const uint8_t *)key, key_len));
    bogo_set_signing(cfg, o, &c->signing_prefs);
    size_t ocsp_len = o->decline_ocsp_callback ? 0 : c->ocsp_response.p_len;
    if (c->ocsp_response.given || c->signed_cert_timestamps.given)
        BOGO_NEED(lockstep_config_staple(cfg, c->ocsp_response.p, ocsp_len,
                                         c->signed_cert_timestamps.p,
                                         c->signed_cert_timestamps.p_len));
}

static size_t types_of(uint8_t types[2], const bogo_numbers *from) {
    size_t n = 0;
    for (size_t i = 0; i < from->n; i++) {
        if (from->v[i] != LOCKSTEP_CERTIFICATE_X509 && from->v[i] != LOCKSTEP_CERTIFICATE_RAW_KEY)
            bogo_unimplemented("certificate type %d", (int)from->v[i]);
        if (memchr(types, (int)from->v[i], n) == NULL)
            types[n++] = (uint8_t)from->v[i];
    }
    return n;
}

/* The runner wants a server to show what the first credential is that suits. */
static void by_credentials(bogo_numbers *out, const bogo_options *o) {
    for (size_t i = 1; i <= o->num_credentials; i++)
        if (o->credentials[i].kind != BOGO_PSK)
            out->v[out->n++] = o->credentials[i].kind == BOGO_RAW_KEY ? LOCKSTEP_CERTIFICATE_RAW_KEY
                                                                      : LOCKSTEP_CERTIFICATE_X509;
    if (o->credentials[0].cert_file != NULL)
        out->v[out->n++] = LOCKSTEP_CERTIFICATE_X509;
}

static void set_types(lockstep_config *cfg, const bogo_options *o) {
    bogo_numbers own = o->available_client_types;
    uint8_t types[2];
    size_t n = types_of(types, &o->accepted_peer_types);
    if (n > 0)
        BOGO_NEED(lockstep_config_set_peer_types(cfg, types, n));
    if (o->server)
        by_credentials(&own, o);
    n = types_of(types, &own);
    if (n > 0)
        BOGO_NEED(lockstep_config_set_own_types(cfg, types, n));
}

/* Who has nothing but external keys takes no certificate. */
static bool only_psks(const bogo_options *o) {
    bool all = o->num_credentials > 0 && o->trust_cert == NULL;
    for (size_t i = 1; i <= o->num_credentials; i++)
        all = all && o->credentials[i].psk.given;
    return all;
}

static void set_certificates(lockstep_config *cfg, const bogo_options *o) {
    unsigned asks = only_psks(o) ? 0 : LOCKSTEP_ASK_VERDICT;
    /* The runner wants those that were named before the one that was not. */
    for (size_t i = 1; i <= o->num_credentials; i++)
        add_identity(cfg, o, &o->credentials[i]);
    add_identity(cfg, o, &o->credentials[0]);
    /* What the runner's certificates are worth is not its question: the shim answers that of a
     * verdict as it is told to. */
    if (!o->server && o->fail_cert_callback)
        bogo_unimplemented("a question for the client's certificate");
    if (o->server && o->fail_ocsp_callback)
        bogo_unimplemented("a question for the OCSP response");
    if (o->server &&
        (o->expect_peer_verify_prefs.n > 0 || o->fail_early_callback || o->fail_cert_callback))
        asks |= LOCKSTEP_ASK_IDENTITY;
    BOGO_NEED(lockstep_config_ask(cfg, asks));
    set_types(cfg, o);
    if (o->server && o->require_any_client_certificate)
        BOGO_NEED(lockstep_config_set_client_auth(cfg, LOCKSTEP_CLIENT_AUTH_REQUIRE));
    else if (o->server && o->verify_peer)
        BOGO_NEED(lockstep_config_set_client_auth(cfg, LOCKSTEP_CLIENT_AUTH_REQUEST));
}

lk_slice bogo_names(const char *hex) {
    lk_buffer list = lk_buffer_of(&bogo_heap, 0);
    if (*hex == '<')
        return lk_slice_of(NULL, 0); /* "<NULL>", "<EMPTY>" */
    while (*hex != '\0') {
        size_t n = strcspn(hex, ",") / 2;
        uint8_t *name = lk_buffer_reserve(&list, 2 + n);
        if (name == NULL)
            bogo_die("out of memory");
        name[0] = (uint8_t)(n >> 8);
        name[1] = (uint8_t)n;
        for (size_t i = 0; i < n; i++, hex += 2)
            if (sscanf(hex, "%2hhx", &name[2 + i]) != 1)
                bogo_die("not hexadecimal: %s", hex);
        lk_buffer_commit(&list, 2 + n);
        hex += *hex == ',';
    }
    return lk_buffer_slice(&list);
}

/* ---- Versions, groups, protocols ------------------------------------------------------------- */

static void set_versions(lockstep_config *cfg, const bogo_options *o) {
    int64_t min = o->min_version != 0 ? o->min_version : LOCKSTEP_TLS12;
    int64_t max = o->max_version != 0 ? o->max_version : LOCKSTEP_TLS13;
    if (max < LOCKSTEP_TLS12 || (o->no_tls12 && o->no_tls13))
        bogo_unimplemented("versions below TLS 1.2");
    if (o->no_tls13 && max > LOCKSTEP_TLS12)
        max = LOCKSTEP_TLS12;
    if (o->no_tls12 && min < LOCKSTEP_TLS13)
        min = LOCKSTEP_TLS13;
    if (min < LOCKSTEP_TLS12)
        min = LOCKSTEP_TLS12;
    if (max > LOCKSTEP_TLS13)
        max = LOCKSTEP_TLS13;
    BOGO_NEED(lockstep_config_set_versions(cfg, (uint16_t)min, (uint16_t)max));
}

/* The runner writes names of TLS 1.2 with colons between; those of TLS 1.3 are always on. RSA key
 * transport is on, behind all others, since there are tests of its dangers. */
static void set_suites(lockstep_config *cfg, const bogo_options *o) {
    static const uint16_t tls13[] = {LOCKSTEP_SUITE_AES_128_GCM_SHA256,
                                     LOCKSTEP_SUITE_AES_256_GCM_SHA384,
                                     LOCKSTEP_SUITE_CHACHA20_POLY1305_SHA256};
    uint16_t suites[BOGO_LIST_MAX];
    size_t n = sizeof tls13 / sizeof *tls13;
    char name[64];
    memcpy(suites, tls13, sizeof tls13);
    for (const char *p = o->cipher; p != NULL && *p != '\0'; p += *p == ':') {
        size_t length = strcspn(p, ":");
        snprintf(name, sizeof name, "%.*s", (int)length, p);
        p += length;
        uint16_t suite = lockstep_suite_by_name(name);
        if (suite == 0 || n == BOGO_LIST_MAX)
            bogo_unimplemented("cipher %s", name);
        suites[n++] = suite;
    }
    if (o->cipher != NULL)
        BOGO_NEED(lockstep_config_set_suites(cfg, suites, n));
    else
        BOGO_NEED(lockstep_config_danger_rsa_key_exchange(cfg));
}

static void set_groups(lockstep_config *cfg, const bogo_options *o) {
    uint16_t groups[BOGO_LIST_MAX];
    const bogo_numbers *c = &o->curves, *k = &o->key_shares;
    size_t n = 0;
    for (size_t i = 0; i < c->n; i++) {
        groups[n] = (uint16_t)c->v[i];
        if (strcmp(lockstep_group_name(groups[n]), "unknown") != 0)
            n++;
        else if (n == 0) /* it would be the best, and a client would send a share for it */
            bogo_unimplemented("group 0x%04x", groups[n]);
    }
    /* Key shares are for the first groups; others cannot be chosen. */
    for (size_t i = 0; i < k->n; i++)
        if (i >= c->n || k->v[i] != c->v[i])
            bogo_unimplemented("key shares of other groups than the first");
    if (c->n > 0)
        BOGO_NEED(lockstep_config_set_groups(cfg, groups, n, k->n));
}

/* The runner writes the list as it goes over the wire, each name after its length. */
static void set_protocol_list(lockstep_config *cfg, const char *list) {
    char names[8][256];
    const char *pointers[8];
    size_t n = 0;
    for (const char *p = list; *p != '\0' && n < 8; p += 1 + (unsigned char)*p, n++) {
        memcpy(names[n], p + 1, (unsigned char)*p);
        names[n][(unsigned char)*p] = '\0';
        pointers[n] = names[n];
    }
    BOGO_NEED(lockstep_config_set_alpn(cfg, pointers, n));
}

static void set_protocols(lockstep_config *cfg, const bogo_options *o) {
    static const char *const nobody[] = {"no peer has this protocol"};
    if (!o->server && o->advertise_alpn != NULL)
        set_protocol_list(cfg, o->advertise_alpn);
    else if (o->server && o->reject_alpn)
        BOGO_NEED(lockstep_config_set_alpn(cfg, nobody, 1));
    else if (o->server && o->select_alpn != NULL && *o->select_alpn != '\0' && !o->decline_alpn)
        BOGO_NEED(lockstep_config_set_alpn(cfg, &o->select_alpn, 1));
}

lockstep_config *bogo_config(const bogo_options *o, const lockstep_env *env) {
    lockstep_config *cfg;
    BOGO_NEED(lockstep_config_new(&cfg, env));
    set_versions(cfg, o);
    set_suites(cfg, o);
    set_groups(cfg, o);
    bogo_set_schemes(cfg, o);
    bogo_set_policy(cfg, o);
    bogo_set_ech(cfg, o);
    set_protocols(cfg, o);
    set_certificates(cfg, o);
    bogo_set_sessions(cfg, o);
    if (o->use_client_ca_list != NULL)
        lk_config_settings(cfg)->authorities = bogo_names(o->use_client_ca_list);
    /* The runner counts what a ClientHello has in it, unless it asks for GREASE. */
    lk_config_settings(cfg)->grease = o->enable_grease || o->enable_ech_grease;
    if (o->async)
        BOGO_NEED(lockstep_config_gather_jobs(cfg));
    BOGO_NEED(lockstep_config_seal(cfg));
    return cfg;
}
