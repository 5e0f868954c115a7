/*
 * peer.h - a peer that can misbehave: TLS 1.3 spoken step by step, under a test's control.
 *
 * It drives one connection of the engine, the engine under test. What it sends is put together from
 * the lower rooms (wire, record, key schedule, crypto) and never from the state machine, so a test
 * can send any message with any content at any time, correctly protected, in any records. Left
 * alone, it completes an honest handshake.
 */
#ifndef LK_TESTS_PEER_H
#define LK_TESTS_PEER_H

#include <stdio.h>
#include <stdlib.h>

#include "conn/conn.h"
#include "handshake/session.h"
#include "handshake/tls12/keys.h"
#include "handshake/transcript.h"
#include "support/pair.h"
#include "wire/client_hello.h"
#include "wire/ech.h"

/* NEED ends the program if something is not so; it works in fuzzers too, which have no test runner.
 */
#define NEED(expression)                                                                           \
    do {                                                                                           \
        if (!(expression)) {                                                                       \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #expression);                       \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

/* The peer's own messages, in order; a client skips what only a server sends, and the other way. */
typedef enum peer_step {
    PEER_CLIENT_HELLO,
    PEER_EARLY_DATA, /* a record of 0-RTT data: no message */
    PEER_SECOND_HELLO,
    PEER_RETRY,
    PEER_SERVER_HELLO,
    PEER_ENCRYPTED_EXTENSIONS,
    PEER_CERTIFICATE_REQUEST,
    PEER_END_OF_EARLY_DATA,
    PEER_CERTIFICATE,
    PEER_CERTIFICATE_VERIFY,
    PEER_FINISHED,
    /* TLS 1.2, beside PEER_CLIENT_HELLO and PEER_SERVER_HELLO */
    PEER12_CERTIFICATE,
    PEER12_STATUS,
    PEER12_SKE,
    PEER12_REQUEST,
    PEER12_DONE,
    PEER12_KEY_EXCHANGE,
    PEER12_VERIFY,
    PEER12_TICKET,
    PEER12_CCS, /* no message: the record itself, `m` is its content */
    PEER12_FINISHED,
    PEER_CONNECTED, /* the handshake is over: no message of its own */
    PEER_NUM_STEPS
} peer_step;

typedef struct peer_setup {
    bool tls12;          /* the peer speaks TLS 1.2 alone */
    bool staple, ticket; /* with CertificateStatus, with NewSessionTicket */
    bool server;         /* the engine under test is the server, and the peer the client */
    bool retry;          /* the handshake takes a HelloRetryRequest */
    enum lockstep_client_auth auth;
    bool no_client_certificate;
    int identity;          /* PKI_... of the server, whichever side that is */
    uint16_t suite, group; /* 0: TLS_AES_128_GCM_SHA256, x25519 */
    bool alpn;             /* "http/1.1" on both sides */
    size_t limit;          /* record_size_limit of the engine under test; 0: the default */
    enum peer_ech { PEER_ECH_NONE, PEER_ECH_ACCEPT, PEER_ECH_REJECT } ech; /* RFC 9849 */
    bool no_compatibility; /* no session id and no change_cipher_spec */
    const char *name;      /* whom a client under test wants to reach; NULL: server.test */
    void (*configure)(lockstep_config *under_test);
    lk_slice chain[LK_CHAIN_MAX]; /* what the peer sends instead of its identity's chain */
    size_t num_chain;
    /* PSKs: the client, whichever side that is, offers a session that was made up */
    bool psk;
    bool external;        /* an external key, which both sides have, alone or behind the session */
    bool select_external; /* peer as server: of both it takes that */
    bool junk_first;      /* peer as client: another identity in front of it */
    bool early;           /* and 0-RTT data: PEER_EARLY_TEXT */
    bool psk_refused, early_refused;      /* peer as server: it does not take them */
    uint32_t max_early;                   /* bytes that the session allows; 0: PEER_EARLY_MAX */
    void (*session)(lk_session *session); /* changes it before it is sealed, or given to a client */
} peer_setup;

#define PEER_EARLY_TEXT "said at once"
#define PEER_EARLY_MAX  100

/* The two configs and their worlds; one kit serves all peers of the same setup. */
typedef struct peer_kit {
    peer_setup setup;
    lockstep_config *config, *own_config;
    world conn_world, own_world;
    long live; /* blocks that the config itself holds */
    /* a server under test: tickets are in a world of their own, so that none comes twice */
    world ticket_world;
    lockstep_tickets *tickets;
    /* the same config once more, with a register of its own, in which no ticket was used; NULL
     * where that makes no difference */
    lockstep_config *twin;
} peer_kit;

typedef enum peer_action { PEER_SEND, PEER_SKIP } peer_action;

typedef struct peer peer;
struct peer {
    peer_setup setup;
    size_t chunk; /* bytes that the engine is given at a time; 0: a record */
    /* Called before each of the peer's messages, which waits in `m`, header included, and may be
     * changed; it is hashed and sent as it then is, or with PEER_SKIP not at all. */
    peer_action (*hook)(peer *p, peer_step step, void *arg);
    void *arg;

    lockstep_conn *conn; /* the engine under test */
    peer_kit *kit;
    lockstep_status status; /* that the engine returned last */

    lk_buffer m;
    lk_protection in, out;
    lk_transcript transcript;
    lk_arena arena;
    const lk_suite *suite;
    const lk_kex_group *group;
    lk_ephemeral *own;
    uint8_t share[LK_KEX_SHARE_MAX], shared[LK_KEX_SECRET_MAX];
    size_t shared_len;
    lk_handshake_secret handshake_secret;
    lk_traffic_secret client_hs, server_hs, client_ap, server_ap;

    /* PSKs (peer_psk.c) */
    lk_psk_kind psk_kind;
    lk_early_secret early;       /* of the PSK that is offered first, or alone */
    lk_early_secret early_other; /* of the external one behind it */
    lk_aead_kind early_aead;
    lk_buffer identity, external_identity; /* what the client offers */
    uint32_t psk_age;                      /* obfuscated */
    bool psk_used, early_accepted;
    lk_protection early_out;   /* peer as client: what 0-RTT data is sent under */
    lk_protection next_in;     /* peer as server: the handshake keys, behind the early ones */
    lockstep_session *offered; /* by a client under test */
    struct {
        lk_hpke context;
        uint8_t enc[LK_HPKE_ENC_MAX];
        bool second;
        lk_buffer outer;   /* the peer's ClientHelloOuter without encrypted_client_hello */
        lk_buffer encoded; /* what is encrypted */
        lk_buffer inner;   /* the ClientHelloInner, whose ever it is */
    } ech;

    /* TLS 1.2 */
    uint8_t client_random[LK_RANDOM_LEN], server_random[LK_RANDOM_LEN];
    lk12_master_secret master12;
    lk_write_keys client_keys, server_keys;
    size_t share_len;
    lk_buffer kept; /* all messages so far */

    lk_buffer *fed; /* keeps all that the engine was given, if set */

    size_t num_early; /* bytes of 0-RTT data that the engine has given to its application */

    /* what the engine has sent */
    size_t num_sent; /* bytes on the wire */
    lk_buffer wire, messages, data;
    lk_buffer hello_bytes; /* its last ClientHello */
    lk_client_hello hello;
    lk_buffer cookie;           /* of its HelloRetryRequest */
    unsigned num_messages[256]; /* by HandshakeType; a HelloRetryRequest counts as
                                   LK_HELLO_RETRY_REQUEST */
    unsigned num_ccs, num_alerts, num_after_alert, num_unreadable;
    size_t ticket_bytes; /* of its last NewSessionTicket */
    bool alert_protected, request_seen;
    uint8_t alert_level, alert;
};

/* peer_open makes both ends; a client under test has then sent its ClientHello. */
void peer_open(peer *p, const peer_setup *setup, size_t chunk);
void peer_close(peer *p); /* fails if the engine under test has not given all its memory back */

/* peer_connect makes one more engine under test, as peer_open does; peer_connect_twin makes it of
 * the twin, so that 0-RTT data which the first took is taken once more. */
lockstep_status peer_connect(peer *p, lockstep_conn **out);
lockstep_status peer_connect_twin(peer *p, lockstep_conn **out);

/* peer_abandon is for a test that failed in the midst: the next peer gets new configs. */
void peer_abandon(void);

/* peer_run takes the steps from `first` up to and without `last`, or until the engine fails. */
void peer_run(peer *p, peer_step first, peer_step last);

/* peer_build puts the honest message of a step into `m`; false: the step has none in this setup. */
bool peer_build(peer *p, peer_step step);

/* peer_say hashes what is in `m` and sends it as a record, as the step would. */
void peer_say(peer *p, peer_step step);

/* peer_hash_only adds `m` to the transcript without sending it. */
void peer_hash_only(peer *p);

/* peer_hash adds a message to the transcript. */
void peer_hash(peer *p, lk_slice message);

/* peer_turn changes keys as the step does after its message. */
void peer_turn(peer *p, peer_step step);

/* peer_record sends one record of any type and content under the current keys; peer_padded appends
 * `padding` zero bytes (RFC 8446 §5.4); peer_bytes sends raw bytes. */
void peer_record(peer *p, uint8_t type, lk_slice content);
void peer_padded(peer *p, uint8_t type, lk_slice content, size_t padding);
void peer_bytes(peer *p, lk_slice bytes);

/* peer_sealed appends a record to `out` without sending it. */
void peer_sealed(peer *p, lk_buffer *out, uint8_t type, lk_slice content, size_t padding);

/* peer_next_keys moves the peer's sending keys on, as a KeyUpdate does. */
void peer_next_keys(peer *p);

/* peer_pump takes what the engine has to say and lets it run its jobs. */
void peer_pump(peer *p);

/* ---- PSKs: peer_psk.c ---- */

/* peer_psk_kit gives the config of a kit, and its twin, what PSKs need; peer_psk_discard takes it
 * back. */
void peer_psk_kit(peer_kit *kit, lockstep_config *cfg);
void peer_psk_discard(peer_kit *kit);

/* peer_psk_open makes the PSK of a peer and, of a client under test, the session to offer. */
void peer_psk_open(peer *p);
void peer_psk_close(peer *p);

/* peer_bind writes the binder of the PSK that the ClientHello in `m` offers; the others are zero.
 */
void peer_bind(peer *p);

/* peer_psk_index says where in the ClientHello the PSK stands that the peer, as a server, takes. */
uint16_t peer_psk_index(const peer *p);

/* peer_binder writes a binder over the ClientHello in `m`, which ends with `binders_len` bytes of
 * binders. */
void peer_binder(const peer *p, uint8_t *out, lk_psk_kind kind, const lk_early_secret *early,
                 size_t binders_len);

/* peer_early_keys derives what protects 0-RTT data, once the ClientHello is hashed. */
void peer_early_keys(peer *p);

/* peer_early_record sends one record as 0-RTT data. */
void peer_early_record(peer *p, uint8_t type, lk_slice content);
/*
 * Encrypted Client Hello (peer_ech.c). As a client: peer_ech_wrap makes of the hello in `m` an
 * inner one and puts the outer one into `m`; peer_ech_seal puts it there again after a change to
 * p->ech.outer or p->ech.encoded, peer_ech_again after one to p->ech.inner. As a server:
 * peer_ech_open returns the inner hello, peer_ech_confirm writes the confirmation into `m`.
 */
void peer_ech_configure(lockstep_config *under_test, bool server);
void peer_ech_wrap(peer *p, bool second);
void peer_ech_seal(peer *p);
void peer_ech_again(peer *p);
lk_slice peer_ech_open(peer *p, lk_slice message);
void peer_ech_confirm(peer *p, bool retry);
void peer_ech_close(peer *p);

/* peer_finished_again writes verify_data of the peer's Finished for the transcript as it now is
 * into `m`. */
void peer_finished_again(peer *p);

#endif
