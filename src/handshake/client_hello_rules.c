/*
 * client_hello_rules.c - the server reads a ClientHello: what must be in it, whatever is chosen
 * then (RFC 8446 §4.1.2, §9.2), and which version is spoken.
 */
#include "handshake/negotiate.h"

#include "x509/name.h"

lockstep_status lk_need_extension(lk_handshake *hs, enum lk_extension_index i) {
    if ((hs->hello.ext.present >> i & 1) != 0)
        return LOCKSTEP_OK;
    return lk_fail(hs, LOCKSTEP_PEER_EXTENSION_MISSING, "ClientHello without %s",
                   lk_extension_table[i].name);
}

/* TLS_FALLBACK_SCSV (RFC 7507 §2) */
#define FALLBACK_SCSV 0x5600

static lockstep_status check_version(lk_handshake *hs) {
    const lk_client_hello *h = &hs->hello;
    /* "Any endpoint receiving a Hello message with ClientHello.legacy_version [...] set to 0x0300
     * MUST abort the handshake with a "protocol_version" alert." (§D.5) */
    if (h->legacy_version <= 0x0300)
        return lk_fail(hs, LOCKSTEP_PEER_LEGACY_VERSION, "legacy_version is 0x%04x",
                       h->legacy_version);
    bool listed = (h->ext.present & lk_extension_bit(supported_versions)) != 0;
    for (uint16_t v = hs->settings->version_max; v >= hs->settings->version_min; v--)
        if (hs->version == 0 &&
            (listed ? lk_u16_has(h->versions, v) : v == LK_TLS12 && h->legacy_version >= LK_TLS12))
            hs->version = v;
    const char *ours = hs->settings->version_min == LK_TLS13   ? "TLS 1.3"
                       : hs->settings->version_max == LK_TLS12 ? "TLS 1.2"
                                                               : "TLS 1.2 and 1.3";
    if (hs->version == 0 && !listed)
        return lk_fail(hs, LOCKSTEP_NO_COMMON_VERSION, "the client speaks at best %s, we speak %s",
                       lk_version_name(h->legacy_version), ours);
    if (hs->version == 0)
        return lk_fail(hs, LOCKSTEP_NO_COMMON_VERSION, "the client's versions lack %s", ours);
    /* "If TLS_FALLBACK_SCSV appears [...] and the highest protocol version supported by the server
     * is higher than the version indicated [...] the server MUST respond with a fatal
     * inappropriate_fallback alert" (RFC 7507 §3) */
    if (hs->version < hs->settings->version_max && lk_u16_has(h->cipher_suites, FALLBACK_SCSV))
        return lk_fail(hs, LOCKSTEP_INAPPROPRIATE_FALLBACK, "it comes with %s, we speak TLS 1.3",
                       lk_version_name(hs->version));
    lk_note_choice(&hs->watch, false, "version", "RFC 8446 §4.2.1", "%s",
                   lk_version_name(hs->version));
    return LOCKSTEP_OK;
}

/* Clients send one to three. */
#define KEY_SHARES_MAX 32

/* Every share belongs to a group of supported_groups, and no two to one group (§4.2.8). */
static lockstep_status check_key_shares(lk_handshake *hs) {
    lk_slice rest = hs->hello.key_shares, key_exchange, other_exchange;
    uint16_t group, other;
    size_t num_shares = 0;
    while (lk_key_share_next(&rest, &group, &key_exchange)) {
        /* Both searches below are quadratic, and a ClientHello has room for 13,000 shares. */
        if (++num_shares > KEY_SHARES_MAX)
            return lk_fail(hs, LOCKSTEP_PEER_KEY_SHARE_GROUP,
                           "more than %d shares; no client has so many groups", KEY_SHARES_MAX);
        lk_slice behind = rest;
        if (!lk_u16_has(hs->hello.groups, group))
            return lk_fail(hs, LOCKSTEP_PEER_KEY_SHARE_GROUP,
                           "share for group 0x%04x, which supported_groups lacks", group);
        while (lk_key_share_next(&behind, &other, &other_exchange))
            if (other == group)
                return lk_fail(hs, LOCKSTEP_PEER_KEY_SHARE_DUPLICATE, "group 0x%04x", group);
    }
    return LOCKSTEP_OK;
}

/* check_common holds whatever the version. */
static lockstep_status check_common(lk_handshake *hs) {
    const lk_client_hello *h = &hs->hello;
    LK_TRY(check_version(hs));
    /* "An endpoint MUST treat receipt of a smaller value as a fatal error" (RFC 8449 §4) */
    if ((h->ext.present & lk_extension_bit(record_size_limit)) != 0 && h->record_size_limit < 64)
        return lk_fail(hs, LOCKSTEP_PEER_RECORD_SIZE_LIMIT, "%u, the least is 64",
                       h->record_size_limit);
    lk_host host;
    if (h->server_name.p_len > 0 &&
        (!lk_host_parse(&host, h->server_name) || host.kind != LK_HOST_DNS))
        return lk_fail(hs, LOCKSTEP_PEER_SERVER_NAME, "%zu bytes", h->server_name.p_len);
    return LOCKSTEP_OK;
}

/* check_tls13 has the rules of a ClientHello that is answered with TLS 1.3. */
lockstep_status lk_check_tls13(lk_handshake *hs) {
    const lk_client_hello *h = &hs->hello;
    /* "MUST contain exactly one byte, set to zero" (§4.1.2) */
    if (h->compression_methods.p_len != 1 || h->compression_methods.p[0] != 0)
        return lk_fail(hs, LOCKSTEP_PEER_COMPRESSION, "%zu methods", h->compression_methods.p_len);
    /* What a ClientHello without a PSK must have (§9.2). */
    if ((h->ext.present & lk_extension_bit(pre_shared_key)) == 0)
        LK_TRY(lk_need_extension(hs, LK_EXTENSION_signature_algorithms));
    LK_TRY(lk_need_extension(hs, LK_EXTENSION_supported_groups));
    LK_TRY(lk_need_extension(hs, LK_EXTENSION_key_share));
    if ((h->ext.present & lk_extension_bit(pre_shared_key)) != 0)
        LK_TRY(lk_need_extension(hs, LK_EXTENSION_psk_key_exchange_modes));
    return check_key_shares(hs);
}

/* Nobody names more, and what follows is not looked at: each list is searched again and again, for
 * every identity, share, suite or protocol of ours. All suites that were ever registered are fewer
 * than 400. */
#define SUITES_MAX    512
#define GROUPS_MAX    128
#define SCHEMES_MAX   128
#define PROTOCOLS_MAX 128

static void cut(lk_u16_list *list, size_t max) {
    if (list->p_len > 2 * max)
        list->p_len = 2 * max;
}

static void cut_protocols(lk_slice *list) {
    lk_slice rest = *list, name;
    for (size_t i = 0; i < PROTOCOLS_MAX && lk_protocol_list_next(&rest, &name);)
        i++;
    list->p_len -= rest.p_len;
}

static void cut_lists(lk_client_hello *h) {
    cut(&h->cipher_suites, SUITES_MAX);
    cut(&h->groups, GROUPS_MAX);
    cut(&h->schemes, SCHEMES_MAX);
    cut(&h->schemes_cert, SCHEMES_MAX);
    cut_protocols(&h->protocols);
}

/* read_hello copies the message, since it is looked at again after jobs, and parses the copy. */
lockstep_status lk_read_hello(lk_handshake *hs, lk_slice message) {
    lk_flaw flaw;
    lk_slice copy;
    if (!lk_arena_copy(&hs->arena, &copy, message))
        return lk_fail_memory(hs);
    lockstep_status status = lk_client_hello_parse(&hs->hello, &flaw, lk_body(copy));
    if (status != LOCKSTEP_OK)
        return lk_fail_flaw(hs, status, &flaw);
    cut_lists(&hs->hello);
    memcpy(hs->client_random, hs->hello.random.p, LK_RANDOM_LEN);
    hs->session_id_len = hs->hello.session_id.p_len;
    if (hs->session_id_len > 0)
        memcpy(hs->session_id, hs->hello.session_id.p, hs->session_id_len);
    hs->peer_limit = hs->hello.record_size_limit;
    hs->version = 0;
    return check_common(hs);
}
