/*
 * fuzz_session.c - a session from a file: what is read is written again the same, and a client that
 * is given it goes on, with it or without.
 */
#include "handshake/session.h"

#include "support/fuzzing.h"

static void check_peer(lk_slice peer, const uint8_t *data, size_t size) {
    lk_certificate certificate;
    if (!lk_session_peer(&certificate, peer))
        return;
    NEED(certificate.num_chain <= LK_CHAIN_MAX && inside(certificate.scts, data, size));
    for (size_t i = 0; i < certificate.num_chain; i++)
        NEED(certificate.chain[i].p_len > 0 && inside(certificate.chain[i], data, size) &&
             inside(certificate.ocsp[i], data, size));
}

static void check_parse(const uint8_t *data, size_t size) {
    lk_session s;
    lk_buffer again = lk_buffer_of(&lk_heap_default, 0);
    lk_builder b = lk_builder_of(&again);
    if (!lk_session_parse(&s, lk_slice_of(data, size)))
        return;
    NEED(s.secret.p_len > 0 && s.secret.p_len <= LK_SESSION_SECRET_MAX);
    NEED(inside(s.secret, data, size) && inside(s.server_name, data, size) &&
         inside(s.alpn, data, size) && inside(s.ticket, data, size) &&
         inside(s.session_id, data, size) && inside(s.shown_key, data, size) &&
         inside(s.peer, data, size));
    NEED(lk_session_expires_ms(&s) >= s.issued_ms);
    check_peer(s.peer, data, size);
    lk_session_build(&b, &s);
    NEED(lk_builder_ok(&b));
    NEED(lk_slice_equal(lk_buffer_slice(&again), lk_slice_of(data, size)));
    lk_buffer_free(&again);
}

/* One config that verifies, and one that does not. */
static lockstep_config *config(int i) {
    static lockstep_config *made[2];
    static world w;
    static const char *const alpn[] = {"h2", "http/1.1"};
    if (made[i] == NULL) {
        world_init(&w, 1);
        made[i] = client_config(&w);
        NEED(lockstep_config_offer_early_data(made[i]) == LOCKSTEP_OK);
        NEED(lockstep_config_set_alpn(made[i], alpn, 2) == LOCKSTEP_OK);
        if (i == 1)
            NEED(lockstep_config_danger_skip_verification(made[i]) == LOCKSTEP_OK);
        seal(made[i]);
    }
    return made[i];
}

static void offer(const lockstep_session *session, int i) {
    lockstep_conn *conn;
    lk_client_hello hello;
    lk_flaw flaw;
    const uint8_t *out;
    size_t used;
    NEED(lockstep_client_resume(&conn, config(i), "server.test", session) == LOCKSTEP_OK);
    size_t n = lockstep_wire_out(conn, &out);
    size_t length = n < 9 ? 0 : (size_t)out[6] << 16 | (size_t)out[7] << 8 | out[8];
    /* A ClientHello, in one record if it is not too long for that. */
    NEED(n >= 9 && out[0] == LK_HANDSHAKE && out[5] == LK_CLIENT_HELLO);
    if (length + 4 <= LK_PLAINTEXT_MAX)
        NEED(lk_client_hello_parse(&hello, &flaw, lk_slice_of(out + 9, length)) == LOCKSTEP_OK);
    lockstep_status status = lockstep_early_in(conn, &used, (const uint8_t *)"early", 5);
    NEED(status == LOCKSTEP_OK || status == LOCKSTEP_ERR_USAGE);
    lockstep_conn_free(conn);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    lockstep_session *session;
    lockstep_session_info info;
    const uint8_t *bytes;
    check_parse(data, size);
    lockstep_status status = lockstep_session_from_bytes(&session, NULL, data, size);
    NEED((status == LOCKSTEP_OK) == (session != NULL));
    NEED(status == LOCKSTEP_OK || status == LOCKSTEP_ERR_SESSION);
    if (session == NULL)
        return 0;
    lockstep_session_info_of(session, &info);
    NEED(info.server_name != NULL);
    NEED(lockstep_session_bytes(session, &bytes) == size && memcmp(bytes, data, size) == 0);
    offer(session, 0);
    offer(session, 1);
    lockstep_session_free(session);
    return 0;
}
