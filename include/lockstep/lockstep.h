/*
 * lockstep.h - TLS 1.3 (RFC 8446) and 1.2 (RFC 5246), without I/O.
 *
 * A lockstep_conn is a pipe with two sides. Bytes enter with *_in and leave with *_out.
 * The library opens no socket, reads no file and starts no thread.
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

#include <lockstep/env.h>
#include <lockstep/slice.h>
#include <lockstep/status.h>
#include <lockstep/x509.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct lockstep_config
    lockstep_config;                        /* what to offer and whom to trust; sealed, shared */
typedef struct lockstep_conn lockstep_conn; /* one TLS connection, client or server */

/* lockstep_failure says why a connection failed, for logs and for people. */
typedef struct lockstep_failure {
    lockstep_status status;
    int alert;        /* alert number sent or received (RFC 8446 §6), or LOCKSTEP_ALERT_NONE */
    const char *rule; /* what was broken, e.g. "RFC 8446 §4.2.8"; static, may be empty */
    char detail[160]; /* e.g. "server chose x448, we offered x25519 and secp256r1"; escaped */
} lockstep_failure;

/* ---- Names of code points -------------------------------------------------------------------- */

/* Named groups (RFC 8446 §4.2.7, draft-ietf-tls-ecdhe-mlkem). */
enum lockstep_group {
    LOCKSTEP_GROUP_SECP256R1 = 0x0017,
    LOCKSTEP_GROUP_SECP384R1 = 0x0018,
    LOCKSTEP_GROUP_X25519 = 0x001d,
    LOCKSTEP_GROUP_SECP256R1MLKEM768 = 0x11eb,
    LOCKSTEP_GROUP_X25519MLKEM768 = 0x11ec,
    LOCKSTEP_GROUP_SECP384R1MLKEM1024 = 0x11ed /* where libcrypto has ML-KEM-1024: 3.5 */
};

/* Cipher suites of TLS 1.3 (RFC 8446 §B.4), and of TLS 1.2 (RFC 5289, RFC 7905, RFC 5288). */
enum lockstep_suite {
    LOCKSTEP_SUITE_AES_128_GCM_SHA256 = 0x1301,
    LOCKSTEP_SUITE_AES_256_GCM_SHA384 = 0x1302,
    LOCKSTEP_SUITE_CHACHA20_POLY1305_SHA256 = 0x1303,
    LOCKSTEP_SUITE_ECDHE_ECDSA_AES_128_GCM_SHA256 = 0xc02b,
    LOCKSTEP_SUITE_ECDHE_ECDSA_AES_256_GCM_SHA384 = 0xc02c,
    LOCKSTEP_SUITE_ECDHE_RSA_AES_128_GCM_SHA256 = 0xc02f,
    LOCKSTEP_SUITE_ECDHE_RSA_AES_256_GCM_SHA384 = 0xc030,
    LOCKSTEP_SUITE_ECDHE_RSA_CHACHA20_POLY1305_SHA256 = 0xcca8,
    LOCKSTEP_SUITE_ECDHE_ECDSA_CHACHA20_POLY1305_SHA256 = 0xcca9,
    /* RSA key transport; see lockstep_config_danger_rsa_key_exchange */
    LOCKSTEP_SUITE_RSA_AES_128_GCM_SHA256 = 0x009c,
    LOCKSTEP_SUITE_RSA_AES_256_GCM_SHA384 = 0x009d
};

/* These return the registered name of a code point ("X25519MLKEM768", "TLS_AES_128_GCM_SHA256",
 * "ecdsa_secp256r1_sha256"), or "unknown"; of a version "TLS 1.3". Static. */
LOCKSTEP_API const char *lockstep_version_name(uint16_t version);
LOCKSTEP_API const char *lockstep_group_name(uint16_t group);
LOCKSTEP_API const char *lockstep_suite_name(uint16_t suite);
LOCKSTEP_API const char *lockstep_scheme_name(uint16_t scheme);

/* These return the code point of a name that this library implements, in any case ("P-256" and
 * "prime256v1" are secp256r1, and "ECDHE-RSA-AES128-GCM-SHA256" is a suite of TLS 1.2, as curl and
 * OpenSSL write them), or 0. */
LOCKSTEP_API uint16_t lockstep_group_by_name(const char *name);
LOCKSTEP_API uint16_t lockstep_suite_by_name(const char *name);

/* ---- Configuration: build it, seal it, share it ---------------------------------------------- */

/*
 * lockstep_config_new sets `*out` to a config with the defaults of docs/defaults.md: TLS 1.2 and
 * 1.3, no trust anchors, no identity, no ALPN. `env` is copied; NULL takes all defaults.
 */
LOCKSTEP_CHECKED lockstep_status lockstep_config_new(lockstep_config **out,
                                                     const lockstep_env *env);

/* lockstep_config_set_trust says whom to trust: clients judge servers by it, servers that want
 * client certificates judge those. The config takes a reference. */
LOCKSTEP_CHECKED lockstep_status lockstep_config_set_trust(lockstep_config *cfg,
                                                           lockstep_trust *trust);

/* lockstep_config_set_policy says what is asked of the peer's chain beyond that (lockstep/x509.h).
 * The config takes a reference. Without one the default policy holds. */
LOCKSTEP_CHECKED lockstep_status lockstep_config_set_policy(lockstep_config *cfg,
                                                            lockstep_policy *policy);

/* lockstep_config_keep_reports keeps the report of good chains too (lockstep_info), which costs
 * some 20 us a handshake; that of a chain that was refused is always there. */
LOCKSTEP_CHECKED lockstep_status lockstep_config_keep_reports(lockstep_config *cfg);

/*
 * lockstep_config_add_identity adds a certificate chain, leaf first, and the private key of its
 * leaf (both PEM, copied); at most 32. LOCKSTEP_ERR_PEM, LOCKSTEP_ERR_KEY_MISMATCH if the two do
 * not belong together, LOCKSTEP_ERR_KEY_UNSUPPORTED. A server picks an identity that suits the
 * ClientHello's signature_algorithms (RFC 8446 §4.4.2.2): one that has the name, or else any; among
 * those one whose chain is signed by algorithms that the client knows (signature_algorithms_cert),
 * and that comes from one of its certificate_authorities; then the first. A client picks likewise
 * by the CertificateRequest; the authorities only guide it (RFC 8446 §4.2.4), so it may send one
 * that comes from none of them.
 */
LOCKSTEP_CHECKED lockstep_status lockstep_config_add_identity(lockstep_config *cfg,
                                                              const uint8_t *chain,
                                                              size_t chain_len, const uint8_t *key,
                                                              size_t key_len);

/*
 * lockstep_config_add_raw_key adds a private key (PEM, copied) that is shown without a certificate
 * to peers that take raw public keys (RFC 7250); it counts among the 32 identities. Beside
 * identities with certificates, the peer's wish decides which is shown; a client names the kind of
 * its first identity first. LOCKSTEP_ERR_PEM,
 * LOCKSTEP_ERR_KEY_UNSUPPORTED.
 */
LOCKSTEP_CHECKED lockstep_status lockstep_config_add_raw_key(lockstep_config *cfg,
                                                             const uint8_t *key, size_t key_len);

/*
 * lockstep_config_trust_raw_key trusts every PUBLIC KEY block of `pem` (copied), at most 64 in all:
 * a peer that shows one of these keys and proves that it holds it is who it should be, whatever the
 * name and the time; no other raw key is ever accepted. Only a config with such keys asks for raw
 * keys, and prefers them to certificates. Such connections leave no sessions to resume.
 * LOCKSTEP_ERR_PEM, LOCKSTEP_ERR_KEY_UNSUPPORTED (also a key that is too weak), LOCKSTEP_ERR_LIMIT.
 */
LOCKSTEP_CHECKED lockstep_status lockstep_config_trust_raw_key(lockstep_config *cfg,
                                                               const uint8_t *pem, size_t pem_len);

/* lockstep_config_accept_delegated lets servers show a key that their certificate's key has signed
 * for at most seven days (RFC 9345), if the certificate allows that. Off by default: such a key is
 * in no log and on no revocation list. */
LOCKSTEP_CHECKED lockstep_status lockstep_config_accept_delegated(lockstep_config *cfg);

/*
 * lockstep_config_staple gives the identity that was added last an OCSP response (DER) and a
 * SignedCertificateTimestampList, both copied and either may be empty, which clients get that ask
 * for them (RFC 8446 §4.4.2.1, RFC 6962 §3.3). 32 KiB at most each. They are not looked at.
 */
LOCKSTEP_CHECKED lockstep_status lockstep_config_staple(lockstep_config *cfg, const uint8_t *ocsp,
                                                        size_t ocsp_len, const uint8_t *scts,
                                                        size_t scts_len);

/* lockstep_config_require_known_name makes a server refuse a server_name that none of its
 * identities has, with unrecognized_name (RFC 6066 §3), instead of answering with its first. */
LOCKSTEP_CHECKED lockstep_status lockstep_config_require_known_name(lockstep_config *cfg);

/* lockstep_config_set_alpn sets the protocols (RFC 7301), best first; 1 to 8 names of 1 to 255
 * bytes, copied. A server that finds none in common refuses (§3.2); one without a list ignores
 * ALPN. */
LOCKSTEP_CHECKED lockstep_status lockstep_config_set_alpn(lockstep_config *cfg,
                                                          const char *const *names,
                                                          size_t num_names);

/* lockstep_config_set_groups sets the key exchange groups, best first; a client sends key shares
 * for the first `num_shares` of them (0: the default, the first and, where that is a hybrid, the
 * first that is not). LOCKSTEP_ERR_USAGE for an unknown or repeated group, one that this
 * libcrypto cannot compute, or an empty list. */
LOCKSTEP_CHECKED lockstep_status lockstep_config_set_groups(lockstep_config *cfg,
                                                            const uint16_t *groups,
                                                            size_t num_groups, size_t num_shares);

/* lockstep_config_set_suites sets the cipher suites of all versions, best first.
 * LOCKSTEP_ERR_USAGE likewise. A version without a suite in the list is not spoken. */
LOCKSTEP_CHECKED lockstep_status lockstep_config_set_suites(lockstep_config *cfg,
                                                            const uint16_t *suites,
                                                            size_t num_suites);

/* Signature schemes (RFC 8446 §4.2.3). RSA_PKCS1 signs no handshake of TLS 1.3. */
enum lockstep_scheme {
    LOCKSTEP_SCHEME_RSA_PKCS1_SHA256 = 0x0401,
    LOCKSTEP_SCHEME_RSA_PKCS1_SHA384 = 0x0501,
    LOCKSTEP_SCHEME_RSA_PKCS1_SHA512 = 0x0601,
    LOCKSTEP_SCHEME_ECDSA_SECP256R1_SHA256 = 0x0403,
    LOCKSTEP_SCHEME_ECDSA_SECP384R1_SHA384 = 0x0503,
    LOCKSTEP_SCHEME_ECDSA_SECP521R1_SHA512 = 0x0603,
    LOCKSTEP_SCHEME_RSA_PSS_RSAE_SHA256 = 0x0804,
    LOCKSTEP_SCHEME_RSA_PSS_RSAE_SHA384 = 0x0805,
    LOCKSTEP_SCHEME_RSA_PSS_RSAE_SHA512 = 0x0806,
    LOCKSTEP_SCHEME_ED25519 = 0x0807
};

/*
 * lockstep_config_set_schemes sets the schemes that the peer may sign its handshake with, best
 * first: they are what signature_algorithms says (RFC 8446 §4.2.3), and a signature by another one
 * is refused. Peers take the list for the certificates of their chain too; which signatures of
 * certificates are good, the policy says. LOCKSTEP_ERR_USAGE for an unknown or repeated scheme or
 * an empty list.
 */
LOCKSTEP_CHECKED lockstep_status lockstep_config_set_schemes(lockstep_config *cfg,
                                                             const uint16_t *schemes,
                                                             size_t num_schemes);

/* lockstep_config_sign_with limits the identity that was added last to these schemes, best first;
 * without it all that its key can do are used, in the order of docs/defaults.md. Those that are not
 * for its key are passed over. LOCKSTEP_ERR_USAGE likewise, and without an identity. */
LOCKSTEP_CHECKED lockstep_status lockstep_config_sign_with(lockstep_config *cfg,
                                                           const uint16_t *schemes,
                                                           size_t num_schemes);

/* Protocol versions (RFC 8446 §4.2.1). */
enum lockstep_version { LOCKSTEP_TLS12 = 0x0303, LOCKSTEP_TLS13 = 0x0304 };

/* lockstep_config_set_versions sets the oldest and the newest version that is spoken; the default
 * is both, TLS 1.2 and TLS 1.3. LOCKSTEP_ERR_USAGE unless min <= max. */
LOCKSTEP_CHECKED lockstep_status lockstep_config_set_versions(lockstep_config *cfg, uint16_t min,
                                                              uint16_t max);

/*
 * lockstep_config_danger_rsa_key_exchange adds the suites of RSA key transport (RFC 5246 §7.4.7.1)
 * behind all others, for TLS 1.2: the client encrypts the premaster secret to the key of the
 * server's certificate. Whoever records the traffic and gets that key later, by whatever way, reads
 * all of it: there is no forward secrecy. For teaching and measuring; grep for "danger".
 */
LOCKSTEP_CHECKED lockstep_status lockstep_config_danger_rsa_key_exchange(lockstep_config *cfg);

/* lockstep_config_set_record_size_limit sets the largest plaintext, in bytes, that this side
 * accepts in a protected record (RFC 8449): 64 to 16,385, in TLS 1.3 the content type included. */
LOCKSTEP_CHECKED lockstep_status lockstep_config_set_record_size_limit(lockstep_config *cfg,
                                                                       size_t limit);

/* Algorithms that compress certificates (RFC 8879 §7.3). */
enum lockstep_compression { LOCKSTEP_COMPRESSION_ZLIB = 1, LOCKSTEP_COMPRESSION_BROTLI = 2 };

/* lockstep_config_set_certificate_compression sets how certificates may be compressed, in both
 * directions, best first; none turns it off. The default is Brotli and zlib. Own chains are
 * compressed once, when the config is sealed. LOCKSTEP_ERR_USAGE for an unknown or repeated one. */
LOCKSTEP_CHECKED lockstep_status lockstep_config_set_certificate_compression(
    lockstep_config *cfg, const uint16_t *algorithms, size_t num_algorithms);

/*
 * lockstep_config_set_ech gives clients an ECHConfigList (RFC 9849 §4, its two bytes of length
 * included; copied), which the server has in the HTTPS record of its name or hands out in a file.
 * The first configuration of it that this library can use is used: server_name then goes encrypted,
 * and in the clear stands the public name of the configuration; the protocols of
 * lockstep_config_set_alpn, groups and suites stay in the clear. LOCKSTEP_ECH_CONFIG if the list
 * does not parse. LOCKSTEP_ECH_UNUSABLE if nothing of it can be used, and the config is then as if
 * no list were set: clients send GREASE (§6.2), and server_name in the clear. Who goes on all the
 * same must know that.
 *
 * A server that has lost the key answers for the public name only. The connection then fails with
 * LOCKSTEP_ECH_REJECTED, once the server has proved to have that name, and
 * lockstep_info.ech_retry_configs is the list to try again with, once (§6.1.6); empty: try again
 * without lockstep_config_set_ech. No other failure allows that.
 */
LOCKSTEP_CHECKED lockstep_status lockstep_config_set_ech(lockstep_config *cfg, const uint8_t *list,
                                                         size_t list_len);

/* lockstep_config_set_ech_pem does it with the list in a file as lockstep_ech_new makes it, with a
 * private key or without. LOCKSTEP_ERR_PEM. */
LOCKSTEP_CHECKED lockstep_status lockstep_config_set_ech_pem(lockstep_config *cfg,
                                                             const uint8_t *pem, size_t pem_len);

/*
 * lockstep_config_add_ech_key gives servers one ECHConfig (without the length of a list) and the
 * private key of it, in the form of RFC 9180 §7.1.2: 32 bytes, for X25519 as for P-256 (both
 * copied). At most 16, with `config_id` that differ if possible. Those with `retry` are handed out
 * to clients whose configuration is out of date; lockstep_config_seal wants at least one such.
 * LOCKSTEP_ECH_CONFIG, LOCKSTEP_ERR_KEY_UNSUPPORTED if the configuration has an algorithm that this
 * library lacks, or none that it has; LOCKSTEP_ERR_KEY_MISMATCH, LOCKSTEP_ERR_LIMIT.
 */
LOCKSTEP_CHECKED lockstep_status lockstep_config_add_ech_key(lockstep_config *cfg,
                                                             const uint8_t *config,
                                                             size_t config_len, const uint8_t *key,
                                                             size_t key_len, bool retry);

/* lockstep_config_add_ech_pem does it with all configurations of a file as lockstep_ech_new makes
 * it that are for the private key in it. LOCKSTEP_ERR_PEM, LOCKSTEP_ERR_KEY_MISMATCH if there is
 * none.
 */
LOCKSTEP_CHECKED lockstep_status lockstep_config_add_ech_pem(lockstep_config *cfg,
                                                             const uint8_t *pem, size_t pem_len,
                                                             bool retry);

/*
 * lockstep_ech_new makes a key for servers and an ECHConfigList for clients, with `public_name` to
 * stand in the clear, and writes both to `*pem` (RFC 9934): the key is X25519, its `config_id` is
 * random, names up to 64 bytes look alike. LOCKSTEP_ERR_NAME for what cannot be a public name
 * (RFC 9849 §6.1.7). `env` may be NULL.
 */
LOCKSTEP_CHECKED lockstep_status lockstep_ech_new(lockstep_blob *pem, const lockstep_env *env,
                                                  const char *public_name);

/* lockstep_config_ech_backend makes a server the backend of another that decrypts (RFC 9849 §7.2):
 * it confirms a ClientHello that is marked as an inner one. Not with lockstep_config_add_ech_key.
 */
LOCKSTEP_CHECKED lockstep_status lockstep_config_ech_backend(lockstep_config *cfg);

/* Does a server ask for a client certificate (RFC 8446 §4.3.2)? REQUIRE refuses clients without,
 * but for those that prove to have an external key (lockstep_config_add_psk). */
enum lockstep_client_auth {
    LOCKSTEP_CLIENT_AUTH_NONE = 0,
    LOCKSTEP_CLIENT_AUTH_REQUEST,
    LOCKSTEP_CLIENT_AUTH_REQUIRE
};
LOCKSTEP_CHECKED lockstep_status lockstep_config_set_client_auth(lockstep_config *cfg,
                                                                 enum lockstep_client_auth mode);

/* lockstep_config_send_authorities makes a server that asks for client certificates name its trust
 * anchors (RFC 8446 §4.2.4), as they are when the config is sealed, so that a client with several
 * certificates knows which to send. Anybody who connects can read the names. Sealing fails with
 * LOCKSTEP_ERR_USAGE where nobody is trusted or asked, LOCKSTEP_ERR_LIMIT beyond 65,533 bytes. */
LOCKSTEP_CHECKED lockstep_status lockstep_config_send_authorities(lockstep_config *cfg);

/*
 * lockstep_config_stateless_retry makes a server put all that it has to remember into the cookie of
 * its HelloRetryRequest (RFC 8446 §4.2.2). The connection can then be freed once that is sent, and
 * any new one of a config with the same keys takes up what the client sends next. `keys` are one or
 * two secret keys of 32 bytes, one behind the other (copied): the first makes cookies, both open
 * them, so that keys can be changed. A cookie is good for a minute, and for the address that
 * lockstep_set_address gave. With `always`, every ClientHello of TLS 1.3 without a cookie is
 * answered so, also one that needs no other key share: only clients that can be reached at their
 * address get further.
 */
LOCKSTEP_CHECKED lockstep_status lockstep_config_stateless_retry(lockstep_config *cfg,
                                                                 const uint8_t *keys,
                                                                 size_t num_keys, bool always);

/*
 * lockstep_config_danger_skip_verification makes clients accept any certificate, for any name.
 * Anyone on the path can then read and change the traffic. For tests; grep for "danger".
 */
LOCKSTEP_CHECKED lockstep_status lockstep_config_danger_skip_verification(lockstep_config *cfg);

/* Questions a connection may ask instead of answering from its config; see lockstep_asking. */
enum lockstep_ask_kind {
    LOCKSTEP_ASK_IDENTITY = 1 << 0,  /* server: which chain and key for this ClientHello? */
    LOCKSTEP_ASK_SIGNATURE = 1 << 1, /* sign these bytes (key in an HSM, or in another process) */
    LOCKSTEP_ASK_VERDICT = 1 << 2,   /* is this chain good for this name, now? */
    LOCKSTEP_ASK_POLICY = 1 << 3     /* by which policy is this chain to be judged? */
};

/* lockstep_config_ask makes connections ask the questions in `kinds` (a bit set). */
LOCKSTEP_CHECKED lockstep_status lockstep_config_ask(lockstep_config *cfg, unsigned kinds);

/* lockstep_config_gather_jobs makes connections post their jobs instead of running them. */
LOCKSTEP_CHECKED lockstep_status lockstep_config_gather_jobs(lockstep_config *cfg);

/*
 * lockstep_config_seal ends the building: it checks that the parts fit together and makes every
 * later setter fail. LOCKSTEP_ERR_USAGE for what would not be looked at: a policy beside
 * LOCKSTEP_ASK_VERDICT, LOCKSTEP_ASK_POLICY beside that or the danger of above; and for client
 * authentication that nobody could judge, 0-RTT without tickets, ECH without TLS 1.3 or with
 * lockstep_config_stateless_retry on a server, ECH keys of which none is to be handed out, a suite
 * of RSA key transport without the danger that allows it, and versions none of which has a suite.
 * Connections accept sealed configs only, and each holds a reference.
 */
LOCKSTEP_CHECKED lockstep_status lockstep_config_seal(lockstep_config *cfg);

/* lockstep_config_free drops the caller's reference. NULL is allowed. */
LOCKSTEP_API void lockstep_config_free(lockstep_config *cfg);

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
 * while a job of `conn` is out (lockstep_next_job); lockstep_close and lockstep_wire_eof may come
 * then, and take effect in lockstep_resume. */
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
    LOCKSTEP_CLOSED = 1 << 7,    /* nothing more in or out; see lockstep_failure_of for why */
    LOCKSTEP_HAS_JOB = 1 << 8,   /* waits for public-key work; see lockstep_next_job */
    LOCKSTEP_EARLY_IN = 1 << 9,  /* client: accepts 0-RTT data (lockstep/session.h) */
    LOCKSTEP_EARLY_OUT = 1 << 10 /* server: has 0-RTT data, and the handshake is not done */
};
LOCKSTEP_API unsigned lockstep_state_of(const lockstep_conn *conn);

/*
 * lockstep_wire_in gives the connection bytes received from the peer (borrowed) and sets `*used`
 * to how many it took. It takes fewer than `in_len` only when application bytes wait in
 * lockstep_app_out, or 64 KiB in lockstep_wire_out, or when it fails, asks or has a job; offer the
 * rest again afterwards. Any split of the stream into calls has the same effect as any other split.
 */
LOCKSTEP_CHECKED lockstep_status lockstep_wire_in(lockstep_conn *conn, size_t *used,
                                                  const uint8_t *in, size_t in_len);

/* lockstep_wire_eof says that the peer's stream ended. Before close_notify that is a truncation
 * (RFC 8446 §6.1) and the connection fails with LOCKSTEP_ERR_TRUNCATED. */
LOCKSTEP_CHECKED lockstep_status lockstep_wire_eof(lockstep_conn *conn);

/* lockstep_wire_out returns how many bytes wait for the peer and sets `*out` to them (lent).
 * It works after a failure too, so that the alert can be sent. */
LOCKSTEP_API size_t lockstep_wire_out(const lockstep_conn *conn, const uint8_t **out);

/* lockstep_wire_sent says that the first `n` of those bytes are on their way; `n` beyond what waits
 * counts as all of it. */
LOCKSTEP_API void lockstep_wire_sent(lockstep_conn *conn, size_t n);

/*
 * lockstep_app_in encrypts application bytes (borrowed) and sets `*used` to how many it took: up
 * to 64 KiB of records are buffered, then 0 until lockstep_wire_sent makes room. It fails with
 * LOCKSTEP_ERR_USAGE without LOCKSTEP_APP_IN: before LOCKSTEP_SECURE, except on a server that has
 * accepted 0-RTT data and may answer it at once.
 */
LOCKSTEP_CHECKED lockstep_status lockstep_app_in(lockstep_conn *conn, size_t *used,
                                                 const uint8_t *in, size_t in_len);

/* lockstep_app_out returns how many authenticated bytes wait and sets `*out` to them (lent). */
LOCKSTEP_API size_t lockstep_app_out(const lockstep_conn *conn, const uint8_t **out);

/* lockstep_app_taken says that the first `n` of those bytes are used; they are wiped. */
LOCKSTEP_API void lockstep_app_taken(lockstep_conn *conn, size_t n);

/* lockstep_close queues close_notify (RFC 8446 §6.1); the peer may go on sending until
 * LOCKSTEP_PEER_DONE. Before LOCKSTEP_SECURE it gives the handshake up (user_canceled). */
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
