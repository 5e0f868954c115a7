#include "handshake/session.h"

#include "util/secret.h"
#include "wire/types.h"

/* The first byte: another form gets another number; and the bits of the second. */
enum { FORM = 3, NAMED = 1, PEER_RAW_KEY = 2, ALL_BITS = 3 };

/* ---- Bytes ----------------------------------------------------------------------------------- */

void lk_session_build(lk_builder *b, const lk_session *s) {
    lk_build_u8(b, FORM);
    lk_build_u8(b, (uint8_t)((s->named ? NAMED : 0) | (s->peer_raw_key ? PEER_RAW_KEY : 0)));
    lk_build_u16(b, s->version);
    lk_build_u16(b, s->suite);
    lk_build_u16(b, s->group);
    lk_build_u16(b, s->scheme);
    lk_build_vector(b, 1, s->secret);
    lk_build_vector(b, 1, s->server_name);
    lk_build_vector(b, 1, s->alpn);
    lk_build_vector(b, 2, s->ticket);
    lk_build_vector(b, 1, s->session_id);
    lk_build_uint(b, 8, (uint64_t)s->issued_ms);
    lk_build_uint(b, 8, (uint64_t)s->verified_ms);
    lk_build_u32(b, s->lifetime_s);
    lk_build_u32(b, s->age_add);
    lk_build_u32(b, s->max_early_data);
    lk_build_vector(b, 1, s->shown_key);
    lk_build_vector(b, 3, s->peer);
}

/* Times that can be added to without a thought: until the year 36,812. */
#define TIME_MAX ((INT64_C(1) << 50) - 1)

static bool read_time(lk_reader *r, int64_t *out) {
    uint64_t v;
    if (!lk_read_uint(r, 8, &v) || v > TIME_MAX)
        return false;
    *out = (int64_t)v;
    return true;
}

bool lk_session_parse(lk_session *out, lk_slice in) {
    lk_reader r = lk_reader_of(in);
    uint8_t form, bits;
    memset(out, 0, sizeof *out);
    if (!lk_read_u8(&r, &form) || form != FORM || !lk_read_u8(&r, &bits) || bits > ALL_BITS)
        return false;
    out->named = (bits & NAMED) != 0;
    out->peer_raw_key = (bits & PEER_RAW_KEY) != 0;
    return lk_read_u16(&r, &out->version) && lk_read_u16(&r, &out->suite) &&
           lk_read_u16(&r, &out->group) && lk_read_u16(&r, &out->scheme) &&
           lk_read_vector(&r, 1, 1, LK_SESSION_SECRET_MAX, &out->secret) &&
           lk_read_vector(&r, 1, 0, 255, &out->server_name) &&
           lk_read_vector(&r, 1, 0, 255, &out->alpn) &&
           lk_read_vector(&r, 2, 0, UINT16_MAX, &out->ticket) &&
           lk_read_vector(&r, 1, 0, LK_SESSION_ID_MAX, &out->session_id) &&
           read_time(&r, &out->issued_ms) && read_time(&r, &out->verified_ms) &&
           lk_read_u32(&r, &out->lifetime_s) && lk_read_u32(&r, &out->age_add) &&
           lk_read_u32(&r, &out->max_early_data) &&
           lk_read_vector(&r, 1, 0, LK_SHOWN_KEY_LEN, &out->shown_key) &&
           (out->shown_key.p_len == 0 || out->shown_key.p_len == LK_SHOWN_KEY_LEN) &&
           lk_read_vector(&r, 3, 0, (1 << 24) - 1, &out->peer) && lk_reader_done(&r) &&
           out->lifetime_s <= LK_TICKET_LIFETIME_MAX &&
           (out->version == LK_TLS12 || out->version == LK_TLS13);
}

void lk_session_peer_build(lk_builder *b, const lk_slice *chain, const lk_slice *ocsp,
                           size_t num_chain, lk_slice scts) {
    if (num_chain == 0)
        return;
    lk_build_vector(b, 2, scts);
    for (size_t i = 0; i < num_chain; i++) {
        lk_build_vector(b, 3, chain[i]);
        lk_build_vector(b, 3, ocsp[i]);
    }
}

bool lk_session_peer(lk_certificate *out, lk_slice peer) {
    const size_t max = (1 << 24) - 1;
    lk_reader r = lk_reader_of(peer);
    memset(out, 0, sizeof *out);
    if (peer.p_len == 0)
        return true;
    if (!lk_read_vector(&r, 2, 0, UINT16_MAX, &out->scts))
        return false;
    for (; !lk_reader_done(&r); out->num_chain++)
        if (out->num_chain == LK_CHAIN_MAX ||
            !lk_read_vector(&r, 3, 1, max, &out->chain[out->num_chain]) ||
            !lk_read_vector(&r, 3, 0, max, &out->ocsp[out->num_chain]))
            return false;
    return out->num_chain > 0;
}

/* ---- Time ------------------------------------------------------------------------------------ */

int64_t lk_session_expires_ms(const lk_session *s) {
    return s->issued_ms + (int64_t)s->lifetime_s * 1000;
}

bool lk_session_alive(const lk_session *s, int64_t now_ms) {
    return now_ms >= s->issued_ms && now_ms < lk_session_expires_ms(s);
}

uint32_t lk_ticket_lifetime_s(uint32_t wanted, int64_t verified_ms, int64_t now_ms) {
    /* Resuming again and again must not put off for ever that the peer proves its key: seven days
     * after it did, that has to be done anew. */
    int64_t left_s = LK_TICKET_LIFETIME_MAX - (now_ms - verified_ms) / 1000;
    if (left_s <= 0)
        return 0;
    return wanted < left_s ? wanted : (uint32_t)left_s;
}

/* ---- The object ------------------------------------------------------------------------------ */

static char *text(const lk_heap *heap, lk_slice s) {
    return lk_copy_of(heap, s.p, s.p_len);
}

lockstep_status lk_session_new(lockstep_session **out, const lk_heap *heap, lk_slice in) {
    lk_certificate peer;
    lockstep_session *session = lk_alloc(heap, sizeof *session + in.p_len);
    *out = NULL;
    if (session == NULL)
        return LOCKSTEP_ERR_NO_MEMORY;
    session->heap = *heap;
    session->size = sizeof *session + in.p_len;
    session->num_bytes = in.p_len;
    if (in.p_len > 0)
        memcpy(session->bytes, in.p, in.p_len);
    lockstep_status status = LOCKSTEP_OK;
    if (!lk_session_parse(&session->s, lk_slice_of(session->bytes, in.p_len)) ||
        !lk_session_peer(&peer, session->s.peer))
        status = LOCKSTEP_ERR_SESSION;
    if (status == LOCKSTEP_OK) {
        session->server_name = text(heap, session->s.server_name);
        session->alpn = session->s.alpn.p_len > 0 ? text(heap, session->s.alpn) : NULL;
        if (session->server_name == NULL || (session->alpn == NULL && session->s.alpn.p_len > 0))
            status = LOCKSTEP_ERR_NO_MEMORY;
    }
    if (status != LOCKSTEP_OK) {
        lockstep_session_free(session);
        return status;
    }
    *out = session;
    return LOCKSTEP_OK;
}

void lockstep_session_free(lockstep_session *session) {
    if (session == NULL)
        return;
    lk_heap heap = session->heap;
    if (session->server_name != NULL)
        lk_release(&heap, session->server_name, session->s.server_name.p_len + 1);
    if (session->alpn != NULL)
        lk_release(&heap, session->alpn, session->s.alpn.p_len + 1);
    lk_release(&heap, session, session->size);
}

void lockstep_session_info_of(const lockstep_session *session, lockstep_session_info *out) {
    *out = (lockstep_session_info){0};
    if (session == NULL)
        return;
    out->version = session->s.version;
    out->suite = session->s.suite;
    out->server_name = session->server_name;
    out->alpn = session->alpn;
    out->expires_ms = lk_session_expires_ms(&session->s);
    out->max_early_data = session->s.max_early_data;
}

size_t lockstep_session_bytes(const lockstep_session *session, const uint8_t **out) {
    if (session == NULL || out == NULL)
        return 0;
    *out = session->bytes;
    return session->num_bytes;
}

lockstep_status lockstep_session_from_bytes(lockstep_session **out, const lockstep_env *env,
                                            const uint8_t *in, size_t in_len) {
    if (out == NULL || (in == NULL && in_len > 0))
        return LOCKSTEP_ERR_USAGE;
    lk_heap heap = lk_heap_of(env);
    return lk_session_new(out, &heap, lk_slice_of(in, in_len));
}
