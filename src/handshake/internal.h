/*
 * internal.h - the inside of a handshake; for this room only.
 */
#ifndef LK_HANDSHAKE_INTERNAL_H
#define LK_HANDSHAKE_INTERNAL_H

#include "handshake/handshake.h"
#include "handshake/proof.h"
#include "handshake/transcript.h"
#include "wire/certificate.h"
#include "wire/client_hello.h"
#include "wire/encrypted_extensions.h"
#include "wire/server_hello.h"
#include "x509/judge.h"

/* The states of Appendix A in which a message is awaited, and the two ends. */
typedef enum lk_state {
    LK_CLIENT_START,
    LK_CLIENT_WAIT_SH,
    LK_CLIENT_WAIT_EE,
    LK_CLIENT_WAIT_CERT_CR,
    LK_CLIENT_WAIT_CERT,
    LK_CLIENT_WAIT_CV,
    LK_CLIENT_WAIT_FINISHED,
    LK_CLIENT_CONNECTED,
    LK_SERVER_START,
    LK_SERVER_WAIT_SECOND_CH, /* START again, after a HelloRetryRequest */
    LK_SERVER_WAIT_EOED,
    LK_SERVER_WAIT_CERT, /* WAIT_FLIGHT2 with client authentication */
    LK_SERVER_WAIT_CV,
    LK_SERVER_WAIT_FINISHED,
    LK_SERVER_CONNECTED,
    /* TLS 1.2, by what is awaited; ServerHello and ClientHello are awaited in the states above */
    LK12_CLIENT_WAIT_CERT,
    LK12_CLIENT_WAIT_STATUS,     /* CertificateStatus was announced, and may stay away */
    LK12_CLIENT_WAIT_STATUS_RSA, /* likewise, without ServerKeyExchange behind it */
    LK12_CLIENT_WAIT_SKE,
    LK12_CLIENT_WAIT_CR, /* CertificateRequest or ServerHelloDone */
    LK12_CLIENT_WAIT_SHD,
    LK12_CLIENT_WAIT_NST,
    LK12_CLIENT_WAIT_CCS,
    LK12_CLIENT_WAIT_FINISHED,
    LK12_SERVER_WAIT_CERT,
    LK12_SERVER_WAIT_CKE,
    LK12_SERVER_WAIT_CV,
    LK12_SERVER_WAIT_CCS,
    LK12_SERVER_WAIT_FINISHED,
    LK_NUM_STATES
} lk_state;

/* A continuation: what to do when the jobs are done or the question is answered. */
typedef lockstep_status (*lk_step)(lk_handshake *hs);

/* The table of flights has one row for each message that may come in a state. No honest message of
 * the kinds is longer; a Certificate has room for long chains of large keys. */
#define LK_HELLO_MAX       65536
#define LK_REQUEST_MAX     66000 /* with all the names of authorities that it can hold */
#define LK_CERTIFICATE_MAX 131072
#define LK_OTHER_MAX       16384

typedef struct lk_flight {
    lk_state state;
    lk_handshake_type type;
    lockstep_status (*on)(lk_handshake *hs, lk_slice message);
    size_t max;             /* bytes of the body */
    bool before_key_change; /* must end its record (§5.1) */
} lk_flight;

/* Encrypted Client Hello; see ech.h. */
typedef struct lk_ech lk_ech;
void lk_ech_free(lk_ech *ech);

/* A client's key share and its private half. In TLS 1.2 the server's is the first of its own. */
typedef struct lk_share {
    const lk_kex_group *group;
    lk_ephemeral *own;
    uint8_t *bytes;
} lk_share;

/* A PSK that is offered, or was chosen. */
typedef struct lk_psk {
    lk_psk_kind kind;
    lk_slice identity;
    uint32_t obfuscated_age;
    lk_early_secret early; /* what it makes of the key schedule; has its hash too */
} lk_psk;

/* A session and external keys with each hash. */
#define LK_PSKS_MAX (1 + LK_IMPORTED_MAX)

struct lk_handshake {
    const lk_settings *settings;
    lk_watch watch;
    lk_agreed *agreed;
    lockstep_failure *failure;
    bool is_client;
    bool ends_record; /* the message that is being received ends its record */
    lk_state state;
    lk_step next;
    lk_arena arena;
    lk_outbox outbox;
    lk_job *jobs[LK_KEX_NUM_GROUPS + 1]; /* key shares, and HPKE for the ClientHello */
    size_t num_jobs;
    lockstep_ask ask;
    bool asking;

    /* agreed on */
    uint16_t version;             /* 0: not yet */
    struct lk12_handshake *tls12; /* what TLS 1.2 alone needs; NULL: it is not spoken */
    const lk_suite *suite;
    const lk_kex_group *group;
    bool retried;
    bool sent_ccs;
    uint8_t client_random[LK_RANDOM_LEN];
    uint8_t session_id[LK_SESSION_ID_MAX];
    size_t session_id_len;
    lk_transcript transcript;
    lk_ech *ech; /* NULL: not spoken of */

    /* the key schedule, as far as it has come; each wiped when the next is there */
    lk_handshake_secret handshake_secret;
    lk_traffic_secret client_hs, server_hs;
    lk_master_secret master;

    /* resumption and 0-RTT; see pre_shared_key.c and early_data.c */
    lk_psk *psks; /* client: those offered */
    size_t num_psks;
    bool psk_modes;    /* client: the first ClientHello had psk_key_exchange_modes, so all have */
    const lk_psk *psk; /* the one chosen; NULL: a full handshake */
    uint16_t psk_index;
    lk_session *resumes;          /* the session offered, or in the ticket; NULL: none */
    lk_certificate *resumes_peer; /* whose it is */
    lk_chain_proof resumes_chain; /* and that it is good still */
    bool judging_resumed;
    lockstep_status verdict; /* the application's, of an answer */
    lk_step after_judging, after_psks;
    lk_traffic_secret client_early;

    /* client */
    const lk_host *name; /* whom it wants to reach; NULL: a server */
    lk_share shares[LK_KEX_NUM_GROUPS];
    size_t num_shares;
    uint16_t grease[5]; /* suite, group, version, two extensions; 0: none */
    uint32_t offered;   /* set of the extensions that were sent */
    lk_slice cookie;    /* of a HelloRetryRequest, either side; empty: none */
    bool certificate_requested;
    lk_identity_wish request; /* of a CertificateRequest; slices into the arena */
    uint8_t random_2[LK_RANDOM_LEN];

    /* server */
    lk_client_hello hello;                   /* the one that is answered; slices into the arena */
    lk_slice protocol;                       /* ALPN's choice */
    bool retry_has_group;                    /* the HelloRetryRequest asked for another group */
    bool retry_had_psk;                      /* the first ClientHello offered a PSK */
    uint8_t hello_print[LK_HELLO_PRINT_LEN]; /* of the first ClientHello, after a retry */
    uint8_t address[LK_ADDRESS_MAX];         /* of the client, as the application writes it */
    size_t address_len;
    uint16_t peer_limit; /* record_size_limit of the peer; 0: not sent */

    /* what each side shows: LK_TYPE_X509 or LK_TYPE_RAW_KEY (RFC 7250) */
    uint8_t own_type, peer_type;
    uint8_t type_bytes[2 * LK_NUM_TYPES];
    lk_slice server_types, client_types; /* client: as offered; in type_bytes */

    /* own certificate */
    const lk_settings *identities; /* whose identities are used */
    const lk_identity *identity;
    const lk_scheme *scheme;
    lk_u16_list peer_schemes;
    lk_u16_list peer_compressions;
    lk_slice to_sign, signature;
    lk_step signed_; /* what to do with the signature */

    /* the peer's certificate */
    lockstep_policy *policy; /* by an answer; NULL: that of the settings */
    lk_public_key *peer_key;
    lk_slice delegated;        /* the DelegatedCredential, in the arena; empty: none */
    uint16_t delegated_scheme; /* once it is checked: what CertificateVerify must be made with */
    lk_step judged;            /* what to do when the chain is good */
    lk_judge_request judge;
    lk_chain_proof chain_proof;
    lk_possession_proof possession_proof;
    lk_finished_proof finished_proof;
    _Alignas(max_align_t) uint8_t room[]; /* of the arena */
};

/* ---- machine.c ---- */

/* lk_fail makes the failure of this handshake and returns `status`. The _at form names the rule
 * where it is finer than the status's own. */
__attribute__((format(printf, 3, 4))) lockstep_status
lk_fail(lk_handshake *hs, lockstep_status status, const char *format, ...);
__attribute__((format(printf, 4, 5))) lockstep_status
lk_fail_at(lk_handshake *hs, lockstep_status status, const char *rule, const char *format, ...);
/* lk_fail_flaw makes it from what a parser found. */
lockstep_status lk_fail_flaw(lk_handshake *hs, lockstep_status status, const lk_flaw *flaw);
lockstep_status lk_fail_memory(lk_handshake *hs);

/* lk_post posts a job; `then` runs when all posted jobs are done. NULL: no memory. */
lk_job *lk_post(lk_handshake *hs, lk_job_kind kind, lk_step then);

/* lk_draw_seed gives a SHARE or RESPOND job, whose group is set, what its key pair is made from.
 * False: no random bytes. */
bool lk_draw_seed(lk_handshake *hs, lk_job *job);

/* lk_ask_question asks; `then` runs when it is answered. */
void lk_ask_question(lk_handshake *hs, enum lockstep_ask_kind kind, lk_step then);

/* lk_send ends a message that was built at offset `at` of the outbox: it is sent and hashed. */
lockstep_status lk_send(lk_handshake *hs, const lk_builder *b, size_t at);
lockstep_status lk_hash_message(lk_handshake *hs, lk_slice message);
/* lk_send_as hashes `*hashed` in its place; NULL: the message itself. */
lockstep_status lk_send_as(lk_handshake *hs, const lk_builder *b, size_t at,
                           const lk_slice *hashed);

lockstep_status lk_out(lk_handshake *hs, lk_out_kind kind, size_t length);
lockstep_status lk_out_secret_of(lk_handshake *hs, lk_out_kind kind, lk_aead_kind aead,
                                 const lk_out_secret *secret, size_t length);
lockstep_status lk_out_keys(lk_handshake *hs, lk_out_kind kind, const lk_traffic_secret *secret);
lockstep_status lk_out_write_keys(lk_handshake *hs, lk_out_kind kind, const lk_write_keys *keys);
lockstep_status lk_out_ccs(lk_handshake *hs);

static inline lk_slice lk_body(lk_slice message) {
    return lk_slice_of(message.p + LK_HANDSHAKE_HEADER, message.p_len - LK_HANDSHAKE_HEADER);
}

/* lk_try leaves the calling function if a step fails. */
#define LK_TRY(expression)                                                                         \
    do {                                                                                           \
        lockstep_status lk_try_status = (expression);                                              \
        if (lk_try_status != LOCKSTEP_OK)                                                          \
            return lk_try_status;                                                                  \
    } while (0)

/* ---- what both versions use ---- */

/* negotiate.c: ALPN; the name and protocol, which outlive the handshake; and which identity: the
 * question if the application wants to be asked, else `then` at once. */
lockstep_status lk_choose_protocol(lk_handshake *hs);
lockstep_status lk_keep_names(lk_handshake *hs);
lockstep_status lk_with_identities(lk_handshake *hs, lk_step then);
/* encrypted_extensions.c: the client checks and keeps what ALPN selected. */
lockstep_status lk_take_protocol(lk_handshake *hs, lk_slice protocol);
/* lk_acknowledges_name: did the server_name have a part in choosing the certificate? */
bool lk_acknowledges_name(const lk_handshake *hs);
/* client_hello.c: posts the making of a key share, and takes those that are made. */
lockstep_status lk_post_share(lk_handshake *hs, const lk_kex_group *group, lk_step then);
lockstep_status lk_take_shares(lk_handshake *hs);
/* peer_chain.c: copies the peer's chain with what is stapled, has it judged, makes the proof and
 * then goes on with `then`. lk_no_client_certificate is for a client that sent none. */
lockstep_status lk_judge_peer(lk_handshake *hs, const lk_certificate *certificate, lk_step then);
lockstep_status lk_no_client_certificate(lk_handshake *hs);
/* certificate_verify.c: signs `to_sign` (in the arena) with the identity's key, or asks for the
 * signature; `then` finds it in hs->signature, and in hs->scheme what it was made with. */
lockstep_status lk_sign(lk_handshake *hs, lk_slice to_sign, lk_step then);

/* ---- one file per message; on_ receives, send_ sends ---- */

lockstep_status lk_client_start(lk_handshake *hs); /* client_hello.c */
lockstep_status lk_send_client_hello(lk_handshake *hs);
lockstep_status lk_send_second_client_hello(lk_handshake *hs, const lk_kex_group *group);
lockstep_status lk_on_client_hello(lk_handshake *hs, lk_slice message);        /* negotiate.c */
lockstep_status lk_on_second_client_hello(lk_handshake *hs, lk_slice message); /* second_hello.c */
/* lk_negotiate answers the ClientHello that counts; see ech.h. */
lockstep_status lk_negotiate(lk_handshake *hs, lk_slice message);
lockstep_status lk_send_hello_retry_request(lk_handshake *hs); /* server_hello.c */
/* lk_hash_retry_again hashes the HelloRetryRequest that another connection has sent. */
lockstep_status lk_hash_retry_again(lk_handshake *hs);
lockstep_status lk_make_cookie(lk_handshake *hs, const uint8_t *hello_hash); /* retry_cookie.c */
lockstep_status lk_on_cookie(lk_handshake *hs);
lockstep_status lk_send_server_hello(lk_handshake *hs);
lockstep_status lk_on_server_hello(lk_handshake *hs, lk_slice message);
lockstep_status lk_send_encrypted_extensions(lk_handshake *hs); /* encrypted_extensions.c */
lockstep_status lk_on_encrypted_extensions(lk_handshake *hs, lk_slice message);
lockstep_status lk_send_certificate_request(lk_handshake *hs); /* certificate_request.c */
lockstep_status lk_on_certificate_request(lk_handshake *hs, lk_slice message);
lockstep_status lk_send_certificate(lk_handshake *hs); /* certificate.c */
lockstep_status lk_on_certificate(lk_handshake *hs, lk_slice message);
/* lk_take_certificate goes on with the body of a Certificate; `message` is what is hashed. */
lockstep_status lk_take_certificate(lk_handshake *hs, lk_slice body, lk_slice message);
/* lk_send_compressed_certificate does so if the peer takes a form that is there; else false
 * (compressed_certificate.c). */
bool lk_send_compressed_certificate(lk_handshake *hs, unsigned form, lockstep_status *status);
lockstep_status lk_on_compressed_certificate(lk_handshake *hs, lk_slice message);
void lk_offer_certificate_types(lk_handshake *hs, lk_client_hello_out *hello);
lockstep_status lk_take_certificate_types(lk_handshake *hs, const lk_extensions *ext,
                                          uint8_t server_type, uint8_t client_type, bool resumed);
/* lk_own_types writes the types that the server can show and the client takes, best first. */
lockstep_status lk_own_types(lk_handshake *hs, uint8_t out[LK_NUM_TYPES], size_t *num_out);
bool lk_client_takes_type(const lk_handshake *hs, uint8_t type);
lockstep_status lk_choose_own_type(lk_handshake *hs, lk_identity_wish *wish); /* and identity */
lockstep_status lk_choose_peer_type(lk_handshake *hs);
/* lk_delegated_schemes writes what a delegated key may sign with, and returns how many
 * (delegated_credential.c). */
size_t lk_delegated_schemes(uint16_t out[LK_NUM_SCHEMES], const lk_settings *s);
lockstep_status lk_check_delegated(lk_handshake *hs);
/* lk_check_raw_key makes hs->peer_key of a SubjectPublicKeyInfo that may be the peer's: one of
 * those given, or where none are one that the application is asked about. Else `*why` it is
 * refused. */
lockstep_status lk_check_raw_key(lk_handshake *hs, lk_slice key, const char **why);
lockstep_status lk_send_certificate_verify(lk_handshake *hs); /* certificate_verify.c */
lockstep_status lk_on_certificate_verify(lk_handshake *hs, lk_slice message);
lk_possession_proof lk_possession_not_needed(const lk_handshake *hs);
lockstep_status lk_send_finished(lk_handshake *hs); /* finished.c */
lockstep_status lk_on_finished(lk_handshake *hs, lk_slice message);
lk_chain_proof lk_chain_not_needed(const lk_handshake *hs);

/* ---- pre_shared_key.c ---- */

/* lk_client_psks makes the PSKs to offer: when `then` runs, hs->psks are those that fit and whose
 * chain is judged good. */
lockstep_status lk_client_psks(lk_handshake *hs, lk_step then);
/* lk_fill_binders writes the binders at the end of a ClientHello that is whole but for them. */
void lk_fill_binders(lk_handshake *hs, uint8_t *message, size_t message_len);
/* lk_drop_psks drops those that a HelloRetryRequest's suite does not suit (§4.1.4), and makes the
 * others fit for the second ClientHello. */
void lk_drop_psks(lk_handshake *hs);
/* lk_server_psk looks for a PSK in `message`, the ClientHello, which it then hashes; when `then`
 * runs, hs->psk is the one that is used, or NULL. */
lockstep_status lk_server_psk(lk_handshake *hs, lk_slice message, lk_step then);
/* lk_psk_chosen makes hs->psk, whose binder or acceptance both sides have seen, count: chain and
 * proofs are those of the session. */
lockstep_status lk_psk_chosen(lk_handshake *hs);
lk_possession_proof lk_possession_by_psk(const lk_handshake *hs);

/* ---- early_data.c ---- */

/* The client's half: begin after the ClientHello; what the server's answer means; the end. */
lockstep_status lk_early_begin(lk_handshake *hs);
bool lk_early_wanted(const lk_handshake *hs);
lockstep_status lk_early_refused(lk_handshake *hs);
lockstep_status lk_early_answered(lk_handshake *hs, bool accepted);
lockstep_status lk_send_end_of_early_data(lk_handshake *hs);
/* The server's: decide, read, and the end. */
void lk_early_decide(lk_handshake *hs);
lockstep_status lk_early_read(lk_handshake *hs);
lockstep_status lk_on_end_of_early_data(lk_handshake *hs, lk_slice message);

/* ---- ticket.c, for both versions ---- */

/* Longer chains of clients are not put into tickets, which travel with every return. With all that
 * is around it a NewSessionTicket stays below the 16,384 bytes that clients take, this one too. */
#define LK_PEER_IN_TICKET_MAX 12288

/* A server that has shown a certificate for the name of a session says so in the ticket (both
 * versions: lk_has_shown_name). Others that share its tickets may resume that only if they have one
 * too (lk_may_resume_name): by a session nobody must speak for a name that he could not begin one
 * for. Where the application has the identities, that cannot be told. */
bool lk_has_shown_name(const lk_handshake *hs);
bool lk_may_resume_name(const lk_handshake *hs, const lk_session *session);
/* Likewise of a raw key that it has shown (lk_shown_key: its digest, in `out`, or empty), which the
 * client must still take (lk_may_resume_shown). */
bool lk_may_resume_shown(const lk_handshake *hs, const lk_session *session);
lk_slice lk_shown_key(const lk_handshake *hs, uint8_t out[LK_SHOWN_KEY_LEN]);
/* lk_seal_session appends a ticket with the session to `ticket`, sealed with a nonce that was just
 * drawn. */
lockstep_status lk_seal_session(lk_handshake *hs, lk_buffer *ticket, const lk_session *session,
                                const uint8_t nonce[LK_TICKET_NONCE_LEN]);
/* lk_take_ticket opens a ticket into hs->resumes, which stays as it is if that is worth nothing:
 * not ours, or unfit, as `unfit` (which returns NULL for a good one) says by `rule`. */
typedef const char *(*lk_unfit)(const lk_handshake *hs, const lk_session *session);
lockstep_status lk_take_ticket(lk_handshake *hs, lk_slice ticket, lk_unfit unfit, const char *rule);

/* lk_keep_session makes of what was agreed on a session for the client to keep: `session` has its
 * secret, ticket, times and limits already, and the rest is filled in here. `*out` is NULL where
 * nothing is kept. */
LK_CHECKED lockstep_status lk_keep_session(lockstep_session **out, const lk_settings *settings,
                                           const lk_agreed *agreed, lk_session *session);

/* ---- new_session_ticket.c ---- */

lockstep_status lk_send_new_session_tickets(lk_handshake *hs);
/* lk_on_new_session_ticket takes a ticket after the handshake; `*out` is the session that is to be
 * kept, or NULL. */
lockstep_status lk_on_new_session_ticket(lockstep_session **out, lockstep_failure *failure,
                                         const lk_settings *settings, const lk_agreed *agreed,
                                         lk_slice message);

/* ---- peer_chain.c, of a session ---- */

/* lk_judge_resumed judges the chain of hs->resumes anew; when `then` runs, hs->resumes_chain says
 * whether it is good. */
lockstep_status lk_judge_resumed(lk_handshake *hs, lk_step then);
lockstep_status lk_keep_resumed_chain(lk_handshake *hs);
lk_chain_proof lk_chain_by_external_psk(const lk_handshake *hs);

/* lk_install_handshake_keys derives the handshake traffic secrets from the shared secret, once
 * ServerHello is hashed, and installs them both ways (server_hello.c). */
lockstep_status lk_install_handshake_keys(lk_handshake *hs, lk_slice shared);

/* lk_handshake_secure ends the handshake. It needs all three proofs (machine.c). */
lockstep_status lk_handshake_secure(lk_handshake *hs, lk_chain_proof chain,
                                    lk_possession_proof possession, lk_finished_proof finished);

#endif
