/*
 * delegated_credential.c - a server that shows a key which its certificate's key has signed for a
 * few days (RFC 9345), as the client sees it. The certificate itself was judged before.
 */
#include "wire/delegated_credential.h"

#include "handshake/internal.h"

/* "the maximum validity period [...] is set to 7 days" (§4.1.3) */
#define LIFETIME_MAX_S (7 * 86400)

/* The schemes that a delegated key may sign with. RSA keys of certificates (rsaEncryption) may not
 * be delegated to (§4.1.1), and others this project does not have. */
static const uint16_t schemes[] = {0x0403, 0x0807, 0x0503, 0x0603};

size_t lk_delegated_schemes(uint16_t out[LK_NUM_SCHEMES], const lk_settings *s) {
    size_t n = 0;
    for (size_t i = 0; i < sizeof schemes / sizeof schemes[0]; i++)
        if (lk_scheme_accepted(s, schemes[i]) != NULL)
            out[n++] = schemes[i];
    return n;
}

static bool may_sign(const lk_settings *s, uint16_t id) {
    for (size_t i = 0; i < sizeof schemes / sizeof schemes[0]; i++)
        if (schemes[i] == id)
            return lk_scheme_accepted(s, id) != NULL;
    return false;
}

static lockstep_status invalid(lk_handshake *hs, const char *why) {
    return lk_fail(hs, LOCKSTEP_PEER_DELEGATED_CREDENTIAL, "%s", why);
}

/* "Verify that the current time is within the validity interval of the credential" and "that the
 * [...] remaining validity period is no more than the maximum" (§4.1.3) */
static lockstep_status check_time(lk_handshake *hs, const lk_delegated_credential *dc,
                                  const lk_cert *leaf) {
    int64_t now = hs->settings->env.now_ms(hs->settings->env.arg) / 1000;
    int64_t end = leaf->not_before + dc->valid_time;
    if (now >= end)
        return invalid(hs, "it has expired");
    if (end - now > LIFETIME_MAX_S)
        return invalid(hs, "it is good for more than seven days from now");
    return end > leaf->not_after ? invalid(hs, "it outlives its certificate") : LOCKSTEP_OK;
}

/* The certificate must be one that may delegate (§4.2). */
static lockstep_status check_certificate(lk_handshake *hs, const lk_cert *leaf) {
    if (!lk_cert_has(leaf, LK_EXT_DELEGATION_USAGE) ||
        (leaf->critical & LK_EXT_BIT(LK_EXT_DELEGATION_USAGE)) != 0)
        return invalid(hs, "the certificate has no DelegationUsage");
    if (!lk_cert_has(leaf, LK_EXT_KEY_USAGE) || (leaf->key_usage & LK_KU_DIGITAL_SIGNATURE) == 0)
        return invalid(hs, "the certificate's key usage lacks digitalSignature");
    return LOCKSTEP_OK;
}

/* make_signed writes what the certificate's key has signed: 64 spaces, a context string, a zero
 * byte, the certificate, the credential and the algorithm (§4). */
static lockstep_status make_signed(lk_handshake *hs, const lk_delegated_credential *dc,
                                   lk_slice *out) {
    static const char context[] = "TLS, server delegated credentials";
    lk_slice leaf = hs->agreed->peer_chain[0];
    size_t n = 64 + sizeof context + leaf.p_len + dc->credential.p_len;
    uint8_t *p = lk_arena_alloc(&hs->arena, n);
    if (p == NULL)
        return lk_fail_memory(hs);
    memset(p, 0x20, 64);
    memcpy(p + 64, context, sizeof context);
    memcpy(p + 64 + sizeof context, leaf.p, leaf.p_len);
    memcpy(p + 64 + sizeof context + leaf.p_len, dc->credential.p, dc->credential.p_len);
    *out = lk_slice_of(p, n);
    return LOCKSTEP_OK;
}

/* The signature is checked: from here on the delegated key is the peer's. */
static lockstep_status verified(lk_handshake *hs) {
    lk_delegated_credential dc;
    lk_spki spki;
    lk_public_key *key = NULL;
    if (hs->jobs[0]->status != LOCKSTEP_OK)
        return invalid(hs, "the certificate's key has not signed it");
    if (!lk_delegated_credential_parse(&dc, hs->delegated) ||
        !lk_spki_parse(&spki, dc.public_key) || lk_spki_fault(&spki) != NULL ||
        lk_spki_public_key(&key, hs->settings->crypto, &spki) != LOCKSTEP_OK)
        return invalid(hs, "its key is none that is accepted");
    lk_public_key_free(hs->peer_key);
    hs->peer_key = key;
    hs->delegated_scheme = dc.scheme;
    hs->agreed->peer_delegated = true;
    lk_note_check(&hs->watch, "delegated credential", "RFC 9345 §4.1.3", LOCKSTEP_OK,
                  "signed by the certificate's key, to sign with %s",
                  lockstep_scheme_name(dc.scheme));
    return LOCKSTEP_OK;
}

lockstep_status lk_check_delegated(lk_handshake *hs) {
    lk_delegated_credential dc;
    lk_cert leaf;
    lk_slice signed_;
    if (hs->delegated.p_len == 0)
        return LOCKSTEP_OK;
    if (!lk_delegated_credential_parse(&dc, hs->delegated) ||
        lk_cert_parse(&leaf, hs->agreed->peer_chain[0]) != LOCKSTEP_OK)
        return invalid(hs, "it does not parse");
    LK_TRY(check_certificate(hs, &leaf));
    LK_TRY(check_time(hs, &dc, &leaf));
    if (!may_sign(hs->settings, dc.scheme))
        return invalid(hs, "its key signs with a scheme that was not offered");
    const lk_scheme *scheme = lk_scheme_accepted(hs->settings, dc.algorithm);
    if (scheme == NULL || !lk_scheme_suits(scheme, LK_TLS13, lk_public_key_kind(hs->peer_key)))
        return invalid(hs, "it was signed with a scheme that was not offered, or of another key");
    LK_TRY(make_signed(hs, &dc, &signed_));
    lk_job *job = lk_post(hs, LK_JOB_VERIFY, verified);
    if (job == NULL)
        return lk_fail_memory(hs);
    job->u.verify.key = hs->peer_key;
    job->u.verify.algorithm = scheme->algorithm;
    job->u.verify.message = signed_;
    job->u.verify.signature = dc.signature;
    return LOCKSTEP_OK;
}
