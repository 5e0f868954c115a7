/*
 * inside.h - the inside of a TLS 1.2 handshake (RFC 5246 §7); for this room only.
 *
 *     Client                                                Server
 *     ClientHello                  -------->
 *                                                      ServerHello
 *                                                      Certificate
 *                                              [CertificateStatus]
 *                                              [ServerKeyExchange]
 *                                             [CertificateRequest]
 *                                  <--------       ServerHelloDone
 *     [Certificate]
 *     ClientKeyExchange
 *     [CertificateVerify]
 *     ChangeCipherSpec, Finished   -------->
 *                                               [NewSessionTicket]
 *                                  <--------  ChangeCipherSpec, Finished
 */
#ifndef LK_HANDSHAKE_TLS12_INSIDE_H
#define LK_HANDSHAKE_TLS12_INSIDE_H

#include "crypto/rsa_transport.h"
#include "handshake/tls12.h"
#include "handshake/tls12/keys.h"
#include "util/secret.h"

/* HelloRequests that are passed over in the midst of a handshake: "This message will be ignored by
 * the client if the client is currently negotiating a session" (RFC 5246 §7.4.1.1). */
#define LK12_MAX_HELLO_REQUESTS 4

/* A message that is kept for CertificateVerify. */
typedef struct lk12_kept lk12_kept;
struct lk12_kept {
    lk12_kept *next;
    lk_slice message;
};

struct lk12_handshake {
    lk12_master_secret master;
    lk_write_keys client_keys, server_keys;
    bool status_announced, ticket_announced;
    bool resumed;
    lk_step after_resume;
    unsigned hello_requests;

    bool keeping;
    lk12_kept *kept, **kept_end;
    size_t kept_len;

    /* client: what the server said, until all that belongs together has come */
    lk_certificate *certificate;
    lk_slice point;     /* its share */
    lk_slice to_verify; /* both randoms and its parameters */
    lk_slice peer_signature;
    lk_step after_verify;

    lk_slice ticket;
    uint32_t lifetime_hint;                /* seconds */
    uint8_t session_id[LK_SESSION_ID_MAX]; /* the server's */
    size_t session_id_len;
    uint8_t premaster[LK_PREMASTER_LEN]; /* client, RSA key transport */

    lk_slice params; /* server: ServerECDHParams behind both randoms */
};
typedef struct lk12_handshake lk12_handshake;

/* lk12_enter makes hs->tls12; `keep`: CertificateVerify may come. */
lockstep_status lk12_enter(lk_handshake *hs, bool keep);

/* lk12_kept_messages sets `*out` to all messages so far, one after the other (in the arena), and
 * keeps no more. */
lockstep_status lk12_kept_messages(lk_handshake *hs, lk_slice *out);

/* lk12_begin and lk_send bracket each message that is sent. */
static inline size_t lk12_begin(lk_handshake *hs, lk_builder *b) {
    *b = lk_builder_of(&hs->outbox.bytes);
    return lk_buffer_length(&hs->outbox.bytes);
}

/* server_hello.c */
lockstep_status lk12_send_server_hello(lk_handshake *hs);
/* certificate.c: our Certificate and CertificateStatus, the peer's, and judging the server's when
 * all that concerns it is there. */
lockstep_status lk12_send_certificate(lk_handshake *hs);
lockstep_status lk12_send_certificate_status(lk_handshake *hs);
lockstep_status lk12_on_certificate(lk_handshake *hs, lk_slice message);
lockstep_status lk12_on_certificate_status(lk_handshake *hs, lk_slice message);
lockstep_status lk12_judge_server(lk_handshake *hs, lk_step then);
/* server_key_exchange.c */
lockstep_status lk12_send_server_key_exchange(lk_handshake *hs);
lockstep_status lk12_on_server_key_exchange(lk_handshake *hs, lk_slice message);
/* certificate_request.c: CertificateRequest and ServerHelloDone, which end the server's flight. */
lockstep_status lk12_end_server_flight(lk_handshake *hs);
lockstep_status lk12_on_certificate_request(lk_handshake *hs, lk_slice message);
lockstep_status lk12_on_server_hello_done(lk_handshake *hs, lk_slice message);
/* client_key_exchange.c */
lockstep_status lk12_send_client_flight(lk_handshake *hs);
lockstep_status lk12_on_client_key_exchange(lk_handshake *hs, lk_slice message);
/* certificate_verify.c */
lockstep_status lk12_send_certificate_verify(lk_handshake *hs);
lockstep_status lk12_on_certificate_verify(lk_handshake *hs, lk_slice message);
/* finished.c */
lockstep_status lk12_send_finished(lk_handshake *hs);
/* lk12_server_end sends what ends the server's part, the ticket first; lk12_client_wait says what
 * the client awaits then. */
lockstep_status lk12_server_end(lk_handshake *hs);
lockstep_status lk12_client_wait(lk_handshake *hs);
static inline lockstep_status lk12_end_client_flight(lk_handshake *hs) {
    LK_TRY(lk12_send_finished(hs));
    return lk12_client_wait(hs);
}
lockstep_status lk12_on_finished(lk_handshake *hs, lk_slice message);
/* resume.c. lk12_look_for_session: the server opens the client's ticket; when `then` runs,
 * hs->resumes is a session that can be resumed, or NULL. lk12_resumed takes it up, at both sides.
 * lk12_offers: the client has offered one. lk12_gives_ticket: the server sends a NewSessionTicket.
 * lk12_keep_session makes agreed->session. */
lockstep_status lk12_look_for_session(lk_handshake *hs, lk_step then);
lockstep_status lk12_resumed(lk_handshake *hs);
bool lk12_offers(const lk_handshake *hs);
bool lk12_gives_ticket(const lk_handshake *hs);
lockstep_status lk12_send_new_session_ticket(lk_handshake *hs);
lockstep_status lk12_on_new_session_ticket(lk_handshake *hs, lk_slice message);
lockstep_status lk12_keep_session(lk_handshake *hs);
/* client_key_exchange.c: the keys of both directions from the master secret */
void lk12_derive_key_block(lk_handshake *hs);

/* possession.c: lk12_verify has a signature of the peer checked by the key of its certificate,
 * makes the proof and goes on. */
lockstep_status lk12_verify(lk_handshake *hs, const lk_scheme *scheme, lk_slice message,
                            lk_slice signature, lk_step then);
/* lk12_possession_by_session is that of a session: the peer proved that it holds the key when it
 * was made, and has the master secret of then, or else its Finished would be wrong. */
lk_possession_proof lk12_possession_by_session(const lk_handshake *hs, lk_finished_proof finished);

/* lk12_possession_by_finished is the server's proof with RSA key transport: who could not decrypt
 * the premaster secret could not have made this Finished. */
lk_possession_proof lk12_possession_by_finished(const lk_handshake *hs, lk_finished_proof finished);

/* lk12_peer_scheme finds the scheme by which the peer signed: one that we offered, and that suits
 * its key. */
lockstep_status lk12_peer_scheme(lk_handshake *hs, const lk_scheme **out, uint16_t id);

#endif
