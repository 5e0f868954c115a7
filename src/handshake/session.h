/*
 * session.h - what lets two sides resume (RFC 8446 §2.2, §4.6.1; RFC 5246 §7.3): a client keeps it,
 * a server seals it into a ticket. One form in bytes serves both.
 */
#ifndef LK_HANDSHAKE_SESSION_H
#define LK_HANDSHAKE_SESSION_H

#include <lockstep/session.h>

#include "crypto/hkdf.h"
#include "util/builder.h"
#include "util/reader.h"
#include "wire/certificate.h"

#define LK_SESSION_SECRET_MAX 48
#define LK_SHOWN_KEY_LEN      32

/* "Servers MUST NOT use any value greater than 604800 seconds (7 days)." (§4.6.1) */
#define LK_TICKET_LIFETIME_MAX 604800

/* A session; all slices point into bytes that somebody else owns. */
typedef struct lk_session {
    uint16_t version, suite, group, scheme; /* scheme: the peer's, of its CertificateVerify */
    lk_slice secret;                        /* TLS 1.3: the PSK; TLS 1.2: the master secret */
    lk_slice server_name; /* as the client asked for it, without NUL; empty: none was sent */
    lk_slice alpn;        /* empty: none */
    lk_slice ticket;      /* client: what the server wants to see again */
    lk_slice session_id;  /* TLS 1.2 client without a ticket */
    int64_t issued_ms;    /* by the clock of the side that keeps or seals it */
    int64_t verified_ms;  /* when the peer's chain was first shown and its key proven */
    uint32_t lifetime_s, age_add;
    uint32_t max_early_data; /* bytes; 0: no 0-RTT */
    bool named;              /* server: it has shown a certificate for server_name */
    lk_slice shown_key;      /* server: SHA-256 of the raw public key that it has shown; or empty */
    bool peer_raw_key;       /* `peer` is a SubjectPublicKeyInfo, in place of a chain (RFC 7250) */
    lk_slice peer;           /* the peer's chain with what was stapled: lk_session_peer reads it */
} lk_session;

/* lk_session_build appends the bytes of a session; lk_session_parse reads them, strictly, and
 * points into `in`. False: they are none. */
void lk_session_build(lk_builder *b, const lk_session *session);
bool lk_session_parse(lk_session *out, lk_slice in);

/* lk_session_peer_build appends what `peer` of a session is made of; empty for no certificates.
 * lk_session_peer gives it back; `out` points into the session. False: it does not parse. */
void lk_session_peer_build(lk_builder *b, const lk_slice *chain, const lk_slice *ocsp,
                           size_t num_chain, lk_slice scts);
bool lk_session_peer(lk_certificate *out, lk_slice peer);

/* lk_session_expires_ms returns when it ends to be good, by the clock of issued_ms. */
int64_t lk_session_expires_ms(const lk_session *session);

/* lk_session_alive: it has not expired and does not come from the future. */
bool lk_session_alive(const lk_session *session, int64_t now_ms);

/* lk_ticket_lifetime_s returns the seconds for which a new session may be good: what is `wanted`,
 * but no longer than seven days after the peer proved that it has its key. 0: not at all. */
uint32_t lk_ticket_lifetime_s(uint32_t wanted, int64_t verified_ms, int64_t now_ms);

/* The object behind the public name: the bytes, and the session read from them. */
struct lockstep_session {
    lockstep_session *next; /* of those that wait in a connection */
    lk_heap heap;
    size_t size; /* of this whole block */
    lk_session s;
    char *server_name, *alpn; /* NUL-terminated, in heap memory */
    size_t num_bytes;
    uint8_t bytes[];
};

/* lk_session_new copies; LOCKSTEP_ERR_NO_MEMORY, LOCKSTEP_ERR_SESSION. */
LK_CHECKED lockstep_status lk_session_new(lockstep_session **out, const lk_heap *heap, lk_slice in);

#endif
