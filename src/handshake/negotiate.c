/*
 * negotiate.c - the server has read a ClientHello (client_hello_rules.c) and chooses (RFC 8446
 * §4.1.1): suite, group, protocol, certificate. second_hello.c goes on after a HelloRetryRequest.
 */
#include "handshake/negotiate.h"

#include "handshake/ech.h"
#include "handshake/tls12.h"
#include "x509/name.h"

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

bool lk_find_share(const lk_handshake *hs, uint16_t group, lk_slice *key_exchange) {
    lk_slice rest = hs->hello.key_shares;
    uint16_t id;
    while (lk_key_share_next(&rest, &id, key_exchange))
        if (id == group)
            return true;
    return false;
}

/* choose_group takes the best group that the client has sent a share for; where there is none, the
 * best that it supports, which costs a HelloRetryRequest. It costs one too where only ML-KEM keeps
 * a recording from the quantum computer of tomorrow: shares do not decide about that, as whoever
 * chooses by them first takes a weaker group than both have. */
static lockstep_status choose_group(lk_handshake *hs, lk_slice *share) {
    const lk_settings *s = hs->settings;
    const lk_kex_group *supported = NULL;
    for (size_t i = 0; i < s->num_groups; i++) {
        const lk_kex_group *group = lk_kex_group_of(s->groups[i]);
        if (!lk_u16_has(hs->hello.groups, group->id))
            continue;
        if (supported != NULL && supported->has_kem && !group->has_kem)
            break;
        if (lk_find_share(hs, group->id, share)) {
            hs->group = group;
            lk_note_choice(&hs->watch, false, "key exchange group", "RFC 8446 §4.2.8", "%s",
                           hs->group->name);
            return LOCKSTEP_OK;
        }
        if (supported == NULL)
            supported = group;
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
                lk_note_choice(&hs->watch, false, "application protocol", "RFC 7301 §3.2", "%.*s",
                               (int)name.p_len, (const char *)name.p);
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
    (void)lk_find_share(hs, hs->group->id, &peer);
    job->u.kex.group = hs->group;
    job->u.kex.share = share;
    job->u.kex.peer = peer;
    if (!hs->settings->env.random(hs->settings->env.arg, hs->random_2, LK_RANDOM_LEN) ||
        !lk_draw_seed(hs, job))
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

/* lk_answer_hello goes on when it is clear whether a PSK is used: then no certificate is needed. */
lockstep_status lk_answer_hello(lk_handshake *hs) {
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
    LK_TRY(lk_need_extension(hs, LK_EXTENSION_signature_algorithms));
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

lockstep_status lk_on_client_hello(lk_handshake *hs, lk_slice message) {
    return lk_ech_on_client_hello(hs, message); /* and then lk_negotiate */
}

lockstep_status lk_negotiate(lk_handshake *hs, lk_slice message) {
    lk_slice share;
    bool stateless = hs->settings->num_cookie_keys > 0;
    LK_TRY(lk_read_hello(hs, message));
    if (stateless) /* early data of before a ClientHello that is not the first ends here */
        LK_TRY(lk_out(hs, LK_OUT_SKIP_EARLY_DATA, 0));
    if (hs->version == LK_TLS12)
        return lk12_on_client_hello(hs, message);
    LK_TRY(lk_check_tls13(hs));
    if (stateless && hs->hello.cookie.p_len > 0) {
        LK_TRY(lk_on_cookie(hs));
        LK_TRY(lk_choose_protocol(hs));
        return lk_take_second_hello(hs, message);
    }
    LK_TRY(choose_suite(hs));
    LK_TRY(choose_group(hs, &share));
    LK_TRY(lk_choose_protocol(hs));
    lk_transcript_start(&hs->transcript, hs->suite->hash);
    if (share.p_len > 0 && !hs->settings->retry_always)
        return lk_server_psk(hs, message, lk_answer_hello);
    LK_TRY(lk_hash_message(hs, message));
    if ((hs->hello.ext.present & lk_extension_bit(early_data)) != 0) {
        hs->agreed->early_data = LOCKSTEP_EARLY_REJECTED;
        LK_TRY(lk_out(hs, LK_OUT_SKIP_EARLY_DATA, LK_SKIP_EARLY_MAX));
    }
    return lk_retry(hs, share.p_len > 0);
}
