/*
 * session.h - returning without a full handshake (RFC 8446 §2.2, RFC 5077), and saying something
 * at once (0-RTT, §2.3).
 *
 * A client takes sessions from a connection, keeps them, and gives one to the next connection to
 * the same name. A server needs keys to seal tickets with, and no memory of its clients; only 0-RTT
 * needs one, so that no flight is accepted twice. The conventions are those of lockstep.h.
 *
 * What a session never does is skip a check: the chain or raw key that the peer showed is kept in
 * it and judged anew, by the trust and the policy of the config and at the time of the new
 * connection.
 */
#ifndef LOCKSTEP_SESSION_H
#define LOCKSTEP_SESSION_H

#include <lockstep/lockstep.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Client: sessions ------------------------------------------------------------------------ */

typedef struct lockstep_session lockstep_session; /* what one ticket is worth; holds secrets */

/* lockstep_config_keep_sessions makes client connections keep the sessions that servers give them,
 * at most 8 each, for lockstep_take_session. Without it they are dropped. */
LOCKSTEP_CHECKED lockstep_status lockstep_config_keep_sessions(lockstep_config *cfg);

/* lockstep_take_session returns the oldest session that was not taken yet, the caller's to free, or
 * NULL. In TLS 1.3 they come after the handshake (§4.6.1): look again after lockstep_wire_in. */
LOCKSTEP_API lockstep_session *lockstep_take_session(lockstep_conn *conn);

/* lockstep_session_free wipes and releases. NULL is allowed. */
LOCKSTEP_API void lockstep_session_free(lockstep_session *session);

/*
 * lockstep_client_resume is lockstep_client_new with a session (borrowed; NULL: none) to offer. It
 * is offered only if it was made with `server_name`, has not expired, fits the versions and suites
 * of `cfg` and its chain is still judged good; if not, and if the server does not want it, there is
 * a full handshake. lockstep_info.resumed says what came of it. Whoever watches the wire can link
 * two uses of one session, so use each once (§C.4).
 */
LOCKSTEP_CHECKED lockstep_status lockstep_client_resume(lockstep_conn **out,
                                                        const lockstep_config *cfg,
                                                        const char *server_name,
                                                        const lockstep_session *session);

/* What a session says of itself. Strings are lent by the session. */
typedef struct lockstep_session_info {
    uint16_t version, suite;
    const char *server_name; /* whom it was made with */
    const char *alpn;        /* NULL: none was agreed on */
    int64_t expires_ms;
    uint32_t max_early_data; /* bytes of 0-RTT data that the server takes; 0: none */
} lockstep_session_info;

/* lockstep_session_info_of fills `*out`; of NULL with zeros. */
LOCKSTEP_API void lockstep_session_info_of(const lockstep_session *session,
                                           lockstep_session_info *out);

/* lockstep_session_bytes sets `*out` to the session as bytes, to be kept in a file that nobody else
 * can read (lent by the session), and returns how many. lockstep_session_from_bytes makes it of
 * them again: LOCKSTEP_ERR_SESSION if they are none. `env`: whose heap; NULL for the default. */
LOCKSTEP_API size_t lockstep_session_bytes(const lockstep_session *session, const uint8_t **out);
LOCKSTEP_CHECKED lockstep_status lockstep_session_from_bytes(lockstep_session **out,
                                                             const lockstep_env *env,
                                                             const uint8_t *in, size_t in_len);

/* ---- Server: tickets ------------------------------------------------------------------------- */

/*
 * lockstep_tickets holds the keys that seal tickets. By itself it draws a key, a new one six times
 * in the lifetime of a ticket, and forgets each when the last ticket under it has expired: who
 * steals the keys later cannot read what was sealed before. It may be shared by configs and
 * threads. Configs that share it take each other's sessions, but none for a name that another one
 * has a certificate for and they have not; with LOCKSTEP_ASK_IDENTITY the question is not asked for
 * a session that is resumed, so what the application would refuse must not share tickets with what
 * it would not.
 */
typedef struct lockstep_tickets lockstep_tickets;

/* lockstep_tickets_new makes a set. Tickets are good for `lifetime_s` seconds, 1 to 604,800
 * (§4.6.1). `env` is copied; NULL takes all defaults. LOCKSTEP_ERR_NO_RANDOM. */
LOCKSTEP_CHECKED lockstep_status lockstep_tickets_new(lockstep_tickets **out,
                                                      const lockstep_env *env, uint32_t lifetime_s);

/* lockstep_tickets_add_key adds a key of LOCKSTEP_TICKET_KEY_LEN random bytes (copied): from here
 * on it seals, and those before only open; the newest 8 are kept. Several servers that add the same
 * keys take each other's tickets; making new ones in time is then the caller's part. */
#define LOCKSTEP_TICKET_KEY_LEN 48
LOCKSTEP_CHECKED lockstep_status lockstep_tickets_add_key(lockstep_tickets *tickets,
                                                          const uint8_t *key, size_t key_len);

/* lockstep_tickets_share takes another reference and returns it; each is freed by
 * lockstep_tickets_free, and with the last the keys are wiped. NULL is allowed. */
LOCKSTEP_API lockstep_tickets *lockstep_tickets_share(lockstep_tickets *tickets);
LOCKSTEP_API void lockstep_tickets_free(lockstep_tickets *tickets);

/* lockstep_config_set_tickets makes a server resume sessions, and send `num_tickets` (0 to 8) after
 * each full handshake and one after each resumed one. The config takes a reference. */
LOCKSTEP_CHECKED lockstep_status lockstep_config_set_tickets(lockstep_config *cfg,
                                                             lockstep_tickets *tickets,
                                                             size_t num_tickets);

/* ---- 0-RTT (RFC 8446 §2.3, §4.2.10, §8) ------------------------------------------------------ */

/*
 * 0-RTT data is sent before the server has said a word. Whoever records it can send it again, and
 * it has no forward secrecy: use it for requests that may be carried out twice, and only for those.
 */

/*
 * lockstep_strikes remembers which tickets were used for 0-RTT within the last `window_ms`, so that
 * none is accepted twice; what is older is refused by its age (§8.3). It has room for `max_entries`
 * tickets in 2 * window_ms (some 90 to 180 bytes each) and refuses all that come when that is full;
 * and in the first 2 * window_ms of its life all that are older than itself, since it cannot know
 * whether they were used before. It may be shared by configs and threads. Servers that share ticket
 * keys must not accept 0-RTT unless they share this too; and where keys of the application outlive
 * a restart (lockstep_tickets_add_key), the clock must not be behind that of the life before: what
 * was issued then would seem to be younger than this.
 */
typedef struct lockstep_strikes lockstep_strikes;

/* lockstep_strikes_new makes one. `max_entries` 1 to 2^24, `window_ms` 1,000 to 60,000; 10,000
 * suits clients on the open internet. `env` is copied; NULL takes all defaults. */
LOCKSTEP_CHECKED lockstep_status lockstep_strikes_new(lockstep_strikes **out,
                                                      const lockstep_env *env, size_t max_entries,
                                                      int64_t window_ms);

/* lockstep_strikes_share takes another reference and returns it; each is freed by
 * lockstep_strikes_free, and with the last the register. NULL is allowed. */
LOCKSTEP_API lockstep_strikes *lockstep_strikes_share(lockstep_strikes *strikes);
LOCKSTEP_API void lockstep_strikes_free(lockstep_strikes *strikes);

/* lockstep_config_accept_early_data makes a server take up to `max_bytes` (1 to 65,536) of 0-RTT
 * data per connection. Its config needs tickets. The config takes a reference. */
LOCKSTEP_CHECKED lockstep_status lockstep_config_accept_early_data(lockstep_config *cfg,
                                                                   lockstep_strikes *strikes,
                                                                   uint32_t max_bytes);

/* lockstep_config_offer_early_data makes clients with a session that allows it offer 0-RTT data:
 * LOCKSTEP_EARLY_IN is then set until the server has answered. */
LOCKSTEP_CHECKED lockstep_status lockstep_config_offer_early_data(lockstep_config *cfg);

/* lockstep_early_in encrypts 0-RTT data of a client (borrowed) and sets `*used` to how many bytes
 * it took: up to what the session allows. LOCKSTEP_ERR_USAGE without LOCKSTEP_EARLY_IN. If
 * lockstep_info.early_data becomes LOCKSTEP_EARLY_REJECTED, the server has read none of it. */
LOCKSTEP_CHECKED lockstep_status lockstep_early_in(lockstep_conn *conn, size_t *used,
                                                   const uint8_t *in, size_t in_len);

/*
 * lockstep_early_out returns how many bytes of accepted 0-RTT data wait on a server and sets `*out`
 * to them (lent); lockstep_early_taken says that the first `n` are used. Who takes them before
 * LOCKSTEP_SECURE answers for it that they may be a replay sent to another server. What was not
 * taken by then comes out of lockstep_app_out like any other data, and is none.
 */
LOCKSTEP_API size_t lockstep_early_out(const lockstep_conn *conn, const uint8_t **out);
LOCKSTEP_API void lockstep_early_taken(lockstep_conn *conn, size_t n);

/* ---- External pre-shared keys (RFC 9258) ----------------------------------------------------- */

/*
 * lockstep_config_add_psk adds a key that both sides have from elsewhere: `key`, at least 32 random
 * bytes (a password is none), known by `identity` (1 to 256 bytes) and bound to `context` (at most
 * 256 bytes; may be empty). All are copied; at most 8. It is imported for TLS 1.3 with each hash
 * (§3), so it can be used with nothing else. A peer that proves that it has the key needs no
 * certificate: neither does a client of a server with LOCKSTEP_CLIENT_AUTH_REQUIRE.
 */
LOCKSTEP_CHECKED lockstep_status lockstep_config_add_psk(lockstep_config *cfg,
                                                         lockstep_slice identity,
                                                         lockstep_slice key,
                                                         lockstep_slice context);

#ifdef __cplusplus
}
#endif

#endif /* LOCKSTEP_SESSION_H */
