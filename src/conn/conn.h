/*
 * conn.h - the inside of a connection: the one place that sees handshake, records and keys
 * together.
 */
#ifndef LK_CONN_CONN_H
#define LK_CONN_CONN_H

#include "conn/config.h"
#include "handshake/handshake.h"
#include "record/record.h"

/* What a connection holds for a peer that does not read, beyond which it takes no more input. */
#define LK_WIRE_OUT_MAX 65536

/* Things that a peer may do without use, in a row, before it is taken for a flood. Honest ones: a
 * CCS in each direction, a few tickets; nobody sends empty records. */
#define LK_MAX_USELESS 32

/* Sessions that wait for the application; the oldest makes room. */
#define LK_SESSIONS_MAX 8

struct lockstep_conn {
    lockstep_config *config;     /* a reference */
    lockstep_config *identities; /* a reference, if an application answered with one */
    const lk_settings *settings;
    lk_watch watch;
    lk_handshake *hs; /* NULL once it is over */
    lk_agreed agreed;
    lockstep_failure failure;
    lk_protection in, out;
    lk_buffer record;   /* a record that has come in part */
    lk_buffer messages; /* handshake messages that have come in part */
    lk_buffer wire_out, app_out;
    lk_slice lent;       /* in front of app_out: data where the caller's bytes were */
    uint32_t send_max;   /* bytes of content in a record that we send */
    uint32_t accept_max; /* bytes of inner plaintext in a record that we accept */
    uint32_t skip_early; /* bytes of 0-RTT records still to be passed over */
    uint64_t bytes_in, bytes_out;
    uint32_t early_left; /* bytes of 0-RTT data that may still be sent, or may still come */
    bool early_read;     /* 0-RTT data comes, under its own keys */
    bool answers_early;  /* a server that accepted it may send before the client's Finished */
    lockstep_session *sessions; /* the oldest first; not taken yet */
    unsigned useless, warnings;
    bool is_client;
    bool in_place;    /* records lie where they may be opened; while bytes are taken */
    bool heard;       /* a record has come */
    bool heard_hello; /* and a handshake message: from then on CCS records are tolerated */
    bool opened;      /* a protected record has come, and opened */
    bool spoke;       /* the first ClientHello is out */
    bool secure, peer_done, close_sent;
    bool early_ccs;              /* a change_cipher_spec came before the version was known */
    bool update_asked;           /* our KeyUpdate asked for one of the peer's */
    bool update_owed;            /* the peer's asked for one of ours, before our next data */
    bool eof_later, close_later; /* wishes that wait until jobs that are out have run */
    bool held, dropped;          /* by a hall (hold.h); and freed meanwhile by its owner */
};

/* Warning alerts of TLS 1.2 that are passed over in a row. */
#define LK_MAX_WARNINGS 4

/* lk_conn_jobs_out: is a job with whoever runs it? The handshake that owns it must then stay. */
bool lk_conn_jobs_out(const lockstep_conn *conn);

/* lk_conn_may_send: application data may go out; on a server that answers 0-RTT data that is so
 * before the client's Finished. */
bool lk_conn_may_send(const lockstep_conn *conn);

/* lk_conn_early_in: a client may send 0-RTT data now (early.c). */
bool lk_conn_early_in(const lockstep_conn *conn);

/* lk_conn_data returns what waits for the application next. */
lk_slice lk_conn_data(const lockstep_conn *conn);

/* lk_conn_taken drops the first `n` bytes that wait for the application. */
void lk_conn_taken(lockstep_conn *conn, size_t n);

/* lk_conn_failed returns the status of the failure; LOCKSTEP_OK: there is none. */
static inline lockstep_status lk_conn_failed(const lockstep_conn *conn) {
    return conn->failure.status;
}

/* lk_conn_fail ends the connection: the alert is queued, keys and handshake are wiped. */
lockstep_status lk_conn_fail(lockstep_conn *conn);
__attribute__((format(printf, 3, 4))) lockstep_status
lk_conn_fail_with(lockstep_conn *conn, lockstep_status status, const char *format, ...);

/* lk_conn_send seals `content` into as many records as it takes. */
LK_CHECKED lockstep_status lk_conn_send(lockstep_conn *conn, lk_content_type type,
                                        lk_slice content);

/* lk_conn_pump carries out the outbox of the handshake, unless that waits (pump.c). */
LK_CHECKED lockstep_status lk_conn_pump(lockstep_conn *conn);

/* lk_conn_messages hands on the handshake messages that are whole, after what came in part before
 * and `content`, which may be empty (pump.c). */
LK_CHECKED lockstep_status lk_conn_messages(lockstep_conn *conn, lk_slice content);

/* lk_conn_record takes one record (receive.c). */
LK_CHECKED lockstep_status lk_conn_record(lockstep_conn *conn, const lk_record *record);

/* lk_conn_keep_session takes over a session that was given (sessions.c). */
void lk_conn_keep_session(lockstep_conn *conn, lockstep_session *session);
void lk_conn_free_sessions(lockstep_conn *conn);

/* lk_client_new is lockstep_client_new with a session to offer, or NULL (conn.c). */
LK_CHECKED lockstep_status lk_client_new(lockstep_conn **out, const lockstep_config *cfg,
                                         const char *server_name, const lockstep_session *session);

/* lk_conn_update_keys sends a KeyUpdate and changes the sending keys (§4.6.3). */
LK_CHECKED lockstep_status lk_conn_update_keys(lockstep_conn *conn, bool request);

#endif
