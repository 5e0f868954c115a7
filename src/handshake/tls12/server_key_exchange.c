/*
 * server_key_exchange.c - ServerKeyExchange (RFC 8422 §5.4): the server's share, signed together
 * with both randoms. By this signature the server shows that it holds its certificate's key.
 */
#include "handshake/tls12/inside.h"
#include "wire/tls12_key_exchange.h"

/* signed_params puts "ClientHello.random + ServerHello.random + ServerKeyExchange.params" into the
 * arena. */
static lockstep_status signed_params(lk_handshake *hs, lk_slice params, lk_slice *out) {
    uint8_t *p = lk_arena_alloc(&hs->arena, 2 * LK_RANDOM_LEN + params.p_len);
    if (p == NULL)
        return lk_fail_memory(hs);
    memcpy(p, hs->client_random, LK_RANDOM_LEN);
    memcpy(p + LK_RANDOM_LEN, hs->random_2, LK_RANDOM_LEN);
    memcpy(p + 2 * LK_RANDOM_LEN, params.p, params.p_len);
    *out = lk_slice_of(p, 2 * LK_RANDOM_LEN + params.p_len);
    return LOCKSTEP_OK;
}

/* ---- Server ---------------------------------------------------------------------------------- */

static lockstep_status send_signed(lk_handshake *hs) {
    lk_builder b;
    lk_slice params = hs->tls12->params;
    size_t at = lk12_begin(hs, &b);
    lk12_server_key_exchange_build(&b, params, hs->scheme->id, hs->signature);
    LK_TRY(lk_send(hs, &b, at));
    return lk12_end_server_flight(hs);
}

lockstep_status lk12_send_server_key_exchange(lk_handshake *hs) {
    uint8_t space[4 + 255];
    lk_slice share = lk_slice_of(hs->shares[0].bytes, hs->group->client_share), to_sign = {0};
    /* ServerECDHParams: curve_type named_curve, the group, the point behind its length */
    space[0] = LK12_NAMED_CURVE;
    space[1] = (uint8_t)(hs->group->id >> 8);
    space[2] = (uint8_t)hs->group->id;
    space[3] = (uint8_t)share.p_len;
    memcpy(space + 4, share.p, share.p_len);
    LK_TRY(signed_params(hs, lk_slice_of(space, 4 + share.p_len), &to_sign));
    hs->tls12->params =
        lk_slice_of(to_sign.p + 2 * LK_RANDOM_LEN, to_sign.p_len - 2 * LK_RANDOM_LEN);
    return lk_sign(hs, to_sign, send_signed);
}

/* ---- Client ---------------------------------------------------------------------------------- */

static lockstep_status verified(lk_handshake *hs) {
    hs->state = LK12_CLIENT_WAIT_CR;
    return LOCKSTEP_OK;
}

static const lk_kex_group *offered_group(const lk_handshake *hs, uint16_t id) {
    for (size_t i = 0; i < hs->settings->num_groups; i++)
        if (hs->settings->groups[i] == id)
            return lk_kex_group_of(id);
    return NULL;
}

/* In TLS 1.2 supported_groups is about the curve of the certificate's key too (RFC 8422 §5.1). */
static bool offered_curve(const lk_handshake *hs, lk_key_kind kind) {
    return (kind != LK_KEY_P256 || offered_group(hs, LOCKSTEP_GROUP_SECP256R1) != NULL) &&
           (kind != LK_KEY_P384 || offered_group(hs, LOCKSTEP_GROUP_SECP384R1) != NULL) &&
           (kind != LK_KEY_P521 || offered_group(hs, LOCKSTEP_GROUP_SECP521R1) != NULL);
}

/* The chain is good, so the key is there by which the parameters must be signed. */
static lockstep_status verify_params(lk_handshake *hs) {
    const lk12_handshake *tls12 = hs->tls12;
    const lk_scheme *scheme;
    if (!lk_suite_takes(hs->suite, lk_public_key_kind(hs->peer_key)))
        return lk_fail(hs, LOCKSTEP_PEER_CERTIFICATE_KIND, "for %s", hs->suite->name);
    if (!offered_curve(hs, lk_public_key_kind(hs->peer_key)))
        return lk_fail(hs, LOCKSTEP_PEER_CERTIFICATE_CURVE, "we offered %zu groups",
                       hs->settings->num_groups);
    LK_TRY(lk12_peer_scheme(hs, &scheme, hs->agreed->peer_scheme));
    return lk12_verify(hs, scheme, tls12->to_verify, tls12->peer_signature, verified);
}

lockstep_status lk12_on_server_key_exchange(lk_handshake *hs, lk_slice message) {
    lk12_server_key_exchange ske;
    lk12_handshake *tls12 = hs->tls12;
    lockstep_status status = lk12_server_key_exchange_parse(&ske, lk_body(message));
    if (status != LOCKSTEP_OK)
        return lk_fail(hs, status, "for %s", hs->suite->name);
    /* "a TLS server MUST NOT offer" explicit curves (RFC 8422 §5.4); and a group of TLS 1.3 alone
     * is none here. */
    if (ske.curve_type != LK12_NAMED_CURVE)
        return lk_fail(hs, LOCKSTEP_PEER_CURVE, "curve_type %u", ske.curve_type);
    hs->group = offered_group(hs, ske.group);
    if (hs->group == NULL || hs->group->has_kem)
        return lk_fail(hs, LOCKSTEP_PEER_CURVE, "group 0x%04x (%s)", ske.group,
                       lockstep_group_name(ske.group));
    hs->agreed->group = hs->group->id;
    hs->agreed->peer_scheme = ske.scheme;
    lk_note_choice(&hs->watch, false, "key exchange group", "RFC 8422 §5.4", "%s", hs->group->name);
    if (!lk_arena_copy(&hs->arena, &tls12->point, ske.point) ||
        !lk_arena_copy(&hs->arena, &tls12->peer_signature, ske.signature))
        return lk_fail_memory(hs);
    LK_TRY(signed_params(hs, ske.params, &tls12->to_verify));
    LK_TRY(lk_hash_message(hs, message));
    return lk12_judge_server(hs, verify_params);
}
