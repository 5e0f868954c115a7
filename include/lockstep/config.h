/*
 * config.h - what connections offer and whom they trust: build it, seal it, share it; and the names
 * of what can be chosen from. Included by lockstep.h, whose conventions hold here.
 */
#ifndef LOCKSTEP_CONFIG_H
#define LOCKSTEP_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <lockstep/env.h>
#include <lockstep/status.h>
#include <lockstep/x509.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct lockstep_config lockstep_config; /* sealed, it is shared */

/* ---- Names of code points -------------------------------------------------------------------- */

/* Named groups (RFC 8446 §4.2.7, draft-ietf-tls-ecdhe-mlkem, draft-ietf-tls-mlkem). secp521r1 and
 * MLKEM1024 are for those who name them: no default list has them. */
enum lockstep_group {
    LOCKSTEP_GROUP_SECP256R1 = 0x0017,
    LOCKSTEP_GROUP_SECP384R1 = 0x0018,
    LOCKSTEP_GROUP_SECP521R1 = 0x0019,
    LOCKSTEP_GROUP_X25519 = 0x001d,
    LOCKSTEP_GROUP_MLKEM1024 = 0x0202,
    LOCKSTEP_GROUP_SECP256R1MLKEM768 = 0x11eb,
    LOCKSTEP_GROUP_X25519MLKEM768 = 0x11ec,
    LOCKSTEP_GROUP_SECP384R1MLKEM1024 = 0x11ed
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

/* lockstep_version_name, lockstep_group_name, lockstep_suite_name and lockstep_scheme_name return
 * the registered name of a code point ("X25519MLKEM768", "TLS_AES_128_GCM_SHA256",
 * "ecdsa_secp256r1_sha256"), or "unknown"; of a version "TLS 1.3". Static. */
LOCKSTEP_API const char *lockstep_version_name(uint16_t version);
LOCKSTEP_API const char *lockstep_group_name(uint16_t group);
LOCKSTEP_API const char *lockstep_suite_name(uint16_t suite);
LOCKSTEP_API const char *lockstep_scheme_name(uint16_t scheme);

/* lockstep_group_by_name and lockstep_suite_by_name return the code point of a name that this
 * library implements, in any case ("P-256" and "prime256v1" are secp256r1, and
 * "ECDHE-RSA-AES128-GCM-SHA256" is a suite of TLS 1.2, as curl and OpenSSL write them), or 0. */
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
 * identities with certificates, the peer's wish decides which is shown, unless
 * lockstep_config_set_own_types says otherwise; a client names the kind of its first identity
 * first. LOCKSTEP_ERR_PEM, LOCKSTEP_ERR_KEY_UNSUPPORTED.
 */
LOCKSTEP_CHECKED lockstep_status lockstep_config_add_raw_key(lockstep_config *cfg,
                                                             const uint8_t *key, size_t key_len);

/*
 * lockstep_config_trust_raw_key trusts every PUBLIC KEY block of `pem` (copied), at most 64 in all:
 * a peer that shows one of these keys and proves that it holds it is who it should be, whatever the
 * name and the time; no other raw key is ever accepted, also where LOCKSTEP_ASK_VERDICT asks about
 * those besides. A config with such keys asks for raw keys, and prefers them to certificates.
 * LOCKSTEP_ERR_PEM, LOCKSTEP_ERR_KEY_UNSUPPORTED (also a key that is too weak), LOCKSTEP_ERR_LIMIT.
 */
LOCKSTEP_CHECKED lockstep_status lockstep_config_trust_raw_key(lockstep_config *cfg,
                                                               const uint8_t *pem, size_t pem_len);

/* Certificate types (RFC 7250 §3, RFC 6091 §3.1). */
enum lockstep_certificate_type {
    LOCKSTEP_CERTIFICATE_X509 = 0,
    LOCKSTEP_CERTIFICATE_RAW_KEY = 2 /* a SubjectPublicKeyInfo and nothing around it */
};

/*
 * lockstep_config_set_peer_types sets what the peer may show (enum lockstep_certificate_type), best
 * first: a client names them in this order (server_certificate_type, RFC 7250 §4.1), a server takes
 * the first that the client can show, and refuses one that can show none. Without it a config with
 * trusted raw keys takes those first, others do not take them at all, and a server follows the
 * client's order. With LOCKSTEP_ASK_VERDICT this is how raw keys are accepted that are known to the
 * application alone. LOCKSTEP_ERR_USAGE for an unknown or repeated type or an empty list; in
 * lockstep_config_seal for one that nothing in the config could judge.
 */
LOCKSTEP_CHECKED lockstep_status lockstep_config_set_peer_types(lockstep_config *cfg,
                                                                const uint8_t *types,
                                                                size_t num_types);

/*
 * lockstep_config_set_own_types sets what this side says it can show, best first: a client offers
 * just these (client_certificate_type), a server shows the first that the client takes and that it
 * has an identity of. Without it these are the kinds of the identities. LOCKSTEP_ERR_USAGE
 * likewise.
 */
LOCKSTEP_CHECKED lockstep_status lockstep_config_set_own_types(lockstep_config *cfg,
                                                               const uint8_t *types,
                                                               size_t num_types);

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
 * for the first `num_shares` of them (0: the default, the first, and where that has ML-KEM in it
 * and the one after it has not, that too). A server takes the best that it has a share for, but
 * rather asks for another than fall from ML-KEM to a group without it. LOCKSTEP_ERR_USAGE for an
 * unknown or repeated group or an empty list. In TLS 1.2 a server's ECDSA key must be on a curve of
 * the list too (RFC 8422 §5.1). */
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

/* lockstep_config_set_grease turns what a client says so that servers stay open to what they do not
 * know on (the default) or off: values of GREASE (RFC 8701), and a GREASE Encrypted Client Hello
 * (RFC 9849 §6.2), for which a key pair is made. A configuration for ECH is used all the same. */
LOCKSTEP_CHECKED lockstep_status lockstep_config_set_grease(lockstep_config *cfg, bool on);

/* Does a server ask for a client certificate (RFC 8446 §4.3.2)? */
enum lockstep_client_auth {
    LOCKSTEP_CLIENT_AUTH_NONE = 0,
    LOCKSTEP_CLIENT_AUTH_REQUEST,
    LOCKSTEP_CLIENT_AUTH_REQUIRE
};

/* lockstep_config_set_client_auth sets which of those a server does; the default is NONE. A
 * certificate that comes is judged by the config's trust. REQUIRE refuses clients without, but for
 * those that prove to have an external key (lockstep_config_add_psk). Clients ignore it. */
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
    LOCKSTEP_ASK_VERDICT = 1 << 2,   /* is this chain, or raw key, good for this name, now? */
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
 * authentication or a type of certificate that nobody could judge, 0-RTT without tickets, ECH
 * without TLS 1.3 or with lockstep_config_stateless_retry on a server, ECH keys of which none is to
 * be handed out, a suite of RSA key transport without the danger that allows it, and versions none
 * of which has a suite.
 * Connections accept sealed configs only, and each holds a reference.
 */
LOCKSTEP_CHECKED lockstep_status lockstep_config_seal(lockstep_config *cfg);

/* lockstep_config_free drops the caller's reference. NULL is allowed. */
LOCKSTEP_API void lockstep_config_free(lockstep_config *cfg);

#ifdef __cplusplus
}
#endif

#endif /* LOCKSTEP_CONFIG_H */
