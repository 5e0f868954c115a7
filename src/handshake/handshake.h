/*
 * handshake.h - the state machine of RFC 8446 Appendix A, and that of TLS 1.2, without records.
 *
 * Messages go in one at a time; what is to be done comes out in the outbox. Where public-key work
 * or an answer is needed, the handshake waits: lk_handshake_waiting() says so, the jobs and the
 * question are there to be taken, and lk_handshake_continue() goes on.
 */
#ifndef LK_HANDSHAKE_HANDSHAKE_H
#define LK_HANDSHAKE_HANDSHAKE_H

#include "crypto/jobs.h"
#include "handshake/outbox.h"
#include "handshake/session.h"
#include "handshake/settings.h"
#include "handshake/watch.h"
#include "x509/name.h"

typedef struct lk_handshake lk_handshake;

/* What a handshake leaves behind. Owned by the connection, filled by the handshake, freed by
 * lk_agreed_free. */
typedef struct lk_agreed {
    uint16_t version, suite, group, peer_scheme, own_scheme;
    bool retried, resumed;
    enum lockstep_early_data early_data;
    char *server_name;    /* in heap memory, escaped; NULL: none */
    char *alpn;           /* likewise */
    lk_slice *peer_chain; /* one allocation of `peer_chain_size`: chain, `peer_ocsp`, the bytes */
    lk_slice *peer_ocsp;  /* what was stapled to each certificate, or empty */
    lk_slice peer_scts;   /* the SCT list of the leaf's entry, or empty */
    uint32_t num_peer_chain, peer_chain_size;
    enum lockstep_ech_state ech;
    lk_slice ech_retry_configs; /* in heap memory; empty: none */
    lockstep_report *report;
    bool peer_delegated;       /* it signed with a delegated key (RFC 9345) */
    bool peer_raw_key;         /* peer_chain is a SubjectPublicKeyInfo (RFC 7250) */
    lockstep_session *session; /* TLS 1.2: to be kept when the handshake is done; or NULL */
    int64_t verified_ms;       /* when the peer last proved that it has its key */
    union {
        struct {
            lk_traffic_secret client, server; /* TLS 1.3: application traffic, the newest */
        };
        uint8_t exporter_seed[64]; /* TLS 1.2: both randoms, the client's first (RFC 5705 §4) */
    };
    lk_secret resumption; /* client: what its tickets' keys come from */
    lk_secret exporter;   /* exporter_master_secret (RFC 8446 §7.5); TLS 1.2: the master secret */
    lk_aead_kind aead;
} lk_agreed;

void lk_agreed_free(lk_agreed *agreed, const lk_heap *heap);

/*
 * lk_handshake_new makes a handshake. `name` is whom a client wants to reach (NULL for a server).
 * All that is passed is borrowed until lk_handshake_free. NULL: no memory.
 */
lk_handshake *lk_handshake_new(const lk_settings *settings, const lk_watch *watch,
                               lk_agreed *agreed, lockstep_failure *failure, const lk_host *name);
void lk_handshake_free(lk_handshake *hs);

/* lk_handshake_offer makes a client offer a session (copied), if it fits, before
 * lk_handshake_start. LOCKSTEP_ERR_NO_MEMORY. */
LK_CHECKED lockstep_status lk_handshake_offer(lk_handshake *hs, const lockstep_session *session);
/* lk_handshake_set_address binds the cookies of a server's handshake to the client's address, in
 * any form (copied). False: longer than LK_ADDRESS_MAX. */
#define LK_ADDRESS_MAX 64
bool lk_handshake_set_address(lk_handshake *hs, lk_slice address);

/* lk_handshake_start begins a client's handshake. */
LK_CHECKED lockstep_status lk_handshake_start(lk_handshake *hs);

/*
 * lk_handshake_receive takes one whole message, header included (borrowed). `ends_record`: nothing
 * follows it in its record, which §5.1 demands before a key change. On failure `failure` of
 * lk_handshake_new is filled and nothing more may be called but lk_handshake_free.
 */
LK_CHECKED lockstep_status lk_handshake_receive(lk_handshake *hs, lk_slice message,
                                                bool ends_record);

/* lk_handshake_change_cipher_spec takes a change_cipher_spec of a TLS 1.2 handshake, which is a
 * step of it: between the messages before and Finished (RFC 5246 §7.1). Failure as above. */
LK_CHECKED lockstep_status lk_handshake_change_cipher_spec(lk_handshake *hs);

/* lk_handshake_expects returns the most bytes that the body of a message of `type` may have now, or
 * 0 if no such message is allowed now. */
size_t lk_handshake_expects(const lk_handshake *hs, uint8_t type);

/* Waiting for jobs or an answer? Jobs: lk_handshake_job(hs, 0...) until NULL. Question: NULL: none.
 */
bool lk_handshake_waiting(const lk_handshake *hs);
lk_job *lk_handshake_job(lk_handshake *hs, size_t i);
const lockstep_ask *lk_handshake_asking(const lk_handshake *hs);

/* lk_handshake_continue goes on when all jobs are done. */
LK_CHECKED lockstep_status lk_handshake_continue(lk_handshake *hs);

/* The answers; then lk_handshake_continue. */
LK_CHECKED lockstep_status lk_handshake_answer_identity(lk_handshake *hs, const lk_settings *from);
LK_CHECKED lockstep_status lk_handshake_answer_signature(lk_handshake *hs, uint16_t scheme,
                                                         lk_slice signature);
LK_CHECKED lockstep_status lk_handshake_answer_verdict(lk_handshake *hs, lockstep_status verdict);
LK_CHECKED lockstep_status lk_handshake_answer_policy(lk_handshake *hs, lockstep_policy *policy);

/* lk_handshake_outbox returns what is to be done; the caller empties it. */
lk_outbox *lk_handshake_outbox(lk_handshake *hs);

/* lk_handshake_state_name returns the state by its name in Appendix A, for messages. Static. */
const char *lk_handshake_state_name(const lk_handshake *hs);

/* After the handshake: messages of §4.6, without a handshake object. */
typedef struct lk_post_message {
    bool keys_changed;         /* the peer's sending keys have moved on */
    bool answer;               /* and it wants ours to */
    lockstep_session *session; /* a client was given this one; the caller's to free */
} lk_post_message;

/* lk_post_handshake_receive takes a whole message. On failure `failure` is filled. */
LK_CHECKED lockstep_status lk_post_handshake_receive(lk_post_message *out,
                                                     lockstep_failure *failure,
                                                     const lk_settings *settings,
                                                     const lk_agreed *agreed, bool is_client,
                                                     lk_slice message, bool ends_record);

/* The same for TLS 1.2, after whose handshake no message may come at all: it always fails. Only the
 * header of `message` is looked at. */
lockstep_status lk12_post_handshake_receive(lockstep_failure *failure, bool is_client,
                                            lk_slice message);

/* lk_failure_set fills `failure` for `status` with the status's own rule and alert, unless it holds
 * one already, and returns `status`. */
__attribute__((format(printf, 3, 4))) lockstep_status
lk_failure_set(lockstep_failure *failure, lockstep_status status, const char *format, ...);

#endif
