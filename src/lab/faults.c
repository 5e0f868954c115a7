/* The one table of faults. */
#include <string.h>

#include "lab/meddle.h"
#include "lab/shapes.h"
#include "wire/types.h"

static lockstep_status no_common_suite(lockstep_config *client, lockstep_config *server) {
    static const uint16_t one[] = {LOCKSTEP_SUITE_AES_256_GCM_SHA384};
    static const uint16_t other[] = {LOCKSTEP_SUITE_CHACHA20_POLY1305_SHA256};
    lockstep_status status = lockstep_config_set_suites(client, one, 1);
    return status == LOCKSTEP_OK ? lockstep_config_set_suites(server, other, 1) : status;
}

/* The client has no share of this group ready, so the server asks for one, rightly. */
static lockstep_status other_group(lockstep_config *client, lockstep_config *server) {
    static const uint16_t one[] = {LOCKSTEP_GROUP_SECP384R1};
    (void)client;
    return lockstep_config_set_groups(server, one, 1, 0);
}

static lockstep_status other_protocol(lockstep_config *client, lockstep_config *server) {
    static const char *const one[] = {"foo"};
    (void)client;
    return lockstep_config_set_alpn(server, one, 1);
}

/* The alert of each status, as a constant. */
enum {
#define LOCKSTEP_X(name, value, alert, rule, text) ALERT_OF_##name = LOCKSTEP_ALERT_##alert,
    LOCKSTEP_STATUS_MAP(LOCKSTEP_X)
#undef LOCKSTEP_X
};

#define WAYS(...)                                                                                  \
    &(const struct lk_fault_ways) {                                                                \
        __VA_ARGS__                                                                                \
    }

/* A fault of the server's certificates: it is made by a shape, in either version. */
#define SHAPE(function) WAYS(.shape = lk_shape_##function, .any_version = true)

#define ROW(name_, kind_, title_, line_, minor, side, step_, status_, browser_, chromium_,         \
            firefox_, person_, ...)                                                                \
    {                                                                                              \
        .name = (name_), .kind = LK_FAULT_##kind_, .title = (title_), .line = (line_),             \
        .version = LOCKSTEP_TLS1##minor, .at_client = (side), .step = (step_),                     \
        .status = LOCKSTEP_##status_, .alert = ALERT_OF_##status_, .browser = (browser_),          \
        .browser_alert = LOCKSTEP_ALERT_##chromium_, .firefox_alert = LOCKSTEP_ALERT_##firefox_,   \
        .person = (person_), .ways = __VA_ARGS__                                                   \
    }

#define CLIENT true
#define SERVER false

#define CHAIN "certificate chain"

/* clang-format off */
static const lk_fault table[] = {
    /* certificates: dates */
    ROW("expired", CERTIFICATE, "The certificate has expired", "the server's certificate ended three days ago",
        3, CLIENT, CHAIN, CERT_EXPIRED, "ERR_CERT_DATE_INVALID", CERTIFICATE_UNKNOWN, CERTIFICATE_EXPIRED,
        "Somebody forgot to renew it: tell the owner, and look at your own clock.", SHAPE(expired)),
    ROW("not-yet-valid", CERTIFICATE, "The certificate is not valid yet", "the server's certificate begins in the future",
        3, CLIENT, CHAIN, CERT_NOT_YET_VALID, "ERR_CERT_DATE_INVALID", CERTIFICATE_UNKNOWN, BAD_CERTIFICATE,
        "Most often your own clock is wrong.", SHAPE(not_yet_valid)),
    ROW("expired-intermediate", CERTIFICATE, "The intermediate's certificate has expired", "the leaf is good, the CA's certificate above it ended yesterday",
        3, CLIENT, CHAIN, CERT_EXPIRED, "ERR_CERT_DATE_INVALID", CERTIFICATE_UNKNOWN, UNKNOWN_CA,
        "The server sends an old intermediate: its owner has to put in the new one.", SHAPE(expired_middle)),
    /* certificates: names */
    ROW("wrong-host", CERTIFICATE, "The certificate is for another name", "a good certificate, but for elsewhere.localhost",
        3, CLIENT, CHAIN, CERT_NAME_MISMATCH, "ERR_CERT_COMMON_NAME_INVALID", CERTIFICATE_UNKNOWN, BAD_CERTIFICATE,
        "You may be talking to somebody else than you think: do not go on.", SHAPE(wrong_host)),
    ROW("no-san", CERTIFICATE, "The certificate has no subjectAltName", "the name stands in the common name only, where nobody looks any more",
        3, CLIENT, CHAIN, CERT_NAME_MISMATCH, "ERR_CERT_COMMON_NAME_INVALID", CERTIFICATE_UNKNOWN, BAD_CERTIFICATE,
        "The certificate was made by a very old recipe: its owner needs a new one.", SHAPE(no_san)),
    ROW("name-constraint", CERTIFICATE, "The CA may not certify this name", "the intermediate is constrained to names below elsewhere.localhost",
        3, CLIENT, CHAIN, CERT_NAME_CONSTRAINTS, "ERR_CERT_INVALID", CERTIFICATE_UNKNOWN, BAD_CERTIFICATE,
        "A CA has gone beyond what it may do: this is a serious sign.", SHAPE(constrained)),
    /* certificates: who says so */
    ROW("self-signed", CERTIFICATE, "The certificate vouches for itself", "signed with its own key, by nobody else",
        3, CLIENT, CHAIN, CERT_UNKNOWN_ISSUER, "ERR_CERT_AUTHORITY_INVALID", CERTIFICATE_UNKNOWN, BAD_CERTIFICATE,
        "Anybody can make one like it, so it proves nothing: go on only if you made it.", SHAPE(self_signed)),
    ROW("unknown-ca", CERTIFICATE, "The CA is unknown", "a whole chain, below a root that nobody has chosen to trust",
        3, CLIENT, CHAIN, CERT_UNKNOWN_ISSUER, "ERR_CERT_AUTHORITY_INVALID", CERTIFICATE_UNKNOWN, UNKNOWN_CA,
        "Whoever vouches for this server is nobody you know.", SHAPE(unknown_ca)),
    ROW("missing-intermediate", CERTIFICATE, "The intermediate is missing", "the server sends its own certificate and not the one above it",
        3, CLIENT, CHAIN, CERT_UNKNOWN_ISSUER, "ERR_CERT_AUTHORITY_INVALID", CERTIFICATE_UNKNOWN, UNKNOWN_CA,
        "The commonest mistake of all: the owner has to send the whole chain.", SHAPE(alone)),
    ROW("not-a-ca", CERTIFICATE, "The issuer is not a CA", "a server's certificate was used to sign another one",
        3, CLIENT, CHAIN, CERT_NOT_A_CA, "ERR_CERT_INVALID", CERTIFICATE_UNKNOWN, CERTIFICATE_UNKNOWN,
        "Somebody with any certificate at all tried to make one for this name.", SHAPE(not_a_ca)),
    ROW("bad-signature", CERTIFICATE, "The CA's signature is wrong", "one bit of the signature on the certificate is another",
        3, CLIENT, CHAIN, CERT_BAD_SIGNATURE, "ERR_CERT_AUTHORITY_INVALID", CERTIFICATE_UNKNOWN, BAD_CERTIFICATE,
        "The certificate was changed after it was signed, or never signed.", SHAPE(bad_signature)),
    /* certificates: what for */
    ROW("wrong-eku", CERTIFICATE, "The certificate is not for servers", "extended key usage allows clients only",
        3, CLIENT, CHAIN, CERT_EXTENDED_KEY_USAGE, "ERR_CERT_INVALID", CERTIFICATE_UNKNOWN, CERTIFICATE_UNKNOWN,
        "A certificate for something else: its owner took the wrong file.", SHAPE(wrong_purpose)),
    ROW("wrong-ku", CERTIFICATE, "The key may not sign", "key usage has no digitalSignature, which TLS 1.3 needs",
        3, CLIENT, CHAIN, CERT_KEY_USAGE, "ERR_SSL_KEY_USAGE_INCOMPATIBLE", ILLEGAL_PARAMETER, NONE,
        "The certificate was made for another use of its key.", SHAPE(wrong_usage)),
    ROW("unknown-critical", CERTIFICATE, "A critical extension is not understood", "the certificate says: refuse me if you do not know this",
        3, CLIENT, CHAIN, CERT_CRITICAL_EXTENSION, "ERR_CERT_INVALID", CERTIFICATE_UNKNOWN, BAD_CERTIFICATE,
        "It may restrict the certificate in a way that this client cannot see.", SHAPE(unknown_critical)),
    /* certificates: how strong */
    ROW("weak-key", CERTIFICATE, "The key is too weak", "RSA with 1024 bits",
        3, CLIENT, CHAIN, CERT_WEAK_KEY, "", NONE, NONE,
        "Somebody rich could find the private key; Chromium lets it pass below a local root.", SHAPE(weak_key)),
    ROW("sha1", CERTIFICATE, "Signed with SHA-1", "a CA's signature over a hash for which twins can be made",
        3, CLIENT, CHAIN, CERT_WEAK_SIGNATURE, "ERR_CERT_INVALID", CERTIFICATE_UNKNOWN, BAD_CERTIFICATE,
        "Since 2017 two documents with one SHA-1 can be made, so the signature proves little.", SHAPE(sha1)),
    /* certificates: what became of them */
    ROW("revoked-ocsp", CERTIFICATE, "Revoked, says the stapled OCSP response", "the CA has taken it back, and the server has to show that",
        3, CLIENT, CHAIN, CERT_REVOKED, "ERR_CERT_REVOKED", CERTIFICATE_UNKNOWN, CERTIFICATE_REVOKED,
        "The key was stolen or lost: do not go on.", SHAPE(revoked)),
    ROW("revoked-crl", CERTIFICATE, "Revoked, says the CA's list", "the certificate stands on the CA's revocation list, which the client has",
        3, CLIENT, CHAIN, CERT_REVOKED, "", NONE, NONE,
        "The key was stolen or lost; a browser without the list does not notice.",
        WAYS(.shape = lk_shape_unstapled, .policy = lk_policy_listed, .any_version = true)),
    ROW("must-staple", CERTIFICATE, "The promised OCSP response is missing", "the certificate says that one comes with it, and none does",
        3, CLIENT, CHAIN, CERT_STATUS_RESPONSE, "", NONE, BAD_CERTIFICATE,
        "The owner has asked to be refused in this case, for then somebody else may have the key.", SHAPE(must_staple)),
    ROW("missing-sct", CERTIFICATE, "In no public log", "without timestamps of Certificate Transparency logs, which this client wants",
        3, CLIENT, CHAIN, CERT_TRANSPARENCY, "", NONE, NONE,
        "A certificate that nobody could have seen; below a local root browsers do not ask.", SHAPE(no_timestamps)),
    ROW("pin-mismatch", CERTIFICATE, "Not the pinned key", "a good chain, but not with the key that the client knows it must have",
        3, CLIENT, CHAIN, CERT_PIN, "", NONE, NONE,
        "The key has changed, or a CA has been talked into certifying another; browsers pin no more.",
        WAYS(.shape = lk_shape_unstapled, .policy = lk_policy_other_pin, .any_version = true)),
    /* an end that is not who it says, or does not do what it must */
    ROW("stolen-certificate", PEER, "A certificate without its key", "the real certificate, shown by somebody who signs with another key",
        3, CLIENT, "CertificateVerify", PEER_BAD_SIGNATURE, "", NONE, NONE,
        "A certificate is public: it is the key that proves who one is.",
        WAYS(.signs_otherwise = true)),
    ROW("tampered-finished", PEER, "A wrong Finished", "the server's Finished does not fit the handshake that the client has seen",
        3, CLIENT, "Finished", PEER_BAD_FINISHED, "", NONE, NONE,
        "The two sides have not seen the same handshake: somebody changed it.",
        WAYS(.type = LK_FINISHED, .rewrite = lk_rewrite_finished, .rewrites = "The server sends another Finished than it must")),
    ROW("missing-verify", PEER, "No proof of the key", "the server leaves its CertificateVerify out",
        3, CLIENT, "Finished", PEER_UNEXPECTED_MESSAGE, "", NONE, NONE,
        "Whoever cannot prove it must not get around it.",
        WAYS(.type = LK_CERTIFICATE_VERIFY, .rewrite = lk_rewrite_away, .rewrites = "The server leaves CertificateVerify out")),
    ROW("compression-bomb", PEER, "A certificate that never ends", "bytes that decompress to eight million, and say that they are 2,000",
        3, CLIENT, "CompressedCertificate", PEER_COMPRESSED_CERTIFICATE, "", NONE, NONE,
        "A trap for the client's memory; it stops at what was announced.",
        WAYS(.type = LK_COMPRESSED_CERTIFICATE, .rewrite = lk_rewrite_bomb, .rewrites = "The server sends a bomb as its certificate")),
    ROW("no-common-suite", PEER, "No cipher suite in common", "the client offers AES only, the server has ChaCha20 only",
        3, SERVER, "ClientHello", NO_COMMON_SUITE, "ERR_SSL_VERSION_OR_CIPHER_MISMATCH", NONE, NONE,
        "The server is too old, or too peculiar, for this client.",
        WAYS(.configure = no_common_suite)),
    ROW("no-common-protocol", PEER, "No application protocol in common", "the client wants HTTP, and the server speaks something else only",
        3, SERVER, "ClientHello", NO_COMMON_ALPN, "ERR_SSL_PROTOCOL_ERROR", NONE, NONE,
        "A server for another purpose answers on this port; it says so before a word is misunderstood.",
        WAYS(.configure = other_protocol)),
    /* somebody between the ends */
    ROW("man-in-the-middle", WIRE, "A man in the middle", "somebody answers in the server's place, with a certificate of his own making",
        3, CLIENT, CHAIN, CERT_UNKNOWN_ISSUER, "ERR_CERT_AUTHORITY_INVALID", CERTIFICATE_UNKNOWN, NONE,
        "He can read and change all, if you go on. Do not.",
        WAYS(.shape = lk_shape_stranger, .wire = lk_meddle_stand_between, .any_version = true)),
    ROW("tampered-server-hello", WIRE, "One bit of ServerHello is changed", "on the way to the client, where it still goes in clear",
        3, CLIENT, "record", PEER_BAD_RECORD_MAC, "ERR_SSL_PROTOCOL_ERROR", NONE, NONE,
        "Both ends now have other keys, so nothing that follows can be opened.",
        WAYS(.wire = lk_meddle_random)),
    ROW("tampered-suite", WIRE, "A weaker cipher suite is put in", "somebody changes the server's choice to RC4",
        3, CLIENT, "ServerHello", PEER_SUITE_NOT_OFFERED, "", NONE, NONE,
        "Nobody takes what he did not offer.",
        WAYS(.wire = lk_meddle_suite)),
    ROW("zero-share", WIRE, "A key share of zeros", "with it the result of X25519 would be zero, and known to everybody",
        3, CLIENT, "ServerHello", PEER_KEY_SHARE, "", NONE, NONE,
        "The client looks at the result and refuses it.",
        WAYS(.wire = lk_meddle_zero_share)),
    ROW("flipped-bit", WIRE, "One bit of the answer is changed", "in a record of application data that somebody cannot read",
        3, CLIENT, "record", PEER_BAD_RECORD_MAC, "", NONE, NONE,
        "Encryption alone would not notice; authenticated encryption does.",
        WAYS(.wire = lk_meddle_flip, .any_version = true)),
    ROW("replayed-record", WIRE, "A record comes twice", "somebody sends the client's request once more: order me two",
        3, SERVER, "record", PEER_BAD_RECORD_MAC, "", NONE, NONE,
        "Each record has its number, so a copy does not open.",
        WAYS(.wire = lk_meddle_repeat, .any_version = true)),
    ROW("reordered-record", WIRE, "Two records change places", "somebody lets the second request arrive first",
        3, SERVER, "record", PEER_BAD_RECORD_MAC, "", NONE, NONE,
        "Each record has its number, so another order does not open.",
        WAYS(.wire = lk_meddle_reorder, .chatty = true, .any_version = true)),
    ROW("truncation", WIRE, "The answer is cut off", "somebody drops the end of it and closes the connection",
        3, CLIENT, "end of the stream", ERR_TRUNCATED, "", NONE, NONE,
        "Without close_notify the client knows that something is missing; browsers look at the length instead.",
        WAYS(.wire = lk_meddle_truncate, .any_version = true)),
    ROW("oversized-record", WIRE, "A record that is too long", "somebody announces 65,535 bytes, four times what is allowed",
        3, CLIENT, "connection", PEER_RECORD_OVERFLOW, "", NONE, NONE,
        "The length is looked at before any of it is kept.",
        WAYS(.wire = lk_meddle_oversize, .any_version = true)),
    ROW("downgrade-1.2", WIRE, "Forced down to TLS 1.2", "somebody takes TLS 1.3 out of the client's offer",
        3, CLIENT, "ServerHello", PEER_DOWNGRADE, "ERR_TLS13_DOWNGRADE_DETECTED", ILLEGAL_PARAMETER, NONE,
        "The server's random number says that it could have done better.",
        WAYS(.wire = lk_meddle_offer_tls12)),
    ROW("downgrade-1.1", WIRE, "Forced down to TLS 1.1", "somebody takes TLS 1.3 and 1.2 out of the client's offer",
        3, SERVER, "ClientHello", NO_COMMON_VERSION, "ERR_SSL_VERSION_OR_CIPHER_MISMATCH", NONE, NONE,
        "The server does not speak what was broken long ago.",
        WAYS(.wire = lk_meddle_offer_tls11)),
    ROW("retry-loop", WIRE, "HelloRetryRequest again and again", "the client is asked to begin anew a second time",
        3, CLIENT, "HelloRetryRequest", PEER_SECOND_RETRY, "", NONE, NONE,
        "Once is allowed, or it could go on for ever.",
        WAYS(.wire = lk_meddle_second_retry, .configure = other_group)),
    ROW("plaintext-http", WIRE, "An answer without TLS", "HTTP comes where ServerHello should",
        3, CLIENT, "connection", PEER_NOT_TLS, "ERR_CONNECTION_CLOSED", NONE, NONE,
        "The port is not one for HTTPS, or somebody stands before it.",
        WAYS(.wire = lk_meddle_plain_http, .any_version = true)),
    ROW("replayed-0rtt", WIRE, "0-RTT data comes again", "somebody sends a recorded first flight once more, to the same server",
        3, SERVER, "ServerHello", OK, "", NONE, NONE,
        "The server has taken this ticket's data once, and now takes none: the order is not carried out twice.",
        WAYS(.replay = true)),
    /* somebody who waits */
    ROW("stolen-key-rsa", WIRE, "The key is stolen later: RSA key transport", "somebody has recorded all, gets the server's key a year later, and reads it",
        2, CLIENT, "wire", OK, "", NONE, NONE,
        "Nobody notices anything: that is why RSA key transport is gone from TLS 1.3.",
        WAYS(.rsa = true, .stolen = true)),
    ROW("stolen-key-ecdhe", WIRE, "The key is stolen later: (EC)DHE", "somebody has recorded all, gets the server's key a year later, reads nothing",
        3, CLIENT, "wire", OK, "", NONE, NONE,
        "The keys of this connection are forgotten by both: that is forward secrecy.",
        WAYS(.stolen = true, .any_version = true)),
};
/* clang-format on */

const lk_fault *lk_faults(size_t *num) {
    *num = sizeof table / sizeof table[0];
    return table;
}

const lk_fault *lk_fault_by_name(const char *name) {
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
        if (strcmp(table[i].name, name) == 0)
            return &table[i];
    return NULL;
}
