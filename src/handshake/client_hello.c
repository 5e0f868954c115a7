/*
 * client_hello.c - the client's first flight (RFC 8446 §4.1.2): key shares are made as jobs, then
 * the message is written. negotiate.c reads it on the other side.
 */
#include "handshake/ech.h"
#include "handshake/internal.h"

static bool draw(lk_handshake *hs, uint8_t *out, size_t out_len) {
    return hs->settings->env.random(hs->settings->env.arg, out, out_len);
}

/* A share's place in hs->shares is taken at once. */
lockstep_status lk_post_share(lk_handshake *hs, const lk_kex_group *group, lk_step then) {
    lk_share *share = &hs->shares[hs->num_shares++];
    share->group = group;
    share->bytes = lk_arena_alloc(&hs->arena, group->client_share);
    lk_job *job = share->bytes == NULL ? NULL : lk_post(hs, LK_JOB_SHARE, then);
    if (job == NULL)
        return lk_fail_memory(hs);
    job->u.kex.group = group;
    job->u.kex.share = share->bytes;
    if (!lk_draw_seed(hs, job))
        return lk_fail(hs, LOCKSTEP_ERR_NO_RANDOM, "for the key share of %s", group->name);
    return LOCKSTEP_OK;
}

/* GREASE code points are 0x?a?a with equal bytes (RFC 8701 §2); the two extensions must differ. */
static void pick_grease(lk_handshake *hs, const uint8_t *random) {
    for (size_t i = 0; i < 5; i++) {
        uint16_t byte = (uint16_t)((random[i] & 0xf0) | 0x0a);
        hs->grease[i] = (uint16_t)(byte << 8 | byte);
    }
    if (hs->grease[3] == hs->grease[4])
        hs->grease[4] ^= 0x1010;
}

static lockstep_status post_shares(lk_handshake *hs) {
    const lk_settings *s = hs->settings;
    /* Shares are for TLS 1.3; without them nothing needs a job. */
    if (s->version_max < LK_TLS13)
        return lk_send_client_hello(hs);
    for (size_t i = 0; i < s->num_shares; i++)
        LK_TRY(lk_post_share(hs, lk_kex_group_of(s->groups[i]), lk_send_client_hello));
    return lk_ech_start(hs);
}

lockstep_status lk_client_start(lk_handshake *hs) {
    const lk_settings *s = hs->settings;
    uint8_t grease[5];
    hs->session_id_len =
        s->compatibility_mode && s->version_max == LK_TLS13 ? LK_SESSION_ID_MAX : 0;
    if (!draw(hs, hs->client_random, sizeof hs->client_random) ||
        !draw(hs, hs->session_id, hs->session_id_len) ||
        (s->grease && !draw(hs, grease, sizeof grease)))
        return lk_fail(hs, LOCKSTEP_ERR_NO_RANDOM, "for the ClientHello");
    if (s->grease)
        pick_grease(hs, grease);
    return lk_client_psks(hs, post_shares);
}

/* take_shares makes the private halves ours before anything can fail. */
lockstep_status lk_take_shares(lk_handshake *hs) {
    size_t first = 0;
    lockstep_status status = LOCKSTEP_OK;
    while (first < hs->num_shares && hs->shares[first].own != NULL)
        first++;
    for (size_t i = first; i < hs->num_shares; i++) {
        lk_job *job = hs->jobs[i - first];
        hs->shares[i].own = job->u.kex.made;
        job->u.kex.made = NULL;
        if (job->status != LOCKSTEP_OK)
            status = job->status;
    }
    return status == LOCKSTEP_OK ? status : lk_fail(hs, status, "making a key share");
}

/* A session of TLS 1.2 is known by the session ID that the server sends back: its own, or with a
 * ticket any that we draw (RFC 5077 §3.4). */
static lockstep_status set_session_id(lk_handshake *hs) {
    const lk_session *session = hs->resumes;
    if (session == NULL || session->version != LK_TLS12 || hs->retried)
        return LOCKSTEP_OK;
    if (session->ticket.p_len == 0) {
        memcpy(hs->session_id, session->session_id.p, session->session_id.p_len);
        hs->session_id_len = session->session_id.p_len;
    } else if (hs->session_id_len == 0) {
        hs->session_id_len = LK_SESSION_ID_MAX;
        if (!draw(hs, hs->session_id, hs->session_id_len))
            return lk_fail(hs, LOCKSTEP_ERR_NO_RANDOM, "for the session ID");
    }
    return LOCKSTEP_OK;
}

/* list_psks makes the list to send; in the arena. */
static const lk_psk_out *list_psks(lk_handshake *hs) {
    lk_psk_out *list = lk_arena_alloc(&hs->arena, (hs->num_psks + 1) * sizeof *list);
    for (size_t i = 0; list != NULL && i < hs->num_psks; i++)
        list[i] = (lk_psk_out){hs->psks[i].identity, hs->psks[i].obfuscated_age,
                               lk_hash_length(hs->psks[i].early.s.hash)};
    return list;
}

static bool offers_session(const lk_handshake *hs) {
    return hs->resumes != NULL && hs->resumes->version == LK_TLS12;
}

/* list_groups leaves out what has ML-KEM in it where TLS 1.3 is not spoken: it is for that alone.
 */
static size_t list_groups(uint16_t out[LK_KEX_NUM_GROUPS], const lk_settings *s) {
    size_t n = 0;
    for (size_t i = 0; i < s->num_groups; i++)
        if (lk_settings_speaks(s, LK_TLS13) || !lk_kex_group_of(s->groups[i])->has_kem)
            out[n++] = s->groups[i];
    return n;
}

lockstep_status lk_send_client_hello(lk_handshake *hs) {
    const lk_settings *s = hs->settings;
    static const uint16_t all_versions[] = {LK_TLS13, LK_TLS12};
    bool tls13 = lk_settings_speaks(s, LK_TLS13), tls12 = lk_settings_speaks(s, LK_TLS12);
    lk_key_share_out shares[LK_KEX_NUM_GROUPS];
    size_t num_shares = 0;
    uint16_t suites[LK_NUM_SUITES], delegated[LK_NUM_SCHEMES], groups[LK_KEX_NUM_GROUPS];
    size_t num_suites = 0, num_groups = list_groups(groups, s);
    bool tls12_ticket = tls12 && (s->keep_sessions || offers_session(hs));
    size_t num_delegated = s->accept_delegated ? lk_delegated_schemes(delegated, s) : 0;
    LK_TRY(lk_take_shares(hs));
    LK_TRY(set_session_id(hs));
    /* In the second ClientHello PSKs may have gone; this must not change with them (§4.1.2). */
    if (!hs->retried)
        hs->psk_modes = tls13 && (s->keep_sessions || hs->num_psks > 0);
    const lk_psk_out *psks = list_psks(hs);
    if (psks == NULL)
        return lk_fail_memory(hs);
    for (size_t i = 0; i < s->num_suites; i++)
        if (lk_settings_speaks(s, lk_suite_of(s->suites[i])->version))
            suites[num_suites++] = s->suites[i];
    /* After a HelloRetryRequest "a single KeyShareEntry from the indicated group" (§4.1.2), which
     * is the last that was made. */
    bool new_share = hs->retried && hs->group != NULL;
    for (size_t i = new_share ? hs->num_shares - 1 : 0; i < hs->num_shares; i++)
        shares[num_shares++] =
            (lk_key_share_out){hs->shares[i].group->id,
                               lk_slice_of(hs->shares[i].bytes, hs->shares[i].group->client_share)};
    /* "Literal IPv4 and IPv6 addresses are not permitted in "HostName"." (RFC 6066 §3) */
    bool named = hs->name->kind == LK_HOST_DNS;
    lk_client_hello_out hello = {
        .random = hs->client_random,
        .session_id = lk_slice_of(hs->session_id, hs->session_id_len),
        .suites = suites,
        .num_suites = num_suites,
        .versions = all_versions,
        .num_versions = !tls13  ? 0
                        : tls12 ? 2
                                : 1,
        .tls12 = tls12,
        .wants_ticket = tls12_ticket,
        .session_ticket = offers_session(hs) ? hs->resumes->ticket : lk_slice_of(NULL, 0),
        .groups = groups,
        .num_groups = num_groups,
        .schemes = s->schemes,
        .num_schemes = s->num_schemes,
        .shares = shares,
        .num_shares = num_shares,
        .server_name = named ? lk_slice_of(hs->name->bytes, hs->name->len) : lk_slice_of(NULL, 0),
        .protocols = s->protocols,
        .cookie = hs->cookie,
        .record_size_limit = s->record_size_limit,
        .compressions = s->compressions,
        .num_compressions = s->num_compressions,
        .delegated_schemes = delegated,
        .num_delegated_schemes = num_delegated,
        .status = true,
        .psk_dhe_ke = hs->psk_modes,
        .early_data = lk_early_wanted(hs),
        .psks = psks,
        .num_psks = hs->num_psks,
        .grease_suite = hs->grease[0],
        .grease_group = hs->grease[1],
        .grease_share = !new_share,
        .grease_version = hs->grease[2],
        .grease_extension_1 = hs->grease[3],
        .grease_extension_2 = hs->grease[4],
    };
    hs->offered = lk_extension_bit(supported_groups) | lk_extension_bit(signature_algorithms) |
                  lk_extension_bit(status_request) | lk_extension_bit(signed_certificate_timestamp);
    if (tls13)
        hs->offered |= lk_extension_bit(supported_versions) | lk_extension_bit(key_share);
    if (tls12)
        hs->offered |= lk_extension_bit(renegotiation_info) | lk_extension_bit(ec_point_formats) |
                       lk_extension_bit(extended_master_secret);
    if (tls12_ticket)
        hs->offered |= lk_extension_bit(session_ticket);
    if (named)
        hs->offered |= lk_extension_bit(server_name);
    if (s->protocols.p_len > 0)
        hs->offered |= lk_extension_bit(application_layer_protocol_negotiation);
    if (s->record_size_limit != 0)
        hs->offered |= lk_extension_bit(record_size_limit);
    if (hello.num_psks > 0)
        hs->offered |= lk_extension_bit(pre_shared_key);
    if (hello.early_data)
        hs->offered |= lk_extension_bit(early_data);
    lk_offer_certificate_types(hs, &hello);
    if (num_delegated > 0)
        hs->offered |= lk_extension_bit(delegated_credential);
    if (s->num_compressions > 0)
        hs->offered |= lk_extension_bit(compress_certificate);
    if (hs->retried)
        LK_TRY(lk_out_ccs(hs));
    LK_TRY(lk_ech_offer(hs, &hello));
    size_t at = lk_buffer_length(&hs->outbox.bytes);
    lk_builder b = lk_builder_of(&hs->outbox.bytes);
    lk_client_hello_build(&b, &hello);
    LK_TRY(lk_ech_send(hs, &b, at));
    hs->state = LK_CLIENT_WAIT_SH;
    return hello.early_data ? lk_early_begin(hs) : LOCKSTEP_OK;
}

/* ---- The second one, after a HelloRetryRequest ----------------------------------------------- */

lockstep_status lk_send_second_client_hello(lk_handshake *hs, const lk_kex_group *group) {
    if (group != NULL)
        return lk_post_share(hs, group, lk_send_client_hello);
    return lk_send_client_hello(hs); /* the same share again, with the cookie */
}
