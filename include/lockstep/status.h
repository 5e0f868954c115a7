/*
 * status.h - every way in which a call or a connection can fail.
 *
 * One row is one failure: its name, its number (never reused), the alert that it sends
 * (RFC 8446 §6; NONE: nothing is sent), the rule that was broken and its text for people. The enum,
 * lockstep_status_text(), lockstep_status_alert(), lockstep_status_rule() and docs/errors.md all
 * expand this list, and a test checks that every row is reached by some input.
 */
#ifndef LOCKSTEP_STATUS_H
#define LOCKSTEP_STATUS_H

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define LOCKSTEP_API     __attribute__((visibility("default")))
#define LOCKSTEP_CHECKED __attribute__((visibility("default"), warn_unused_result))
#else
#define LOCKSTEP_API
#define LOCKSTEP_CHECKED
#endif

/* Alerts: X(name, number of RFC 8446 §6, name as the RFC writes it). */
#define LOCKSTEP_ALERT_MAP(X)                                                                      \
    X(CLOSE_NOTIFY, 0, "close_notify")                                                             \
    X(UNEXPECTED_MESSAGE, 10, "unexpected_message")                                                \
    X(BAD_RECORD_MAC, 20, "bad_record_mac")                                                        \
    X(RECORD_OVERFLOW, 22, "record_overflow")                                                      \
    X(HANDSHAKE_FAILURE, 40, "handshake_failure")                                                  \
    X(BAD_CERTIFICATE, 42, "bad_certificate")                                                      \
    X(UNSUPPORTED_CERTIFICATE, 43, "unsupported_certificate")                                      \
    X(CERTIFICATE_REVOKED, 44, "certificate_revoked")                                              \
    X(CERTIFICATE_EXPIRED, 45, "certificate_expired")                                              \
    X(CERTIFICATE_UNKNOWN, 46, "certificate_unknown")                                              \
    X(ILLEGAL_PARAMETER, 47, "illegal_parameter")                                                  \
    X(UNKNOWN_CA, 48, "unknown_ca")                                                                \
    X(ACCESS_DENIED, 49, "access_denied")                                                          \
    X(DECODE_ERROR, 50, "decode_error")                                                            \
    X(DECRYPT_ERROR, 51, "decrypt_error")                                                          \
    X(PROTOCOL_VERSION, 70, "protocol_version")                                                    \
    X(INSUFFICIENT_SECURITY, 71, "insufficient_security")                                          \
    X(INTERNAL_ERROR, 80, "internal_error")                                                        \
    X(INAPPROPRIATE_FALLBACK, 86, "inappropriate_fallback")                                        \
    X(USER_CANCELED, 90, "user_canceled")                                                          \
    X(NO_RENEGOTIATION, 100, "no_renegotiation")                                                   \
    X(MISSING_EXTENSION, 109, "missing_extension")                                                 \
    X(UNSUPPORTED_EXTENSION, 110, "unsupported_extension")                                         \
    X(UNRECOGNIZED_NAME, 112, "unrecognized_name")                                                 \
    X(BAD_CERTIFICATE_STATUS_RESPONSE, 113, "bad_certificate_status_response")                     \
    X(UNKNOWN_PSK_IDENTITY, 115, "unknown_psk_identity")                                           \
    X(CERTIFICATE_REQUIRED, 116, "certificate_required")                                           \
    X(NO_APPLICATION_PROTOCOL, 120, "no_application_protocol")                                     \
    X(ECH_REQUIRED, 121, "ech_required")

/* Statuses: X(name, number, alert, rule, text). */
/* clang-format off */
#define LOCKSTEP_STATUS_MAP(X)                                                                     \
    X(OK,                        0, NONE, "", "success")                                           \
    /* 1-99: this side */                                                                          \
    X(ERR_USAGE,                 1, NONE, "", "call not allowed in this state")                    \
    X(ERR_NO_MEMORY,             2, INTERNAL_ERROR, "RFC 8446 §6.2", "out of memory")              \
    X(ERR_NO_RANDOM,             3, INTERNAL_ERROR, "RFC 8446 §6.2", "no random bytes")            \
    X(ERR_CRYPTO,                4, INTERNAL_ERROR, "RFC 8446 §6.2", "libcrypto refused an operation") \
    X(ERR_TRUNCATED,             5, NONE, "RFC 8446 §6.1", "the stream ended without close_notify") \
    X(ERR_PEM,                   6, NONE, "RFC 7468", "not readable as PEM of the expected kind")  \
    X(ERR_KEY_MISMATCH,          7, NONE, "", "the private key does not belong to the certificate") \
    X(ERR_KEY_UNSUPPORTED,       8, NONE, "", "this kind or size of key is not supported")         \
    X(ERR_NAME,                  9, NONE, "RFC 6066 §3", "neither a DNS name nor an IP address")   \
    X(ERR_KEY_EXHAUSTED,        10, INTERNAL_ERROR, "RFC 8446 §5.5", "the keys reached their limit and could not be renewed") \
    X(ERR_LIMIT,                11, NONE, "", "larger than this library's limit")                  \
    X(ERR_CANCELED,             12, USER_CANCELED, "RFC 8446 §6.1", "the application gave up the handshake") \
    X(ERR_SESSION,              13, NONE, "", "not the bytes of a session")                        \
    /* 100-129: the peer broke the record protocol */                                              \
    X(PEER_RECORD_TYPE,        100, UNEXPECTED_MESSAGE, "RFC 8446 §5", "record of an unknown content type") \
    X(PEER_NOT_TLS,            101, UNEXPECTED_MESSAGE, "RFC 8446 §5.1", "the peer does not speak TLS") \
    X(PEER_RECORD_OVERFLOW,    102, RECORD_OVERFLOW, "RFC 8446 §5.1, §5.2", "record longer than allowed") \
    X(PEER_BAD_RECORD_MAC,     103, BAD_RECORD_MAC, "RFC 8446 §5.2", "record does not authenticate") \
    X(PEER_RECORD_NO_TYPE,     104, UNEXPECTED_MESSAGE, "RFC 8446 §5.4", "protected record holds nothing but padding") \
    X(PEER_RECORD_EMPTY,       105, UNEXPECTED_MESSAGE, "RFC 8446 §5.1", "empty handshake or alert record") \
    X(PEER_RECORD_UNPROTECTED, 106, UNEXPECTED_MESSAGE, "RFC 8446 §5.2", "unprotected record where a protected one must come") \
    X(PEER_INTERLEAVED,        107, UNEXPECTED_MESSAGE, "RFC 8446 §5.1", "another record between the parts of a handshake message") \
    X(PEER_KEY_BOUNDARY,       108, UNEXPECTED_MESSAGE, "RFC 8446 §5.1", "a handshake message spans a key change") \
    X(PEER_CCS,                109, UNEXPECTED_MESSAGE, "RFC 8446 §5", "change_cipher_spec of wrong content or at a wrong time") \
    X(PEER_ALERT_MALFORMED,    110, DECODE_ERROR, "RFC 8446 §6", "alert does not parse")           \
    X(PEER_FLOOD,              111, UNEXPECTED_MESSAGE, "RFC 8446 §D.4", "too many records or messages of no use") \
    X(PEER_EARLY_APP_DATA,     112, UNEXPECTED_MESSAGE, "RFC 8446 §2", "application data before the handshake is complete") \
    X(PEER_SSL2,               113, PROTOCOL_VERSION, "RFC 6176 §3", "a ClientHello of SSL 2.0, which nobody may speak any more") \
    X(PEER_WARNING_FLOOD,      114, UNEXPECTED_MESSAGE, "RFC 5246 §7.2", "too many warning alerts") \
    X(PEER_ALERT_LEVEL,        115, ILLEGAL_PARAMETER, "RFC 5246 §7.2", "alert of a level that is neither warning nor fatal") \
    X(PEER_EARLY_DATA_TOO_MUCH, 120, UNEXPECTED_MESSAGE, "RFC 8446 §4.2.10", "more 0-RTT data than allowed") \
    /* 130-149: a message that does not parse */                                                   \
    X(PEER_MESSAGE_TOO_LARGE,  130, ILLEGAL_PARAMETER, "RFC 8446 §4", "handshake message larger than the limit") \
    X(PEER_UNKNOWN_MESSAGE,    131, UNEXPECTED_MESSAGE, "RFC 8446 §4", "handshake message of an unknown type") \
    X(PEER_UNEXPECTED_MESSAGE, 132, UNEXPECTED_MESSAGE, "RFC 8446 §4, Appendix A", "message not allowed here") \
    X(PEER_DECODE_CLIENT_HELLO, 133, DECODE_ERROR, "RFC 8446 §4.1.2", "ClientHello does not parse") \
    X(PEER_DECODE_SERVER_HELLO, 134, DECODE_ERROR, "RFC 8446 §4.1.3", "ServerHello does not parse") \
    X(PEER_DECODE_ENCRYPTED_EXTENSIONS, 135, DECODE_ERROR, "RFC 8446 §4.3.1", "EncryptedExtensions does not parse") \
    X(PEER_DECODE_CERTIFICATE_REQUEST, 136, DECODE_ERROR, "RFC 8446 §4.3.2", "CertificateRequest does not parse") \
    X(PEER_DECODE_CERTIFICATE, 137, DECODE_ERROR, "RFC 8446 §4.4.2", "Certificate does not parse") \
    X(PEER_DECODE_CERTIFICATE_VERIFY, 138, DECODE_ERROR, "RFC 8446 §4.4.3", "CertificateVerify does not parse") \
    X(PEER_DECODE_FINISHED,    139, DECODE_ERROR, "RFC 8446 §4.4.4", "Finished is not as long as the hash") \
    X(PEER_DECODE_NEW_SESSION_TICKET, 140, DECODE_ERROR, "RFC 8446 §4.6.1", "NewSessionTicket does not parse") \
    X(PEER_DECODE_KEY_UPDATE,  141, DECODE_ERROR, "RFC 8446 §4.6.3", "KeyUpdate does not parse")   \
    X(PEER_DECODE_EXTENSION,   142, DECODE_ERROR, "RFC 8446 §4.2", "the contents of an extension do not parse") \
    X(PEER_DECODE_STATUS,      143, DECODE_ERROR, "RFC 6066 §8", "CertificateStatus does not parse") \
    X(PEER_DECODE_SERVER_KEY_EXCHANGE, 144, DECODE_ERROR, "RFC 8422 §5.4", "ServerKeyExchange does not parse") \
    X(PEER_DECODE_CLIENT_KEY_EXCHANGE, 145, DECODE_ERROR, "RFC 8422 §5.7, RFC 5246 §7.4.7.1", "ClientKeyExchange does not parse") \
    X(PEER_DECODE_SERVER_HELLO_DONE, 146, DECODE_ERROR, "RFC 5246 §7.4.5", "ServerHelloDone is not empty") \
    X(PEER_DECODE_HELLO_REQUEST, 147, DECODE_ERROR, "RFC 5246 §7.4.1.1", "HelloRequest is not empty") \
    /* 150-199: a message that parses and breaks a rule */                                         \
    X(PEER_EXTENSION_DUPLICATE, 150, ILLEGAL_PARAMETER, "RFC 8446 §4.2", "the same extension twice in one message") \
    X(PEER_EXTENSION_PLACE,    151, ILLEGAL_PARAMETER, "RFC 8446 §4.2", "extension not allowed in this message") \
    X(PEER_EXTENSION_UNSOLICITED, 152, UNSUPPORTED_EXTENSION, "RFC 8446 §4.2", "answer to an extension that was not sent") \
    X(PEER_EXTENSION_MISSING,  153, MISSING_EXTENSION, "RFC 8446 §9.2", "a mandatory extension is missing") \
    X(PEER_COMPRESSION,        154, ILLEGAL_PARAMETER, "RFC 8446 §4.1.2", "compression methods other than null") \
    X(PEER_SERVER_NAME,        155, ILLEGAL_PARAMETER, "RFC 6066 §3", "server_name is not a DNS name") \
    X(PEER_KEY_SHARE_DUPLICATE, 156, ILLEGAL_PARAMETER, "RFC 8446 §4.2.8", "two key shares for one group") \
    X(PEER_KEY_SHARE_GROUP,    157, ILLEGAL_PARAMETER, "RFC 8446 §4.2.8", "key share for a group that was not offered") \
    X(PEER_KEY_SHARE,          158, ILLEGAL_PARAMETER, "RFC 8446 §4.2.8.1, §4.2.8.2", "key share is not a valid public key") \
    X(PEER_PSK,                159, ILLEGAL_PARAMETER, "RFC 8446 §4.2.11", "pre_shared_key breaks its rules") \
    X(PEER_SECOND_HELLO,       160, ILLEGAL_PARAMETER, "RFC 8446 §4.1.2", "second ClientHello differs where it must not") \
    X(PEER_SESSION_ID_ECHO,    161, ILLEGAL_PARAMETER, "RFC 8446 §4.1.3", "legacy_session_id_echo is not what was sent") \
    X(PEER_SUITE_NOT_OFFERED,  162, ILLEGAL_PARAMETER, "RFC 8446 §4.1.3", "server chose a cipher suite that was not offered") \
    X(PEER_SUITE_CHANGED,      163, ILLEGAL_PARAMETER, "RFC 8446 §4.1.4", "cipher suite differs from the HelloRetryRequest's") \
    X(PEER_SELECTED_VERSION,   164, ILLEGAL_PARAMETER, "RFC 8446 §4.2.1", "server selected a version that was not offered") \
    X(PEER_DOWNGRADE,          165, ILLEGAL_PARAMETER, "RFC 8446 §4.1.3", "downgrade sentinel in ServerHello.random: somebody forced an older version") \
    X(PEER_SECOND_RETRY,       166, UNEXPECTED_MESSAGE, "RFC 8446 §4.1.4", "second HelloRetryRequest") \
    X(PEER_RETRY_USELESS,      167, ILLEGAL_PARAMETER, "RFC 8446 §4.1.4", "HelloRetryRequest would change nothing") \
    X(PEER_RETRY_GROUP,        168, ILLEGAL_PARAMETER, "RFC 8446 §4.2.8", "HelloRetryRequest asks for a group that was not offered or already had a share") \
    X(PEER_ALPN,               169, ILLEGAL_PARAMETER, "RFC 7301 §3.1", "server chose a protocol that was not offered") \
    X(PEER_RECORD_SIZE_LIMIT,  170, ILLEGAL_PARAMETER, "RFC 8449 §4", "record_size_limit out of range") \
    X(PEER_CERTIFICATE_EMPTY,  171, DECODE_ERROR, "RFC 8446 §4.4.2.4", "server sent no certificate") \
    X(PEER_CERTIFICATE_CONTEXT, 172, ILLEGAL_PARAMETER, "RFC 8446 §4.4.2", "certificate_request_context is not what it must be") \
    X(PEER_SIGNATURE_SCHEME,   173, ILLEGAL_PARAMETER, "RFC 8446 §4.4.3", "signature scheme was not offered or does not suit the key") \
    X(PEER_BAD_SIGNATURE,      174, DECRYPT_ERROR, "RFC 8446 §4.4.3", "CertificateVerify: the signature is wrong, so the peer does not hold the certificate's key") \
    X(PEER_BAD_FINISHED,       175, DECRYPT_ERROR, "RFC 8446 §4.4.4", "Finished is wrong: the two sides saw different handshakes") \
    X(PEER_KEY_UPDATE,         176, ILLEGAL_PARAMETER, "RFC 8446 §4.6.3", "KeyUpdate.request_update is neither 0 nor 1") \
    X(PEER_LEGACY_VERSION,     177, PROTOCOL_VERSION, "RFC 8446 §4.1.2, §D.5", "legacy_version is SSL 3.0 or below") \
    X(PEER_TICKET_LIFETIME,    178, ILLEGAL_PARAMETER, "RFC 8446 §4.6.1", "ticket lifetime above seven days") \
    X(PEER_RENEGOTIATION,      179, NO_RENEGOTIATION, "RFC 5746 §4, RFC 9325 §3.5", "the peer wants another handshake on this connection") \
    X(PEER_RENEGOTIATION_INFO, 180, HANDSHAKE_FAILURE, "RFC 5746 §3.4, §3.6", "renegotiation_info is missing or speaks of an earlier handshake") \
    X(PEER_EXTENDED_MASTER_SECRET, 181, HANDSHAKE_FAILURE, "RFC 7627 §5.2, §5.3", "the peer does not bind its keys to the handshake (extended_master_secret)") \
    X(PEER_POINT_FORMATS,      182, ILLEGAL_PARAMETER, "RFC 8422 §5.1.2, §5.2", "ec_point_formats without the uncompressed form") \
    X(PEER_CURVE,              183, ILLEGAL_PARAMETER, "RFC 8422 §5.4", "the server's parameters are of a group that was not offered") \
    X(PEER_CERTIFICATE_KIND,   184, ILLEGAL_PARAMETER, "RFC 5246 §7.4.2", "the certificate's kind of key does not suit the cipher suite") \
    X(PEER_SESSION_ID,         185, ILLEGAL_PARAMETER, "RFC 8446 §4.1.3, RFC 5246 §7.4.1.3", "the server resumes a session that was not offered") \
    X(PEER_NO_CERTIFICATE,     186, HANDSHAKE_FAILURE, "RFC 5246 §7.4.6", "client sent no certificate in TLS 1.2") \
    X(PEER_RESUMED_OTHERWISE,  187, ILLEGAL_PARAMETER, "RFC 5246 §7.4.1.3", "the server resumes the session with another cipher suite") \
    X(PEER_PSK_BINDER,         190, DECRYPT_ERROR, "RFC 8446 §4.2.11.2", "PSK binder is wrong: the client does not have the key, or somebody changed its ClientHello") \
    X(PEER_PSK_SELECTED,       191, ILLEGAL_PARAMETER, "RFC 8446 §4.2.11", "server chose a PSK that was not offered, or that does not suit") \
    X(PEER_EARLY_DATA_ANSWER,  192, ILLEGAL_PARAMETER, "RFC 8446 §4.2.10", "server accepted 0-RTT data and changed what it was sent under") \
    X(PEER_DECODE_END_OF_EARLY_DATA, 193, DECODE_ERROR, "RFC 8446 §4.5", "EndOfEarlyData is not empty") \
    X(PEER_COMPRESSED_CERTIFICATE, 194, BAD_CERTIFICATE, "RFC 8879 §4", "compressed certificate that does not decompress to what it says") \
    X(PEER_COMPRESSION_ALGORITHM, 195, ILLEGAL_PARAMETER, "RFC 8879 §4", "certificate compressed by an algorithm that was not offered") \
    X(PEER_COOKIE,             196, ILLEGAL_PARAMETER, "RFC 8446 §4.2.2", "cookie that this server did not send to this client, or too long ago") \
    X(PEER_CERTIFICATE_TYPE,   197, ILLEGAL_PARAMETER, "RFC 7250 §4.2", "certificate type that was not offered or that needs no naming, or more than one raw public key") \
    X(PEER_DELEGATED_CREDENTIAL, 198, ILLEGAL_PARAMETER, "RFC 9345 §4.1.3", "delegated credential is not valid") \
    /* 200-249: no common ground */                                                                \
    X(NO_COMMON_VERSION,       200, PROTOCOL_VERSION, "RFC 8446 §4.2.1", "no TLS version in common") \
    X(NO_COMMON_SUITE,         201, HANDSHAKE_FAILURE, "RFC 8446 §4.1.1", "no cipher suite in common") \
    X(NO_COMMON_GROUP,         202, HANDSHAKE_FAILURE, "RFC 8446 §4.1.1", "no key exchange group in common") \
    X(NO_COMMON_SCHEME,        203, HANDSHAKE_FAILURE, "RFC 8446 §4.4.2.2", "no certificate of this side suits the peer's signature algorithms") \
    X(NO_COMMON_ALPN,          204, NO_APPLICATION_PROTOCOL, "RFC 7301 §3.2", "no application protocol in common") \
    X(NAME_UNKNOWN,            205, UNRECOGNIZED_NAME, "RFC 6066 §3", "this server has no certificate for the name asked for") \
    X(INAPPROPRIATE_FALLBACK,  206, INAPPROPRIATE_FALLBACK, "RFC 7507 §3", "the client tries an older version than both sides speak: somebody made its first attempt fail") \
    X(NO_COMMON_CERTIFICATE_TYPE, 210, UNSUPPORTED_CERTIFICATE, "RFC 7250 §4.2", "no type of certificate in common") \
    /* 215-229: Encrypted Client Hello */                                                           \
    X(ECH_REJECTED,            215, ECH_REQUIRED, "RFC 9849 §6.1.6", "the server could not read the encrypted ClientHello: its ECH configuration has changed") \
    X(PEER_ECH_TYPE,           216, ILLEGAL_PARAMETER, "RFC 9849 §7", "encrypted_client_hello of a type that has no place here") \
    X(PEER_ECH_ENCODED_INNER,  217, ILLEGAL_PARAMETER, "RFC 9849 §5.1", "the encrypted ClientHello breaks the rules of its encoding") \
    X(PEER_ECH_INNER,          218, ILLEGAL_PARAMETER, "RFC 9849 §7.1", "the encrypted ClientHello is not marked as such, or offers TLS 1.2 or below") \
    X(PEER_ECH_SECOND_HELLO,   219, ILLEGAL_PARAMETER, "RFC 9849 §7.1.1", "encrypted_client_hello of the second ClientHello is not the first one's successor") \
    X(PEER_ECH_DECRYPT,        220, DECRYPT_ERROR, "RFC 9849 §7.1.1", "the second encrypted ClientHello does not authenticate") \
    X(PEER_ECH_CONFIRMATION,   221, ILLEGAL_PARAMETER, "RFC 9849 §6.1.5", "ServerHello does not confirm the encrypted ClientHello that HelloRetryRequest confirmed") \
    X(ECH_CONFIG,              222, NONE, "RFC 9849 §4", "not an ECH configuration")               \
    X(ECH_UNUSABLE,            223, NONE, "RFC 9849 §6.1", "no ECH configuration of the list can be used") \
    X(NO_COMMON_PSK,           230, DECRYPT_ERROR, "RFC 8446 §E.6", "the client offers no pre-shared key that this server has, which has nothing else") \
    X(PEER_CERTIFICATE_CURVE,  240, ILLEGAL_PARAMETER, "RFC 8422 §5.1", "the certificate's key is on a curve that was not offered") \
    /* 250-299: the certificate chain (lockstep/x509.h has the full report) */                     \
    X(CERT_MALFORMED,          250, BAD_CERTIFICATE, "RFC 5280 §4.1", "certificate does not parse") \
    X(CERT_EXPIRED,            251, CERTIFICATE_EXPIRED, "RFC 5280 §4.1.2.5", "certificate has expired") \
    X(CERT_NOT_YET_VALID,      252, CERTIFICATE_EXPIRED, "RFC 5280 §4.1.2.5", "certificate is not valid yet") \
    X(CERT_UNKNOWN_ISSUER,     253, UNKNOWN_CA, "RFC 5280 §6.1", "no chain to a trust anchor")     \
    X(CERT_BAD_SIGNATURE,      254, BAD_CERTIFICATE, "RFC 5280 §6.1.3", "a signature in the chain is wrong") \
    X(CERT_NAME_MISMATCH,      255, BAD_CERTIFICATE, "RFC 9525 §6", "certificate is for another name") \
    X(CERT_NOT_A_CA,           256, UNKNOWN_CA, "RFC 5280 §4.2.1.9", "issuer is not allowed to issue certificates") \
    X(CERT_PATH_LENGTH,        257, BAD_CERTIFICATE, "RFC 5280 §4.2.1.9", "more intermediate certificates than the issuer may have") \
    X(CERT_KEY_USAGE,          258, UNSUPPORTED_CERTIFICATE, "RFC 5280 §4.2.1.3", "key usage does not allow this use") \
    X(CERT_EXTENDED_KEY_USAGE, 259, UNSUPPORTED_CERTIFICATE, "RFC 5280 §4.2.1.12", "extended key usage does not allow this use") \
    X(CERT_CRITICAL_EXTENSION, 260, UNSUPPORTED_CERTIFICATE, "RFC 5280 §4.2", "critical extension that is not understood") \
    X(CERT_WEAK_KEY,           261, BAD_CERTIFICATE, "CA/B BR §6.1.5", "key too weak or of a kind not accepted") \
    X(CERT_WEAK_SIGNATURE,     262, BAD_CERTIFICATE, "CA/B BR §7.1.3.2", "signature algorithm too weak or not accepted") \
    X(CERT_CHAIN_TOO_LONG,     263, BAD_CERTIFICATE, "RFC 4158 §3", "chain longer than the limit") \
    X(CERT_BUDGET,             264, CERTIFICATE_UNKNOWN, "RFC 4158 §8", "judging the chain takes more work than allowed") \
    X(CERT_NAME_CONSTRAINTS,   265, BAD_CERTIFICATE, "RFC 5280 §4.2.1.10", "an issuer's name constraints forbid this name") \
    X(CERT_PROFILE,            266, BAD_CERTIFICATE, "RFC 5280 §4.1, §4.2, CA/B BR §7.1.2", "certificate breaks a rule about its fields") \
    X(CERT_POLICY,             267, BAD_CERTIFICATE, "RFC 5280 §6.1.5", "no certificate policy is valid for the whole chain") \
    X(CERT_REVOKED,            268, CERTIFICATE_REVOKED, "RFC 5280 §6.3", "certificate was revoked") \
    X(CERT_REVOCATION_UNKNOWN, 269, CERTIFICATE_UNKNOWN, "RFC 5280 §6.3", "whether the certificate was revoked is not known, and must be") \
    X(CERT_REQUIRED,           270, CERTIFICATE_REQUIRED, "RFC 8446 §4.4.2.4", "client sent no certificate") \
    X(CERT_STATUS_RESPONSE,    271, BAD_CERTIFICATE_STATUS_RESPONSE, "RFC 6066 §8, RFC 6960, RFC 7633", "the OCSP response is missing or wrong") \
    X(CERT_TRANSPARENCY,       272, CERTIFICATE_UNKNOWN, "RFC 6962 §3", "too few certificate transparency logs vouch for it") \
    X(CERT_PIN,                273, BAD_CERTIFICATE, "RFC 7469 §2.6", "no key of the chain is pinned") \
    X(CERT_RAW_KEY,            274, BAD_CERTIFICATE, "RFC 7250 §4.2", "raw public key is not one that is trusted")
/* clang-format on */

typedef enum lockstep_status {
#define LOCKSTEP_X(name, value, alert, rule, text) LOCKSTEP_##name = (value),
    LOCKSTEP_STATUS_MAP(LOCKSTEP_X)
#undef LOCKSTEP_X
        LOCKSTEP_ALERT_FROM_PEER = 512 /* 512 + n: the peer sent fatal alert n (RFC 8446 §6.2) */
} lockstep_status;

enum lockstep_alert {
    LOCKSTEP_ALERT_NONE = -1,
#define LOCKSTEP_X(name, value, text) LOCKSTEP_ALERT_##name = (value),
    LOCKSTEP_ALERT_MAP(LOCKSTEP_X)
#undef LOCKSTEP_X
};

/* lockstep_status_text returns a static English sentence, never NULL, for any value. */
LOCKSTEP_API const char *lockstep_status_text(lockstep_status status);

/* lockstep_status_name returns the row's name, such as "PEER_BAD_FINISHED"; "UNKNOWN" for any
 * value that is no row, "ALERT_FROM_PEER" for those above 512. Static, never NULL. */
LOCKSTEP_API const char *lockstep_status_name(lockstep_status status);

/* lockstep_status_rule returns the rule that the status stands for, such as "RFC 8446 §4.4.4".
 * Static, never NULL, may be empty. */
LOCKSTEP_API const char *lockstep_status_rule(lockstep_status status);

/* lockstep_status_alert returns the alert number (RFC 8446 §6.2) that a connection sends when it
 * fails with `status`, or LOCKSTEP_ALERT_NONE. */
LOCKSTEP_API int lockstep_status_alert(lockstep_status status);

/* lockstep_alert_name returns the RFC's name of an alert number, or "unknown_alert". Static. */
LOCKSTEP_API const char *lockstep_alert_name(int alert);

#ifdef __cplusplus
}
#endif

#endif /* LOCKSTEP_STATUS_H */
