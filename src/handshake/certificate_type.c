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

bool lk_accepts_type(const lk_settings *s, bool is_client, uint8_t type) {
    bool verdict = (s->asks & LOCKSTEP_ASK_VERDICT) != 0;
    bool listed = memchr(s->peer_types, type, s->num_peer_types) != NULL;
    if (s->num_peer_types > 0 && !listed)
        return false;
    /* Who answers for chains alone must not find itself asked about keys: those are listed. */
    if (type == LK_TYPE_RAW_KEY)
        return s->num_raw_keys > 0 || (verdict && listed);
    return type == LK_TYPE_X509 &&
           (s->trust != NULL || verdict || (is_client && s->danger_skip_verification));
}

/* ---- Client ---------------------------------------------------------------------------------- */

/* without_default: who could name X.509 alone must leave the extension out (RFC 7250 §4.1). */
static lk_slice without_default(const uint8_t *types, size_t n) {
    return n == 1 && types[0] == LK_TYPE_X509 ? lk_slice_of(NULL, 0) : lk_slice_of(types, n);
}

/* What the server may show, "sorted by client preference". */
static lk_slice peer_list(const lk_settings *s, uint8_t out[LK_NUM_TYPES]) {
    static const uint8_t usual[] = {LK_TYPE_RAW_KEY, LK_TYPE_X509};
    const uint8_t *types = s->num_peer_types > 0 ? s->peer_types : usual;
    size_t n = 0, num_types = s->num_peer_types > 0 ? s->num_peer_types : sizeof usual;
    for (size_t i = 0; i < num_types; i++)
        if (lk_accepts_type(s, true, types[i]))
            out[n++] = types[i];
    return without_default(out, n);
}

/* What we can show, the kind of the first identity first. */
static lk_slice own_list(const lk_settings *s, uint8_t out[LK_NUM_TYPES]) {
    bool raw_first = s->num_identities > 0 && s->identities[0].raw;
    const uint8_t usual[] = {raw_first ? LK_TYPE_RAW_KEY : LK_TYPE_X509,
                             raw_first ? LK_TYPE_X509 : LK_TYPE_RAW_KEY};
    size_t n = 0;
    if (s->num_own_types > 0)
        return without_default(s->own_types, s->num_own_types);
    for (size_t i = 0; i < sizeof usual; i++)
        if (has_identity(s, usual[i]))
            out[n++] = usual[i];
    return without_default(out, n);
}

void lk_offer_certificate_types(lk_handshake *hs, lk_client_hello_out *hello) {
    const lk_settings *s = hs->settings;
    hello->server_types = hs->server_types = peer_list(s, hs->type_bytes);
    hello->client_types = hs->client_types = own_list(s, hs->type_bytes + LK_NUM_TYPES);
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

lockstep_status lk_take_certificate_types(lk_handshake *hs, const lk_extensions *ext,
                                          uint8_t server_type, uint8_t client_type, bool resumed) {
    LK_TRY(take_answer(hs, &hs->peer_type, ext, LK_EXTENSION_server_certificate_type,
                       hs->server_types, server_type));
    LK_TRY(take_answer(hs, &hs->own_type, ext, LK_EXTENSION_client_certificate_type,
                       hs->client_types, client_type));
    /* No certificate comes then, whatever is said of its type. */
    if (resumed)
        return LOCKSTEP_OK;
    if (hs->server_types.p_len > 0 &&
        memchr(hs->server_types.p, hs->peer_type, hs->server_types.p_len) == NULL)
        return lk_fail(hs, LOCKSTEP_NO_COMMON_CERTIFICATE_TYPE,
                       "the server has no raw public key, and we trust no certificates");
    hs->agreed->peer_raw_key = hs->peer_type == LK_TYPE_RAW_KEY;
    return LOCKSTEP_OK;
}

/* ---- Server ---------------------------------------------------------------------------------- */

/* Of whoever does not name types X.509 is expected. */
static lk_slice types_of(const lk_handshake *hs, enum lk_extension_index i, lk_slice list_) {
    static const uint8_t x509[] = {LK_TYPE_X509};
    return (hs->hello.ext.present >> i & 1) != 0 ? list_ : lk_slice_of(x509, 1);
}

bool lk_client_takes_type(const lk_handshake *hs, uint8_t type) {
    lk_slice types = types_of(hs, LK_EXTENSION_server_certificate_type, hs->hello.server_types);
    return memchr(types.p, type, types.p_len) != NULL;
}

/* X.509 is the default, and a client that has nothing else to name must leave the extension out. */
static lockstep_status check_list(lk_handshake *hs, enum lk_extension_index i, lk_slice types) {
    if ((hs->hello.ext.present >> i & 1) == 0 || types.p_len != 1 || types.p[0] != LK_TYPE_X509)
        return LOCKSTEP_OK;
    return lk_fail_at(hs, LOCKSTEP_PEER_CERTIFICATE_TYPE, "RFC 7250 §4.1", "%s names X.509 alone",
                      lk_extension_table[i].name);
}

lockstep_status lk_own_types(lk_handshake *hs, uint8_t out[LK_NUM_TYPES], size_t *num_out) {
    const lk_settings *s = hs->identities;
    lk_slice types = types_of(hs, LK_EXTENSION_server_certificate_type, hs->hello.server_types);
    LK_TRY(check_list(hs, LK_EXTENSION_server_certificate_type, hs->hello.server_types));
    LK_TRY(check_list(hs, LK_EXTENSION_client_certificate_type, hs->hello.client_types));
    if (s->num_own_types > 0)
        types = lk_slice_of(s->own_types, s->num_own_types);
    *num_out = 0;
    for (size_t i = 0; i < types.p_len; i++) {
        uint8_t type = types.p[i];
        if ((type == LK_TYPE_X509 || type == LK_TYPE_RAW_KEY) && has_identity(s, type) &&
            lk_client_takes_type(hs, type) && memchr(out, type, *num_out) == NULL)
            out[(*num_out)++] = type;
    }
    return LOCKSTEP_OK;
}

lockstep_status lk_choose_own_type(lk_handshake *hs, lk_identity_wish *wish) {
    uint8_t types[LK_NUM_TYPES];
    size_t num_types;
    LK_TRY(lk_own_types(hs, types, &num_types));
    lockstep_status status = hs->identities->num_identities == 0
                                 ? LOCKSTEP_NO_COMMON_SCHEME /* a server of external PSKs */
                                 : LOCKSTEP_NO_COMMON_CERTIFICATE_TYPE;
    for (size_t i = 0; i < num_types; i++) {
        hs->own_type = types[i];
        wish->raw = hs->own_type == LK_TYPE_RAW_KEY;
        status = lk_settings_identity(hs->identities, &hs->identity, &hs->scheme, wish);
        if (status == LOCKSTEP_OK)
            break;
    }
    return status;
}

static bool take_peer_type(lk_handshake *hs, uint8_t type) {
    if (!lk_accepts_type(hs->settings, false, type))
        return false;
    hs->peer_type = type;
    hs->agreed->peer_raw_key = type == LK_TYPE_RAW_KEY;
    return true;
}

lockstep_status lk_choose_peer_type(lk_handshake *hs) {
    const lk_settings *s = hs->settings;
    const bool listed = (hs->hello.ext.present & lk_extension_bit(client_certificate_type)) != 0;
    lk_slice types = types_of(hs, LK_EXTENSION_client_certificate_type, hs->hello.client_types);
    /* Without wishes of its own the server lets in who says nothing and shows nothing. */
    if (s->client_auth == LOCKSTEP_CLIENT_AUTH_NONE || (!listed && s->num_peer_types == 0))
        return LOCKSTEP_OK;
    for (size_t i = 0; i < s->num_peer_types; i++)
        if (memchr(types.p, s->peer_types[i], types.p_len) != NULL &&
            take_peer_type(hs, s->peer_types[i]))
            return LOCKSTEP_OK;
    for (size_t i = 0; s->num_peer_types == 0 && i < types.p_len; i++)
        if (take_peer_type(hs, types.p[i]))
            return LOCKSTEP_OK;
    /* "terminates the session with a fatal alert of type "unsupported_certificate"" (§4.2) */
    return lk_fail(hs, LOCKSTEP_NO_COMMON_CERTIFICATE_TYPE,
                   "the client can show %zu types, none that we accept", types.p_len);
}

/* ---- The key itself -------------------------------------------------------------------------- */

lockstep_status lk_check_raw_key(lk_handshake *hs, lk_slice key, const char **why) {
    const lk_settings *s = hs->settings;
    lk_spki spki;
    bool trusted = s->num_raw_keys == 0; /* nobody is trusted beforehand: lk_accepts_type, below */
    *why = "it is no SubjectPublicKeyInfo";
    if (!lk_spki_parse(&spki, key))
        return LOCKSTEP_CERT_MALFORMED;
    *why = "it is none of the keys given";
    for (size_t i = 0; i < s->num_raw_keys && !trusted; i++)
        trusted = lk_slice_equal(s->raw_keys[i], key);
    if (!trusted || !lk_accepts_type(s, hs->is_client, LK_TYPE_RAW_KEY))
        return LOCKSTEP_CERT_RAW_KEY;
    *why = lk_spki_fault(&spki);
    if (*why != NULL)
        return LOCKSTEP_CERT_WEAK_KEY;
    *why = "the key itself";
    LK_TRY(lk_spki_public_key(&hs->peer_key, s->crypto, &spki));
    if (s->num_raw_keys > 0)
        lk_note_check(&hs->watch, "raw public key", "RFC 7250 §4.2", LOCKSTEP_OK,
                      "one of the %zu that the configuration trusts", s->num_raw_keys);
    return LOCKSTEP_OK;
}
