/*
 * negotiate.c - the server answers a ClientHello with TLS 1.2: what must be in it, and which suite,
 * group and certificate go together.
 */
#include "handshake/tls12/inside.h"
#include "wire/certificate_type.h"
#include "x509/name.h"

static bool has(const lk_handshake *hs, enum lk_extension_index i) {
    return (hs->hello.ext.present >> i & 1) != 0;
}

static lockstep_status check_hello(lk_handshake *hs) {
    const lk_client_hello *h = &hs->hello;
    /* "This vector MUST contain, and all implementations MUST support, CompressionMethod.null." */
    if (memchr(h->compression_methods.p, 0, h->compression_methods.p_len) == NULL)
        return lk_fail_at(hs, LOCKSTEP_PEER_COMPRESSION, "RFC 5246 §7.4.1.2",
                          "%zu methods without null", h->compression_methods.p_len);
    /* "The server MUST then verify that the length of the "renegotiated_connection" field is zero,
     * and if it is not, MUST abort" (RFC 5746 §3.6). Whoever sends neither that nor the SCSV cannot
     * be talked into another handshake either: there is none here. */
    if (h->renegotiated_connection.p_len > 0)
        return lk_fail(hs, LOCKSTEP_PEER_RENEGOTIATION_INFO, "%zu bytes in a first handshake",
                       h->renegotiated_connection.p_len);
    /* "if the server receives a ClientHello without the extension, it SHOULD abort the handshake if
     * it does not wish to interoperate with legacy clients" (RFC 7627 §5.3) */
    if (!has(hs, LK_EXTENSION_extended_master_secret))
        return lk_fail(hs, LOCKSTEP_PEER_EXTENDED_MASTER_SECRET, "ClientHello without it");
    /* "it MUST contain the value 0 (uncompressed)" (RFC 8422 §5.1.2) */
    if (has(hs, LK_EXTENSION_ec_point_formats) &&
        memchr(h->point_formats.p, 0, h->point_formats.p_len) == NULL)
        return lk_fail(hs, LOCKSTEP_PEER_POINT_FORMATS, "%zu forms", h->point_formats.p_len);
    return LOCKSTEP_OK;
}

/* choose_group takes the best group in common. ML-KEM is for TLS 1.3 alone: a point of TLS 1.2 has
 * no more than 255 bytes. A client that does not say takes any (RFC 8422 §4), and P-256 is the
 * one that all have. */
static void choose_group(lk_handshake *hs) {
    const lk_settings *s = hs->settings;
    bool listed = has(hs, LK_EXTENSION_supported_groups);
    hs->group = NULL;
    for (size_t i = 0; i < s->num_groups && hs->group == NULL; i++) {
        const lk_kex_group *group = lk_kex_group_of(s->groups[i]);
        if (!group->has_kem && (listed ? lk_u16_has(hs->hello.groups, group->id)
                                       : group->id == LOCKSTEP_GROUP_SECP256R1))
            hs->group = group;
    }
}

/* What the search has seen, to say why it found nothing. */
typedef struct search {
    bool suite_common, group_missing, name_unknown;
} search;

/* In TLS 1.2 supported_groups speaks of certificates too: "the server's [...] key MUST be on one of
 * the curves" that the client names (RFC 8422 §5.1). */
static bool takes_curve(const lk_handshake *hs, lk_key_kind kind) {
    uint16_t curve = kind == LK_KEY_P256   ? LOCKSTEP_GROUP_SECP256R1
                     : kind == LK_KEY_P384 ? LOCKSTEP_GROUP_SECP384R1
                     : kind == LK_KEY_P521 ? LOCKSTEP_GROUP_SECP521R1
                                           : 0;
    return curve == 0 || !has(hs, LK_EXTENSION_supported_groups) ||
           lk_u16_has(hs->hello.groups, curve);
}

/* suits says whether a suite and an identity go together, and by which scheme. */
static bool suits(lk_handshake *hs, const lk_suite *suite, const lk_identity *identity) {
    lk_key_kind kind = lk_private_key_kind(identity->key);
    if (identity->raw != (hs->own_type == LK_TYPE_RAW_KEY) || !lk_suite_takes(suite, kind) ||
        !takes_curve(hs, kind))
        return false;
    /* A raw key cannot say that secrets may be encrypted to it, so none are. */
    if (suite->kex == LK_KEX_RSA && (identity->raw || !lk_cert_may_transport(&identity->leaf)))
        return false;
    hs->scheme =
        suite->kex == LK_KEX_RSA ? NULL : lk_scheme_for(identity, LK_TLS12, hs->peer_schemes);
    return suite->kex == LK_KEX_RSA || hs->scheme != NULL;
}

/* find looks for the best suite with an identity for it, among those that have the name `host`, or
 * NULL: among all. */
static bool find(lk_handshake *hs, search *found, const lk_host *host) {
    const lk_settings *s = hs->settings, *from = hs->identities;
    for (size_t i = 0; i < s->num_suites; i++) {
        const lk_suite *suite = lk_suite_of(s->suites[i]);
        if (suite->version != LK_TLS12 || !lk_u16_has(hs->hello.cipher_suites, suite->id))
            continue;
        found->suite_common = true;
        if (suite->kex == LK_KEX_ECDHE && hs->group == NULL) {
            found->group_missing = true;
            continue;
        }
        for (size_t k = 0; k < from->num_identities; k++) {
            const lk_identity *identity = &from->identities[k];
            if (host != NULL && (identity->raw || !lk_cert_is_for(&identity->leaf, host)))
                continue;
            if (suits(hs, suite, identity)) {
                hs->suite = suite;
                hs->identity = identity;
                return true;
            }
        }
    }
    return false;
}

/* find_of_type looks for them among the identities of hs->own_type: a certificate for the name goes
 * before a better suite, and a raw key is for any name. */
static bool find_of_type(lk_handshake *hs, search *found) {
    lk_host host;
    lk_slice name = hs->hello.server_name;
    bool named = hs->own_type == LK_TYPE_X509 && name.p_len > 0 && lk_host_parse(&host, name);
    if (named && hs->identities->require_known_name &&
        !lk_settings_know_name(hs->identities, name)) {
        found->name_unknown = true;
        return false;
    }
    return (named && find(hs, found, &host)) || find(hs, found, NULL);
}

static lockstep_status nothing_suits(lk_handshake *hs, const search *found) {
    if (found->name_unknown)
        return lk_fail(hs, LOCKSTEP_NAME_UNKNOWN, "for the name %s", hs->agreed->server_name);
    if (!found->suite_common)
        return lk_fail(hs, LOCKSTEP_NO_COMMON_SUITE, "the client offers %zu, none of ours",
                       lk_u16_count(hs->hello.cipher_suites));
    if (found->group_missing)
        return lk_fail(hs, LOCKSTEP_NO_COMMON_GROUP, "the client supports %zu, none of ours",
                       lk_u16_count(hs->hello.groups));
    return lk_fail_at(hs, LOCKSTEP_NO_COMMON_SCHEME, "RFC 5246 §7.4.2",
                      "no certificate suits the suites and the %zu signature algorithms that "
                      "the client offers",
                      lk_u16_count(hs->peer_schemes));
}

/* find_suite looks for them by the types of certificate, best first. */
static lockstep_status find_suite(lk_handshake *hs) {
    search found = {0};
    uint8_t types[LK_NUM_TYPES];
    size_t num_types;
    bool chosen = false;
    LK_TRY(lk_own_types(hs, types, &num_types));
    if (num_types == 0 && hs->identities->num_identities > 0)
        return lk_fail(hs, LOCKSTEP_NO_COMMON_CERTIFICATE_TYPE, "for the name %s",
                       hs->agreed->server_name != NULL ? hs->agreed->server_name : "(none)");
    if (num_types == 0) /* then it will find nothing, and say so */
        types[num_types++] = LK_TYPE_X509;
    for (size_t i = 0; i < num_types && !chosen; i++) {
        hs->own_type = types[i];
        chosen = find_of_type(hs, &found);
    }
    return chosen ? LOCKSTEP_OK : nothing_suits(hs, &found);
}

static lockstep_status choose_suite(lk_handshake *hs) {
    size_t offered = lk_u16_count(hs->hello.cipher_suites);
    LK_TRY(find_suite(hs));
    if (hs->suite->kex == LK_KEX_RSA)
        hs->group = NULL;
    lk_note_choice(&hs->watch, false, "cipher suite", "RFC 5246 §7.4.1.3", "%s, of %zu offered",
                   hs->suite->name, offered);
    lk_note_choice(&hs->watch, false, "key exchange group", "RFC 8422 §5.4", "%s",
                   hs->group != NULL ? hs->group->name
                                     : "none: RSA key transport, without forward secrecy");
    lk_note_choice(&hs->watch, false, "certificate", "RFC 5246 §7.4.2", "chain of %zu%s%s",
                   hs->identity->num_chain, hs->scheme != NULL ? ", to be signed with " : "",
                   hs->scheme != NULL ? hs->scheme->name : "");
    return LOCKSTEP_OK;
}

/* "TLS 1.3 servers which negotiate TLS 1.2 [...] MUST set the last 8 bytes of their Random value"
 * to "DOWNGRD" and 01 (RFC 8446 §4.1.3). */
static lockstep_status draw_random(lk_handshake *hs) {
    static const uint8_t sentinel[8] = {'D', 'O', 'W', 'N', 'G', 'R', 'D', 1};
    if (!hs->settings->env.random(hs->settings->env.arg, hs->random_2, LK_RANDOM_LEN))
        return lk_fail(hs, LOCKSTEP_ERR_NO_RANDOM, "for the ServerHello");
    if (hs->settings->version_max > LK_TLS12)
        memcpy(hs->random_2 + LK_RANDOM_LEN - sizeof sentinel, sentinel, sizeof sentinel);
    return LOCKSTEP_OK;
}

static void set_agreed(lk_handshake *hs) {
    hs->agreed->suite = hs->suite->id;
    hs->agreed->aead = hs->suite->aead;
    hs->agreed->group = hs->group != NULL ? hs->group->id : 0;
    lk_transcript_start(&hs->transcript, hs->suite->hash);
}

static lockstep_status choose(lk_handshake *hs) {
    const lk_agreed *agreed = hs->agreed;
    hs->peer_schemes = hs->hello.schemes;
    if (hs->identities == NULL)
        return lk_fail(hs, LOCKSTEP_NAME_UNKNOWN, "the application refused the name %s",
                       agreed->server_name != NULL ? agreed->server_name : "(none)");
    LK_TRY(choose_suite(hs));
    LK_TRY(lk_choose_peer_type(hs));
    LK_TRY(draw_random(hs));
    set_agreed(hs);
    return hs->group != NULL ? lk_post_share(hs, hs->group, lk12_send_server_hello)
                             : lk12_send_server_hello(hs);
}

static lockstep_status resume_or_choose(lk_handshake *hs) {
    if (hs->resumes == NULL)
        return lk_with_identities(hs, choose);
    hs->suite = lk_suite_of(hs->resumes->suite);
    LK_TRY(draw_random(hs));
    set_agreed(hs);
    LK_TRY(lk12_resumed(hs));
    return lk12_send_server_hello(hs);
}

lockstep_status lk12_on_client_hello(lk_handshake *hs, lk_slice message) {
    LK_TRY(lk12_enter(hs, hs->settings->client_auth != LOCKSTEP_CLIENT_AUTH_NONE));
    LK_TRY(check_hello(hs));
    /* "The backend server MUST NOT" confirm it (RFC 9849 §7.2), so it was not accepted. */
    if (hs->agreed->ech == LOCKSTEP_ECH_STATE_ACCEPTED)
        hs->agreed->ech = LOCKSTEP_ECH_STATE_NONE;
    choose_group(hs);
    LK_TRY(lk_choose_protocol(hs));
    LK_TRY(lk_hash_message(hs, message));
    LK_TRY(lk_keep_names(hs));
    return lk12_look_for_session(hs, resume_or_choose);
}
