/*
 * certificate_type.c - which side shows a certificate and which a raw public key (RFC 7250), and
 * whether a raw key is one that this side has been given. peer_chain.c makes the proof of it.
 */
#include "wire/certificate_type.h"

#include "handshake/internal.h"

/* ---- What this side can do ------------------------------------------------------------------- */

static bool has_identity(const lk_settings *s, uint8_t type) {
    for (size_t i = 0; i < s->num_identities; i++)
        if (s->identities[i].raw == (type == LK_TYPE_RAW_KEY))
            return true;
    return false;
}

/* accepts: could anything of that type from the peer be found good? */
static bool accepts(const lk_settings *s, bool is_client, uint8_t type) {
    if (type == LK_TYPE_RAW_KEY)
        return s->num_raw_keys > 0;
    return type == LK_TYPE_X509 && (s->trust != NULL || (s->asks & LOCKSTEP_ASK_VERDICT) != 0 ||
                                    (is_client && s->danger_skip_verification));
}

/* ---- Client ---------------------------------------------------------------------------------- */

/* list writes the types that can be used, "sorted by client preference" (RFC 7250 §3); where X.509
 * alone can, the extension is left out. */
static lk_slice list(uint8_t out[2], bool raw, bool x509, bool raw_first) {
    size_t n = 0;
    if (!raw)
        return lk_slice_of(NULL, 0);
    if (x509 && !raw_first)
        out[n++] = LK_TYPE_X509;
    out[n++] = LK_TYPE_RAW_KEY;
    if (x509 && raw_first)
        out[n++] = LK_TYPE_X509;
    return lk_slice_of(out, n);
}

void lk_offer_certificate_types(lk_handshake *hs, lk_client_hello_out *hello) {
    const lk_settings *s = hs->settings;
    hello->server_types = hs->server_types = list(hs->type_bytes, accepts(s, true, LK_TYPE_RAW_KEY),
                                                  accepts(s, true, LK_TYPE_X509), true);
    hello->client_types = hs->client_types =
        list(hs->type_bytes + 2, has_identity(s, LK_TYPE_RAW_KEY), has_identity(s, LK_TYPE_X509),
             s->num_identities > 0 && s->identities[0].raw);
    if (hello->server_types.p_len > 0)
        hs->offered |= lk_extension_bit(server_certificate_type);
    if (hello->client_types.p_len > 0)
        hs->offered |= lk_extension_bit(client_certificate_type);
}

static lockstep_status take_answer(lk_handshake *hs, uint8_t *type, const lk_extensions *ext,
                                   enum lk_extension_index i, lk_slice offered, uint8_t answer) {
    if ((ext->present >> i & 1) == 0)
        return LOCKSTEP_OK; /* X.509 then, as ever */
    if (memchr(offered.p, answer, offered.p_len) == NULL)
        return lk_fail(hs, LOCKSTEP_PEER_CERTIFICATE_TYPE, "%s: %u", lk_extension_table[i].name,
                       answer);
    *type = answer;
    lk_note_choice(&hs->watch, false, lk_extension_table[i].name, "RFC 7250 §4.2", "%s",
                   lk_certificate_type_name(answer));
    return LOCKSTEP_OK;
}

lockstep_status lk_take_certificate_types(lk_handshake *hs, const lk_encrypted_extensions *ee) {
    LK_TRY(take_answer(hs, &hs->peer_type, &ee->ext, LK_EXTENSION_server_certificate_type,
                       hs->server_types, ee->server_type));
    LK_TRY(take_answer(hs, &hs->own_type, &ee->ext, LK_EXTENSION_client_certificate_type,
                       hs->client_types, ee->client_type));
    if (hs->psk == NULL && hs->server_types.p_len > 0 &&
        memchr(hs->server_types.p, hs->peer_type, hs->server_types.p_len) == NULL)
        return lk_fail(hs, LOCKSTEP_NO_COMMON_CERTIFICATE_TYPE,
                       "the server has no raw public key, and we trust no certificates");
    /* With a PSK no certificate comes, whatever is said of its type. */
    hs->agreed->peer_raw_key = hs->psk == NULL && hs->peer_type == LK_TYPE_RAW_KEY;
    return LOCKSTEP_OK;
}

/* ---- Server ---------------------------------------------------------------------------------- */

/* Of whoever does not name types X.509 is expected. */
static lk_slice types_of(const lk_handshake *hs, enum lk_extension_index i, lk_slice list_) {
    static const uint8_t x509[] = {LK_TYPE_X509};
    return (hs->hello.ext.present >> i & 1) != 0 ? list_ : lk_slice_of(x509, 1);
}

lockstep_status lk_choose_own_type(lk_handshake *hs, lk_identity_wish *wish) {
    lk_slice types = types_of(hs, LK_EXTENSION_server_certificate_type, hs->hello.server_types);
    lockstep_status status = hs->identities->num_identities == 0
                                 ? LOCKSTEP_NO_COMMON_SCHEME /* a server of external PSKs */
                                 : LOCKSTEP_NO_COMMON_CERTIFICATE_TYPE;
    for (size_t i = 0; i < types.p_len; i++) {
        hs->own_type = types.p[i];
        if ((hs->own_type != LK_TYPE_X509 && hs->own_type != LK_TYPE_RAW_KEY) ||
            !has_identity(hs->identities, hs->own_type))
            continue;
        wish->raw = hs->own_type == LK_TYPE_RAW_KEY;
        status = lk_settings_identity(hs->identities, &hs->identity, &hs->scheme, wish);
        if (status == LOCKSTEP_OK)
            return status;
    }
    return status;
}

lockstep_status lk_choose_peer_type(lk_handshake *hs) {
    const lk_settings *s = hs->settings;
    const int i = LK_EXTENSION_client_certificate_type;
    if (s->client_auth == LOCKSTEP_CLIENT_AUTH_NONE || (hs->hello.ext.present >> i & 1) == 0)
        return LOCKSTEP_OK;
    for (size_t k = 0; k < hs->hello.client_types.p_len; k++)
        if (accepts(s, false, hs->hello.client_types.p[k])) {
            hs->peer_type = hs->hello.client_types.p[k];
            hs->agreed->peer_raw_key = hs->peer_type == LK_TYPE_RAW_KEY;
            return LOCKSTEP_OK;
        }
    /* "terminates the session with a fatal alert of type "unsupported_certificate"" (§4.2) */
    return lk_fail(hs, LOCKSTEP_NO_COMMON_CERTIFICATE_TYPE,
                   "the client can show %zu types, none that we accept",
                   hs->hello.client_types.p_len);
}

/* ---- The key itself -------------------------------------------------------------------------- */

lockstep_status lk_check_raw_key(lk_handshake *hs) {
    const lk_settings *s = hs->settings;
    lk_slice key = hs->agreed->peer_chain[0];
    lk_spki spki;
    bool trusted = false;
    /* "the Certificate structure MUST contain" one key (RFC 8446 §4.4.2: "no more than one
     * CertificateEntry") */
    if (hs->agreed->num_peer_chain != 1)
        return lk_fail(hs, LOCKSTEP_PEER_CERTIFICATE_TYPE, "%zu entries, a raw key is one",
                       hs->agreed->num_peer_chain);
    for (size_t i = 0; i < s->num_raw_keys && !trusted; i++)
        trusted = lk_slice_equal(s->raw_keys[i], key);
    if (!trusted)
        return lk_fail(hs, LOCKSTEP_CERT_RAW_KEY, "%zu bytes, none of the %zu keys given",
                       key.p_len, s->num_raw_keys);
    lockstep_status status = lk_spki_parse(&spki, key)
                                 ? lk_spki_public_key(&hs->peer_key, s->crypto, &spki)
                                 : LOCKSTEP_CERT_WEAK_KEY;
    if (status != LOCKSTEP_OK)
        return lk_fail(hs, status, "the peer's raw public key");
    lk_note_check(&hs->watch, "raw public key", "RFC 7250 §4.2", LOCKSTEP_OK,
                  "one of the %zu that the configuration trusts", s->num_raw_keys);
    return LOCKSTEP_OK;
}
