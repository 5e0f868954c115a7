/*
 * negotiate.c - the server reads a ClientHello and chooses (RFC 8446 §4.1.1): version, suite,
 * group, protocol, certificate.
 */
#include "handshake/ech.h"
#include "handshake/tls12.h"
#include "x509/name.h"

/* ---- Rules of the message -------------------------------------------------------------------- */

static lockstep_status need(lk_handshake *hs, enum lk_extension_index i) {
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
static lockstep_status check_tls13(lk_handshake *hs) {
    const lk_client_hello *h = &hs->hello;
    /* "MUST contain exactly one byte, set to zero" (§4.1.2) */
    if (h->compression_methods.p_len != 1 || h->compression_methods.p[0] != 0)
        return lk_fail(hs, LOCKSTEP_PEER_COMPRESSION, "%zu methods", h->compression_methods.p_len);
    /* What a ClientHello without a PSK must have (§9.2). */
    if ((h->ext.present & lk_extension_bit(pre_shared_key)) == 0)
        LK_TRY(need(hs, LK_EXTENSION_signature_algorithms));
    LK_TRY(need(hs, LK_EXTENSION_supported_groups));
    LK_TRY(need(hs, LK_EXTENSION_key_share));
    if ((h->ext.present & lk_extension_bit(pre_shared_key)) != 0)
        LK_TRY(need(hs, LK_EXTENSION_psk_key_exchange_modes));
    return check_key_shares(hs);
}

/* ---- Choices --------------------------------------------------------------------------------- */

static lockstep_status choose_suite(lk_handshake *hs) {
    for (size_t i = 0; i < hs->settings->num_suites && hs->suite == NULL; i++) {
        const lk_suite *suite = lk_suite_of(hs->settings->suites[i]);
        if (suite->version == LK_TLS13 && lk_u16_has(hs->hello.cipher_suites, suite->id))
            hs->suite = suite;
    }
    if (hs->suite == NULL)
        return lk_fail(hs, LOCKSTEP_NO_COMMON_SUITE, "the client offers %zu, none of ours",
                       lk_u16_count(hs->hello.cipher_suites));
    lk_note_choice(&hs->watch, false, "cipher suite", "RFC 8446 §4.1.1", "%s, of %zu offered",
                   hs->suite->name, lk_u16_count(hs->hello.cipher_suites));
    return LOCKSTEP_OK;
}

static bool find_share(const lk_handshake *hs, uint16_t group, lk_slice *key_exchange) {
    lk_slice rest = hs->hello.key_shares;
    uint16_t id;
    while (lk_key_share_next(&rest, &id, key_exchange))
        if (id == group)
            return true;
    return false;
}

/* choose_group takes the best group that the client has sent a share for; where there is none, the
 * best that it supports, which costs a HelloRetryRequest. */
static lockstep_status choose_group(lk_handshake *hs, lk_slice *share) {
    const lk_settings *s = hs->settings;
    const lk_kex_group *supported = NULL;
    for (size_t i = 0; i < s->num_groups; i++) {
        if (!lk_u16_has(hs->hello.groups, s->groups[i]))
            continue;
        if (find_share(hs, s->groups[i], share)) {
            hs->group = lk_kex_group_of(s->groups[i]);
            lk_note_choice(&hs->watch, false, "key exchange group", "RFC 8446 §4.2.8", "%s",
                           hs->group->name);
            return LOCKSTEP_OK;
        }
        if (supported == NULL)
            supported = lk_kex_group_of(s->groups[i]);
    }
    *share = lk_slice_of(NULL, 0);
    hs->group = supported;
    if (supported == NULL)
        return lk_fail(hs, LOCKSTEP_NO_COMMON_GROUP, "the client supports %zu, none of ours",
                       lk_u16_count(hs->hello.groups));
    lk_note_choice(&hs->watch, false, "key exchange group", "RFC 8446 §4.1.4",
                   "%s, for which the client sent no key share: it is asked for one",
                   supported->name);
    return LOCKSTEP_OK;
}

lockstep_status lk_choose_protocol(lk_handshake *hs) {
    lk_slice ours = hs->settings->protocols, theirs, name, other;
    if (ours.p_len == 0 || hs->hello.protocols.p_len == 0)
        return LOCKSTEP_OK;
    while (lk_protocol_list_next(&ours, &name))
        for (theirs = hs->hello.protocols; lk_protocol_list_next(&theirs, &other);)
            if (lk_slice_equal(name, other)) {
                hs->protocol = name;
                lk_note_choice(&hs->watch, false, "application protocol", "RFC 7301 §3.2",
                               "%zu bytes of name", name.p_len);
                return LOCKSTEP_OK;
            }
    return lk_fail(hs, LOCKSTEP_NO_COMMON_ALPN, "the client offers none of ours");
}

static char *heap_text(const lk_heap *heap, lk_slice s) {
    return lk_copy_of(heap, s.p, s.p_len);
}

/* What outlives the handshake is copied. A protocol's name is one of our own. */
lockstep_status lk_keep_names(lk_handshake *hs) {
    const lk_heap *heap = &hs->settings->heap;
    lk_agreed *agreed = hs->agreed;
    lk_host host;
    if (hs->hello.server_name.p_len > 0 && lk_host_parse(&host, hs->hello.server_name)) {
        agreed->server_name = heap_text(heap, lk_slice_of(host.bytes, host.len));
        if (agreed->server_name == NULL)
            return lk_fail_memory(hs);
    }
    if (hs->protocol.p_len > 0) {
        agreed->alpn = heap_text(heap, hs->protocol);
        if (agreed->alpn == NULL)
            return lk_fail_memory(hs);
    }
    agreed->version = hs->version;
    return LOCKSTEP_OK;
}

/* ---- Which certificate? ---------------------------------------------------------------------- */

static lockstep_status post_respond(lk_handshake *hs) {
    lk_slice peer;
    uint8_t *share = lk_arena_alloc(&hs->arena, hs->group->server_share);
    lk_job *job = share == NULL ? NULL : lk_post(hs, LK_JOB_RESPOND, lk_send_server_hello);
    if (job == NULL)
        return lk_fail_memory(hs);
    (void)find_share(hs, hs->group->id, &peer);
    job->u.kex.group = hs->group;
    job->u.kex.share = share;
    job->u.kex.peer = peer;
    if (!hs->settings->env.random(hs->settings->env.arg, hs->random_2, LK_RANDOM_LEN) ||
        !lk_kex_draw(hs->settings->crypto, &hs->settings->env, hs->group, job->u.kex.random))
        return lk_fail(hs, LOCKSTEP_ERR_NO_RANDOM, "for the ServerHello");
    return LOCKSTEP_OK;
}

static lockstep_status choose_identity(lk_handshake *hs) {
    hs->peer_schemes = hs->hello.schemes;
    hs->peer_compressions = hs->hello.compressions;
    if (hs->identities == NULL)
        return lk_fail(hs, LOCKSTEP_NAME_UNKNOWN, "the application refused the name %s",
                       hs->agreed->server_name != NULL ? hs->agreed->server_name : "(none)");
    lk_identity_wish wish = {.version = LK_TLS13,
                             .server_name = hs->hello.server_name,
                             .schemes = hs->hello.schemes,
                             .schemes_cert = hs->hello.schemes_cert,
                             .authorities = hs->hello.authorities};
    lockstep_status status = lk_choose_own_type(hs, &wish);
    if (status == LOCKSTEP_OK)
        LK_TRY(lk_choose_peer_type(hs));
    else
        return lk_fail(hs, status, "for the name %s; the client offers %zu signature algorithms",
                       hs->agreed->server_name != NULL ? hs->agreed->server_name : "(none)",
                       lk_u16_count(hs->peer_schemes));
    lk_note_choice(&hs->watch, false, "certificate", "RFC 8446 §4.4.2.2",
                   "chain of %zu, to be signed with %s", hs->identity->num_chain, hs->scheme->name);
    return post_respond(hs);
}

/* The schemes of the ClientHello as numbers, for a question. */
static lockstep_status ask_schemes(lk_handshake *hs, lk_u16_list list) {
    size_t n = lk_u16_count(list);
    uint16_t *schemes = lk_arena_alloc(&hs->arena, (n + 1) * sizeof *schemes);
    if (schemes == NULL)
        return lk_fail_memory(hs);
    for (size_t i = 0; i < n; i++)
        schemes[i] = lk_u16_at(list, i);
    hs->ask.schemes = schemes;
    hs->ask.num_schemes = n;
    return LOCKSTEP_OK;
}

/* Where external keys are all there is, "treating the cases where there is no valid PSK identity
 * and where there is an identity but it has an invalid binder identically" (§E.6) tells nobody
 * which identities exist. */
static bool knows_keys_alone(const lk_handshake *hs) {
    const lk_settings *s = hs->settings;
    return s->num_imported > 0 && s->num_identities == 0 && (s->asks & LOCKSTEP_ASK_IDENTITY) == 0;
}

lockstep_status lk_with_identities(lk_handshake *hs, lk_step then) {
    if ((hs->settings->asks & LOCKSTEP_ASK_IDENTITY) == 0)
        return then(hs);
    LK_TRY(ask_schemes(hs, hs->hello.schemes));
    hs->ask.server_name = hs->agreed->server_name;
    lk_ask_question(hs, LOCKSTEP_ASK_IDENTITY, then);
    return LOCKSTEP_OK;
}

/* answer goes on when it is clear whether a PSK is used: then no certificate is needed. */
static lockstep_status answer(lk_handshake *hs) {
    LK_TRY(lk_keep_names(hs));
    hs->agreed->suite = hs->suite->id;
    hs->agreed->aead = hs->suite->aead;
    hs->agreed->group = hs->group->id;
    hs->agreed->retried = hs->retried;
    if (hs->psk != NULL)
        LK_TRY(lk_psk_chosen(hs));
    lk_early_decide(hs);
    if (hs->agreed->early_data == LOCKSTEP_EARLY_REJECTED && !hs->retried)
        LK_TRY(lk_out(hs, LK_OUT_SKIP_EARLY_DATA, LK_SKIP_EARLY_MAX));
    if (hs->psk != NULL)
        return post_respond(hs);
    if (knows_keys_alone(hs))
        return lk_fail(hs, LOCKSTEP_NO_COMMON_PSK, "and there is no certificate to answer with");
    LK_TRY(need(hs, LK_EXTENSION_signature_algorithms));
    return lk_with_identities(hs, choose_identity);
}

lockstep_status lk_handshake_answer_identity(lk_handshake *hs, const lk_settings *from) {
    if (!hs->asking || hs->ask.kind != LOCKSTEP_ASK_IDENTITY)
        return LOCKSTEP_ERR_USAGE;
    hs->identities = from;
    hs->asking = false;
    return LOCKSTEP_OK;
}

/* ---- The messages ---------------------------------------------------------------------------- */

/* Nobody names more, and what follows is not looked at: each list is searched again and again, for
 * every identity. */
#define SCHEMES_MAX 128

static void cut(lk_u16_list *list) {
    if (list->p_len > 2 * SCHEMES_MAX)
        list->p_len = 2 * SCHEMES_MAX;
}

/* read_hello copies the message, since it is looked at again after jobs, and parses the copy. */
static lockstep_status read_hello(lk_handshake *hs, lk_slice message) {
    lk_flaw flaw;
    lk_slice copy;
    if (!lk_arena_copy(&hs->arena, &copy, message))
        return lk_fail_memory(hs);
    lockstep_status status = lk_client_hello_parse(&hs->hello, &flaw, lk_body(copy));
    if (status != LOCKSTEP_OK)
        return lk_fail_flaw(hs, status, &flaw);
    cut(&hs->hello.schemes);
    cut(&hs->hello.schemes_cert);
    memcpy(hs->client_random, hs->hello.random.p, LK_RANDOM_LEN);
    hs->session_id_len = hs->hello.session_id.p_len;
    if (hs->session_id_len > 0)
        memcpy(hs->session_id, hs->hello.session_id.p, hs->session_id_len);
    hs->peer_limit = hs->hello.record_size_limit;
    hs->version = 0;
    return check_common(hs);
}

static void print_number(lk_digest *d, size_t n) {
    const uint8_t bytes[] = {(uint8_t)(n >> 8), (uint8_t)n};
    lk_digest_update(d, lk_slice_of(bytes, sizeof bytes));
}

/* No field of a ClientHello is longer than two bytes can say. */
static void print_field(lk_digest *d, lk_slice field) {
    print_number(d, field.p_len);
    lk_digest_update(d, field);
}

/* "The client MUST send the same ClientHello without modification, except" for what is listed in
 * §4.1.2: key_share, early_data, cookie, pre_shared_key and padding; and except for an
 * encrypted_client_hello that we could not read: only what can be read is of interest. print_hello
 * takes a digest of the rest, which is kept, or given to the client in a cookie. */
static void print_hello(uint8_t out[LK_HELLO_PRINT_LEN], const lk_client_hello *h) {
    const uint32_t may_differ = lk_extension_bit(key_share) | lk_extension_bit(early_data) |
                                lk_extension_bit(cookie) | lk_extension_bit(pre_shared_key) |
                                lk_extension_bit(padding) |
                                lk_extension_bit(encrypted_client_hello);
    lk_digest d;
    lk_digest_init(&d, LK_SHA256);
    print_number(&d, h->legacy_version);
    print_field(&d, h->random);
    print_field(&d, h->session_id);
    print_field(&d, h->cipher_suites);
    print_field(&d, h->compression_methods);
    print_number(&d, h->ext.num_unknown);
    for (int i = 0; i < LK_EXTENSION_COUNT; i++)
        if ((h->ext.present & ~may_differ) >> i & 1) {
            print_number(&d, lk_extension_table[i].id);
            print_field(&d, h->ext.data[i]);
        }
    lk_digest_peek(&d, out);
}

static bool has_psk(const lk_client_hello *h) {
    return (h->ext.present & lk_extension_bit(pre_shared_key)) != 0;
}

/* take_second goes on with the ClientHello that answers our HelloRetryRequest. */
static lockstep_status take_second(lk_handshake *hs, lk_slice message) {
    uint8_t print[LK_HELLO_PRINT_LEN];
    uint16_t group;
    lk_slice share, rest;
    print_hello(print, &hs->hello);
    if (memcmp(print, hs->hello_print, sizeof print) != 0)
        return lk_fail(hs, LOCKSTEP_PEER_SECOND_HELLO, "more than key_share and cookie changed");
    if ((hs->hello.ext.present & lk_extension_bit(early_data)) != 0)
        return lk_fail(hs, LOCKSTEP_PEER_SECOND_HELLO, "early_data is still there");
    if (has_psk(&hs->hello) && !hs->retry_had_psk)
        return lk_fail(hs, LOCKSTEP_PEER_SECOND_HELLO, "pre_shared_key was not there before");
    rest = hs->hello.key_shares;
    if (hs->retry_has_group &&
        (!lk_key_share_next(&rest, &group, &share) || rest.p_len > 0 || group != hs->group->id))
        return lk_fail(hs, LOCKSTEP_PEER_SECOND_HELLO,
                       "key_share is not the one of %s that was asked for", hs->group->name);
    if (!find_share(hs, hs->group->id, &share))
        return lk_fail(hs, LOCKSTEP_PEER_SECOND_HELLO, "the share of %s is gone", hs->group->name);
    LK_TRY(lk_out(hs, LK_OUT_SKIP_EARLY_DATA, 0)); /* it ends with the second ClientHello */
    return lk_server_psk(hs, message, answer);
}

/* retry asks for another ClientHello: for the share of a group, or only for the cookie back. */
static lockstep_status retry(lk_handshake *hs, bool has_share) {
    hs->retry_has_group = !has_share;
    hs->retry_had_psk = has_psk(&hs->hello);
    print_hello(hs->hello_print, &hs->hello);
    return lk_send_hello_retry_request(hs);
}

lockstep_status lk_on_client_hello(lk_handshake *hs, lk_slice message) {
    return lk_ech_on_client_hello(hs, message); /* and then lk_negotiate */
}

lockstep_status lk_negotiate(lk_handshake *hs, lk_slice message) {
    lk_slice share;
    bool stateless = hs->settings->num_cookie_keys > 0;
    LK_TRY(read_hello(hs, message));
    if (stateless) /* early data of before a ClientHello that is not the first ends here */
        LK_TRY(lk_out(hs, LK_OUT_SKIP_EARLY_DATA, 0));
    if (hs->version == LK_TLS12)
        return lk12_on_client_hello(hs, message);
    LK_TRY(check_tls13(hs));
    if (stateless && hs->hello.cookie.p_len > 0) {
        LK_TRY(lk_on_cookie(hs));
        LK_TRY(lk_choose_protocol(hs));
        return take_second(hs, message);
    }
    LK_TRY(choose_suite(hs));
    LK_TRY(choose_group(hs, &share));
    LK_TRY(lk_choose_protocol(hs));
    lk_transcript_start(&hs->transcript, hs->suite->hash);
    if (share.p_len > 0 && !hs->settings->retry_always)
        return lk_server_psk(hs, message, answer);
    LK_TRY(lk_hash_message(hs, message));
    if ((hs->hello.ext.present & lk_extension_bit(early_data)) != 0) {
        hs->agreed->early_data = LOCKSTEP_EARLY_REJECTED;
        LK_TRY(lk_out(hs, LK_OUT_SKIP_EARLY_DATA, LK_SKIP_EARLY_MAX));
    }
    return retry(hs, share.p_len > 0);
}

lockstep_status lk_on_second_client_hello(lk_handshake *hs, lk_slice message) {
    LK_TRY(lk_ech_on_second_client_hello(hs, &message));
    LK_TRY(read_hello(hs, message));
    if (hs->version == LK_TLS13) /* what else has changed is seen below */
        LK_TRY(check_tls13(hs));
    /* "Clients MUST copy the contents" of the cookie (§4.2.2) */
    if (hs->cookie.p_len > 0 && !lk_slice_equal(hs->hello.cookie, hs->cookie))
        return lk_fail(hs, LOCKSTEP_PEER_COOKIE, "%zu bytes came back of %zu",
                       hs->hello.cookie.p_len, hs->cookie.p_len);
    return take_second(hs, message);
}
