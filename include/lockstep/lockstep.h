/*
 * lockstep.h - TLS 1.3 (RFC 8446) and 1.2 (RFC 5246), without I/O.
 *
 * This header has the connection; lockstep/config.h, which it includes, what a connection offers
 * and whom it trusts. Apart stand lockstep/session.h (resumption, 0-RTT), lockstep/ech.h (Encrypted
 * Client Hello) and lockstep/note.h (every step, for whoever watches).
 *
 * A lockstep_conn is a pipe with two sides. Bytes enter with *_in and leave with *_out.
 * The library opens no socket, reads no file and starts no thread, but where an application asks
 * for those of a job hall (lockstep/hall.h).
 *
 *     network                     lockstep_conn                    application
 *              lockstep_wire_in   +------------+  lockstep_app_out
 *     recv ------------------->  |  record    |  -------------------> plaintext
 *                                |  handshake |
 *     send <-------------------  |  keys      |  <------------------- plaintext
 *              lockstep_wire_out  +------------+  lockstep_app_in
 *
 * CONVENTIONS (true of every function, so not repeated below)
 *
 *   Status     A function that can fail returns lockstep_status; 0 is success. There is no errno
 *              and no error queue. The first failure of a connection is final: every later call
 *              returns it, and only lockstep_wire_out still yields bytes (the alert) and
 *              lockstep_app_out what was authenticated before. The one exception is
 *              LOCKSTEP_ERR_USAGE, which changes nothing.
 *   Order      Object first, then outputs (`out`, `out_len`, `used`), then inputs.
 *   Bytes      `p, p_len` is a byte slice, `p_len` in bytes; NULL is allowed when `p_len` is 0.
 *              `list, num_list` counts elements. Strings are NUL-terminated UTF-8.
 *   Time       int64_t milliseconds since 1970-01-01T00:00:00Z, suffix `_ms`.
 *   Ownership  *borrowed*: used during the call only.   *copied*: yours again on return.
 *              *lent*: yours to read until the next call on that object without `const`.
 *   Threads    A sealed config may be shared. A connection has one user at a time. No globals.
 *   Callbacks  Are never handed a connection, so they cannot call back into one.
 *   Misuse     Passing NULL for an object, or an unsealed config, returns LOCKSTEP_ERR_USAGE;
 *              nothing in the library aborts on what a peer or a caller sent.
 */
#ifndef LOCKSTEP_H
#define LOCKSTEP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <lockstep/config.h>
#include <lockstep/env.h>
#include <lockstep/slice.h>
#include <lockstep/status.h>
#include <lockstep/x509.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct lockstep_conn lockstep_conn; /* one TLS connection, client or server */

/* lockstep_failure says why a connection failed, for logs and for people. */
typedef struct lockstep_failure {
    lockstep_status status;
    int alert;        /* alert number sent or received (RFC 8446 §6), or LOCKSTEP_ALERT_NONE */
    const char *rule; /* what was broken, e.g. "RFC 8446 §4.2.8"; static, may be empty */
    char detail[160]; /* e.g. "server chose x448, we offered x25519 and secp256r1"; escaped */
} lockstep_failure;

/* ---- Connections ----------------------------------------------------------------------------- */

/*
 * lockstep_client_new sets `*out` to a client connection for `server_name` (copied): a DNS name,
 * which is sent as SNI (RFC 6066 §3) and must be in the certificate, or an IP address, which is
 * only matched. It has its ClientHello ready in lockstep_wire_out. LOCKSTEP_ERR_NAME for anything
 * else, LOCKSTEP_ERR_USAGE for NULL: there is no client that checks no name. LOCKSTEP_ERR_USAGE too
 * if the config has neither trust anchors nor LOCKSTEP_ASK_VERDICT nor the danger of above.
 */
LOCKSTEP_CHECKED lockstep_status lockstep_client_new(lockstep_conn **out,
                                                     const lockstep_config *cfg,
                                                     const char *server_name);

/* lockstep_server_new sets `*out` to a server connection that waits for a ClientHello. */
LOCKSTEP_CHECKED lockstep_status lockstep_server_new(lockstep_conn **out,
                                                     const lockstep_config *cfg);

/* lockstep_set_address says where the client of a server connection is, in whatever form the
 * application likes (copied, at most 64 bytes), before any byte of it comes in. The cookies of
 * lockstep_config_stateless_retry are good for that address only. LOCKSTEP_ERR_LIMIT. */
LOCKSTEP_CHECKED lockstep_status lockstep_set_address(lockstep_conn *conn, const uint8_t *address,
                                                      size_t address_len);

/* lockstep_conn_free wipes and releases `conn`. NULL is allowed. It sends nothing. Not
 * while a job of `conn` is out (lockstep_next_job), unless a hall has it (lockstep/hall.h);
 * lockstep_close and lockstep_wire_eof may come then, and take effect in lockstep_resume. */
LOCKSTEP_API void lockstep_conn_free(lockstep_conn *conn);

/* What a connection can do now. More than one bit may be set; 0 never is. */
enum lockstep_state {
    LOCKSTEP_WIRE_IN = 1 << 0,   /* wants bytes from the peer */
    LOCKSTEP_WIRE_OUT = 1 << 1,  /* has bytes for the peer */
    LOCKSTEP_APP_IN = 1 << 2,    /* accepts application bytes to send */
    LOCKSTEP_APP_OUT = 1 << 3,   /* has application bytes from the peer */
    LOCKSTEP_ASKS = 1 << 4,      /* waits for an answer; see lockstep_asking */
    LOCKSTEP_SECURE = 1 << 5,    /* handshake done: peer verified as the config demands */
    LOCKSTEP_PEER_DONE = 1 << 6, /* close_notify received: no more application bytes will come */
    LOCKSTEP_CLOSED = 1 << 7,    /* nothing more in or out, and nothing waits to be sent or taken:
                                  * free it; see lockstep_failure_of for why */
    LOCKSTEP_HAS_JOB = 1 << 8,   /* waits for public-key work; see lockstep_next_job */
    LOCKSTEP_EARLY_IN = 1 << 9,  /* client: accepts 0-RTT data (lockstep/session.h) */
    LOCKSTEP_EARLY_OUT = 1 << 10 /* server: has 0-RTT data, and the handshake is not done */
};

/* lockstep_state_of returns the set of those bits that hold now; LOCKSTEP_CLOSED for NULL. */
LOCKSTEP_API unsigned lockstep_state_of(const lockstep_conn *conn);

/*
 * lockstep_wire_in gives the connection bytes received from the peer (borrowed) and sets `*used`
 * to how many it took. It takes fewer than `in_len` only when application bytes wait in
 * lockstep_app_out, or 64 KiB in lockstep_wire_out, or when it fails, asks or has a job; offer the
 * rest again afterwards. Any split of the stream into calls has the same effect as any other split.
 */
LOCKSTEP_CHECKED lockstep_status lockstep_wire_in(lockstep_conn *conn, size_t *used,
                                                  const uint8_t *in, size_t in_len);

/*
 * lockstep_wire_in_place does the same with memory that it may write to: records that are whole are
 * opened where they lie, so nothing is copied. What lockstep_app_out then returns lies in `in`,
 * which must stay as it is until lockstep_app_taken has taken all of it; wiping it is up to the
 * caller. That is one record at a time: take it, then offer the rest. What lies elsewhere all the
 * same, such as a record that came in parts, is the connection's. Bytes that were used are not what
 * they were.
 */
LOCKSTEP_CHECKED lockstep_status lockstep_wire_in_place(lockstep_conn *conn, size_t *used,
                                                        uint8_t *in, size_t in_len);

/* lockstep_wire_eof says that the peer's stream ended, once lockstep_wire_in has used all that came
 * before. Without close_notify in that, it is a truncation (RFC 8446 §6.1) and the connection fails
 * with LOCKSTEP_ERR_TRUNCATED; with it, nothing happens. */
LOCKSTEP_CHECKED lockstep_status lockstep_wire_eof(lockstep_conn *conn);

/* lockstep_wire_out returns how many bytes wait for the peer and sets `*out` to them (lent).
 * It works after a failure too, so that the alert can be sent. */
LOCKSTEP_API size_t lockstep_wire_out(const lockstep_conn *conn, const uint8_t **out);

/* lockstep_wire_sent says that the first `n` of those bytes are on their way; `n` beyond what waits
 * counts as all of it. */
LOCKSTEP_API void lockstep_wire_sent(lockstep_conn *conn, size_t n);

/*
 * lockstep_app_in encrypts application bytes (borrowed) and sets `*used` to how many it took: up
 * to 64 KiB of records are buffered, then 0 until lockstep_wire_sent makes room. `in` may be what
 * lockstep_app_out returned, which stays there until it is taken. It fails with
 * LOCKSTEP_ERR_USAGE without LOCKSTEP_APP_IN: before LOCKSTEP_SECURE, except on a server that has
 * accepted 0-RTT data and may answer it at once.
 */
LOCKSTEP_CHECKED lockstep_status lockstep_app_in(lockstep_conn *conn, size_t *used,
                                                 const uint8_t *in, size_t in_len);

/* lockstep_app_out returns how many authenticated bytes wait and sets `*out` to them (lent). */
LOCKSTEP_API size_t lockstep_app_out(const lockstep_conn *conn, const uint8_t **out);

/* lockstep_app_taken says that the first `n` of those bytes are used; they are wiped. */
LOCKSTEP_API void lockstep_app_taken(lockstep_conn *conn, size_t n);

/* lockstep_close queues close_notify (RFC 8446 §6.1) behind all that lockstep_app_in took; the peer
 * may go on sending until LOCKSTEP_PEER_DONE. Before LOCKSTEP_SECURE it gives the handshake up
 * (user_canceled). Again, or after a failure, it does nothing. */
LOCKSTEP_CHECKED lockstep_status lockstep_close(lockstep_conn *conn);

/* lockstep_update_keys changes this side's sending keys, and with `both` asks the peer to change
 * its own (RFC 8446 §4.6.3). The engine does so itself before the limits of §5.5. TLS 1.2 has no
 * such thing: LOCKSTEP_ERR_USAGE, and a connection whose key reaches its limit ends. */
LOCKSTEP_CHECKED lockstep_status lockstep_update_keys(lockstep_conn *conn, bool both);

/*
 * lockstep_export derives `out_len` bytes of keying material for the application from this
 * connection (RFC 8446 §7.5, RFC 5705): both ends get the same for the same label and context, and
 * nobody else does. `label` names the use ("EXPORTER-..."), at most 249 characters; `context` may
 * be NULL. At most 8,160 bytes. LOCKSTEP_ERR_USAGE before LOCKSTEP_SECURE, LOCKSTEP_ERR_LIMIT.
 */
LOCKSTEP_CHECKED lockstep_status lockstep_export(const lockstep_conn *conn, uint8_t *out,
                                                 size_t out_len, const char *label,
                                                 const uint8_t *context, size_t context_len);

/* lockstep_failure_of returns the connection's failure (lent), or NULL if it has not failed. */
LOCKSTEP_API const lockstep_failure *lockstep_failure_of(const lockstep_conn *conn);

/* 0-RTT (lockstep/session.h). */
enum lockstep_early_data {
    LOCKSTEP_EARLY_NONE = 0,
    LOCKSTEP_EARLY_OFFERED, /* client: the server has not answered yet */
    LOCKSTEP_EARLY_ACCEPTED,
    LOCKSTEP_EARLY_REJECTED /* nothing of it was read */
};

/* What became of Encrypted Client Hello. On a server REJECTED may have been GREASE. */
enum lockstep_ech_state {
    LOCKSTEP_ECH_STATE_NONE = 0, /* not offered, or GREASE, or the server has not answered yet */
    LOCKSTEP_ECH_STATE_ACCEPTED,
    LOCKSTEP_ECH_STATE_REJECTED
};

/* What was agreed on. Zero or NULL where it is not known yet. */
typedef struct lockstep_info {
    uint16_t version;     /* 0x0304 or 0x0303 */
    uint16_t suite;       /* CipherSuite */
    uint16_t group;       /* NamedGroup */
    uint16_t peer_scheme; /* SignatureScheme of the peer's CertificateVerify, or in TLS 1.2 of the
                           * server's ServerKeyExchange */
    uint16_t own_scheme;  /* of our own */
    bool retried;         /* a HelloRetryRequest was sent or received */
    bool resumed;         /* a session was resumed, or an external PSK used */
    enum lockstep_early_data early_data;
    const char *server_name; /* client: the name asked for; server: the SNI received; escaped */
    const char *alpn;        /* the protocol agreed on */
    const lockstep_slice *peer_chain; /* DER certificates, leaf first */
    size_t num_peer_chain;
    bool peer_delegated; /* it signed with a delegated credential (RFC 9345) */
    bool peer_raw_key;   /* peer_chain is one SubjectPublicKeyInfo instead (RFC 7250) */
    lockstep_slice peer_ocsp, peer_scts; /* stapled to the leaf, or empty */
    const lockstep_report *report; /* how the peer's chain was judged; NULL: it was good, and nobody
                                      wanted to know (lockstep_config_keep_reports) */
    enum lockstep_ech_state ech;
    lockstep_slice ech_retry_configs; /* an ECHConfigList, after LOCKSTEP_ECH_REJECTED; or empty */
    uint64_t bytes_in, bytes_out;     /* application bytes so far */
} lockstep_info;

/* lockstep_info_of fills `*out`; what it points to is lent. */
LOCKSTEP_API void lockstep_info_of(const lockstep_conn *conn, lockstep_info *out);

/* ---- Answers --------------------------------------------------------------------------------- */

/* lockstep_ask is an open question. All pointers are lent until it is answered. */
typedef struct lockstep_ask {
    enum lockstep_ask_kind kind;
    const char *server_name; /* IDENTITY, VERDICT, POLICY: the name asked for; NULL if none */
    const uint16_t *schemes; /* IDENTITY, SIGNATURE: SignatureScheme (RFC 8446 §4.2.3) */
    size_t num_schemes;
    lockstep_slice to_sign;      /* SIGNATURE: the exact input of RFC 8446 §4.4.3, or in TLS 1.2 of
                                  * RFC 8422 §5.4 or RFC 5246 §7.4.8 */
    const lockstep_slice *chain; /* VERDICT, POLICY: DER certificates, leaf first */
    size_t num_chain;
    lockstep_slice raw_key; /* VERDICT: a SubjectPublicKeyInfo that the peer shows instead (RFC
                             * 7250), of which only the form is known to be right; the chain is
                             * empty then. It stands for nobody unless the application knows it. */
} lockstep_ask;

/* lockstep_asking returns the open question, or NULL. Answer now or later; nothing blocks. */
LOCKSTEP_API const lockstep_ask *lockstep_asking(const lockstep_conn *conn);

/* lockstep_answer_identity goes on with the identities of `identity_from`, a sealed config of which
 * the connection takes a reference; NULL refuses the name with unrecognized_name. */
LOCKSTEP_CHECKED lockstep_status lockstep_answer_identity(lockstep_conn *conn,
                                                          const lockstep_config *identity_from);

/* lockstep_answer_signature gives the signature (copied) and the scheme it was made with, one of
 * those asked for. */
LOCKSTEP_CHECKED lockstep_status lockstep_answer_signature(lockstep_conn *conn, uint16_t scheme,
                                                           const uint8_t *sig, size_t sig_len);

/* lockstep_answer_verdict goes on (`verdict` LOCKSTEP_OK) or fails with a LOCKSTEP_CERT_ status. */
LOCKSTEP_CHECKED lockstep_status lockstep_answer_verdict(lockstep_conn *conn,
                                                         lockstep_status verdict);

/* lockstep_answer_policy goes on to judge the chain by `policy` (a reference is taken), such as one
 * with the revocation lists that the chain names; NULL: by that of the config. */
LOCKSTEP_CHECKED lockstep_status lockstep_answer_policy(lockstep_conn *conn,
                                                        lockstep_policy *policy);

/* ---- Jobs: public-key work, alone or many at a time ------------------------------------------ */

/*
 * A job is one public-key operation that a connection waits for: make a key share, compute a shared
 * secret, sign, verify. By default it runs inside the call that needed it, and nobody sees it. With
 * lockstep_config_gather_jobs a connection sets LOCKSTEP_HAS_JOB instead and goes on when it is
 * told to; an event loop then collects the jobs of all its connections and runs them together.
 * lockstep/hall.h does that, and lockstep/shares.h makes key shares before anybody asks.
 */
typedef struct lockstep_job lockstep_job;

/* lockstep_next_job returns a job of `conn` that waits to be run (lent until lockstep_resume), or
 * NULL. */
LOCKSTEP_API lockstep_job *lockstep_next_job(lockstep_conn *conn);

/* lockstep_run_jobs runs `jobs`, of any kinds and any connections, and groups them itself. A job's
 * failure is its connection's alone. May run on any thread that owns those connections. */
LOCKSTEP_API void lockstep_run_jobs(lockstep_job *const *jobs, size_t num_jobs);

/* lockstep_resume goes on after the connection's jobs have run. */
LOCKSTEP_CHECKED lockstep_status lockstep_resume(lockstep_conn *conn);

#ifdef __cplusplus
}
#endif

#endif /* LOCKSTEP_H */
