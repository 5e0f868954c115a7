/*
 * expect.c - is what was agreed on what the runner expects?
 */
#include "bogo/expect.h"

#include <stdio.h>

#include "bogo/answer.h"
#include "util/bytes.h"

#define CHAIN_MAX 16

static bool number_is(const char *what, int64_t want, int64_t got) {
    if (want == 0 || want == got)
        return true;
    fprintf(stderr, "%s: want 0x%04x, got 0x%04x\n", what, (unsigned)want, (unsigned)got);
    return false;
}

/* Both NULL: nothing was expected and nothing is there. */
static bool text_is(const char *what, const char *want, const char *got) {
    if (want == NULL || *want == '\0' ? got == NULL || *got == '\0'
                                      : got != NULL && strcmp(want, got) == 0)
        return true;
    fprintf(stderr, "%s: want %s, got %s\n", what, want != NULL ? want : "none",
            got != NULL ? got : "none");
    return false;
}

static bool bytes_are(const char *what, const bogo_bytes *want, lockstep_slice got) {
    if (!want->given || lk_slice_equal(lk_slice_of(want->p, want->p_len), got))
        return true;
    fprintf(stderr, "%s: want %zu bytes, got %zu\n", what, want->p_len, got.p_len);
    return false;
}

static bool so(const char *what, bool is_so) {
    if (!is_so)
        fprintf(stderr, "%s\n", what);
    return is_so;
}

/* ---- The handshake --------------------------------------------------------------------------- */

/* Suites are not preferred by what the machine can do fast: ours puts AES first everywhere. */
static bool suite_is(const bogo_options *o, const lockstep_info *info) {
    return number_is("cipher", o->expect_cipher, info->suite) &&
           number_is("cipher", o->expect_cipher_aes, info->suite) &&
           (o->expect_cipher_aes != 0 || number_is("cipher", o->expect_cipher_no_aes, info->suite));
}

static bool names_are(const bogo_options *o, const lockstep_info *info) {
    if (o->server && o->expect_server_name != NULL &&
        !text_is("server name", o->expect_server_name, info->server_name))
        return false;
    if (o->server && o->expect_no_server_name && !text_is("server name", NULL, info->server_name))
        return false;
    return text_is("protocol", o->server ? o->select_alpn : o->expect_alpn, info->alpn);
}

static bool retry_is(const bogo_options *o, const lockstep_info *info) {
    return so("no HelloRetryRequest", !o->expect_hrr || info->retried) &&
           so("HelloRetryRequest", !o->expect_no_hrr || !info->retried);
}

/* The engine does not say why it did not take early data, only whether it did. */
static bool early_data_is(const bogo_options *o, const lockstep_info *info) {
    bool accepted = info->early_data == LOCKSTEP_EARLY_ACCEPTED;
    const char *why = o->expect_early_data_reason;
    return so("early data was not accepted", accepted || !o->expect_accept_early_data) &&
           so("early data was accepted", !accepted || !o->expect_reject_early_data) &&
           so("early data has another fate",
              why == NULL || accepted == (strcmp(why, "accept") == 0));
}

/* An external key is used where there is no certificate, and that counts as resumption. */
static bool by_external_key(const bogo_options *o, const lockstep_info *info) {
    bool any = false;
    for (size_t i = 1; i <= o->num_credentials; i++)
        any = any || o->credentials[i].psk.given;
    return any && info->resumed && info->num_peer_chain == 0;
}

static bool session_is(const bogo_link *link, const lockstep_info *info) {
    bool want = link->again && !link->o->expect_session_miss;
    return so(want ? "the session was not resumed" : "a session was resumed",
              by_external_key(link->o, info) || info->resumed == want);
}

/* ---- The certificate ------------------------------------------------------------------------- */

static bool chain_is(const char *file, const lockstep_info *info) {
    lockstep_slice want[CHAIN_MAX];
    size_t n = bogo_certificates(file, want, CHAIN_MAX);
    if (!so("the peer's chain has another length", n == info->num_peer_chain))
        return false;
    for (size_t i = 0; i < n; i++)
        if (!so("the peer's chain is another", lk_slice_equal(want[i], info->peer_chain[i])))
            return false;
    return true;
}

static bool certificate_is(const bogo_link *link, const lockstep_info *info) {
    const bogo_options *o = link->o;
    bool must = (!o->server || o->require_any_client_certificate) && !by_external_key(o, info);
    if (o->expect_no_peer_cert)
        return so("the peer has a certificate", info->num_peer_chain == 0);
    return so("the peer has no certificate", !must || info->num_peer_chain > 0) &&
           so("the peer shows another type of certificate",
              info->peer_raw_key ==
                  (o->expect_peer_certificate_type == LOCKSTEP_CERTIFICATE_RAW_KEY)) &&
           so("the peer's chain was not judged",
              info->num_peer_chain == 0 || link->verdict_given) &&
           (o->expect_peer_cert_file == NULL || chain_is(o->expect_peer_cert_file, info)) &&
           bytes_are("OCSP response", &o->expect_ocsp_response, info->peer_ocsp) &&
           bytes_are("SCTs", &o->expect_signed_cert_timestamps, info->peer_scts) &&
           number_is("peer's signature algorithm", o->expect_peer_signature_algorithm,
                     info->peer_scheme) &&
           so("the peer's signature algorithms are others", !link->peer_prefs_bad);
}

static bool signs_with(const bogo_credential *c, uint16_t scheme) {
    bool found = c->signing_prefs.n == 0;
    for (size_t i = 0; i < c->signing_prefs.n; i++)
        found = found || c->signing_prefs.v[i] == scheme;
    return found;
}

/* Raw keys may be the same key twice, and differ in what they sign with. */
static int64_t by_scheme(const bogo_options *o, int64_t at, uint16_t scheme) {
    if (at < 0 || o->credentials[at + 1].kind != BOGO_RAW_KEY)
        return at;
    for (int64_t i = at; i < (int64_t)o->num_credentials; i++) {
        const bogo_credential *c = &o->credentials[i + 1];
        if (c->key_file != NULL && strcmp(c->key_file, o->credentials[at + 1].key_file) == 0 &&
            signs_with(c, scheme))
            return i;
    }
    return at;
}

static bool credential_is(const bogo_link *link, const lockstep_info *info) {
    const bogo_options *o = link->o;
    int64_t want = o->expect_selected_credential,
            got = by_scheme(o, link->credential, info->own_scheme);
    for (size_t i = o->num_credentials; i > 0 && by_external_key(o, info); i--)
        if (o->credentials[i].psk.given)
            got = (int64_t)i - 1;
    if (want == -2 || want == got)
        return true;
    fprintf(stderr, "credential: want %d, got %d\n", (int)want, (int)got);
    return false;
}

static bool ech_is(const bogo_options *o, const lockstep_info *info) {
    /* A server without keys has only confirmed what another has decrypted. */
    bool accepted =
        info->ech == LOCKSTEP_ECH_STATE_ACCEPTED && (!o->server || o->ech_server_key.n > 0);
    return so(accepted ? "the encrypted ClientHello was accepted" : "it was not accepted",
              accepted == o->expect_ech_accept);
}

bool bogo_retry_configs_as_expected(const bogo_link *link) {
    const bogo_options *o = bogo_options_of(link);
    lockstep_info info;
    lockstep_info_of(link->conn, &info);
    return bytes_are("retry configs", &o->expect_ech_retry_configs, info.ech_retry_configs) &&
           so("there are retry configs",
              !o->expect_no_ech_retry_configs || info.ech_retry_configs.p_len == 0);
}

bool bogo_as_expected(const bogo_link *link) {
    const bogo_options *o = link->o;
    lockstep_info info;
    lockstep_info_of(link->conn, &info);
    return number_is("version", o->expect_version, info.version) && suite_is(o, &info) &&
           number_is("group", o->expect_curve_id, info.group) && names_are(o, &info) &&
           retry_is(o, &info) && early_data_is(o, &info) && ech_is(o, &info) &&
           session_is(link, &info) && certificate_is(link, &info) && credential_is(link, &info) &&
           so("the handshake was not to be done", !o->handshake_never_done) &&
           so("the server named other authorities",
              o->expect_client_ca_list == NULL || link->authorities) &&
           so("the client offered other protocols",
              o->expect_advertised_alpn == NULL || link->advertised);
}

bool bogo_trace_as_expected(const bogo_link *link) {
    const char *want = link->o->expect_msg_callback;
    if (want == NULL || strcmp(want, link->trace) == 0)
        return true;
    fprintf(stderr, "messages: want\n%sgot\n%s", want, link->trace);
    return false;
}
