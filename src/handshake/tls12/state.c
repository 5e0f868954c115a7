/*
 * state.c - which message may come when in TLS 1.2 (RFC 5246 §7.3), the change_cipher_spec between
 * them, and the messages that are kept for CertificateVerify.
 */
#include "handshake/tls12/inside.h"

/* ---- The table of flights -------------------------------------------------------------------- */

static const lk_flight flights[] = {
    {LK12_CLIENT_WAIT_CERT, LK_CERTIFICATE, lk12_on_certificate, LK_CERTIFICATE_MAX, false},
    {LK12_CLIENT_WAIT_STATUS, LK_CERTIFICATE_STATUS, lk12_on_certificate_status, LK_HELLO_MAX,
     false},
    {LK12_CLIENT_WAIT_STATUS, LK_SERVER_KEY_EXCHANGE, lk12_on_server_key_exchange, LK_OTHER_MAX,
     false},
    {LK12_CLIENT_WAIT_STATUS_RSA, LK_CERTIFICATE_STATUS, lk12_on_certificate_status, LK_HELLO_MAX,
     false},
    {LK12_CLIENT_WAIT_STATUS_RSA, LK_CERTIFICATE_REQUEST, lk12_on_certificate_request,
     LK_REQUEST_MAX, false},
    {LK12_CLIENT_WAIT_STATUS_RSA, LK_SERVER_HELLO_DONE, lk12_on_server_hello_done, LK_OTHER_MAX,
     false},
    {LK12_CLIENT_WAIT_SKE, LK_SERVER_KEY_EXCHANGE, lk12_on_server_key_exchange, LK_OTHER_MAX,
     false},
    {LK12_CLIENT_WAIT_CR, LK_CERTIFICATE_REQUEST, lk12_on_certificate_request, LK_REQUEST_MAX,
     false},
    {LK12_CLIENT_WAIT_CR, LK_SERVER_HELLO_DONE, lk12_on_server_hello_done, LK_OTHER_MAX, false},
    {LK12_CLIENT_WAIT_SHD, LK_SERVER_HELLO_DONE, lk12_on_server_hello_done, LK_OTHER_MAX, false},
    {LK12_CLIENT_WAIT_NST, LK_NEW_SESSION_TICKET, lk12_on_new_session_ticket, LK_HELLO_MAX + 6,
     false},
    {LK12_CLIENT_WAIT_FINISHED, LK_FINISHED, lk12_on_finished, LK_OTHER_MAX, false},
    {LK12_SERVER_WAIT_CERT, LK_CERTIFICATE, lk12_on_certificate, LK_CERTIFICATE_MAX, false},
    {LK12_SERVER_WAIT_CKE, LK_CLIENT_KEY_EXCHANGE, lk12_on_client_key_exchange, LK_OTHER_MAX,
     false},
    {LK12_SERVER_WAIT_CV, LK_CERTIFICATE_VERIFY, lk12_on_certificate_verify, LK_OTHER_MAX, false},
    {LK12_SERVER_WAIT_FINISHED, LK_FINISHED, lk12_on_finished, LK_OTHER_MAX, false},
};

static lockstep_status on_hello_request(lk_handshake *hs, lk_slice message) {
    if (lk_body(message).p_len > 0)
        return lk_fail(hs, LOCKSTEP_PEER_DECODE_HELLO_REQUEST, "%zu bytes", lk_body(message).p_len);
    if (++hs->tls12->hello_requests > LK12_MAX_HELLO_REQUESTS)
        return lk_fail(hs, LOCKSTEP_PEER_FLOOD, "HelloRequests in the midst of a handshake");
    return LOCKSTEP_OK; /* "MUST NOT be included in the message hashes" */
}

/* Whatever a client awaits, HelloRequest is passed over; `max` is that of one with contents, which
 * is refused then. */
static const lk_flight hello_request = {LK_CLIENT_START, LK_HELLO_REQUEST, on_hello_request, 1024,
                                        false};

static bool is_client_state(lk_state state) {
    return state >= LK12_CLIENT_WAIT_CERT && state <= LK12_CLIENT_WAIT_FINISHED;
}

const lk_flight *lk12_flight_of(lk_state state, uint8_t type) {
    if (type == LK_HELLO_REQUEST && is_client_state(state))
        return &hello_request;
    for (size_t i = 0; i < sizeof flights / sizeof flights[0]; i++)
        if (flights[i].state == state && flights[i].type == (lk_handshake_type)type)
            return &flights[i];
    return NULL;
}

const char *lk12_state_name(lk_state state) {
    static const char *const names[] = {
        "WAIT_CERT", "WAIT_CERT_STATUS", "WAIT_CERT_STATUS", "WAIT_SKE",      "WAIT_CR",
        "WAIT_SHD",  "WAIT_NST",         "WAIT_CCS",         "WAIT_FINISHED", "WAIT_CERT",
        "WAIT_CKE",  "WAIT_CV",          "WAIT_CCS",         "WAIT_FINISHED"};
    if (state >= LK12_CLIENT_WAIT_CERT && state < LK_NUM_STATES)
        return names[state - LK12_CLIENT_WAIT_CERT];
    return state == LK_CLIENT_CONNECTED || state == LK_SERVER_CONNECTED ? "CONNECTED" : "START";
}

bool lk12_encrypted(lk_state state) {
    return state == LK12_CLIENT_WAIT_FINISHED || state == LK12_SERVER_WAIT_FINISHED;
}

bool lk12_knows(uint8_t type) {
    switch (type) {
    case LK_HELLO_REQUEST:
    case LK_CLIENT_HELLO:
    case LK_SERVER_HELLO:
    case LK_NEW_SESSION_TICKET:
    case LK_CERTIFICATE:
    case LK_SERVER_KEY_EXCHANGE:
    case LK_CERTIFICATE_REQUEST:
    case LK_SERVER_HELLO_DONE:
    case LK_CERTIFICATE_VERIFY:
    case LK_CLIENT_KEY_EXCHANGE:
    case LK_FINISHED:
    case LK_CERTIFICATE_STATUS:
        return true;
    default:
        return false;
    }
}

/* ---- change_cipher_spec ---------------------------------------------------------------------- */

lockstep_status lk12_on_change_cipher_spec(lk_handshake *hs) {
    bool client = hs->state == LK12_CLIENT_WAIT_CCS;
    if (hs->tls12 == NULL || (!client && hs->state != LK12_SERVER_WAIT_CCS))
        return lk_fail_at(hs, LOCKSTEP_PEER_CCS, "RFC 5246 §7.1", "in state %s",
                          lk_handshake_state_name(hs));
    hs->state = client ? LK12_CLIENT_WAIT_FINISHED : LK12_SERVER_WAIT_FINISHED;
    return lk_out_write_keys(hs, LK_OUT_READ_KEYS_TLS12,
                             client ? &hs->tls12->server_keys : &hs->tls12->client_keys);
}

/* ---- After the handshake --------------------------------------------------------------------- */

lockstep_status lk12_post_handshake_receive(lockstep_failure *failure, bool is_client,
                                            lk_slice message) {
    uint8_t type = message.p[0];
    /* "renegotiation is unsafe" without RFC 5746 and needless with it: it is refused (RFC 9325
     * §3.5). */
    if (type == (is_client ? LK_HELLO_REQUEST : LK_CLIENT_HELLO))
        return lk_failure_set(failure, LOCKSTEP_PEER_RENEGOTIATION, "%s came in state CONNECTED",
                              lk_handshake_name(type));
    return lk_failure_set(failure, LOCKSTEP_PEER_UNEXPECTED_MESSAGE,
                          "%s (%u) came in state CONNECTED", lk_handshake_name(type), type);
}

/* ---- Kept messages --------------------------------------------------------------------------- */

lockstep_status lk12_enter(lk_handshake *hs, bool keep) {
    lk12_handshake *tls12 = lk_arena_alloc(&hs->arena, sizeof *tls12);
    if (tls12 == NULL)
        return lk_fail_memory(hs);
    tls12->keeping = keep;
    tls12->kept_end = &tls12->kept;
    hs->version = LK_TLS12;
    hs->tls12 = tls12;
    /* The client's ClientHello has waited for its hash to be known. */
    if (hs->transcript.waiting.p_len > 0)
        return lk12_keep_message(hs, hs->transcript.waiting);
    return LOCKSTEP_OK;
}

/* TLS 1.2 signs "all handshake messages sent or received [...] up to, but not including, this
 * message" (RFC 5246 §7.4.8), by a hash that is not known before, with Ed25519 by none. */
lockstep_status lk12_keep_message(lk_handshake *hs, lk_slice message) {
    lk12_handshake *tls12 = hs->tls12;
    if (!tls12->keeping)
        return LOCKSTEP_OK;
    lk12_kept *kept = lk_arena_alloc(&hs->arena, sizeof *kept);
    if (kept == NULL || !lk_arena_copy(&hs->arena, &kept->message, message))
        return lk_fail_memory(hs);
    *tls12->kept_end = kept;
    tls12->kept_end = &kept->next;
    tls12->kept_len += message.p_len;
    return LOCKSTEP_OK;
}

lockstep_status lk12_kept_messages(lk_handshake *hs, lk_slice *out) {
    lk12_handshake *tls12 = hs->tls12;
    uint8_t *p = lk_arena_alloc(&hs->arena, tls12->kept_len);
    if (p == NULL)
        return lk_fail_memory(hs);
    *out = lk_slice_of(p, tls12->kept_len);
    for (const lk12_kept *kept = tls12->kept; kept != NULL; kept = kept->next) {
        memcpy(p, kept->message.p, kept->message.p_len);
        p += kept->message.p_len;
    }
    tls12->keeping = false;
    return LOCKSTEP_OK;
}
