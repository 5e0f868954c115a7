/*
 * answer.c - the shim's answers to the questions of a connection.
 */
#include "bogo/answer.h"

#include <stdio.h>
#include <string.h>

#include "bogo/keep.h"
#include "bogo/sessions.h"
#include "bogo/setup.h"
#include "conn/config.h"
#include "util/pem.h"

/* Where a raw key is in Certificate: behind header, context and two lengths, and in TLS 1.2 behind
 * header and one length (RFC 7250 §3). */
static const size_t raw_key_at[] = {4 + 1 + 3 + 3, 4 + 3};

size_t bogo_certificates(const char *path, lockstep_slice *out, size_t max) {
    size_t length, n = 0;
    lk_slice text = lk_slice_of_str(bogo_read(path, &length));
    while (n < max) {
        lk_buffer der = lk_buffer_of(&bogo_heap, 0);
        if (lk_pem_next(&text, "CERTIFICATE", &der) <= 0)
            break;
        out[n++] = lk_buffer_slice(&der);
    }
    return n;
}

/* The key as it is shown without a certificate (RFC 7250 §3). */
static lockstep_slice raw_key(const bogo_credential *credential, const lockstep_config *cfg) {
    lk_private_key *key = NULL;
    lk_buffer spki = lk_buffer_of(&bogo_heap, 0);
    size_t length;
    const char *pem = bogo_read(credential->key_file, &length);
    if (lk_private_key_from_pem(&key, cfg->settings.crypto, lk_slice_of(pem, length)) !=
            LOCKSTEP_OK ||
        lk_private_key_spki(key, &spki) != LOCKSTEP_OK)
        bogo_die("no key in %s", credential->key_file);
    lk_private_key_free(key);
    return lk_buffer_slice(&spki);
}

bool bogo_has_leaf(const bogo_credential *credential, const lockstep_config *cfg,
                   lockstep_slice message) {
    lockstep_slice leaf;
    if (credential->kind == BOGO_RAW_KEY) {
        leaf = raw_key(credential, cfg);
        /* As the entry itself: a certificate of the same key has it inside. */
        for (size_t i = 0; i < sizeof raw_key_at / sizeof *raw_key_at; i++)
            if (message.p_len >= raw_key_at[i] + leaf.p_len &&
                memcmp(message.p + raw_key_at[i], leaf.p, leaf.p_len) == 0)
                return true;
        return false;
    }
    return credential->cert_file != NULL &&
           bogo_certificates(credential->cert_file, &leaf, 1) == 1 &&
           memmem(message.p, message.p_len, leaf.p, leaf.p_len) != NULL;
}

/* ---- The answers ----------------------------------------------------------------------------- */

static lockstep_status identity(bogo_link *link, const lockstep_ask *ask) {
    const bogo_numbers *want = &link->o->expect_peer_verify_prefs;
    link->peer_prefs_bad = want->n > 0 && ask->num_schemes != want->n;
    for (size_t i = 0; i < want->n && !link->peer_prefs_bad; i++)
        link->peer_prefs_bad = ask->schemes[i] != want->v[i];
    bool refuse = link->o->fail_early_callback || link->o->fail_cert_callback;
    return lockstep_answer_identity(link->conn, refuse ? NULL : link->cfg);
}

/* The engine's judge is asked only whether the key may be used so: the runner's certificates are
 * not such as it would trust, but of key usage there are tests. */
static lockstep_status judge_usage(const bogo_link *link, const lockstep_ask *ask) {
    const bogo_options *o = link->o;
    size_t length;
    lockstep_trust *trust;
    if (o->trust_cert == NULL || *o->trust_cert == '\0')
        return LOCKSTEP_OK; /* runners of before 2024 name no anchor */
    const char *pem = bogo_read(o->trust_cert, &length);
    if (lockstep_trust_new(&trust, NULL) != LOCKSTEP_OK ||
        lockstep_trust_add(trust, NULL, NULL, (const uint8_t *)pem, length) != LOCKSTEP_OK)
        bogo_die("no certificate in %s", o->trust_cert);
    const lockstep_case what = {
        .trust = trust,
        .chain = ask->chain,
        .num_chain = ask->num_chain,
        .without_name = true,
        .now_ms = bogo_now_ms(NULL),
        .purpose = o->server ? LOCKSTEP_PURPOSE_CLIENT : LOCKSTEP_PURPOSE_SERVER,
    };
    lockstep_status status = lockstep_judge(NULL, &what);
    lockstep_trust_free(trust);
    return status == LOCKSTEP_CERT_KEY_USAGE ? status : LOCKSTEP_OK;
}

/* The runner names the raw key that it will show; where it names none, any is good. */
static lockstep_status judge_key(const bogo_options *o, lockstep_slice key) {
    const bogo_bytes *want = &o->expect_peer_raw_key_sha256;
    uint8_t digest[LK_HASH_MAX];
    lk_digest d;
    lk_digest_init(&d, LK_SHA256);
    lk_digest_update(&d, key);
    lk_digest_peek(&d, digest);
    return !want->given ||
                   lk_slice_equal(lk_slice_of(want->p, want->p_len), lk_slice_of(digest, 32))
               ? LOCKSTEP_OK
               : LOCKSTEP_CERT_RAW_KEY;
}

/* A server that cannot read the encrypted ClientHello answers for its public name. */
static bool name_is(const bogo_options *o, const lockstep_ask *ask) {
    const char *want = o->expect_ech_name_override;
    if (o->expect_no_ech_name_override)
        want = bogo_name(o);
    if (want == NULL || (ask->server_name != NULL && strcmp(want, ask->server_name) == 0))
        return true;
    fprintf(stderr, "name: want %s, got %s\n", want,
            ask->server_name != NULL ? ask->server_name : "none");
    return false;
}

static lockstep_status verdict(bogo_link *link, const lockstep_ask *ask) {
    const bogo_options *o = bogo_options_of(link);
    link->verdict_given = true;
    if (!name_is(o, ask))
        return lockstep_answer_verdict(link->conn, LOCKSTEP_CERT_NAME_MISMATCH);
    if (o->fail_ocsp_callback)
        return lockstep_answer_verdict(link->conn, LOCKSTEP_CERT_STATUS_RESPONSE);
    /* What was judged once is not judged anew; and nobody needs to look at the verdict. */
    bool known = link->again && !o->reverify_on_resume && !o->expect_session_miss;
    bool soft = o->expect_verify_result && !o->verify_peer && !o->require_any_client_certificate;
    if (o->verify_fail && !known && !soft)
        return lockstep_answer_verdict(link->conn, o->use_custom_verify_callback
                                                       ? LOCKSTEP_CERT_REVOCATION_UNKNOWN
                                                       : LOCKSTEP_CERT_UNKNOWN_ISSUER);
    if (ask->raw_key.p_len > 0)
        return lockstep_answer_verdict(link->conn, judge_key(o, ask->raw_key));
    return lockstep_answer_verdict(link->conn, judge_usage(link, ask));
}

void bogo_answer(bogo_link *link) {
    const lockstep_ask *ask = lockstep_asking(link->conn);
    lockstep_status status;
    switch (ask->kind) {
    case LOCKSTEP_ASK_IDENTITY:
        status = identity(link, ask);
        break;
    case LOCKSTEP_ASK_VERDICT:
        status = verdict(link, ask);
        break;
    default:
        status = LOCKSTEP_ERR_USAGE;
    }
    if (status == LOCKSTEP_ERR_USAGE)
        bogo_die("the engine does not take the answer to its question %d", (int)ask->kind);
}
